//! JSON Schemas (2020-12) of what is read by hand, from the constants that the readers use: for the
//! tools of MCP, for `OpenAPI` and for `/schema`.
//!
//! Answers' objects are closed: a member that is added to an answer and not here fails a test, and
//! a validating client.

use super::batch::MAX_ENVS;
use super::infer::Side;
use super::observation::{N_FIELDS, OBSERVATION_SPACE};
use super::request::{Costs, MAX_COST, MAX_EPISODE_ID_CHARS, MAX_TASK_NAME_CHARS, UNKNOWN_CHANNEL};
use crate::action::{ActionType, MAX_RATIONALE_CHARS, MAX_RESTRICTIONS};
use crate::curriculum::Phase;
use crate::decode::{DecodeKind, MAX_DEPTH};
use crate::environment::{DEFAULT_EPISODE_LENGTH, MAX_EPISODE_LENGTH, MAX_SEED};
use crate::frame::{Channel, MAX_FRAME_BYTES, Split};
use crate::policy::MAX_TEXT_BYTES;
use alloc::{format, string::String, vec, vec::Vec};
use serde_json::{Map, Value, json};

pub(super) fn object(properties: Value, optional: &[&str]) -> Value {
    let required: Vec<&str> = properties
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| !optional.contains(name))
        .collect();
    let schema = json!({"type": "object", "required": required, "additionalProperties": false});
    with(schema, "properties", properties)
}

pub(super) fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert(keyword.into(), value);
    }
    schema
}

pub(super) fn described(schema: Value, description: &str) -> Value {
    with(schema, "description", description.into())
}

pub(super) fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

pub(super) fn share(description: &str) -> Value {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": description})
}

pub(super) fn count(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": description})
}

pub(super) fn action_name() -> Value {
    json!({"type": "string", "enum": ActionType::ALL.map(ActionType::name)})
}

pub(super) fn list(items: Value, description: &str) -> Value {
    with(json!({"type": "array", "description": description}), "items", items)
}

pub(super) fn or_null(schema: Value, description: &str) -> Value {
    json!({"anyOf": Value::Array(vec![schema, json!({"type": "null"})]), "description": description})
}

/// An action.
pub fn action() -> Value {
    object(
        json!({
            "action_type": described(action_name(), "What to do with the frame."),
            "confidence": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "default": 0.5,
                "description": "Probability that the answer is right: it is scored.",
            },
            "rationale": {
                "type": "string",
                "maxLength": MAX_RATIONALE_CHARS,
                "default": "",
                "description": "Why.",
            },
            "mcp_restrictions": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": MAX_RESTRICTIONS,
                "default": [],
                "description": "Capabilities or tools to restrict.",
            },
            "metadata": {"type": "object", "description": "The client's own; not looked at."},
        }),
        &["confidence", "rationale", "mcp_restrictions", "metadata"],
    )
}

/// What a reset may ask for, in either dialect.
fn reset_options() -> Map<String, Value> {
    let nullable = |schema: Value, kind: &str| with(schema, "type", json!([kind, "null"]));
    let names = |names: Vec<&str>, description: &str| {
        json!({
            "anyOf": [{"type": "string", "enum": names}, {"type": "null"}],
            "description": description,
        })
    };
    let fields: Vec<_> = OBSERVATION_SPACE.iter().map(|field| field.name).collect();
    let options = json!({
        "seed": nullable(
            json!({
                "minimum": 0,
                "maximum": MAX_SEED,
                "description": "Starts a new run from this seed; drawn where none is given.",
            }),
            "integer",
        ),
        "episode_id": nullable(
            json!({"maxLength": MAX_EPISODE_ID_CHARS, "description": "Name of the episode."}),
            "string",
        ),
        "task_name": nullable(
            json!({"maxLength": MAX_TASK_NAME_CHARS, "description": "A label, echoed as `task_id`."}),
            "string",
        ),
        "split": names(
            Split::ALL.iter().map(|split| split.name()).collect(),
            "Which part of the corpus the frames come from; `train` by default.",
        ),
        "phase": names(
            Phase::ALL.iter().map(|phase| phase.name()).collect(),
            "Stays in this phase of the curriculum.",
        ),
        "episode_length": nullable(
            json!({
                "minimum": 1,
                "maximum": MAX_EPISODE_LENGTH,
                "description": format!("Frames of an episode; {DEFAULT_EPISODE_LENGTH} by default."),
            }),
            "integer",
        ),
        "fields": nullable(
            json!({
                "items": {"type": "string", "enum": fields},
                "maxItems": N_FIELDS,
                "description": "Which fields of an observation are told from now on; all by \
                                default. In the batch dialect, without `last_step`, a step's result \
                                has no `info` and its reward is the total alone.",
            }),
            "array",
        ),
    });
    match options {
        Value::Object(options) => options,
        _ => Map::new(),
    }
}

fn env_id() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": MAX_ENVS - 1, "description": "Which environment."})
}

fn step_id() -> Value {
    json!({
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_EPISODE_LENGTH - 1,
        "description": "The frame that is answered. Sent again with the same one, a step is told \
                        again instead of being applied twice.",
    })
}

/// An object that may have other members, but none that would make it a batch.
fn open(properties: &Map<String, Value>, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "not": {"anyOf": [{"required": ["items"]}, {"required": ["actions"]}]},
    })
}

/// A reset of the OpenEnv dialect.
pub fn reset() -> Value {
    open(&reset_options(), &[])
}

/// A step of the OpenEnv dialect. `action` is the schema of an action, or a reference to it.
pub fn step(action: Value) -> Value {
    let mut properties = Map::new();
    properties.insert("action".into(), action);
    let episode_id = json!({
        "type": ["string", "null"],
        "maxLength": MAX_EPISODE_ID_CHARS,
        "description": "Whose environment, where no header names a namespace.",
    });
    properties.insert("episode_id".into(), episode_id);
    properties.insert("step_id".into(), with(step_id(), "type", json!(["integer", "null"])));
    open(&properties, &["action"])
}

/// A reset of the batch dialect.
pub fn batch_reset() -> Value {
    let mut item = reset_options();
    item.insert("env_id".into(), env_id());
    json!({
        "type": "object",
        "properties": {
            "seed": {
                "type": ["integer", "null"],
                "minimum": 0,
                "maximum": MAX_SEED,
                "description": "Environment i without a seed of its own has fork(i) of this one.",
            },
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": item, "required": ["env_id"]},
                "maxItems": MAX_ENVS,
                "description": "The environments, each once; none means all that there are.",
            },
        },
        "required": ["items"],
    })
}

/// Steps of the batch dialect.
pub fn batch_step() -> Value {
    let mut item = action();
    if let Some(properties) = item.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("env_id".into(), env_id());
        properties.insert("step_id".into(), step_id());
    }
    item = with(item, "required", json!(["env_id", "action_type"]));
    json!({
        "type": "object",
        "properties": {"actions": {
            "type": "array",
            "items": item,
            "minItems": 1,
            "maxItems": MAX_ENVS,
            "description": "One per environment, each once: all are applied, or none.",
        }},
        "required": ["actions"],
    })
}

/// What `/api/decide` is asked, and the tools `inspect` and `explain`.
pub fn decide() -> Value {
    let default = Costs::default();
    let cost = |what: &str, default: f32| {
        let description = format!(
            "{what}. Where one of the two costs is given, the action of least expected cost is \
             chosen; the other is then {default} if it is missing."
        );
        or_null(json!({"type": "number", "minimum": 0, "maximum": MAX_COST}), &description)
    };
    object(
        json!({
            "text": {
                "type": "string",
                "description": format!(
                    "The frame as it stands, encodings included; at most {MAX_TEXT_BYTES} bytes \
                     of UTF-8."
                ),
            },
            "channel": channel(),
            "fp_cost": cost("What stopping a harmless frame costs", default.false_positive),
            "breach_cost": cost("What letting an attack through costs", default.breach),
        }),
        &["channel", "fp_cost", "breach_cost"],
    )
}

fn channel() -> Value {
    let channels: Vec<_> =
        Channel::ALL.iter().map(|one| one.name()).chain([UNKNOWN_CHANNEL]).collect();
    or_null(json!({"type": "string", "enum": channels}), "Where the frame was seen, if known.")
}

/// What `/api/infer` is asked.
pub fn infer() -> Value {
    let frame = object(
        json!({
            "text": text(&format!("The frame; at most {MAX_FRAME_BYTES} bytes of UTF-8.")),
            "channel": channel(),
        }),
        &["channel"],
    );
    let models: Vec<_> = Side::ALL.iter().map(|side| side.name()).collect();
    object(json!({"model": {"type": "string", "enum": models}, "frame": frame}), &[])
}

fn by_action(of_one: &Value, description: &str) -> Value {
    let members: Map<_, _> =
        ActionType::ALL.iter().map(|one| (one.name().into(), of_one.clone())).collect();
    described(object(Value::Object(members), &[]), description)
}

/// Members that a decision and its explanation have in common.
fn judgement() -> [(&'static str, Value); 8] {
    let restrictions = json!({
        "type": "array",
        "items": {"type": "string"},
        "maxItems": MAX_RESTRICTIONS,
        "description": "Capabilities or tools to restrict.",
    });
    let cost = json!({"type": "number", "minimum": 0});
    [
        ("confidence", share("Probability, by the beliefs, that the action is right.")),
        ("p_malicious", share("Belief that the frame is an attack.")),
        ("p_stdio", share("Belief that the frame is an escape from the STDIO sandbox.")),
        ("rationale", text("What moved the policy, and by how much.")),
        ("mcp_restrictions", restrictions),
        ("drift", share("How far the decoded text is from the raw one.")),
        (
            "expected_costs",
            by_action(&cost, "Expected cost of each action, where costs were given."),
        ),
        ("model_run", text("The run that trained the weights.")),
    ]
}

pub(super) fn with_judgement(mut properties: Value) -> Value {
    if let Some(members) = properties.as_object_mut() {
        members.extend(judgement().map(|(name, schema)| (name.into(), schema)));
    }
    object(properties, &["expected_costs"])
}

pub(super) fn decode_step(more: &[(&str, Value)]) -> Value {
    let mut members = Map::new();
    members.insert(
        "kind".into(),
        json!({"type": "string", "enum": DecodeKind::ALL.map(DecodeKind::name)}),
    );
    members.insert("leaf".into(), count("Index of the string leaf; 0 for plain text."));
    members.insert(
        "depth".into(),
        json!({
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_DEPTH,
            "description": "1 for the outermost encoding.",
        }),
    );
    members.extend(more.iter().map(|(name, schema)| ((*name).into(), schema.clone())));
    object(Value::Object(members), &[])
}

/// What `/api/decide` answers, and `inspect`.
pub fn decision() -> Value {
    let span =
        object(json!({"start": count("First byte."), "end": count("One past the last.")}), &[]);
    with_judgement(json!({
        "action": described(action_name(), "What to do with the frame."),
        "probabilities": by_action(
            &json!({"type": "number", "minimum": 0, "maximum": 1}),
            "The policy's probability of each action.",
        ),
        "decoded": text("What the decoder makes of the text."),
        "decode_steps": list(decode_step(&[]), "How the decoder got there."),
        "hints": list(json!({"type": "string"}), "Names of the detectors that fired."),
        "span": or_null(span, "Bytes of the raw text where the strongest evidence lies."),
    }))
}
