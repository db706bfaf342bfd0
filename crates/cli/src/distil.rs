//! `omniguard distil`: the token table, from the sentence encoder all-MiniLM-L6-v2.
//!
//! Every word piece goes through the encoder alone; the vectors are centred, cut to their 64
//! leading principal components, weighted by how rare the piece is (smooth inverse frequency, Arora
//! et al. 2017, over Zipf's law of the vocabulary's order) and rounded to eight bits. This is the
//! recipe of `model2vec`.

mod characters;
mod encoder;
mod reduce;

use crate::output::say;
use crate::progress;
use anyhow::{Context, Result, ensure};
use clap::Args;
use encoder::Encoder;
use omniguard_core::corpus::Part;
use omniguard_core::corpus::format::{self, Content};
use omniguard_core::embed::{Characters, EMBEDDING_DIMS, Entry, TokenTable, embed, wordpiece};
use omniguard_core::frame::Split;
use omniguard_core::math::cosine;
use omniguard_core::rng::Rng;
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Pieces that go through the encoder at a time.
const BATCH: usize = 256;
/// BERT's vocabulary: before this id come special, unused and single-character pieces.
const FIRST_WORD: usize = 1996;
/// Rank that pieces of one foreign character count as.
const CHARACTER_RANK: usize = 2_000;
/// Smooth inverse frequency: a / (a + p).
const SIF_A: f64 = 1e-4;
/// Longest text of a pair, in pieces: the encoder's own limit is 256.
const PAIR_PIECES: usize = 200;
const N_PAIRS: usize = 1_000;
const SEED: u64 = 1;

#[derive(Debug, Args)]
pub(crate) struct DistilArgs {
    /// Folder of the encoder: config.json, vocab.txt and model.safetensors
    #[arg(long)]
    model: PathBuf,
    /// Where the encoder came from, for the report
    #[arg(long, default_value = "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0")]
    provenance: String,
    /// Table to write
    #[arg(long, default_value = "public/tokens.bin")]
    output: PathBuf,
    /// Report to write
    #[arg(long, default_value = "runs/tokens/report.json")]
    report: PathBuf,
    /// Compiled corpus that the pairs of the report come from
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
}

#[derive(Debug, Serialize)]
struct Report {
    provenance: String,
    model_sha256: String,
    n_pieces: usize,
    dims: usize,
    bytes: usize,
    /// Share of the weighted vectors' variance that the kept components hold.
    variance_kept: f64,
    n_pairs: usize,
    /// Spearman's rank correlation of the table's cosine with the encoder's.
    spearman: f64,
    spearman_same_family: f64,
    spearman_random: f64,
}

pub(crate) fn run(args: &DistilArgs) -> Result<()> {
    let encoder = Encoder::load(&args.model)?;
    let vocabulary = read_vocabulary(&args.model.join("vocab.txt"))?;
    let characters = characters::characters();
    let occurs = |id: &usize| occurs(&characters, &vocabulary[*id]);
    let kept: Vec<usize> = (0..vocabulary.len()).filter(occurs).collect();
    let bar = progress::bar(kept.len() as u64, "pieces through the encoder");
    let mut vectors = Vec::with_capacity(kept.len());
    for ids in kept.chunks(BATCH) {
        let alone: Vec<Vec<u32>> = ids.iter().map(|&id| vec![id as u32]).collect();
        vectors.extend(encoder.encode(&alone)?);
        bar.inc(ids.len() as u64);
    }
    bar.finish();

    let (components, variance_kept) = reduce::principal_components(&vectors, EMBEDDING_DIMS);
    let weighted: Vec<Vec<f64>> = kept
        .iter()
        .zip(&components)
        .map(|(&id, vector)| {
            let weight = weight(id, &vocabulary[id], vocabulary.len());
            vector.iter().map(|v| v * weight).collect()
        })
        .collect();
    let (rows, scales) = reduce::quantise(&weighted);
    let mut entries: Vec<Entry> = kept
        .iter()
        .zip(rows)
        .map(|(&id, values)| Entry { piece: vocabulary[id].clone(), values })
        .collect();
    entries.sort_by(|a, b| a.piece.as_bytes().cmp(b.piece.as_bytes()));
    let bytes = TokenTable::encode(&entries, &scales, &characters);
    let table = TokenTable::from_bytes(&bytes).context("the table does not load")?;
    write(&args.output, &bytes)?;
    say!("{}: {} pieces, {} bytes", args.output.display(), table.n_pieces(), bytes.len())?;

    let report = compare(args, &encoder, &vocabulary, &table, variance_kept, bytes.len())?;
    say!(
        "Spearman over {} pairs: {:.3} (same family {:.3}, random {:.3})",
        report.n_pairs,
        report.spearman,
        report.spearman_same_family,
        report.spearman_random
    )?;
    write(&args.report, &(serde_json::to_string_pretty(&report)? + "\n").into_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read_vocabulary(path: &Path) -> Result<Vec<String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let vocabulary: Vec<String> = text.lines().map(String::from).collect();
    ensure!(vocabulary.len() > FIRST_WORD, "{} is no BERT vocabulary", path.display());
    Ok(vocabulary)
}

/// Whether text can give the piece; special and unused ones stand in square brackets.
fn occurs(characters: &Characters, piece: &str) -> bool {
    if piece.len() > 2 && piece.starts_with('[') && piece.ends_with(']') {
        return false;
    }
    match piece.strip_prefix("##").filter(|body| !body.is_empty()) {
        Some(body) => wordpiece::can_occur(characters, body, true),
        None => wordpiece::can_occur(characters, piece, false),
    }
}

/// How much a piece weighs: common ones little.
fn weight(id: usize, piece: &str, n: usize) -> f64 {
    let ascii = piece.trim_start_matches("##").is_ascii();
    let rank = match id.checked_sub(FIRST_WORD) {
        Some(rank) => rank + 1,
        None if ascii => 1,
        None => CHARACTER_RANK,
    };
    let harmonic = (n as f64).ln() + 0.577;
    let p = 1.0 / (rank as f64 * harmonic);
    SIF_A / (SIF_A + p)
}

/// Cosines of the table and of the encoder over pairs of corpus texts.
fn compare(
    args: &DistilArgs,
    encoder: &Encoder,
    vocabulary: &[String],
    table: &TokenTable,
    variance_kept: f64,
    n_bytes: usize,
) -> Result<Report> {
    let bytes = std::fs::read(&args.corpus)
        .with_context(|| format!("cannot read {}", args.corpus.display()))?;
    let corpus = format::decode(&bytes)?;
    let ids: HashMap<&str, u32> =
        vocabulary.iter().zip(0..).map(|(piece, id)| (piece.as_str(), id)).collect();
    let texts = texts(&corpus);
    let mut rng = Rng::new(SEED);
    let mut cosines: Vec<(bool, f64, f64)> = Vec::new();
    let bar = progress::bar(N_PAIRS as u64, "pairs through the encoder");
    for number in 0..N_PAIRS {
        let same_family = number % 2 == 0;
        let a = &texts[rng.below(texts.len() as u32) as usize];
        let others: Vec<_> =
            texts.iter().filter(|b| b.1 != a.1 && (!same_family || b.0 == a.0)).collect();
        let Some(b) = rng.pick(&others) else { continue };
        let pieces = |text: &str| {
            let mut found = Vec::new();
            wordpiece::each_piece(table, text, |piece| {
                if let Some(id) = piece.and_then(|id| ids.get(table.piece(id).as_str()).copied()) {
                    found.push(id);
                }
            });
            found.truncate(PAIR_PIECES);
            found
        };
        let full = encoder.encode(&[pieces(&a.1)])?.remove(0);
        let other = encoder.encode(&[pieces(&b.1)])?.remove(0);
        let of_table = cosine(&embed(table, &a.1), &embed(table, &b.1));
        cosines.push((same_family, of_table.into(), cosine(&full, &other).into()));
        bar.inc(1);
    }
    bar.finish();
    let correlation = |wanted: Option<bool>| {
        let chosen = cosines.iter().filter(|c| wanted.is_none_or(|w| w == c.0));
        let (ours, theirs): (Vec<f64>, Vec<f64>) = chosen.map(|c| (c.1, c.2)).unzip();
        reduce::spearman(&ours, &theirs)
    };
    Ok(Report {
        provenance: args.provenance.clone(),
        model_sha256: encoder.sha256().into(),
        n_pieces: table.n_pieces(),
        dims: EMBEDDING_DIMS,
        bytes: n_bytes,
        variance_kept,
        n_pairs: cosines.len(),
        spearman: correlation(None),
        spearman_same_family: correlation(Some(true)),
        spearman_random: correlation(Some(false)),
    })
}

/// Families and texts of the train split.
fn texts(corpus: &Content) -> Vec<(u32, String)> {
    let of_train = corpus.scenarios.iter().filter(|scenario| {
        let family = corpus.families.get(scenario.family as usize);
        family.is_some_and(|family| family.split == Split::Train)
    });
    of_train
        .filter_map(|scenario| {
            let text = scenario.parts.iter().find_map(|(_, part)| match part {
                Part::Text(template) if template.len() > 40 => Some(template),
                _ => None,
            })?;
            Some((scenario.family, corpus.slots.fill(text, SEED)))
        })
        .collect()
}
