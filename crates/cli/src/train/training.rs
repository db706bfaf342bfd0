//! The training itself: stages of optimiser steps, one after the other.
//!
//! First beliefs and answers on the train split. Then, with the beliefs calibrated on validation
//! frames and left as they are, the answers once more on these: on frames that the beliefs trained
//! on they are surer than they should be, and answers learned there allow too much elsewhere.

use super::{TrainArgs, parallel};
use crate::eval::UNTRAINED_SEED;
use anyhow::{Result, anyhow};
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::features::FrameFeatures;
use omniguard_core::frame::Split;
use omniguard_core::grpo::calibrate::{Judgement, temperatures};
use omniguard_core::grpo::rollout::Actor;
use omniguard_core::grpo::{Batch, Group, GrpoConfig, Learner, Learns, Metrics};
use omniguard_core::policy::TrainablePolicy;
use omniguard_core::vector::seed_of;
use omniguard_core::wire::checkpoint::{self, Checkpoint};
use std::sync::Arc;

/// Environments played side by side. A quarter follows the curriculum, the others stay in one
/// phase each, so that no phase is forgotten.
const N_ACTORS: u32 = 16;
/// Labels of the seeds that a run's seed is spread over, one per purpose.
const ROLLOUTS: u32 = 0;
const CALIBRATION: u32 = 1;
const ANSWERS: u32 = 3;
/// Frames of the validation split that set the beliefs' temperatures.
const N_CALIBRATION_FRAMES: u32 = 4_000;

/// A part of the training, and where it finds its frames.
#[derive(Debug, Clone, Copy)]
struct Stage {
    idx: u32,
    config: GrpoConfig,
    split: Split,
    purpose: u32,
    /// Optimiser steps before it.
    first_step: u32,
}

/// The stages of a run, in order.
fn stages(args: &TrainArgs) -> [Stage; 2] {
    let config = args.grpo();
    let answers = GrpoConfig {
        learns: Learns::Answers,
        max_steps: args.answer_steps,
        feature_dropout: 0.0,
        learning_rate: args.answer_learning_rate,
        beta: args.answer_beta,
        ..config
    };
    [
        Stage { idx: 0, config, split: Split::Train, purpose: ROLLOUTS, first_step: 0 },
        Stage {
            idx: 1,
            config: answers,
            split: Split::Validation,
            purpose: ANSWERS,
            first_step: args.steps,
        },
    ]
}

/// A run between two optimiser steps.
pub(super) struct Training<'a> {
    args: &'a TrainArgs,
    corpus: &'a Arc<Corpus>,
    stage: Stage,
    learner: Learner,
    actors: Vec<Actor>,
}

impl<'a> Training<'a> {
    /// Starts from the seeded initial weights.
    pub(super) fn begin(args: &'a TrainArgs, corpus: &'a Arc<Corpus>) -> Result<Self> {
        let [stage, _] = stages(args);
        let policy = TrainablePolicy::new(UNTRAINED_SEED, args.families()?);
        Self::enter(args, corpus, stage, policy)
    }

    /// Goes on from a checkpoint of the run named `run`.
    pub(super) fn resume(
        args: &'a TrainArgs,
        run: &str,
        bytes: &[u8],
        corpus: &'a Arc<Corpus>,
    ) -> Result<Self> {
        let checkpoint = Checkpoint::read(bytes, run)?;
        let stage = stages(args)
            .into_iter()
            .find(|stage| stage.idx == checkpoint.stage())
            .ok_or_else(|| anyhow!("the checkpoint is of a stage that there is not"))?;
        let (learner, actors) = checkpoint.restore(stage.config, corpus)?;
        Self { args, corpus, stage, learner, actors }.past_an_end()
    }

    /// Where the run stands; `run` names it.
    pub(super) fn checkpoint(&self, run: &str) -> Vec<u8> {
        checkpoint::save(run, self.stage.idx, &self.learner, &self.actors)
    }

    fn enter(
        args: &'a TrainArgs,
        corpus: &'a Arc<Corpus>,
        stage: Stage,
        policy: TrainablePolicy,
    ) -> Result<Self> {
        let actors = actors(args, stage, corpus)?;
        let learner = Learner::new(stage.config, policy);
        Self { args, corpus, stage, learner, actors }.past_an_end()
    }

    /// In the next stage, where this one has ended.
    fn past_an_end(self) -> Result<Self> {
        let ended = self.learner.n_steps() >= self.stage.config.max_steps;
        let next = stages(self.args).into_iter().find(|stage| stage.idx > self.stage.idx);
        let Some(next) = next.filter(|_| ended) else { return Ok(self) };
        let policy = calibrate(self.args, self.corpus, self.learner.averaged())?;
        let policy = if next.config.max_steps == 0 {
            policy
        } else {
            policy.with_fresh_answers(UNTRAINED_SEED)
        };
        Self::enter(self.args, self.corpus, next, policy)
    }

    /// Optimiser steps so far, over all stages.
    pub(super) fn n_steps(&self) -> u32 {
        self.stage.first_step + self.learner.n_steps()
    }

    /// Whether all stages have ended.
    pub(super) fn finished(&self) -> bool {
        self.n_steps() >= self.args.steps + self.args.answer_steps
    }

    /// What was learned.
    pub(super) fn policy(&self) -> TrainablePolicy {
        self.learner.averaged()
    }

    /// Collects a batch and takes an optimiser step.
    pub(super) fn step(mut self) -> Result<(Self, Metrics)> {
        let (config, threads) = (&self.stage.config, self.args.threads);
        let per_actor = config.groups_per_step.div_ceil(N_ACTORS) as usize;
        let groups = collect(&mut self.actors, self.learner.policy(), config, per_actor, threads)?;
        let batch = Batch::new(groups, config);
        let gradients = parallel::shards(&self.learner, &batch, threads);
        let metrics = self.learner.apply(&batch, &gradients);
        Ok((self.past_an_end()?, metrics))
    }
}

fn actors(args: &TrainArgs, stage: Stage, corpus: &Arc<Corpus>) -> Result<Vec<Actor>> {
    (0..N_ACTORS)
        .map(|idx| {
            let phase = Phase::from_index(idx as usize % 4);
            let config = EnvConfig { phase, ..args.environment(stage.split) };
            let seed = seed_of(seed_of(args.seed, stage.purpose), idx);
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

/// The policy with temperatures that calibrate its beliefs on the validation split.
fn calibrate(
    args: &TrainArgs,
    corpus: &Arc<Corpus>,
    policy: TrainablePolicy,
) -> Result<TrainablePolicy> {
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
        let trace = policy.forward(
            &FrameFeatures::extract(corpus.table(), policy.families(), &env.frame_text()),
            &env.context(),
        );
        judgements.push(Judgement { beliefs: trace.beliefs, vector: frame.vector });
    }
    Ok(policy.with_temperatures(temperatures(&judgements)))
}
