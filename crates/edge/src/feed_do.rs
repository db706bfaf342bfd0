//! The Durable Object of a corpus feed: fetches by alarm, keeps its queue in storage, gives rows.
//!
//! Queue and memory are written between two awaits, so that they are kept together or not at all;
//! an alarm that is lost is set again by the next request.

use crate::feed::call::{self, Refusal};
use crate::feed::page;
use crate::feed::settings::Settings;
use crate::feed::{Depths, Feed as Memory, Next};
use crate::response::{self, JSON};
use omniguard_core::frame::Split;
use omniguard_core::ingest::Source;
use std::cell::Cell;
use std::time::Duration;
use worker::wasm_bindgen;
use worker::{
    Date, DurableObject, Env, Error, Request, Response, Result, Socket, SqlStorage,
    SqlStorageValue, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

/// A feed and its storage.
#[durable_object]
pub struct Feed {
    state: State,
    sql: SqlStorage,
    settings: Settings,
    /// Whether an alarm is being answered: it sets the next one itself.
    busy: Cell<bool>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

impl DurableObject for Feed {
    fn new(state: State, env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, sql, settings: Settings::from_env(&env), busy: Cell::new(false) }
    }

    /// `/<feed>/status`, or `/<feed>/draw/<split>/<most rows>`.
    async fn fetch(&self, request: Request) -> Result<Response> {
        let path = request.path();
        let mut words = path.trim_start_matches('/').split('/');
        let Some(source) = words.next().and_then(Source::from_name) else {
            return Response::error("unknown", 404);
        };
        let mut memory = self.open(source)?;
        let text = match (words.next(), words.next(), words.next()) {
            (Some("status"), None, None) => {
                serde_json::to_string(&memory.info(source, &self.depths()?))?
            }
            (Some("draw"), Some(split), Some(n)) => {
                let split = Split::from_name(split).ok_or_else(|| Error::from("no such split"))?;
                let wanted = n.parse().map_err(|_| Error::from("no number"))?;
                let rows = self.draw(split, wanted)?;
                memory.drawn(wanted, rows.len() as u32);
                self.keep(&memory)?;
                // No row as it is kept has a line break.
                rows.join("\n")
            }
            _ => return Response::error("unknown", 404),
        };
        self.wake(memory).await?;
        response::text(text, 200, JSON)
    }

    /// One page, or what has to be known before.
    async fn alarm(&self) -> Result<Response> {
        let Some((source, memory)) = self.memory()? else { return Response::empty() };
        // Switched off since the alarm was set: nobody will draw what is kept.
        if !self.settings.sources.contains(&source) {
            self.state.storage().delete_all().await?;
            return Response::empty();
        }
        self.busy.set(true);
        let done = self.advance(source, &memory).await;
        self.busy.set(false);
        done?;
        if let Some((_, memory)) = self.memory()? {
            self.set_alarm(&memory).await?;
        }
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

impl Feed {
    /// What the feed remembers; its tables are made where there are none.
    fn open(&self, source: Source) -> Result<Memory> {
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS feed (id INTEGER PRIMARY KEY, source TEXT, memory TEXT)",
            None,
        )?;
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, split INTEGER, item TEXT)",
            None,
        )?;
        self.sql.exec("CREATE INDEX IF NOT EXISTS by_split ON queue (split, id)", None)?;
        if let Some((_, memory)) = self.memory()? {
            return Ok(memory);
        }
        let memory = Memory::default();
        self.sql.exec(
            "INSERT INTO feed (id, source, memory) VALUES (0, ?, ?)",
            vec![source.name().into(), serde_json::to_string(&memory)?.into()],
        )?;
        Ok(memory)
    }

    fn memory(&self) -> Result<Option<(Source, Memory)>> {
        let tables = "SELECT 1 FROM sqlite_master WHERE name = 'feed'";
        if self.sql.exec(tables, None)?.raw().next().is_none() {
            return Ok(None);
        }
        let rows = self.sql.exec("SELECT source, memory FROM feed WHERE id = 0", None)?;
        let Some(row) = rows.raw().next().transpose()? else { return Ok(None) };
        let [SqlStorageValue::String(source), SqlStorageValue::String(memory)] = row.as_slice()
        else {
            return Ok(None);
        };
        let source = Source::from_name(source).ok_or_else(|| Error::from("no such feed"))?;
        // What another version wrote and cannot be read begins anew; the queue stays.
        Ok(Some((source, serde_json::from_str(memory).unwrap_or_default())))
    }

    fn keep(&self, memory: &Memory) -> Result<()> {
        let text = serde_json::to_string(memory)?;
        self.sql.exec("UPDATE feed SET memory = ? WHERE id = 0", vec![text.into()])?;
        Ok(())
    }

    fn depths(&self) -> Result<Depths> {
        let mut depths = Depths::default();
        let rows = self.sql.exec("SELECT split, COUNT(*) FROM queue GROUP BY split", None)?;
        for row in rows.raw() {
            if let [split, n_rows] = row?.as_slice()
                && let (Some(split), Some(n_rows)) = (integer(split), integer(n_rows))
                && let Some(depth) = depths.get_mut(split as usize)
            {
                *depth = n_rows as u32;
            }
        }
        Ok(depths)
    }

    /// The oldest rows of a split; they are gone from the queue.
    fn draw(&self, split: Split, n_most: u32) -> Result<Vec<String>> {
        let rows = self.sql.exec(
            "DELETE FROM queue WHERE id IN (SELECT id FROM queue WHERE split = ? ORDER BY id \
             LIMIT ?) RETURNING item",
            vec![i64::from(split as u8).into(), i64::from(n_most).into()],
        )?;
        let text = |row: Result<Vec<SqlStorageValue>>| match row?.into_iter().next() {
            Some(SqlStorageValue::String(item)) => Ok(item),
            _ => Err(Error::from("an item is no text")),
        };
        rows.raw().map(text).collect()
    }

    /// Begins to fill the queue where it runs low.
    async fn wake(&self, mut memory: Memory) -> Result<()> {
        let before = memory.clone();
        memory.look(&self.depths()?);
        if memory != before {
            self.keep(&memory)?;
        }
        if self.busy.get() || self.state.storage().get_alarm().await?.is_some() {
            return Ok(());
        }
        self.set_alarm(&memory).await
    }

    async fn set_alarm(&self, memory: &Memory) -> Result<()> {
        let wait = match memory.next(&self.depths()?, now()) {
            Next::Rest => return Ok(()),
            Next::Wait(millis) => Duration::from_millis(millis),
            Next::Find | Next::Fetch { .. } => Duration::ZERO,
        };
        self.state.storage().set_alarm(wait).await
    }

    async fn advance(&self, source: Source, memory: &Memory) -> Result<()> {
        let next = memory.next(&self.depths()?, now());
        let url = match &next {
            Next::Rest | Next::Wait(_) => return Ok(()),
            Next::Find => self.settings.splits_url(source),
            Next::Fetch { place, offset, length } => {
                self.settings.rows_url(source, place, *offset, *length)
            }
        };
        let answer = call::get(&self.settings, url).await;
        // Rows may have been drawn meanwhile.
        let Some((_, mut memory)) = self.memory()? else { return Ok(()) };
        if let Err((failure, asked_for)) = self.take(source, &next, answer, &mut memory)? {
            let drawn = getrandom::u32().unwrap_or(0);
            memory.fail(failure, asked_for, now(), drawn);
        }
        self.keep(&memory)
    }

    fn take(
        &self,
        source: Source,
        next: &Next,
        answer: std::result::Result<Vec<u8>, Refusal>,
        memory: &mut Memory,
    ) -> Result<std::result::Result<(), Refusal>> {
        let depths = self.depths()?;
        let unasked = |failure| (failure, None);
        let kept = answer.and_then(|body| match next {
            Next::Find => {
                memory.found(page::place(source, &body).map_err(unasked)?);
                Ok(Vec::new())
            }
            _ => page::rows(source, &body)
                .and_then(|page| memory.take(page, &depths, now()))
                .map_err(unasked),
        });
        match kept {
            Err(refusal) => Ok(Err(refusal)),
            Ok(kept) => {
                for (split, item) in kept {
                    self.sql.exec(
                        "INSERT INTO queue (split, item) VALUES (?, ?)",
                        vec![i64::from(split as u8).into(), item.into()],
                    )?;
                }
                Ok(Ok(()))
            }
        }
    }
}

fn now() -> u64 {
    Date::now().as_millis()
}

/// Storage gives whole numbers as either.
fn integer(value: &SqlStorageValue) -> Option<i64> {
    match value {
        SqlStorageValue::Integer(number) => Some(*number),
        SqlStorageValue::Float(number) => Some(*number as i64),
        _ => None,
    }
}
