//! The written corpus: scenarios by family, split and vector, in one compact file.
//!
//! A *family* is one idea in one tool and channel: attacks and their benign twins. A *scenario* is
//! one text of a family, with slots. Splits are by family, so no twin is ever torn from its attack.
//!
//! What it does not do: read the TOML sources (the command line compiles them) or render frames.

pub mod carrier;
pub mod format;
mod index;
pub mod slots;

use crate::embed::TokenTable;
pub use crate::error::AssetError;
use crate::frame::{Channel, MAX_FRAME_BYTES, Split, Vector, named_enum};
use crate::hash::fnv1a;
use crate::rng::Rng;
use crate::tool_request::{self, Capability};
use alloc::{string::String, sync::Arc, vec::Vec};
use carrier::{Carried, CarrierIndex};
use index::SplitIndex;

/// Share of benign frames that are twins of attacks, where benign-only families of the attack's
/// domain and channel could stand instead.
const TWIN_SHARE: f32 = 0.5;
/// Most other tools of a server that a list shows beside the one in question.
const MAX_SIBLINGS: u32 = 3;
/// Room that is left for mutations to grow a payload, in payloads: hexadecimal takes as much.
const MUTATION_ROOM: u32 = 2;

/// A tool that scenarios call, describe or answer for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Name as a server lists it.
    pub name: String,
    /// Description as a server lists it.
    pub description: String,
    /// Index into [`Corpus::domains`].
    pub domain: u32,
    /// Parameters.
    pub params: Vec<Param>,
}

/// A parameter of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// JSON Schema's name of its type.
    pub kind: String,
    /// What it is for.
    pub description: String,
}

/// A long harmless document of somebody else, in which a scenario's text is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Where it is seen.
    pub channel: Channel,
    /// Which split's scenarios it carries.
    pub split: Split,
    /// Text with slots and places.
    pub text: String,
}

named_enum! {
    /// How a benign text came to be written.
    BenignKind {
        /// Beside an attack, differing from it in what it asks for.
        Twin = "twin",
        /// To look like an attack without one beside it.
        Hard = "hard_benign",
        /// As ordinary traffic.
        Plain = "plain",
    }
}

/// Number of kinds of benign texts.
pub const N_BENIGN_KINDS: usize = 3;
/// Technique of the families of [`BenignKind::Hard`].
const HARD_BENIGN: &str = "hard-benign";

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
    /// Whether its texts are paragraphs that always stand in a carrier.
    pub carried: bool,
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
    /// Whether the text stands in a carrier.
    pub carried: Carried,
    /// Bytes that a carrier may take.
    pub room_bytes: u32,
    /// Most other tools that a list shows beside the described one.
    pub n_siblings: u32,
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
    carriers: [CarrierIndex; 3],
    table: Arc<TokenTable>,
    checksum: u64,
}

impl Corpus {
    /// Reads a compiled corpus; total. The table is what its critic and observations compare with.
    pub fn from_bytes(bytes: &[u8], table: Arc<TokenTable>) -> Result<Self, AssetError> {
        const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];
        let content = format::decode(bytes)?;
        let carriers = SPLITS.map(|split| CarrierIndex::build(&content, split));
        let facts: Vec<_> = content
            .scenarios
            .iter()
            .map(|scenario| facts_of(&content, &carriers, scenario))
            .collect();
        let splits = SPLITS.map(|split| SplitIndex::build(&content, &facts, split));
        Ok(Self { content, facts, splits, carriers, table, checksum: fnv1a(bytes) })
    }

    /// The token table.
    pub fn table(&self) -> &Arc<TokenTable> {
        &self.table
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

    /// How a benign scenario came to be written.
    pub fn benign_kind(&self, scenario: u32) -> BenignKind {
        let family = self.family_of(scenario);
        if family.vector.malicious() {
            BenignKind::Twin
        } else if family.technique == HARD_BENIGN {
            BenignKind::Hard
        } else {
            BenignKind::Plain
        }
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
    /// channel, so that these say nothing about the label. Without `twins`, one that was not written
    /// beside an attack.
    #[inline]
    pub fn draw_benign(&self, split: Split, vector: Vector, twins: bool, rng: &mut Rng) -> u32 {
        let index = &self.splits[split.index()];
        let attack = index.attack(vector, rng);
        let facts = self.facts(attack);
        if !twins {
            let unpaired = index.unpaired(facts.channel, rng);
            return unpaired.unwrap_or_else(|| index.twin(facts.family, rng));
        }
        if rng.chance(TWIN_SHARE) {
            index.twin(facts.family, rng)
        } else {
            let domain = self.content.families[facts.family as usize].domain;
            index.plain(domain, facts.channel, rng).unwrap_or_else(|| index.twin(facts.family, rng))
        }
    }
}

/// What `carried` is for a scenario.
fn carried(family: &Family, scenario: &Scenario) -> Carried {
    let (Body::Text | Body::Description, [(_, Part::Text(text))]) =
        (scenario.body, scenario.parts.as_slice())
    else {
        return Carried::Never;
    };
    // A whole description speaks of its own tool and stands alone.
    let may_stand_in_another = matches!(family.channel, Channel::ToolResult | Channel::UserPrompt);
    if family.carried {
        Carried::Always
    } else if may_stand_in_another && text.len() <= carrier::MAX_TEXT_BYTES {
        Carried::Sometimes
    } else {
        Carried::Never
    }
}

fn facts_of(
    content: &format::Content,
    carriers: &[CarrierIndex; 3],
    scenario: &Scenario,
) -> ScenarioFacts {
    let family = &content.families[scenario.family as usize];
    let named_tool = family
        .tool
        .filter(|_| matches!(family.channel, Channel::ToolCall | Channel::ToolDescription));
    let capability =
        named_tool.map(|tool| tool_request::capability_of(&content.tools[tool as usize].name));
    let (mut envelope_bytes, payload_bytes) = size_bounds(content, family, scenario);
    let taken = envelope_bytes + MUTATION_ROOM * payload_bytes;
    let room_bytes = (MAX_FRAME_BYTES as u32).saturating_sub(taken);
    let carriers = carriers[family.split.index()].within(family.channel, room_bytes);
    let mut carried = carried(family, scenario);
    let mut left_bytes = room_bytes;
    match carriers.last() {
        Some(longest) if carried != Carried::Never => left_bytes -= longest.n_bytes,
        _ => carried = Carried::Never,
    }
    // Other tools take what the longest carrier leaves.
    let described = family.tool.filter(|_| family.channel == Channel::ToolDescription);
    let n_siblings = described.map_or(0, |tool| {
        let largest = largest_sibling(content, &content.tools[tool as usize]).max(1);
        let n_siblings = (left_bytes / largest).min(MAX_SIBLINGS);
        left_bytes -= n_siblings * largest;
        n_siblings
    });
    envelope_bytes += room_bytes - left_bytes;
    ScenarioFacts {
        family: scenario.family,
        channel: family.channel,
        vector: if scenario.malicious { family.vector } else { Vector::Benign },
        named_tool,
        capability,
        drifts: scenario.drifts,
        splits: scenario.splits,
        carried,
        room_bytes,
        n_siblings,
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
            for param in &tool.params {
                envelope += 192 + 2 * param.name.len() as u32;
                payload += text_bytes(&param.description);
            }
        }
    }
    (envelope, payload)
}

/// Bytes of the largest entry among the other tools of a tool's server.
fn largest_sibling(content: &format::Content, tool: &Tool) -> u32 {
    let others = content.tools.iter().filter(|other| other.domain == tool.domain);
    others.map(|other| entry_bytes(content, other)).max().unwrap_or(0)
}

fn entry_bytes(content: &format::Content, tool: &Tool) -> u32 {
    let text_bytes = |text: &str| content.slots.max_len(text) as u32;
    let params = tool
        .params
        .iter()
        .map(|param| 224 + 2 * param.name.len() as u32 + text_bytes(&param.description));
    384 + tool.name.len() as u32 + text_bytes(&tool.description) + params.sum::<u32>()
}
