//! What the sessions of a measurement have in common: its time and its counts.

use super::failure::Failure;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Longest latency told apart; longer ones count as this.
const LONGEST: Duration = Duration::from_mins(1);

/// Errors of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Errors {
    pub(super) count: u64,
    /// The first one, in words.
    pub(super) example: String,
}

/// Errors by kind.
pub(super) type ErrorKinds = BTreeMap<String, Errors>;

/// Counts of a measurement.
#[derive(Debug)]
pub(super) struct Tally {
    /// Round trips of steps, in nanoseconds.
    pub(super) latencies: Histogram<u64>,
    /// Round trips of resets.
    pub(super) reset_latencies: Histogram<u64>,
    pub(super) n_steps: u64,
    pub(super) n_resets: u64,
    pub(super) n_bytes: u64,
    pub(super) errors: ErrorKinds,
}

/// One measurement, shared by its sessions.
#[derive(Debug)]
pub(super) struct Run {
    /// When steps count; set once every session has tried to begin.
    window: OnceLock<(Instant, Instant)>,
    /// A permit for each session that has tried.
    pub(super) begun: Semaphore,
    tally: Mutex<Tally>,
}

impl Run {
    pub(super) fn new() -> anyhow::Result<Self> {
        let latencies = Histogram::<u64>::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)?;
        let tally = Tally {
            reset_latencies: latencies.clone(),
            latencies,
            n_steps: 0,
            n_resets: 0,
            n_bytes: 0,
            errors: ErrorKinds::new(),
        };
        Ok(Self { window: OnceLock::new(), begun: Semaphore::new(0), tally: Mutex::new(tally) })
    }

    pub(super) fn open_window(&self, start: Instant, end: Instant) {
        // Opened once, by the measurement alone.
        let _ = self.window.set((start, end));
    }

    /// Whether the measurement is over.
    pub(super) fn over(&self, now: Instant) -> bool {
        self.window.get().is_some_and(|(_, end)| now >= *end)
    }

    fn counts(&self, now: Instant) -> bool {
        self.window.get().is_some_and(|(start, end)| (*start..*end).contains(&now))
    }

    /// Counts a round trip that ended now, with the steps in it.
    pub(super) fn stepped(&self, begin: Instant, end: Instant, n_steps: u64, n_bytes: usize) {
        if !self.counts(end) {
            return;
        }
        let mut tally = self.tally();
        tally.latencies.saturating_record((end - begin).as_nanos() as u64);
        tally.n_steps += n_steps;
        tally.n_bytes += n_bytes as u64;
    }

    /// Counts a reset that ended now, with the environments in it.
    pub(super) fn reset(&self, begin: Instant, end: Instant, n_envs: u64) {
        if !self.counts(end) {
            return;
        }
        let mut tally = self.tally();
        tally.reset_latencies.saturating_record((end - begin).as_nanos() as u64);
        tally.n_resets += n_envs;
    }

    /// Counts an error, whenever it comes.
    pub(super) fn failed(&self, failure: &Failure) {
        let mut tally = self.tally();
        let errors = tally.errors.entry(failure.kind());
        errors.or_insert_with(|| Errors { count: 0, example: failure.to_string() }).count += 1;
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
