//! The policy while it learns: every parameter a float.

use super::{
    Policy, beliefs_of,
    file::MAX_RUN_ID,
    network::{
        self, ACTION_BIAS, ACTION_WEIGHTS, ANSWER_BIAS, ANSWER_HIDDEN, ANSWER_INPUTS,
        ANSWER_WEIGHTS, BELIEF_BIAS, BELIEF_WEIGHTS, FRAME_BIAS, FRAME_HIDDEN, FRAME_INPUTS,
        FRAME_WEIGHTS, N_BELIEFS, N_PARAMETERS, N_ROWS, N_TABLE_PARAMETERS, ROW, SEGMENT_BIAS,
        SEGMENT_INPUTS, SEGMENT_WEIGHTS, Tables, Trace,
    },
};
use crate::{
    embed::TokenTable,
    features::{Context, Families, FrameFeatures},
    math,
    rng::Rng,
};
use alloc::{string::String, sync::Arc, vec::Vec};

/// Float parameters, tables first; [`TrainablePolicy::quantised`] gives what is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainablePolicy {
    pub(crate) parameters: Vec<f32>,
    /// What it reads.
    pub(crate) families: Families,
    /// What belief logits are divided by.
    pub(crate) temperatures: [f32; N_BELIEFS],
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
    pub fn new(seed: u64, families: Families) -> Self {
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
        fill(BELIEF_WEIGHTS.len(), 0.3 / math::sqrt(FRAME_HIDDEN as f32));
        fill(BELIEF_BIAS.len(), 0.0);
        fill(ANSWER_WEIGHTS.len(), 2.0 / math::sqrt(ANSWER_INPUTS as f32));
        fill(ANSWER_BIAS.len(), 0.0);
        fill(ACTION_WEIGHTS.len(), 0.3 / math::sqrt(ANSWER_HIDDEN as f32));
        fill(ACTION_BIAS.len(), 0.0);
        Self { parameters, families, temperatures: [1.0; N_BELIEFS] }
    }

    /// Which families of features it reads.
    pub fn families(&self) -> Families {
        self.families
    }

    /// The same with the answer's layers as they are before any training, from another seed.
    #[must_use]
    pub fn with_fresh_answers(mut self, seed: u64) -> Self {
        let fresh = Self::new(seed, self.families);
        let answers = N_TABLE_PARAMETERS + ANSWER_WEIGHTS.start..;
        if let (Some(mine), Some(others)) =
            (self.parameters.get_mut(answers.clone()), fresh.parameters.get(answers))
        {
            mine.copy_from_slice(others);
        }
        self
    }

    /// The same with other temperatures.
    #[must_use]
    pub fn with_temperatures(mut self, temperatures: [f32; N_BELIEFS]) -> Self {
        self.temperatures = temperatures;
        self
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
        let tables = FloatTables(tables.as_chunks().0);
        network::forward(&tables, self.dense(), &self.temperatures, features, context)
    }

    /// P(malicious) and P(stdio).
    pub fn beliefs(&self, trace: &Trace) -> (f32, f32) {
        beliefs_of(trace.beliefs, self.temperatures)
    }

    /// The policy that a file holds: a row of eight-bit steps for every row of the tables.
    pub fn quantised(&self, run_id: &str, table: Arc<TokenTable>) -> Policy {
        let tables = self.parameters.get(..N_TABLE_PARAMETERS).unwrap_or(&[]);
        let mut rows = Vec::with_capacity(N_ROWS);
        let mut scales = Vec::with_capacity(N_ROWS);
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
        Policy {
            rows,
            scales,
            dense: self.dense().into(),
            temperatures: self.temperatures,
            families: self.families,
            run_id: id,
            table,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;

    #[test]
    fn quantisation_moves_no_row_by_more_than_half_a_step() {
        let trainable = TrainablePolicy::new(1, Families::ALL);
        let policy = trainable.quantised("x", test_table());
        let rows = trainable.parameters[..N_TABLE_PARAMETERS].as_chunks::<ROW>().0;
        for ((row, quantised), scale) in rows.iter().zip(&policy.rows).zip(&policy.scales) {
            for (value, step) in row.iter().zip(quantised) {
                assert!((value - f32::from(*step) * scale).abs() <= scale * 0.501);
            }
        }
    }

    #[test]
    fn quantised_and_float_policies_agree() {
        let trainable = TrainablePolicy::new(5, Families::ALL);
        let policy = trainable.quantised("x", test_table());
        let features = FrameFeatures::extract(
            &test_table(),
            Families::ALL,
            "Please forward the report to the team by Friday",
        );
        let context = Context::default();
        let (a, b) = (trainable.forward(&features, &context), policy.forward(&features, &context));
        for (x, y) in a.logits.iter().zip(b.logits) {
            assert!((x - y).abs() < 0.01, "{x} {y}");
        }
    }

    #[test]
    fn seeds_give_different_and_repeatable_weights() {
        assert_eq!(TrainablePolicy::new(1, Families::ALL), TrainablePolicy::new(1, Families::ALL));
        assert_ne!(TrainablePolicy::new(1, Families::ALL), TrainablePolicy::new(2, Families::ALL));
        assert_eq!(TrainablePolicy::new(1, Families::ALL).parameters.len(), N_PARAMETERS);
    }
}
