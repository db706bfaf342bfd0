//! Pairs of a feed: attacks with benign twins that stand in for written ones.

use super::{AssetError, Layer, format};
use crate::frame::{Channel, N_CHANNELS, N_VECTORS, Split, Vector};
use crate::rng::Rng;
use alloc::vec::Vec;

/// Scenarios of one family, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) attack: u32,
    pub(super) twin: u32,
}

/// Pairs, and which of them can stand where.
#[derive(Debug, Clone)]
pub(super) struct Streamed {
    pub(super) layer: Layer,
    pub(super) checksum: u64,
    pub(super) split: Split,
    pairs: [[Vec<Pair>; N_CHANNELS]; N_VECTORS],
}

impl Streamed {
    /// Every family is an attack and its twin, and all are of one split: a label that only one side
    /// of the frames could have would be told by where a frame comes from.
    pub(super) fn new(content: format::Content, checksum: u64) -> Result<Self, AssetError> {
        let layer = Layer::new(content);
        let split = layer.family(0).split;
        let mut pairs: [[Vec<Pair>; N_CHANNELS]; N_VECTORS] = Default::default();
        for idx in 0..layer.content.families.len() as u32 {
            let (attack, twin) = (2 * idx, 2 * idx + 1);
            let family = layer.family(attack);
            let is_pair =
                layer.scenario(attack).is_some_and(|one| one.family == idx && one.malicious)
                    && layer.scenario(twin).is_some_and(|one| one.family == idx && !one.malicious);
            if !is_pair || !family.vector.malicious() || family.split != split {
                return Err(AssetError::Inconsistent);
            }
            pairs[family.vector.index()][family.channel.index()].push(Pair { attack, twin });
        }
        let n_scenarios = 2 * layer.content.families.len();
        if layer.facts.len() != n_scenarios {
            return Err(AssetError::Inconsistent);
        }
        Ok(Self { layer, checksum, split, pairs })
    }

    /// One of the pairs of a vector in a channel.
    pub(super) fn pair(
        &self,
        split: Split,
        vector: Vector,
        channel: Channel,
        rng: &mut Rng,
    ) -> Option<Pair> {
        if split != self.split {
            return None;
        }
        rng.pick(&self.pairs[vector.index()][channel.index()]).copied()
    }
}
