//! The network: forward and backward over one frame.
//!
//! ```text
//! segment: [word rows ; character rows ; embedding ; shapes ; detectors] → hidden (per segment)
//! frame:   [max over segments ; mean over segments ; frame ; context] → hidden → belief logits
//! answer:  [beliefs ; frame ; context] → hidden → action logits
//! ```
//! N-gram rows are summed and divided by √n, a linear layer on sparse counts. The activation is
//! x / (1 + |x|): smooth, and without a transcendental function.
//!
//! Beliefs are a logit for P(malicious) and one for each vector given malicious, so that P(stdio)
//! never exceeds P(malicious). The answer is chosen by what is believed, how the frame is encoded
//! and what time is left: prices, not texts, so that it can be learned on frames that the beliefs
//! did not train on.

use crate::{
    action::N_ACTIONS,
    detect::N_DETECTORS,
    features::{
        CONTEXT_DIMS, Context, FRAME_DIMS, FrameFeatures, Gram, N_BUCKETS, N_GRAM_KINDS,
        SEGMENT_DIMS, SegmentFeatures, bucket, sign,
    },
    frame::N_VECTORS,
    math,
};
use alloc::vec::Vec;
use core::ops::Range;

/// Values of an n-gram row.
pub(crate) const ROW: usize = 8;
/// Hidden units of a segment.
pub(crate) const HIDDEN: usize = 32;
/// Hidden units of a frame.
pub(crate) const FRAME_HIDDEN: usize = 32;
/// Belief logits: malicious, then each vector of an attack, given malicious.
pub const N_BELIEFS: usize = N_VECTORS;
/// Hidden units of the answer.
pub(crate) const ANSWER_HIDDEN: usize = 24;
/// First input of the answer that is no belief.
pub(crate) const ANSWER_FACTS: usize = 2 * N_BELIEFS;
/// Inputs of the answer: beliefs as probabilities and as bounded logits, frame, context.
pub(crate) const ANSWER_INPUTS: usize = ANSWER_FACTS + FRAME_DIMS + CONTEXT_DIMS;
/// Values of the row sums of a segment.
pub(crate) const SUMS: usize = N_GRAM_KINDS * ROW;
/// Inputs of a segment: row sums, dense features, detectors.
pub(crate) const SEGMENT_INPUTS: usize = SUMS + SEGMENT_DIMS + N_DETECTORS;
/// First detector among the inputs of a segment.
pub(crate) const DETECTOR_INPUTS: usize = SUMS + SEGMENT_DIMS;
/// Inputs of the frame's hidden layer: max pool, mean pool, frame, context.
pub(crate) const FRAME_INPUTS: usize = 2 * HIDDEN + FRAME_DIMS + CONTEXT_DIMS;

/// Rows of all n-gram tables.
pub(crate) const N_ROWS: usize = N_GRAM_KINDS * N_BUCKETS;
/// Parameters of the n-gram tables: words, characters.
pub(crate) const N_TABLE_PARAMETERS: usize = N_ROWS * ROW;

pub(crate) const SEGMENT_WEIGHTS: Range<usize> = 0..SEGMENT_INPUTS * HIDDEN;
pub(crate) const SEGMENT_BIAS: Range<usize> = after(SEGMENT_WEIGHTS, HIDDEN);
pub(crate) const FRAME_WEIGHTS: Range<usize> = after(SEGMENT_BIAS, FRAME_INPUTS * FRAME_HIDDEN);
pub(crate) const FRAME_BIAS: Range<usize> = after(FRAME_WEIGHTS, FRAME_HIDDEN);
pub(crate) const BELIEF_WEIGHTS: Range<usize> = after(FRAME_BIAS, FRAME_HIDDEN * N_BELIEFS);
pub(crate) const BELIEF_BIAS: Range<usize> = after(BELIEF_WEIGHTS, N_BELIEFS);
pub(crate) const ANSWER_WEIGHTS: Range<usize> = after(BELIEF_BIAS, ANSWER_INPUTS * ANSWER_HIDDEN);
pub(crate) const ANSWER_BIAS: Range<usize> = after(ANSWER_WEIGHTS, ANSWER_HIDDEN);
pub(crate) const ACTION_WEIGHTS: Range<usize> = after(ANSWER_BIAS, ANSWER_HIDDEN * N_ACTIONS);
pub(crate) const ACTION_BIAS: Range<usize> = after(ACTION_WEIGHTS, N_ACTIONS);
/// Parameters outside the tables.
pub(crate) const N_DENSE_PARAMETERS: usize = ACTION_BIAS.end;
/// All parameters, tables first.
pub const N_PARAMETERS: usize = N_TABLE_PARAMETERS + N_DENSE_PARAMETERS;

const fn after(previous: Range<usize>, len: usize) -> Range<usize> {
    previous.end..previous.end + len
}

/// Where n-gram rows come from: float tables in training, quantised ones in a file.
pub(crate) trait Tables {
    /// Adds `sign` times row `row` (words first, then characters) to `sum`.
    fn add(&self, row: usize, sign: f32, sum: &mut [f32; ROW]);
}

/// Views of the dense parameters.
pub(super) struct Dense<'a> {
    pub(super) segment_weights: &'a [[f32; HIDDEN]],
    pub(super) segment_bias: &'a [f32; HIDDEN],
    pub(super) frame_weights: &'a [[f32; FRAME_HIDDEN]],
    pub(super) frame_bias: &'a [f32; FRAME_HIDDEN],
    pub(super) belief_weights: &'a [[f32; N_BELIEFS]],
    pub(super) belief_bias: &'a [f32; N_BELIEFS],
    pub(super) answer_weights: &'a [[f32; ANSWER_HIDDEN]],
    pub(super) answer_bias: &'a [f32; ANSWER_HIDDEN],
    pub(super) action_weights: &'a [[f32; N_ACTIONS]],
    pub(super) action_bias: &'a [f32; N_ACTIONS],
}

fn matrix<const N: usize>(dense: &[f32], range: Range<usize>) -> &[[f32; N]] {
    dense.get(range).unwrap_or(&[]).as_chunks().0
}

fn vector<const N: usize>(dense: &[f32], range: Range<usize>) -> &[f32; N] {
    dense.get(range).and_then(<[f32]>::first_chunk).unwrap_or(const { &[0.0; N] })
}

impl<'a> Dense<'a> {
    pub(super) fn of(dense: &'a [f32]) -> Self {
        Self {
            segment_weights: matrix(dense, SEGMENT_WEIGHTS),
            segment_bias: vector(dense, SEGMENT_BIAS),
            frame_weights: matrix(dense, FRAME_WEIGHTS),
            frame_bias: vector(dense, FRAME_BIAS),
            belief_weights: matrix(dense, BELIEF_WEIGHTS),
            belief_bias: vector(dense, BELIEF_BIAS),
            answer_weights: matrix(dense, ANSWER_WEIGHTS),
            answer_bias: vector(dense, ANSWER_BIAS),
            action_weights: matrix(dense, ACTION_WEIGHTS),
            action_bias: vector(dense, ACTION_BIAS),
        }
    }
}

/// What a forward pass computed; a backward pass needs all of it.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Per segment: row sums, scaled.
    pub(crate) sums: Vec<[f32; SUMS]>,
    /// Per segment: hidden activations.
    pub(crate) hidden: Vec<[f32; HIDDEN]>,
    /// Which segment holds the maximum of each unit.
    pub(crate) argmax: [usize; HIDDEN],
    /// Whether the maximum and the mean over segments are among the inputs.
    pub(crate) pools: [bool; 2],
    /// Inputs of the frame's layer.
    pub(crate) inputs: [f32; FRAME_INPUTS],
    /// Hidden activations of the frame.
    pub(crate) frame_hidden: [f32; FRAME_HIDDEN],
    /// Inputs of the answer.
    pub(crate) answer_inputs: [f32; ANSWER_INPUTS],
    /// Hidden activations of the answer.
    pub(crate) answer_hidden: [f32; ANSWER_HIDDEN],
    /// Action logits.
    pub logits: [f32; N_ACTIONS],
    /// Belief logits.
    pub beliefs: [f32; N_BELIEFS],
}

fn squash(x: f32) -> f32 {
    x / (1.0 + x.abs())
}

/// Derivative of [`squash`], from its value.
pub(super) fn slope(y: f32) -> f32 {
    let rest = 1.0 - y.abs();
    rest * rest
}

/// `acc += weight * row`, unit by unit.
#[inline]
pub(super) fn add_scaled<const N: usize>(acc: &mut [f32; N], row: &[f32; N], weight: f32) {
    for (a, r) in acc.iter_mut().zip(row) {
        *a += weight * r;
    }
}

/// Inner product, in eight partial sums that are added in order: the same bits everywhere, without
/// the latency of one long chain.
pub(super) fn dot<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0f32; 8];
    for (x, y) in a.iter().zip(b) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Scale of a sum of `n` rows.
pub(super) fn root_scale(n: usize) -> f32 {
    if n == 0 { 0.0 } else { 1.0 / math::sqrt(n as f32) }
}

fn sum_rows(tables: &impl Tables, offset: usize, grams: &[Gram]) -> [f32; ROW] {
    let mut sum = [0.0; ROW];
    for &gram in grams {
        tables.add(offset + bucket(gram), sign(gram), &mut sum);
    }
    let scale = root_scale(grams.len());
    sum.map(|v| v * scale)
}

/// Calls `visit(input, value)` for every input of a segment that is not zero.
pub(super) fn each_input(
    sums: &[f32; SUMS],
    segment: &SegmentFeatures,
    mut visit: impl FnMut(usize, f32),
) {
    let dense = sums.iter().chain(&segment.dense);
    for (input, &value) in dense.enumerate() {
        if value != 0.0 {
            visit(input, value);
        }
    }
    let mut left = segment.detectors;
    while left != 0 {
        visit(DETECTOR_INPUTS + left.trailing_zeros() as usize, 1.0);
        left &= left - 1;
    }
}

/// Judges a frame.
pub(crate) fn forward(
    tables: &impl Tables,
    dense: &[f32],
    temperatures: &[f32; N_BELIEFS],
    features: &FrameFeatures,
    context: &Context,
) -> Trace {
    let weights = Dense::of(dense);
    let n_segments = features.segments.len();
    let mut sums = Vec::with_capacity(n_segments);
    let mut hidden = Vec::with_capacity(n_segments);
    for segment in &features.segments {
        let mut all = [0.0; SUMS];
        let (by_kind, _) = all.as_chunks_mut::<ROW>();
        for ((slot, grams), kind) in by_kind.iter_mut().zip(features.grams_of(segment)).zip(0..) {
            *slot = sum_rows(tables, kind * N_BUCKETS, grams);
        }
        let mut acc = *weights.segment_bias;
        each_input(&all, segment, |input, value| {
            if let Some(row) = weights.segment_weights.get(input) {
                add_scaled(&mut acc, row, value);
            }
        });
        sums.push(all);
        hidden.push(acc.map(squash));
    }
    let (argmax, inputs) = pool(&hidden, features, context);
    let mut acc = *weights.frame_bias;
    for (row, &value) in weights.frame_weights.iter().zip(&inputs) {
        if value != 0.0 {
            add_scaled(&mut acc, row, value);
        }
    }
    let frame_hidden = acc.map(squash);
    let mut beliefs = *weights.belief_bias;
    for (row, &value) in weights.belief_weights.iter().zip(&frame_hidden) {
        add_scaled(&mut beliefs, row, value);
    }
    let answer_inputs = answer_inputs(&beliefs, temperatures, &inputs);
    let mut acc = *weights.answer_bias;
    for (row, &value) in weights.answer_weights.iter().zip(&answer_inputs) {
        if value != 0.0 {
            add_scaled(&mut acc, row, value);
        }
    }
    let answer_hidden = acc.map(squash);
    let mut logits = *weights.action_bias;
    for (row, &value) in weights.action_weights.iter().zip(&answer_hidden) {
        add_scaled(&mut logits, row, value);
    }
    Trace {
        sums,
        hidden,
        argmax,
        pools: features.pools,
        inputs,
        frame_hidden,
        answer_inputs,
        answer_hidden,
        logits,
        beliefs,
    }
}

fn answer_inputs(
    beliefs: &[f32; N_BELIEFS],
    temperatures: &[f32; N_BELIEFS],
    frame_inputs: &[f32; FRAME_INPUTS],
) -> [f32; ANSWER_INPUTS] {
    let scaled = || beliefs.iter().zip(temperatures).map(|(belief, t)| belief / t);
    let facts = frame_inputs.iter().skip(2 * HIDDEN).copied();
    let all = scaled().map(math::sigmoid).chain(scaled().map(squash)).chain(facts);
    let mut inputs = [0.0; ANSWER_INPUTS];
    for (slot, value) in inputs.iter_mut().zip(all) {
        *slot = value;
    }
    inputs
}

/// Max and mean over segments (zero without any, or where the policy does not read them), then the frame's and the context's features.
fn pool(
    hidden: &[[f32; HIDDEN]],
    features: &FrameFeatures,
    context: &Context,
) -> ([usize; HIDDEN], [f32; FRAME_INPUTS]) {
    let mut argmax = [0; HIDDEN];
    let mut max = hidden.first().copied().unwrap_or([0.0; HIDDEN]);
    let mut mean = [0.0; HIDDEN];
    for (idx, units) in hidden.iter().enumerate() {
        add_scaled(&mut mean, units, 1.0);
        for ((best, at), &value) in max.iter_mut().zip(&mut argmax).zip(units) {
            if value > *best {
                (*best, *at) = (value, idx);
            }
        }
    }
    let [sees_max, sees_mean] = features.pools.map(f32::from);
    let scale = sees_mean / hidden.len().max(1) as f32;
    let max = max.map(|v| v * sees_max);
    let mut inputs = [0.0; FRAME_INPUTS];
    let context = context.features();
    let all = max.into_iter().chain(mean.map(|v| v * scale)).chain(features.frame).chain(context);
    for (slot, value) in inputs.iter_mut().zip(all) {
        *slot = value;
    }
    (argmax, inputs)
}
