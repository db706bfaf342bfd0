//! The batch dialect: many environments of a namespace in one request, all or nothing.

use super::observation::ObservationBody;
use super::request::{ActionParts, Reset};
use super::run::Run;
use super::step::{self, Info, Reward};
use super::validation::{FieldError, Fields, Invalid, Loc, Null};
use crate::action::Action;
use crate::environment::{MAX_EPISODE_LENGTH, MAX_SEED, StepOutcome};
use alloc::{boxed::Box, string::String, vec::Vec};
use serde::Serialize;
use serde_json::Value;

/// Environments of a namespace: ids are below this number.
pub const MAX_ENVS: u32 = 512;

/// What a reset of a batch asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchReset {
    /// Seed that the environments' own are made from, where they give none.
    pub seed: Option<u64>,
    /// The environments; none means every one that there is.
    pub items: Vec<ResetItem>,
}

/// One environment of a [`BatchReset`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResetItem {
    /// Which environment.
    pub env_id: u32,
    /// What is asked for.
    pub reset: Reset,
}

/// One answer of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct StepItem {
    /// Which environment.
    pub env_id: u32,
    /// The answer.
    pub action: Action,
    /// The frame that it answers; makes sending it again safe.
    pub step_id: Option<u32>,
}

/// Whether a body speaks the batch dialect; everything else speaks OpenEnv.
pub fn is_batch(body: &Value) -> bool {
    body.get("items").is_some() || body.get("actions").is_some()
}

impl BatchReset {
    /// Reads a body with `items`.
    pub fn read(body: &Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of(body, Null::Missing)?;
        let seed = fields.integer("seed", 0, MAX_SEED);
        let items = fields.list("items", 0, MAX_ENVS as usize, |item| {
            let env_id = env_id_of(item);
            let reset = Reset::read(item);
            Ok(ResetItem { env_id: env_id?, reset: reset? })
        });
        let items = fields.finish(items)?;
        once_each("items", items.iter().map(|item| item.env_id))?;
        Ok(Self { seed, items })
    }
}

/// Reads a body with `actions`.
pub fn read_steps(body: &Value) -> Result<Vec<StepItem>, Invalid> {
    let mut fields = Fields::of(body, Null::Refused)?;
    let actions = fields.list("actions", 1, MAX_ENVS as usize, |item| {
        let mut item_fields = Fields::of(item, Null::Refused)?;
        item_fields.require("env_id");
        let env_id = item_fields.integer("env_id", 0, u64::from(MAX_ENVS) - 1);
        let step_id = item_fields.integer("step_id", 0, u64::from(MAX_EPISODE_LENGTH) - 1);
        let parts = ActionParts::read(&mut item_fields);
        item_fields.refuse_unknown();
        let (env_id, parts) = item_fields.finish(env_id.zip(parts))?;
        let step_id = step_id.map(|n| n as u32);
        Ok(StepItem { env_id: env_id as u32, action: parts.action()?, step_id })
    });
    let actions = fields.finish(actions)?;
    once_each("actions", actions.iter().map(|item| item.env_id))?;
    Ok(actions)
}

fn env_id_of(item: &Value) -> Result<u32, Invalid> {
    let mut fields = Fields::of(item, Null::Missing)?;
    fields.require("env_id");
    let env_id = fields.integer("env_id", 0, u64::from(MAX_ENVS) - 1);
    fields.finish(env_id).map(|env_id| env_id as u32)
}

fn once_each(list: &'static str, env_ids: impl Iterator<Item = u32>) -> Result<(), Invalid> {
    let mut seen = [false; MAX_ENVS as usize];
    let mut errors = Vec::new();
    for (idx, env_id) in (0u32..).zip(env_ids) {
        let Some(seen) = seen.get_mut(env_id as usize) else { continue };
        if core::mem::replace(seen, true) {
            errors.push(FieldError {
                loc: Vec::from([Loc::from(list), Loc::Index(idx), Loc::from("env_id")]),
                msg: String::from("is there twice"),
            });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Invalid { errors }) }
}

/// One environment's answer to a batch of steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepResult {
    /// Which environment.
    pub env_id: u32,
    /// What it shows now.
    pub observation: ObservationBody,
    /// What the step earned.
    pub reward: RewardBody,
    /// Whether the episode has ended.
    pub done: bool,
    /// All else about the step, where `last_step` is among the asked fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub info: Option<Info>,
}

/// What a step earned, as far as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum RewardBody {
    /// By parts and components.
    Full(Box<Reward>),
    /// The sum alone, where `last_step` is not among the asked fields.
    Total {
        /// The sum of the components.
        total: f32,
    },
}

impl StepResult {
    /// What environment `env_id` answers to a step on `run`.
    pub fn new(env_id: u32, run: &Run, outcome: &StepOutcome) -> Self {
        let told = run.tells_last_step();
        Self {
            env_id,
            observation: run.observation(env_id, None),
            reward: if told {
                RewardBody::Full(Box::new(outcome.into()))
            } else {
                RewardBody::Total { total: outcome.reward.total }
            },
            done: step::done(outcome),
            info: told.then(|| Info::new(outcome, run.env().corpus())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ActionType;
    use serde_json::json;

    #[track_caller]
    fn place(error: &Invalid) -> Value {
        serde_json::to_value(&error.errors[0].loc).unwrap()
    }

    #[test]
    fn batches_are_told_by_their_shape() {
        assert!(is_batch(&json!({"items": []})) && is_batch(&json!({"actions": 1})));
        assert!(!is_batch(&json!({})) && !is_batch(&json!({"action": {}})) && !is_batch(&json!(3)));
    }

    #[test]
    fn a_reset_names_environments_and_their_options() {
        let body = json!({"items": [{"env_id": 0, "task_name": "demo", "seed": 7}, {"env_id": 511}], "seed": 1});
        let read = BatchReset::read(&body).unwrap();
        assert_eq!(read.seed, Some(1));
        assert_eq!(read.items[0].reset.seed, Some(7));
        assert_eq!((read.items[1].env_id, &read.items[1].reset), (511, &Reset::default()));
        assert_eq!(BatchReset::read(&json!({"items": []})).unwrap().items, []);
    }

    #[test]
    fn a_step_answers_one_environment() {
        let body = json!({"actions": [{"env_id": 3, "action_type": "BLOCK", "step_id": 2}]});
        let action = Action::of(ActionType::Block);
        assert_eq!(read_steps(&body).unwrap(), [StepItem { env_id: 3, action, step_id: Some(2) }]);
    }

    #[test]
    fn errors_name_the_item() {
        let steps = |actions: Value| place(&read_steps(&json!({"actions": actions})).unwrap_err());
        let good = json!({"env_id": 1, "action_type": "ALLOW"});
        assert_eq!(steps(json!([])), json!(["actions"]));
        assert_eq!(steps(json!([good, {"env_id": 1}])), json!(["actions", 1, "action_type"]));
        assert_eq!(steps(json!([good, good])), json!(["actions", 1, "env_id"]));
        assert_eq!(
            steps(json!([{"env_id": 512, "action_type": "ALLOW"}])),
            json!(["actions", 0, "env_id"])
        );
        assert_eq!(
            steps(json!([{"env_id": 1, "action_type": "ALLOW", "x": 1}])),
            json!(["actions", 0, "x"])
        );
        assert_eq!(steps(json!([7])), json!(["actions", 0]));
        let many: Vec<Value> =
            (0..513).map(|n| json!({"env_id": n, "action_type": "ALLOW"})).collect();
        assert_eq!(steps(json!(many)), json!(["actions"]));
        let resets = |items: Value| place(&BatchReset::read(&json!({"items": items})).unwrap_err());
        assert_eq!(resets(json!([{}])), json!(["items", 0, "env_id"]));
        assert_eq!(resets(json!([{"env_id": 0, "seed": -1}])), json!(["items", 0, "seed"]));
        assert_eq!(resets(json!([{"env_id": 0}, {"env_id": 0}])), json!(["items", 1, "env_id"]));
    }
}
