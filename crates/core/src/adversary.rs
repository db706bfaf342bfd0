//! The adversary: an EXP3 bandit over mutations that learns from every block.
//!
//! Source: Auer, Cesa-Bianchi, Freund and Schapire, "The Nonstochastic Multiarmed Bandit Problem"
//! (2002), algorithm Exp3; weights are kept as logarithms and renormalised.

use crate::frame::{MAX_FRAME_BYTES, Mutation, Mutations, N_MUTATIONS};
use crate::math::exp;
use crate::mutate::{NESTABLE, max_growth};
use crate::rng::Rng;

/// Exploration share of the bandit.
pub const GAMMA: f32 = 0.07;

/// Bandit state.
#[derive(Debug, Clone, PartialEq)]
pub struct Adversary {
    log_weights: [f32; N_MUTATIONS],
    /// Made from the weights whenever they change: drawing is the hot path, learning is not.
    probabilities: [f32; N_MUTATIONS],
    frozen: bool,
}

/// A drawn mutation and the probability it was drawn with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// What to apply.
    pub mutations: Mutations,
    /// Probability of the arm among those that fit, for the importance weight.
    pub probability: f32,
}

impl Draw {
    /// No mutation.
    pub const NONE: Self = Self { mutations: Mutations::NONE, probability: 1.0 };
}

/// What a scenario's text bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malleability {
    /// Upper bound of what no mutation touches.
    pub envelope_bytes: u32,
    /// Upper bound of the payload before mutation.
    pub payload_bytes: u32,
    /// Whether `semantic_drift` finds a word to replace.
    pub drifts: bool,
    /// Whether `split` finds a place to cut.
    pub splits: bool,
}

impl Malleability {
    /// Whether a mutation changes the text.
    fn bears(&self, mutation: Mutation) -> bool {
        match mutation {
            Mutation::SemanticDrift => self.drifts,
            Mutation::Split => self.splits,
            _ => true,
        }
    }

    /// Whether what a mutation may make of the text stays within a frame's limit.
    fn fits(&self, growth: f32) -> bool {
        self.envelope_bytes as f32 + self.payload_bytes as f32 * growth <= MAX_FRAME_BYTES as f32
    }
}

impl Adversary {
    /// A fresh bandit: uniform. A frozen one stays so.
    pub fn new(frozen: bool) -> Self {
        Self::with_log_weights([0.0; N_MUTATIONS], frozen)
    }

    /// A bandit in a given state (natural logarithms of the weights).
    pub fn with_log_weights(log_weights: [f32; N_MUTATIONS], frozen: bool) -> Self {
        let mut adversary =
            Self { log_weights, probabilities: [1.0 / N_MUTATIONS as f32; N_MUTATIONS], frozen };
        adversary.refresh();
        adversary
    }

    /// Natural logarithms of the weights; the largest is 0.
    pub fn log_weights(&self) -> &[f32; N_MUTATIONS] {
        &self.log_weights
    }

    /// Probability of each arm.
    pub fn probabilities(&self) -> &[f32; N_MUTATIONS] {
        &self.probabilities
    }

    fn refresh(&mut self) {
        let max = self.log_weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for (weight, probability) in self.log_weights.iter_mut().zip(&mut self.probabilities) {
            *weight -= max;
            *probability = exp(*weight);
            sum += *probability;
        }
        for probability in &mut self.probabilities {
            *probability = (1.0 - GAMMA) * (*probability / sum) + GAMMA / N_MUTATIONS as f32;
        }
    }

    /// Draws a mutation that changes the text and stays within a frame's limit.
    pub fn draw(&self, text: &Malleability, rng: &mut Rng) -> Draw {
        let pick = rng.u32();
        let fitting = core::array::from_fn::<_, N_MUTATIONS, _>(|idx| {
            if arm(idx, text, pick).is_some() { self.probabilities[idx] } else { 0.0 }
        });
        let total: f32 = fitting.iter().sum();
        let arm_idx = rng.weighted(&fitting) as usize;
        arm(arm_idx, text, pick).map_or(Draw::NONE, |mutations| Draw {
            mutations,
            probability: fitting[arm_idx] / total,
        })
    }

    /// Learns from an answered attack that carried `draw`.
    pub fn learn(&mut self, draw: &Draw, neutralised: bool) {
        let Some(arm) = draw.mutations.arm else { return };
        if self.frozen || neutralised {
            return;
        }
        self.log_weights[arm.index()] += GAMMA / (draw.probability * N_MUTATIONS as f32);
        self.refresh();
    }
}

/// The mutations of an arm, if they fit; for `nested`, the first fitting pair from a drawn place.
fn arm(idx: usize, text: &Malleability, pick: u32) -> Option<Mutations> {
    let arm = Mutation::from_index(idx)?;
    if arm != Mutation::Nested {
        return (text.bears(arm) && text.fits(max_growth(arm))).then_some(Mutations {
            arm: Some(arm),
            first: Some(arm),
            second: None,
        });
    }
    let n = NESTABLE.len();
    let start = ((pick as u64 * n as u64) >> 32) as usize;
    (0..n).map(|offset| NESTABLE[(start + offset) % n]).find_map(|(first, second)| {
        let growth = max_growth(first) * max_growth(second);
        (text.bears(first) && text.bears(second) && text.fits(growth)).then_some(Mutations {
            arm: Some(arm),
            first: Some(first),
            second: Some(second),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Malleability =
        Malleability { envelope_bytes: 100, payload_bytes: 100, drifts: true, splits: true };

    #[test]
    fn the_arm_that_works_is_drawn_more_often() {
        let mut adversary = Adversary::new(false);
        let mut rng = Rng::new(1);
        for _ in 0..3_000 {
            let draw = adversary.draw(&SMALL, &mut rng);
            adversary.learn(&draw, draw.mutations.arm != Some(Mutation::Rot13));
        }
        let p = adversary.probabilities()[Mutation::Rot13.index()];
        assert!(p > 0.9, "{p}");
        assert!((adversary.probabilities().iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn every_arm_keeps_its_exploration_share() {
        let mut log_weights = [-1e4; N_MUTATIONS];
        log_weights[0] = 0.0;
        let adversary = Adversary::with_log_weights(log_weights, false);
        for &p in adversary.probabilities() {
            assert!(p >= GAMMA / N_MUTATIONS as f32 - 1e-7);
        }
    }

    #[test]
    fn a_frozen_bandit_does_not_learn() {
        let mut adversary = Adversary::new(true);
        let draw = adversary.draw(&SMALL, &mut Rng::new(2));
        adversary.learn(&draw, false);
        assert_eq!(adversary, Adversary::new(true));
    }

    #[test]
    fn what_does_not_fit_is_redrawn_among_those_that_do() {
        let adversary = Adversary::new(false);
        let large = Malleability { envelope_bytes: 300, payload_bytes: 6_000, ..SMALL };
        let mut rng = Rng::new(3);
        let mut seen = 0u32;
        for _ in 0..2_000 {
            let draw = adversary.draw(&large, &mut rng);
            for mutation in draw.mutations.iter() {
                seen |= 1 << mutation.index();
                assert_ne!(mutation, Mutation::Hex);
            }
        }
        assert_ne!(seen, 0);
        let full = Malleability { envelope_bytes: 0, payload_bytes: 9_000, ..SMALL };
        assert_eq!(adversary.draw(&full, &mut rng), Draw::NONE);
    }

    #[test]
    fn the_probability_of_a_draw_is_its_frequency_where_some_arms_do_not_fit() {
        let mut log_weights = [0.0; N_MUTATIONS];
        log_weights[Mutation::Rot13.index()] = -1.0;
        let adversary = Adversary::with_log_weights(log_weights, false);
        let text = Malleability { envelope_bytes: 300, payload_bytes: 3_000, ..SMALL };
        let text = Malleability { drifts: false, ..text };
        let mut rng = Rng::new(5);
        let n = 40_000;
        let mut counts = [0u32; N_MUTATIONS];
        let mut told = [0.0f32; N_MUTATIONS];
        for _ in 0..n {
            let draw = adversary.draw(&text, &mut rng);
            let idx = draw.mutations.arm.map_or(0, Mutation::index);
            counts[idx] += 1;
            told[idx] = draw.probability;
        }
        assert_eq!(counts[Mutation::SemanticDrift.index()], 0);
        assert_eq!(counts[Mutation::JsonEscape.index()], 0);
        for (count, told) in counts.into_iter().zip(told) {
            let frequency = count as f32 / n as f32;
            assert!((frequency - told).abs() < 0.01, "{frequency} {told}");
        }
    }
}
