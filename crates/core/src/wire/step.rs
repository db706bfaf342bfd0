//! What a step earned and what it answered.

use super::Named;
use crate::corpus::Corpus;
use crate::environment::{StepOutcome, Truth};
use crate::frame::Mutation;
use crate::reward::{Component, N_COMPONENTS};
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// The reward of one step, by parts and by components.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reward {
    /// Security part.
    pub security_score: f32,
    /// Usability part.
    pub usability_penalty: f32,
    /// Latency part, never positive.
    pub latency_penalty: f32,
    /// Format part.
    pub format_compliance_score: f32,
    /// The sum of the components.
    pub total: f32,
    /// How the answer turned out.
    pub verdict: &'static str,
    /// How dangerous the answer was.
    pub risk_level: &'static str,
    /// Whether a breach ended the episode.
    pub force_done: bool,
    /// Every term by name; they sum to the total.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, f32>))]
    pub components: Named<f32, N_COMPONENTS>,
    /// The episode's score, when this step ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode_normalized_score: Option<f32>,
}

impl From<&StepOutcome> for Reward {
    fn from(outcome: &StepOutcome) -> Self {
        let reward = &outcome.reward;
        let named = |idx: usize| {
            Component::from_index(idx).map_or(("", 0.0), |one| (one.name(), reward.component(one)))
        };
        Self {
            security_score: reward.security(),
            usability_penalty: reward.usability(),
            latency_penalty: reward.latency(),
            format_compliance_score: reward.format(),
            total: reward.total,
            verdict: outcome.verdict.name(),
            risk_level: outcome.risk_level.name(),
            force_done: outcome.terminated,
            components: Named(core::array::from_fn(named)),
            episode_normalized_score: outcome.episode_score,
        }
    }
}

/// What the answered frame truly was.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TruthBody {
    /// Whether it was an attack.
    pub malicious: bool,
    /// What it was.
    pub vector: &'static str,
    /// Whether it carried a mutation.
    pub obfuscated: bool,
    /// The mutations in the order they were applied.
    pub mutations: Vec<&'static str>,
    /// Shared by an attack and its re-injected variants.
    pub campaign: u32,
    /// Index of the scenario in the corpus.
    pub scenario: u32,
    /// Which part of that corpus.
    pub split: &'static str,
    /// The text before mutation.
    pub canonical: String,
}

impl TruthBody {
    /// The truth of a frame of `corpus`.
    pub fn new(truth: &Truth, corpus: &Corpus) -> Self {
        Self {
            malicious: truth.malicious,
            vector: truth.vector.name(),
            obfuscated: truth.mutations.obfuscated(),
            mutations: truth.mutations.iter().map(Mutation::name).collect(),
            campaign: truth.campaign,
            scenario: truth.scenario,
            split: truth.split.name(),
            canonical: truth.canonical(corpus),
        }
    }
}

/// What else a step tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Info {
    /// Position of the answered frame in its episode.
    pub step_id: u32,
    /// Whether a breach ended the episode.
    pub terminated: bool,
    /// Whether the frames are used up.
    pub truncated: bool,
    /// What the verifier found.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, bool>))]
    pub flags: Named<bool, 7>,
    /// What the answered frame truly was.
    pub truth: TruthBody,
}

impl Info {
    /// What a step on a frame of `corpus` tells.
    pub fn new(outcome: &StepOutcome, corpus: &Corpus) -> Self {
        Self {
            step_id: outcome.step_idx,
            terminated: outcome.terminated,
            truncated: outcome.truncated,
            flags: Named(outcome.flags.named()),
            truth: TruthBody::new(&outcome.truth, corpus),
        }
    }
}

/// All about the step just answered, as the OpenEnv dialect's observation carries it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastStep {
    /// What it earned.
    #[serde(flatten)]
    pub reward: Reward,
    /// What else it tells.
    #[serde(flatten)]
    pub info: Info,
}

impl LastStep {
    /// All about a step on a frame of `corpus`.
    pub fn new(outcome: &StepOutcome, corpus: &Corpus) -> Self {
        Self { reward: outcome.into(), info: Info::new(outcome, corpus) }
    }
}

/// Whether the episode is over: terminated or truncated, which the standard does not tell apart.
pub fn done(outcome: &StepOutcome) -> bool {
    outcome.terminated || outcome.truncated
}
