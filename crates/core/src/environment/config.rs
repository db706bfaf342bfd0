//! What fixes a run besides the agent: split, episode length, phase, the adversary's start, seed.

use crate::corpus::Corpus;
use crate::curriculum::Phase;
use crate::error::ConfigError;
use crate::frame::{N_MUTATIONS, Split};

/// Largest seed: every JSON reader holds it exactly.
pub const MAX_SEED: u64 = (1 << 53) - 1;
/// Longest episode, in frames.
pub const MAX_EPISODE_LENGTH: u32 = 64;
/// Frames of an episode unless told otherwise.
pub const DEFAULT_EPISODE_LENGTH: u32 = 16;

/// Everything that fixes an environment besides its seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnvConfig {
    /// Frames of an episode, 1 to 64.
    pub episode_length: u32,
    /// Which part of the corpus the frames come from.
    pub split: Split,
    /// Stays in this phase; `None` lets the curriculum choose.
    pub phase: Option<Phase>,
    /// Episodes before the curriculum may move.
    pub min_episodes_per_phase: u32,
    /// Whether the adversary's weights stay as they are.
    pub adversary_frozen: bool,
    /// Natural logarithms of the weights that the adversary starts with; zeros are uniform.
    pub adversary_log_weights: [f32; N_MUTATIONS],
    /// Whether benign frames may be the twins of attacks; for ablations.
    pub twins: bool,
}

impl EnvConfig {
    /// The rules' own values on `split`.
    pub const fn on(split: Split) -> Self {
        Self {
            episode_length: DEFAULT_EPISODE_LENGTH,
            split,
            phase: None,
            min_episodes_per_phase: 50,
            adversary_frozen: false,
            adversary_log_weights: [0.0; N_MUTATIONS],
            twins: true,
        }
    }

    pub(super) fn check(&self, corpus: &Corpus) -> Result<(), ConfigError> {
        if !(1..=MAX_EPISODE_LENGTH).contains(&self.episode_length) {
            return Err(ConfigError::EpisodeLength { n_frames: self.episode_length });
        }
        if self.adversary_log_weights.iter().any(|weight| !weight.is_finite()) {
            return Err(ConfigError::AdversaryWeights);
        }
        if corpus.can_serve(self.split) { Ok(()) } else { Err(ConfigError::EmptySplit) }
    }
}

/// Refuses seeds that a JSON reader could not hold.
pub fn check_seed(seed: u64) -> Result<(), ConfigError> {
    if seed <= MAX_SEED { Ok(()) } else { Err(ConfigError::Seed { seed }) }
}
