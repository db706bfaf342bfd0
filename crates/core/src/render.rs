//! From recipe to text: slots filled, mutations applied, one serialiser for every frame.
//!
//! Invariant: spacing, key order, escapes and ids are drawn from the render seed alone, so they say
//! nothing about the label.

use crate::corpus::{Body, Corpus, Family, Layer, Param, Part, Scenario};
use crate::frame::{Channel, Frame, Mutations};
use crate::json::{self, Spacing, Style, Value, object};
use crate::mutate::mutate;
use crate::rng::Rng;
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};

/// Stream of the mutation's draws below the render seed.
const MUTATION_STREAM: u64 = 1;
/// Stream of the draws of a server's other tools below the slot seed.
const SIBLING_STREAM: u64 = 0x7369_626c_696e_6701;
/// How often a list shows other tools as well.
const SIBLING_SHARE: f32 = 0.4;
/// Stream of the style's draws below the render seed.
const STYLE_STREAM: u64 = 2;

/// The text that a gateway sees.
pub fn render(corpus: &Corpus, frame: &Frame) -> String {
    render_with(corpus, frame, frame.mutations)
}

/// The text before mutation, in the same style.
pub fn canonical(corpus: &Corpus, frame: &Frame) -> String {
    render_with(corpus, frame, Mutations::NONE)
}

fn render_with(corpus: &Corpus, frame: &Frame, mutations: Mutations) -> String {
    let (layer, idx) = corpus.layer(frame.scenario);
    let Some(scenario) = layer.scenario(idx) else {
        return String::new();
    };
    let family = layer.family(idx);
    let fill = |template: &str| layer.slots().fill(template, frame.slot_seed);

    let mut leaves: Vec<String> = scenario
        .parts
        .iter()
        .filter_map(|(_, part)| match part {
            Part::Text(template) => Some(fill(template)),
            Part::Literal(_) => None,
        })
        .collect();
    let params = parameters(layer, family, scenario);
    leaves.extend(
        params.iter().skip(leaves.len().saturating_sub(1)).map(|param| fill(param.description)),
    );
    if mutations.obfuscated() {
        let mut rng = Rng::new(frame.render_seed).fork(MUTATION_STREAM);
        mutate(&mut leaves, mutations, frame.semantic_noise, &mut rng);
    }

    if let Some(first) = leaves.first_mut() {
        *first = layer.carry(idx, frame.slot_seed, core::mem::take(first));
    }

    let mut rng = Rng::new(frame.render_seed).fork(STYLE_STREAM);
    match family.channel {
        Channel::UserPrompt | Channel::Log => leaves.into_iter().next().unwrap_or_default(),
        Channel::ToolDescription => {
            let tool = tool_entry(tool_name(layer, family), leaves, &params);
            let n_others = layer.facts(idx).n_siblings;
            let tools = listed(layer, family, tool, n_others, frame.slot_seed);
            let tools = object([("tools", Value::Array(tools))]);
            write_message(vec![("result", tools)], &mut rng)
        }
        Channel::ToolCall => {
            let arguments = fields(scenario, leaves);
            let params =
                object([("name", tool_name(layer, family).into()), ("arguments", arguments)]);
            write_message(vec![("method", "tools/call".into()), ("params", params)], &mut rng)
        }
        Channel::ToolResult => {
            let result = match scenario.body {
                Body::Fields => object([
                    ("content", Value::Array(Vec::new())),
                    ("structuredContent", fields(scenario, leaves)),
                ]),
                _ => object([
                    ("content", Value::Array(leaves.into_iter().map(text_item).collect())),
                    ("isError", Value::Bool(false)),
                ]),
            };
            write_message(vec![("result", result)], &mut rng)
        }
    }
}

fn tool_name<'a>(layer: &'a Layer, family: &Family) -> &'a str {
    family.tool.map_or("", |tool| layer.tool_name(tool))
}

/// A parameter of a described tool.
struct Described<'a> {
    name: &'a str,
    kind: &'a str,
    description: &'a str,
}

/// Parameters of a described tool: the scenario's own, else the tool's. Empty on other channels.
fn parameters<'a>(layer: &'a Layer, family: &Family, scenario: &'a Scenario) -> Vec<Described<'a>> {
    if family.channel != Channel::ToolDescription {
        return Vec::new();
    }
    let tool = family.tool.and_then(|tool| layer.tools().get(tool as usize));
    let known = tool.map_or(&[][..], |tool| &tool.params);
    let kind_of = |name: &str| {
        known.iter().find(|param| param.name == name).map_or("string", |param| &param.kind)
    };
    let own: Vec<_> = scenario
        .parts
        .iter()
        .skip(1)
        .filter_map(|(name, part)| match part {
            Part::Text(description) => Some(Described { name, kind: kind_of(name), description }),
            Part::Literal(_) => None,
        })
        .collect();
    if own.is_empty() { described(known) } else { own }
}

fn described(params: &[Param]) -> Vec<Described<'_>> {
    params
        .iter()
        .map(|Param { name, kind, description }| Described { name, kind, description })
        .collect()
}

/// The tool among others of its server, as `tools/list` shows them.
fn listed(
    layer: &Layer,
    family: &Family,
    tool: Value,
    n_others: u32,
    slot_seed: u64,
) -> Vec<Value> {
    let mut rng = Rng::new(slot_seed).fork(SIBLING_STREAM);
    let more = n_others > 0 && rng.chance(SIBLING_SHARE);
    let n = if more { 1 + rng.below(n_others) } else { 0 };
    let mut others: Vec<_> = layer
        .tools()
        .iter()
        .zip(0u32..)
        .filter(|(other, idx)| other.domain == family.domain && family.tool != Some(*idx))
        .map(|(other, _)| other)
        .collect();
    let mut tools = Vec::new();
    for _ in 0..n {
        if others.is_empty() {
            break;
        }
        let other = others.swap_remove(rng.below(others.len() as u32) as usize);
        let texts =
            [&other.description].into_iter().chain(other.params.iter().map(|p| &p.description));
        let leaves = texts.map(|text| layer.slots().fill(text, slot_seed)).collect();
        tools.push(tool_entry(&other.name, leaves, &described(&other.params)));
    }
    let at = rng.below(tools.len() as u32 + 1) as usize;
    tools.insert(at, tool);
    tools
}

fn tool_entry(name: &str, leaves: Vec<String>, params: &[Described<'_>]) -> Value {
    let mut leaves = leaves.into_iter();
    let description = leaves.next().unwrap_or_default();
    let required = params.first().map(|param| param.name.into()).into_iter().collect();
    let properties = params
        .iter()
        .zip(leaves)
        .map(|(param, text)| {
            let schema = object([("type", param.kind.into()), ("description", text.into())]);
            (param.name.to_owned(), schema)
        })
        .collect();
    let schema = object([
        ("type", "object".into()),
        ("properties", Value::Object(properties)),
        ("required", Value::Array(required)),
    ]);
    object([("name", name.into()), ("description", description.into()), ("inputSchema", schema)])
}

pub(crate) fn text_item(text: String) -> Value {
    object([("type", "text".into()), ("text", text.into())])
}

fn fields(scenario: &Scenario, leaves: Vec<String>) -> Value {
    let mut leaves = leaves.into_iter();
    let member = |(key, part): &(String, Part)| {
        let value = match part {
            Part::Text(_) => leaves.next().unwrap_or_default().into(),
            Part::Literal(literal) => json::parse(literal).unwrap_or(Value::Null),
        };
        (key.clone(), value)
    };
    Value::Object(scenario.parts.iter().map(member).collect())
}

/// A JSON-RPC message with a drawn id, member order and style.
pub(crate) fn write_message(members: Vec<(&str, Value)>, rng: &mut Rng) -> String {
    let id = match rng.below(3) {
        0 => Value::from(format!("{:08x}", rng.u32())),
        1 => rng.below(100).into(),
        _ => rng.below(100_000).into(),
    };
    let mut message: Vec<(String, Value)> =
        vec![("jsonrpc".into(), "2.0".into()), ("id".into(), id)];
    message.extend(members.into_iter().map(|(key, value)| (key.into(), value)));
    let shift = rng.below(message.len() as u32) as usize;
    message.rotate_left(shift);
    let spacing = match rng.below(4) {
        0 | 1 => Spacing::Compact,
        2 => Spacing::Spaced,
        _ => Spacing::Pretty(if rng.chance(0.5) { 2 } else { 4 }),
    };
    json::write(&Value::Object(message), Style { spacing, ascii: rng.chance(0.25) })
}
