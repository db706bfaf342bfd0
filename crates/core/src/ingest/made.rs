//! Attacks with benign twins, made of what the rows say.
//!
//! A row about an attack is no attack. What it says of a technique is a *seed*: an order to carry
//! it out, inside a document, is an attack; the same sentence in the same place, quoted, is its
//! twin. Telemetry gets an attack of the written corpus, or its twin, inserted into a benign
//! record. Both sides have one document, place, channel, id and style, so the truth is known by
//! construction, and nothing but what is asked for tells it.
//!
//! Among pairs alone neither source, channel nor length tells the label. Bare samples are mostly
//! benign and shorter, so whoever draws from both keeps their share among benign frames small.

mod insert;
mod orders;

use super::{DatasetLabel, Piece, Row, Source, judge, sample::draws, text};
use crate::corpus::{Body, Corpus, Part};
use crate::decode::decode;
use crate::detect::{self, Detector};
use crate::frame::{Channel, MAX_FRAME_BYTES, Split, Vector};
use crate::hash::{fnv1a, mix};
use crate::json::{Value, object};
use crate::render::{text_item, write_message};
use crate::rng::Rng;
use crate::segment::{Document, Segments};
use alloc::{collections::BTreeMap, format, string::String, vec, vec::Vec};
use core::ops::RangeInclusive;

/// Bytes of a sentence that is a seed.
const SEED_BYTES: RangeInclusive<usize> = 40..=320;
/// Most seeds of a row.
const MAX_SEEDS: usize = 4;
/// Longest document around a seed, in escaped bytes.
const MAX_HOST_BYTES: usize = 2 * 1024;
/// Draws for pairs, apart from those for samples.
const PAIR_STREAM: u64 = 0x7061_6972_0000_0001;

/// A sentence that says how an attack is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The sentence.
    pub text: String,
    /// The row it stands in.
    pub row_hash: u64,
    /// The split of that row.
    pub split: Split,
}

/// An attack and its benign twin in one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The attack's frame.
    pub attack: String,
    /// The twin's frame.
    pub twin: String,
    /// What the two frames say, attack first, without the message around it.
    pub bodies: [String; 2],
    /// What the attack is.
    pub vector: Vector,
    /// Where both are seen.
    pub channel: Channel,
    /// Which split both belong to.
    pub split: Split,
    /// The dataset of the document.
    pub source: Source,
    /// The row of the document.
    pub row_hash: u64,
}

impl Row {
    /// Seeds in the answer of a Fenrir row; none in other rows.
    pub fn seeds(&self) -> Vec<Seed> {
        let Self::Fenrir(row) = self else { return Vec::new() };
        let (row_hash, split) = (self.row_hash(), self.split());
        text::sentences(&row.answer)
            .filter(|sentence| SEED_BYTES.contains(&text::escaped_bytes(sentence)))
            .filter(|sentence| !sentence.ends_with(['?', ':']) && tells_a_technique(sentence))
            .take(MAX_SEEDS)
            .map(|sentence| Seed { text: sentence.into(), row_hash, split })
            .collect()
    }

    /// The attack that `seed` makes in an answer of this row, and its twin. `None` for telemetry,
    /// for a seed of another split, and where the answer holds an attack already.
    pub fn pair(&self, seed: &Seed) -> Option<Pair> {
        let (split, row_hash) = (self.split(), self.row_hash());
        if seed.split != split || matches!(self, Self::Witfoo(_)) {
            return None;
        }
        let seeded = mix(fnv1a(seed.text.as_bytes()) ^ PAIR_STREAM);
        let mut rng = draws(row_hash ^ seeded, Piece::Answer, 0);
        let hosts: Vec<&str> = self
            .passages()
            .filter(|(piece, _, _)| *piece == Piece::Answer)
            .flat_map(|(_, _, passage)| text::passages(passage, MAX_HOST_BYTES))
            .collect();
        let host = *rng.pick(&hosts)?;
        let channel = draw_channel(&mut rng);
        let (order, quote) = *rng.pick(orders::of(split))?;
        let place = rng.u32();
        if judge::vector(channel, host).malicious() {
            return None;
        }
        let body = |around: &str| placed(host, &around.replace(orders::SEED, &seed.text), place);
        let bodies = [body(order), body(quote)];
        let [attack, twin] = bodies.each_ref().map(|body| message(channel, body, &mut rng.clone()));
        let vector = match channel {
            Channel::ToolDescription => Vector::ToolPoisoning,
            _ => Vector::PromptInjection,
        };
        let source = self.source();
        Some(Pair { attack, twin, bodies, vector, channel, split, source, row_hash })
    }
}

/// Whether a sentence says how an attack is done, and not what to do about it.
fn tells_a_technique(sentence: &str) -> bool {
    let decoded = decode(sentence);
    let document = Document::read(sentence, &decoded);
    let fired = detect::scan(&Segments::cut(sentence, &decoded, &document)).all();
    let narrated = Detector::AttackNarrated.bit();
    let calm = Detector::ALL.iter().filter(|detector| detector.reassuring());
    let calm = calm.fold(0, |set, detector| set | detector.bit()) & !narrated;
    fired & calm == 0 && (fired != 0 || cites_attack(sentence))
}

/// Whether a text cites a technique of MITRE's ATT&CK, such as T1059 or T1003.001.
fn cites_attack(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let digits = word.strip_prefix('T').map(str::as_bytes);
        digits.is_some_and(|digits| digits.len() == 4 && digits.iter().all(u8::is_ascii_digit))
    })
}

/// `said` as a paragraph of its own before, behind or within the paragraphs of `host`.
fn placed(host: &str, said: &str, place: u32) -> String {
    let mut paragraphs: Vec<&str> = host.split("\n\n").collect();
    let at = place as usize % (paragraphs.len() + 1);
    paragraphs.insert(at, said);
    paragraphs.join("\n\n")
}

/// A channel where prose is seen.
pub(super) fn draw_channel(rng: &mut Rng) -> Channel {
    match rng.below(4) {
        0 => Channel::UserPrompt,
        1 => Channel::ToolDescription,
        2 => Channel::ToolCall,
        _ => Channel::ToolResult,
    }
}

/// A tool that keeps or looks up prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProseTool {
    /// Its name.
    pub name: &'static str,
    /// The argument that holds the prose.
    pub argument: &'static str,
    /// What it does.
    pub description: &'static str,
}

const fn tool(name: &'static str, argument: &'static str, description: &'static str) -> ProseTool {
    ProseTool { name, argument, description }
}

/// Tools that calls and descriptions name.
pub const TOOLS: [ProseTool; 8] = [
    tool("save_note", "body", "Keeps a note in the caller's notebook."),
    tool("create_page", "content", "Adds a page to the team's wiki."),
    tool("add_comment", "comment", "Writes a comment under an entry."),
    tool("update_ticket", "description", "Changes the description of a ticket."),
    tool("index_document", "text", "Makes a document findable by its words."),
    tool("draft_message", "body", "Prepares a message without sending it."),
    tool("lookup_article", "passage", "Finds the article that a passage is from."),
    tool("translate_text", "source_text", "Translates a text and keeps its layout."),
];

/// A frame that shows a text in a channel.
pub(super) fn message(channel: Channel, text: &str, rng: &mut Rng) -> String {
    let ProseTool { name: tool, argument, .. } = TOOLS[rng.below(TOOLS.len() as u32) as usize];
    match channel {
        Channel::UserPrompt | Channel::Log => text.into(),
        Channel::ToolDescription => {
            let properties = object([(argument, object([("type", "string".into())]))]);
            let schema = object([("type", "object".into()), ("properties", properties)]);
            let tool = object([
                ("name", tool.into()),
                ("description", text.into()),
                ("inputSchema", schema),
            ]);
            let tools = object([("tools", Value::Array(vec![tool]))]);
            write_message(vec![("result", tools)], rng)
        }
        Channel::ToolCall => {
            let arguments = object([("title", title(rng).into()), (argument, text.into())]);
            let params = object([("name", tool.into()), ("arguments", arguments)]);
            write_message(vec![("method", "tools/call".into()), ("params", params)], rng)
        }
        Channel::ToolResult => {
            let content = Value::Array(vec![text_item(text.into())]);
            let result = object([("content", content), ("isError", Value::Bool(false))]);
            write_message(vec![("result", result)], rng)
        }
    }
}

fn title(rng: &mut Rng) -> String {
    const KINDS: [&str; 6] = ["Reading list", "Notes", "Article", "Course", "Handout", "Digest"];
    format!("{} {}", KINDS[rng.below(KINDS.len() as u32) as usize], 1 + rng.below(400))
}

/// Attacks of the written corpus that are telemetry, with the twins of their families.
#[derive(Debug, Clone, Default)]
pub struct LogPairs {
    attacks: [Vec<u32>; Split::ALL.len()],
    twins: BTreeMap<u32, Vec<u32>>,
}

impl LogPairs {
    /// Those of a corpus.
    pub fn of(corpus: &Corpus) -> Self {
        let mut pairs = Self::default();
        for (scenario, idx) in corpus.scenarios().iter().zip(0u32..) {
            let family = corpus.family_of(idx);
            if family.channel != Channel::Log || scenario.body != Body::Text {
                continue;
            }
            if scenario.malicious {
                pairs.attacks[family.split.index()].push(idx);
            } else if family.vector.malicious() {
                pairs.twins.entry(scenario.family).or_default().push(idx);
            }
        }
        pairs
    }

    /// A record with an attack inserted, and the same record with its twin. `None` unless both
    /// labels call the record benign, and where the longer frame would pass 8 KiB.
    pub fn pair(&self, corpus: &Corpus, row: &Row) -> Option<Pair> {
        let Row::Witfoo(record) = row else { return None };
        if record.label != DatasetLabel::Benign
            || judge::vector(Channel::Log, &record.message).malicious()
        {
            return None;
        }
        let (split, row_hash) = (row.split(), row.row_hash());
        let mut rng = draws(row_hash ^ PAIR_STREAM, Piece::Record, 0);
        let attack = *rng.pick(&self.attacks[split.index()])?;
        let twin = *rng.pick(self.twins.get(&corpus.facts(attack).family)?)?;
        let slot_seed = rng.u64();
        let frame = |scenario: u32| {
            let Some((_, Part::Text(text))) =
                corpus.scenarios().get(scenario as usize)?.parts.first()
            else {
                return None;
            };
            let text = corpus.slots().fill(text, slot_seed);
            insert::into_record(&record.message, &text).filter(|text| text.len() <= MAX_FRAME_BYTES)
        };
        let vector = corpus.facts(attack).vector;
        let (attack, twin) = (frame(attack)?, frame(twin)?);
        Some(Pair {
            bodies: [attack.clone(), twin.clone()],
            attack,
            twin,
            vector,
            channel: Channel::Log,
            split,
            source: Source::Witfoo,
            row_hash,
        })
    }
}
