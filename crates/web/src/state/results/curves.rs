//! The training curves.

use super::run::{KL, Logged, METRICS, RunFiles};
use crate::charts::plot::{Axis, Layer, Plot, Stop};
use crate::charts::scale::domain_of;
use crate::charts::smooth::smoothed;

/// Shares of the values that the vertical axis leaves out at either end: a few outliers of a noisy
/// log would flatten all the rest.
const TRIMMED: f64 = 0.002;
/// Most places at which a curve is read.
const MAX_STOPS: usize = 420;

/// What a curve is called, in the order of [`METRICS`].
pub const TITLES: [&str; METRICS.len()] = [
    "Mean reward",
    "Environment step reward",
    "Threat awareness",
    "KL to the reference",
    "Policy loss",
    "Belief loss",
];

/// The part of the run that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// Beliefs and answers on the train split.
    Beliefs,
    /// Answers alone on the validation split.
    Answers,
}

impl Part {
    /// All, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Beliefs, Self::Answers];

    /// The name on the switch.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Whole => "Whole run",
            Self::Beliefs => "1: beliefs",
            Self::Answers => "2: answers",
        }
    }

    fn holds(self, step: f64, answers_from: f64) -> bool {
        match self {
            Self::Whole => true,
            Self::Beliefs => step < answers_from,
            Self::Answers => step >= answers_from,
        }
    }
}

/// The records of a part.
pub fn records(run: &RunFiles, part: Part) -> Vec<&Logged> {
    run.metrics.iter().filter(|logged| part.holds(logged.step, run.answers_from)).collect()
}

/// One curve: as logged, and smoothed on top of it. Smoothing starts anew with the answers.
pub fn plot(run: &RunFiles, metric: usize, part: Part, smoothing: f64) -> Plot {
    let records = records(run, part);
    let value = |logged: &&Logged| logged.values.get(metric).copied().unwrap_or_default();
    let values: Vec<f64> = records.iter().map(value).collect();
    let n_first = records.iter().filter(|logged| logged.step < run.answers_from).count();
    let (first, second) = values.split_at(n_first);
    let smooth: Vec<f64> =
        smoothed(first, smoothing).into_iter().chain(smoothed(second, smoothing)).collect();
    let raw: Vec<(f64, f64)> =
        records.iter().zip(&values).map(|(logged, value)| (logged.step, *value)).collect();
    let line: Vec<(f64, f64)> =
        records.iter().zip(&smooth).map(|(logged, value)| (logged.step, *value)).collect();

    let every = records.len().div_ceil(MAX_STOPS).max(1);
    let stop = |((step, value), (_, smooth)): (&(f64, f64), &(f64, f64))| Stop {
        x: *step,
        y: *smooth,
        text: format!("Step {step}\nSmoothed {smooth:.4}\nLogged {value:.4}"),
    };
    let mut stops: Vec<Stop> = raw.iter().zip(&line).step_by(every).map(stop).collect();
    if let Some(last) = raw.last().zip(line.last()).map(stop)
        && stops.last().is_none_or(|stop| stop.x < last.x)
    {
        stops.push(last);
    }
    let end = raw.last().map_or(1.0, |(step, _)| *step);
    let start = raw.first().map_or(0.0, |(step, _)| *step);
    let mut layers = Vec::new();
    if part == Part::Whole {
        layers.push(Layer::Band("plot-band", (run.answers_from, end)));
    }
    let (one, two) = line.split_at(n_first);
    layers.extend([
        Layer::Line("plot-raw", raw),
        Layer::Line("plot-line", one.to_vec()),
        Layer::Line("plot-line", two.to_vec()),
    ]);
    Plot {
        x: Axis { domain: (start, end), shares: false },
        y: Axis { domain: trimmed(&values), shares: false },
        layers,
        stops,
    }
}

fn trimmed(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = (sorted.len() as f64 * TRIMMED) as usize;
    let kept = sorted.get(cut..sorted.len() - cut).unwrap_or_default();
    domain_of(kept.iter().copied())
}

/// Mean of a metric over the last tenth of the second part's records, and its largest value there.
pub fn end_of(run: &RunFiles, metric: usize) -> (f64, f64) {
    let records = records(run, Part::Answers);
    let value = |logged: &&Logged| logged.values.get(metric).copied().unwrap_or_default();
    let n_last = records.len().div_ceil(10).max(1);
    let last = records.iter().rev().take(n_last).map(value);
    let largest = records.iter().map(value).fold(0.0, f64::max);
    (last.sum::<f64>() / n_last as f64, largest)
}

/// What a curve says, in a sentence.
pub fn conclusion(run: &RunFiles, metric: usize) -> String {
    let (end, largest) = end_of(run, metric);
    if metric == KL {
        let first = if run.betas.0 == 0.0 {
            "not held to a reference in part 1".to_owned()
        } else {
            format!("weight {} in part 1", run.betas.0)
        };
        return format!(
            "{first}; part 2 ends at {end:.3}, at most {largest:.3}, weight {}",
            run.betas.1
        );
    }
    let first = records(run, Part::Beliefs);
    let value = |logged: &&Logged| logged.values.get(metric).copied().unwrap_or_default();
    let n = first.len().div_ceil(10).max(1);
    let before = first.iter().take(n).map(value).sum::<f64>() / n as f64;
    let after = first.iter().rev().take(n).map(value).sum::<f64>() / n as f64;
    format!("part 1: {before:.3} \u{2192} {after:.3}; part 2 ends at {end:.3}")
}
