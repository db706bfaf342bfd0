//! `omniguard play`: the page's demo without a page. Same seed, same numbers.

use crate::corpus;
use crate::eval::{UNTRAINED_SEED, load_policy, parse_split};
use anyhow::Result;
use clap::{Args, ValueEnum};
use omniguard_core::action::ActionType;
use omniguard_core::agent::{Agent, Constant, Neural, Random, Rules};
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::EnvConfig;
use omniguard_core::frame::{Channel, Mutation, Split};
use omniguard_core::judge::Metrics;
use omniguard_core::paired::Paired;
use omniguard_core::policy::Policy;
use omniguard_core::rng::Rng;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Fork of the seed that the baseline draws from.
const BASELINE_FORK: u64 = 1;

#[derive(Debug, Args)]
pub(crate) struct PlayArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
    /// Weights of the trained policy
    #[arg(long, default_value = "public/weights.bin")]
    weights: PathBuf,
    /// Seed of the run
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Part of the corpus that frames come from
    #[arg(long, default_value = "test", value_parser = parse_split)]
    split: Split,
    /// Phase to stay in; the curriculum chooses without it
    #[arg(long, value_parser = parse_phase)]
    phase: Option<Phase>,
    /// Who follows the trained policy's frames
    #[arg(long, value_enum, default_value_t = Baseline::Untrained)]
    baseline: Baseline,
    /// Episodes before the curriculum may move
    #[arg(long, default_value_t = 2)]
    min_episodes_per_phase: u32,
    /// Frames to play
    #[arg(long, default_value_t = 16)]
    steps: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Baseline {
    Untrained,
    Random,
    Rules,
    AlwaysBlock,
}

impl Baseline {
    /// Name in the page's address.
    fn name(self) -> &'static str {
        match self {
            Self::Untrained => "untrained",
            Self::Random => "random",
            Self::Rules => "rules",
            Self::AlwaysBlock => "always_block",
        }
    }
}

fn parse_phase(name: &str) -> Result<Phase, String> {
    Phase::ALL
        .iter()
        .copied()
        .find(|phase| phase.name() == name || phase.short_name().eq_ignore_ascii_case(name))
        .ok_or_else(|| "BOOT, EVASION or CHAIN".into())
}

/// Prints one JSON line per frame and a summary line.
pub(crate) fn run(args: &PlayArgs) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let summary = play(args, |line| Ok(writeln!(out, "{line}")?))?;
    writeln!(out, "{summary}")?;
    Ok(())
}

/// Plays the run, hands every frame's line to `each`, and returns the summary.
fn play(args: &PlayArgs, mut each: impl FnMut(Value) -> Result<()>) -> Result<Value> {
    let corpus = Arc::new(corpus::load(&args.corpus)?);
    let trained = load_policy(&args.weights, corpus.table())?;
    let rng = Rng::new(args.seed).fork(BASELINE_FORK);
    let mut baseline: Box<dyn Agent> = match args.baseline {
        Baseline::Untrained => {
            let policy = Policy::untrained(UNTRAINED_SEED, Arc::clone(corpus.table()));
            Box::new(Neural::sampled(Arc::new(policy), rng))
        }
        Baseline::Random => Box::new(Random(rng)),
        Baseline::Rules => Box::new(Rules),
        Baseline::AlwaysBlock => Box::new(Constant(ActionType::Block)),
    };
    let mut driver = Neural::greedy(trained);
    let config = EnvConfig {
        phase: args.phase,
        min_episodes_per_phase: args.min_episodes_per_phase,
        ..EnvConfig::on(args.split)
    };
    let mut paired = Paired::new(config, corpus, args.seed)?;
    for _ in 0..args.steps {
        if paired.trained().episode_over() {
            paired.next_episode();
        }
        let env = paired.trained();
        let phase = env.phase();
        let channel = env.channel();
        let answer = driver.act(env, &env.context());
        let other =
            (!paired.baseline_sits_out()).then(|| baseline.act(env, &paired.baseline_context()));
        let outcome = paired.step(&answer, other.as_ref())?;
        let step = &outcome.trained;
        each(json!({
            "step": step.step_idx,
            "phase": phase.short_name(),
            "channel": channel.map(Channel::name),
            "vector": step.truth.vector.name(),
            "mutations": step.truth.mutations.iter().map(Mutation::name).collect::<Vec<_>>(),
            "trained": {
                "action": answer.action_type().name(),
                "verdict": step.verdict.name(),
                "reward": step.reward.total,
            },
            "baseline": other.as_ref().zip(outcome.baseline).map(|(action, judged)| json!({
                "action": action.action_type().name(),
                "verdict": judged.verdict.name(),
                "reward": judged.reward.total,
            })),
        }))?;
    }
    Ok(json!({
        "seed": args.seed,
        "pinned_phase": args.phase.map(Phase::short_name),
        "baseline_agent": args.baseline.name(),
        "steps": args.steps,
        "trajectory_hash": format!("{:016x}", paired.trained().trajectory_hash()),
        "phase": paired.trained().phase().short_name(),
        "trained": counts(paired.trained().metrics()),
        "baseline": counts(paired.baseline_metrics()),
    }))
}

fn counts(metrics: &Metrics) -> Value {
    json!({
        "steps": metrics.n_steps,
        "total_reward": metrics.total_reward,
        "alert_fatigue": metrics.alert_fatigue(),
        "breaches": metrics.n_breaches,
        "false_positives": metrics.tally.false_positives,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: PlayArgs,
    }

    /// The golden runs hold text, decoding, features, policy and rewards to the bit. The page plays
    /// the same file in Chromium, the contract tests play its pinned phases in the Worker. `omniguard play … | tail -1` makes a line.
    #[test]
    fn golden_runs_are_played_again_to_the_bit() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let golden = std::fs::read_to_string(root.join("tests/golden/play.jsonl")).unwrap();
        assert!(golden.lines().count() >= 3);
        for line in golden.lines() {
            let expected: Value = serde_json::from_str(line).unwrap();
            let mut words = vec![
                "play".to_owned(),
                format!("--seed={}", expected["seed"]),
                format!("--steps={}", expected["steps"]),
                format!(
                    "--baseline={}",
                    expected["baseline_agent"].as_str().unwrap().replace('_', "-")
                ),
                format!("--corpus={}", root.join("public/corpus.bin").display()),
                format!("--weights={}", root.join("public/weights.bin").display()),
            ];
            words.extend(expected["pinned_phase"].as_str().map(|phase| format!("--phase={phase}")));
            let Line { args } = clap::Parser::parse_from(words);
            assert_eq!(play(&args, |_| Ok(())).unwrap().to_string(), line);
        }
    }
}
