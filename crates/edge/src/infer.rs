//! `/api/infer`: hosted language models, asked through the one object that holds their queue.
//!
//! Invariant: the deployment's token is in no answer, no log line and no error.

pub(crate) mod bucket;
pub(crate) mod budget;
pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod desk;
pub(crate) mod line;
pub(crate) mod queue;
pub(crate) mod reply;
pub(crate) mod retry;
pub(crate) mod settings;

use crate::config::INFERENCE;
use crate::error::Fault;
use crate::request;
use crate::response::{self, JSON};
use futures_util::StreamExt;
use line::NDJSON;
use omniguard_core::wire::infer::{Infer, InferBody, InferStatus};
use omniguard_core::wire::problem::PROBLEM_JSON;
use settings::Settings;
use worker::wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response, Stub};

type Answer<T> = std::result::Result<T, Fault>;

/// Path on which the object is asked; on any other it tells its status.
pub(crate) const ASK_PATH: &str = "/ask";
/// Header that tells the object whose request it is.
pub(crate) const ADDRESS_HEADER: &str = "x-omniguard-address";
/// The one object.
const NAME: &str = "queue";

fn object(env: &Env) -> worker::Result<Stub> {
    env.durable_object(INFERENCE)?.get_by_name(NAME)
}

/// Asks a hosted model about a frame; nothing that is sent is stored
#[utoipa::path(
    post,
    path = "/api/infer",
    tag = "defender",
    request_body(content = ref("#/components/schemas/Infer"), content_type = "application/json"),
    responses(
        (status = 200, description = "What the model answered. With `Accept: application/x-ndjson` \
            lines, of which the last one holds the answer or the problem.", content(
            (InferBody = "application/json"),
            (String = "application/x-ndjson"),
        )),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn ask(request: &mut Request, env: &Env) -> Answer<Response> {
    let asked = Infer::read(&request::json_bytes(request).await?)?;
    Settings::from_env(env).configured(asked.side)?;
    let accept = request.headers().get("accept")?.unwrap_or_default();
    let headers = Headers::new();
    // The platform's own header, which a caller cannot set.
    if let Some(address) = request.headers().get("cf-connecting-ip")? {
        headers.set(ADDRESS_HEADER, &address)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(JsValue::from_str(&asked.to_body().to_string())));
    let url = format!("https://inference.invalid{ASK_PATH}");
    let response = object(env)?.fetch_with_request(Request::new_with_init(&url, &init)?).await?;
    if response.status_code() != 200 || wants_lines(&accept) {
        return Ok(response);
    }
    outcome(request, response).await
}

/// The last of the object's lines as an answer of its own.
async fn outcome(request: &Request, mut response: Response) -> Answer<Response> {
    let signal = request.inner().signal();
    let mut stream = response.stream()?;
    let mut lines = Vec::new();
    while let Some(chunk) = stream.next().await {
        lines.extend_from_slice(&chunk?);
        // A line a second: what is dropped here is cancelled there.
        if signal.aborted() {
            break;
        }
    }
    let told = line::read(&lines).ok_or_else(|| worker::Error::from("no outcome was told"))?;
    let media_type = if told.status == 200 { JSON } else { PROBLEM_JSON };
    let response = response::text(told.body, told.status, media_type)?;
    if let Some(seconds) = told.retry_after {
        response.headers().set("retry-after", &seconds.to_string())?;
    }
    Ok(response)
}

fn wants_lines(accept: &str) -> bool {
    accept.split(',').any(|part| part.split(';').next().unwrap_or_default().trim() == NDJSON)
}

/// Tells which hosted models there are, who waits for them, and what is left of the day's budget
#[utoipa::path(
    get,
    path = "/api/infer/status",
    tag = "defender",
    responses(
        (status = 200, description = "How the queue stands.", body = InferStatus),
        crate::openapi::Problems,
    ),
)]
pub(crate) async fn status(env: &Env) -> Answer<Response> {
    Ok(object(env)?.fetch_with_str("https://inference.invalid/status").await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_for_those_who_ask_for_them() {
        assert!(wants_lines("application/x-ndjson"));
        assert!(wants_lines("application/json, application/x-ndjson; q=0.5"));
        for other in ["", "*/*", "application/json"] {
            assert!(!wants_lines(other), "{other}");
        }
    }
}
