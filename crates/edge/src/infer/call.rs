//! One call of an upstream. Dropped, it aborts: whoever waits for it is gone, or it is too late.

use super::reply::Reply;
use super::settings::Upstream;
use futures_util::StreamExt;
use worker::wasm_bindgen::JsValue;
use worker::{
    AbortController, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Result,
};

/// How much of a reply is read: far more than a completion of the tokens asked for can be.
const MAX_REPLY_BYTES: usize = 128 * 1024;

struct Guard(Option<AbortController>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(controller) = self.0.take() {
            // Without effect on a call that has ended.
            controller.abort();
        }
    }
}

/// Sends `body` and reads the whole reply.
pub(crate) async fn call(upstream: &Upstream, body: &str) -> Result<Reply> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("accept", "application/json")?;
    if let Some(token) = &upstream.token {
        headers.set("authorization", &token.bearer())?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(JsValue::from_str(body)))
        // A redirect could take the token elsewhere.
        .with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(&upstream.url, &init)?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let _guard = Guard(Some(controller));
    let mut response = Fetch::Request(request).send_with_signal(&signal).await?;
    let retry_after = response.headers().get("retry-after")?;
    let status = response.status_code();
    let mut body = Vec::new();
    // A reply without a body is an empty one.
    if let Ok(mut stream) = response.stream() {
        while let Some(chunk) = stream.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > MAX_REPLY_BYTES {
                break;
            }
        }
    }
    Ok(Reply { status, retry_after, body })
}
