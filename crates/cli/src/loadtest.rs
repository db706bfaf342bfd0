//! `omniguard loadtest`: how many steps a second an OpenEnv server answers. Every session asks,
//! waits for the answer and asks again, as a trainer does.

mod address;
mod batch;
mod failure;
mod measure;
mod report;
mod tally;
#[cfg(test)]
mod tests;
mod ws;

use crate::output::say_on;
use crate::progress;
use address::Address;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use report::{Figures, Report, Row, Server};
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Rounds of a comparison; one server alone is measured once.
const ROUNDS: usize = 3;
/// Tries of the first exchange, and the pause between them.
const PROBES: usize = 3;
const PROBE_PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LoadtestArgs {
    /// The server: http:// or ws://, and the path that it lives under, if any
    #[arg(long)]
    url: Address,
    /// How to speak to it
    #[arg(long, value_enum, default_value_t = Protocol::Ws)]
    protocol: Protocol,
    /// Sockets open at once; one measurement each
    #[arg(long, value_delimiter = ',', default_value = "1,8,64",
          value_parser = clap::value_parser!(u32).range(1..))]
    sessions: Vec<u32>,
    /// Environments in a batch; one measurement each (`--protocol batch`)
    #[arg(long, value_delimiter = ',', default_value = "1,32,512",
          value_parser = clap::value_parser!(u32).range(1..))]
    envs: Vec<u32>,
    /// Seconds that a measurement counts
    #[arg(long, default_value = "5", value_parser = positive_seconds)]
    seconds: Duration,
    /// Seconds before them, once every session has begun
    #[arg(long, default_value = "1", value_parser = seconds)]
    warmup: Duration,
    /// Seconds to wait for an answer
    #[arg(long, default_value = "10", value_parser = positive_seconds)]
    timeout: Duration,
    /// The action of every step, as JSON
    #[arg(long, default_value = r#"{"action_type":"BLOCK"}"#, value_parser = object)]
    action: Map<String, Value>,
    /// What every reset asks for, as JSON
    #[arg(long, default_value = "{}", value_parser = object)]
    reset: Map<String, Value>,
    /// Seed of the first reset; session i begins with this plus i
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Name of the server in the report; its address if not given
    #[arg(long)]
    label: Option<String>,
    /// Also write the report to this file, as JSON
    #[arg(long)]
    report: Option<PathBuf>,
    /// A second server, measured in turns with the first: three rounds, medians and their ratio
    #[arg(long)]
    compare: Option<Address>,
    /// The action for the second server, if another
    #[arg(long, requires = "compare", value_parser = object)]
    compare_action: Option<Map<String, Value>>,
    /// What resets ask of the second server, if another
    #[arg(long, requires = "compare", value_parser = object)]
    compare_reset: Option<Map<String, Value>>,
    /// Threads of the generator
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

const EXAMPLES: &str = r#"Examples:
  omniguard loadtest --url http://127.0.0.1:8787
  omniguard loadtest --url http://127.0.0.1:8787 --reset '{"fields":["step_id","anomaly_hints"]}'
  omniguard loadtest --url http://127.0.0.1:8787 --protocol batch --envs 1,32,512
  omniguard loadtest --url http://127.0.0.1:8787 --report load.json \
    --compare http://127.0.0.1:8000 --compare-action '{"direction":"right"}'

Errors are counted by kind, from the first connection on; steps, within the measured seconds."#;

/// How to speak to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    /// OpenEnv's /ws: a socket is a session
    Ws,
    /// OmniGuard's batches over HTTP: /reset and /step of many environments at once
    Batch,
}

impl Protocol {
    /// What grows from row to row.
    fn unit(self) -> &'static str {
        match self {
            Self::Ws => "sessions",
            Self::Batch => "envs",
        }
    }
}

/// A server and what it is asked.
#[derive(Debug)]
struct Target {
    label: String,
    address: Address,
    protocol: Protocol,
    action: Map<String, Value>,
    reset: Map<String, Value>,
    seed: u64,
    timeout: Duration,
}

impl Target {
    /// One reset and one step. What fails here would fail in every session.
    async fn probe(&self) -> Result<()> {
        let mut tries = 1;
        loop {
            let outcome = match self.protocol {
                Protocol::Ws => ws::probe(self).await,
                Protocol::Batch => batch::probe(self).await,
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(failure) if tries == PROBES => {
                    bail!("{}: {failure}; {}", self.address, failure.next_step())
                }
                Err(_) => tries += 1,
            }
            tokio::time::sleep(PROBE_PAUSE).await;
        }
    }

    fn server(&self) -> Server {
        Server {
            label: self.label.clone(),
            url: self.address.to_string(),
            action: self.action.clone(),
            reset: self.reset.clone(),
        }
    }
}

impl LoadtestArgs {
    /// The server, and the one to compare it with.
    fn targets(&self) -> Vec<Arc<Target>> {
        let target = |address: &Address, label: String, action: &Map<_, _>, reset: &Map<_, _>| {
            Arc::new(Target {
                label,
                address: address.clone(),
                protocol: self.protocol,
                action: action.clone(),
                reset: reset.clone(),
                seed: self.seed,
                timeout: self.timeout,
            })
        };
        let label = self.label.clone().unwrap_or_else(|| self.url.authority().into());
        let first = target(&self.url, label.clone(), &self.action, &self.reset);
        let second = self.compare.as_ref().map(|address| {
            let action = self.compare_action.as_ref().unwrap_or(&self.action);
            let reset = self.compare_reset.as_ref().unwrap_or(&self.reset);
            let name = address.authority();
            let name = if name == label { format!("{name} (2)") } else { name.into() };
            target(address, name, action, reset)
        });
        std::iter::once(first).chain(second).collect()
    }

    fn sizes(&self) -> &[u32] {
        match self.protocol {
            Protocol::Ws => &self.sessions,
            Protocol::Batch => &self.envs,
        }
    }
}

pub(crate) fn run(args: &LoadtestArgs) -> Result<()> {
    let mut builder = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .worker_threads(usize::from(args.threads))
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let report = runtime.block_on(load(args))?;
    say_on!("{report}")?;
    if let Some(path) = &args.report {
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(server) = report.silent().next() {
        bail!("{server} answered no step in any measurement; the errors above say why");
    }
    Ok(())
}

/// Measures every row; the servers take turns, so that what else the machine does hits both.
async fn load(args: &LoadtestArgs) -> Result<Report> {
    let targets = args.targets();
    for target in &targets {
        target.probe().await?;
    }
    let n_rounds = if targets.len() > 1 { ROUNDS } else { 1 };
    let sizes = args.sizes();
    let bar = progress::bar((sizes.len() * n_rounds * targets.len()) as u64, "loadtest");
    bar.enable_steady_tick(Duration::from_millis(250));
    let mut rows = Vec::new();
    for &size in sizes {
        rows.push(row(args, &targets, size, n_rounds, &bar).await?);
    }
    bar.finish_and_clear();
    Ok(Report {
        version: env!("CARGO_PKG_VERSION"),
        protocol: args.protocol,
        unit: args.protocol.unit(),
        seconds: args.seconds.as_secs_f64(),
        warmup: args.warmup.as_secs_f64(),
        seed: args.seed,
        threads: args.threads,
        servers: targets.iter().map(|target| target.server()).collect(),
        rows,
    })
}

async fn row(
    args: &LoadtestArgs,
    targets: &[Arc<Target>],
    size: u32,
    n_rounds: usize,
    bar: &ProgressBar,
) -> Result<Row> {
    let mut rounds = vec![Vec::new(); targets.len()];
    for _ in 0..n_rounds {
        for (target, rounds) in targets.iter().zip(&mut rounds) {
            bar.set_message(format!("{size} {} at {}", args.protocol.unit(), target.label));
            rounds.push(measure::measure(target, size, args.warmup, args.seconds).await?);
            bar.inc(1);
        }
    }
    let figures = targets.iter().zip(rounds);
    Ok(Row::new(size, figures.map(|(target, rounds)| Figures::of(&target.label, rounds)).collect()))
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is no JSON object".into()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds <= 3600.0 => Ok(duration),
        _ => Err("it is not within 0 and 3600 seconds".into()),
    }
}

fn positive_seconds(text: &str) -> Result<Duration, String> {
    let duration = seconds(text)?;
    if duration.is_zero() { Err("it is not above 0".into()) } else { Ok(duration) }
}
