//! `omniguard train`: GRPO over environments of the train split, with the core's own code.
//!
//! Actors and gradient shards are fixed in number and reduced in index order, so the weights are
//! the same for any number of threads and on a second run.

mod folder;
mod parallel;
mod training;

use crate::eval::EVALUATION_SEED;
use crate::output::say;
use crate::{corpus, progress};
use anyhow::{Result, anyhow, ensure};
use clap::Args;
use omniguard_core::agent::Neural;
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::EnvConfig;
use omniguard_core::evaluate::{Evaluation, evaluate};
use omniguard_core::features::Families;
use omniguard_core::frame::Split;
use omniguard_core::grpo::{Future, GrpoConfig, Learns, Metrics, ScaleRewards};
use omniguard_core::policy::Policy;
use omniguard_core::vector::seed_of;
use std::path::PathBuf;
use std::sync::Arc;
use training::Training;

/// Label of the validation's seed below the run's.
const VALIDATION: u32 = 2;

#[derive(Debug, Clone, Args)]
pub(crate) struct TrainArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    pub(crate) corpus: PathBuf,
    /// Folder of runs; this one becomes a folder in it
    #[arg(long, default_value = "runs")]
    output: PathBuf,
    /// Name of the run
    #[arg(long, default_value = "local")]
    run_id: String,
    /// Seed that all seeds of the run are made from, below 1,000,000: the others are for evaluation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Optimiser steps
    #[arg(long, default_value_t = GrpoConfig::default().max_steps)]
    pub(crate) steps: u32,
    /// Optimiser steps of the answers alone, on validation frames
    #[arg(long, default_value_t = 800)]
    pub(crate) answer_steps: u32,
    /// Peak learning rate of these
    #[arg(long, default_value_t = 3e-3)]
    answer_learning_rate: f32,
    /// Whether the policy's gradient shapes what the beliefs are made from
    #[arg(long)]
    pub(crate) jointly: bool,
    /// Weight of the KL term against the untrained answers: what keeps them exploring
    #[arg(long, default_value_t = 0.3)]
    pub(crate) answer_beta: f32,
    /// How the return still to come counts in the advantages: none, breach or all
    #[arg(long, default_value = "breach", value_parser = parse_future)]
    pub(crate) future: Future,
    /// States per optimiser step
    #[arg(long, default_value_t = GrpoConfig::default().groups_per_step)]
    groups_per_step: u32,
    /// Answers per state
    #[arg(long, default_value_t = GrpoConfig::default().num_generations)]
    num_generations: u32,
    /// Weight of the KL term against the initial policy
    #[arg(long, default_value_t = GrpoConfig::default().beta)]
    pub(crate) beta: f32,
    /// Peak learning rate
    #[arg(long, default_value_t = GrpoConfig::default().learning_rate)]
    learning_rate: f32,
    /// `AdamW`'s weight decay
    #[arg(long, default_value_t = GrpoConfig::default().weight_decay)]
    weight_decay: f32,
    /// Share of n-grams that a rollout's frames forget
    #[arg(long, default_value_t = GrpoConfig::default().feature_dropout)]
    feature_dropout: f32,
    /// Weight of the belief head's log-loss
    #[arg(long, default_value_t = GrpoConfig::default().belief_weight)]
    pub(crate) belief_weight: f32,
    /// Share of the last steps whose weights are averaged
    #[arg(long, default_value_t = GrpoConfig::default().averaged_share)]
    averaged_share: f32,
    /// Families of features that the policy reads
    #[arg(long, value_delimiter = ',', default_values_t = Families::NAMES.map(String::from))]
    pub(crate) features: Vec<String>,
    /// What advantages are divided by: none, batch or group
    #[arg(long, default_value = "none", value_parser = parse_scale)]
    pub(crate) scale_rewards: ScaleRewards,
    /// Benign frames of the training are none of those written beside an attack
    #[arg(long)]
    pub(crate) no_twins: bool,
    /// The adversary of the training mutates without learning
    #[arg(long)]
    pub(crate) adversary_frozen: bool,
    /// Episodes per phase of the validation at the end
    #[arg(long, default_value_t = 300)]
    validation_episodes: u32,
    /// A checkpoint is kept every so many steps, until the run is finished
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    save_steps: u32,
    /// Goes on from the checkpoint that an interrupted run with the same settings left
    #[arg(long)]
    resume: bool,
    /// Metrics are logged every so many steps
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    logging_steps: u32,
    /// Threads; the weights do not depend on their number
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
    /// Also copy the weights to this file, which the page and the Worker serve
    #[arg(long)]
    publish: Option<PathBuf>,
}

impl TrainArgs {
    fn grpo(&self) -> GrpoConfig {
        GrpoConfig {
            num_generations: self.num_generations,
            groups_per_step: self.groups_per_step,
            max_steps: self.steps,
            beta: self.beta,
            learning_rate: self.learning_rate,
            future: self.future,
            scale_rewards: self.scale_rewards,
            learns: if self.jointly { Learns::Jointly } else { Learns::Both },
            weight_decay: self.weight_decay,
            feature_dropout: self.feature_dropout,
            belief_weight: self.belief_weight,
            averaged_share: self.averaged_share,
            ..GrpoConfig::default()
        }
    }

    /// The environments of the training, but for their phase.
    fn environment(&self, split: Split) -> EnvConfig {
        EnvConfig {
            twins: !self.no_twins,
            adversary_frozen: self.adversary_frozen,
            ..EnvConfig::on(split)
        }
    }

    fn families(&self) -> Result<Families> {
        Families::from_names(self.features.iter().map(String::as_str)).map_err(|name| {
            anyhow!("{name} is no family of features; there are {}", Families::NAMES.join(", "))
        })
    }

    /// The command that makes the same weights again.
    pub(crate) fn command(&self) -> String {
        format!(
            "omniguard train --run-id {} --seed {} --steps {} --answer-steps {} --groups-per-step {} \
             --num-generations {} --beta {} --learning-rate {} --weight-decay {} --feature-dropout {} \
             --features {} --belief-weight {} --averaged-share {} --answer-learning-rate {} \
             --answer-beta {} --future {} --scale-rewards {}{}{}{}",
            self.run_id,
            self.seed,
            self.steps,
            self.answer_steps,
            self.groups_per_step,
            self.num_generations,
            self.beta,
            self.learning_rate,
            self.weight_decay,
            self.feature_dropout,
            self.features.join(","),
            self.belief_weight,
            self.averaged_share,
            self.answer_learning_rate,
            self.answer_beta,
            format!("{:?}", self.future).to_lowercase(),
            format!("{:?}", self.scale_rewards).to_lowercase(),
            if self.jointly { " --jointly" } else { "" },
            if self.no_twins { " --no-twins" } else { "" },
            if self.adversary_frozen { " --adversary-frozen" } else { "" },
        )
    }
}

fn parse_future(name: &str) -> Result<Future> {
    match name {
        "none" => Ok(Future::None),
        "breach" => Ok(Future::Breach),
        "all" => Ok(Future::All),
        _ => Err(anyhow!("it is none, breach or all")),
    }
}

fn parse_scale(name: &str) -> Result<ScaleRewards> {
    match name {
        "none" => Ok(ScaleRewards::None),
        "batch" => Ok(ScaleRewards::Batch),
        "group" => Ok(ScaleRewards::Group),
        _ => Err(anyhow!("it is none, batch or group")),
    }
}

/// Trains without a folder; the policy as a file would hold it.
pub(crate) fn to_the_end(args: &TrainArgs, corpus: &Arc<Corpus>) -> Result<Policy> {
    let mut training = Training::begin(args, corpus)?;
    while !training.finished() {
        (training, _) = training.step()?;
    }
    Ok(training.policy().quantised(&args.run_id, Arc::clone(corpus.table())))
}

pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    ensure!(args.seed < EVALUATION_SEED, "seeds from {EVALUATION_SEED} on belong to evaluation");
    let corpus = Arc::new(corpus::load(&args.corpus)?);
    let run = format!("{} corpus {:016x}", args.command(), corpus.checksum());
    let mut folder = folder::RunFolder::open(args, &corpus)?;
    let mut training = match folder.checkpoint(args.resume)? {
        Some(bytes) => Training::resume(args, &run, &bytes, &corpus)?,
        None => Training::begin(args, &corpus)?,
    };
    folder.begin(training.n_steps())?;
    let bar = progress::bar(u64::from(args.steps + args.answer_steps), "training");
    bar.set_position(training.n_steps().into());
    bar.reset_eta();
    while !training.finished() {
        let step = training.n_steps();
        let metrics;
        (training, metrics) = training.step()?;
        bar.inc(1);
        bar.set_message(summary(&metrics));
        if step % args.logging_steps == 0 {
            folder.log(step, &metrics)?;
        }
        if training.n_steps() % args.save_steps == 0 {
            folder.save(&training.checkpoint(&run))?;
        }
    }
    bar.finish();

    let policy = training.policy().quantised(&args.run_id, Arc::clone(corpus.table()));
    let validation = validate(args, &corpus, &policy)?;
    let weights = folder.finish(&policy, &validation)?;
    say!("{}: {} bytes of weights", folder.path().display(), weights.len())?;
    if let Some(path) = &args.publish {
        std::fs::write(path, &weights)?;
        say!("published to {}", path.display())?;
    }
    Ok(())
}

fn summary(metrics: &Metrics) -> String {
    format!(
        "reward {:+.3} threat awareness {:+.2} false positives {:.2}",
        metrics.reward, metrics.threat_awareness, metrics.false_positives
    )
}

/// The greedy policy on the validation split, phase by phase.
pub(crate) fn validate(
    args: &TrainArgs,
    corpus: &Arc<Corpus>,
    policy: &Policy,
) -> Result<Vec<(Phase, Evaluation)>> {
    let policy = Arc::new(policy.clone());
    let seed = seed_of(args.seed, VALIDATION);
    let mut phases: Vec<_> = Phase::ALL.to_vec();
    parallel::map_mut(&mut phases, args.threads, |&mut phase| {
        let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(Split::Validation) };
        let mut agent = Neural::greedy(Arc::clone(&policy));
        anyhow::Ok((phase, evaluate(&mut agent, &config, corpus, seed, args.validation_episodes)?))
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::UNTRAINED_SEED;
    use clap::Parser;
    use omniguard_core::policy::TrainablePolicy;
    use std::path::Path;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: TrainArgs,
    }

    fn args(threads: &str) -> TrainArgs {
        let line = ["train", "--steps", "6", "--answer-steps", "4", "--threads", threads];
        Line::parse_from(line).args
    }

    fn corpus() -> Arc<Corpus> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/corpus.bin");
        Arc::new(corpus::load(&path).unwrap())
    }

    fn finish(mut training: Training<'_>) -> TrainablePolicy {
        while !training.finished() {
            (training, _) = training.step().unwrap();
        }
        training.policy()
    }

    #[test]
    fn the_weights_do_not_depend_on_the_number_of_threads() {
        let corpus = corpus();
        let one = finish(Training::begin(&args("1"), &corpus).unwrap());
        let three = finish(Training::begin(&args("3"), &corpus).unwrap());
        assert_eq!(one.parameters(), three.parameters());
        let untrained = TrainablePolicy::new(UNTRAINED_SEED, Families::ALL);
        assert_ne!(one.parameters(), untrained.parameters());
    }

    #[test]
    fn a_resumed_run_ends_in_the_same_weights() {
        let (corpus, args) = (corpus(), args("2"));
        let whole = finish(Training::begin(&args, &corpus).unwrap());
        // In the first stage, at its end, and in the second.
        for n_steps in [4, 6, 8] {
            let mut training = Training::begin(&args, &corpus).unwrap();
            for _ in 0..n_steps {
                (training, _) = training.step().unwrap();
            }
            let bytes = training.checkpoint("a run");
            let resumed = Training::resume(&args, "a run", &bytes, &corpus).unwrap();
            assert_eq!(resumed.n_steps(), n_steps);
            assert_eq!(finish(resumed).parameters(), whole.parameters());
        }
        let bytes = Training::begin(&args, &corpus).unwrap().checkpoint("a run");
        assert!(Training::resume(&args, "another", &bytes, &corpus).is_err());
    }
}
