//! One measurement: its sessions, its window, and the figures of it.

use super::failure::Failure;
use super::tally::{ErrorKinds, Run, Tally};
use super::{Protocol, Target, batch, ws};
use crate::progress::now;
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Pauses after failures: doubled until something succeeds.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Figures of one measurement.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Measured {
    pub(super) steps_per_second: f64,
    /// Round trip of a step, or of a batch of steps; none when nothing succeeded.
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) reset_p50_ms: Option<f64>,
    pub(super) bytes_per_step: Option<f64>,
    /// Processor time of this program over the measured time: 1 is a core.
    pub(super) client_cpu: f64,
    pub(super) n_steps: u64,
    pub(super) n_resets: u64,
    pub(super) errors: ErrorKinds,
}

impl Measured {
    fn of(tally: &Tally, seconds: Duration, cpu: Duration) -> Self {
        let per_step = |n: u64| (tally.n_steps > 0).then(|| n as f64 / tally.n_steps as f64);
        let quantile = |latencies: &Histogram<u64>, q| {
            (!latencies.is_empty()).then(|| latencies.value_at_quantile(q) as f64 / 1e6)
        };
        Self {
            steps_per_second: tally.n_steps as f64 / seconds.as_secs_f64(),
            p50_ms: quantile(&tally.latencies, 0.5),
            p99_ms: quantile(&tally.latencies, 0.99),
            reset_p50_ms: quantile(&tally.reset_latencies, 0.5),
            bytes_per_step: per_step(tally.n_bytes),
            client_cpu: cpu.as_secs_f64() / seconds.as_secs_f64(),
            n_steps: tally.n_steps,
            n_resets: tally.n_resets,
            errors: tally.errors.clone(),
        }
    }
}

/// Tells once that a session has tried to begin, well or not.
#[derive(Debug)]
pub(super) struct Beginning<'a> {
    run: &'a Run,
    told: bool,
}

impl Beginning<'_> {
    pub(super) fn over(&mut self) {
        if !std::mem::replace(&mut self.told, true) {
            self.run.begun.add_permits(1);
        }
    }
}

/// Measures a server under a load of `size` sessions, or of batches of `size`.
pub(super) async fn measure(
    target: &Arc<Target>,
    size: u32,
    warmup: Duration,
    seconds: Duration,
) -> Result<Measured> {
    let run = Arc::new(Run::new()?);
    let n_sessions = match target.protocol {
        Protocol::Ws => size,
        Protocol::Batch => 1,
    };
    let mut sessions = JoinSet::new();
    for idx in 0..n_sessions {
        sessions.spawn(session(target.clone(), run.clone(), idx, size));
    }
    // A session that hangs at its beginning must not hold up the others for ever.
    let _ = timeout(target.timeout, run.begun.acquire_many(n_sessions)).await;
    let start = now() + warmup;
    run.open_window(start, start + seconds);
    sleep(warmup).await;
    let cpu = processor_time()?;
    sleep(seconds).await;
    let cpu = processor_time()?.saturating_sub(cpu);
    while let Some(ended) = sessions.join_next().await {
        ended.context("a session broke off")?;
    }
    Ok(Measured::of(&run.tally(), seconds, cpu))
}

/// Plays until the measurement is over, and begins anew after a failure.
async fn session(target: Arc<Target>, run: Arc<Run>, idx: u32, size: u32) {
    let mut beginning = Beginning { run: &run, told: false };
    let mut pause = SHORTEST_PAUSE;
    while !run.over(now()) {
        let begin = now();
        let outcome = match target.protocol {
            Protocol::Ws => ws::play(&target, &run, idx, &mut beginning).await,
            Protocol::Batch => batch::play(&target, &run, size, &mut beginning).await,
        };
        beginning.over();
        let Err(failure) = outcome else { return };
        run.failed(&failure);
        // What went well for longer than a pause is no row of failures.
        let well = begin.elapsed() > LONGEST_PAUSE && !matches!(failure, Failure::Timeout { .. });
        pause = if well { SHORTEST_PAUSE } else { LONGEST_PAUSE.min(pause * 2) };
        sleep(pause).await;
    }
}

fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("the processor time is not known")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros as u64))
}
