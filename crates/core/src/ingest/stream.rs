//! What an episode has from a feed: pairs as a file of the corpus's format, which
//! [`Corpus::with_streamed`] puts beside the written corpus.
//!
//! Pairs alone: of a bare row's frame the label could be told by where it comes from.

use super::Row;
use super::made::{LogPairs, Pair, ProseTool, Seed, TOOLS};
use crate::corpus::format::{Content, encode};
use crate::corpus::{Body, Corpus, Family, Param, Part, Scenario, Tool};
use crate::frame::{Channel, Mutation};
use crate::hash::mix;
use crate::mutate::acts_on;
use alloc::{borrow::ToOwned, format, vec, vec::Vec};

/// Name of the domain and the technique of what is not written.
const STREAMED: &str = "streamed";

/// A row that a feed gave, and the seeds in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The row.
    pub row: Row,
    /// Those of [`Row::seeds`], which cost more than a draw may.
    pub seeds: Vec<Seed>,
}

impl Drawn {
    /// The row with its seeds.
    pub fn of(row: Row) -> Self {
        let seeds = row.seeds();
        Self { row, seeds }
    }
}

/// The pairs that rows of one split make, as a file; `None` where they make none.
pub fn compile(corpus: &Corpus, log_pairs: &LogPairs, drawn: &[Drawn]) -> Option<Vec<u8>> {
    let seeds: Vec<&Seed> = drawn.iter().flat_map(|one| &one.seeds).collect();
    let split = drawn.first()?.row.split();
    let mut content = Content {
        domains: vec![STREAMED.to_owned()],
        tools: TOOLS.iter().map(tool).collect(),
        ..Content::default()
    };
    for Drawn { row, .. } in drawn {
        let pair = if let Row::Witfoo(_) = row {
            log_pairs.pair(corpus, row)
        } else {
            let idx = mix(row.row_hash()) % seeds.len().max(1) as u64;
            seeds.get(idx as usize).and_then(|seed| row.pair(seed))
        };
        if let Some(pair) = pair.filter(|pair| pair.split == split) {
            add(&mut content, pair);
        }
    }
    (!content.families.is_empty()).then(|| encode(&content))
}

fn tool(tool: &ProseTool) -> Tool {
    Tool {
        name: tool.name.to_owned(),
        description: tool.description.to_owned(),
        domain: 0,
        params: vec![Param {
            name: tool.argument.to_owned(),
            kind: "string".to_owned(),
            description: "The text.".to_owned(),
        }],
    }
}

fn add(content: &mut Content, pair: Pair) {
    let tool = (pair.row_hash % TOOLS.len() as u64) as u32;
    let names_tool = matches!(pair.channel, Channel::ToolCall | Channel::ToolDescription);
    let (body, key) = match pair.channel {
        Channel::ToolCall => (Body::Fields, TOOLS[tool as usize].argument),
        Channel::ToolDescription => (Body::Description, ""),
        Channel::UserPrompt | Channel::Log | Channel::ToolResult => (Body::Text, ""),
    };
    let family = content.families.len() as u32;
    content.families.push(Family {
        id: format!("{STREAMED}-{family}"),
        domain: 0,
        split: pair.split,
        channel: pair.channel,
        vector: pair.vector,
        technique: STREAMED.to_owned(),
        tool: names_tool.then_some(tool),
        carried: false,
    });
    for (malicious, text) in [true, false].into_iter().zip(pair.bodies) {
        let leaves = [text];
        let acts = |mutation| acts_on(&leaves, mutation);
        let (drifts, splits) = (acts(Mutation::SemanticDrift), acts(Mutation::Split));
        let [text] = leaves;
        let parts = vec![(key.to_owned(), Part::Text(text))];
        content.scenarios.push(Scenario { family, malicious, body, parts, drifts, splits });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{log_rows, prose_rows};
    use super::*;
    use crate::action::{Action, ActionType};
    use crate::check::{Effort, check_leaks};
    use crate::curriculum::Phase;
    use crate::embed::test_table;
    use crate::environment::{EnvConfig, Environment};
    use crate::frame::{MAX_FRAME_BYTES, Split};
    use crate::rng::Rng;
    use crate::roc::Scores;
    use crate::wire::snapshot;
    use alloc::{collections::BTreeMap, sync::Arc};

    fn written() -> Corpus {
        let file = include_bytes!("../../../../public/corpus.bin");
        Corpus::from_bytes(file, test_table()).unwrap()
    }

    fn streamed(written: &Corpus, split: Split) -> Arc<Corpus> {
        let rows = prose_rows(160).chain(log_rows(160));
        let drawn: Vec<_> = rows.filter(|row| row.split() == split).map(Drawn::of).collect();
        let file = compile(written, &LogPairs::of(written), &drawn).unwrap();
        Arc::new(written.with_streamed(&file).unwrap())
    }

    /// Shows `visit` frames of an environment that is answered at random.
    fn play(corpus: &Arc<Corpus>, n: u32, mut visit: impl FnMut(&Environment)) -> Environment {
        let config =
            EnvConfig { phase: Some(Phase::ChainedExploitation), ..EnvConfig::on(Split::Train) };
        let mut env = Environment::new(config, Arc::clone(corpus), 4).unwrap();
        let mut rng = Rng::new(8);
        for _ in 0..n {
            if env.frame().is_none() {
                env.reset();
            }
            visit(&env);
            let kind = ActionType::ALL[rng.below(6) as usize];
            env.step(&Action::of(kind)).unwrap();
        }
        env
    }

    #[test]
    fn neither_source_nor_channel_nor_length_tells_the_label() {
        let written = written();
        let corpus = streamed(&written, Split::Train);
        let n_written = written.n_scenarios();
        let mut by_source = [[0.0f32; 2]; 2];
        let mut shares: BTreeMap<Channel, [[f32; 2]; 2]> = BTreeMap::new();
        let mut length = Scores::default();
        play(&corpus, 12_000, |env| {
            let frame = *env.frame().unwrap();
            let (is_streamed, malicious) = (frame.scenario >= n_written, frame.malicious());
            let text = env.frame_text();
            assert!(!text.is_empty() && text.len() <= MAX_FRAME_BYTES, "{}", text.len());
            by_source[usize::from(is_streamed)][usize::from(malicious)] += 1.0;
            let channel = shares.entry(env.channel().unwrap()).or_default();
            channel[0][usize::from(malicious)] += 1.0;
            if is_streamed && !frame.obfuscated() {
                length.add(text.len() as f32, malicious);
            }
        });
        play(&Arc::new(written), 12_000, |env| {
            let channel = shares.entry(env.channel().unwrap()).or_default();
            channel[1][usize::from(env.frame().unwrap().malicious())] += 1.0;
        });
        let [[b0, m0], [b1, m1]] = by_source;
        assert!(b1 + m1 > 3_000.0, "{by_source:?}");
        let auc = 0.5 + 0.5 * (m1 / (m0 + m1) - b1 / (b0 + b1)).abs();
        assert!(auc < 0.55, "source: {auc}");
        for (channel, [here, there]) in shares {
            let share = |[benign, malicious]: [f32; 2]| malicious / (benign + malicious);
            assert!((share(here) - share(there)).abs() < 0.05, "{channel:?} {here:?} {there:?}");
        }
        let auc = length.auc().unwrap();
        assert!((0.4..0.6).contains(&auc), "length: {auc}");
    }

    #[test]
    fn observations_of_streamed_frames_are_functions_of_the_text() {
        let corpus = streamed(&written(), Split::Train);
        let effort = Effort { n_steps: 60_000, n_episodes: 0 };
        for finding in check_leaks(&corpus, Split::Train, effort).unwrap() {
            assert!(finding.passed, "{finding:?}");
        }
    }

    #[test]
    fn a_streamed_episode_is_restored_over_its_own_texts_alone() {
        let written = written();
        let corpus = streamed(&written, Split::Train);
        let env = play(&corpus, 333, |_| {});
        let bytes = snapshot::save(&env);
        let mut restored = snapshot::restore(&bytes, &corpus).unwrap();
        assert_eq!(restored.frame_text(), env.frame_text());
        assert_eq!(restored.trajectory_hash(), env.trajectory_hash());
        restored.reset_on(Arc::new(written.clone())).unwrap();
        assert_eq!(restored.corpus().streamed(), None);
        assert!(snapshot::restore(&bytes, &Arc::new(written)).is_err());
    }

    #[test]
    fn only_files_of_pairs_stand_in() {
        let written = written();
        let other = include_bytes!("../../../../public/corpus.bin");
        assert!(written.with_streamed(other).is_err());
        assert!(written.with_streamed(&encode(&Content::default())).is_err());
        let corpus = streamed(&written, Split::Test);
        // Another split's pairs are never drawn.
        let n_written = written.n_scenarios();
        play(&corpus, 500, |env| assert!(env.frame().unwrap().scenario < n_written));
        assert_eq!(compile(&written, &LogPairs::of(&written), &[]), None);
    }
}
