//! What live mode sends, and the lines of what comes back.

use super::{each_chunk, now};
use crate::state::endpoints::NAMESPACE_HEADER;
use crate::state::live::lines::Lines;
use gloo_net::http::{Method, RequestBuilder};
use web_sys::AbortSignal;

const NDJSON: &str = "application/x-ndjson";

/// What came, whatever its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Seconds of its `Retry-After`.
    pub retry_after: Option<u32>,
    /// The body; empty where it came in lines.
    pub text: String,
}

/// Milliseconds since the page was opened.
pub fn clock() -> u32 {
    now() as u32
}

/// Posts `body`, or gets where there is none; each line of a streamed answer goes to `on_line`.
/// `None` when no answer came, it broke off or was aborted.
pub async fn exchange(
    path: &str,
    space: &str,
    body: Option<String>,
    signal: Option<AbortSignal>,
    on_line: &mut dyn FnMut(&str),
) -> Option<Reply> {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let builder = RequestBuilder::new(path)
        .method(method)
        .header("Accept", NDJSON)
        .header(NAMESPACE_HEADER, space)
        .abort_signal(signal.as_ref());
    let request = match body {
        Some(body) => builder.header("Content-Type", "application/json").body(body),
        None => builder.build(),
    };
    let response = request.ok()?.send().await.ok()?;
    let headers = response.headers();
    let retry_after = headers.get("retry-after").and_then(|seconds| seconds.parse().ok());
    let in_lines = headers.get("content-type").is_some_and(|kind| kind.starts_with(NDJSON));
    let (mut lines, mut text) = (Lines::default(), Vec::new());
    let status = response.status();
    let mut on_chunk = |chunk: &[u8]| {
        if in_lines {
            lines.push(chunk, on_line);
        } else {
            text.extend_from_slice(chunk);
        }
    };
    each_chunk(response.body()?, &mut on_chunk).await.ok()?;
    lines.end(on_line);
    Some(Reply { status, retry_after, text: String::from_utf8(text).ok()? })
}
