//! The figures of all measurements, as a table and as JSON.

use super::Protocol;
use super::measure::Measured;
use super::tally::{ErrorKinds, Errors};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;

/// Share of its threads' time above which the generator may be what limits the rate.
const BUSY: f64 = 0.85;

/// A run of the command.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Of this program.
    pub(super) version: &'static str,
    pub(super) protocol: Protocol,
    /// What `size` counts.
    pub(super) unit: &'static str,
    pub(super) seconds: f64,
    pub(super) warmup: f64,
    pub(super) seed: u64,
    pub(super) threads: u16,
    pub(super) servers: Vec<Server>,
    pub(super) rows: Vec<Row>,
}

/// A server that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Server {
    pub(super) label: String,
    pub(super) url: String,
    pub(super) action: Map<String, Value>,
    pub(super) reset: Map<String, Value>,
}

/// One size of load.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    size: u32,
    /// By server, in their order.
    figures: Vec<Figures>,
    /// Steps a second of the first server, as a multiple of the second's.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

impl Row {
    pub(super) fn new(size: u32, figures: Vec<Figures>) -> Self {
        let ratio = match &figures[..] {
            [first, second] if second.steps_per_second > 0.0 => {
                Some(first.steps_per_second / second.steps_per_second)
            }
            _ => None,
        };
        Self { size, figures, ratio }
    }
}

/// Figures of a server in a row: medians over the rounds, and the errors of all of them.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    server: String,
    pub(super) steps_per_second: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    reset_p50_ms: Option<f64>,
    bytes_per_step: Option<f64>,
    client_cpu: f64,
    errors: ErrorKinds,
    rounds: Vec<Measured>,
}

impl Figures {
    pub(super) fn of(server: &str, rounds: Vec<Measured>) -> Self {
        let known = |figure: fn(&Measured) -> Option<f64>| {
            median(rounds.iter().filter_map(figure).collect())
        };
        let mut errors = ErrorKinds::new();
        for (kind, found) in rounds.iter().flat_map(|round| &round.errors) {
            let sum = errors.entry(kind.clone());
            sum.or_insert_with(|| Errors { count: 0, ..found.clone() }).count += found.count;
        }
        Self {
            server: server.into(),
            steps_per_second: known(|round| Some(round.steps_per_second)).unwrap_or(0.0),
            p50_ms: known(|round| round.p50_ms),
            p99_ms: known(|round| round.p99_ms),
            reset_p50_ms: known(|round| round.reset_p50_ms),
            bytes_per_step: known(|round| round.bytes_per_step),
            client_cpu: known(|round| Some(round.client_cpu)).unwrap_or(0.0),
            errors,
            rounds,
        }
    }

    fn n_errors(&self) -> u64 {
        self.errors.values().map(|errors| errors.count).sum()
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied();
    if values.len().is_multiple_of(2) {
        let lower = values.get((values.len() / 2).wrapping_sub(1)).copied();
        return lower.zip(upper).map(|(lower, upper)| lower.midpoint(upper));
    }
    upper
}

impl Report {
    fn figures(&self) -> impl Iterator<Item = (&Row, &Figures)> {
        self.rows.iter().flat_map(|row| row.figures.iter().map(move |figures| (row, figures)))
    }

    /// Servers that never answered a step.
    pub(super) fn silent(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().map(|server| server.label.as_str()).filter(|label| {
            let mut own = self.figures().filter(|(_, figures)| figures.server == *label);
            own.all(|(_, figures)| figures.rounds.iter().all(|round| round.n_steps == 0))
        })
    }
}

fn decimals(value: Option<f64>, n: usize) -> String {
    value.map_or("-".into(), |value| format!("{value:.n$}"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.servers.iter().map(|server| server.label.chars().count());
        let width = labels.max().unwrap_or(0).max("server".len());
        let compared = self.servers.len() > 1;
        write!(
            f,
            "{:<width$}{:>10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>8}",
            "server",
            self.unit,
            "steps/s",
            "p50 ms",
            "p99 ms",
            "bytes/step",
            "client CPU",
            "errors"
        )?;
        writeln!(f, "{}", if compared { "   ratio" } else { "" })?;
        for row in &self.rows {
            for (idx, figures) in row.figures.iter().enumerate() {
                write!(
                    f,
                    "{:<width$}{:>10}{:>10.0}{:>10}{:>10}{:>12}{:>11.0}%{:>8}",
                    figures.server,
                    row.size,
                    figures.steps_per_second,
                    decimals(figures.p50_ms, 3),
                    decimals(figures.p99_ms, 3),
                    decimals(figures.bytes_per_step, 0),
                    100.0 * figures.client_cpu,
                    figures.n_errors(),
                )?;
                let ratio = if idx == 0 { row.ratio } else { None };
                writeln!(f, "{}", ratio.map_or(String::new(), |ratio| format!("{ratio:>8.2}")))?;
            }
        }
        for (row, figures) in self.figures() {
            for (kind, errors) in &figures.errors {
                let Errors { count, example } = errors;
                let (server, size, unit) = (&figures.server, row.size, self.unit);
                writeln!(f, "{server}, {size} {unit}: {count} x {kind}; the first: {example}")?;
            }
        }
        if self.figures().any(|(_, row)| row.client_cpu > BUSY * f64::from(self.threads)) {
            writeln!(f, "the generator was busy: it may be the limit; give it more --threads")?;
        }
        Ok(())
    }
}
