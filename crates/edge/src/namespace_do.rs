//! The Durable Object that keeps a shard of a namespace: batches in, answers out, one row of bytes.
//!
//! A batch over several shards is prepared on each, then committed on each; a prepared batch holds
//! its shard until it is committed, given up, or late. What is committed is in storage before it is
//! answered.

use crate::assets;
use crate::config::NamespaceLimits;
use crate::feeds;
use crate::part::{Part, PartAnswer};
use crate::shard::{Prepared, Seed, Shard};
use omniguard_core::corpus::Corpus;
use omniguard_core::frame::Split;
use omniguard_core::wire::batch::{self, BatchReset};
use omniguard_core::wire::hex64;
use omniguard_core::wire::metrics::EnvMetrics;
use omniguard_core::wire::openenv::StateBody;
use omniguard_core::wire::problem::Problem;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use worker::wasm_bindgen;
use worker::{
    Date, DurableObject, Env, Error, Request, Response, Result, Socket, SqlStorageValue, State,
    WebSocket, WebSocketIncomingMessage, console_error, durable_object,
};

/// A prepared batch may be given up for another after so many milliseconds.
const PATIENCE: u64 = 5_000;
/// The alarm is a write: it is put off no more often than so many times in the idle time.
const ALARM_STEPS: u64 = 24;

#[derive(Debug)]
struct Pending {
    ticket: u64,
    until: u64,
    prepared: Prepared,
}

/// What storage holds of a shard.
struct Saved {
    bytes: Vec<u8>,
    /// Streamed texts that environments play on.
    files: Vec<Vec<u8>>,
}

/// A shard and its storage.
#[durable_object]
pub struct Namespace {
    state: State,
    env: Env,
    shard: RefCell<Option<Shard>>,
    pending: RefCell<Option<Pending>>,
    /// Hashes of the streamed texts in storage.
    files: RefCell<BTreeSet<u64>>,
    next_ticket: Cell<u64>,
    /// When the alarm has to be put off again.
    alarm_due: Cell<u64>,
}

impl std::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Namespace").field("shard", &self.shard).finish_non_exhaustive()
    }
}

impl DurableObject for Namespace {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            shard: RefCell::default(),
            pending: RefCell::default(),
            files: RefCell::default(),
            // Drawn, so that a ticket from before a restart is none of those given out after it.
            next_ticket: Cell::new(getrandom::u64().unwrap_or(1)),
            alarm_due: Cell::new(0),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if let Err(problem) = self.load().await {
            return Ok(respond(PartAnswer::from(problem)));
        }
        let path = request.path();
        let (verb, argument) =
            path.trim_start_matches('/').split_once('/').unwrap_or((path.as_str(), ""));
        let number = || argument.parse().unwrap_or(0);
        let answer = match verb {
            "prepare" => self.prepare(&request.json().await?).await,
            "apply" => match self.prepare(&request.json().await?).await {
                PartAnswer::Prepared { ticket } => self.commit(ticket),
                other => other,
            },
            "commit" => self.commit(number()),
            "abort" => self.abort(number()),
            "state" => self.tell_state(number() as u32),
            "metrics" => self.tell_metrics(),
            _ => return Response::error("unknown", 404),
        };
        // Where nothing was applied there is nothing to forget later.
        let applied = matches!(&answer, PartAnswer::Done { answers } if !answers.is_empty());
        if applied && matches!(verb, "apply" | "commit") {
            self.stay().await?;
        }
        Ok(respond(answer))
    }

    /// Nobody played for the idle time: the environments are forgotten.
    async fn alarm(&self) -> Result<Response> {
        self.pending.take();
        self.shard.take();
        self.files.take();
        self.alarm_due.set(0);
        self.state.storage().delete_all().await?;
        Response::empty()
    }

    // Nothing below is ever called, since this object has no sockets; but the trait's own handlers
    // would panic.

    async fn connect(&self, _socket: Socket) -> Result<()> {
        Err(Error::from("raw sockets are not served"))
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> Result<()> {
        Ok(())
    }
}

fn respond(answer: PartAnswer) -> Response {
    let (status, body) = answer.into_http();
    Response::builder().with_status(status).fixed(body.into_bytes())
}

impl Namespace {
    /// Reads the shard, if it is not in memory yet.
    async fn load(&self) -> std::result::Result<(), Problem> {
        if self.shard.borrow().is_some() {
            return Ok(());
        }
        let corpus = assets::corpus(&self.env).await.map_err(|error| {
            console_error!("no shard: {error}");
            Problem::not_ready(error.public())
        })?;
        let saved = self.saved().map_err(|error| {
            console_error!("the shard cannot be read: {error}");
            ours()
        })?;
        let shard = match saved {
            None => Shard::new(corpus),
            Some(Saved { bytes, files }) => {
                Shard::restore(&bytes, corpus.clone(), files).unwrap_or_else(|error| {
                    // After a deployment with other frames its environments cannot go on.
                    console_error!("the shard begins anew: {error}");
                    Shard::new(corpus)
                })
            }
        };
        // Another request may have been quicker; what it did must stay.
        if self.shard.borrow().is_none() {
            self.files.replace(shard.files().map(|(hash, _)| hash).collect());
            self.shard.replace(Some(shard));
        }
        Ok(())
    }

    /// The bytes that were kept. Nothing is written: to ask about a namespace does not make it.
    fn saved(&self) -> Result<Option<Saved>> {
        let bytes = self.blobs("shard", "SELECT bytes FROM shard WHERE id = 0")?.pop();
        let files = self.blobs("streamed", "SELECT bytes FROM streamed")?;
        Ok(bytes.map(|bytes| Saved { bytes, files }))
    }

    /// The blobs that a query finds; none where there is no such table.
    fn blobs(&self, table: &str, query: &str) -> Result<Vec<Vec<u8>>> {
        let sql = self.state.storage().sql();
        let known = "SELECT 1 FROM sqlite_master WHERE name = ?";
        if sql.exec(known, vec![table.into()])?.raw().next().is_none() {
            return Ok(Vec::new());
        }
        let mut blobs = Vec::new();
        for row in sql.exec(query, None)?.raw() {
            blobs.extend(row?.into_iter().filter_map(|value| match value {
                SqlStorageValue::Blob(bytes) => Some(bytes),
                _ => None,
            }));
        }
        Ok(blobs)
    }

    /// Keeps the streamed texts that are played on from now on. They change with resets alone.
    fn keep_files(&self, shard: &Shard) -> Result<()> {
        let kept = self.files.borrow();
        let sql = self.state.storage().sql();
        for (hash, file) in shard.files().filter(|(hash, _)| !kept.contains(hash)) {
            sql.exec(
                "CREATE TABLE IF NOT EXISTS streamed (hash TEXT PRIMARY KEY, bytes BLOB)",
                None,
            )?;
            sql.exec(
                "INSERT OR REPLACE INTO streamed (hash, bytes) VALUES (?, ?)",
                vec![hex64(hash).into(), file.to_vec().into()],
            )?;
        }
        Ok(())
    }

    /// Lets go of the streamed texts that are not played on any more.
    fn forget_files(&self, shard: &Shard) -> Result<()> {
        let played_on: BTreeSet<u64> = shard.files().map(|(hash, _)| hash).collect();
        let sql = self.state.storage().sql();
        for hash in self.files.borrow().difference(&played_on) {
            sql.exec("DELETE FROM streamed WHERE hash = ?", vec![hex64(*hash).into()])?;
        }
        self.files.replace(played_on);
        Ok(())
    }

    /// Files are there before the bytes that name them, and go after them: whatever write fails, the
    /// bytes that are there can be read.
    fn keep(&self, shard: &Shard) -> Result<()> {
        self.keep_files(shard)?;
        let bytes = shard.save();
        let sql = self.state.storage().sql();
        sql.exec("CREATE TABLE IF NOT EXISTS shard (id INTEGER PRIMARY KEY, bytes BLOB)", None)?;
        sql.exec(
            "INSERT OR REPLACE INTO shard (id, bytes) VALUES (0, ?)",
            vec![SqlStorageValue::Blob(bytes)],
        )?;
        self.forget_files(shard)
    }

    /// Puts off the alarm that forgets an idle namespace.
    async fn stay(&self) -> Result<()> {
        let now = Date::now().as_millis();
        if now < self.alarm_due.get() {
            return Ok(());
        }
        let idle = NamespaceLimits::from_env(&self.env).idle;
        self.alarm_due.set(now + idle.as_millis() as u64 / ALARM_STEPS);
        self.state.storage().set_alarm(idle).await
    }

    /// Whether a prepared batch holds the shard.
    fn held(&self) -> bool {
        let now = Date::now().as_millis();
        self.pending.borrow().as_ref().is_some_and(|pending| pending.until > now)
    }

    async fn prepare(&self, part: &Part) -> PartAnswer {
        if self.held() {
            return PartAnswer::Busy;
        }
        let streamed = match self.streams(part) {
            Some((corpus, split)) => feeds::draw(&self.env, &corpus, split).await,
            None => None,
        };
        // While rows were drawn another batch may have come, or the shard have been forgotten.
        if self.held() {
            return PartAnswer::Busy;
        }
        if let Err(problem) = self.load().await {
            return problem.into();
        }
        let now = Date::now().as_millis();
        let shard = self.shard.borrow();
        let Some(shard) = shard.as_ref() else { return ours().into() };
        let prepared = if part.body.get("items").is_some() {
            let seed = Seed { value: part.seed, given: part.seed_given };
            BatchReset::read(&part.body)
                .map(|reset| shard.reset(&reset.items, seed, part.dialect, streamed))
        } else {
            batch::read_steps(&part.body).map(|items| shard.step(&items, part.dialect))
        };
        match prepared {
            Err(invalid) => Problem::from(invalid).into(),
            Ok(Err(refused)) => PartAnswer::Refused(refused),
            Ok(Ok(prepared)) => {
                let ticket = self.next_ticket.get();
                self.next_ticket.set(ticket.wrapping_add(1));
                let until = now + PATIENCE;
                self.pending.replace(Some(Pending { ticket, until, prepared }));
                PartAnswer::Prepared { ticket }
            }
        }
    }

    /// The split that a reset's episodes may have texts of a feed from.
    fn streams(&self, part: &Part) -> Option<(Arc<Corpus>, Split)> {
        if part.body.get("items").is_none() || !feeds::on(&self.env) {
            return None;
        }
        let reset = BatchReset::read(&part.body).ok()?;
        let shard = self.shard.borrow();
        let shard = shard.as_ref()?;
        let seed = Seed { value: part.seed, given: part.seed_given };
        Some((Arc::clone(shard.corpus()), shard.streams(&reset.items, seed)?))
    }

    /// Takes what was prepared, keeps it, and answers it.
    fn commit(&self, ticket: u64) -> PartAnswer {
        let mut pending = self.pending.borrow_mut();
        let mut slot = self.shard.borrow_mut();
        let (Some(pending), Some(shard)) =
            (pending.take_if(|pending| pending.ticket == ticket), slot.as_mut())
        else {
            return PartAnswer::NoTicket;
        };
        let answers = shard.commit(pending.prepared);
        if answers.is_empty() {
            return PartAnswer::Done { answers };
        }
        match self.keep(shard) {
            Ok(()) => PartAnswer::Done { answers },
            Err(error) => {
                console_error!("the shard cannot be kept: {error}");
                // The next request reads what was kept last.
                self.files.take();
                *slot = None;
                ours().into()
            }
        }
    }

    fn abort(&self, ticket: u64) -> PartAnswer {
        match self.pending.borrow_mut().take_if(|pending| pending.ticket == ticket) {
            Some(_) => PartAnswer::Done { answers: Vec::new() },
            None => PartAnswer::NoTicket,
        }
    }

    /// The environment's state; of one that was never reset, the state before the first reset.
    fn tell_state(&self, env_id: u32) -> PartAnswer {
        let shard = self.shard.borrow();
        let run = shard.as_ref().and_then(|shard| shard.run(env_id));
        let state = StateBody::new(run.map(|run| (run.episode_id(), run.env())));
        told(&state)
    }

    fn tell_metrics(&self) -> PartAnswer {
        let shard = self.shard.borrow();
        let runs = shard.iter().flat_map(Shard::runs);
        told(&runs.map(|(env_id, run)| EnvMetrics::new(env_id, run)).collect::<Vec<_>>())
    }
}

fn told(value: &impl serde::Serialize) -> PartAnswer {
    match serde_json::to_string(value) {
        Ok(text) => PartAnswer::Done { answers: vec![text] },
        Err(error) => {
            console_error!("an answer cannot be written: {error}");
            ours().into()
        }
    }
}

fn ours() -> Problem {
    Problem::internal("the fault is ours, and it was logged")
}
