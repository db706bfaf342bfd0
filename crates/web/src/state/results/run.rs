//! The run's files together.

use super::node::{Node, RunFileError};
use super::report::Report;
use super::stress::Stress;
use omniguard_core::json;

/// The folder beside the page.
macro_rules! in_run {
    ($name:literal) => {
        concat!("runs/second-defender/", $name)
    };
}

/// What training was asked for.
pub const CONFIG_PATH: &str = in_run!("config.json");
/// What training logged.
pub const METRICS_PATH: &str = in_run!("metrics.jsonl");
/// How the policy fares on the test split.
pub const REPORT_PATH: &str = in_run!("evaluation/report.json");
/// The same in prose.
pub const REPORT_TEXT_PATH: &str = in_run!("evaluation/report.md");
/// What the policy is for and where it is weak.
pub const CARD_PATH: &str = in_run!("MODEL_CARD.md");
/// How it fares on texts from elsewhere.
pub const STRESS_PATH: &str = in_run!("stress.json");
/// What the page reads, in this order.
pub const FILES: [&str; 4] = [REPORT_PATH, CONFIG_PATH, STRESS_PATH, METRICS_PATH];

/// The figures logged, by the names they are logged under.
pub const METRICS: [&str; 6] = [
    "reward",
    "rewards/environment_step/mean",
    "rewards/threat_awareness/mean",
    "kl",
    "loss",
    "belief_loss",
];
/// Which of [`METRICS`] is the divergence from the reference.
pub const KL: usize = 3;

/// One line of the log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logged {
    /// The step.
    pub step: f64,
    /// Values in the order of [`METRICS`].
    pub values: [f64; METRICS.len()],
}

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFiles {
    /// Name of the run.
    pub run_id: String,
    /// The command that trained it.
    pub command: String,
    /// Step at which the beliefs stand and the answers are learned anew.
    pub answers_from: f64,
    /// Weight of the divergence in the loss: before that step, and after.
    pub betas: (f32, f32),
    /// The log.
    pub metrics: Vec<Logged>,
    /// The evaluation.
    pub report: Report,
    /// The stress set.
    pub stress: Stress,
}

impl RunFiles {
    /// Reads the files, given in the order of [`FILES`].
    pub fn of([report, config, stress, metrics]: [&str; 4]) -> Result<Self, RunFileError> {
        let report = parse(REPORT_PATH, report)?;
        let config = parse(CONFIG_PATH, config)?;
        let config = Node::top(CONFIG_PATH, &config);
        let stress = parse(STRESS_PATH, stress)?;
        Ok(Self {
            run_id: config.text("run_id")?,
            command: config.text("command")?,
            answers_from: config.number("max_steps")?,
            betas: (config.number("beta")? as f32, config.number("answer_beta")? as f32),
            metrics: metrics.lines().map(logged).collect::<Result<_, _>>()?,
            report: Report::of(Node::top(REPORT_PATH, &report))?,
            stress: Stress::of(Node::top(STRESS_PATH, &stress))?,
        })
    }
}

fn parse(file: &'static str, text: &str) -> Result<json::Value, RunFileError> {
    json::parse(text).ok_or(RunFileError::NotJson { file })
}

fn logged(line: &str) -> Result<Logged, RunFileError> {
    let value = parse(METRICS_PATH, line)?;
    let node = Node::top(METRICS_PATH, &value);
    let mut values = [0.0; METRICS.len()];
    for (slot, key) in values.iter_mut().zip(METRICS) {
        *slot = node.number(key)?;
    }
    Ok(Logged { step: node.number("step")?, values })
}
