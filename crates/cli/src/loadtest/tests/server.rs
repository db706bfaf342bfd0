//! A server in a thread: OpenEnv's `/ws`, or the batch dialect over HTTP.

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// What a server does; 0 is never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behaviour {
    pub(super) episode_length: u32,
    /// Of all steps of all sessions, every n-th is refused.
    pub(super) refuse_every: u64,
    /// Of all steps of all sessions, every n-th ends its socket.
    pub(super) hang_up_every: u64,
    pub(super) capacity: usize,
    /// Never answers.
    pub(super) mute: bool,
    /// Bytes of an observation.
    pub(super) padding: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            episode_length: 8,
            refuse_every: 0,
            hang_up_every: 0,
            capacity: 100,
            mute: false,
            padding: 10,
        }
    }
}

/// What a server was asked.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    pub(super) seeds: Vec<u64>,
    pub(super) n_steps: u64,
    pub(super) out_of_episode: u64,
    /// Resets in mid-episode, of environments that were there.
    pub(super) needless_resets: u64,
    /// Sessions that said that they leave.
    pub(super) farewells: u64,
    pub(super) namespaces: BTreeSet<String>,
    pub(super) last_action: Value,
    pub(super) last_reset: Value,
    pub(super) first_step: Option<std::time::Instant>,
    pub(super) last_step: Option<std::time::Instant>,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    seen: Mutex<Seen>,
    n_live: AtomicUsize,
    /// Steps taken of a namespace's environments.
    envs: Mutex<BTreeMap<(String, u64), u32>>,
}

impl State {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Counts a step; tells its number.
    fn step(&self, action: &Value) -> u64 {
        let mut seen = self.seen();
        let now = crate::progress::now();
        seen.n_steps += 1;
        seen.last_action = action.clone();
        seen.first_step.get_or_insert(now);
        seen.last_step = Some(now);
        seen.n_steps
    }

    fn reset(&self, data: &Value) {
        let mut seen = self.seen();
        seen.seeds.extend(data["seed"].as_u64());
        seen.last_reset = data.clone();
    }

    fn observation(&self, reward: Option<f32>, done: bool) -> Value {
        let observation = json!({"payload_raw": "x".repeat(self.behaviour.padding), "done": "no"});
        json!({"observation": observation, "reward": reward, "done": done})
    }
}

fn every(n_steps: u64, n: u64) -> bool {
    n > 0 && n_steps.is_multiple_of(n)
}

#[derive(Debug)]
pub(super) struct TestServer {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Clone)]
enum Speaks {
    Ws,
    Batch,
    Echo(Utf8Bytes),
}

impl TestServer {
    pub(super) fn ws(behaviour: Behaviour) -> Self {
        Self::start(behaviour, Speaks::Ws)
    }

    pub(super) fn batch(behaviour: Behaviour) -> Self {
        Self::start(behaviour, Speaks::Batch)
    }

    /// Answers everything with one message.
    pub(super) fn echo(n_bytes: usize) -> Self {
        let data = json!({"observation": "x".repeat(n_bytes), "reward": 0.5, "done": false});
        let answer = json!({"type": "observation", "data": data}).to_string();
        Self::start(Behaviour::default(), Speaks::Echo(answer.into()))
    }

    fn start(behaviour: Behaviour, speaks: Speaks) -> Self {
        let state = Arc::new(State {
            behaviour,
            seen: Mutex::default(),
            n_live: AtomicUsize::new(0),
            envs: Mutex::default(),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shared = state.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let accept = async {
                    while let Ok((socket, _)) = listener.accept().await {
                        tokio::spawn(serve(speaks.clone(), socket, shared.clone()));
                    }
                };
                tokio::select! { () = accept => {}, _ = stopped => {} }
            });
        });
        Self { address, state, stop: Some(stop), thread: Some(thread) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn seen(&self) -> Seen {
        self.state.seen().clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(speaks: Speaks, socket: TcpStream, state: Arc<State>) {
    socket.set_nodelay(true).unwrap();
    match speaks {
        Speaks::Ws => session(socket, state).await,
        Speaks::Batch => {
            let service = service_fn(|request| answer(request, state.clone()));
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        }
        Speaks::Echo(answer) => {
            let Ok(mut socket) = accept_async(socket).await else { return };
            while let Some(Ok(Message::Text(_))) = socket.next().await {
                if socket.send(Message::Text(answer.clone())).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A session as OpenEnv's server holds it: capacity is told in a message, after the handshake.
async fn session(socket: TcpStream, state: Arc<State>) {
    let Ok(mut socket) = accept_async(socket).await else { return };
    let behaviour = state.behaviour;
    let error = |code: &str, words: &str| {
        json!({"type": "error", "data": {"message": words, "code": code}}).to_string()
    };
    if state.n_live.fetch_add(1, Ordering::Relaxed) >= behaviour.capacity {
        let _ = socket.send(error("CAPACITY_REACHED", "full").into()).await;
        while let Some(Ok(_)) = socket.next().await {}
        state.n_live.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    let mut left: Option<u32> = None;
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        let message: Value = serde_json::from_str(&text).unwrap();
        let observed = |reward, done| {
            json!({"type": "observation", "data": state.observation(reward, done)}).to_string()
        };
        let answer = match message["type"].as_str() {
            Some("reset") => {
                state.reset(&message["data"]);
                left = Some(behaviour.episode_length);
                observed(None, false)
            }
            Some("step") => {
                let n_steps = state.step(&message["data"]);
                if every(n_steps, behaviour.hang_up_every) {
                    break;
                }
                match &mut left {
                    _ if every(n_steps, behaviour.refuse_every) => {
                        error("EXECUTION_ERROR", "not this time")
                    }
                    Some(left) if *left > 0 => {
                        *left -= 1;
                        observed(Some(0.5), *left == 0)
                    }
                    _ => {
                        state.seen().out_of_episode += 1;
                        error("EXECUTION_ERROR", "the episode is over")
                    }
                }
            }
            Some("close") => {
                state.seen().farewells += 1;
                break;
            }
            _ => error("UNKNOWN_TYPE", "what?"),
        };
        if behaviour.mute {
            continue;
        }
        if socket.send(answer.into()).await.is_err() {
            break;
        }
    }
    state.n_live.fetch_sub(1, Ordering::Relaxed);
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let namespace = request.headers().get("x-omniguard-session");
    let namespace = namespace.map(|name| name.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let (status, body) = match (path.as_str(), namespace) {
        ("/reset", Some(namespace)) => batch_reset(&state, &namespace, &body),
        ("/step", Some(namespace)) => batch_step(&state, &namespace, &body),
        _ => (StatusCode::NOT_FOUND, json!({"type": "unknown_path", "detail": path})),
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    Ok(response)
}

fn batch_reset(state: &State, namespace: &str, body: &[u8]) -> (StatusCode, Value) {
    let body: Value = serde_json::from_slice(body).unwrap();
    state.seen().namespaces.insert(namespace.into());
    state.seen().seeds.extend(body["seed"].as_u64());
    let mut envs = state.envs.lock().unwrap();
    let items = body["items"].as_array().unwrap();
    for item in items {
        state.seen().last_reset = item.clone();
        let id = item["env_id"].as_u64().unwrap();
        let before = envs.insert((namespace.into(), id), 0);
        // A refused batch leaves nobody knowing, so that all are reset.
        let needless = before.is_some_and(|n| n < length(state, id));
        state.seen().needless_resets += u64::from(needless);
    }
    let observations: Vec<_> = items.iter().map(|_| json!({"frame_id": 1})).collect();
    (StatusCode::OK, json!({"observations": observations}))
}

/// Environments end at different times.
fn length(state: &State, env_id: u64) -> u32 {
    state.behaviour.episode_length + env_id as u32
}

fn batch_step(state: &State, namespace: &str, body: &[u8]) -> (StatusCode, Value) {
    let body: Value = serde_json::from_slice(body).unwrap();
    let n_steps = state.step(&body["actions"]);
    if every(n_steps, state.behaviour.refuse_every) {
        let problem = json!({"type": "invalid", "status": 422, "detail": "not this time",
                             "errors": [{"loc": ["actions"], "msg": "no"}]});
        return (StatusCode::UNPROCESSABLE_ENTITY, problem);
    }
    let mut envs = state.envs.lock().unwrap();
    let mut results = Vec::new();
    for action in body["actions"].as_array().unwrap() {
        let id = action["env_id"].as_u64().unwrap();
        let Some(n) = envs.get_mut(&(namespace.to_owned(), id)) else {
            return (StatusCode::CONFLICT, json!({"type": "not_reset", "detail": "no such env"}));
        };
        *n += 1;
        if *n > length(state, id) {
            state.seen().out_of_episode += 1;
        }
        let done = *n >= length(state, id);
        results.push(json!({"env_id": id, "reward": {"total": 0.5}, "done": done, "info": {}}));
    }
    (StatusCode::OK, json!({"results": results}))
}
