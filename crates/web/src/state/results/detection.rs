//! How often what was right, and where it is weakest.

use super::report::{PhaseReport, Shares};
use crate::charts::dots;
use crate::charts::share::interval;

/// The table of one kind of shares.
pub fn table(shares: &Shares) -> String {
    dots::table(shares.title, shares.of, &shares.rows)
}

/// Strongest and weakest of the attacks' vectors, in a sentence.
pub fn conclusion(phase: &PhaseReport) -> String {
    let Some(rows) = phase.shares.first().map(|shares| &shares.rows) else {
        return String::new();
    };
    let best = rows.iter().max_by(|a, b| a.share.total_cmp(&b.share));
    let worst = rows.iter().min_by(|a, b| a.share.total_cmp(&b.share));
    let (Some(best), Some(worst)) = (best, worst) else { return String::new() };
    let apart = interval(best.share, best.n).0 > interval(worst.share, worst.n).1;
    format!(
        "Strongest against {} ({:.1}%), weakest against {} ({:.1}%){}",
        best.name,
        best.share * 100.0,
        worst.name,
        worst.share * 100.0,
        if apart { "." } else { "; the intervals overlap." }
    )
}
