//! A scripted upstream on loopback: it speaks the chat-completions format, and does what the frame
//! that it is asked about tells it to.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the upstream saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// `name` of each call's script, in the order of arrival.
    pub(crate) calls: Vec<String>,
    pub(crate) in_flight: usize,
    pub(crate) most_in_flight: usize,
    /// Calls whose caller hung up before the answer.
    pub(crate) given_up: usize,
    /// The last call's `Authorization` header and body.
    pub(crate) authorization: String,
    pub(crate) body: Value,
    n_failed: BTreeMap<String, u64>,
}

/// An upstream that listens until the tests end.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
}

/// A call that is being answered.
struct Call {
    seen: Arc<Mutex<Seen>>,
    answered: bool,
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut seen = lock(&self.seen);
        seen.in_flight -= 1;
        seen.given_up += usize::from(!self.answered);
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let seen = Arc::default();
        let upstream = Self { url, seen: Arc::clone(&seen) };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(serve(listener, seen));
        });
        upstream
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// Forgets what it saw.
    pub(crate) fn forget(&self) {
        let mut seen = self.seen();
        *seen = Seen { in_flight: seen.in_flight, ..Seen::default() };
    }
}

async fn serve(listener: std::net::TcpListener, seen: Arc<Mutex<Seen>>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    while let Ok((stream, _)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        let service = service_fn(move |request| answer(request, Arc::clone(&seen)));
        tokio::spawn(async move {
            // An error is what some scripts ask for.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The script in the frame that the prompt holds.
fn script(body: &Value) -> Value {
    let prompt = body["messages"][1]["content"].as_str().unwrap_or_default();
    let frame = prompt.lines().skip_while(|line| !line.contains("BEGIN FRAME")).nth(1);
    serde_json::from_str(frame.unwrap_or_default()).unwrap_or_default()
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<Full<Bytes>>, Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(Error::other)?.to_bytes();
    let body: Value = serde_json::from_slice(&body).map_err(Error::other)?;
    let script = script(&body);
    let name = script["name"].as_str().unwrap_or_default().to_owned();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    // How often this script has failed, to be fine after that.
    let n_failed = {
        let mut seen = lock(&seen);
        seen.calls.push(name.clone());
        seen.in_flight += 1;
        seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        seen.authorization = header("authorization").unwrap_or_default().into();
        seen.body = body.clone();
        let n_failed = seen.n_failed.entry(name).or_default();
        *n_failed += 1;
        *n_failed - 1
    };
    let mut call = Call { seen, answered: false };
    tokio::time::sleep(Duration::from_millis(script["delay_ms"].as_u64().unwrap_or(0))).await;
    let answer = if head.uri.path() != "/v1/chat/completions" {
        plain(404, "no such path")
    } else if n_failed >= script["times"].as_u64().unwrap_or(u64::MAX) {
        completion(&script)
    } else if script["plain_only"] == true && body.get("response_format").is_some() {
        plain(400, r#"{"error":"response_format is not supported"}"#)
    } else if script["cut"] == true {
        call.answered = true;
        return Err(Error::other("cut, as the script says"));
    } else if let Some(status) = script["status"].as_u64() {
        let mut echoed = BTreeMap::new();
        for (name, value) in &head.headers {
            echoed.insert(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
        let message = format!("as the script says; headers were {}", json!(echoed));
        let mut answer = plain(status as u16, &json!({"error": message}).to_string());
        if let Some(seconds) = script["retry_after"].as_u64() {
            answer.headers_mut().insert("retry-after", seconds.into());
        }
        answer
    } else if let Some(text) = script["raw"].as_str() {
        plain(200, text)
    } else {
        completion(&script)
    };
    call.answered = true;
    Ok(answer)
}

fn plain(status: u16, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text.to_owned()));
    *response.status_mut() = status.try_into().expect("a status");
    response.headers_mut().insert("location", "http://127.0.0.1:9/".parse().expect("a value"));
    response
}

fn completion(script: &Value) -> Response<Full<Bytes>> {
    let good = r#"{"action_type":"BLOCK","confidence":0.9,"rationale":"r","mcp_restrictions":[]}"#;
    let words = script["words"].as_str().unwrap_or(good);
    let body = json!({
        "id": "1",
        "object": "chat.completion",
        "model": "m",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": words},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 600, "completion_tokens": 30, "total_tokens": 630},
    });
    plain(200, &body.to_string())
}
