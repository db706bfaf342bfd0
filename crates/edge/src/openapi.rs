//! `/openapi.json` and `/schema`: made from the handlers' own types, and the schemas of what core
//! reads by hand.

use crate::config::VERSION;
use crate::{infer, mcp, play, router, service};
use omniguard_core::wire::problem::Problem;
use omniguard_core::wire::schema;
use omniguard_core::wire::validation::{FieldError, Loc};
use serde_json::{Map, Value, json};
use utoipa::{IntoResponses, OpenApi};

/// Errors that any path may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses, and is never made")]
pub(crate) enum Problems {
    /// The caller's fault; nothing was applied.
    #[response(status = "4XX", content_type = "application/problem+json")]
    Caller(#[to_schema] Problem),
    /// The server's fault; nothing was applied.
    #[response(status = "5XX", content_type = "application/problem+json")]
    Ours(#[to_schema] Problem),
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "OmniGuard",
        description = "An environment in which a defender learns to answer the traffic of an MCP \
                       gateway, and a trained defender's verdicts. `/reset` and `/step` speak two \
                       dialects, told apart by the body's shape: `items` or `actions` is the batch \
                       dialect, everything else OpenEnv. Sessions over `/ws` speak OpenEnv too: \
                       one socket is one environment.",
    ),
    paths(
        play::reset,
        play::step,
        play::state,
        service::healthy,
        service::metadata,
        service::schema,
        service::health,
        service::ready,
        service::info,
        service::metrics,
        router::judge,
        infer::ask,
        infer::status,
        mcp::answer,
    ),
    // Those that the errors refer to, which the derive does not follow.
    components(schemas(FieldError, Loc)),
    tags(
        (name = "environment", description = "Playing."),
        (name = "defender", description = "Verdicts of the trained defender and of hosted models."),
        (name = "service", description = "What the service tells about itself."),
    )
)]
struct Api;

/// Schemas that no derive makes.
fn by_hand() -> [(&'static str, Value); 11] {
    [
        ("Action", schema::action()),
        ("Reset", schema::reset()),
        ("Step", schema::step(reference("Action"))),
        ("BatchReset", schema::batch_reset()),
        ("BatchStep", schema::batch_step()),
        ("ResetBody", either("Reset", "BatchReset")),
        ("StepBody", either("Step", "BatchStep")),
        ("Decide", schema::decide()),
        ("Infer", schema::infer()),
        ("Decision", schema::decision()),
        ("JsonRpc", json!({"description": "A JSON-RPC message of the Model Context Protocol."})),
    ]
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn either(one: &str, other: &str) -> Value {
    json!({"anyOf": [reference(one), reference(other)]})
}

/// The whole document.
pub(crate) fn document() -> Value {
    let mut document = serde_json::to_value(Api::openapi()).unwrap_or_default();
    if let Some(info) = document.get_mut("info").and_then(Value::as_object_mut) {
        info.insert("version".into(), VERSION.into());
    }
    for path in ["~1step", "~1api~1decide", "~1api~1infer"] {
        let body = document.pointer_mut(&format!("/paths/{path}/post/requestBody"));
        if let Some(body) = body.and_then(Value::as_object_mut) {
            body.insert("required".into(), true.into());
        }
    }
    if let Some(schemas) = schemas_of(&mut document) {
        schemas.values_mut().for_each(open_flattened_options);
        schemas.extend(by_hand().map(|(name, schema)| (name.into(), schema)));
    }
    document
}

/// A flattened option that is missing leaves no member, not `null`: the derive does not know.
fn open_flattened_options(schema: &mut Value) {
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten();
    for part in parts {
        let null = json!({"type": "null"});
        let Some(choices) = part.get("oneOf").and_then(Value::as_array) else { continue };
        if choices.contains(&null) {
            let kept: Vec<_> = choices.iter().filter(|one| **one != null).cloned().collect();
            *part = json!({"anyOf": [{"anyOf": kept}, {"type": "object"}]});
        }
    }
}

fn schemas_of(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document.pointer_mut("/components/schemas")?.as_object_mut()
}

/// `/schema`: what the standard asks for, each schema complete in itself.
pub(crate) fn spaces() -> Value {
    let mut document = document();
    let none = Map::new();
    let schemas = schemas_of(&mut document).map_or(&none, |schemas| &*schemas);
    json!({
        "action": whole(schemas, "Action"),
        "observation": whole(schemas, "ObservationBody"),
        "state": whole(schemas, "StateBody"),
    })
}

const PREFIX: &str = "#/components/schemas/";

/// A schema with those that it refers to as its `$defs`.
fn whole(schemas: &Map<String, Value>, name: &str) -> Value {
    let mut schema = schemas.get(name).cloned().unwrap_or_default();
    let mut wanted = Vec::new();
    localise(&mut schema, &mut wanted);
    let mut defs = Map::new();
    while let Some(name) = wanted.pop() {
        if defs.contains_key(&name) {
            continue;
        }
        let mut schema = schemas.get(&name).cloned().unwrap_or_default();
        localise(&mut schema, &mut wanted);
        defs.insert(name, schema);
    }
    if let (Some(members), false) = (schema.as_object_mut(), defs.is_empty()) {
        members.insert("$defs".into(), defs.into());
    }
    schema
}

/// Turns references into components into references into `$defs`, and gathers their names.
fn localise(schema: &mut Value, wanted: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "$ref" => {
                        if let Some(name) = text.strip_prefix(PREFIX).map(str::to_owned) {
                            *text = format!("#/$defs/{name}");
                            wanted.push(name);
                        }
                    }
                    other => localise(other, wanted),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| localise(item, wanted)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(text)) = members.get("$ref") {
                    found.push(text.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50);
        for text in found {
            let pointer = text.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{text}");
        }
    }

    #[test]
    fn schemas_of_the_spaces_are_complete_in_themselves() {
        let spaces = spaces();
        for name in ["action", "observation", "state"] {
            let schema = &spaces[name];
            assert!(schema["type"] == "object" || schema["allOf"].is_array(), "{name}: {schema}");
            let mut found = Vec::new();
            references(schema, &mut found);
            for text in found {
                let pointer = text.strip_prefix('#').unwrap();
                assert!(schema.pointer(pointer).is_some(), "{name}: {text}");
            }
        }
        assert!(spaces["observation"]["properties"]["last_step"].is_object());
    }
}
