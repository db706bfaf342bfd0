//! A namespace's environments: a batch is split over the shards, prepared on all of them, and
//! applied on all of them or on none.

use crate::config::NAMESPACE;
use crate::error::Fault;
use crate::part::{Dialect, Part, PartAnswer};
use crate::shard::ENVS_PER_SHARD;
use crate::space::Space;
use futures_util::future::join_all;
use omniguard_core::environment::MAX_SEED;
use omniguard_core::wire::batch::{BatchReset, StepItem};
use omniguard_core::wire::metrics::EnvMetrics;
use omniguard_core::wire::problem::Problem;
use omniguard_core::wire::validation::{FieldError, Loc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use worker::{Delay, Env, Method, Request, RequestInit, Stub};

type Answer<T> = std::result::Result<T, Fault>;

/// How often a batch is tried again while another one holds a shard.
const TRIES: u32 = 60;
/// Longest time between two tries, in milliseconds: drawn, so that two batches do not keep meeting.
const LONGEST_PAUSE: u64 = 40;

/// The items of one shard, and where they stood in the batch.
struct Share {
    shard: u32,
    part: Part,
    places: Vec<usize>,
}

/// The shards of one namespace.
pub(crate) struct Shards<'a> {
    env: &'a Env,
    space: &'a Space,
}

impl<'a> Shards<'a> {
    pub(crate) fn new(env: &'a Env, space: &'a Space) -> Self {
        Self { env, space }
    }

    /// Resets environments; their answers in the items' order. `body` is what `read` was read from.
    pub(crate) async fn reset(
        &self,
        body: &Value,
        read: &BatchReset,
        dialect: Dialect,
    ) -> Answer<Vec<String>> {
        let drawn = getrandom::u64().map_err(|_| Problem::not_ready("no randomness to be had"))?;
        let part = Part {
            body: json!({"items": []}),
            dialect,
            seed: read.seed.unwrap_or(drawn & MAX_SEED),
            seed_given: read.seed.is_some(),
        };
        let shares = if read.items.is_empty() {
            let all = self.space.shards();
            all.map(|shard| Share { shard, part: part.clone(), places: Vec::new() }).collect()
        } else {
            shares(body, "items", read.items.iter().map(|item| item.env_id), &part)
        };
        self.apply("items", &shares).await
    }

    /// Answers environments; the results in the actions' order.
    pub(crate) async fn step(
        &self,
        body: &Value,
        read: &[StepItem],
        dialect: Dialect,
    ) -> Answer<Vec<String>> {
        let part = Part { body: Value::Null, dialect, seed: 0, seed_given: false };
        let shares = shares(body, "actions", read.iter().map(|item| item.env_id), &part);
        self.apply("actions", &shares).await
    }

    /// State of one environment, as JSON.
    pub(crate) async fn state(&self, env_id: u32) -> Answer<String> {
        self.told(env_id / ENVS_PER_SHARD, &format!("state/{env_id}")).await
    }

    /// What every environment has been through, by id.
    pub(crate) async fn metrics(&self) -> Answer<Vec<EnvMetrics>> {
        let asked = self.space.shards().map(async |shard| self.told(shard, "metrics/").await);
        let mut items = Vec::new();
        for text in join_all(asked).await {
            let of_shard: Vec<EnvMetrics> =
                serde_json::from_str(&text?).map_err(worker::Error::from)?;
            items.extend(of_shard);
        }
        Ok(items)
    }

    async fn told(&self, shard: u32, path: &str) -> Answer<String> {
        match self.ask(shard, path, None).await? {
            PartAnswer::Done { mut answers } => Ok(answers.pop().unwrap_or_default()),
            PartAnswer::Failed { status, problem } => Err(Fault::Relayed { status, problem }),
            _ => Err(worker::Error::from("a shard answered something else").into()),
        }
    }

    /// All or nothing over the shares.
    async fn apply(&self, list: &'static str, shares: &[Share]) -> Answer<Vec<String>> {
        for _ in 0..TRIES {
            let answers = match shares {
                [share] => vec![self.ask(share.shard, "apply/", Some(&share.part)).await?],
                _ => self.apply_together(shares).await?,
            };
            if !answers.iter().any(|answer| matches!(answer, PartAnswer::Busy)) {
                return placed(list, shares, answers);
            }
            let drawn = getrandom::u64().unwrap_or(0) % LONGEST_PAUSE;
            Delay::from(Duration::from_millis(1 + drawn)).await;
        }
        Err(Problem::busy("other batches hold the environments; try again").into())
    }

    /// Prepares the shares, and commits them if all could be.
    async fn apply_together(&self, shares: &[Share]) -> Answer<Vec<PartAnswer>> {
        let prepared = join_all(
            shares
                .iter()
                .map(async |share| self.ask(share.shard, "prepare/", Some(&share.part)).await),
        )
        .await;
        let tickets: Vec<Option<u64>> = prepared
            .iter()
            .map(|answer| match answer {
                Ok(PartAnswer::Prepared { ticket }) => Some(*ticket),
                _ => None,
            })
            .collect();
        let verb = if tickets.iter().all(Option::is_some) { "commit" } else { "abort" };
        let ended = join_all(shares.iter().zip(tickets).map(async |(share, ticket)| {
            let Some(ticket) = ticket else { return Ok(PartAnswer::NoTicket) };
            self.ask(share.shard, &format!("{verb}/{ticket}"), None).await
        }))
        .await;
        // A lost commit is not tried again: what was applied can be told apart by step ids alone.
        if verb == "commit" { ended } else { prepared }.into_iter().collect()
    }

    async fn ask(&self, shard: u32, path: &str, part: Option<&Part>) -> Answer<PartAnswer> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post);
        if let Some(part) = part {
            let text = serde_json::to_string(part).map_err(worker::Error::from)?;
            init.with_body(Some(text.into()));
        }
        let request = Request::new_with_init(&format!("https://shard.invalid/{path}"), &init)?;
        let mut response = self.stub(shard)?.fetch_with_request(request).await?;
        let body = response.text().await?;
        PartAnswer::from_http(response.status_code(), &body)
            .ok_or_else(|| worker::Error::from("a shard's answer cannot be read").into())
    }

    fn stub(&self, shard: u32) -> worker::Result<Stub> {
        self.env.durable_object(NAMESPACE)?.get_by_name(&self.space.object(shard))
    }
}

fn shares(
    body: &Value,
    list: &'static str,
    env_ids: impl Iterator<Item = u32>,
    part: &Part,
) -> Vec<Share> {
    let mut by_shard: BTreeMap<u32, (Vec<Value>, Vec<usize>)> = BTreeMap::new();
    let items = body.get(list).and_then(Value::as_array).into_iter().flatten();
    for (place, (item, env_id)) in items.zip(env_ids).enumerate() {
        let (items, places) = by_shard.entry(env_id / ENVS_PER_SHARD).or_default();
        items.push(item.clone());
        places.push(place);
    }
    by_shard
        .into_iter()
        .map(|(shard, (items, places))| {
            let body = Map::from_iter([(list.to_owned(), items.into())]).into();
            Share { shard, part: Part { body, ..part.clone() }, places }
        })
        .collect()
}

/// The shards' answers in the order of the batch, or the refusals with their places.
fn placed(list: &'static str, shares: &[Share], answers: Vec<PartAnswer>) -> Answer<Vec<String>> {
    let n = shares.iter().map(|share| share.places.len()).sum();
    let mut all = vec![String::new(); n];
    let mut rest = Vec::new();
    let mut errors = Vec::new();
    for (share, answer) in shares.iter().zip(answers) {
        match answer {
            PartAnswer::Done { answers } => {
                for (idx, answer) in answers.into_iter().enumerate() {
                    match share.places.get(idx).and_then(|&place| all.get_mut(place)) {
                        Some(slot) => *slot = answer,
                        None => rest.push(answer),
                    }
                }
            }
            PartAnswer::Refused(refused) => errors.extend(refused.into_iter().map(|refused| {
                let place = share.places.get(refused.idx).copied().unwrap_or(refused.idx);
                FieldError { loc: vec![list.into(), Loc::Index(place as u32)], msg: refused.reason }
            })),
            PartAnswer::Failed { status, problem } => {
                return Err(Fault::Relayed { status, problem });
            }
            // Prepared on some shards while others refuse: given up already.
            PartAnswer::Prepared { .. } => {}
            PartAnswer::Busy | PartAnswer::NoTicket => {
                return Err(Problem::busy(
                    "a part of the batch was lost; send it again with its step_ids",
                )
                .into());
            }
        }
    }
    if errors.is_empty() {
        all.extend(rest);
        return Ok(all);
    }
    errors.sort_by_key(|error| match error.loc.get(1) {
        Some(Loc::Index(place)) => *place,
        _ => 0,
    });
    let detail = format!("{} item(s) cannot be applied now; nothing was", errors.len());
    Err(Problem { errors, ..Problem::conflict(detail) }.into())
}
