//! The OpenEnv dialect's messages (`openenv-core` 0.3, `env_server/types.py`).

use super::feeds::{EMBEDDED, FEEDS};
use super::observation::ObservationBody;
use super::validation::{FieldError, Invalid};
use super::{Named, hex64, mcp};
use crate::environment::{ENVIRONMENT_ID, Environment};
use crate::frame::{Mutation, N_MUTATIONS};
use alloc::{string::String, vec::Vec};
use serde::Serialize;

/// A message to the client.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "made to be serialised at once, never stored")]
pub enum Outgoing {
    /// The answer to a reset or a step.
    Observation(Observed),
    /// The answer to a state request.
    State(StateBody),
    /// The answer to a message of the Model Context Protocol.
    Mcp(mcp::Response),
    /// Nothing was applied.
    Error(ErrorBody),
}

/// An observation with the reward and the end beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observed {
    /// What the agent sees.
    pub observation: ObservationBody,
    /// Total reward of the step; null after a reset.
    pub reward: Option<f32>,
    /// Whether the episode is over.
    pub done: bool,
}

/// The session's state: never the truth of the frame in hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateBody {
    /// Name of the episode; null before the first reset.
    pub episode_id: Option<String>,
    /// Steps taken in this episode.
    pub step_count: u32,
    /// Version of the rules.
    pub environment: &'static str,
    /// The run; its members are missing before the first reset.
    #[serde(flatten)]
    pub run: Option<RunState>,
}

/// What a run was started with, and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunState {
    /// The seed: the one asked for, or the one drawn.
    pub seed: u64,
    /// Which part of the corpus the frames come from.
    pub split: &'static str,
    /// Where the episode's texts are from: `embedded` or `feeds`. A run that a client seeded is
    /// always `embedded`; of any other the seed alone tells the episode only where this said so of
    /// every episode so far.
    pub source: &'static str,
    /// The phase now.
    pub phase: &'static str,
    /// Whether the phase was asked for, and stays.
    pub phase_pinned: bool,
    /// Frames of an episode.
    pub episode_length: u32,
    /// Episodes begun in this run.
    pub n_episodes: u32,
    /// Whether the episode is over.
    pub done: bool,
    /// Hash over every step of the run so far, in hexadecimal.
    pub trajectory_hash: String,
    /// Natural logarithms of the adversary's weights, by mutation; the largest is 0.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, f32>))]
    pub adversary_log_weights: Named<f32, N_MUTATIONS>,
}

impl From<&Environment> for RunState {
    fn from(env: &Environment) -> Self {
        let config = env.config();
        Self {
            seed: env.seed(),
            split: config.split.name(),
            source: env.corpus().streamed().map_or(EMBEDDED, |_| FEEDS),
            phase: env.phase().name(),
            phase_pinned: config.phase.is_some(),
            episode_length: config.episode_length,
            n_episodes: env.n_episodes_begun(),
            done: env.episode_over(),
            trajectory_hash: hex64(env.trajectory_hash()),
            adversary_log_weights: Named(core::array::from_fn(|idx| {
                let name = Mutation::from_index(idx).map_or("", Mutation::name);
                (name, env.adversary().log_weights()[idx])
            })),
        }
    }
}

impl StateBody {
    /// State of a session; without an environment before the first reset.
    pub fn new(episode: Option<(&str, &Environment)>) -> Self {
        Self {
            episode_id: episode.map(|(id, _)| id.into()),
            step_count: episode.map_or(0, |(_, env)| env.step_idx()),
            environment: ENVIRONMENT_ID,
            run: episode.map(|(_, env)| env.into()),
        }
    }
}

/// The standard's error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The message is no JSON.
    InvalidJson,
    /// No such message type.
    UnknownType,
    /// A value is not what it must be.
    ValidationError,
    /// The environment refused.
    ExecutionError,
    /// No room for another session.
    CapacityReached,
    /// The environment cannot be made.
    FactoryError,
    /// The session cannot go on.
    SessionError,
}

/// Why nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// For people.
    pub message: String,
    /// The standard's code.
    pub code: ErrorCode,
    /// A stable slug that tells causes of one code apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What is wrong where, on validation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl ErrorBody {
    /// An error of a code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), code, reason: None, errors: Vec::new() }
    }

    /// The same error with its slug.
    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

impl From<Invalid> for ErrorBody {
    fn from(invalid: Invalid) -> Self {
        let n_errors = invalid.errors.len();
        let message = alloc::format!("{n_errors} value(s) were refused; see errors");
        Self { errors: invalid.errors, ..Self::new(ErrorCode::ValidationError, message) }
    }
}
