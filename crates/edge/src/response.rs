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

/// What the API's answers carry besides.
const API: [(&str, &str); 3] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];

/// A JSON answer.
pub(crate) fn json<T: Serialize>(value: &T, status: u16, media_type: &str) -> Result<Response> {
    let body = serde_json::to_vec(value)?;
    Ok(api(status, media_type)?.fixed(body))
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
    headers.set("access-control-allow-headers", "Content-Type, Accept, X-OmniGuard-Session")?;
    headers.set("access-control-max-age", "86400")?;
    Ok(Response::builder().with_status(204).with_headers(headers).empty())
}

/// The same answer without its body, for `HEAD`.
pub(crate) fn without_body(response: Response) -> Response {
    let (builder, _) = response.into_parts();
    builder.empty()
}
