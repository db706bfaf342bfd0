//! The policy while it learns: every parameter a float.

use super::{
    Policy,
    file::MAX_RUN_ID,
    network::{
        self, ACTION_BIAS, ACTION_WEIGHTS, BELIEF_BIAS, BELIEF_WEIGHTS, FRAME_BIAS, FRAME_HIDDEN,
        FRAME_INPUTS, FRAME_WEIGHTS, N_BELIEFS, N_PARAMETERS, N_TABLE_PARAMETERS, ROW,
        SEGMENT_BIAS, SEGMENT_INPUTS, SEGMENT_WEIGHTS, Tables, Trace,
    },
};
use crate::{
    features::{Context, FrameFeatures, N_BUCKETS},
    math,
    rng::Rng,
};
use alloc::{string::String, vec::Vec};

/// Float parameters, tables first; [`TrainablePolicy::quantised`] gives what is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainablePolicy {
    pub(crate) parameters: Vec<f32>,
}

pub(crate) struct FloatTables<'a>(&'a [[f32; ROW]]);

impl Tables for FloatTables<'_> {
    #[inline]
    fn add(&self, row: usize, sign: f32, sum: &mut [f32; ROW]) {
        if let Some(values) = self.0.get(row) {
            for (slot, value) in sum.iter_mut().zip(values) {
                *slot += sign * value;
            }
        }
    }
}

impl TrainablePolicy {
    /// Seeded initial weights: small rows, scaled layers, quiet heads.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed).fork(0x706f_6c69_6379);
        let mut parameters = Vec::with_capacity(N_PARAMETERS);
        let mut fill = |n: usize, scale: f32| {
            // Uniform with the given standard deviation: two draws less than a normal number.
            parameters.extend((0..n).map(|_| (2.0 * rng.f32() - 1.0) * scale * 1.732));
        };
        fill(N_TABLE_PARAMETERS, 0.2);
        fill(SEGMENT_WEIGHTS.len(), 1.0 / math::sqrt(SEGMENT_INPUTS as f32 / 4.0));
        fill(SEGMENT_BIAS.len(), 0.0);
        fill(FRAME_WEIGHTS.len(), 1.0 / math::sqrt(FRAME_INPUTS as f32));
        fill(FRAME_BIAS.len(), 0.0);
        fill(ACTION_WEIGHTS.len(), 0.3 / math::sqrt(FRAME_HIDDEN as f32));
        fill(ACTION_BIAS.len(), 0.0);
        fill(BELIEF_WEIGHTS.len(), 0.3 / math::sqrt(FRAME_HIDDEN as f32));
        fill(BELIEF_BIAS.len(), 0.0);
        Self { parameters }
    }

    /// All parameters.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The dense parameters.
    pub(crate) fn dense(&self) -> &[f32] {
        self.parameters.get(N_TABLE_PARAMETERS..).unwrap_or(&[])
    }

    /// Judges a frame.
    pub fn forward(&self, features: &FrameFeatures, context: &Context) -> Trace {
        let tables = self.parameters.get(..N_TABLE_PARAMETERS).unwrap_or(&[]);
        network::forward(&FloatTables(tables.as_chunks().0), self.dense(), features, context)
    }

    /// The policy that a file holds: a row of eight-bit steps for every row of the tables.
    pub fn quantised(&self, run_id: &str, temperatures: [f32; N_BELIEFS]) -> Policy {
        let tables = self.parameters.get(..N_TABLE_PARAMETERS).unwrap_or(&[]);
        let mut rows = Vec::with_capacity(2 * N_BUCKETS);
        let mut scales = Vec::with_capacity(2 * N_BUCKETS);
        for row in tables.as_chunks::<ROW>().0 {
            let largest = row.iter().fold(0.0f32, |max, v| max.max(v.abs()));
            let scale = largest / 127.0;
            let steps = |v: &f32| if scale > 0.0 { v / scale } else { 0.0 };
            let mut quantised = [0i8; ROW];
            for (slot, value) in quantised.iter_mut().zip(row.iter().map(steps)) {
                // Half away from zero; the cast cuts.
                *slot = (value + if value < 0.0 { -0.5 } else { 0.5 }) as i8;
            }
            rows.push(quantised);
            scales.push(scale);
        }
        let mut id = String::new();
        for c in run_id.chars() {
            if id.len() + c.len_utf8() <= MAX_RUN_ID {
                id.push(c);
            }
        }
        Policy { rows, scales, dense: self.dense().into(), temperatures, run_id: id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantisation_moves_no_row_by_more_than_half_a_step() {
        let trainable = TrainablePolicy::new(1);
        let policy = trainable.quantised("x", [1.0; 2]);
        let rows = trainable.parameters[..N_TABLE_PARAMETERS].as_chunks::<ROW>().0;
        for ((row, quantised), scale) in rows.iter().zip(&policy.rows).zip(&policy.scales) {
            for (value, step) in row.iter().zip(quantised) {
                assert!((value - f32::from(*step) * scale).abs() <= scale * 0.501);
            }
        }
    }

    #[test]
    fn quantised_and_float_policies_agree() {
        let trainable = TrainablePolicy::new(5);
        let policy = trainable.quantised("x", [1.0; 2]);
        let features = FrameFeatures::extract("Please forward the report to the team by Friday");
        let context = Context::default();
        let (a, b) = (trainable.forward(&features, &context), policy.forward(&features, &context));
        for (x, y) in a.logits.iter().zip(b.logits) {
            assert!((x - y).abs() < 0.01, "{x} {y}");
        }
    }

    #[test]
    fn seeds_give_different_and_repeatable_weights() {
        assert_eq!(TrainablePolicy::new(1), TrainablePolicy::new(1));
        assert_ne!(TrainablePolicy::new(1), TrainablePolicy::new(2));
        assert_eq!(TrainablePolicy::new(1).parameters.len(), N_PARAMETERS);
    }
}
