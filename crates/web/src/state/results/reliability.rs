//! Calibration curves: does what is believed at 70% happen in 70% of cases?

use super::report::Reliability;
use crate::charts::plot::{Axis, Layer, Plot, Stop};
use crate::charts::share::interval;

/// The curve over a histogram of the predictions (whose height is a share of all of them).
pub fn plot(curve: &Reliability) -> Plot {
    let total: f64 = curve.bins.iter().map(|bin| bin.n).sum();
    let width = 0.1;
    let bars = curve.bins.iter().map(|bin| {
        // Bins have equal widths; the mean prediction lies within.
        let from = (bin.predicted / width).floor().min(9.0) * width;
        (from, from + width, bin.n / total.max(1.0))
    });
    let whiskers = curve.bins.iter().map(|bin| {
        let (low, high) = interval(bin.observed, bin.n);
        (bin.predicted, low, high)
    });
    let points: Vec<_> = curve.bins.iter().map(|bin| (bin.predicted, bin.observed)).collect();
    let stop = |bin: &super::report::Bin| Stop {
        x: bin.predicted,
        y: bin.observed,
        text: format!(
            "Predicted {:.1}%\nObserved {:.1}%\nn {} ({:.1}% of all)",
            bin.predicted * 100.0,
            bin.observed * 100.0,
            bin.n,
            bin.n / total.max(1.0) * 100.0
        ),
    };
    let shares = Axis { domain: (0.0, 1.0), shares: true };
    let mut layers = vec![
        Layer::Bars("plot-bars", bars.collect()),
        Layer::Line("plot-diagonal", vec![(0.0, 0.0), (1.0, 1.0)]),
        Layer::Whiskers("plot-whiskers", whiskers.collect()),
        Layer::Line("plot-line", points.clone()),
    ];
    layers.extend(points.into_iter().map(|at| Layer::Dot("plot-dot", at, String::new())));
    Plot { x: shares, y: shares, layers, stops: curve.bins.iter().map(stop).collect() }
}

/// The error, and to which side it leans, in a sentence.
pub fn conclusion(curve: &Reliability) -> String {
    let total: f64 = curve.bins.iter().map(|bin| bin.n).sum();
    let lean: f64 =
        curve.bins.iter().map(|bin| (bin.observed - bin.predicted) * bin.n / total.max(1.0)).sum();
    let side = if lean > 0.0 { "too low" } else { "too high" };
    format!(
        "Calibration error {:.3}; on average predictions are {:.1} points {side}.",
        curve.error,
        lean.abs() * 100.0
    )
}
