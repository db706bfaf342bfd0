//! Why: what measurably moved the policy, and a sentence that says so.
//!
//! Everything is measured on one quantity, the log-odds of stepping in (any action but `ALLOW`
//! against `ALLOW`), by gradient × input: exact for the linear parts, first order for the rest.
//! The sentence quotes the frame between back-quotes only, and names detectors there too, so that
//! nothing in a frame can speak for the policy.

use super::Policy;
use super::gradient::{
    AnswerGradient, FrameGradient, answer_gradient, detector_contribution, frame_gradient,
    hidden_gradient, input_contributions, segment_gradient,
};
use super::network::{ANSWER_FACTS, DETECTOR_INPUTS, FRAME_INPUTS, HIDDEN, SUMS, Trace};
use crate::{
    action::{ActionType, N_ACTIONS},
    detect::{Detector, Findings},
    embed::EMBEDDING_DIMS,
    features::{Context, DECODE_KINDS, FRAME_DIMS, FrameFeatures},
    frame::N_CHANNELS,
    math,
    segment::Segments,
};
use alloc::{string::String, vec::Vec};
use core::{fmt::Write, ops::Range};

/// Longest quotation of a frame, in characters.
const QUOTE_CHARS: usize = 60;
/// Most detectors that a sentence names.
const NAMED_DETECTORS: usize = 3;
/// Smallest contribution that is worth a mention.
const MENTION: f32 = 0.01;

/// What moved a decision. Independent of which action was drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Evidence {
    /// Log-odds of stepping in.
    odds: f32,
    /// Detectors that fired, by size of their contribution.
    pub(super) detectors: Vec<(Detector, f32)>,
    /// Contributions of what is no detector, by size.
    pub(super) others: Vec<(&'static str, f32)>,
    /// Raw bytes of the segment that spoke most for stepping in.
    pub(super) span: Option<Range<usize>>,
    /// Part of it, fit for back-quotes.
    quote: String,
}

/// Log-odds of stepping in, and its gradient with respect to the action logits.
pub(crate) fn odds_of_stepping_in(logits: &[f32; N_ACTIONS]) -> (f32, [f32; N_ACTIONS]) {
    let [allow, others @ ..] = *logits;
    let max = others.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let log_sum = max + math::ln(others.iter().map(|v| math::exp(v - max)).sum());
    let mut gradient = logits.map(|v| math::exp(v - log_sum));
    if let Some(first) = gradient.first_mut() {
        *first = -1.0;
    }
    (log_sum - allow, gradient)
}

pub(super) fn measure(
    policy: &Policy,
    raw: &str,
    features: &FrameFeatures,
    segments: &Segments<'_>,
    findings: &Findings,
    trace: &Trace,
) -> Evidence {
    let (odds, d_logits) = odds_of_stepping_in(&trace.logits);
    let dense = &policy.dense;
    let answer = answer_gradient(dense, &policy.temperatures, trace, &d_logits);
    let frame = frame_gradient(dense, trace, &answer.beliefs);
    let mut evidence = Evidence { odds, ..Evidence::default() };

    // Which segment spoke most, and which detectors, over all segments.
    let mut top = (0, f32::NEG_INFINITY);
    let mut by_detector: Vec<(Detector, f32)> = Vec::new();
    for (idx, segment) in features.segments.iter().enumerate() {
        let hidden = trace.hidden.get(idx).copied().unwrap_or([0.0; HIDDEN]);
        let gradient = hidden_gradient(trace, &frame, idx);
        let share: f32 = gradient.iter().zip(&hidden).map(|(g, h)| g * h).sum();
        if share > top.1 {
            top = (idx, share);
        }
        if segment.detectors == 0 {
            continue;
        }
        let gradient = segment_gradient(trace, &frame, idx);
        for (number, detector) in Detector::ALL.iter().enumerate() {
            if segment.detectors & detector.bit() != 0 {
                let part = detector_contribution(dense, number, &gradient);
                match by_detector.iter_mut().find(|entry| entry.0 == *detector) {
                    Some(entry) => entry.1 += part,
                    None => by_detector.push((*detector, part)),
                }
            }
        }
    }
    by_detector.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    evidence.others = other_parts(dense, features, trace, &frame, &answer, top.0);
    if let Some(segment) = segments.items.get(top.0) {
        let of_segment = findings.items.iter().filter(|finding| finding.segment == top.0);
        let leading = of_segment.min_by_key(|finding| {
            by_detector.iter().position(|entry| entry.0 == finding.detector).unwrap_or(usize::MAX)
        });
        if let Some(place) = segments.place(raw, segment.tokens.clone()) {
            evidence.span = Some(place.raw_span);
            let hit = leading
                .and_then(|finding| segments.quoted(finding.tokens.clone()))
                .filter(|(leaf, _)| core::ptr::eq(*leaf, place.leaf));
            let from = hit.map_or(place.quoted.start, |(_, quoted)| quoted.start);
            let text = place.leaf.get(from..place.quoted.end.max(from)).unwrap_or("");
            evidence.quote = quotable(text, QUOTE_CHARS);
        }
    }
    evidence.detectors = by_detector;
    evidence
}

/// Contributions of everything but detectors: kinds of input of the top segment, and what the
/// frame layer got besides segments.
fn other_parts(
    dense: &[f32],
    features: &FrameFeatures,
    trace: &Trace,
    frame: &FrameGradient,
    answer: &AnswerGradient,
    top: usize,
) -> Vec<(&'static str, f32)> {
    const CHANNEL: usize = 2 * HIDDEN + FRAME_DIMS;
    const TICKS: usize = CHANNEL + N_CHANNELS + 1;
    const KINDS: usize = 2 * HIDDEN + 1 + DECODE_KINDS.len();
    let (mut wording, mut meaning, mut form) = (0.0, 0.0, 0.0);
    if let (Some(segment), Some(sums)) = (features.segments.get(top), trace.sums.get(top)) {
        let gradient = segment_gradient(trace, frame, top);
        input_contributions(dense, sums, segment, &gradient, |input, part| {
            if input < SUMS {
                wording += part;
            } else if input < SUMS + EMBEDDING_DIMS {
                meaning += part;
            } else if input < DETECTOR_INPUTS {
                form += part;
            }
        });
    }
    let part_of = |range: Range<usize>| -> f32 {
        let gradients = frame.inputs.get(range.clone()).unwrap_or(&[]);
        let inputs = trace.inputs.get(range.clone()).unwrap_or(&[]);
        let facts = answer.inputs.iter().skip(ANSWER_FACTS + range.start - 2 * HIDDEN);
        gradients.iter().zip(facts).zip(inputs).map(|((g, f), x)| (g + f) * x).sum()
    };
    let mut parts: Vec<(&'static str, f32)> = [
        ("its wording", wording),
        ("its topic", meaning),
        ("its form", form),
        ("its encoding", part_of(2 * HIDDEN..KINDS)),
        ("its size", part_of(KINDS..CHANNEL)),
        ("the channel", part_of(CHANNEL..TICKS)),
        ("the time left", part_of(TICKS..TICKS + 2)),
        ("the answers before", part_of(TICKS + 2..FRAME_INPUTS)),
    ]
    .into();
    parts.retain(|part| part.1.abs() >= MENTION);
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    parts.truncate(3);
    parts
}

/// At most so many characters on one line, without back-quotes.
pub(crate) fn quotable(text: &str, max_chars: usize) -> String {
    text.trim()
        .chars()
        .take(max_chars)
        .map(|c| match c {
            '`' => '\'',
            c if c.is_control() || c.is_whitespace() => ' ',
            c => c,
        })
        .collect()
}

/// The sentence for an action.
pub(super) fn sentence(action: ActionType, evidence: &Evidence, context: &Context) -> String {
    let mut out = String::with_capacity(320);
    // Writing to a string cannot fail.
    let _ = write!(out, "{}: log-odds of stepping in {:+.2}", action.name(), evidence.odds);
    let _ = if evidence.detectors.is_empty() {
        write!(out, "; no detector fired")
    } else {
        write!(out, "; detectors")
    };
    for (detector, part) in evidence.detectors.iter().take(NAMED_DETECTORS) {
        let _ = write!(out, " `{}` {part:+.2}", detector.name());
    }
    let others = evidence.others.iter().take(if evidence.detectors.is_empty() { 3 } else { 2 });
    for (idx, (name, part)) in others.enumerate() {
        let _ = write!(out, "{} {name}", if idx == 0 { "; besides" } else { "," });
        if *name == "the channel" {
            let _ = write!(out, " {}", context.channel.map_or("unknown", |c| c.name()));
        }
        let _ = write!(out, " {part:+.2}");
    }
    if let Some(span) = &evidence.span {
        let _ = write!(out, "; bytes {} to {} weigh most", span.start, span.end);
        if !evidence.quote.is_empty() {
            let _ = write!(out, ": `{}`", evidence.quote);
        }
    }
    out
}
