//! What `explain` answers: a decision, with what its names mean.

use crate::action::{ActionType, N_ACTIONS};
use crate::decode::DecodeKind;
use crate::detect::Detector;
use crate::wire::Named;
use crate::wire::decide::DecisionBody;
use crate::wire::service::ActionInfo;
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// Longest quotation of the span, in characters.
pub(super) const MAX_SPAN_CHARS: usize = 400;

/// A decision and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The action, described.
    pub action: ActionInfo,
    /// Probability, by the beliefs, that the action is right.
    pub confidence: f32,
    /// Belief that the frame is an attack.
    pub p_malicious: f32,
    /// Belief that the frame is a STDIO escape.
    pub p_stdio: f32,
    /// What moved the policy, and by how much.
    pub rationale: String,
    /// Capabilities or tools to restrict.
    pub mcp_restrictions: Vec<String>,
    /// How the decoder got to the text that was judged.
    pub decode_steps: Vec<Undone>,
    /// How far the decoded text is from the raw one, 0 to 1.
    pub drift: f32,
    /// Text detectors that fired.
    pub hints: Vec<Hint>,
    /// Where in the raw text the strongest evidence lies.
    pub span: Option<QuotedSpan>,
    /// Expected cost of each action, where the caller gave costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_costs: Option<Named<f32, N_ACTIONS>>,
    /// The run that trained the weights.
    pub model_run: String,
}

/// One step of the decoder, described.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// What was undone.
    pub kind: &'static str,
    /// What that is.
    pub description: &'static str,
    /// Index of the string leaf; 0 for plain text.
    pub leaf: u32,
    /// 1 for the outermost encoding.
    pub depth: u8,
}

/// A detector that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// Its name.
    pub name: &'static str,
    /// What it means that it fired.
    pub description: &'static str,
    /// Whether it speaks of an escape from the STDIO sandbox.
    pub stdio: bool,
}

/// The part of the raw text that weighed most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotedSpan {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The text there, cut where it is long.
    pub text: String,
}

impl Explanation {
    /// Explains the judgement of `text`.
    pub(super) fn new(decision: DecisionBody, text: &str) -> Self {
        let hint = |name: &&'static str| {
            let detector = Detector::ALL.iter().find(|detector| detector.name() == *name);
            Hint {
                name,
                description: detector.map_or("", |one| one.description().trim()),
                stdio: detector.is_some_and(|one| one.is_stdio()),
            }
        };
        let undone = |step: &crate::wire::decide::DecodeStepBody| {
            let kind = DecodeKind::ALL.into_iter().find(|kind| kind.name() == step.kind);
            Undone {
                kind: step.kind,
                description: kind.map_or("", DecodeKind::description),
                leaf: step.leaf,
                depth: step.depth,
            }
        };
        let quoted = |span: crate::wire::decide::Span| QuotedSpan {
            start: span.start,
            end: span.end,
            text: text
                .get(span.start..span.end)
                .map(|part| part.chars().take(MAX_SPAN_CHARS).collect())
                .unwrap_or_default(),
        };
        // The name is one of the six; the fallback is never taken.
        let action = ActionType::from_name(decision.action).unwrap_or(ActionType::Block);
        Self {
            action: action.into(),
            confidence: decision.confidence,
            p_malicious: decision.p_malicious,
            p_stdio: decision.p_stdio,
            decode_steps: decision.decode_steps.iter().map(undone).collect(),
            drift: decision.drift,
            hints: decision.hints.iter().map(hint).collect(),
            span: decision.span.map(quoted),
            rationale: decision.rationale,
            mcp_restrictions: decision.mcp_restrictions,
            expected_costs: decision.expected_costs,
            model_run: decision.model_run,
        }
    }
}
