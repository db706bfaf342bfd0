//! One request to the hub, within a time.

use super::page::Failure;
use super::settings::Settings;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use worker::{AbortController, Delay, Fetch, Headers, Request, RequestInit, RequestRedirect, Url};

/// The hub may take so long for a page.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest page: a hundred rows as long as any that is kept, escaped, and as much again.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// Why there is no answer, and in how many seconds the hub wants to be asked again.
pub(crate) type Refusal = (Failure, Option<f64>);

/// The body of the hub's answer.
pub(crate) async fn get(settings: &Settings, url: Option<Url>) -> Result<Vec<u8>, Refusal> {
    let url = url.ok_or((Failure::Misconfigured, None))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let asked = async {
        let headers = Headers::new();
        headers.set("accept", "application/json")?;
        if let Some(bearer) = settings.bearer(&url) {
            headers.set("authorization", &bearer)?;
        }
        let mut init = RequestInit::new();
        // A redirect could take the token elsewhere.
        init.with_headers(headers).with_redirect(RequestRedirect::Manual);
        let request = Request::new_with_init(url.as_str(), &init)?;
        let mut response = Fetch::Request(request).send_with_signal(&signal).await?;
        if let Some(failure) = Failure::of_status(response.status_code()) {
            let retry_after = response.headers().get("retry-after")?;
            let seconds = retry_after.and_then(|text| text.trim().parse().ok());
            return Ok(Err((failure, seconds)));
        }
        let mut body = Vec::new();
        let mut stream = response.stream()?;
        while let Some(chunk) = stream.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > MAX_PAGE_BYTES {
                return Ok(Err((Failure::Malformed, None)));
            }
        }
        Ok(Ok(body))
    };
    match select(pin!(asked), pin!(Delay::from(PATIENCE))).await {
        // What the platform says could repeat a header.
        Either::Left((answer, _)) => {
            let answer: worker::Result<_> = answer;
            answer.unwrap_or(Err((Failure::Connection, None)))
        }
        Either::Right(_) => {
            controller.abort();
            Err((Failure::Timeout, None))
        }
    }
}
