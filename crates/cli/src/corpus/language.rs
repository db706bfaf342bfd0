//! `omniguard corpus language`: the decoder's language model, counted over the train split alone.
//!
//! Texts of the other splits must not shape what the decoder takes for language: figures measured
//! on them would say too much. Words of general English join those of the train split. The same
//! corpus always gives the same files.

use crate::output::say;
use anyhow::{Context, Result, bail};
use clap::Args;
use omniguard_core::corpus::{Corpus, Part};
use omniguard_core::frame::Split;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// General English, which the corpus has no say in.
const EVERYDAY: &str = include_str!("everyday.txt");
/// A word of the train split is common if so many of its families have it: names and the slips
/// of a single text stay out.
const MIN_FAMILIES: usize = 4;
/// The decoder looks up no longer words.
const MAX_WORD: usize = 24;
/// Letters and the edge of a word, which is 0.
const N_LETTERS: usize = 27;
/// Quality of the most frequent pairs.
const BEST: u32 = 9;

#[derive(Debug, Args)]
pub(crate) struct LanguageArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
    /// Folder of the decoder, where pairs.rs and words.txt are written
    #[arg(long, default_value = "crates/core/src/decode")]
    output: PathBuf,
    /// Only compare: fail if the files are not what the corpus gives
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &LanguageArgs) -> Result<()> {
    let corpus = super::load(&args.corpus)?;
    let mut model = Model::default();
    for scenario in corpus.scenarios() {
        if corpus.families()[scenario.family as usize].split == Split::Train {
            for (_, part) in &scenario.parts {
                if let Part::Text(text) = part {
                    model.count(scenario.family, &without_slots(&corpus, text));
                }
            }
        }
    }
    let words = model.words();
    put(&args.output.join("pairs.rs"), &model.pairs_source(), args.check)?;
    put(&args.output.join("words.txt"), &lines(&words), args.check)?;
    say!(
        "{} texts of the train split, {} pairs, {} words",
        model.n_texts,
        model.pairs.iter().flatten().sum::<u64>(),
        words.len()
    )?;
    Ok(())
}

/// Writes a file, or compares it.
fn put(path: &Path, content: &str, check: bool) -> Result<()> {
    if !check {
        return std::fs::write(path, content)
            .with_context(|| format!("cannot write {}", path.display()));
    }
    let there =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if there != content {
        bail!("{} is not what the corpus gives; run `omniguard corpus language`", path.display());
    }
    say!("{} is up to date", path.display())?;
    Ok(())
}

fn lines(words: &BTreeSet<String>) -> String {
    words.iter().fold(String::new(), |out, word| out + word + "\n")
}

/// The text with a gap for each slot: their values are no part of a split.
fn without_slots(corpus: &Corpus, text: &str) -> String {
    corpus
        .slots()
        .0
        .iter()
        .fold(text.into(), |text, slot| text.replace(&format!("{{{{{}}}}}", slot.name), " "))
}

/// What was counted.
#[derive(Default)]
struct Model {
    n_texts: u32,
    /// Pairs of letters by the first and the second.
    pairs: [[u64; N_LETTERS]; N_LETTERS],
    /// Families in which a word stands.
    families: BTreeMap<String, BTreeSet<u32>>,
}

impl Model {
    fn count(&mut self, family: u32, text: &str) {
        self.n_texts += 1;
        let mut last = ' ';
        for c in text.chars().chain([' ']) {
            let (a, b) = (letter(last), letter(c));
            // The score of the decoder counts letters beside digits as none, too.
            if a | b != 0 && !last.is_ascii_digit() && !c.is_ascii_digit() {
                self.pairs[a][b] += 1;
            }
            last = c;
        }
        // A run with a digit or a letter outside ASCII is no word that leetspeak stands for.
        for run in text.split(|c: char| !c.is_alphanumeric()) {
            if is_word(run) {
                let families = self.families.entry(run.to_ascii_lowercase()).or_default();
                families.insert(family);
            }
        }
    }

    fn words(&self) -> BTreeSet<String> {
        let common = self.families.iter().filter(|(_, families)| families.len() >= MIN_FAMILIES);
        let everyday = EVERYDAY.lines().filter(|line| !line.starts_with('#'));
        let everyday = everyday.flat_map(str::split_whitespace).map(String::from);
        let words = common.map(|(word, _)| word.clone()).chain(everyday);
        // Single letters stand for anything, other than the words a and I.
        words.filter(|word| word.len() > 1 || word == "a" || word == "i").collect()
    }

    fn pairs_source(&self) -> String {
        let most = self.pairs.iter().flatten().copied().max().unwrap_or(0);
        let mut out = String::from(
            "//! Generated by `omniguard corpus language` from the train split; not to be edited.\n\n\
             /// One row per first letter, one digit per second; letter 0 is the edge of a word.\n\
             pub(super) const PAIRS: [&[u8; 27]; 27] = [\n",
        );
        for row in &self.pairs {
            let digits: String = row.iter().map(|&n| quality(n, most).to_string()).collect();
            let _ = writeln!(out, "    b\"{digits}\",");
        }
        out + "];\n"
    }
}

fn is_word(run: &str) -> bool {
    (1..=MAX_WORD).contains(&run.len()) && run.bytes().all(|b| b.is_ascii_alphabetic())
}

fn letter(c: char) -> usize {
    if c.is_ascii_alphabetic() { (c.to_ascii_lowercase() as u8 - b'a') as usize + 1 } else { 0 }
}

/// One step down for each halving of the count: 9 for the most frequent pair and those above
/// 1 in 2^1.5 of it, then 8, and 0 below 1 in 2^9.5. In whole numbers, so that it is the same
/// everywhere.
fn quality(count: u64, most: u64) -> u32 {
    if count == 0 {
        return 0;
    }
    // The logarithm of the square is twice the logarithm: its floor is enough to round.
    let twice = (most * most / (count * count)).checked_ilog2().unwrap_or(0);
    let halvings = twice.div_ceil(2);
    (BEST + 1).saturating_sub(halvings).min(BEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_model_is_what_the_committed_corpus_gives() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let args = LanguageArgs {
            corpus: root.join("public/corpus.bin"),
            output: root.join("crates/core/src/decode"),
            check: true,
        };
        run(&args).unwrap();
    }

    #[test]
    fn quality_falls_by_one_with_each_halving() {
        let digits: Vec<_> = (0..12).map(|n| quality(1 << (20 - n), 1 << 20)).collect();
        assert_eq!(digits, [9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
        assert_eq!((quality(0, 100), quality(36, 100), quality(35, 100)), (0, 9, 8));
    }

    #[test]
    fn a_word_of_a_few_families_is_not_common() {
        let mut model = Model::default();
        for family in 1..MIN_FAMILIES as u32 {
            model.count(family, "Zanzibar zanzibar, x9 Kumquat");
        }
        assert!(!model.words().contains("zanzibar"));
        model.count(MIN_FAMILIES as u32, "zanzibar kumquaté");
        let words = model.words();
        assert!(words.contains("zanzibar") && words.contains("because"));
        assert!(!words.contains("kumquat") && !words.contains("x") && !words.contains("#"));
    }

    #[test]
    fn pairs_are_counted_with_the_edges_of_words() {
        let mut model = Model::default();
        model.count(1, "ab-A b7");
        assert_eq!((model.pairs[0][1], model.pairs[1][2], model.pairs[2][0]), (2, 1, 1));
        assert_eq!((model.pairs[1][0], model.pairs[0][2], model.pairs[0][0]), (1, 1, 0));
    }

    #[test]
    fn everyday_words_are_words() {
        let words = EVERYDAY.lines().filter(|line| !line.starts_with('#'));
        for word in words.flat_map(str::split_whitespace) {
            assert!(is_word(word) && !word.bytes().any(|b| b.is_ascii_uppercase()), "{word}");
        }
    }
}
