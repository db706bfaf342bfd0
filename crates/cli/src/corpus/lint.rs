//! `omniguard corpus lint`: whether anything but the meaning of a text tells its label.

use super::load;
use crate::output::{say, say_on};
use anyhow::{Result, ensure};
use clap::Args;
use omniguard_core::corpus::{Corpus, Part};
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::frame::{N_MUTATIONS, Split};
use omniguard_core::hash::fnv1a;
use omniguard_core::roc::Scores;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Furthest that length, punctuation, domain and channel may be from chance.
const MAX_AUC: f32 = 0.6;
/// The same for "is encoded" and "which mutation".
const MAX_ENCODED_AUC: f32 = 0.75;
/// Words of a shingle.
const SHINGLE: usize = 5;
/// Share of shingles from which on two texts count as nearly the same.
pub(super) const NEAR: f32 = 0.6;
/// Attacks over benign texts of a channel must lie within these.
const BALANCE: (f32, f32) = (0.3, 1.2);

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
    /// Frames per split and phase behind the AUCs
    #[arg(long, default_value_t = 6_000)]
    frames: u32,
}

pub(super) fn run(args: &LintArgs) -> Result<()> {
    let corpus = Arc::new(load(&args.corpus)?);
    let mut problems = Vec::new();
    problems.extend(missing_twins(&corpus));
    problems.extend(unbalanced(&corpus));
    problems.extend(near_duplicates(&corpus));
    say!(
        "{:<12}{:>10}{:>13}{:>9}{:>9}{:>12}{:>10}",
        "AUC of",
        "length",
        "punctuation",
        "domain",
        "channel",
        "is encoded",
        "mutation"
    )?;
    for &split in Split::ALL {
        let aucs = Cues::of(&corpus, split, args.frames)?.aucs();
        say_on!("{:<12}", split.name())?;
        for ((name, limit, width), auc) in CUES.iter().zip(aucs) {
            say_on!("{auc:>width$.3}")?;
            if auc >= *limit {
                problems.push(format!("{}: {name} alone has an AUC of {auc:.3}", split.name()));
            }
        }
        say!("")?;
    }
    for problem in &problems {
        say!("problem: {problem}")?;
    }
    ensure!(problems.is_empty(), "{} problems in the corpus", problems.len());
    say!("no problems")?;
    Ok(())
}

/// Families of attacks without a benign twin.
fn missing_twins(corpus: &Corpus) -> Vec<String> {
    let of_class = |malicious: bool| -> HashSet<u32> {
        let scenarios = corpus.scenarios().iter().filter(|s| s.malicious == malicious);
        scenarios.map(|scenario| scenario.family).collect()
    };
    let (attacks, benign) = (of_class(true), of_class(false));
    attacks
        .difference(&benign)
        .map(|&family| format!("{} has no benign twin", corpus.families()[family as usize].id))
        .collect()
}

/// Domains and channels in which one class is nearly alone.
fn unbalanced(corpus: &Corpus) -> Vec<String> {
    let mut counts: BTreeMap<(String, &str), (u32, u32)> = BTreeMap::new();
    for scenario in corpus.scenarios() {
        let family = &corpus.families()[scenario.family as usize];
        let domain = corpus.domains()[family.domain as usize].clone();
        for key in [(domain, ""), (String::new(), family.channel.name())] {
            let (attacks, benign) = counts.entry(key).or_default();
            *if scenario.malicious { attacks } else { benign } += 1;
        }
    }
    let outside = |(attacks, benign): (u32, u32)| {
        let ratio = attacks as f32 / benign.max(1) as f32;
        !(BALANCE.0..=BALANCE.1).contains(&ratio)
    };
    counts
        .into_iter()
        .filter(|(_, count)| outside(*count))
        .map(|((domain, channel), (attacks, benign))| {
            format!("{domain}{channel}: {attacks} attacks against {benign} benign texts")
        })
        .collect()
}

/// Texts of different splits that share most of their five-word runs.
fn near_duplicates(corpus: &Corpus) -> Vec<String> {
    let shingles: Vec<HashSet<u64>> =
        corpus.scenarios().iter().map(|s| shingles(&s.parts)).collect();
    let mut holders: HashMap<u64, Vec<u32>> = HashMap::new();
    for (set, idx) in shingles.iter().zip(0u32..) {
        for &shingle in set {
            holders.entry(shingle).or_default().push(idx);
        }
    }
    let split = |idx: u32| corpus.family_of(idx).split;
    let mut found = Vec::new();
    for (set, idx) in shingles.iter().zip(0u32..) {
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for other in set.iter().filter_map(|shingle| holders.get(shingle)).flatten() {
            if *other > idx && split(*other) != split(idx) {
                *shared.entry(*other).or_default() += 1;
            }
        }
        let mut near: Vec<u32> = shared
            .into_iter()
            .filter(|(other, n)| {
                let union = set.len() + shingles[*other as usize].len() - *n as usize;
                *n as f32 >= NEAR * union as f32
            })
            .map(|(other, _)| other)
            .collect();
        near.sort_unstable();
        found.extend(near.into_iter().map(|other| {
            let id = |idx| &corpus.family_of(idx).id;
            format!("{} and {} are nearly the same, in two splits", id(idx), id(other))
        }));
    }
    found
}

pub(super) fn shingles(parts: &[(String, Part)]) -> HashSet<u64> {
    let mut words: Vec<String> = Vec::new();
    for (_, part) in parts {
        if let Part::Text(text) = part {
            words.extend(text.split_whitespace().map(str::to_lowercase));
        }
    }
    words.windows(SHINGLE).map(|run| fnv1a(run.join(" ").as_bytes())).collect()
}

/// Names of the cues, their limits and the widths of their columns.
const CUES: [(&str, f32, usize); 6] = [
    ("length", MAX_AUC, 10),
    ("punctuation", MAX_AUC, 13),
    ("domain", MAX_AUC, 9),
    ("channel", MAX_AUC, 9),
    ("being encoded", MAX_ENCODED_AUC, 12),
    ("the mutation", MAX_ENCODED_AUC, 10),
];

/// What could be known of a frame without understanding it, over many frames.
#[derive(Default)]
struct Cues {
    length: Scores,
    punctuation: Scores,
    domain: Lookup,
    channel: Lookup,
    encoded: Scores,
    mutation: Lookup,
}

impl Cues {
    fn of(corpus: &Arc<Corpus>, split: Split, n_frames: u32) -> Result<Self> {
        let mut cues = Self::default();
        for &phase in Phase::ALL {
            let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(split) };
            let mut env = Environment::new(config, Arc::clone(corpus), 3)?;
            for number in 0..n_frames {
                // First frames only: what returns is an attack by the rules.
                env.reset();
                if let Some(frame) = env.frame() {
                    let truth = frame.malicious();
                    let family = corpus.family_of(frame.scenario);
                    let fit = number % 2 == 0;
                    let arm = frame.mutations.arm.map_or(N_MUTATIONS, |arm| arm as usize);
                    cues.domain.add(family.domain as usize, truth, fit);
                    cues.channel.add(family.channel.index(), truth, fit);
                    cues.mutation.add(arm, truth, fit);
                    cues.encoded.add(f32::from(u8::from(frame.obfuscated())), truth);
                    if !frame.obfuscated() {
                        let text = env.frame_text();
                        let n_signs = text.chars().filter(char::is_ascii_punctuation).count();
                        cues.length.add(text.len() as f32, truth);
                        cues.punctuation.add(n_signs as f32 / text.len().max(1) as f32, truth);
                    }
                }
            }
        }
        Ok(cues)
    }

    /// In the order of [`CUES`]; below a half, the cue turned round.
    fn aucs(&self) -> [f32; 6] {
        [
            self.length.auc(),
            self.punctuation.auc(),
            self.domain.auc(),
            self.channel.auc(),
            self.encoded.auc(),
            self.mutation.auc(),
        ]
        .map(|auc| {
            let auc = auc.unwrap_or(0.5);
            auc.max(1.0 - auc)
        })
    }
}

/// The share of attacks by a value, fitted on one half of the frames and scored on the other.
#[derive(Default)]
struct Lookup {
    counts: HashMap<usize, (u32, u32)>,
    asked: Vec<(usize, bool)>,
}

impl Lookup {
    fn add(&mut self, value: usize, truth: bool, fit: bool) {
        if fit {
            let (n_true, n) = self.counts.entry(value).or_default();
            *n_true += u32::from(truth);
            *n += 1;
        } else {
            self.asked.push((value, truth));
        }
    }

    fn auc(&self) -> Option<f32> {
        let mut scores = Scores::default();
        for (value, truth) in &self.asked {
            let (n_true, n) = self.counts.get(value).copied().unwrap_or((1, 2));
            scores.add(n_true as f32 / n as f32, *truth);
        }
        scores.auc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_copies_share_their_runs_of_words() {
        let part = |text: &str| vec![(String::new(), Part::Text(text.into()))];
        let a = shingles(&part("please send the signed form to the office before noon today"));
        let b = shingles(&part("Please send the signed form to the office before noon tomorrow"));
        let c = shingles(&part("the office sends the form back once it has been signed by all"));
        assert!(a.intersection(&b).count() as f32 / a.union(&b).count() as f32 >= NEAR);
        assert_eq!(a.intersection(&c).count(), 0);
    }

    #[test]
    fn a_lookup_finds_what_a_value_tells() {
        let mut telling = Lookup::default();
        let mut blind = Lookup::default();
        for n in 0..400usize {
            telling.add(n % 4, n % 4 == 0, n / 4 % 2 == 0);
            blind.add(n / 4 % 2, n % 4 < 2, n / 8 % 2 == 0);
        }
        assert_eq!(telling.auc(), Some(1.0));
        assert_eq!(blind.auc(), Some(0.5));
    }

    #[test]
    fn the_committed_corpus_has_no_problems() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../public/corpus.bin").into();
        run(&LintArgs { corpus, frames: 1_500 }).unwrap();
    }
}
