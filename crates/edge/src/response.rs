//! Responses and the headers that all of them carry.

use serde::Serialize;
use worker::{Headers, Response, ResponseBuilder, Result};

/// Media type of a plain answer.
pub(crate) const JSON: &str = "application/json";

/// What a browser may send across origins. Credentials never: nothing here depends on any.
const CORS: [(&str, &str); 2] = [
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset",
    ),
];

/// What a browser may send along: our own header, and those of the MCP clients.
const ALLOWED_HEADERS: &str =
    "Content-Type, Accept, X-OmniGuard-Session, Mcp-Protocol-Version, Mcp-Session-Id";

/// What the API's answers carry besides.
const API: [(&str, &str); 3] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];

/// A JSON answer.
pub(crate) fn json<T: Serialize>(value: &T, status: u16, media_type: &str) -> Result<Response> {
    text(serde_json::to_string(value)?, status, media_type)
}

/// An answer that is text already.
pub(crate) fn text(text: String, status: u16, media_type: &str) -> Result<Response> {
    Ok(api(status, media_type)?.fixed(text.into_bytes()))
}

/// An answer whose body is told bit by bit; dropped when whoever asked is gone.
pub(crate) fn stream<S>(stream: S, media_type: &str) -> Result<Response>
where
    S: futures_util::Stream<Item = Result<Vec<u8>>> + 'static,
{
    api(200, media_type)?.from_stream(stream)
}

/// An answer without a body.
pub(crate) fn empty(status: u16) -> Result<Response> {
    let headers = Headers::new();
    for (name, value) in CORS.iter().chain(&API) {
        headers.set(name, value)?;
    }
    Ok(Response::builder().with_status(status).with_headers(headers).empty())
}

fn api(status: u16, media_type: &str) -> Result<ResponseBuilder> {
    let headers = Headers::new();
    headers.set("content-type", media_type)?;
    for (name, value) in CORS.iter().chain(&API) {
        headers.set(name, value)?;
    }
    Ok(Response::builder().with_status(status).with_headers(headers))
}

/// The answer to `OPTIONS`, which is also a browser's question before a request across origins.
pub(crate) fn options(allow: &str) -> Result<Response> {
    let headers = Headers::new();
    headers.set("allow", allow)?;
    headers.set("access-control-allow-origin", "*")?;
    headers.set("access-control-allow-methods", allow)?;
    headers.set("access-control-allow-headers", ALLOWED_HEADERS)?;
    headers.set("access-control-max-age", "86400")?;
    Ok(Response::builder().with_status(204).with_headers(headers).empty())
}

/// The same answer without its body, for `HEAD`.
pub(crate) fn without_body(response: Response) -> Response {
    let (builder, _) = response.into_parts();
    builder.empty()
}
