//! What the page fetches: three static files, the backend's health, and what visitors try. All paths are relative to the
//! document's base, so the page works under any sub-path.

pub mod live;

use crate::state::endpoints::{Endpoint, Method, NAMESPACE_HEADER};
use crate::state::engine::Assets;
use crate::state::health::Health;
use core::fmt;
use gloo_net::http::Request;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

/// Token table, beside the page.
pub const TABLE_PATH: &str = "tokens.bin";
/// Compiled corpus, beside the page.
pub const CORPUS_PATH: &str = "corpus.bin";
/// Trained weights, beside the page.
pub const WEIGHTS_PATH: &str = "weights.bin";
/// The backend's health report.
const HEALTH_PATH: &str = "healthz";

/// Why a file did not come; `Display` says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// No answer.
    Network {
        /// The file.
        path: &'static str,
    },
    /// An answer, but not the file.
    Status {
        /// The file.
        path: &'static str,
        /// HTTP status.
        status: u16,
    },
    /// The connection broke while it came.
    Interrupted {
        /// The file.
        path: &'static str,
    },
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { path } => write!(
                f,
                "{path} could not be fetched: no answer from the server. Check the connection, then \
                 press \u{201c}Try again\u{201d}."
            ),
            Self::Status { path, status } => write!(
                f,
                "{path} could not be fetched: the server answered with status {status}. The file \
                 belongs beside the page; build it with \u{201c}cargo xtask serve\u{201d}, then press \
                 \u{201c}Try again\u{201d}."
            ),
            Self::Interrupted { path } => write!(
                f,
                "{path} broke off while it was loading. Check the connection, then press \
                 \u{201c}Try again\u{201d}."
            ),
        }
    }
}

/// Fetches a file; `progress` is called with the bytes that came so far.
pub async fn fetch_bytes(
    path: &'static str,
    mut progress: impl FnMut(u64),
) -> Result<Vec<u8>, FetchError> {
    let response = Request::get(path).send().await.map_err(|_| FetchError::Network { path })?;
    if !response.ok() {
        return Err(FetchError::Status { path, status: response.status() });
    }
    let interrupted = |_| FetchError::Interrupted { path };
    let Some(body) = response.body() else {
        return response.binary().await.map_err(|_| FetchError::Interrupted { path });
    };
    let mut bytes = Vec::new();
    let mut on_chunk = |chunk: &[u8]| {
        bytes.extend_from_slice(chunk);
        progress(bytes.len() as u64);
    };
    each_chunk(body, &mut on_chunk).await.map_err(interrupted)?;
    Ok(bytes)
}

/// Hands on each chunk of a body as it comes.
async fn each_chunk(body: ReadableStream, on_chunk: &mut dyn FnMut(&[u8])) -> Result<(), JsValue> {
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        let value = Reflect::get(&chunk, &JsValue::from_str("value"))?;
        let Some(part) = value.dyn_ref::<Uint8Array>() else {
            // A chunk without a value is the end.
            return Ok(());
        };
        on_chunk(&part.to_vec());
    }
}

/// Token table, corpus and weights; `progress` is told the bytes of each that came so far. The
/// error is a sentence.
pub async fn fetch_assets(progress: impl Fn([u64; 3])) -> Result<Assets, String> {
    let mut n_loaded = [0; 3];
    let mut files = Vec::new();
    for (idx, path) in [TABLE_PATH, CORPUS_PATH, WEIGHTS_PATH].into_iter().enumerate() {
        let bytes = fetch_bytes(path, |n_bytes| {
            n_loaded[idx] = n_bytes;
            progress(n_loaded);
        });
        files.push(bytes.await.map_err(|error| error.to_string())?);
    }
    let [table, corpus, weights] = files.as_slice() else {
        return Err("A file is missing.".to_owned());
    };
    Assets::from_bytes(table, corpus, weights).map_err(|error| error.to_string())
}

/// Asks the backend how it is. A failure is no error here: the page plays without it.
pub async fn health() -> Health {
    let Ok(response) = Request::get(HEALTH_PATH).send().await else {
        return Health::Offline;
    };
    if !response.ok() {
        return Health::Offline;
    }
    Health::of_answer(&response.text().await.unwrap_or_default())
}

/// What an endpoint answered, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its name.
    pub reason: String,
    /// From asking to the last byte.
    pub millis: f64,
    /// The body.
    pub text: String,
}

/// Calls an endpoint in a namespace; `None` when no answer came.
pub async fn call(endpoint: &Endpoint, namespace: &str, body: String) -> Option<Answer> {
    let asked = now();
    let request = match endpoint.method {
        Method::Post(_) => Request::post(endpoint.path)
            .header(NAMESPACE_HEADER, namespace)
            .header("Content-Type", "application/json")
            .body(body),
        Method::Get | Method::Socket => {
            Request::get(endpoint.path).header(NAMESPACE_HEADER, namespace).build()
        }
    };
    let response = request.ok()?.send().await.ok()?;
    let text = response.text().await.ok()?;
    let millis = now() - asked;
    Some(Answer { status: response.status(), reason: response.status_text(), millis, text })
}

fn now() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |clock| clock.now())
}
