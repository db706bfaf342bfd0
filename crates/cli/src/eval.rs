//! `omniguard eval`: every baseline and the trained policy, each in its own environments.

mod markdown;
pub(crate) mod report;

use crate::output::say;
use crate::{corpus, progress};
use anyhow::{Context, Result};
use clap::Args;
use omniguard_core::action::ActionType;
use omniguard_core::agent::{Agent, Constant, Neural, Oracle, OracleTable, Random, Rules};
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::embed::TokenTable;
use omniguard_core::environment::EnvConfig;
use omniguard_core::evaluate::{Evaluation, evaluate};
use omniguard_core::frame::Split;
use omniguard_core::policy::Policy;
use omniguard_core::rng::Rng;
use omniguard_core::vector::seed_of;
use std::path::PathBuf;
use std::sync::Arc;

/// Seed of the network's initial weights: the page's "Baseline".
pub(crate) const UNTRAINED_SEED: u64 = 0;
/// Runs are trained from seeds below this one and evaluated from seeds at or above it.
pub(crate) const EVALUATION_SEED: u64 = 1_000_000;
/// Episodes of one run: its history and adversary go on from one to the next.
const EPISODES_PER_RUN: u32 = 50;

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
    /// Weights of the trained policy
    #[arg(long, default_value = "public/weights.bin")]
    weights: PathBuf,
    /// Part of the corpus that frames come from
    #[arg(long, default_value = "test", value_parser = parse_split)]
    split: Split,
    /// Episodes per agent and phase, rounded up to whole runs of 50
    #[arg(long, default_value_t = 2_000)]
    episodes: u32,
    /// Seed that the environments' seeds are made from; runs are trained from seeds below 1,000,000
    #[arg(long, default_value_t = EVALUATION_SEED)]
    seed: u64,
    /// Threads
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
    /// Folder for report.json and report.md; only the table is printed without it
    #[arg(long)]
    output: Option<PathBuf>,
}

pub(crate) fn parse_split(name: &str) -> Result<Split, String> {
    Split::from_name(name).ok_or_else(|| "train, validation or test".into())
}

/// The agents of a report, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    Random,
    Untrained,
    AlwaysBlock,
    AlwaysAllow,
    Rules,
    TrainedSampled,
    Trained,
    Oracle,
}

impl Contestant {
    const ALL: [Self; 8] = [
        Self::Random,
        Self::Untrained,
        Self::AlwaysBlock,
        Self::AlwaysAllow,
        Self::Rules,
        Self::TrainedSampled,
        Self::Trained,
        Self::Oracle,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Untrained => "untrained",
            Self::AlwaysBlock => "always_block",
            Self::AlwaysAllow => "always_allow",
            Self::Rules => "rules",
            Self::TrainedSampled => "trained_sampled",
            Self::Trained => "trained",
            Self::Oracle => "oracle",
        }
    }
}

/// What the agents are made of.
struct Cast {
    trained: Arc<Policy>,
    untrained: Arc<Policy>,
    oracle: Arc<OracleTable>,
}

impl Cast {
    fn agent(&self, contestant: Contestant, seed: u64) -> Box<dyn Agent> {
        let rng = Rng::new(seed).fork(1);
        match contestant {
            Contestant::Random => Box::new(Random(rng)),
            Contestant::Untrained => Box::new(Neural::sampled(Arc::clone(&self.untrained), rng)),
            Contestant::AlwaysBlock => Box::new(Constant(ActionType::Block)),
            Contestant::AlwaysAllow => Box::new(Constant(ActionType::Allow)),
            Contestant::Rules => Box::new(Rules),
            Contestant::TrainedSampled => Box::new(Neural::sampled(Arc::clone(&self.trained), rng)),
            Contestant::Trained => Box::new(Neural::greedy(Arc::clone(&self.trained))),
            Contestant::Oracle => Box::new(Oracle::new(Arc::clone(&self.oracle))),
        }
    }
}

/// Reads weights, with a remedy in the message.
pub(crate) fn load_policy(path: &std::path::Path, table: &Arc<TokenTable>) -> Result<Arc<Policy>> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read {}; `omniguard train` makes it", path.display()))?;
    let policy = Policy::from_bytes(&bytes, Arc::clone(table))
        .with_context(|| format!("{} holds no weights", path.display()))?;
    Ok(Arc::new(policy))
}

/// One agent's evaluation in one phase.
pub(crate) struct Row {
    pub(crate) contestant: Contestant,
    pub(crate) evaluation: Evaluation,
}

pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    let corpus = Arc::new(corpus::load(&args.corpus)?);
    let trained = load_policy(&args.weights, corpus.table())?;
    let untrained = Arc::new(Policy::untrained(UNTRAINED_SEED, Arc::clone(corpus.table())));
    let n_runs = args.episodes.div_ceil(EPISODES_PER_RUN);
    let bar = progress::bar(
        u64::from(n_runs) * (Phase::ALL.len() * Contestant::ALL.len()) as u64,
        "evaluating",
    );
    let mut phases = Vec::new();
    for &phase in Phase::ALL {
        let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(args.split) };
        let cast = Cast {
            trained: Arc::clone(&trained),
            untrained: Arc::clone(&untrained),
            oracle: Arc::new(OracleTable::solve(&config, &corpus)?),
        };
        let mut rows = Vec::new();
        for contestant in Contestant::ALL {
            bar.set_message(format!("{} {}", phase.short_name(), contestant.name()));
            let evaluation = play(args, &corpus, &config, &cast, contestant, n_runs, &bar)?;
            rows.push(Row { contestant, evaluation });
        }
        phases.push((phase, rows));
    }
    bar.finish_and_clear();
    let report = report::make(args, &corpus, &trained, n_runs * EPISODES_PER_RUN, &phases);
    let text = markdown::write(&report);
    say!("{text}")?;
    if let Some(folder) = &args.output {
        std::fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(&report)? + "\n";
        std::fs::write(folder.join("report.json"), json)?;
        std::fs::write(folder.join("report.md"), text)?;
        say!("written to {}", folder.display())?;
    }
    Ok(())
}

/// Plays all runs of one agent; runs are dealt to threads and merged in order, so the result does
/// not depend on their number.
fn play(
    args: &EvalArgs,
    corpus: &Arc<Corpus>,
    config: &EnvConfig,
    cast: &Cast,
    contestant: Contestant,
    n_runs: u32,
    bar: &indicatif::ProgressBar,
) -> Result<Evaluation> {
    let one = |run_idx: u32| -> Result<Evaluation> {
        let seed = seed_of(args.seed, run_idx);
        let mut agent = cast.agent(contestant, seed);
        let evaluation = evaluate(agent.as_mut(), config, corpus, seed, EPISODES_PER_RUN)?;
        bar.inc(1);
        Ok(evaluation)
    };
    let n_threads = args.threads.max(1) as u32;
    let mut runs: Vec<(u32, Evaluation)> = std::thread::scope(|scope| {
        let one = &one;
        let handles: Vec<_> = (0..n_threads)
            .map(|thread| {
                scope.spawn(move || {
                    (thread..n_runs)
                        .step_by(n_threads as usize)
                        .map(|run_idx| Ok((run_idx, one(run_idx)?)))
                        .collect::<Result<Vec<_>>>()
                })
            })
            .collect();
        let mut runs = Vec::new();
        for handle in handles {
            match handle.join() {
                Ok(part) => runs.extend(part?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        anyhow::Ok(runs)
    })?;
    runs.sort_by_key(|(run_idx, _)| *run_idx);
    let mut whole = Evaluation::default();
    for (_, run) in &runs {
        whole.merge(run);
    }
    Ok(whole)
}
