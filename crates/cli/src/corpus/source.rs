//! The corpus sources: one TOML file per domain, slot lists and the definition of the splits.

use super::splits::Splits;
use anyhow::{Context, Result, bail, ensure};
use omniguard_core::corpus::carrier::{N_PLACES, PLACE};
use omniguard_core::corpus::format::Content;
use omniguard_core::corpus::slots::{Slot, Slots};
use omniguard_core::corpus::{Body, Carrier, Family, Param, Part, Scenario, Tool};
use omniguard_core::frame::{Channel, Mutation, Vector};
use omniguard_core::mutate::acts_on;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Longest text of a scenario, in characters: every mutation of most texts stays within a frame.
pub(super) const MAX_TEXT_CHARS: usize = 4_000;
/// Types that a parameter may have.
const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainFile {
    domain: String,
    /// For readers of the sources.
    #[serde(rename = "title")]
    _title: String,
    tool: Vec<ToolEntry>,
    family: Vec<FamilyEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolEntry {
    name: String,
    description: String,
    params: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyEntry {
    id: String,
    channel: String,
    vector: String,
    technique: String,
    tool: Option<String>,
    #[serde(default)]
    carried: bool,
    #[serde(default)]
    malicious: Vec<Entry>,
    #[serde(default)]
    benign: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarrierFile {
    carrier: Vec<CarrierEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CarrierEntry {
    id: String,
    channel: String,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    text: Option<String>,
    texts: Option<Vec<String>>,
    args: Option<toml::Table>,
    structured: Option<toml::Table>,
    params: Option<toml::Table>,
}

/// Reads all sources of a folder.
pub(super) fn read_folder(folder: &Path) -> Result<Content> {
    let splits = Splits::read(&folder.join("splits.toml"))?;
    let mut content =
        Content { slots: read_slots(&folder.join("slots.toml"))?, ..Content::default() };
    let mut ids = BTreeSet::new();
    for path in toml_files(&folder.join("carriers"))? {
        read_carriers(&path, &mut content, &mut ids)
            .with_context(|| format!("in {}", path.display()))?;
    }
    let mut files = toml_files(folder)?;
    files.retain(|path| !path.ends_with("slots.toml") && !path.ends_with("splits.toml"));
    let mut texts = BTreeMap::new();
    for path in &files {
        read_domain(path, &mut content, &mut ids, &mut texts)
            .with_context(|| format!("in {}", path.display()))?;
    }
    splits.assign(&mut content);
    Ok(content)
}

/// Whether texts of a channel may stand in a longer document.
fn carries(channel: Channel) -> bool {
    matches!(channel, Channel::ToolResult | Channel::ToolDescription | Channel::UserPrompt)
}

/// TOML files of a folder, in order.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

fn read_carriers(path: &Path, content: &mut Content, ids: &mut BTreeSet<String>) -> Result<()> {
    let file: CarrierFile = read_toml(path)?;
    for CarrierEntry { id, channel, text } in file.carrier {
        let channel =
            Channel::from_name(&channel).with_context(|| format!("{channel} is no channel"))?;
        ensure!(carries(channel), "{id}: carriers are results, descriptions or prompts");
        let places = text.lines().filter(|line| line.contains(PLACE)).count();
        ensure!(
            places == N_PLACES && text.matches(PLACE).count() == N_PLACES,
            "{id}: {places} lines with {PLACE}, {N_PLACES} are needed"
        );
        let unknown: Vec<_> =
            content.slots.unknown_names(&text).into_iter().filter(|name| *name != "here").collect();
        ensure!(unknown.is_empty(), "{id}: unknown slots {unknown:?}");
        let split = Splits::of_carrier(&id);
        ensure!(ids.insert(id), "a carrier's id is there twice");
        content.carriers.push(Carrier { channel, split, text });
    }
    Ok(())
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not as expected", path.display()))
}

fn read_slots(path: &Path) -> Result<Slots> {
    let lists: BTreeMap<String, Vec<String>> = read_toml(path)?;
    lists
        .into_iter()
        .map(|(name, values)| {
            ensure!(!values.is_empty(), "slot {name} has no values");
            Ok(Slot { name, values })
        })
        .collect::<Result<Vec<_>>>()
        .map(Slots)
}

fn read_domain(
    path: &Path,
    content: &mut Content,
    ids: &mut BTreeSet<String>,
    texts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let file: DomainFile = read_toml(path)?;
    let domain = content.domains.len() as u32;
    let first_tool = content.tools.len();
    content.domains.push(file.domain);
    for tool in file.tool {
        let params = tool.params.into_iter().map(|(name, text)| {
            let (name, kind) = name.split_once(':').unwrap_or((&name, "string"));
            ensure!(TYPES.contains(&kind), "{kind} is no JSON Schema type");
            Ok(Param { name: name.into(), kind: kind.into(), description: string(text)? })
        });
        content.tools.push(Tool {
            name: tool.name,
            description: tool.description,
            domain,
            params: params.collect::<Result<_>>()?,
        });
    }
    for family in file.family {
        let id = family.id.clone();
        ensure!(ids.insert(id.clone()), "the family id {id} is there twice");
        read_family(family, domain, first_tool, content, texts)
            .with_context(|| format!("in family {id}"))?;
    }
    Ok(())
}

fn read_family(
    entry: FamilyEntry,
    domain: u32,
    first_tool: usize,
    content: &mut Content,
    texts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let channel = Channel::from_name(&entry.channel)
        .with_context(|| format!("{} is no channel", entry.channel))?;
    let vector = Vector::from_name(&entry.vector)
        .with_context(|| format!("{} is no vector", entry.vector))?;
    let tool = entry
        .tool
        .map(|name| {
            let tools = &content.tools[first_tool..];
            let idx = tools.iter().position(|tool| tool.name == name);
            idx.map(|idx| (first_tool + idx) as u32).with_context(|| format!("no tool {name}"))
        })
        .transpose()?;
    let needs_tool =
        matches!(channel, Channel::ToolCall | Channel::ToolDescription | Channel::ToolResult);
    ensure!(tool.is_some() == needs_tool, "tool_* channels name a tool, the others do not");
    ensure!(!entry.benign.is_empty(), "no benign texts");
    ensure!(
        entry.malicious.is_empty() != vector.malicious(),
        "attack families have malicious texts, benign families have none"
    );
    ensure!(
        !entry.carried || carries(channel),
        "only results, descriptions and prompts are carried"
    );
    let family = content.families.len() as u32;
    content.families.push(Family {
        id: entry.id.clone(),
        domain,
        split: omniguard_core::frame::Split::Train,
        channel,
        vector,
        technique: entry.technique,
        tool,
        carried: entry.carried,
    });
    let labelled = entry
        .malicious
        .into_iter()
        .map(|text| (true, text))
        .chain(entry.benign.into_iter().map(|text| (false, text)));
    for (malicious, text) in labelled {
        let (body, parts) = body_of(channel, text)?;
        check_texts(&parts, &content.slots, &entry.id, texts)?;
        content.scenarios.push(scenario(family, malicious, body, parts));
    }
    Ok(())
}

/// A scenario, with what can be done to its texts.
pub(super) fn scenario(
    family: u32,
    malicious: bool,
    body: Body,
    parts: Vec<(String, Part)>,
) -> Scenario {
    let leaves: Vec<String> = parts
        .iter()
        .filter_map(|(_, part)| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Literal(_) => None,
        })
        .collect();
    let drifts = acts_on(&leaves, Mutation::SemanticDrift);
    let splits = acts_on(&leaves, Mutation::Split);
    Scenario { family, malicious, body, parts, drifts, splits }
}

fn body_of(channel: Channel, entry: Entry) -> Result<(Body, Vec<(String, Part)>)> {
    let text_part = |text: String| (String::new(), Part::Text(text));
    Ok(match (channel, entry) {
        (
            Channel::UserPrompt | Channel::Log | Channel::ToolResult,
            Entry { text: Some(text), texts: None, args: None, structured: None, params: None },
        ) => (Body::Text, vec![text_part(text)]),
        (
            Channel::ToolDescription,
            Entry { text: Some(text), texts: None, args: None, structured: None, params },
        ) => {
            let mut parts = vec![text_part(text)];
            for (name, text) in params.unwrap_or_default() {
                parts.push((name, Part::Text(string(text)?)));
            }
            (Body::Description, parts)
        }
        (
            Channel::ToolCall,
            Entry { text: None, texts: None, args: Some(fields), structured: None, params: None },
        )
        | (
            Channel::ToolResult,
            Entry { text: None, texts: None, args: None, structured: Some(fields), params: None },
        ) => (Body::Fields, fields.into_iter().map(field).collect::<Result<_>>()?),
        (
            Channel::ToolResult,
            Entry { text: None, texts: Some(texts), args: None, structured: None, params: None },
        ) => (Body::Items, texts.into_iter().map(text_part).collect()),
        (channel, entry) => bail!("these fields do not make a {} frame: {entry:?}", channel.name()),
    })
}

fn field((key, value): (String, toml::Value)) -> Result<(String, Part)> {
    let part = match value {
        toml::Value::String(text) => Part::Text(text),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            Part::Literal(value.to_string())
        }
        // A nested value travels as the JSON text it would be, in one string leaf.
        other => Part::Text(serde_json::to_string(&other)?),
    };
    Ok((key, part))
}

fn string(value: toml::Value) -> Result<String> {
    match value {
        toml::Value::String(text) => Ok(text),
        other => bail!("expected a string, found {other}"),
    }
}

fn check_texts(
    parts: &[(String, Part)],
    slots: &Slots,
    family: &str,
    texts: &mut BTreeMap<String, String>,
) -> Result<()> {
    let mut whole = String::new();
    for (key, part) in parts {
        let Part::Text(text) = part else { continue };
        ensure!(text.chars().count() <= MAX_TEXT_CHARS, "a text is too long: {text}");
        let unknown = slots.unknown_names(text);
        ensure!(unknown.is_empty(), "unknown slots {unknown:?} in: {text}");
        whole.push_str(key);
        whole.push('\n');
        whole.push_str(text);
    }
    ensure!(parts.iter().any(|(_, part)| matches!(part, Part::Text(_))), "no text at all");
    if let Some(other) = texts.insert(whole, family.to_owned()) {
        bail!("the same text is also in {other}");
    }
    Ok(())
}
