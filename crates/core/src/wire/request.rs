//! Requests: JSON read into validated internal types.

use super::observation::{FieldSet, N_FIELDS, OBSERVATION_SPACE};
use super::validation::{Fields, Invalid, Null};
use crate::action::{Action, ActionType, MAX_RATIONALE_CHARS, MAX_RESTRICTIONS};
use crate::curriculum::Phase;
use crate::environment::{DEFAULT_EPISODE_LENGTH, EnvConfig, MAX_EPISODE_LENGTH, MAX_SEED};
use crate::frame::{Channel, Split};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use serde::Serialize;
use serde_json::Value;

/// Longest `episode_id`, in characters.
pub const MAX_EPISODE_ID_CHARS: usize = 255;
/// Longest `task_name`, in characters.
pub const MAX_TASK_NAME_CHARS: usize = 64;
/// Largest cost that `/api/decide` takes.
pub const MAX_COST: f32 = 1e6;
/// Name of no channel in particular.
pub const UNKNOWN_CHANNEL: &str = "unknown";

/// Reads an action; a field that is not one of an action's is refused.
pub fn action(value: &Value) -> Result<Action, Invalid> {
    let mut fields = Fields::of(value, Null::Refused)?;
    let parts = ActionParts::read(&mut fields);
    fields.refuse_unknown();
    fields.finish(parts)?.action()
}

/// The fields of an action, each valid by itself.
pub(super) struct ActionParts {
    kind: ActionType,
    confidence: f32,
    rationale: String,
    restrictions: Vec<String>,
}

impl ActionParts {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.require("action_type");
        let kind = fields.one_of("action_type", &ActionType::ALL, ActionType::name);
        let confidence = fields.number("confidence", 0.0, 1.0).unwrap_or(0.5);
        let rationale = fields.string("rationale", MAX_RATIONALE_CHARS).unwrap_or_default();
        let restrictions = fields.strings("mcp_restrictions", MAX_RESTRICTIONS).unwrap_or_default();
        fields.ignored_object("metadata");
        Some(Self { kind: kind?, confidence, rationale: rationale.to_owned(), restrictions })
    }

    pub(super) fn action(self) -> Result<Action, Invalid> {
        Action::new(self.kind, self.confidence, self.rationale, self.restrictions)
            .map_err(|error| Invalid::whole(alloc::format!("{error}")))
    }
}

/// An action as a client writes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionBody<'a> {
    /// Wire name of the action.
    pub action_type: &'static str,
    /// In [0, 1].
    pub confidence: f32,
    /// Why.
    pub rationale: &'a str,
    /// Capabilities or tools to restrict.
    pub mcp_restrictions: &'a [String],
}

impl<'a> From<&'a Action> for ActionBody<'a> {
    fn from(action: &'a Action) -> Self {
        Self {
            action_type: action.action_type().name(),
            confidence: action.confidence(),
            rationale: action.rationale(),
            mcp_restrictions: action.mcp_restrictions(),
        }
    }
}

/// What a reset asks for. Fields that are not listed are ignored, as the standard has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reset {
    /// Starts a new run from this seed.
    pub seed: Option<u64>,
    /// Name of the episode.
    pub episode_id: Option<String>,
    /// A label, echoed as `task_id`.
    pub task_name: Option<String>,
    /// Which part of the corpus the frames come from.
    pub split: Option<Split>,
    /// Stays in this phase.
    pub phase: Option<Phase>,
    /// Frames of an episode.
    pub episode_length: Option<u32>,
    /// Which fields of an observation are told from now on.
    pub fields: Option<FieldSet>,
}

impl Reset {
    /// Reads the data of a reset.
    pub fn read(value: &Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Null::Missing)?;
        let reset = Self {
            seed: fields.integer("seed", 0, MAX_SEED),
            episode_id: fields.string("episode_id", MAX_EPISODE_ID_CHARS).map(ToOwned::to_owned),
            task_name: fields.string("task_name", MAX_TASK_NAME_CHARS).map(ToOwned::to_owned),
            split: fields.one_of("split", Split::ALL, Split::name),
            phase: fields.one_of("phase", Phase::ALL, Phase::name),
            episode_length: fields
                .integer("episode_length", 1, u64::from(MAX_EPISODE_LENGTH))
                .map(|n| n as u32),
            fields: asked_fields(&mut fields),
        };
        fields.finish(Some(reset))
    }

    /// Whether a new run starts: a seed or any option asks for one. Otherwise the next episode of
    /// the run at hand starts.
    pub fn starts_run(&self) -> bool {
        self.seed.is_some()
            || self.split.is_some()
            || self.phase.is_some()
            || self.episode_length.is_some()
    }

    /// The configuration of a new run: what is not given has the default, so that the same message
    /// always starts the same run.
    pub fn config(&self) -> EnvConfig {
        EnvConfig {
            episode_length: self.episode_length.unwrap_or(DEFAULT_EPISODE_LENGTH),
            phase: self.phase,
            ..EnvConfig::on(self.split.unwrap_or(Split::Train))
        }
    }
}

/// The body of an OpenEnv step over HTTP. Fields that are not listed are ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The answer.
    pub action: Action,
    /// Whose environment, where no header names it.
    pub episode_id: Option<String>,
    /// The frame that it answers; makes sending it again safe.
    pub step_id: Option<u32>,
}

impl Step {
    /// Reads the body.
    pub fn read(value: &Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Null::Missing)?;
        fields.require("action");
        let read = fields.nested("action", action);
        let episode_id = fields.string("episode_id", MAX_EPISODE_ID_CHARS).map(ToOwned::to_owned);
        let step_id = fields.integer("step_id", 0, u64::from(MAX_EPISODE_LENGTH) - 1);
        let step_id = step_id.map(|n| n as u32);
        fields.finish(read.map(|action| Self { action, episode_id, step_id }))
    }
}

/// Names of an observation's fields.
fn asked_fields(fields: &mut Fields<'_>) -> Option<FieldSet> {
    let names = fields.strings("fields", N_FIELDS)?;
    let asked = FieldSet::from_names(names.iter().map(String::as_str));
    if asked.is_none() {
        let known: Vec<_> = OBSERVATION_SPACE.iter().map(|field| field.name).collect();
        fields.refuse("fields", alloc::format!("must name fields of {}", known.join(", ")));
    }
    asked
}

/// What `/api/decide` is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Decide {
    /// The frame's text.
    pub text: String,
    /// Where it was seen, if known.
    pub channel: Option<Channel>,
    /// Costs to choose the action by.
    pub costs: Option<Costs>,
}

/// What mistakes cost the caller, in any one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// A benign frame stopped.
    pub false_positive: f32,
    /// An attack let through.
    pub breach: f32,
}

impl Default for Costs {
    fn default() -> Self {
        Self { false_positive: 0.4, breach: 1.0 }
    }
}

impl Decide {
    /// Reads the body of `/api/decide`.
    pub fn read(value: &Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(value, Null::Missing)?;
        fields.require("text");
        let text = fields.string("text", usize::MAX).unwrap_or_default().to_owned();
        let channel = channel(&mut fields);
        let false_positive = fields.number("fp_cost", 0.0, MAX_COST);
        let breach = fields.number("breach_cost", 0.0, MAX_COST);
        fields.refuse_unknown();
        let defaults = Costs::default();
        let costs = (false_positive.is_some() || breach.is_some()).then(|| Costs {
            false_positive: false_positive.unwrap_or(defaults.false_positive),
            breach: breach.unwrap_or(defaults.breach),
        });
        fields.finish(Some(Self { text, channel, costs }))
    }
}

/// The field `channel`; unknown and missing are the same.
pub(super) fn channel(fields: &mut Fields<'_>) -> Option<Channel> {
    let channels: Vec<Option<Channel>> =
        Channel::ALL.iter().copied().map(Some).chain([None]).collect();
    fields
        .one_of("channel", &channels, |channel| channel.map_or(UNKNOWN_CHANNEL, Channel::name))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::validation::Loc;
    use alloc::vec;
    use serde_json::json;

    #[test]
    fn an_action_has_defaults() {
        let read = action(&json!({"action_type": "BLOCK"})).unwrap();
        assert_eq!(read, Action::of(ActionType::Block));
    }

    #[test]
    fn an_action_survives_the_wire_to_the_bit() {
        let confidences = [0.0, 1.0, 0.1, 0.333_333_34, f32::MIN_POSITIVE, 0.999_999_94];
        for confidence in confidences {
            let sent = Action::new(
                ActionType::CapabilityMediation,
                confidence,
                "`x` \u{1f600} \"quoted\"".into(),
                vec!["execute".into()],
            )
            .unwrap();
            let text = serde_json::to_string(&ActionBody::from(&sent)).unwrap();
            assert_eq!(action(&serde_json::from_str(&text).unwrap()).unwrap(), sent);
        }
    }

    #[test]
    fn bad_actions_say_which_field_and_why() {
        let place = |value: Value| {
            let error = action(&value).unwrap_err().errors.remove(0);
            error.loc.into_iter().next()
        };
        for (field, value) in [
            ("action_type", json!({})),
            ("action_type", json!({"action_type": "allow"})),
            ("action_type", json!({"action_type": 1})),
            ("confidence", json!({"action_type": "ALLOW", "confidence": 1.5})),
            ("confidence", json!({"action_type": "ALLOW", "confidence": "1"})),
            ("confidence", json!({"action_type": "ALLOW", "confidence": null})),
            ("confidence", json!({"action_type": "ALLOW", "confidence": true})),
            ("rationale", json!({"action_type": "ALLOW", "rationale": "é".repeat(2_001)})),
            ("mcp_restrictions", json!({"action_type": "ALLOW", "mcp_restrictions": "x"})),
            ("mcp_restrictions", json!({"action_type": "ALLOW", "mcp_restrictions": vec![""; 33]})),
            ("metadata", json!({"action_type": "ALLOW", "metadata": []})),
            ("step_id", json!({"action_type": "ALLOW", "step_id": 1})),
        ] {
            assert_eq!(place(value.clone()), Some(Loc::from(field)), "{value}");
        }
        assert!(
            action(&json!({"action_type": "ALLOW", "rationale": "é".repeat(2_000)})).is_ok(),
            "the limit counts characters"
        );
    }

    #[test]
    fn a_reset_takes_null_for_missing_and_ignores_what_it_does_not_know() {
        let read = Reset::read(&json!({"seed": null, "episode_id": null, "render": true})).unwrap();
        assert_eq!(read, Reset::default());
        assert!(!read.starts_run());
    }

    #[test]
    fn a_step_s_envelope_takes_what_it_does_not_know_and_its_action_does_not() {
        let body = json!({"action": {"action_type": "BLOCK"}, "timeout_s": 3, "step_id": 2});
        let read = Step::read(&body).unwrap();
        assert_eq!((read.action, read.step_id), (Action::of(ActionType::Block), Some(2)));
        let loc = |body: Value| {
            serde_json::to_value(&Step::read(&body).unwrap_err().errors[0].loc).unwrap()
        };
        assert_eq!(loc(json!({})), json!(["action"]));
        assert_eq!(loc(json!({"action": 3})), json!(["action"]));
        assert_eq!(loc(json!({"action": {}})), json!(["action", "action_type"]));
        let unknown = json!({"action": {"action_type": "BLOCK", "x": 1}});
        assert_eq!(loc(unknown), json!(["action", "x"]));
    }

    #[test]
    fn a_reset_refuses_values_out_of_range() {
        for value in [
            json!({"seed": -1}),
            json!({"seed": 9_007_199_254_740_992_u64}),
            json!({"seed": 1.5}),
            json!({"seed": "7"}),
            json!({"episode_id": "x".repeat(256)}),
            json!({"split": "all"}),
            json!({"phase": "BOOT"}),
            json!({"episode_length": 0}),
            json!({"episode_length": 65}),
        ] {
            assert_eq!(Reset::read(&value).unwrap_err().errors.len(), 1, "{value}");
        }
        let read = Reset::read(&json!({"seed": 9_007_199_254_740_991_u64})).unwrap();
        assert_eq!(read.seed, Some(MAX_SEED));
    }

    #[test]
    fn costs_are_optional_and_one_may_be_missing() {
        let read = |value| Decide::read(&value).unwrap();
        assert_eq!(read(json!({"text": "x", "channel": "unknown"})).costs, None);
        let costs = read(json!({"text": "x", "breach_cost": 5})).costs.unwrap();
        assert_eq!((costs.false_positive, costs.breach), (0.4, 5.0));
        assert_eq!(read(json!({"text": "", "channel": "log"})).channel, Some(Channel::Log));
        for value in [
            json!({}),
            json!({"text": 1}),
            json!({"text": "x", "channel": "mail"}),
            json!({"text": "x", "fp_cost": -1}),
            json!({"text": "x", "fp_cost": 1e300}),
            json!({"text": "x", "txt": "y"}),
        ] {
            assert!(Decide::read(&value).is_err(), "{value}");
        }
    }
}
