//! A shard: some of a namespace's environments, in memory and as bytes. Pure: no storage, no clock.
//!
//! A batch is first prepared on copies: either every item of it could be applied, and the answers
//! are there, or nothing has changed and each refused item says why. What was prepared is committed
//! or dropped as a whole.

use crate::feeds::Streamed;
use crate::part::Dialect;
use omniguard_core::corpus::Corpus;
use omniguard_core::environment::StepError;
use omniguard_core::error::SnapshotError;
use omniguard_core::frame::Split;
use omniguard_core::vector::seed_of;
use omniguard_core::wire::batch::{ResetItem, StepItem, StepResult};
use omniguard_core::wire::openenv::Observed;
use omniguard_core::wire::request::Reset;
use omniguard_core::wire::run::{Run, RunError};
use omniguard_core::wire::step;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Environments of a shard.
pub(crate) const ENVS_PER_SHARD: u32 = 64;
/// Version of the bytes.
const VERSION: u8 = 2;
/// Version of the bytes before there were feeds.
const WITHOUT_FEEDS: u8 = 1;

/// The environments.
#[derive(Debug)]
pub(crate) struct Shard {
    corpus: Arc<Corpus>,
    runs: BTreeMap<u32, Run>,
    /// Texts of feeds that its environments play on, by their hash.
    streamed: BTreeMap<u64, Streamed>,
}

/// A batch that could be applied.
#[derive(Debug)]
pub(crate) struct Prepared {
    runs: Vec<(u32, Run)>,
    streamed: Option<Streamed>,
    /// JSON of each item's answer, in the items' order.
    pub(crate) answers: Vec<String>,
}

/// Why an item could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// Position among the items.
    pub(crate) idx: usize,
    pub(crate) reason: String,
}

impl Shard {
    /// A shard without environments.
    pub(crate) fn new(corpus: Arc<Corpus>) -> Self {
        Self { corpus, runs: BTreeMap::new(), streamed: BTreeMap::new() }
    }

    /// The shard that was saved, with the files of streamed texts that were kept beside it.
    pub(crate) fn restore(
        bytes: &[u8],
        corpus: Arc<Corpus>,
        files: Vec<Vec<u8>>,
    ) -> Result<Self, SnapshotError> {
        let damaged = |_| SnapshotError::Damaged;
        let saved: Vec<(u32, Option<u64>, Vec<u8>)> = match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(damaged)?,
            Some((&WITHOUT_FEEDS, rest)) => {
                let saved: Vec<(u32, Vec<u8>)> = postcard::from_bytes(rest).map_err(damaged)?;
                saved.into_iter().map(|(env_id, bytes)| (env_id, None, bytes)).collect()
            }
            Some((&version, _)) => return Err(SnapshotError::UnknownVersion { version }),
            None => return Err(SnapshotError::Damaged),
        };
        let streamed: BTreeMap<u64, Streamed> = files
            .into_iter()
            .filter_map(|file| Streamed::new(file, &corpus))
            .filter_map(|one| Some((one.corpus.streamed()?, one)))
            .collect();
        let restored = |(env_id, hash, bytes): (u32, Option<u64>, Vec<u8>)| {
            let played_on = match hash {
                None => &corpus,
                Some(hash) => &streamed.get(&hash).ok_or(SnapshotError::OtherCorpus)?.corpus,
            };
            Ok((env_id, Run::restore(&bytes, played_on)?))
        };
        let runs = saved.into_iter().map(restored).collect::<Result<_, SnapshotError>>()?;
        Ok(Self { corpus, runs, streamed })
    }

    /// The corpus that is embedded.
    pub(crate) fn corpus(&self) -> &Arc<Corpus> {
        &self.corpus
    }

    /// Files of the streamed texts that its environments play on, by their hash: to be kept beside
    /// the bytes, which would be written with every step.
    pub(crate) fn files(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.streamed.iter().map(|(hash, one)| (*hash, one.file.as_slice()))
    }

    /// The shard as bytes, without the streamed texts.
    pub(crate) fn save(&self) -> Vec<u8> {
        let saved = |(env_id, run): (&u32, &Run)| (*env_id, streamed_of(run), run.save());
        let saved: Vec<_> = self.runs.iter().map(saved).collect();
        postcard::to_extend(&saved, Vec::from([VERSION])).unwrap_or_default()
    }

    /// An environment.
    pub(crate) fn run(&self, env_id: u32) -> Option<&Run> {
        self.runs.get(&env_id)
    }

    /// Its environments, by id.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, &Run)> {
        self.runs.iter().map(|(env_id, run)| (*env_id, run))
    }

    /// The items, or one for every environment that there is.
    fn meant<'a>(&self, items: &'a [ResetItem]) -> Cow<'a, [ResetItem]> {
        if !items.is_empty() {
            return Cow::Borrowed(items);
        }
        let item = |&env_id| ResetItem { env_id, reset: Reset::default() };
        self.runs.keys().map(item).collect()
    }

    /// The split of the first environment whose next episode may be on texts of a feed.
    pub(crate) fn streams(&self, items: &[ResetItem], seed: Seed) -> Option<Split> {
        self.meant(items).iter().filter(|_| !seed.given).find_map(|ResetItem { env_id, reset }| {
            let run = self.runs.get(env_id);
            Run::may_stream(run, reset).then(|| Run::split(run, reset))
        })
    }

    /// Resets the items' environments, or every one that there is. `seed` is what the seeds that
    /// are not given are made from; on `streamed` are the episodes of its split that may be.
    pub(crate) fn reset(
        &self,
        items: &[ResetItem],
        seed: Seed,
        dialect: Dialect,
        streamed: Option<Streamed>,
    ) -> Result<Prepared, Vec<Refused>> {
        let items = self.meant(items);
        let mut prepared = Prepared { runs: Vec::new(), streamed, answers: Vec::new() };
        let mut refused = Vec::new();
        for (idx, ResetItem { env_id, reset }) in items.iter().enumerate() {
            let mut reset = reset.clone();
            if seed.given {
                reset.seed = reset.seed.or(Some(seed_of(seed.value, *env_id)));
            }
            let drawn = seed_of(seed.value, *env_id);
            let name = || format!("{drawn:014x}-{env_id}");
            let run = self.runs.get(env_id);
            let corpus = match &prepared.streamed {
                Some(Streamed { corpus, .. })
                    if Run::may_stream(run, &reset)
                        && corpus.streamed_split() == Some(Run::split(run, &reset)) =>
                {
                    corpus
                }
                _ => &self.corpus,
            };
            match Run::begin(run, &reset, corpus, drawn, name) {
                Ok(run) => {
                    let observation = run.observation(*env_id, None);
                    prepared.answers.push(match dialect {
                        Dialect::Batch => json(&observation),
                        Dialect::OpenEnv => {
                            json(&Observed { observation, reward: None, done: false })
                        }
                    });
                    prepared.runs.push((*env_id, run));
                }
                Err(error) => refused.push(Refused { idx, reason: error.to_string() }),
            }
        }
        if refused.is_empty() { Ok(prepared) } else { Err(refused) }
    }

    /// Answers the items' environments.
    pub(crate) fn step(
        &self,
        items: &[StepItem],
        dialect: Dialect,
    ) -> Result<Prepared, Vec<Refused>> {
        // Everything that can be known is known before the first copy is made.
        let refused: Vec<Refused> = items
            .iter()
            .enumerate()
            .filter_map(|(idx, item)| {
                let checked = match self.runs.get(&item.env_id) {
                    Some(run) => run.check(item.step_id),
                    None => Err(RunError::Step(StepError::ResetNeeded)),
                };
                checked.err().map(|error| Refused { idx, reason: error.to_string() })
            })
            .collect();
        if !refused.is_empty() {
            return Err(refused);
        }
        let mut prepared = Prepared { runs: Vec::new(), streamed: None, answers: Vec::new() };
        for (idx, StepItem { env_id, action, step_id }) in items.iter().enumerate() {
            let Some(run) = self.runs.get(env_id) else { continue };
            let mut run = run.clone();
            let outcome = run
                .step(action, *step_id)
                .map_err(|error| vec![Refused { idx, reason: error.to_string() }])?;
            prepared.answers.push(match dialect {
                Dialect::Batch => json(&StepResult::new(*env_id, &run, &outcome)),
                Dialect::OpenEnv => json(&Observed {
                    observation: run.observation(*env_id, Some(&outcome)),
                    reward: Some(outcome.reward.total),
                    done: step::done(&outcome),
                }),
            });
            prepared.runs.push((*env_id, run));
        }
        Ok(prepared)
    }

    /// Takes what was prepared.
    pub(crate) fn commit(&mut self, prepared: Prepared) -> Vec<String> {
        self.runs.extend(prepared.runs);
        let new = prepared.streamed.and_then(|one| Some((one.corpus.streamed()?, one)));
        self.streamed.extend(new);
        let played_on: BTreeSet<u64> = self.runs.values().filter_map(streamed_of).collect();
        self.streamed.retain(|hash, _| played_on.contains(hash));
        prepared.answers
    }
}

/// Which streamed texts a run is on.
fn streamed_of(run: &Run) -> Option<u64> {
    run.env().corpus().streamed()
}

/// What environments' seeds are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    pub(crate) value: u64,
    /// Whether the caller asked for it: then every environment starts a new run.
    pub(crate) given: bool,
}

fn json(value: &impl serde::Serialize) -> String {
    // Our own types always serialise.
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::action::{Action, ActionType};
    use omniguard_core::embed::TokenTable;
    use omniguard_core::ingest::{Drawn, LogPairs, Source, compile, read_value};
    use serde_json::{Value, json};

    fn corpus() -> Arc<Corpus> {
        let table = TokenTable::from_bytes(include_bytes!("../../../public/tokens.bin")).unwrap();
        let corpus = include_bytes!("../../../public/corpus.bin");
        Arc::new(Corpus::from_bytes(corpus, Arc::new(table)).unwrap())
    }

    const SEED: Seed = Seed { value: 5, given: true };

    fn resets(env_ids: &[u32]) -> Vec<ResetItem> {
        env_ids.iter().map(|&env_id| ResetItem { env_id, reset: Reset::default() }).collect()
    }

    fn blocks(env_ids: &[u32], step_id: Option<u32>) -> Vec<StepItem> {
        let item = |&env_id| StepItem { env_id, action: Action::of(ActionType::Block), step_id };
        env_ids.iter().map(item).collect()
    }

    fn shard(env_ids: &[u32]) -> Shard {
        let mut shard = Shard::new(corpus());
        let prepared = shard.reset(&resets(env_ids), SEED, Dialect::Batch, None).unwrap();
        shard.commit(prepared);
        shard
    }

    #[test]
    fn a_batch_with_one_bad_item_changes_nothing() {
        let mut shard = shard(&[0, 3]);
        let before = shard.save();
        let refused = shard.step(&blocks(&[0, 9, 3], None), Dialect::Batch).unwrap_err();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].idx, 1);
        assert!(refused[0].reason.contains("reset"), "{}", refused[0].reason);
        let prepared = shard.step(&blocks(&[0, 3], None), Dialect::Batch).unwrap();
        assert_eq!(shard.save(), before, "prepared is not committed");
        let answers = shard.commit(prepared);
        assert_ne!(shard.save(), before);
        let answer: Value = serde_json::from_str(&answers[1]).unwrap();
        assert_eq!((&answer["env_id"], &answer["observation"]["step_id"]), (&3.into(), &1.into()));
    }

    #[test]
    fn a_restored_shard_goes_on_and_tells_its_last_steps_again() {
        let mut shard = shard(&[1, 2]);
        let prepared = shard.step(&blocks(&[1, 2], Some(0)), Dialect::Batch).unwrap();
        let answers = shard.commit(prepared);
        let restored = Shard::restore(&shard.save(), corpus(), Vec::new()).unwrap();
        assert_eq!(restored.save(), shard.save());
        let again = restored.step(&blocks(&[1, 2], Some(0)), Dialect::Batch).unwrap();
        assert_eq!(again.answers, answers);
        let later = restored.step(&blocks(&[1], Some(5)), Dialect::Batch).unwrap_err();
        assert!(later[0].reason.contains("step_id"), "{}", later[0].reason);
    }

    #[test]
    fn an_empty_reset_is_for_every_environment_that_there_is() {
        let shard = shard(&[4, 7]);
        let drawn = Seed { value: 1, given: false };
        assert_eq!(shard.reset(&[], drawn, Dialect::Batch, None).unwrap().answers.len(), 2);
        assert!(
            Shard::new(corpus())
                .reset(&[], drawn, Dialect::Batch, None)
                .unwrap()
                .answers
                .is_empty()
        );
    }

    #[test]
    fn seeds_are_forks_of_the_request_s() {
        let shard = shard(&[0, 3]);
        let seeds: Vec<_> = shard.runs().map(|(_, run)| run.env().seed()).collect();
        assert_eq!(seeds, [seed_of(5, 0), seed_of(5, 3)]);
    }

    fn record(n: u32) -> Drawn {
        let message = format!("<134>fw kernel: ACCEPT {} IN=eth1 OUT=eth0", "x".repeat(n as usize));
        let row = json!({"message_sanitized": message, "label_binary": "benign"});
        Drawn::of(read_value(Source::Witfoo, &row).unwrap())
    }

    fn streamed(written: &Corpus) -> Streamed {
        let rows = (1..40).map(record).filter(|one| one.row.split() == Split::Train);
        let rows: Vec<_> = rows.collect();
        let file = compile(written, &LogPairs::of(written), &rows).unwrap();
        Streamed::new(file, written).unwrap()
    }

    #[test]
    fn unseeded_episodes_stream_and_are_restored_with_their_files_alone() {
        let mut shard = Shard::new(corpus());
        let drawn = Seed { value: 1, given: false };
        let mut items = resets(&[0, 1, 2, 3]);
        items[1].reset.seed = Some(4);
        items[2].reset.split = Some(Split::Train);
        // What was drawn is of another split.
        items[3].reset.split = Some(Split::Test);
        assert_eq!(shard.streams(&items, SEED), None);
        assert_eq!(shard.streams(&items[1..2], drawn), None);
        assert_eq!(shard.streams(&items, drawn), Some(Split::Train));
        let streamed = streamed(shard.corpus());
        let hash = streamed.corpus.streamed();
        let prepared = shard.reset(&items, drawn, Dialect::Batch, Some(streamed)).unwrap();
        shard.commit(prepared);
        let on: Vec<_> = shard.runs().map(|(_, run)| run.env().corpus().streamed()).collect();
        assert_eq!(on, [hash, None, hash, None]);

        let files: Vec<Vec<u8>> = shard.files().map(|(_, file)| file.to_vec()).collect();
        assert_eq!(files.len(), 1);
        let restored = Shard::restore(&shard.save(), corpus(), files).unwrap();
        assert_eq!(restored.save(), shard.save());
        let step = |shard: &Shard| {
            shard.step(&blocks(&[0, 1, 2, 3], None), Dialect::Batch).unwrap().answers
        };
        assert_eq!(step(&restored), step(&shard));
        let lost = Shard::restore(&shard.save(), corpus(), Vec::new()).unwrap_err();
        assert_eq!(lost, SnapshotError::OtherCorpus);

        // Texts that nobody plays on any more are let go.
        let prepared = shard.reset(&[], drawn, Dialect::Batch, None).unwrap();
        shard.commit(prepared);
        assert_eq!(shard.files().count(), 0);
    }
}
