//! Clients that the contract and fault tests use: plain HTTP and WebSocket against the Worker that
//! the variable `OMNIGUARD_URL` names (`cargo xtask ci contract` starts one).

pub mod native;
pub mod replay;
pub mod space;

use omniguard_core::corpus::Corpus;
use omniguard_core::embed::TokenTable;
use omniguard_core::policy::Policy;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// Sessions that the Worker allows (`MAX_SESSIONS`).
pub const MAX_SESSIONS: usize = 256;
/// Longest body or message that the Worker reads.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// The Worker under test, without a slash at the end.
///
/// # Panics
/// Where `OMNIGUARD_URL` is not set: a suite that tests nothing must not pass.
pub fn url() -> String {
    let url = std::env::var("OMNIGUARD_URL").unwrap_or_else(|_| {
        panic!(
            "OMNIGUARD_URL is not set: start the Worker (`cargo xtask serve`) and name it, as in \
             OMNIGUARD_URL=http://127.0.0.1:8787, or run `cargo xtask ci contract`"
        )
    });
    url.trim_end_matches('/').to_owned()
}

/// Tests that count sessions run alone; all others side by side.
static SESSIONS: RwLock<()> = RwLock::new(());

/// Leave to use sessions beside other tests.
pub fn shared() -> RwLockReadGuard<'static, ()> {
    SESSIONS.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Leave to be the only test with sessions.
pub fn alone() -> RwLockWriteGuard<'static, ()> {
    SESSIONS.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The token table that the Worker serves, read from the tree.
///
/// # Panics
/// Where the file is not a table.
pub fn table() -> Arc<TokenTable> {
    let table = include_bytes!("../../public/tokens.bin");
    Arc::new(TokenTable::from_bytes(table).expect("a table"))
}

/// The corpus that the Worker serves, read from the tree.
///
/// # Panics
/// Where the file is not a corpus.
pub fn corpus() -> Arc<Corpus> {
    let corpus = include_bytes!("../../public/corpus.bin");
    Arc::new(Corpus::from_bytes(corpus, table()).expect("a corpus"))
}

/// The policy that the Worker serves, read from the tree.
///
/// # Panics
/// Where the file holds no weights.
pub fn policy() -> Policy {
    Policy::from_bytes(include_bytes!("../../public/weights.bin"), table()).expect("weights")
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: ureq::http::HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, or "".
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body of an answer with status 200.
    ///
    /// # Panics
    /// Where the status is another one.
    pub fn expect_ok(&self) -> Value {
        let shown: String = String::from_utf8_lossy(&self.body).chars().take(2_000).collect();
        assert_eq!(self.status, 200, "{shown}");
        assert_eq!(self.header("content-type"), "application/json");
        self.json()
    }

    /// Fails unless the answer is a problem of this status and type, complete and consistent.
    ///
    /// # Panics
    /// Where it is not.
    pub fn expect_problem(&self, status: u16, slug: &str) -> Value {
        let shown = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{shown}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{shown}");
        let problem = self.json();
        assert_eq!((&problem["type"], &problem["status"]), (&json!(slug), &json!(status)));
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{shown}");
        problem
    }
}

/// Sends a request.
///
/// # Panics
/// Where there is no answer.
pub fn send(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
    try_send(method, path, headers, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// Sends a request to a Worker that may be gone, or may go while it answers.
///
/// # Panics
/// Where the request is none.
pub fn try_send(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Result<Answer, ureq::Error> {
    let mut request = ureq::http::Request::builder().method(method).uri(url() + path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(45)))
        .build()
        .into();
    let response = match body {
        Some(body) => agent.run(request.body(body).expect("a request"))?,
        None => agent.run(request.body(()).expect("a request"))?,
    };
    let (parts, mut body) = response.into_parts();
    let body = body.with_config().limit(64 << 20).read_to_vec()?;
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// Waits until `found` is what is expected, for a minute at most.
///
/// # Panics
/// Where it is not by then.
#[track_caller]
pub fn eventually<T: PartialEq + std::fmt::Debug>(expected: &T, found: impl Fn() -> T) {
    within_minutes(1, expected, found);
}

/// The same for some minutes, where what is waited for waits by itself.
///
/// # Panics
/// Where it is not by then.
#[track_caller]
pub fn within_minutes<T: PartialEq + std::fmt::Debug>(
    minutes: u32,
    expected: &T,
    found: impl Fn() -> T,
) {
    let mut last = found();
    for _ in 0..600 * minutes {
        if last == *expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
        last = found();
    }
    panic!("{last:?} after {minutes} minutes, {expected:?} expected");
}

/// Live sockets of the Worker.
pub fn n_sessions() -> u64 {
    get("/healthz").expect_ok()["sessions"].as_u64().unwrap_or(u64::MAX)
}

/// Reads a path.
pub fn get(path: &str) -> Answer {
    send("GET", path, &[], None)
}

/// Posts JSON.
pub fn post(path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    send("POST", path, &headers, Some(body.to_string().as_bytes()))
}

/// A WebSocket session.
#[derive(Debug)]
pub struct Socket(WebSocket<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens `/ws`.
    ///
    /// # Panics
    /// Where the upgrade is refused.
    pub fn open() -> Self {
        let url = url().replacen("http", "ws", 1) + "/ws";
        let (socket, _) = tungstenite::connect(&url).unwrap_or_else(|e| panic!("{url}: {e}"));
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(Duration::from_secs(45))).expect("a timeout");
            stream.set_nodelay(true).expect("no delay");
        }
        Self(socket)
    }

    /// Sends text.
    ///
    /// # Panics
    /// Where the socket is closed.
    pub fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).expect("an open socket");
    }

    /// Sends bytes as a binary message.
    ///
    /// # Panics
    /// Where the socket is closed.
    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).expect("an open socket");
    }

    /// Sends bytes as a text message, valid or not.
    ///
    /// # Panics
    /// Where the socket is closed.
    pub fn send_bytes_as_text(&mut self, bytes: &[u8]) {
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        self.0.send(Message::Frame(frame)).expect("an open socket");
    }

    /// The next message.
    ///
    /// # Panics
    /// Where the socket is closed, or the message is no JSON text.
    pub fn receive(&mut self) -> Value {
        loop {
            match self.0.read().expect("an open socket") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected text, got {other:?}"),
            }
        }
    }

    /// Sends a message and waits for the answer.
    pub fn ask(&mut self, message: &Value) -> Value {
        self.ask_text(&message.to_string())
    }

    /// Sends text and waits for the answer.
    pub fn ask_text(&mut self, text: &str) -> Value {
        self.send_text(text);
        self.receive()
    }

    /// Resets with `data`.
    pub fn reset(&mut self, data: &Value) -> Value {
        self.ask(&json!({"type": "reset", "data": data}))
    }

    /// Takes a step with `action`.
    pub fn step(&mut self, action: &Value) -> Value {
        self.ask(&json!({"type": "step", "data": action}))
    }

    /// The session's state.
    pub fn state(&mut self) -> Value {
        self.ask(&json!({"type": "state"}))["data"].take()
    }

    /// Closes with `code` and returns the code that the server answers.
    ///
    /// # Panics
    /// Where the socket is closed already.
    pub fn close(mut self, code: u16) -> Option<u16> {
        let reason = tungstenite::protocol::CloseFrame { code: code.into(), reason: "".into() };
        self.0.close(Some(reason)).expect("an open socket");
        self.closed()
    }

    /// Waits until the server has closed, and returns its code.
    pub fn closed(mut self) -> Option<u16> {
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}
