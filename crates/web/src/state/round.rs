//! One frame, answered: what the page shows of it.
//!
//! A round is made when both agents have decided, and it alone carries the truth: before that there
//! is nothing from which a truth could be shown.

use super::live::wire::Told;
use core::ops::Range;
use omniguard_core::action::{Action, ActionType};
use omniguard_core::curriculum::Phase;
use omniguard_core::decode::Decoded;
use omniguard_core::frame::{Channel, Mutation, Vector};
use omniguard_core::history::Verdict;
use omniguard_core::policy::Decision;
use omniguard_core::reward::{Component, Reward};
use std::borrow::Cow;
use std::sync::Arc;

/// A text, what the decoder made of it, and where the decision was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Exhibit {
    /// The text as it came.
    pub text: String,
    /// The decoder's text and steps.
    pub decoded: Decoded,
    /// Bytes of `text` that weighed most in the trained agent's decision.
    pub span: Option<Range<usize>>,
    /// What moved the trained agent, and by how much: log-odds of stepping in.
    pub weights: Vec<(Cow<'static, str>, f32)>,
}

/// What the policy network believes of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// Probability that the frame is an attack.
    pub p_malicious: f32,
    /// Probability that it is a STDIO escape.
    pub p_stdio: f32,
}

/// How an answer turned out.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Right or wrong, and how.
    pub verdict: Verdict,
    /// What it earned.
    pub reward: Reward,
}

impl Score {
    /// The components that are not zero, with their wire names; they sum to the total.
    pub fn components(&self) -> Vec<(&'static str, f32)> {
        Component::ALL
            .iter()
            .map(|&component| (component.name(), self.reward.component(component)))
            .filter(|(_, value)| *value != 0.0)
            .collect()
    }
}

/// Who gave an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Origin {
    /// A policy, in a run that the page plays alone.
    #[default]
    Page,
    /// A policy of the page, in place of a hosted model.
    Fallback,
    /// A hosted model.
    Hosted(Arc<Told>),
}

impl Origin {
    /// How a log line of live mode is marked; empty outside of it.
    pub const fn mark(&self) -> &'static str {
        match self {
            Self::Page => "",
            Self::Fallback => "ON DEVICE",
            Self::Hosted(_) => "LIVE",
        }
    }
}

/// One agent's answer; `score` is there where the truth is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What the agent did, with confidence, rationale and restrictions.
    pub action: Action,
    /// What it believed; only network agents have beliefs.
    pub belief: Option<Belief>,
    /// What came of it.
    pub score: Option<Score>,
    /// Who gave it.
    pub origin: Origin,
}

impl Answer {
    /// What the agent did.
    pub fn action_type(&self) -> ActionType {
        self.action.action_type()
    }

    /// Whether the answer was a breach.
    pub fn breached(&self) -> bool {
        self.score.as_ref().is_some_and(|score| score.verdict == Verdict::Breach)
    }
}

/// What a network answers, not scored yet.
pub fn decided(decision: &Decision) -> Answer {
    let belief = Belief { p_malicious: decision.p_malicious, p_stdio: decision.p_stdio };
    Answer { action: decision.action(), belief: Some(belief), score: None, origin: Origin::Page }
}

/// A text with the trained agent's reading of it.
pub fn exhibit(text: String, decision: Decision) -> Exhibit {
    let weights = decision.weights().map(|(name, part)| (name.into(), part)).collect();
    Exhibit { text, decoded: decision.decoded, span: decision.span, weights }
}

/// What a frame truly was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Benign or the kind of attack.
    pub vector: Vector,
    /// What was done to the text, in order.
    pub mutations: Vec<Mutation>,
}

impl Truth {
    /// The mutations in words: "no", "base64", "rot13, then hex".
    pub fn obfuscation(&self) -> String {
        if self.mutations.is_empty() {
            return "no".to_owned();
        }
        let names: Vec<_> = self.mutations.iter().map(|mutation| words(mutation.name())).collect();
        names.join(", then ")
    }
}

/// A wire name in words: `prompt_injection` becomes "prompt injection".
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// One frame answered by both agents.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Number of the step in the run, from 1.
    pub step: u32,
    /// Number of the episode in the run, from 1.
    pub episode: u32,
    /// Number of the frame in its episode, from 1.
    pub frame: u32,
    /// The phase the frame was drawn in.
    pub phase: Phase,
    /// Where the gateway saw it.
    pub channel: Option<Channel>,
    /// Text and decoder's work.
    pub exhibit: Exhibit,
    /// The trained agent's answer.
    pub trained: Answer,
    /// The baseline's answer; `None` while it sits out after a breach.
    pub baseline: Option<Answer>,
    /// What it was.
    pub truth: Truth,
    /// Whether the episode ended with this frame.
    pub episode_over: bool,
}

impl Round {
    /// The round in a sentence, for people who listen to the page.
    pub fn spoken(&self) -> String {
        let said = |answer: &Answer| {
            let verdict = answer.score.as_ref().map_or("", |score| score.verdict.name());
            format!("{}, {}", words(answer.action_type().name()), words(verdict))
        };
        let baseline = self.baseline.as_ref().map_or_else(|| "sits out".to_owned(), said);
        format!(
            "Step {}: {}. Trained: {}. Baseline: {baseline}.",
            self.step,
            words(self.truth.vector.name()),
            said(&self.trained),
        )
    }
}
