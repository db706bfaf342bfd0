//! A decision on the wire.

use super::Named;
use crate::action::{ActionType, N_ACTIONS};
use crate::policy::Decision;
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// One step of the decoder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecodeStepBody {
    /// What was undone.
    pub kind: &'static str,
    /// Index of the string leaf; 0 for plain text.
    pub leaf: u32,
    /// 1 for the outermost encoding.
    pub depth: u8,
}

/// Bytes of the text that decided: `start` included, `end` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What `/api/decide` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionBody {
    /// Wire name of the action.
    pub action: &'static str,
    /// Probability, by the beliefs, that the action is right.
    pub confidence: f32,
    /// Belief that the frame is an attack.
    pub p_malicious: f32,
    /// Belief that the frame is a STDIO escape.
    pub p_stdio: f32,
    /// The policy's probability of each action.
    pub probabilities: Named<f32, N_ACTIONS>,
    /// Why.
    pub rationale: String,
    /// Capabilities or tools to restrict.
    pub mcp_restrictions: Vec<String>,
    /// What the decoder makes of the text.
    pub decoded: String,
    /// How the decoder got there.
    pub decode_steps: Vec<DecodeStepBody>,
    /// How far the decoded text is from the raw one, 0 to 1.
    pub drift: f32,
    /// Text detectors that fired.
    pub hints: Vec<&'static str>,
    /// Where in the raw text the strongest evidence lies.
    pub span: Option<Span>,
    /// Expected cost of each action, where the caller gave costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_costs: Option<Named<f32, N_ACTIONS>>,
    /// The run that trained the weights.
    pub model_run: String,
}

/// Values by action name.
pub fn by_action(values: &[f32; N_ACTIONS]) -> Named<f32, N_ACTIONS> {
    let mut named = ActionType::ALL.map(|action| (action.name(), 0.0));
    for ((_, slot), value) in named.iter_mut().zip(values) {
        *slot = *value;
    }
    Named(named)
}

impl DecisionBody {
    /// A decision for the wire; `model_run` names the run that trained the weights.
    pub fn new(decision: Decision, model_run: &str) -> Self {
        let step = |step: &crate::decode::DecodeStep| DecodeStepBody {
            kind: step.kind.name(),
            leaf: step.leaf,
            depth: step.depth,
        };
        Self {
            action: decision.action_type.name(),
            confidence: decision.confidence,
            p_malicious: decision.p_malicious,
            p_stdio: decision.p_stdio,
            probabilities: by_action(&decision.probabilities),
            rationale: decision.rationale,
            mcp_restrictions: decision.mcp_restrictions,
            decode_steps: decision.decoded.steps.iter().map(step).collect(),
            drift: decision.decoded.drift,
            decoded: decision.decoded.text,
            hints: decision.hints,
            span: decision.span.map(|span| Span { start: span.start, end: span.end }),
            expected_costs: None,
            model_run: model_run.into(),
        }
    }
}
