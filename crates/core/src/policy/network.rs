//! The network: forward and backward over one frame.
//!
//! ```text
//! segment: [word rows ; character rows ; embedding ; shapes ; detectors] → hidden (per segment)
//! frame:   [max over segments ; mean over segments ; frame ; context] → hidden → action logits
//!                                                                               → belief logits
//! ```
//! N-gram rows are summed and divided by √n, a linear layer on sparse counts. The activation is
//! x / (1 + |x|): smooth, and without a transcendental function.
//!
//! Beliefs are two logits: P(malicious), and P(stdio | malicious), so that P(stdio) never exceeds
//! P(malicious).

use crate::{
    action::N_ACTIONS,
    detect::N_DETECTORS,
    features::{
        CONTEXT_DIMS, Context, FRAME_DIMS, FrameFeatures, Gram, N_BUCKETS, SEGMENT_DIMS,
        SegmentFeatures, bucket, sign,
    },
    math,
};
use alloc::vec::Vec;
use core::ops::Range;

/// Values of an n-gram row.
pub(crate) const ROW: usize = 16;
/// Hidden units of a segment.
pub(crate) const HIDDEN: usize = 32;
/// Hidden units of a frame.
pub(crate) const FRAME_HIDDEN: usize = 32;
/// Belief logits: malicious, and stdio given malicious.
pub const N_BELIEFS: usize = 2;
/// Inputs of a segment: two row sums, dense features, detectors.
pub(crate) const SEGMENT_INPUTS: usize = 2 * ROW + SEGMENT_DIMS + N_DETECTORS;
/// First detector among the inputs of a segment.
pub(crate) const DETECTOR_INPUTS: usize = 2 * ROW + SEGMENT_DIMS;
/// Inputs of the frame's hidden layer: max pool, mean pool, frame, context.
pub(crate) const FRAME_INPUTS: usize = 2 * HIDDEN + FRAME_DIMS + CONTEXT_DIMS;

/// Parameters of the n-gram tables: words, then characters.
pub(crate) const N_TABLE_PARAMETERS: usize = 2 * N_BUCKETS * ROW;

pub(crate) const SEGMENT_WEIGHTS: Range<usize> = 0..SEGMENT_INPUTS * HIDDEN;
pub(crate) const SEGMENT_BIAS: Range<usize> = after(SEGMENT_WEIGHTS, HIDDEN);
pub(crate) const FRAME_WEIGHTS: Range<usize> = after(SEGMENT_BIAS, FRAME_INPUTS * FRAME_HIDDEN);
pub(crate) const FRAME_BIAS: Range<usize> = after(FRAME_WEIGHTS, FRAME_HIDDEN);
pub(crate) const ACTION_WEIGHTS: Range<usize> = after(FRAME_BIAS, FRAME_HIDDEN * N_ACTIONS);
pub(crate) const ACTION_BIAS: Range<usize> = after(ACTION_WEIGHTS, N_ACTIONS);
pub(crate) const BELIEF_WEIGHTS: Range<usize> = after(ACTION_BIAS, FRAME_HIDDEN * N_BELIEFS);
pub(crate) const BELIEF_BIAS: Range<usize> = after(BELIEF_WEIGHTS, N_BELIEFS);
/// Parameters outside the tables.
pub(crate) const N_DENSE_PARAMETERS: usize = BELIEF_BIAS.end;
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
struct Dense<'a> {
    segment_weights: &'a [[f32; HIDDEN]],
    segment_bias: &'a [f32; HIDDEN],
    frame_weights: &'a [[f32; FRAME_HIDDEN]],
    frame_bias: &'a [f32; FRAME_HIDDEN],
    action_weights: &'a [[f32; N_ACTIONS]],
    action_bias: &'a [f32; N_ACTIONS],
    belief_weights: &'a [[f32; N_BELIEFS]],
    belief_bias: &'a [f32; N_BELIEFS],
}

fn matrix<const N: usize>(dense: &[f32], range: Range<usize>) -> &[[f32; N]] {
    dense.get(range).unwrap_or(&[]).as_chunks().0
}

fn vector<const N: usize>(dense: &[f32], range: Range<usize>) -> &[f32; N] {
    dense.get(range).and_then(<[f32]>::first_chunk).unwrap_or(const { &[0.0; N] })
}

impl<'a> Dense<'a> {
    fn of(dense: &'a [f32]) -> Self {
        Self {
            segment_weights: matrix(dense, SEGMENT_WEIGHTS),
            segment_bias: vector(dense, SEGMENT_BIAS),
            frame_weights: matrix(dense, FRAME_WEIGHTS),
            frame_bias: vector(dense, FRAME_BIAS),
            action_weights: matrix(dense, ACTION_WEIGHTS),
            action_bias: vector(dense, ACTION_BIAS),
            belief_weights: matrix(dense, BELIEF_WEIGHTS),
            belief_bias: vector(dense, BELIEF_BIAS),
        }
    }
}

/// What a forward pass computed; a backward pass needs all of it.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Per segment: row sums, scaled.
    pub(crate) sums: Vec<[f32; 2 * ROW]>,
    /// Per segment: hidden activations.
    pub(crate) hidden: Vec<[f32; HIDDEN]>,
    /// Which segment holds the maximum of each unit.
    pub(crate) argmax: [usize; HIDDEN],
    /// Inputs of the frame's layer.
    pub(crate) inputs: [f32; FRAME_INPUTS],
    /// Hidden activations of the frame.
    pub(crate) frame_hidden: [f32; FRAME_HIDDEN],
    /// Action logits.
    pub logits: [f32; N_ACTIONS],
    /// Belief logits.
    pub beliefs: [f32; N_BELIEFS],
}

fn squash(x: f32) -> f32 {
    x / (1.0 + x.abs())
}

/// Derivative of [`squash`], from its value.
fn slope(y: f32) -> f32 {
    let rest = 1.0 - y.abs();
    rest * rest
}

/// `acc += weight * row`, unit by unit.
#[inline]
fn add_scaled<const N: usize>(acc: &mut [f32; N], row: &[f32; N], weight: f32) {
    for (a, r) in acc.iter_mut().zip(row) {
        *a += weight * r;
    }
}

/// Inner product, in eight partial sums that are added in order: the same bits everywhere, without
/// the latency of one long chain.
fn dot<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
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
fn root_scale(n: usize) -> f32 {
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
fn each_input(sums: &[f32; 2 * ROW], segment: &SegmentFeatures, mut visit: impl FnMut(usize, f32)) {
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
    features: &FrameFeatures,
    context: &Context,
) -> Trace {
    let weights = Dense::of(dense);
    let n_segments = features.segments.len();
    let mut sums = Vec::with_capacity(n_segments);
    let mut hidden = Vec::with_capacity(n_segments);
    for segment in &features.segments {
        let (words, chars) = features.grams(segment);
        let mut both = [0.0; 2 * ROW];
        let rows = [sum_rows(tables, 0, words), sum_rows(tables, N_BUCKETS, chars)];
        for (slot, value) in both.iter_mut().zip(rows.as_flattened()) {
            *slot = *value;
        }
        let mut acc = *weights.segment_bias;
        each_input(&both, segment, |input, value| {
            if let Some(row) = weights.segment_weights.get(input) {
                add_scaled(&mut acc, row, value);
            }
        });
        sums.push(both);
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
    let (mut logits, mut beliefs) = (*weights.action_bias, *weights.belief_bias);
    for (unit, &value) in frame_hidden.iter().enumerate() {
        if let (Some(action), Some(belief)) =
            (weights.action_weights.get(unit), weights.belief_weights.get(unit))
        {
            add_scaled(&mut logits, action, value);
            add_scaled(&mut beliefs, belief, value);
        }
    }
    Trace { sums, hidden, argmax, inputs, frame_hidden, logits, beliefs }
}

/// Max and mean over segments (zero without any), then the frame's and the context's features.
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
    let scale = 1.0 / hidden.len().max(1) as f32;
    let mut inputs = [0.0; FRAME_INPUTS];
    let context = context.features();
    let all = max.into_iter().chain(mean.map(|v| v * scale)).chain(features.frame).chain(context);
    for (slot, value) in inputs.iter_mut().zip(all) {
        *slot = value;
    }
    (argmax, inputs)
}

/// Gradient of a loss with respect to the frame layer's pre-activation and its inputs.
pub(crate) struct FrameGradient {
    pub(crate) units: [f32; FRAME_HIDDEN],
    pub(crate) inputs: [f32; FRAME_INPUTS],
}

/// From gradients of the heads back to the inputs of the frame layer.
pub(crate) fn frame_gradient(
    dense: &[f32],
    trace: &Trace,
    d_logits: &[f32; N_ACTIONS],
    d_beliefs: [f32; N_BELIEFS],
) -> FrameGradient {
    let weights = Dense::of(dense);
    let mut units = [0.0; FRAME_HIDDEN];
    for (unit, d_unit) in units.iter_mut().enumerate() {
        let action = weights.action_weights.get(unit).map_or(0.0, |row| dot(row, d_logits));
        let belief = weights.belief_weights.get(unit).map_or(0.0, |row| dot(row, &d_beliefs));
        *d_unit = action + belief;
    }
    for (d_unit, &value) in units.iter_mut().zip(&trace.frame_hidden) {
        *d_unit *= slope(value);
    }
    let mut inputs = [0.0; FRAME_INPUTS];
    for (d_input, row) in inputs.iter_mut().zip(weights.frame_weights) {
        *d_input = dot(row, &units);
    }
    FrameGradient { units, inputs }
}

/// Gradient with respect to a segment's hidden activations.
pub(crate) fn hidden_gradient(
    trace: &Trace,
    frame: &FrameGradient,
    segment: usize,
) -> [f32; HIDDEN] {
    let scale = 1.0 / trace.hidden.len().max(1) as f32;
    let (max, rest) = frame.inputs.split_at(HIDDEN);
    let mut gradient = [0.0; HIDDEN];
    for (((slot, d_max), d_mean), &at) in gradient.iter_mut().zip(max).zip(rest).zip(&trace.argmax)
    {
        *slot = d_mean * scale + if at == segment { *d_max } else { 0.0 };
    }
    gradient
}

/// Gradient with respect to a segment's pre-activations.
pub(crate) fn segment_gradient(
    trace: &Trace,
    frame: &FrameGradient,
    segment: usize,
) -> [f32; HIDDEN] {
    let mut gradient = hidden_gradient(trace, frame, segment);
    if let Some(hidden) = trace.hidden.get(segment) {
        for (d, &value) in gradient.iter_mut().zip(hidden) {
            *d *= slope(value);
        }
    }
    gradient
}

/// Calls `visit(input, weight · gradient · value)` for every input of a segment: gradient × input.
pub(crate) fn input_contributions(
    dense: &[f32],
    sums: &[f32; 2 * ROW],
    segment: &SegmentFeatures,
    gradient: &[f32; HIDDEN],
    mut visit: impl FnMut(usize, f32),
) {
    let weights = Dense::of(dense);
    each_input(sums, segment, |input, value| {
        if let Some(row) = weights.segment_weights.get(input) {
            visit(input, value * dot(row, gradient));
        }
    });
}

/// Contribution of one detector of a segment.
pub(crate) fn detector_contribution(
    dense: &[f32],
    detector: usize,
    gradient: &[f32; HIDDEN],
) -> f32 {
    let weights = Dense::of(dense);
    weights.segment_weights.get(DETECTOR_INPUTS + detector).map_or(0.0, |row| dot(row, gradient))
}

/// Adds the gradient of a loss to `gradients` (all parameters, tables first).
pub(crate) fn backward(
    dense: &[f32],
    features: &FrameFeatures,
    trace: &Trace,
    d_logits: &[f32; N_ACTIONS],
    d_beliefs: [f32; N_BELIEFS],
    gradients: &mut [f32],
) {
    let Some((tables, d_dense)) = gradients.split_at_mut_checked(N_TABLE_PARAMETERS) else {
        return;
    };
    let weights = Dense::of(dense);
    let frame = frame_gradient(dense, trace, d_logits, d_beliefs);
    add_outer(d_dense, ACTION_WEIGHTS, &trace.frame_hidden, d_logits);
    add_outer(d_dense, BELIEF_WEIGHTS, &trace.frame_hidden, &d_beliefs);
    add_outer(d_dense, FRAME_WEIGHTS, &trace.inputs, &frame.units);
    add_outer(d_dense, ACTION_BIAS, &[1.0], d_logits);
    add_outer(d_dense, BELIEF_BIAS, &[1.0], &d_beliefs);
    add_outer(d_dense, FRAME_BIAS, &[1.0], &frame.units);
    let (rows, _) = tables.as_chunks_mut::<ROW>();
    for (idx, segment) in features.segments.iter().enumerate() {
        let Some(sums) = trace.sums.get(idx) else { continue };
        let d_units = segment_gradient(trace, &frame, idx);
        add_outer(d_dense, SEGMENT_BIAS, &[1.0], &d_units);
        let (d_weights, _) =
            d_dense.get_mut(SEGMENT_WEIGHTS).unwrap_or(&mut []).as_chunks_mut::<HIDDEN>();
        each_input(sums, segment, |input, value| {
            if let Some(row) = d_weights.get_mut(input) {
                add_scaled(row, &d_units, value);
            }
        });
        let mut d_sums = [0.0; 2 * ROW];
        for (d, row) in d_sums.iter_mut().zip(weights.segment_weights) {
            *d = dot(row, &d_units);
        }
        let (words, chars) = features.grams(segment);
        let (d_words, d_chars) = d_sums.as_chunks::<ROW>().0.split_at(1);
        for (offset, grams, d_sum) in [(0, words, d_words), (N_BUCKETS, chars, d_chars)] {
            let Some(d_sum) = d_sum.first() else { continue };
            let scale = root_scale(grams.len());
            for &gram in grams {
                if let Some(row) = rows.get_mut(offset + bucket(gram)) {
                    add_scaled(row, d_sum, sign(gram) * scale);
                }
            }
        }
    }
}

/// Adds `left ⊗ right` to a block of the dense gradient.
fn add_outer<const N: usize>(
    d_dense: &mut [f32],
    block: Range<usize>,
    left: &[f32],
    right: &[f32; N],
) {
    let (rows, _) = d_dense.get_mut(block).unwrap_or(&mut []).as_chunks_mut::<N>();
    for (row, &value) in rows.iter_mut().zip(left) {
        if value != 0.0 {
            add_scaled(row, right, value);
        }
    }
}
