//! A session of OpenEnv's `/ws`: a socket, a reset, steps until the end, the next reset.

use super::Target;
use super::failure::{Doing, Failure, within};
use super::measure::Beginning;
use super::tally::Run;
use crate::progress::now;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Room for what is read at once: an observation, not tungstenite's 128 KiB for each socket.
const READ_BUFFER: usize = 16 * 1024;
/// Wait for the server's side of a close.
const CLOSE: Duration = Duration::from_secs(1);

/// The messages of a session, written once.
struct Messages {
    first_reset: Utf8Bytes,
    reset: Utf8Bytes,
    step: Utf8Bytes,
}

impl Messages {
    fn new(target: &Target, idx: u32) -> Self {
        let message = |kind: &str, data: &Map<String, Value>| -> Utf8Bytes {
            json!({"type": kind, "data": data}).to_string().into()
        };
        let mut seeded = target.reset.clone();
        let seed = target.seed.wrapping_add(u64::from(idx));
        seeded.entry("seed").or_insert(seed.into());
        Self {
            first_reset: message("reset", &seeded),
            reset: message("reset", &target.reset),
            step: message("step", &target.action),
        }
    }
}

/// An answer, as far as a session needs it; the observation is skipped, not built.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(default)]
    done: Option<bool>,
}

/// What an observation amounts to.
struct Observed {
    done: bool,
    n_bytes: usize,
}

struct Socket {
    stream: WebSocketStream<TcpStream>,
    timeout: Duration,
}

impl Socket {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let timeout = target.timeout;
        let connected = within(timeout, Doing::Connect, async {
            let socket = TcpStream::connect(target.address.socket()).await;
            let socket = socket.map_err(|source| Failure::Unreachable { source })?;
            // A step is one small packet: it must not wait for a second.
            socket.set_nodelay(true).map_err(|source| Failure::Unreachable { source })?;
            let url = format!("ws://{}{}", target.address.authority(), target.address.path("/ws"));
            let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
            let shaken = client_async_with_config(url, socket, Some(config)).await;
            shaken.map_err(|error| failed_handshake(&error))
        });
        connected.await.map(|(stream, _)| Self { stream, timeout })
    }

    /// Sends a message and reads the answer.
    async fn ask(&mut self, doing: Doing, message: Utf8Bytes) -> Result<Observed, Failure> {
        let stream = &mut self.stream;
        let lost = |why: String| Failure::Lost { doing, why };
        within(self.timeout, doing, async {
            stream.send(Message::Text(message)).await.map_err(|error| lost(error.to_string()))?;
            loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => return read(doing, &text),
                    Some(Ok(Message::Binary(_))) => {
                        return Err(Failure::Alien { doing, why: "binary".into() });
                    }
                    Some(Ok(Message::Close(frame))) => {
                        let why = frame.map(|frame| format!("{} {}", frame.code, frame.reason));
                        return Err(lost(why.unwrap_or_else(|| "closed".into())));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(lost(error.to_string())),
                    None => return Err(lost("closed".into())),
                }
            }
        })
        .await
    }

    /// Gives the session back, so that the next measurement finds its place free.
    async fn close(mut self) {
        let farewell = async {
            self.stream.send(Message::Text(r#"{"type":"close"}"#.into())).await?;
            while self.stream.next().await.transpose()?.is_some() {}
            Ok::<(), tungstenite::Error>(())
        };
        // A server that does not answer is left all the same.
        let _ = tokio::time::timeout(CLOSE, farewell).await;
    }
}

/// One reset and one step.
pub(super) async fn probe(target: &Target) -> Result<(), Failure> {
    let mut socket = Socket::open(target).await?;
    let messages = Messages::new(target, 0);
    socket.ask(Doing::Reset, messages.first_reset).await?;
    socket.ask(Doing::Step, messages.step).await?;
    socket.close().await;
    Ok(())
}

/// Plays until the measurement is over or the socket is of no more use.
pub(super) async fn play(
    target: &Target,
    run: &Run,
    idx: u32,
    beginning: &mut Beginning<'_>,
) -> Result<(), Failure> {
    let mut socket = Socket::open(target).await?;
    let messages = Messages::new(target, idx);
    let begin = now();
    socket.ask(Doing::Reset, messages.first_reset).await?;
    run.reset(begin, now(), 1);
    beginning.over();
    loop {
        let begin = now();
        if run.over(begin) {
            break;
        }
        let done = match socket.ask(Doing::Step, messages.step.clone()).await {
            Ok(observed) => {
                run.stepped(begin, now(), 1, observed.n_bytes);
                observed.done
            }
            // The session lives on; a new episode is what may help.
            Err(failure @ Failure::Refused { .. }) => {
                run.failed(&failure);
                true
            }
            Err(failure) => return Err(failure),
        };
        if done {
            let begin = now();
            socket.ask(Doing::Reset, messages.reset.clone()).await?;
            run.reset(begin, now(), 1);
        }
    }
    socket.close().await;
    Ok(())
}

fn read(doing: Doing, text: &str) -> Result<Observed, Failure> {
    let alien = |why: String| Failure::Alien { doing, why };
    let answer: Answer<'_> =
        serde_json::from_str(text).map_err(|error| alien(error.to_string()))?;
    match &*answer.kind {
        "observation" => {
            Ok(Observed { done: answer.data.done.unwrap_or(false), n_bytes: text.len() })
        }
        "error" => Err(refusal(doing, text)),
        kind => Err(alien(format!("a message of type {kind}"))),
    }
}

/// An error message in full.
fn refusal(doing: Doing, text: &str) -> Failure {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    let data = &message["data"];
    let words = data["message"].as_str().unwrap_or("no message");
    let message = match &data["errors"] {
        Value::Null => words.into(),
        errors => format!("{words} {errors}"),
    };
    Failure::Refused { doing, code: data["code"].as_str().unwrap_or("no code").into(), message }
}

fn failed_handshake(error: &tungstenite::Error) -> Failure {
    let why = match error {
        tungstenite::Error::Http(response) => {
            format!("HTTP {} where a WebSocket was asked for", response.status().as_u16())
        }
        error => error.to_string(),
    };
    Failure::Alien { doing: Doing::Connect, why }
}
