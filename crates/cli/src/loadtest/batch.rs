//! A namespace of OmniGuard's batch dialect: every request steps all of its environments.

use super::Target;
use super::failure::{Doing, Failure, within};
use super::measure::Beginning;
use super::tally::Run;
use crate::progress::now;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::net::TcpStream;

/// Names the namespace.
const SESSION: &str = "x-omniguard-session";

/// The answer to a reset, as far as it matters.
#[derive(Deserialize)]
struct Observations {
    observations: Vec<IgnoredAny>,
}

/// The answer to a step, as far as it matters.
#[derive(Deserialize)]
struct Results {
    results: Vec<Stepped>,
}

#[derive(Deserialize)]
struct Stepped {
    env_id: u32,
    done: bool,
}

/// A connection, kept alive, and the namespace that it works in.
struct Namespace<'a> {
    target: &'a Target,
    name: String,
    sender: SendRequest<Full<Bytes>>,
    timeout: Duration,
}

impl<'a> Namespace<'a> {
    async fn open(target: &'a Target) -> Result<Self, Failure> {
        let sender = within(target.timeout, Doing::Connect, async {
            let socket = TcpStream::connect(target.address.socket()).await;
            let socket = socket.map_err(|source| Failure::Unreachable { source })?;
            socket.set_nodelay(true).map_err(|source| Failure::Unreachable { source })?;
            let shaken = handshake(TokioIo::new(socket)).await;
            let (sender, connection) = shaken.map_err(|error| lost(Doing::Connect, &error))?;
            // Ends with its sender; what goes wrong is told to the request.
            tokio::spawn(connection);
            Ok(sender)
        });
        // The standard's hasher draws its keys at random: nobody else is in this namespace.
        let name = format!("loadtest-{:016x}", RandomState::new().hash_one(()));
        Ok(Self { target, name, sender: sender.await?, timeout: target.timeout })
    }

    async fn post(&mut self, doing: Doing, body: Bytes) -> Result<Bytes, Failure> {
        let address = &self.target.address;
        let request = Request::post(address.path(&format!("/{doing}")))
            .header(HOST, address.authority())
            .header(CONTENT_TYPE, "application/json")
            .header(SESSION, &self.name)
            .body(Full::new(body))
            .map_err(|error| Failure::Alien { doing, why: error.to_string() })?;
        let sender = &mut self.sender;
        let (status, body) = within(self.timeout, doing, async {
            sender.ready().await.map_err(|error| lost(doing, &error))?;
            let answer = sender.send_request(request).await.map_err(|error| lost(doing, &error))?;
            let status = answer.status();
            let body = answer.into_body().collect().await.map_err(|error| lost(doing, &error))?;
            Ok((status, body.to_bytes()))
        })
        .await?;
        if status.is_success() { Ok(body) } else { Err(refusal(doing, status, &body)) }
    }

    /// Resets environments; the first time with the seed that theirs are made from.
    async fn reset(
        &mut self,
        env_ids: impl Iterator<Item = u32>,
        seed: Option<u64>,
    ) -> Result<(), Failure> {
        let items: Vec<_> = env_ids.map(|id| item(id, &self.target.reset)).collect();
        let n_envs = items.len();
        let mut body = json!({"items": items});
        if let Some(seed) = seed {
            body["seed"] = seed.into();
        }
        let answer = self.post(Doing::Reset, body.to_string().into()).await?;
        let Observations { observations } = read(Doing::Reset, &answer)?;
        counted(Doing::Reset, observations.len(), n_envs)
    }

    /// Steps environments; tells which have ended, and the size of the answer.
    async fn step(&mut self, body: Bytes, n_envs: usize) -> Result<(Vec<u32>, usize), Failure> {
        let answer = self.post(Doing::Step, body).await?;
        let Results { results } = read(Doing::Step, &answer)?;
        counted(Doing::Step, results.len(), n_envs)?;
        let ended = results.iter().filter(|stepped| stepped.done).map(|stepped| stepped.env_id);
        Ok((ended.collect(), answer.len()))
    }
}

/// One reset and one step of one environment.
pub(super) async fn probe(target: &Target) -> Result<(), Failure> {
    let mut namespace = Namespace::open(target).await?;
    namespace.reset(0..1, Some(target.seed)).await?;
    namespace.step(steps(target, 1), 1).await.map(|_| ())
}

/// Plays until the measurement is over or the connection is of no more use.
pub(super) async fn play(
    target: &Target,
    run: &Run,
    n_envs: u32,
    beginning: &mut Beginning<'_>,
) -> Result<(), Failure> {
    let mut namespace = Namespace::open(target).await?;
    let mut begin = now();
    namespace.reset(0..n_envs, Some(target.seed)).await?;
    run.reset(begin, now(), u64::from(n_envs));
    beginning.over();
    // Every environment takes the same action, always: one body does for all steps.
    let body = steps(target, n_envs);
    begin = now();
    while !run.over(begin) {
        let ended = match namespace.step(body.clone(), n_envs as usize).await {
            Ok((ended, n_bytes)) => {
                run.stepped(begin, now(), u64::from(n_envs), n_bytes);
                ended
            }
            // All or nothing: which environment was at fault is not known.
            Err(failure @ Failure::Refused { .. }) => {
                run.failed(&failure);
                (0..n_envs).collect()
            }
            Err(failure) => return Err(failure),
        };
        if !ended.is_empty() {
            let n_ended = ended.len() as u64;
            begin = now();
            namespace.reset(ended.into_iter(), None).await?;
            run.reset(begin, now(), n_ended);
        }
        begin = now();
    }
    Ok(())
}

fn steps(target: &Target, n_envs: u32) -> Bytes {
    let actions: Vec<_> = (0..n_envs).map(|id| item(id, &target.action)).collect();
    json!({"actions": actions}).to_string().into()
}

fn item(env_id: u32, rest: &Map<String, Value>) -> Value {
    let mut item = rest.clone();
    item.insert("env_id".into(), env_id.into());
    item.into()
}

fn read<'a, T: Deserialize<'a>>(doing: Doing, body: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Alien {
        doing,
        why: format!("not of the batch dialect: {error}"),
    })
}

fn counted(doing: Doing, n_answers: usize, n_envs: usize) -> Result<(), Failure> {
    if n_answers == n_envs {
        return Ok(());
    }
    Err(Failure::Alien { doing, why: format!("{n_answers} answers for {n_envs} environments") })
}

fn lost(doing: Doing, error: &hyper::Error) -> Failure {
    Failure::Lost { doing, why: error.to_string() }
}

/// A problem (RFC 9457) in full, or whatever else an error answer says.
fn refusal(doing: Doing, status: StatusCode, body: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = match problem["type"].as_str() {
        Some(slug) => format!("{} {slug}", status.as_u16()),
        None => status.to_string(),
    };
    let words = problem["detail"].as_str().unwrap_or("no details");
    let message = match &problem["errors"] {
        Value::Null => words.into(),
        errors => format!("{words} {errors}"),
    };
    Failure::Refused { doing, code, message }
}
