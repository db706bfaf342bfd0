//! The policy: reads a frame, chooses one of six actions, believes something about the truth, and
//! says why.
//!
//! What is evaluated, everywhere, is a [`Policy`] read from a file: its tables are quantised.
//! Training works on a [`TrainablePolicy`] and hands over a quantised one.

use crate::{
    action::{Action, ActionType, MAX_RESTRICTIONS, N_ACTIONS},
    decode::{Decoded, decode},
    detect,
    embed::TokenTable,
    features::{Families, FrameFeatures},
    frame::Vector,
    math,
    rng::Rng,
    segment::{Document, Segments},
    tool_request::{self, capability_of},
};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::ops::Range;

mod explain;
mod file;
pub(crate) mod gradient;
pub(crate) mod network;
#[cfg(test)]
mod tests;
mod trainable;

pub use crate::error::{AssetError, DecideError};
pub use crate::features::Context;
#[cfg(feature = "serde")]
pub(crate) use explain::quotable;
pub use network::{N_BELIEFS, N_PARAMETERS, Trace};
pub use trainable::TrainablePolicy;

/// Longest text that is judged, in bytes.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Weights as a file holds them.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    rows: Vec<[i8; network::ROW]>,
    scales: Vec<f32>,
    dense: Vec<f32>,
    temperatures: [f32; N_BELIEFS],
    families: Families,
    run_id: String,
    table: Arc<TokenTable>,
}

struct QuantisedTables<'a> {
    rows: &'a [[i8; network::ROW]],
    scales: &'a [f32],
}

impl network::Tables for QuantisedTables<'_> {
    #[inline]
    fn add(&self, row: usize, sign: f32, sum: &mut [f32; network::ROW]) {
        if let (Some(values), Some(scale)) = (self.rows.get(row), self.scales.get(row)) {
            let scale = sign * scale;
            for (slot, value) in sum.iter_mut().zip(values) {
                *slot += scale * f32::from(*value);
            }
        }
    }
}

impl Policy {
    /// Reads a weights file; `table` gives the vectors of word pieces.
    pub fn from_bytes(bytes: &[u8], table: Arc<TokenTable>) -> Result<Self, AssetError> {
        file::read(bytes, table)
    }

    /// Writes a weights file.
    pub fn to_bytes(&self) -> Vec<u8> {
        file::write(self)
    }

    /// The network at its seeded initial weights: the page's baseline.
    pub fn untrained(seed: u64, table: Arc<TokenTable>) -> Self {
        let run_id = format!("untrained-{seed}");
        TrainablePolicy::new(seed, Families::ALL).quantised(&run_id, table)
    }

    /// Which training run made the weights.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Runs the network on extracted features.
    pub fn forward(&self, features: &FrameFeatures, context: &Context) -> Trace {
        let tables = QuantisedTables { rows: &self.rows, scales: &self.scales };
        network::forward(&tables, &self.dense, &self.temperatures, features, context)
    }

    /// P(malicious) and P(stdio), calibrated.
    pub fn beliefs(&self, trace: &Trace) -> (f32, f32) {
        beliefs_of(trace.beliefs, self.temperatures)
    }

    /// Judges a text greedily.
    pub fn decide(&self, text: &str, context: &Context) -> Result<Decision, DecideError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(DecideError::TooLong { n_bytes: text.len() });
        }
        let decoded = decode(text);
        let document = Document::read(text, &decoded);
        let segments = Segments::cut(text, &decoded, &document);
        let findings = detect::scan(&segments);
        let features =
            FrameFeatures::of(&self.table, self.families, &decoded, &segments, &findings);
        let trace = self.forward(&features, context);
        let evidence = explain::measure(self, text, &features, &segments, &findings, &trace);
        let restrictions = document.message().map(restrictions_of).unwrap_or_default();
        let hints = detect::names(findings.all());
        drop(segments);

        let mut probabilities = trace.logits;
        math::softmax(&mut probabilities, 1.0);
        let (p_malicious, p_stdio) = self.beliefs(&trace);
        let decision = Decision {
            action_type: ActionType::Allow,
            probabilities,
            p_malicious,
            p_stdio,
            confidence: 0.0,
            rationale: String::new(),
            mcp_restrictions: Vec::new(),
            decoded,
            hints,
            span: evidence.span.clone(),
            logits: trace.logits,
            evidence,
            restrictions,
            context: *context,
        };
        let greedy = ActionType::from_index(math::argmax(&trace.logits));
        Ok(decision.with_action(greedy.unwrap_or(ActionType::Block)))
    }
}

/// Probabilities of belief logits at their temperatures: P(malicious) and P(stdio).
pub fn beliefs_of(logits: [f32; N_BELIEFS], temperatures: [f32; N_BELIEFS]) -> (f32, f32) {
    let belief = |at: usize| match (logits.get(at), temperatures.get(at)) {
        (Some(logit), Some(temperature)) => math::sigmoid(logit / temperature),
        _ => 0.0,
    };
    let p_malicious = belief(0);
    (p_malicious, p_malicious * belief(Vector::StdioEscape.index()))
}

/// Probability that `action` is right: `ALLOW` on a benign frame, `REVOKE_STDIO` on any attack
/// (needless on some, but it neutralises), any other action on an attack that is no escape.
pub fn confidence_in(action: ActionType, p_malicious: f32, p_stdio: f32) -> f32 {
    let p = match action {
        ActionType::Allow => 1.0 - p_malicious,
        ActionType::RevokeStdio => p_malicious,
        _ => p_malicious - p_stdio,
    };
    p.clamp(0.0, 1.0)
}

/// What `CAPABILITY_MEDIATION` restricts: the message's tools and what their names say they can do.
pub(crate) fn restrictions_of(message: &crate::json::Value) -> Vec<String> {
    let names = tool_request::named_tools(message);
    let mut restrictions: Vec<String> = Vec::new();
    for name in names.iter().flat_map(|name| [*name, capability_of(name).name()]) {
        if restrictions.len() < MAX_RESTRICTIONS && !restrictions.iter().any(|r| r == name) {
            restrictions.push(name.into());
        }
    }
    restrictions
}

/// What the policy decided about a text, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What to do.
    pub action_type: ActionType,
    /// Probability of each action at temperature 1.
    pub probabilities: [f32; N_ACTIONS],
    /// Belief that the frame is an attack.
    pub p_malicious: f32,
    /// Belief that it is an escape from the STDIO sandbox.
    pub p_stdio: f32,
    /// Probability, by the beliefs, that the action is right.
    pub confidence: f32,
    /// Why.
    pub rationale: String,
    /// What `CAPABILITY_MEDIATION` restricts; empty for other actions.
    pub mcp_restrictions: Vec<String>,
    /// What the decoder made of the text.
    pub decoded: Decoded,
    /// Names of the detectors that fired.
    pub hints: Vec<&'static str>,
    /// Bytes of the raw text that weighed most for stepping in.
    pub span: Option<Range<usize>>,
    logits: [f32; N_ACTIONS],
    evidence: explain::Evidence,
    restrictions: Vec<String>,
    context: Context,
}

impl Decision {
    /// The decision as an answer to the frame.
    pub fn action(&self) -> Action {
        let (rationale, restrictions) = (self.rationale.clone(), self.mcp_restrictions.clone());
        // Probabilities and short sentences are within the rules; the fallback is never taken.
        Action::new(self.action_type, self.confidence, rationale, restrictions)
            .unwrap_or_else(|_| Action::of(self.action_type))
    }

    /// What moved the decision: detectors, then everything else, each by size, with what it added
    /// to the log-odds of stepping in.
    pub fn weights(&self) -> impl Iterator<Item = (&'static str, f32)> + '_ {
        let detectors = self.evidence.detectors.iter();
        detectors
            .map(|(detector, part)| (detector.name(), *part))
            .chain(self.evidence.others.iter().copied())
    }

    /// The same judgement with an action drawn at `temperature`; confidence and rationale follow.
    #[must_use]
    pub fn sampled(self, rng: &mut Rng, temperature: f32) -> Self {
        let mut weights = self.logits;
        math::softmax(&mut weights, temperature);
        let drawn = ActionType::from_index(rng.weighted(&weights) as usize);
        let action = drawn.unwrap_or(self.action_type);
        self.with_action(action)
    }

    /// The same judgement with another action; confidence, rationale and restrictions follow.
    #[must_use]
    pub fn with_action(mut self, action: ActionType) -> Self {
        self.action_type = action;
        self.confidence = confidence_in(action, self.p_malicious, self.p_stdio);
        self.rationale = explain::sentence(action, &self.evidence, &self.context);
        self.mcp_restrictions = if action == ActionType::CapabilityMediation {
            self.restrictions.clone()
        } else {
            Vec::new()
        };
        self
    }
}
