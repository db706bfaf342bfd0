//! Checkpoints: a training run between two optimiser steps, as bytes, so that it can be resumed.
//!
//! One version byte, then the mirrors below in postcard's format. A resumed run ends in the same
//! weights, to the bit, as one that was never interrupted.

use super::snapshot::{self, RngState, finite, known};
use crate::{
    corpus::Corpus,
    curriculum::Phase,
    error::SnapshotError,
    features::Families,
    grpo::{
        GrpoConfig, Learner,
        optimizer::AdamW,
        rollout::{Actor, Means, Place, Returns},
    },
    policy::{N_BELIEFS, N_PARAMETERS, TrainablePolicy},
};
use alloc::{string::String, sync::Arc, vec::Vec};
use serde::{Deserialize, Serialize};

/// Version of the bytes: rises with any change to the mirrors.
const VERSION: u8 = 1;

/// The run named `run` as bytes: which stage it is in, who learns, and who plays.
pub fn save(run: &str, stage: u32, learner: &Learner, actors: &[Actor]) -> Vec<u8> {
    let state = CheckpointState {
        run: run.into(),
        stage,
        learner: LearnerState::of(learner),
        actors: actors.iter().map(ActorState::of).collect(),
    };
    // Writing numbers to memory cannot fail; an empty checkpoint is refused when it is read.
    postcard::to_extend(&state, Vec::from([VERSION])).unwrap_or_default()
}

/// A checkpoint that was read; it knows its stage, by which the caller knows its configuration.
#[derive(Debug)]
pub struct Checkpoint(CheckpointState);

impl Checkpoint {
    /// Reads a checkpoint of the run named `run`.
    pub fn read(bytes: &[u8], run: &str) -> Result<Self, SnapshotError> {
        let state: CheckpointState = match bytes.split_first() {
            Some((&VERSION, state)) => {
                postcard::from_bytes(state).map_err(|_| SnapshotError::Damaged)?
            }
            Some((&version, _)) => return Err(SnapshotError::UnknownVersion { version }),
            None => return Err(SnapshotError::Damaged),
        };
        if state.run == run { Ok(Self(state)) } else { Err(SnapshotError::OtherRun) }
    }

    /// The stage of the training.
    pub fn stage(&self) -> u32 {
        self.0.stage
    }

    /// The learner, with the stage's configuration, and the actors.
    pub fn restore(
        self,
        config: GrpoConfig,
        corpus: &Arc<Corpus>,
    ) -> Result<(Learner, Vec<Actor>), SnapshotError> {
        let learner = self.0.learner.learner(config)?;
        let actors = self.0.actors.into_iter().map(|actor| actor.actor(corpus));
        Ok((learner, actors.collect::<Result<_, _>>()?))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct CheckpointState {
    run: String,
    stage: u32,
    learner: LearnerState,
    actors: Vec<ActorState>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LearnerState {
    parameters: Vec<f32>,
    families: u8,
    temperatures: [f32; N_BELIEFS],
    reference: Option<Vec<f32>>,
    means: Vec<f32>,
    squares: Vec<f32>,
    n_steps: u32,
    sum: Vec<f64>,
    n_summed: u32,
}

impl LearnerState {
    fn of(learner: &Learner) -> Self {
        Self {
            parameters: learner.policy.parameters.clone(),
            families: learner.policy.families.bits(),
            temperatures: learner.policy.temperatures,
            reference: learner.reference.as_ref().map(|policy| policy.parameters.clone()),
            means: learner.optimizer.means.clone(),
            squares: learner.optimizer.squares.clone(),
            n_steps: learner.optimizer.n_steps,
            sum: learner.sum.clone(),
            n_summed: learner.n_summed,
        }
    }

    fn learner(self, config: GrpoConfig) -> Result<Learner, SnapshotError> {
        let whole = |values: &Vec<f32>| {
            values.len() == N_PARAMETERS && values.iter().all(|value| value.is_finite())
        };
        let sound = [&self.parameters, &self.means, &self.squares].into_iter().all(whole)
            && self.reference.as_ref().is_none_or(whole)
            && (self.sum.is_empty() || self.sum.len() == N_PARAMETERS)
            && self.temperatures.iter().all(|t| t.is_finite() && *t > 0.0);
        if !sound {
            return Err(SnapshotError::Damaged);
        }
        let families = Families::from_bits(self.families).ok_or(SnapshotError::Damaged)?;
        let policy =
            |parameters| TrainablePolicy { parameters, families, temperatures: self.temperatures };
        Ok(Learner {
            config,
            policy: policy(self.parameters),
            reference: self.reference.map(policy),
            optimizer: AdamW { means: self.means, squares: self.squares, n_steps: self.n_steps },
            sum: self.sum,
            n_summed: self.n_summed,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct ActorState {
    environment: Vec<u8>,
    rng: RngState,
    /// By phase and frames left: return still to come, slack, count.
    means: Vec<Vec<(f32, f32, u32)>>,
    /// By phase: moments of slack and return, of slack and itself.
    moments: Vec<(f32, f32)>,
    episode: Vec<(Option<PlaceState>, f32)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PlaceState {
    phase: u8,
    frames_left: u32,
    slack: i32,
}

impl ActorState {
    fn of(actor: &Actor) -> Self {
        let returns = &actor.returns;
        let means = |means: &Means| (means.still_to_come, means.slack, means.count);
        let place = |&Place { phase, frames_left, slack }: &Place| PlaceState {
            phase: phase as u8,
            frames_left,
            slack,
        };
        Self {
            environment: snapshot::save(&actor.env),
            rng: RngState::of(&actor.rng),
            means: returns.means.iter().map(|phase| phase.iter().map(means).collect()).collect(),
            moments: returns.slack_return.into_iter().zip(returns.slack_slack).collect(),
            episode: actor
                .episode
                .iter()
                .map(|(at, reward)| (at.as_ref().map(place), *reward))
                .collect(),
        }
    }

    fn actor(self, corpus: &Arc<Corpus>) -> Result<Actor, SnapshotError> {
        let mut returns = Returns::new();
        for (phase, stored) in returns.means.iter_mut().zip(&self.means) {
            for (means, &(still_to_come, slack, count)) in phase.iter_mut().zip(stored) {
                *means =
                    Means { still_to_come: finite(still_to_come)?, slack: finite(slack)?, count };
            }
        }
        for (idx, &(xy, xx)) in self.moments.iter().enumerate() {
            let both = (returns.slack_return.get_mut(idx), returns.slack_slack.get_mut(idx));
            let (Some(slack_return), Some(slack_slack)) = both else { break };
            (*slack_return, *slack_slack) = (finite(xy)?, finite(xx)?);
        }
        let place = |state: PlaceState| {
            Ok(Place {
                phase: known(Phase::from_index, state.phase)?,
                frames_left: state.frames_left,
                slack: state.slack,
            })
        };
        let episode = self
            .episode
            .into_iter()
            .map(|(at, reward)| Ok((at.map(place).transpose()?, finite(reward)?)));
        Ok(Actor {
            env: snapshot::restore(&self.environment, corpus)?,
            rng: self.rng.rng(),
            returns,
            episode: episode.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;
    use crate::environment::{EnvConfig, Environment};
    use crate::frame::Split;
    use crate::grpo::Batch;

    fn corpus() -> Arc<Corpus> {
        let bytes = include_bytes!("../../../../public/corpus.bin");
        Arc::new(Corpus::from_bytes(bytes, test_table()).unwrap())
    }

    fn step(learner: &mut Learner, actors: &mut [Actor], config: &GrpoConfig) {
        let groups = actors
            .iter_mut()
            .flat_map(|actor| actor.collect(learner.policy(), config, 3).unwrap())
            .collect();
        learner.step(&Batch::new(groups, config));
    }

    #[test]
    fn a_resumed_run_goes_on_to_the_bit() {
        let corpus = corpus();
        let config = GrpoConfig { max_steps: 12, beta: 0.1, ..GrpoConfig::default() };
        let mut learner = Learner::new(config, TrainablePolicy::new(1, Families::ALL));
        let mut actors: Vec<_> = (0..2)
            .map(|seed| {
                let env = Environment::new(EnvConfig::on(Split::Train), Arc::clone(&corpus), seed);
                Actor::new(env.unwrap(), seed)
            })
            .collect();
        for _ in 0..9 {
            step(&mut learner, &mut actors, &config);
        }
        let bytes = save("a run", 1, &learner, &actors);
        let checkpoint = Checkpoint::read(&bytes, "a run").unwrap();
        assert_eq!(checkpoint.stage(), 1);
        let (mut resumed, mut resumed_actors) = checkpoint.restore(config, &corpus).unwrap();
        for _ in 0..3 {
            step(&mut learner, &mut actors, &config);
            step(&mut resumed, &mut resumed_actors, &config);
        }
        assert_eq!(resumed.averaged(), learner.averaged());
        assert_eq!(save("", 1, &resumed, &resumed_actors), save("", 1, &learner, &actors));
    }

    #[test]
    fn what_is_no_checkpoint_of_the_run_is_refused() {
        let learner = Learner::new(GrpoConfig::default(), TrainablePolicy::new(1, Families::ALL));
        let bytes = save("a run", 0, &learner, &[]);
        assert_eq!(Checkpoint::read(&bytes, "another").unwrap_err(), SnapshotError::OtherRun);
        assert_eq!(Checkpoint::read(&[], "a run").unwrap_err(), SnapshotError::Damaged);
        assert_eq!(Checkpoint::read(&bytes[..900], "a run").unwrap_err(), SnapshotError::Damaged);
        let unknown = SnapshotError::UnknownVersion { version: 7 };
        assert_eq!(Checkpoint::read(&[7, 1], "a run").unwrap_err(), unknown);
    }
}
