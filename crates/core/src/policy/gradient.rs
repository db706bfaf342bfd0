//! The network backwards: gradients for training, and gradient × input for explanations.

use super::network::{
    ACTION_BIAS, ACTION_WEIGHTS, ANSWER_BIAS, ANSWER_HIDDEN, ANSWER_INPUTS, ANSWER_WEIGHTS,
    BELIEF_BIAS, BELIEF_WEIGHTS, DETECTOR_INPUTS, Dense, FRAME_BIAS, FRAME_HIDDEN, FRAME_INPUTS,
    FRAME_WEIGHTS, HIDDEN, N_BELIEFS, N_TABLE_PARAMETERS, ROW, SEGMENT_BIAS, SEGMENT_WEIGHTS, SUMS,
    Trace, add_scaled, dot, each_input, root_scale, slope,
};
use crate::{
    action::N_ACTIONS,
    features::{FrameFeatures, N_BUCKETS, SegmentFeatures, bucket, sign},
};
use core::ops::Range;

/// Gradient of a loss with respect to the answer's hidden layer, its inputs and the beliefs.
pub(crate) struct AnswerGradient {
    pub(crate) units: [f32; ANSWER_HIDDEN],
    pub(crate) inputs: [f32; ANSWER_INPUTS],
    pub(crate) beliefs: [f32; N_BELIEFS],
}

/// From a gradient on the action logits back to the beliefs.
pub(crate) fn answer_gradient(
    dense: &[f32],
    temperatures: &[f32; N_BELIEFS],
    trace: &Trace,
    d_logits: &[f32; N_ACTIONS],
) -> AnswerGradient {
    let weights = Dense::of(dense);
    let mut units = [0.0; ANSWER_HIDDEN];
    for ((d_unit, row), &value) in
        units.iter_mut().zip(weights.action_weights).zip(&trace.answer_hidden)
    {
        *d_unit = dot(row, d_logits) * slope(value);
    }
    let mut inputs = [0.0; ANSWER_INPUTS];
    for (d_input, row) in inputs.iter_mut().zip(weights.answer_weights) {
        *d_input = dot(row, &units);
    }
    let mut beliefs = [0.0; N_BELIEFS];
    let (d_probabilities, rest) = inputs.split_at(N_BELIEFS);
    let (probabilities, bounded) = trace.answer_inputs.split_at(N_BELIEFS);
    let both = d_probabilities.iter().zip(rest).zip(probabilities.iter().zip(bounded));
    for ((d_belief, ((d_p, d_bounded), (p, y))), t) in
        beliefs.iter_mut().zip(both).zip(temperatures)
    {
        *d_belief = (d_p * p * (1.0 - p) + d_bounded * slope(*y)) / t;
    }
    AnswerGradient { units, inputs, beliefs }
}

/// Gradient of a loss with respect to the frame layer's pre-activation and its inputs.
pub(crate) struct FrameGradient {
    pub(crate) units: [f32; FRAME_HIDDEN],
    pub(crate) inputs: [f32; FRAME_INPUTS],
}

/// From a gradient on the belief logits back to the inputs of the frame layer.
pub(crate) fn frame_gradient(
    dense: &[f32],
    trace: &Trace,
    d_beliefs: &[f32; N_BELIEFS],
) -> FrameGradient {
    let weights = Dense::of(dense);
    let mut units = [0.0; FRAME_HIDDEN];
    for ((d_unit, row), &value) in
        units.iter_mut().zip(weights.belief_weights).zip(&trace.frame_hidden)
    {
        *d_unit = dot(row, d_beliefs) * slope(value);
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
    let [sees_max, sees_mean] = trace.pools.map(f32::from);
    let scale = sees_mean / trace.hidden.len().max(1) as f32;
    let (max, rest) = frame.inputs.split_at(HIDDEN);
    let mut gradient = [0.0; HIDDEN];
    for (((slot, d_max), d_mean), &at) in gradient.iter_mut().zip(max).zip(rest).zip(&trace.argmax)
    {
        *slot = d_mean * scale + if at == segment { sees_max * d_max } else { 0.0 };
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
    sums: &[f32; SUMS],
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

/// Adds the gradient of a loss on the action logits to the answer's part of `gradients` (all
/// parameters, tables first); returns what it is on the beliefs.
pub(crate) fn backward_answer(
    dense: &[f32],
    temperatures: &[f32; N_BELIEFS],
    trace: &Trace,
    d_logits: &[f32; N_ACTIONS],
    gradients: &mut [f32],
) -> [f32; N_BELIEFS] {
    let answer = answer_gradient(dense, temperatures, trace, d_logits);
    if let Some(d_dense) = gradients.get_mut(N_TABLE_PARAMETERS..) {
        add_outer(d_dense, ACTION_WEIGHTS, &trace.answer_hidden, d_logits);
        add_outer(d_dense, ACTION_BIAS, &[1.0], d_logits);
        add_outer(d_dense, ANSWER_WEIGHTS, &trace.answer_inputs, &answer.units);
        add_outer(d_dense, ANSWER_BIAS, &[1.0], &answer.units);
    }
    answer.beliefs
}

/// Adds the gradient of a loss on the belief logits to everything that they are made from.
pub(crate) fn backward_beliefs(
    dense: &[f32],
    features: &FrameFeatures,
    trace: &Trace,
    d_beliefs: &[f32; N_BELIEFS],
    gradients: &mut [f32],
) {
    let Some((tables, d_dense)) = gradients.split_at_mut_checked(N_TABLE_PARAMETERS) else {
        return;
    };
    let weights = Dense::of(dense);
    let frame = frame_gradient(dense, trace, d_beliefs);
    add_outer(d_dense, BELIEF_WEIGHTS, &trace.frame_hidden, d_beliefs);
    add_outer(d_dense, BELIEF_BIAS, &[1.0], d_beliefs);
    add_outer(d_dense, FRAME_WEIGHTS, &trace.inputs, &frame.units);
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
        let mut d_sums = [0.0; SUMS];
        for (d, row) in d_sums.iter_mut().zip(weights.segment_weights) {
            *d = dot(row, &d_units);
        }
        let kinds = d_sums.as_chunks::<ROW>().0.iter().zip(features.grams_of(segment)).zip(0..);
        for ((d_sum, grams), kind) in kinds {
            let scale = root_scale(grams.len());
            for &gram in grams {
                if let Some(row) = rows.get_mut(kind * N_BUCKETS + bucket(gram)) {
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
