//! Snapshots: an environment as bytes and back, so that it outlives a process.
//!
//! One version byte, then the mirrors below in postcard's format. Restoring is total: any bytes
//! give an environment or a typed error, and a restored environment goes on to the bit.

mod record;

use self::record::JudgeState;
use crate::{
    adversary::{Adversary, Draw},
    corpus::Corpus,
    curriculum::{Curriculum, Phase},
    environment::{EnvConfig, Environment, InHand, Stage},
    error::SnapshotError,
    frame::{Frame, Mutation, Mutations, N_MUTATIONS, Split},
    rng::{Rng, RngPosition},
};
use alloc::{sync::Arc, vec::Vec};
use serde::{Deserialize, Serialize};

/// Version of the bytes: rises with any change to the mirrors.
const VERSION: u8 = 1;

/// `environment` as bytes.
pub fn save(environment: &Environment) -> Vec<u8> {
    // Writing numbers to memory cannot fail; an empty snapshot is refused when it is read.
    postcard::to_extend(&EnvironmentState::of(environment), Vec::from([VERSION]))
        .unwrap_or_default()
}

/// The environment that was saved, over the corpus it was saved with.
pub fn restore(bytes: &[u8], corpus: &Arc<Corpus>) -> Result<Environment, SnapshotError> {
    match bytes.split_first() {
        Some((&VERSION, state)) => postcard::from_bytes::<EnvironmentState>(state)
            .map_err(|_| SnapshotError::Damaged)?
            .environment(corpus),
        Some((&version, _)) => Err(SnapshotError::UnknownVersion { version }),
        None => Err(SnapshotError::Damaged),
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct EnvironmentState {
    corpus_checksum: u64,
    config: ConfigState,
    seed: u64,
    rng: RngState,
    adversary: [f32; N_MUTATIONS],
    curriculum: CurriculumState,
    judge: JudgeState,
    stage: StageState,
    trap: Option<FrameState>,
    n_campaigns: u32,
    n_episodes_begun: u32,
    trajectory_hash: u64,
}

impl EnvironmentState {
    fn of(env: &Environment) -> Self {
        Self {
            corpus_checksum: env.corpus.checksum(),
            config: ConfigState::of(&env.config),
            seed: env.seed,
            rng: RngState::of(&env.rng),
            adversary: *env.adversary.log_weights(),
            curriculum: CurriculumState::of(&env.curriculum),
            judge: JudgeState::of(&env.judge),
            stage: match &env.stage {
                Stage::Fresh => StageState::Fresh,
                Stage::Playing(InHand { frame, draw }) => StageState::Playing {
                    frame: FrameState::of(frame),
                    probability: draw.probability,
                },
                Stage::Over { n_steps } => StageState::Over { n_steps: *n_steps },
            },
            trap: env.trap.as_ref().map(FrameState::of),
            n_campaigns: env.n_campaigns,
            n_episodes_begun: env.n_episodes_begun,
            trajectory_hash: env.trajectory_hash,
        }
    }

    fn environment(self, corpus: &Arc<Corpus>) -> Result<Environment, SnapshotError> {
        if corpus.checksum() != self.corpus_checksum {
            return Err(SnapshotError::OtherCorpus);
        }
        let config = self.config.config()?;
        let mut env = Environment::new(config, Arc::clone(corpus), self.seed)
            .map_err(|_| SnapshotError::Damaged)?;
        if self.adversary.iter().any(|weight| !weight.is_finite()) {
            return Err(SnapshotError::Damaged);
        }
        env.rng = self.rng.rng();
        env.adversary = Adversary::with_log_weights(self.adversary, config.adversary_frozen);
        env.curriculum = self.curriculum.curriculum(&config)?;
        env.judge = self.judge.judge()?;
        env.stage = match self.stage {
            StageState::Fresh => Stage::Fresh,
            StageState::Playing { frame, probability } => {
                let frame = frame.frame(corpus)?;
                let draw = Draw { mutations: frame.mutations, probability: finite(probability)? };
                Stage::Playing(InHand { frame, draw })
            }
            StageState::Over { n_steps } => Stage::Over { n_steps },
        };
        env.trap = self.trap.map(|frame| frame.frame(corpus)).transpose()?;
        env.n_campaigns = self.n_campaigns;
        env.n_episodes_begun = self.n_episodes_begun;
        env.trajectory_hash = self.trajectory_hash;
        Ok(env)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct ConfigState {
    episode_length: u32,
    split: u8,
    phase: Option<u8>,
    min_episodes_per_phase: u32,
    adversary_frozen: bool,
    adversary_log_weights: [f32; N_MUTATIONS],
    twins: bool,
}

impl ConfigState {
    fn of(config: &EnvConfig) -> Self {
        Self {
            episode_length: config.episode_length,
            split: config.split as u8,
            phase: config.phase.map(|phase| phase as u8),
            min_episodes_per_phase: config.min_episodes_per_phase,
            adversary_frozen: config.adversary_frozen,
            adversary_log_weights: config.adversary_log_weights,
            twins: config.twins,
        }
    }

    fn config(&self) -> Result<EnvConfig, SnapshotError> {
        Ok(EnvConfig {
            episode_length: self.episode_length,
            split: known(Split::from_index, self.split)?,
            phase: self.phase.map(|phase| known(Phase::from_index, phase)).transpose()?,
            min_episodes_per_phase: self.min_episodes_per_phase,
            adversary_frozen: self.adversary_frozen,
            adversary_log_weights: self.adversary_log_weights,
            twins: self.twins,
        })
    }
}

/// Where a generator stands.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RngState {
    seed: u64,
    stream: u64,
    draws: u64,
}

impl RngState {
    pub(super) fn of(rng: &Rng) -> Self {
        let RngPosition { seed, stream, draws } = rng.position();
        Self { seed, stream, draws }
    }

    pub(super) fn rng(&self) -> Rng {
        Rng::at(RngPosition { seed: self.seed, stream: self.stream, draws: self.draws })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct CurriculumState {
    phase: u8,
    average: f32,
    weight: f32,
    n_episodes: u32,
}

impl CurriculumState {
    fn of(curriculum: &Curriculum) -> Self {
        Self {
            phase: curriculum.phase as u8,
            average: curriculum.average,
            weight: curriculum.weight,
            n_episodes: curriculum.n_episodes,
        }
    }

    fn curriculum(&self, config: &EnvConfig) -> Result<Curriculum, SnapshotError> {
        Ok(Curriculum {
            phase: known(Phase::from_index, self.phase)?,
            average: finite(self.average)?,
            weight: finite(self.weight)?,
            n_episodes: self.n_episodes,
            ..Curriculum::new(config.phase, config.min_episodes_per_phase)
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum StageState {
    Fresh,
    Playing { frame: FrameState, probability: f32 },
    Over { n_steps: u32 },
}

#[derive(Debug, Serialize, Deserialize)]
struct FrameState {
    scenario: u32,
    slot_seed: u64,
    render_seed: u64,
    mutations: [Option<u8>; 3],
    semantic_noise: f32,
    campaign: u32,
}

impl FrameState {
    fn of(frame: &Frame) -> Self {
        let Mutations { arm, first, second } = frame.mutations;
        Self {
            scenario: frame.scenario,
            slot_seed: frame.slot_seed,
            render_seed: frame.render_seed,
            mutations: [arm, first, second].map(|mutation| mutation.map(|m| m as u8)),
            semantic_noise: frame.semantic_noise,
            campaign: frame.campaign,
        }
    }

    fn frame(&self, corpus: &Corpus) -> Result<Frame, SnapshotError> {
        if self.scenario >= corpus.n_scenarios() {
            return Err(SnapshotError::Damaged);
        }
        let mutation =
            |idx: Option<u8>| idx.map(|idx| known(Mutation::from_index, idx)).transpose();
        let [arm, first, second] = self.mutations;
        Ok(Frame {
            scenario: self.scenario,
            slot_seed: self.slot_seed,
            render_seed: self.render_seed,
            mutations: Mutations {
                arm: mutation(arm)?,
                first: mutation(first)?,
                second: mutation(second)?,
            },
            semantic_noise: finite(self.semantic_noise)?,
            campaign: self.campaign,
            vector: corpus.facts(self.scenario).vector,
        })
    }
}

/// The value of a stored index.
pub(super) fn known<T>(from_index: fn(usize) -> Option<T>, idx: u8) -> Result<T, SnapshotError> {
    from_index(usize::from(idx)).ok_or(SnapshotError::Damaged)
}

/// No NaN is kept in state.
pub(super) fn finite(value: f32) -> Result<f32, SnapshotError> {
    if value.is_finite() { Ok(value) } else { Err(SnapshotError::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Action, ActionType, N_ACTIONS};
    use crate::embed::test_table;
    use proptest::prelude::{ProptestConfig, any, prop, proptest};

    fn corpus() -> Arc<Corpus> {
        let bytes = include_bytes!("../../../../public/corpus.bin");
        Arc::new(Corpus::from_bytes(bytes, test_table()).unwrap())
    }

    /// Plays `n` steps with drawn actions; resets where an episode has ended.
    fn play(env: &mut Environment, rng: &mut Rng, n: u32) {
        for _ in 0..n {
            if env.frame().is_none() {
                env.reset();
            }
            let kind = ActionType::from_index(rng.below(N_ACTIONS as u32) as usize).unwrap();
            env.step(&Action::of(kind)).unwrap();
        }
    }

    #[test]
    fn a_restored_environment_goes_on_to_the_bit() {
        let corpus = corpus();
        let config = EnvConfig { min_episodes_per_phase: 2, ..EnvConfig::on(Split::Train) };
        for n_steps in [0, 1, 5, 16, 17, 40, 333] {
            let mut env = Environment::new(config, Arc::clone(&corpus), 11).unwrap();
            let mut rng = Rng::new(n_steps.into());
            play(&mut env, &mut rng, n_steps);
            let bytes = save(&env);
            let mut restored = restore(&bytes, &corpus).unwrap();
            assert_eq!(save(&restored), bytes);
            let mut again = rng.clone();
            play(&mut env, &mut rng, 200);
            play(&mut restored, &mut again, 200);
            assert_eq!(restored.trajectory_hash(), env.trajectory_hash());
            assert_eq!(restored.metrics(), env.metrics());
            assert_eq!(save(&restored), save(&env));
        }
    }

    #[test]
    fn a_snapshot_of_another_version_is_refused() {
        let corpus = corpus();
        let env = Environment::new(EnvConfig::on(Split::Test), Arc::clone(&corpus), 1).unwrap();
        let mut bytes = save(&env);
        bytes[0] = 200;
        let refused = restore(&bytes, &corpus).unwrap_err();
        assert_eq!(refused, SnapshotError::UnknownVersion { version: 200 });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damaged_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>()) {
            let corpus = corpus();
            let mut env = Environment::new(EnvConfig::on(Split::Train), Arc::clone(&corpus), 3).unwrap();
            play(&mut env, &mut Rng::new(9), 30);
            let mut bytes = save(&env);
            for (idx, byte) in flips {
                let at = idx.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(1 + cut.index(bytes.len()));
            if let Ok(mut env) = restore(&bytes, &corpus) {
                env.frame_text();
                env.step(&Action::of(ActionType::Block)).ok();
            }
        }
    }
}
