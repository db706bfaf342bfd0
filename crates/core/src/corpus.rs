//! The written corpus: scenarios by family, split and vector, in one compact file.
//!
//! A *family* is one idea in one tool and channel: attacks and their benign twins. A *scenario* is
//! one text of a family, with slots. Splits are by family, so no twin is ever torn from its attack.
//!
//! What it does not do: read the TOML sources (the command line compiles them) or render frames.

pub mod format;
mod index;
pub mod slots;

pub use crate::error::AssetError;
use crate::frame::{Channel, Split, Vector};
use crate::hash::fnv1a;
use crate::rng::Rng;
use crate::tool_request::{self, Capability};
use alloc::{string::String, vec::Vec};
use index::SplitIndex;

/// Share of benign frames that are twins of attacks, where benign-only families of the attack's
/// domain and channel could stand instead.
const TWIN_SHARE: f32 = 0.5;

/// A tool that scenarios call, describe or answer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Name as a server lists it.
    pub name: String,
    /// Description as a server lists it.
    pub description: String,
    /// Parameter names and their descriptions.
    pub params: Vec<(String, String)>,
}

/// Attacks and benign twins of one idea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Name, unique in the corpus.
    pub id: String,
    /// Index into [`Corpus::domains`].
    pub domain: u32,
    /// Which split all its scenarios belong to.
    pub split: Split,
    /// Where its frames are seen.
    pub channel: Channel,
    /// What its attacks are; `benign` for a family without attacks.
    pub vector: Vector,
    /// Name of the attack's technique.
    pub technique: String,
    /// Index into [`Corpus::tools`].
    pub tool: Option<u32>,
}

/// One value of a scenario's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text with slots: a payload that mutations act on.
    Text(String),
    /// A JSON literal (number, boolean, null), as it is written.
    Literal(String),
}

/// How the parts of a body make a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Body {
    /// One text: a prompt, a log record, a description, or a result's text.
    Text,
    /// Several content items of a result.
    Items,
    /// Named values: a call's arguments or a result's structured content.
    Fields,
    /// The first part is the description, the others describe parameters.
    Description,
}

/// One text of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Index into [`Corpus::families`].
    pub family: u32,
    /// Whether it is an attack.
    pub malicious: bool,
    /// How the parts make a frame.
    pub body: Body,
    /// Keys ("" where the body has none) and values; at least one is text.
    pub parts: Vec<(String, Part)>,
    /// Whether `semantic_drift` finds a word to replace.
    pub drifts: bool,
    /// Whether `split` finds a place to cut.
    pub splits: bool,
}

/// Facts about a scenario that the environment needs at every step, without rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScenarioFacts {
    /// Index of the family.
    pub family: u32,
    /// Where the frame is seen.
    pub channel: Channel,
    /// What the frame truly is.
    pub vector: Vector,
    /// Index of the tool that the *frame* names (calls and descriptions do, results do not).
    pub named_tool: Option<u32>,
    /// Capability that the frame requests, where it names a tool.
    pub capability: Option<Capability>,
    /// Whether `semantic_drift` finds a word to replace.
    pub drifts: bool,
    /// Whether `split` finds a place to cut.
    pub splits: bool,
    /// Upper bound of what surrounds the payload once rendered, in bytes.
    pub envelope_bytes: u32,
    /// Upper bound of the payload once rendered, in bytes.
    pub payload_bytes: u32,
}

/// The corpus, loaded and indexed.
#[derive(Debug, Clone)]
pub struct Corpus {
    content: format::Content,
    facts: Vec<ScenarioFacts>,
    splits: [SplitIndex; 3],
    checksum: u64,
}

impl Corpus {
    /// Reads a compiled corpus; total.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AssetError> {
        let content = format::decode(bytes)?;
        let facts: Vec<_> =
            content.scenarios.iter().map(|scenario| facts_of(&content, scenario)).collect();
        let splits = [Split::Train, Split::Validation, Split::Test]
            .map(|split| SplitIndex::build(&content, &facts, split));
        Ok(Self { content, facts, splits, checksum: fnv1a(bytes) })
    }

    /// Hash of the file: says which corpus a run used.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Number of scenarios.
    pub fn n_scenarios(&self) -> u32 {
        self.content.scenarios.len() as u32
    }

    /// Names of the domains.
    pub fn domains(&self) -> &[String] {
        &self.content.domains
    }

    /// The tools.
    pub fn tools(&self) -> &[Tool] {
        &self.content.tools
    }

    /// The families.
    pub fn families(&self) -> &[Family] {
        &self.content.families
    }

    /// The scenarios.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.content.scenarios
    }

    /// The slot lists.
    pub fn slots(&self) -> &slots::Slots {
        &self.content.slots
    }

    /// Facts of a scenario. Indices come from this corpus; any other gives the first scenario's
    /// (a loaded corpus is never empty).
    #[inline]
    pub fn facts(&self, scenario: u32) -> &ScenarioFacts {
        self.facts.get(scenario as usize).unwrap_or(&self.facts[0])
    }

    /// The scenario's family.
    pub fn family_of(&self, scenario: u32) -> &Family {
        &self.content.families[self.facts(scenario).family as usize]
    }

    /// Name of the tool at an index.
    pub fn tool_name(&self, tool: u32) -> &str {
        self.content.tools.get(tool as usize).map_or("", |tool| &tool.name)
    }

    /// Whether frames of every vector can be drawn from `split`.
    pub fn can_serve(&self, split: Split) -> bool {
        self.splits[split.index()].complete()
    }

    /// A random attack of `vector`.
    #[inline]
    pub fn draw_attack(&self, split: Split, vector: Vector, rng: &mut Rng) -> u32 {
        self.splits[split.index()].attack(vector, rng)
    }

    /// A random benign scenario where an attack of `vector` might have stood, of the same domain and
    /// channel, so that these say nothing about the label.
    #[inline]
    pub fn draw_benign(&self, split: Split, vector: Vector, rng: &mut Rng) -> u32 {
        let index = &self.splits[split.index()];
        let attack = index.attack(vector, rng);
        let facts = self.facts(attack);
        if rng.chance(TWIN_SHARE) {
            index.twin(facts.family, rng)
        } else {
            let domain = self.content.families[facts.family as usize].domain;
            index.plain(domain, facts.channel, rng).unwrap_or_else(|| index.twin(facts.family, rng))
        }
    }
}

fn facts_of(content: &format::Content, scenario: &Scenario) -> ScenarioFacts {
    let family = &content.families[scenario.family as usize];
    let named_tool = family
        .tool
        .filter(|_| matches!(family.channel, Channel::ToolCall | Channel::ToolDescription));
    let capability =
        named_tool.map(|tool| tool_request::capability_of(&content.tools[tool as usize].name));
    let (envelope_bytes, payload_bytes) = size_bounds(content, family, scenario);
    ScenarioFacts {
        family: scenario.family,
        channel: family.channel,
        vector: if scenario.malicious { family.vector } else { Vector::Benign },
        named_tool,
        capability,
        drifts: scenario.drifts,
        splits: scenario.splits,
        envelope_bytes,
        payload_bytes,
    }
}

/// Bounds for any style: everything escaped to ASCII, four spaces of indentation.
fn size_bounds(content: &format::Content, family: &Family, scenario: &Scenario) -> (u32, u32) {
    let text_bytes = |text: &str| content.slots.max_len(text) as u32;
    let mut envelope = 320;
    let mut payload = 0;
    for (key, part) in &scenario.parts {
        envelope += 64 + key.len() as u32;
        match part {
            Part::Text(text) => payload += text_bytes(text),
            Part::Literal(literal) => envelope += literal.len() as u32,
        }
    }
    if let Some(tool) = family.tool.and_then(|tool| content.tools.get(tool as usize)) {
        envelope += tool.name.len() as u32;
        if family.channel == Channel::ToolDescription {
            for (name, description) in &tool.params {
                envelope += 192 + 2 * name.len() as u32;
                payload += text_bytes(description);
            }
        }
    }
    (envelope, payload)
}
