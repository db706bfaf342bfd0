//! `POST /api/decide` and `omniguard score`: a text judged, and the judgement on the wire.

use super::Named;
use super::problem::Problem;
use super::request::{Costs, Decide};
use crate::action::{ActionType, N_ACTIONS};
use crate::policy::{Context, Decision, Policy};
use crate::reward;
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use serde::Serialize;
use serde_json::Value;

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

/// Reads a request and judges it.
pub fn decide(policy: &Policy, body: &[u8]) -> Result<DecisionBody, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::malformed_json(format!("the body is not JSON: {error}")))?;
    judge(policy, &Decide::read(&value)?)
}

/// Judges the text of a request.
pub fn judge(policy: &Policy, asked: &Decide) -> Result<DecisionBody, Problem> {
    let context = Context { channel: asked.channel, ..Context::default() };
    let decision = policy
        .decide(&asked.text, &context)
        .map_err(|error| Problem::content_too_large(error.to_string()))?;
    Ok(match asked.costs {
        None => DecisionBody::new(decision, policy.run_id()),
        Some(costs) => by_cost(decision, costs, policy.run_id()),
    })
}

/// The policy's judgement with the action chosen by the caller's costs instead.
fn by_cost(mut decision: Decision, costs: Costs, model_run: &str) -> DecisionBody {
    let expected = expected_costs(decision.p_malicious, decision.p_stdio, costs);
    let chosen = cheapest(&expected, &decision.probabilities);
    if chosen != decision.action_type {
        decision = decision.with_action(chosen);
    }
    DecisionBody {
        expected_costs: Some(by_action(&expected)),
        ..DecisionBody::new(decision, model_run)
    }
}

/// Expected cost of each action under the beliefs.
///
/// A false positive and a breach cost what the caller says. The lesser faults cost the share of
/// these that the environment's rewards give them: an escalation half a false positive; an attack
/// held instead of stopped, or a needless severing of STDIO, a small part of a breach.
fn expected_costs(p_malicious: f32, p_stdio: f32, costs: Costs) -> [f32; N_ACTIONS] {
    let stdio = p_stdio.clamp(0.0, p_malicious);
    let benign = 1.0 - p_malicious;
    let plain_attack = p_malicious - stdio;
    let per_false_positive =
        costs.false_positive / (reward::TRUE_NEGATIVE - reward::FALSE_POSITIVE);
    let per_breach = costs.breach / (reward::TRUE_POSITIVE - reward::BREACH);
    let escalated = (reward::TRUE_NEGATIVE - reward::ESCALATED) * per_false_positive;
    let held = (reward::TRUE_POSITIVE - reward::SPOTLIGHT_TRUE_POSITIVE) * per_breach;
    let needless_revoke = -reward::NEEDLESS_REVOKE * per_breach;
    let stopped = benign * costs.false_positive + stdio * costs.breach;
    ActionType::ALL.map(|action| match action {
        ActionType::Allow => p_malicious * costs.breach,
        ActionType::Spotlight => benign * escalated + plain_attack * held + stdio * costs.breach,
        ActionType::Block | ActionType::SemanticDiff | ActionType::CapabilityMediation => stopped,
        ActionType::RevokeStdio => benign * costs.false_positive + plain_attack * needless_revoke,
    })
}

/// The action of least expected cost; among equals, the one that the policy thinks likeliest.
fn cheapest(expected: &[f32; N_ACTIONS], probabilities: &[f32; N_ACTIONS]) -> ActionType {
    let mut best = (ActionType::Allow, f32::INFINITY, f32::NEG_INFINITY);
    for ((action, &cost), &probability) in
        ActionType::ALL.into_iter().zip(expected).zip(probabilities)
    {
        if cost < best.1 || (cost == best.1 && probability > best.2) {
            best = (action, cost, probability);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;

    const LIKELY_BLOCK: [f32; N_ACTIONS] = [0.0, 0.6, 0.1, 0.1, 0.1, 0.1];

    fn choose(p_malicious: f32, p_stdio: f32, false_positive: f32, breach: f32) -> ActionType {
        let costs = Costs { false_positive, breach };
        cheapest(&expected_costs(p_malicious, p_stdio, costs), &LIKELY_BLOCK)
    }

    #[test]
    fn beliefs_and_costs_choose_the_action() {
        assert_eq!(choose(0.01, 0.0, 0.4, 1.0), ActionType::Allow);
        assert_eq!(choose(0.99, 0.0, 0.4, 1.0), ActionType::Block);
        assert_eq!(choose(0.99, 0.98, 0.4, 1.0), ActionType::RevokeStdio);
        assert_eq!(choose(0.4, 0.0, 0.4, 1.0), ActionType::Spotlight);
    }

    #[test]
    fn dear_breaches_stop_more_and_dear_alarms_stop_less() {
        assert_eq!(choose(0.1, 0.0, 0.4, 1.0), ActionType::Allow);
        assert_ne!(choose(0.1, 0.0, 0.4, 50.0), ActionType::Allow);
        assert_eq!(choose(0.7, 0.0, 100.0, 1.0), ActionType::Allow);
    }

    #[test]
    fn the_environment_s_own_costs_give_its_own_thresholds() {
        // Regrets of the reward table: 0.6 for a false positive, 1.5 for a breach. SPOTLIGHT is
        // right between 0.3/1.6 and 0.3/0.5.
        for (p_malicious, action) in [
            (0.18, ActionType::Allow),
            (0.195, ActionType::Spotlight),
            (0.59, ActionType::Spotlight),
            (0.61, ActionType::Block),
        ] {
            assert_eq!(choose(p_malicious, 0.0, 0.6, 1.5), action, "{p_malicious}");
        }
    }

    #[test]
    fn a_frame_is_not_judged_before_the_request_is_right() {
        let policy = Policy::untrained(0, test_table());
        let status = |body: &[u8]| decide(&policy, body).map_or_else(|p| p.status, |_| 200);
        assert_eq!(status(b"{"), 400);
        assert_eq!(status(b"\xff\xfe"), 400);
        assert_eq!(status(b"[]"), 422);
        assert_eq!(status(br#"{"text":7}"#), 422);
        assert_eq!(status(br#"{"text":"hello"}"#), 200);
    }
}
