//! What the service tells about itself.

use super::feeds::{FeedInfo, FeedsBody};
use super::hex64;
use super::observation::{FieldInfo, OBSERVATION_SPACE};
use crate::action::{ActionType, N_ACTIONS};
use crate::corpus::Corpus;
use crate::curriculum::Phase;
use crate::environment::ENVIRONMENT_ID;
use crate::frame::Split;
use crate::reward::{BREACH, Component, MAX_TOTAL};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::Serialize;

/// `/health`, as the OpenEnv standard has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Healthy {
    /// `healthy`: something answered.
    pub status: &'static str,
}

/// `/healthz`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `ok`, or `degraded` where a part did not answer.
    pub status: &'static str,
    /// Environments of the caller's namespace.
    pub env_instances: u32,
    /// Live sessions of `/ws` over the whole deployment, each with one environment of its own.
    pub sessions: u32,
    /// Sessions that there may be at once.
    pub max_sessions: u32,
    /// What the next unseeded episodes draw from: `embedded` or `feeds`.
    pub source: &'static str,
    /// Rows that wait, by corpus feed; none where feeds are off.
    pub queue_depths: BTreeMap<String, u32>,
    /// Version of the service.
    pub version: &'static str,
}

/// `/metadata`, as the OpenEnv standard has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metadata {
    /// Name of the environment.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Version of the service.
    pub version: &'static str,
    /// Who made it.
    pub author: &'static str,
    /// Where its documentation is served.
    pub documentation_url: &'static str,
    /// The README, as Markdown.
    pub readme_content: &'static str,
}

/// `/readyz`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Readiness {
    /// `ready` or `degraded`.
    pub status: &'static str,
    /// Why it is degraded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// An action, described.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionInfo {
    /// Wire name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// When to use it.
    pub use_case: &'static str,
    /// Time it takes, in ticks.
    pub ticks: u32,
}

impl From<ActionType> for ActionInfo {
    fn from(action: ActionType) -> Self {
        Self {
            name: action.name(),
            description: action.description(),
            use_case: action.use_case(),
            ticks: action.ticks(),
        }
    }
}

/// A phase of the curriculum, described.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhaseInfo {
    /// Wire name.
    pub name: &'static str,
    /// As the page shows it.
    pub short_name: &'static str,
    /// Probability that a frame is malicious.
    pub malicious: f32,
    /// Probability that a malicious frame carries a mutation.
    pub obfuscated: f32,
    /// Share of replaceable words that `semantic_drift` replaces.
    pub semantic_noise: f32,
    /// Share of STDIO escapes among malicious frames.
    pub stdio: f32,
    /// Average score past which the next phase begins; null in the last one.
    pub gate: Option<f32>,
}

impl From<Phase> for PhaseInfo {
    fn from(phase: Phase) -> Self {
        let rates = phase.rates();
        Self {
            name: phase.name(),
            short_name: phase.short_name(),
            malicious: rates.malicious,
            obfuscated: rates.obfuscated,
            semantic_noise: rates.semantic_noise,
            stdio: rates.stdio,
            gate: phase.gate(),
        }
    }
}

/// One split of the corpus.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dataset {
    /// Name of the split.
    pub split: &'static str,
    /// Families of scenarios.
    pub n_families: u32,
    /// Attack scenarios.
    pub n_malicious: u32,
    /// Benign scenarios.
    pub n_benign: u32,
}

impl Dataset {
    fn of(corpus: &Corpus, split: Split) -> Self {
        let scenarios = |malicious: bool| {
            let of_split = |scenario: &&crate::corpus::Scenario| {
                let family = corpus.families().get(scenario.family as usize);
                scenario.malicious == malicious && family.is_some_and(|one| one.split == split)
            };
            corpus.scenarios().iter().filter(of_split).count() as u32
        };
        Self {
            split: split.name(),
            n_families: corpus.families().iter().filter(|one| one.split == split).count() as u32,
            n_malicious: scenarios(true),
            n_benign: scenarios(false),
        }
    }
}

/// The corpus that frames come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorpusInfo {
    /// What the next unseeded episodes draw from: `embedded` (written texts, compiled), or `feeds`,
    /// whose frames stand in for written ones. A seeded episode always draws from the first.
    pub source: &'static str,
    /// Hash of the compiled file.
    pub checksum: String,
    /// Number of scenarios.
    pub n_scenarios: u32,
    /// Names of the domains.
    pub domains: Vec<String>,
}

/// Where the environment runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Runtime {
    /// The platform.
    pub platform: &'static str,
    /// What the code is.
    pub language: &'static str,
}

/// `/info`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceInfo {
    /// Version of the rules.
    pub environment: &'static str,
    /// Version of the service.
    pub version: &'static str,
    /// The six actions, in the order of the policy's logits.
    pub action_space: [ActionInfo; N_ACTIONS],
    /// The members of an observation.
    pub observation_space: &'static [FieldInfo],
    /// Lowest and highest total of a step.
    pub reward_range: [f32; 2],
    /// Names of the reward's components, in the order they are summed.
    pub reward_components: Vec<&'static str>,
    /// The phases, in order.
    pub curriculum_phases: Vec<PhaseInfo>,
    /// The splits.
    pub datasets: Vec<Dataset>,
    /// The corpus.
    pub corpus: CorpusInfo,
    /// Corpus feeds, by name; none where they are off.
    pub feeds: BTreeMap<String, FeedInfo>,
    /// The run that trained the weights.
    pub model_run: String,
    /// Where it runs.
    pub runtime: Runtime,
}

impl ServiceInfo {
    /// Everything from the rules' constants and the loaded files.
    pub fn new(
        corpus: &Corpus,
        feeds: FeedsBody,
        model_run: &str,
        version: &'static str,
        runtime: Runtime,
    ) -> Self {
        Self {
            environment: ENVIRONMENT_ID,
            version,
            action_space: ActionType::ALL.map(ActionInfo::from),
            observation_space: &OBSERVATION_SPACE,
            reward_range: [BREACH, MAX_TOTAL],
            reward_components: Component::ALL.iter().map(|one| one.name()).collect(),
            curriculum_phases: Phase::ALL.iter().map(|&phase| phase.into()).collect(),
            datasets: Split::ALL.iter().map(|&split| Dataset::of(corpus, split)).collect(),
            corpus: CorpusInfo {
                source: feeds.source,
                checksum: hex64(corpus.checksum()),
                n_scenarios: corpus.n_scenarios(),
                domains: corpus.domains().to_vec(),
            },
            feeds: feeds.feeds,
            model_run: model_run.into(),
            runtime,
        }
    }
}
