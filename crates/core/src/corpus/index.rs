//! Which scenarios can be drawn for a split, by vector, family and channel.

use super::{ScenarioFacts, format::Content};
use crate::frame::{Channel, N_CHANNELS, N_VECTORS, Split, Vector};
use crate::rng::Rng;
use alloc::{vec, vec::Vec};

/// Scenario indices of one split.
#[derive(Debug, Clone)]
pub(super) struct SplitIndex {
    /// By vector.
    attacks: [Vec<u32>; N_VECTORS],
    /// By family: its benign scenarios.
    twins: Vec<Vec<u32>>,
    /// By domain and channel: scenarios of benign-only families.
    plain: Vec<[Vec<u32>; N_CHANNELS]>,
    /// The same over all domains.
    unpaired: [Vec<u32>; N_CHANNELS],
    /// Whether every family with attacks has twins.
    twinned: bool,
}

impl SplitIndex {
    pub(super) fn build(content: &Content, facts: &[ScenarioFacts], split: Split) -> Self {
        let mut index = Self {
            attacks: Default::default(),
            twins: vec![Vec::new(); content.families.len()],
            plain: vec![Default::default(); content.domains.len()],
            unpaired: Default::default(),
            twinned: true,
        };
        for (idx, fact) in facts.iter().enumerate() {
            let family = &content.families[fact.family as usize];
            if family.split != split {
                continue;
            }
            let idx = idx as u32;
            if fact.vector.malicious() {
                index.attacks[fact.vector.index()].push(idx);
            } else if family.vector == Vector::Benign {
                index.plain[family.domain as usize][fact.channel.index()].push(idx);
                index.unpaired[fact.channel.index()].push(idx);
            } else {
                index.twins[fact.family as usize].push(idx);
            }
        }
        let attacks = index.attacks.iter().flatten();
        index.twinned = attacks
            .map(|&idx| facts[idx as usize].family)
            .all(|family| !index.twins[family as usize].is_empty());
        index
    }

    /// Whether attacks of every vector, each with a twin, are there.
    pub(super) fn complete(&self) -> bool {
        self.attacks[1..].iter().all(|list| !list.is_empty()) && self.twinned
    }

    pub(super) fn attack(&self, vector: Vector, rng: &mut Rng) -> u32 {
        rng.pick(&self.attacks[vector.index()]).copied().unwrap_or(0)
    }

    pub(super) fn twin(&self, family: u32, rng: &mut Rng) -> u32 {
        self.twins.get(family as usize).and_then(|twins| rng.pick(twins)).copied().unwrap_or(0)
    }

    pub(super) fn plain(&self, domain: u32, channel: Channel, rng: &mut Rng) -> Option<u32> {
        self.plain
            .get(domain as usize)
            .and_then(|by_channel| rng.pick(&by_channel[channel.index()]))
            .copied()
    }

    pub(super) fn unpaired(&self, channel: Channel, rng: &mut Rng) -> Option<u32> {
        rng.pick(&self.unpaired[channel.index()]).copied()
    }
}
