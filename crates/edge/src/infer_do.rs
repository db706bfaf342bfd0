//! The Durable Object that asks hosted models: one for the whole deployment, so that its queue, its
//! budget and its counts are the deployment's.
//!
//! A request is a task whose handle lives in the body that is streamed to whoever asked. Who goes
//! away cancels the stream; the handle is dropped, and with it the task: its call is aborted, its
//! place in the queue is free.

use crate::error::Fault;
use crate::infer::budget::Budget;
use crate::infer::call::call;
use crate::infer::desk::{Admission, Desk, Refusal};
use crate::infer::line::{self, NDJSON, Outcome};
use crate::infer::reply::Reading;
use crate::infer::retry::Retries;
use crate::infer::settings::{Settings, Upstream};
use crate::infer::{ADDRESS_HEADER, ASK_PATH};
use crate::response::{self, JSON};
use futures_util::FutureExt;
use futures_util::future::{Either, RemoteHandle, select};
use futures_util::stream;
use omniguard_core::wire::infer::{Infer, InferBody};
use omniguard_core::wire::live::{Completion, Question, Structured, request as chat_request};
use omniguard_core::wire::problem::Problem;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;
use worker::wasm_bindgen;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{
    Date, Delay, DurableObject, Env, Error, Request, Response, Result, Socket, SqlStorage,
    SqlStorageValue, State, WebSocket, WebSocketIncomingMessage, console_error, durable_object,
};

/// A line is written so often: it is by writing that a closed connection is noticed.
const TICK: Duration = Duration::from_secs(1);

/// No caller is told to wait longer for an upstream, in seconds.
const LONGEST_WAIT: f64 = 3_600.0;

/// The queue's object.
#[durable_object]
pub struct Inference {
    shared: Rc<Shared>,
}

impl std::fmt::Debug for Inference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inference").finish_non_exhaustive()
    }
}

/// What the requests share. No borrow is held over an await.
struct Shared {
    desk: RefCell<Option<Desk>>,
    /// Of those who wait for their turn, by place.
    wakers: RefCell<BTreeMap<u64, Waker>>,
    sql: SqlStorage,
    settings: Settings,
}

impl DurableObject for Inference {
    fn new(state: State, env: Env) -> Self {
        let shared = Shared {
            desk: RefCell::default(),
            wakers: RefCell::default(),
            sql: state.storage().sql(),
            settings: Settings::from_env(&env),
        };
        Self { shared: Rc::new(shared) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if let Err(error) = self.shared.open() {
            return Fault::Ours(error).response();
        }
        if request.path() == ASK_PATH {
            let address = request.headers().get(ADDRESS_HEADER)?.unwrap_or_default();
            return match Infer::read(&request.bytes().await?) {
                Ok(asked) => self.ask(asked, &address),
                Err(problem) => Fault::Caller(problem).response(),
            };
        }
        let status = self.shared.with(|desk| desk.status(&self.shared.settings, now()));
        response::json(&status, 200, JSON)
    }

    // Nothing below is ever called, since this object has no sockets and sets no alarm; but the
    // trait's own handlers would panic.

    async fn connect(&self, _socket: Socket) -> Result<()> {
        Err(Error::from("raw sockets are not served"))
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
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

fn now() -> u64 {
    Date::now().as_millis()
}

impl Inference {
    fn ask(&self, asked: Infer, address: &str) -> Result<Response> {
        let shared = &self.shared;
        let upstream = match shared.settings.configured(asked.side) {
            Ok(upstream) => upstream.clone(),
            Err(problem) => return Fault::Caller(problem).response(),
        };
        let key = asked.to_body().to_string();
        shared.advance();
        let admission = shared.with(|desk| desk.admit(&key, address, &shared.settings, now()));
        match admission {
            Admission::Refused(refusal) => Fault::Later(refusal).response(),
            Admission::Cached(body) => {
                let last = line::last(&Outcome::Answer(serde_json::to_string(&body)?));
                response::text(last, 200, NDJSON)
            }
            Admission::Place(id) => {
                let place = Place { shared: Rc::clone(shared), id };
                shared.advance();
                // A task of its own: a timer of `worker` wakes the task that polled it first.
                let (task, work) = work(place, asked, upstream, key).remote_handle();
                spawn_local(task);
                response::stream(lines(Rc::clone(shared), id, work), NDJSON)
            }
        }
    }
}

/// Tells how the work stands, at once and with each tick, and then what became of it.
fn lines(
    shared: Rc<Shared>,
    id: u64,
    work: RemoteHandle<Outcome>,
) -> impl stream::Stream<Item = Result<Vec<u8>>> + 'static {
    stream::unfold((Some(work), Duration::ZERO), move |(work, wait)| {
        let shared = Rc::clone(&shared);
        async move {
            let (text, work) = match select(work?, Delay::from(wait)).await {
                Either::Left((outcome, _)) => (line::last(&outcome), None),
                Either::Right(((), work)) => {
                    shared.advance();
                    let ahead = shared.with(|desk| desk.queue.ahead(id));
                    (line::progress(ahead), Some(work))
                }
            };
            Some((Ok(text.into_bytes()), (work, TICK)))
        }
    })
}

impl Shared {
    /// Reads the budget, if it is not in memory yet.
    fn open(&self) -> Result<()> {
        if self.desk.borrow().is_none() {
            self.sql.exec(
                "CREATE TABLE IF NOT EXISTS budget \
                 (id INTEGER PRIMARY KEY, day INTEGER, used INTEGER)",
                None,
            )?;
            let rows = self.sql.exec("SELECT day, used FROM budget WHERE id = 0", None)?;
            let budget = match rows.raw().next() {
                Some(row) => kept(&row?).ok_or_else(|| Error::from("the budget cannot be read"))?,
                None => Budget::default(),
            };
            self.desk.replace(Some(Desk::new(budget)));
        }
        Ok(())
    }

    /// Does something at the desk, which is open from the first request on.
    fn with<T>(&self, act: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.desk.borrow_mut();
        act(desk.get_or_insert_with(|| Desk::new(Budget::default())))
    }

    /// Counts a call, in storage before it is made; an error where none is left.
    fn spend(&self) -> std::result::Result<(), Outcome> {
        let now = now();
        let limit = self.settings.daily_calls;
        let budget = self.with(|desk| {
            if desk.budget.take(limit, now) { Ok(desk.budget) } else { Err(desk.spent(now)) }
        });
        let budget = budget.map_err(|Refusal { problem, retry_after, .. }| Outcome::Problem {
            problem,
            retry_after: Some(retry_after),
        })?;
        let values = [0, budget.day as i64, i64::from(budget.used)].map(SqlStorageValue::Integer);
        let kept = self.sql.exec(
            "INSERT OR REPLACE INTO budget (id, day, used) VALUES (?, ?, ?)",
            values.to_vec(),
        );
        kept.map(drop).map_err(|error| {
            console_error!("the budget cannot be kept: {error}");
            Problem::internal("the fault is ours, and it was logged").into()
        })
    }

    /// Gives turns to those who wait, as far as there is room.
    fn advance(&self) {
        while let Some(id) = self.with(|desk| desk.queue.advance(now())) {
            let waker = self.wakers.borrow_mut().remove(&id);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

fn kept(row: &[SqlStorageValue]) -> Option<Budget> {
    match row {
        [SqlStorageValue::Integer(day), SqlStorageValue::Integer(used)] => {
            Some(Budget { day: (*day).try_into().ok()?, used: (*used).try_into().ok()? })
        }
        _ => None,
    }
}

/// A place in the queue: given back when it is dropped, however the request ends.
struct Place {
    shared: Rc<Shared>,
    id: u64,
}

impl Place {
    /// Waits for the turn; false where it is over already.
    async fn turn(&self) -> bool {
        poll_fn(|context| {
            let (has_turn, waits) = self
                .shared
                .with(|desk| (desk.queue.has_turn(self.id), desk.queue.ahead(self.id).is_some()));
            if !has_turn && waits {
                self.shared.wakers.borrow_mut().insert(self.id, context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(has_turn)
        })
        .await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.wakers.borrow_mut().remove(&self.id);
        self.shared.with(|desk| desk.queue.leave(self.id, now()));
        self.shared.advance();
    }
}

/// Waits for the turn and asks.
async fn work(place: Place, asked: Infer, upstream: Upstream, key: String) -> Outcome {
    let shared = &place.shared;
    let came = now();
    if !place.turn().await {
        return Problem::upstream_timeout("the connection stood still for too long").into();
    }
    let began = now();
    // Somebody else may have asked the same meanwhile.
    if let Some(body) = shared.with(|desk| desk.cached(&key, began)) {
        return answer(&InferBody { queue_delay_ms: began - came, ..body });
    }
    let mut n_calls = 0;
    match ask(shared, &asked, &upstream, &mut n_calls).await {
        Ok(completion) => {
            let body = InferBody {
                queue_delay_ms: began.saturating_sub(came),
                upstream_ms: now().saturating_sub(began),
                upstream_calls: n_calls,
                ..InferBody::new(&asked, &upstream.model, &completion)
            };
            shared.with(|desk| desk.keep(key, &body, now()));
            answer(&body)
        }
        Err(outcome) => outcome,
    }
}

fn answer(body: &InferBody) -> Outcome {
    match serde_json::to_string(body) {
        Ok(text) => Outcome::Answer(text),
        Err(error) => {
            console_error!("an answer cannot be written: {error}");
            Problem::internal("the fault is ours, and it was logged").into()
        }
    }
}

/// Asks until there is a completion, a failure, or no time left.
async fn ask(
    shared: &Shared,
    asked: &Infer,
    upstream: &Upstream,
    n_calls: &mut u32,
) -> std::result::Result<Completion, Outcome> {
    let mut retries = Retries::new(now());
    loop {
        let structured = shared.with(|desk| desk.structured(asked.side));
        let body = question(asked, upstream, structured)?;
        shared.spend()?;
        *n_calls += 1;
        let left = Duration::from_millis(retries.left(now()));
        let reply = match select(pin!(call(upstream, &body)), pin!(Delay::from(left))).await {
            Either::Left((reply, _)) => reply,
            Either::Right(_) => {
                return Err(Problem::upstream_timeout("the model did not answer in 30 s").into());
            }
        };
        let reply = reply.map_err(|error| {
            console_error!("no reply from upstream: {}", upstream.scrub(&error.to_string()));
            Problem::upstream_unavailable("the upstream could not be reached, or broke off")
        })?;
        match reply.read(upstream) {
            Reading::Completion(completion) => return Ok(completion),
            Reading::Failed(problem) => {
                // Not what it said: that may repeat the frame.
                console_error!("upstream failed: {}, status {}", problem.r#type, reply.status);
                return Err(problem.into());
            }
            Reading::Plainer { failure } => {
                if !shared.with(|desk| desk.ask_plainer(asked.side, structured)) {
                    return Err(failure.into());
                }
            }
            Reading::Busy { wait, failure } => {
                let drawn = getrandom::u32().unwrap_or(0);
                let Some(millis) = retries.next(now(), wait, drawn) else {
                    let told = |seconds: f64| seconds.ceil().clamp(1.0, LONGEST_WAIT) as u32;
                    let retry_after = wait.map(told);
                    return Err(Outcome::Problem { problem: failure, retry_after });
                };
                Delay::from(Duration::from_millis(millis)).await;
            }
        }
    }
}

/// The body of a call, with a boundary of its own.
fn question(
    asked: &Infer,
    upstream: &Upstream,
    structured: Structured,
) -> std::result::Result<String, Problem> {
    let drawn = || getrandom::u64().map_err(|_| Problem::not_ready("no randomness to be had"));
    let boundary = (u128::from(drawn()?) << 64) | u128::from(drawn()?);
    let (model, text, channel) = (upstream.model.as_str(), asked.text.as_str(), asked.channel);
    let chat = chat_request(&Question { model, text, channel, boundary, structured })
        .map_err(|error| Problem::content_too_large(error.to_string()))?;
    serde_json::to_string(&chat).map_err(|error| {
        console_error!("a request cannot be written: {error}");
        Problem::internal("the fault is ours, and it was logged")
    })
}
