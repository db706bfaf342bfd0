//! A replay server: the wire format of the datasets server (`/rows`, `/splits`) and of the hub's
//! card (`/api/datasets/…`), served from rows written for the tests ([`rows`]), on loopback alone.
//!
//! Row `N` of a dataset depends on the seed and `N`, so that any page can be made at any time.
//! What goes wrong is told by `POST /control?fail=…` ([`failure`]); `GET /seen` tells what was
//! asked.

mod answer;
pub mod failure;
pub mod rows;

use answer::Body;
use failure::Plans;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use omniguard_core::ingest::Source;
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Most rows of a page, as the datasets server has it.
pub const MAX_LENGTH: u64 = 100;

/// What is served.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Rows of each dataset.
    pub n_rows: u64,
    /// Seed of all rows; the revision is made from it.
    pub seed: u64,
    /// Time before each answer.
    pub delay: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { n_rows: 1_000, seed: 1, delay: Duration::ZERO }
    }
}

/// What was asked, by dataset.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seen {
    /// Requests of any kind but for `/control` and `/seen`.
    pub requests: u64,
    /// Requests that were failed as told.
    pub failed: u64,
    /// Most requests at once.
    pub most_in_flight: u64,
    /// The last `authorization` header.
    pub authorization: Option<String>,
    /// Pages that were asked for: dataset, offset, how often.
    pub pages: BTreeMap<&'static str, BTreeMap<u64, u32>>,
}

/// State that all connections share.
#[derive(Debug)]
struct State {
    options: Options,
    plans: Mutex<Plans>,
    seen: Mutex<Seen>,
    in_flight: Mutex<u64>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn note_page(&self, source: Source, offset: u64) {
        let mut seen = locked(&self.seen);
        *seen.pages.entry(source.name()).or_default().entry(offset).or_default() += 1;
    }

    fn arrive(&self, request: &Request<Incoming>) {
        let header = request.headers().get(hyper::header::AUTHORIZATION);
        let mut in_flight = locked(&self.in_flight);
        *in_flight += 1;
        let mut seen = locked(&self.seen);
        seen.requests += 1;
        seen.most_in_flight = seen.most_in_flight.max(*in_flight);
        seen.authorization = header.and_then(|value| value.to_str().ok()).map(String::from);
    }

    fn leave(&self) {
        *locked(&self.in_flight) -= 1;
    }
}

/// Counts a request as long as it is answered, however that ends.
struct InFlight<'a>(&'a State);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A server in a thread; it ends when this is dropped.
#[derive(Debug)]
pub struct Replay {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Replay {
    /// Serves on a port of loopback; 0 is any free one.
    ///
    /// # Errors
    /// Where the port is taken.
    pub fn start(options: Options, port: u16) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            options,
            plans: Mutex::default(),
            seen: Mutex::default(),
            in_flight: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! { () = accept(&listener, &shared) => {}, _ = stopped => {} }
            });
        });
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens, without a slash at the end: base URL and hub URL alike.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Fails requests from now on, as `POST /control` does.
    ///
    /// # Panics
    /// Where the words are no plan.
    pub fn control(&self, query: &str) {
        locked(&self.state.plans).add(query).expect("a plan");
    }

    /// What was asked so far.
    pub fn seen(&self) -> Seen {
        locked(&self.state.seen).clone()
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: &TcpListener, state: &Arc<State>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let _ = socket.set_nodelay(true);
        let state = Arc::clone(state);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(request, &state));
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn respond(request: Request<Incoming>, state: &State) -> Result<Response<Body>, Infallible> {
    let query = request.uri().query().unwrap_or_default();
    match request.uri().path() {
        "/control" => return Ok(answer::control(locked(&state.plans).add(query))),
        "/seen" => return Ok(answer::json(200, &*locked(&state.seen))),
        _ => {}
    }
    state.arrive(&request);
    let _in_flight = InFlight(state);
    if !state.options.delay.is_zero() {
        tokio::time::sleep(state.options.delay).await;
    }
    let asked = answer::Asked::read(request.uri().path(), query);
    let failure = locked(&state.plans).next(asked.source, asked.offset);
    if failure.is_some() {
        locked(&state.seen).failed += 1;
    }
    if let (answer::Path::Rows, Some(source)) = (asked.path, asked.source) {
        state.note_page(source, asked.offset);
    }
    match failure {
        Some(failure) => Ok(answer::failed(&state.options, &asked, failure).await),
        None => Ok(answer::well(&state.options, &asked, false)),
    }
}
