//! Standard output whose reader may have seen enough.

use std::fmt;
use std::io::{self, ErrorKind, Write};

/// `print!` and `println!` for this program: those panic where the reader of a pipe is gone, these
/// go on, so that what a command does besides is done. Any other failure is an error.
macro_rules! say {
    ($($part:tt)*) => { $crate::output::write(format_args!($($part)*), "\n") };
}
macro_rules! say_on {
    ($($part:tt)*) => { $crate::output::write(format_args!($($part)*), "") };
}
pub(crate) use {say, say_on};

pub(crate) fn write(text: fmt::Arguments<'_>, end: &str) -> io::Result<()> {
    survived(write!(io::stdout().lock(), "{text}{end}"))
}

fn survived(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
