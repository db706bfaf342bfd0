//! The written corpus: scenarios by family, split and vector, in one compact file.
//!
//! A *family* is one idea in one tool and channel: attacks and their benign twins. A *scenario* is
//! one text of a family, with slots. Splits are by family, so no twin is ever torn from its attack.
//!
//! What it does not do: read the TOML sources (the command line compiles them) or render frames.

pub mod carrier;
pub mod format;
mod index;
mod layer;
pub mod slots;
mod streamed;

use crate::embed::TokenTable;
pub use crate::error::AssetError;
use crate::frame::{Channel, Split, Vector, named_enum};
use crate::hash::{fnv1a, mix};
use crate::rng::Rng;
use crate::tool_request::Capability;
use alloc::{string::String, sync::Arc, vec::Vec};
use carrier::Carried;
use index::SplitIndex;
pub(crate) use layer::Layer;
use streamed::Streamed;

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

/// The corpus, loaded and indexed: what was written, and what an episode has from a feed beside it.
#[derive(Debug, Clone)]
pub struct Corpus {
    written: Arc<Layer>,
    splits: Arc<[SplitIndex; 3]>,
    streamed: Option<Arc<Streamed>>,
    table: Arc<TokenTable>,
    checksum: u64,
}

impl Corpus {
    /// Reads a compiled corpus; total. The table is what its critic and observations compare with.
    pub fn from_bytes(bytes: &[u8], table: Arc<TokenTable>) -> Result<Self, AssetError> {
        const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];
        let written = Layer::new(format::decode(bytes)?);
        let splits = SPLITS.map(|split| SplitIndex::build(&written.content, &written.facts, split));
        Ok(Self {
            written: Arc::new(written),
            splits: Arc::new(splits),
            streamed: None,
            table,
            checksum: fnv1a(bytes),
        })
    }

    /// The written corpus with the pairs of `bytes`, a file of the same format, beside it. Where an
    /// attack of a vector and channel is drawn that such a pair has, or a benign frame in its place,
    /// the pair's attack or twin stands in: labels keep their share in every channel.
    pub fn with_streamed(&self, bytes: &[u8]) -> Result<Self, AssetError> {
        let streamed = Streamed::new(format::decode(bytes)?, fnv1a(bytes))?;
        Ok(Self { streamed: Some(Arc::new(streamed)), ..self.clone() })
    }

    /// The token table.
    pub fn table(&self) -> &Arc<TokenTable> {
        &self.table
    }

    /// Hash of the file, or files: says which corpus a run used.
    pub fn checksum(&self) -> u64 {
        self.streamed
            .as_ref()
            .map_or(self.checksum, |streamed| mix(self.checksum ^ streamed.checksum))
    }

    /// Hash of the file of streamed pairs, where such are beside the written corpus.
    pub fn streamed(&self) -> Option<u64> {
        self.streamed.as_ref().map(|streamed| streamed.checksum)
    }

    /// The split that the streamed pairs are of.
    pub fn streamed_split(&self) -> Option<Split> {
        self.streamed.as_ref().map(|streamed| streamed.split)
    }

    /// Number of scenarios; the streamed ones follow the written ones.
    pub fn n_scenarios(&self) -> u32 {
        let streamed = self.streamed.as_ref().map_or(0, |streamed| streamed.layer.n_scenarios());
        self.written.n_scenarios() + streamed
    }

    /// Names of the written domains.
    pub fn domains(&self) -> &[String] {
        &self.written.content.domains
    }

    /// The written tools.
    pub fn tools(&self) -> &[Tool] {
        &self.written.content.tools
    }

    /// The written families.
    pub fn families(&self) -> &[Family] {
        &self.written.content.families
    }

    /// The written scenarios.
    pub fn scenarios(&self) -> &[Scenario] {
        &self.written.content.scenarios
    }

    /// The slot lists of the written texts.
    pub fn slots(&self) -> &slots::Slots {
        &self.written.content.slots
    }

    /// The layer of a scenario, and its index there.
    #[inline]
    pub(crate) fn layer(&self, scenario: u32) -> (&Layer, u32) {
        match &self.streamed {
            Some(streamed) if scenario >= self.written.n_scenarios() => {
                (&streamed.layer, scenario - self.written.n_scenarios())
            }
            _ => (&self.written, scenario),
        }
    }

    /// Facts of a scenario. Indices come from this corpus; any other gives the first scenario's
    /// (a loaded corpus is never empty).
    #[inline]
    pub fn facts(&self, scenario: u32) -> &ScenarioFacts {
        let (layer, idx) = self.layer(scenario);
        layer.facts(idx)
    }

    /// The scenario's family.
    pub fn family_of(&self, scenario: u32) -> &Family {
        let (layer, idx) = self.layer(scenario);
        layer.family(idx)
    }

    /// Name of the scenario's domain.
    pub fn domain_of(&self, scenario: u32) -> &str {
        let (layer, idx) = self.layer(scenario);
        layer.domain(idx)
    }

    /// Name of the tool that the scenario's frame names.
    #[inline]
    pub fn named_tool(&self, scenario: u32) -> Option<&str> {
        let (layer, idx) = self.layer(scenario);
        layer.facts(idx).named_tool.map(|tool| layer.tool_name(tool))
    }

    /// The frame's text with `payload` where its scenario's text stands: in a carrier, if the slot
    /// seed says so.
    pub fn carry(&self, scenario: u32, slot_seed: u64, payload: String) -> String {
        let (layer, idx) = self.layer(scenario);
        layer.carry(idx, slot_seed, payload)
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

    /// Whether frames of every vector can be drawn from `split`.
    pub fn can_serve(&self, split: Split) -> bool {
        self.splits[split.index()].complete()
    }

    /// A random attack of `vector`.
    #[inline]
    pub fn draw_attack(&self, split: Split, vector: Vector, rng: &mut Rng) -> u32 {
        let attack = self.splits[split.index()].attack(vector, rng);
        self.stand_in(split, vector, attack, rng).map_or(attack, |pair| pair.attack)
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
        if let Some(pair) = self.stand_in(split, vector, attack, rng) {
            return pair.twin;
        }
        if rng.chance(TWIN_SHARE) {
            index.twin(facts.family, rng)
        } else {
            let domain = self.family_of(attack).domain;
            index.plain(domain, facts.channel, rng).unwrap_or_else(|| index.twin(facts.family, rng))
        }
    }

    /// A streamed pair for the place of a written attack.
    #[inline]
    fn stand_in(
        &self,
        split: Split,
        vector: Vector,
        attack: u32,
        rng: &mut Rng,
    ) -> Option<streamed::Pair> {
        let streamed = self.streamed.as_ref()?;
        let pair = streamed.pair(split, vector, self.facts(attack).channel, rng)?;
        let n_written = self.written.n_scenarios();
        Some(streamed::Pair { attack: n_written + pair.attack, twin: n_written + pair.twin })
    }
}
