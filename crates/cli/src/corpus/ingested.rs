//! Ingested rows as families of the corpus: attacks with their twins, and a few bare rows.
//!
//! Of each source the rows with the lowest mixed hashes are taken, so that the choice depends on
//! neither order nor number of rows, and memory on the cap alone.

use super::lint::{NEAR, shingles};
use super::load_table;
use super::source::{MAX_TEXT_CHARS, scenario};
use crate::ingest::rows;
use anyhow::{Context, Result, ensure};
use omniguard_core::corpus::format::{Content, encode};
use omniguard_core::corpus::{Body, Corpus, Family, Param, Part, Tool};
use omniguard_core::frame::{Channel, Split, Vector};
use omniguard_core::hash::mix;
use omniguard_core::ingest::made::{Pair, TOOLS};
use omniguard_core::ingest::{Fingerprints, LabelPolicy, LogPairs, Row, Sample, Seed, Source};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;

/// Rows held for each family wanted: not every row makes one.
const ROWS_PER_FAMILY: usize = 3;
/// Pairs for each bare benign frame: bare frames stay below a fifth of the benign ones, since they
/// are shorter than pairs and mostly benign.
const PAIRS_PER_BARE: usize = 5;

/// What became of a source's rows.
#[derive(Debug)]
pub(super) struct Summary {
    source: Source,
    n_rows: u64,
    n_pairs: usize,
    n_bare: usize,
    /// Bare frames that the policy calls attacks: they have no twin.
    n_without_twin: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, n_rows, n_pairs, n_bare, n_without_twin } = self;
        write!(f, "{}: {n_rows} rows, {n_pairs} attacks with twins, ", source.name())?;
        write!(f, "{n_bare} bare benign frames")?;
        if *n_without_twin > 0 {
            write!(f, "; {n_without_twin} that the labels call attacks have no twin: left out")?;
        }
        Ok(())
    }
}

/// Rows of a source: those with the lowest keys.
struct Chosen {
    source: Source,
    rows: BTreeMap<u64, Row>,
    n_rows: u64,
}

/// Adds at most `cap` families of each folder's rows.
pub(super) fn add(
    content: &mut Content,
    folders: &[PathBuf],
    cap: usize,
    policy: LabelPolicy,
) -> Result<Vec<Summary>> {
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let written = Corpus::from_bytes(&encode(content), load_table()?)
        .context("the written corpus does not load")?;
    let mut known = Fingerprints::default();
    let mut sources: Vec<Chosen> = Vec::new();
    for folder in folders {
        let source = rows::source(folder)?;
        ensure!(
            sources.iter().all(|chosen| chosen.source != source),
            "two folders hold {}: rows would be counted twice",
            source.name()
        );
        let mut chosen = Chosen { source, rows: BTreeMap::new(), n_rows: 0 };
        rows::each(folder, |row| {
            row.teach(&mut known);
            chosen.offer(row, cap * ROWS_PER_FAMILY);
            Ok(())
        })?;
        sources.push(chosen);
    }
    let seeds = seeds(&sources);
    let log_pairs = LogPairs::of(&written);
    let summary = |chosen: &Chosen| {
        let mut builder = Builder::new(content, chosen.source);
        let pairs = chosen.rows.iter().filter_map(|(&key, row)| match row {
            Row::Witfoo(_) => log_pairs.pair(&written, row),
            Row::Fenrir(_) | Row::Nist(_) => {
                let of_split = &seeds[row.split().index()];
                let idx = (mix(key) % of_split.len().max(1) as u64) as usize;
                row.pair(of_split.get(idx)?)
            }
        });
        let n_wanted = cap * PAIRS_PER_BARE / (PAIRS_PER_BARE + 1);
        let n_pairs = pairs.filter(|pair| builder.pair(pair)).take(n_wanted).count();
        let (mut n_bare, mut n_without_twin) = (0, 0);
        let samples = chosen.rows.values().flat_map(|row| row.samples(&known));
        for sample in samples.filter(|sample| !sample.set_aside()) {
            match sample.vector(policy) {
                Some(Vector::Benign) if n_bare < n_pairs / PAIRS_PER_BARE => {
                    n_bare += usize::from(builder.bare(&sample));
                }
                Some(vector) if vector.malicious() => n_without_twin += 1,
                _ => {}
            }
        }
        Summary { source: chosen.source, n_rows: chosen.n_rows, n_pairs, n_bare, n_without_twin }
    };
    Ok(sources.iter().map(summary).collect())
}

impl Chosen {
    fn offer(&mut self, row: Row, n_most: usize) {
        self.n_rows += 1;
        self.rows.insert(mix(row.row_hash()), row);
        if self.rows.len() > n_most {
            self.rows.pop_last();
        }
    }
}

/// What the rows tell of techniques, by split.
fn seeds(sources: &[Chosen]) -> [Vec<Seed>; Split::ALL.len()] {
    let mut seeds: [Vec<Seed>; Split::ALL.len()] = Default::default();
    for seed in sources.iter().flat_map(|chosen| chosen.rows.values()).flat_map(Row::seeds) {
        seeds[seed.split.index()].push(seed);
    }
    seeds
}

/// Adds families of one source to the content.
struct Builder<'a> {
    content: &'a mut Content,
    domain: u32,
    first_tool: u32,
    source: Source,
    /// Five-word runs of the bare frames, and the split that they are in.
    runs: HashMap<u64, Split>,
}

impl<'a> Builder<'a> {
    fn new(content: &'a mut Content, source: Source) -> Self {
        let domain = content.domains.len() as u32;
        let first_tool = content.tools.len() as u32;
        content.domains.push(source.name().to_owned());
        content.tools.extend(TOOLS.iter().map(|tool| Tool {
            name: tool.name.to_owned(),
            description: tool.description.to_owned(),
            domain,
            params: vec![Param {
                name: tool.argument.to_owned(),
                kind: "string".to_owned(),
                description: "The text.".to_owned(),
            }],
        }));
        Self { content, domain, first_tool, source, runs: HashMap::new() }
    }

    /// Whether the pair became a family.
    fn pair(&mut self, pair: &Pair) -> bool {
        let [attack, twin] = &pair.bodies;
        let texts = [(true, attack.as_str()), (false, twin.as_str())];
        let place = (pair.split, pair.channel, pair.row_hash);
        self.family("pair", place, pair.vector, &texts)
    }

    /// Whether the frame became a family; near copies of one in another split do not.
    fn bare(&mut self, sample: &Sample) -> bool {
        let runs = shingles(&[(String::new(), Part::Text(sample.body.clone()))]);
        let elsewhere =
            |run: &&u64| self.runs.get(*run).is_some_and(|&split| split != sample.split);
        let n_elsewhere = runs.iter().filter(elsewhere).count();
        if n_elsewhere as f32 >= NEAR / 2.0 * runs.len() as f32 {
            return false;
        }
        self.runs.extend(runs.into_iter().map(|run| (run, sample.split)));
        let name = format!("{}{}", sample.piece.name(), sample.passage);
        let place = (sample.split, sample.channel, sample.row_hash);
        self.family(&name, place, Vector::Benign, &[(false, &sample.body)])
    }

    fn family(
        &mut self,
        name: &str,
        (split, channel, row_hash): (Split, Channel, u64),
        vector: Vector,
        texts: &[(bool, &str)],
    ) -> bool {
        // What would be taken for a slot would not come back as it was.
        let fits = |text: &str| {
            text.chars().count() <= MAX_TEXT_CHARS && self.content.slots.fill(text, 0) == text
        };
        if !texts.iter().all(|(_, text)| fits(text)) {
            return false;
        }
        let idx = (row_hash % TOOLS.len() as u64) as u32;
        let names_tool = !matches!(channel, Channel::UserPrompt | Channel::Log);
        let family = self.content.families.len() as u32;
        self.content.families.push(Family {
            id: format!("{}/{row_hash:016x}/{name}", self.source.name()),
            domain: self.domain,
            split,
            channel,
            vector,
            technique: self.source.name().to_owned(),
            tool: names_tool.then_some(self.first_tool + idx),
            carried: false,
        });
        for &(malicious, text) in texts {
            let part = Part::Text(text.to_owned());
            let (body, key) = match channel {
                Channel::ToolCall => (Body::Fields, TOOLS[idx as usize].argument),
                Channel::ToolDescription => (Body::Description, ""),
                Channel::UserPrompt | Channel::Log | Channel::ToolResult => (Body::Text, ""),
            };
            let parts = vec![(key.to_owned(), part)];
            self.content.scenarios.push(scenario(family, malicious, body, parts));
        }
        true
    }
}
