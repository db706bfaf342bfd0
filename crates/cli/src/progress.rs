//! Progress bars for long work, and the clock.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Instant;

/// A bar of `n` units; silent where standard error is no terminal.
pub(crate) fn bar(n: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(n);
    let style =
        ProgressStyle::with_template("{prefix} [{bar:32}] {pos}/{len} {elapsed} eta {eta} {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(what);
    bar
}

#[expect(clippy::disallowed_methods, reason = "a command line runs where there is a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
