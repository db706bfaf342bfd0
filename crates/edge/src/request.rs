//! What a request says: its body as JSON, its query, whose environments it is about.

use crate::config::MAX_MESSAGE_BYTES;
use crate::error::Fault;
use crate::space::{self, Space};
use futures_util::StreamExt;
use omniguard_core::wire::problem::Problem;
use serde_json::{Map, Value};
use worker::Request;

type Answer<T> = std::result::Result<T, Fault>;

/// The body as JSON; an empty body is an empty object.
pub(crate) async fn json(request: &mut Request) -> Answer<Value> {
    let bytes = json_bytes(request).await?;
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    Ok(serde_json::from_slice(&bytes)
        .map_err(|error| Problem::malformed_json(format!("the body is not JSON: {error}")))?)
}

/// The body of a request that says that it is JSON, or that is empty.
pub(crate) async fn json_bytes(request: &mut Request) -> Answer<Vec<u8>> {
    let unsupported =
        || Problem::unsupported_media_type("send `Content-Type: application/json`").into();
    let content_type = request.headers().get("content-type")?;
    if content_type.as_ref().is_some_and(|text| !is_json(text)) {
        return Err(unsupported());
    }
    let bytes = body(request).await?;
    if content_type.is_none() && !bytes.is_empty() { Err(unsupported()) } else { Ok(bytes) }
}

fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// The body, read no further than the limit.
async fn body(request: &mut Request) -> Answer<Vec<u8>> {
    let too_large =
        || Problem::content_too_large(format!("at most {MAX_MESSAGE_BYTES} bytes are read"));
    let length = request.headers().get("content-length")?;
    let announced = length.and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|n_bytes| n_bytes > MAX_MESSAGE_BYTES as u64) {
        return Err(too_large().into());
    }
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let mut stream = request.stream()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk?);
        if bytes.len() > MAX_MESSAGE_BYTES {
            return Err(too_large().into());
        }
    }
    Ok(bytes)
}

/// The method as it was sent: `Request::method` takes those that it does not know for `GET`.
pub(crate) fn method(request: &Request) -> String {
    request.inner().method()
}

/// A parameter of the query; the first of that name.
pub(crate) fn query(request: &Request, name: &str) -> Answer<Option<String>> {
    let url = request.url()?;
    let found = url.query_pairs().find(|(key, _)| key == name);
    Ok(found.map(|(_, value)| value.into_owned()))
}

/// Whose environments; `episode_id` counts where no header names a namespace.
pub(crate) fn space(request: &Request, episode_id: Option<&str>) -> Answer<Space> {
    let header = request.headers().get(space::HEADER)?;
    Ok(Space::of(header.as_deref(), episode_id)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_media_type() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/plain", "application/jsonp", "text/json", "multipart/form-data"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
