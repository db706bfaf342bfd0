//! Progress bars for long work.

use indicatif::{ProgressBar, ProgressStyle};

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
