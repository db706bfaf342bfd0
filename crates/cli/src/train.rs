//! `omniguard train`: GRPO over environments of the train split, with the core's own code.
//!
//! Actors and gradient shards are fixed in number and reduced in index order, so the weights are
//! the same for any number of threads and on a second run.

mod folder;
mod parallel;

use crate::eval::{EVALUATION_SEED, UNTRAINED_SEED};
use crate::{corpus, progress};
use anyhow::{Result, ensure};
use clap::Args;
use omniguard_core::agent::Neural;
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::evaluate::{Evaluation, evaluate};
use omniguard_core::features::FrameFeatures;
use omniguard_core::frame::{Split, Vector};
use omniguard_core::grpo::calibrate::{Judgement, temperatures};
use omniguard_core::grpo::rollout::Actor;
use omniguard_core::grpo::{Batch, Group, GrpoConfig, Learner, Metrics};
use omniguard_core::policy::{Policy, TrainablePolicy};
use omniguard_core::vector::seed_of;
use std::path::PathBuf;
use std::sync::Arc;

/// Environments played side by side. A quarter follows the curriculum, the others stay in one
/// phase each, so that no phase is forgotten.
const N_ACTORS: u32 = 16;
/// Labels of the seeds that a run's seed is spread over, one per purpose.
const ROLLOUTS: u32 = 0;
const CALIBRATION: u32 = 1;
const VALIDATION: u32 = 2;
/// Frames of the validation split that set the beliefs' temperatures.
const N_CALIBRATION_FRAMES: u32 = 4_000;
/// Episodes per phase of the validation at the end.
const N_VALIDATION_EPISODES: u32 = 300;

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
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
    steps: u32,
    /// States per optimiser step
    #[arg(long, default_value_t = GrpoConfig::default().groups_per_step)]
    groups_per_step: u32,
    /// Answers per state
    #[arg(long, default_value_t = GrpoConfig::default().num_generations)]
    num_generations: u32,
    /// Weight of the KL term against the initial policy
    #[arg(long, default_value_t = GrpoConfig::default().beta)]
    beta: f32,
    /// Peak learning rate
    #[arg(long, default_value_t = GrpoConfig::default().learning_rate)]
    learning_rate: f32,
    /// `AdamW`'s weight decay
    #[arg(long, default_value_t = GrpoConfig::default().weight_decay)]
    weight_decay: f32,
    /// Share of n-grams that a rollout's frames forget
    #[arg(long, default_value_t = GrpoConfig::default().feature_dropout)]
    feature_dropout: f32,
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
            weight_decay: self.weight_decay,
            feature_dropout: self.feature_dropout,
            ..GrpoConfig::default()
        }
    }

    /// The command that makes the same weights again.
    fn command(&self) -> String {
        format!(
            "omniguard train --run-id {} --seed {} --steps {} --groups-per-step {} \
             --num-generations {} --beta {} --learning-rate {} --weight-decay {} --feature-dropout {}",
            self.run_id,
            self.seed,
            self.steps,
            self.groups_per_step,
            self.num_generations,
            self.beta,
            self.learning_rate,
            self.weight_decay,
            self.feature_dropout
        )
    }
}

pub(crate) fn run(args: &TrainArgs) -> Result<()> {
    ensure!(args.seed < EVALUATION_SEED, "seeds from {EVALUATION_SEED} on belong to evaluation");
    let corpus = Arc::new(corpus::load(&args.corpus)?);
    let config = args.grpo();
    let mut folder = folder::RunFolder::create(args, &config, &corpus)?;
    let bar = progress::bar(u64::from(args.steps), "training");
    let trained = learn(args, config, &corpus, |step, metrics| {
        bar.inc(1);
        bar.set_message(summary(metrics));
        folder.log(step, metrics)
    })?;
    bar.finish();

    let policy = finish(args, &corpus, &trained)?;
    let validation = validate(args, &corpus, &policy)?;
    let weights = folder.finish(&policy, &validation)?;
    println!("{}: {} bytes of weights", folder.path().display(), weights.len());
    if let Some(path) = &args.publish {
        std::fs::write(path, &weights)?;
        println!("published to {}", path.display());
    }
    Ok(())
}

/// Trains from the seeded initial weights; `each` sees the metrics of every optimiser step.
fn learn(
    args: &TrainArgs,
    config: GrpoConfig,
    corpus: &Arc<Corpus>,
    mut each: impl FnMut(u32, &Metrics) -> Result<()>,
) -> Result<TrainablePolicy> {
    let mut actors = actors(args, corpus)?;
    let mut learner = Learner::new(config, TrainablePolicy::new(UNTRAINED_SEED));
    let per_actor = config.groups_per_step.div_ceil(N_ACTORS) as usize;
    let mut step = 0;
    while step < args.steps {
        let groups = collect(&mut actors, learner.policy(), &config, per_actor, args.threads)?;
        let batch = Batch::new(groups, &config);
        for _ in 0..config.num_iterations.min(args.steps - step) {
            let shards = parallel::shards(&learner, &batch, args.threads);
            let metrics = learner.apply(&batch, &shards);
            each(step, &metrics)?;
            step += 1;
        }
    }
    Ok(learner.policy().clone())
}

fn summary(metrics: &Metrics) -> String {
    format!(
        "reward {:+.3} threat awareness {:+.2} false positives {:.2}",
        metrics.reward, metrics.threat_awareness, metrics.false_positives
    )
}

fn actors(args: &TrainArgs, corpus: &Arc<Corpus>) -> Result<Vec<Actor>> {
    (0..N_ACTORS)
        .map(|idx| {
            let phase = Phase::from_index(idx as usize % 4);
            let config = EnvConfig { phase, ..EnvConfig::on(Split::Train) };
            let seed = seed_of(seed_of(args.seed, ROLLOUTS), idx);
            let env = Environment::new(config, Arc::clone(corpus), seed)?;
            Ok(Actor::new(env, seed_of(seed, 1)))
        })
        .collect()
}

/// Groups of every actor, in the actors' order.
fn collect(
    actors: &mut [Actor],
    policy: &TrainablePolicy,
    config: &GrpoConfig,
    per_actor: usize,
    threads: usize,
) -> Result<Vec<Group>> {
    let parts =
        parallel::map_mut(actors, threads, |actor| actor.collect(policy, config, per_actor));
    let mut groups = Vec::with_capacity(per_actor * N_ACTORS as usize);
    for part in parts {
        groups.extend(part?);
    }
    Ok(groups)
}

/// Quantises the policy with temperatures that calibrate its beliefs on the validation split.
fn finish(args: &TrainArgs, corpus: &Arc<Corpus>, policy: &TrainablePolicy) -> Result<Policy> {
    let mut judgements = Vec::new();
    let seed = seed_of(args.seed, CALIBRATION);
    let mut environments = (0u32..)
        .zip(Phase::ALL)
        .map(|(idx, &phase)| {
            let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(Split::Validation) };
            Environment::new(config, Arc::clone(corpus), seed_of(seed, idx))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let n_phases = environments.len();
    for idx in 0..N_CALIBRATION_FRAMES as usize {
        // Every phase alike; first frames only, so that no policy shapes them.
        let env = &mut environments[idx % n_phases];
        env.reset();
        let Some(frame) = env.frame() else { continue };
        let trace = policy.forward(&FrameFeatures::extract(&env.frame_text()), &env.context());
        judgements.push(Judgement {
            beliefs: trace.beliefs,
            malicious: frame.malicious(),
            stdio: frame.vector == Vector::StdioEscape,
        });
    }
    Ok(policy.quantised(&args.run_id, temperatures(&judgements)))
}

/// The greedy policy on the validation split, phase by phase.
fn validate(
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
        anyhow::Ok((phase, evaluate(&mut agent, &config, corpus, seed, N_VALIDATION_EPISODES)?))
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::path::Path;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: TrainArgs,
    }

    fn trained(threads: &str) -> (TrainablePolicy, Vec<f32>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/corpus.bin");
        let corpus = Arc::new(corpus::load(&path).unwrap());
        let Line { args } = Line::parse_from(["train", "--steps", "6", "--threads", threads]);
        let mut losses = Vec::new();
        let policy = learn(&args, args.grpo(), &corpus, |_, metrics| {
            losses.push(metrics.belief_loss);
            Ok(())
        });
        (policy.unwrap(), losses)
    }

    #[test]
    fn the_weights_do_not_depend_on_the_number_of_threads() {
        let (one, losses) = trained("1");
        let (three, _) = trained("3");
        assert_eq!(one.parameters(), three.parameters());
        assert_ne!(one.parameters(), TrainablePolicy::new(UNTRAINED_SEED).parameters());
        assert_eq!(losses.len(), 6);
    }
}
