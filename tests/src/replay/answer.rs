//! Answers as the datasets server and the hub write them, and those that are wrong on purpose.

use super::failure::{self, Failure, Kind};
use super::{MAX_LENGTH, Options, rows};
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use omniguard_core::ingest::Source;
use serde::Serialize;
use serde_json::json;
use std::io;
use std::time::Duration;

pub(super) type Body = BoxBody<Bytes, io::Error>;

/// Names the state of the dataset that a page was made from.
const REVISION: HeaderName = HeaderName::from_static("x-revision");
/// Longer than any client waits.
const NEVER: Duration = Duration::from_hours(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    Rows,
    Splits,
    /// What the hub says of a dataset: licence and revision.
    Card,
    Unknown,
}

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) path: Path,
    pub(super) source: Option<Source>,
    pub(super) offset: u64,
    length: u64,
    config: String,
    split: String,
}

impl Asked {
    pub(super) fn read(path: &str, query: &str) -> Self {
        const CARD: &str = "/api/datasets/";
        let mut asked = Self {
            path: Path::Unknown,
            source: None,
            offset: 0,
            length: MAX_LENGTH,
            config: String::new(),
            split: String::new(),
        };
        asked.path = match path {
            "/rows" => Path::Rows,
            "/splits" => Path::Splits,
            _ if path.starts_with(CARD) => Path::Card,
            _ => Path::Unknown,
        };
        asked.source = path.strip_prefix(CARD).and_then(failure::source);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let number = || value.parse().unwrap_or(u64::MAX);
            match key.as_ref() {
                "dataset" => asked.source = failure::source(&value),
                "config" => asked.config = value.into_owned(),
                "split" => asked.split = value.into_owned(),
                "offset" => asked.offset = number(),
                "length" => asked.length = number(),
                _ => {}
            }
        }
        asked
    }
}

/// The answer where nothing is wrong; `empty` for a split without rows.
pub(super) fn well(options: &Options, asked: &Asked, empty: bool) -> Response<Body> {
    let Some(source) = asked.source else {
        return error(
            404,
            "The dataset does not exist, or is not accessible without authentication",
        );
    };
    let revision = revision(options, source, 0);
    match asked.path {
        Path::Splits => {
            let split = json!({
                "dataset": source.dataset(), "config": rows::config(source), "split": "train",
            });
            json(200, &json!({"splits": [split], "pending": [], "failed": []}))
        }
        Path::Card => json(
            200,
            &json!({
                "id": source.dataset(),
                "sha": revision,
                "cardData": {"license": "apache-2.0"},
                "tags": ["license:apache-2.0"],
            }),
        ),
        Path::Rows if asked.config != rows::config(source) || asked.split != "train" => {
            error(404, "The split does not exist")
        }
        Path::Rows if asked.length > MAX_LENGTH || asked.offset == u64::MAX => {
            error(422, "Parameter 'length' must not be greater than 100")
        }
        Path::Rows => {
            let n_rows = if empty { 0 } else { options.n_rows };
            let page = rows::Page { source, offset: asked.offset, length: asked.length, n_rows };
            rows_answer(page.write(options.seed, rows::Damage::default()), &revision)
        }
        Path::Unknown => error(404, "Not Found"),
    }
}

/// The answer that a failure makes.
pub(super) async fn failed(options: &Options, asked: &Asked, failure: Failure) -> Response<Body> {
    let damaged = |damage: rows::Damage, shift: u64| match (asked.path, asked.source) {
        (Path::Rows, Some(source)) => {
            let (offset, length) = (asked.offset, asked.length.min(MAX_LENGTH));
            let page = rows::Page { source, offset, length, n_rows: options.n_rows };
            rows_answer(page.write(options.seed, damage), &revision(options, source, shift))
        }
        _ => well(options, asked, false),
    };
    match failure.kind {
        Kind::Status(status) => {
            let mut response = error(status, "told to fail");
            if let Some(after) = failure.retry_after.and_then(|words| words.parse().ok()) {
                response.headers_mut().insert(RETRY_AFTER, after);
            }
            response
        }
        Kind::Timeout => {
            tokio::time::sleep(NEVER).await;
            error(504, "told to be late")
        }
        Kind::Cut => halved(well(options, asked, false), true).await,
        Kind::Json => halved(well(options, asked, false), false).await,
        Kind::Columns => damaged(rows::Damage { columns: true, ..Default::default() }, 0),
        Kind::Truncated => damaged(rows::Damage { truncated: true, ..Default::default() }, 0),
        Kind::Revision => damaged(rows::Damage::default(), 1),
        Kind::Unmarked => {
            let mut response = well(options, asked, false);
            response.headers_mut().remove(REVISION);
            response
        }
        Kind::Empty => well(options, asked, true),
    }
}

/// Half of an answer: with the whole's length, so that the connection ends too early, or alone.
async fn halved(response: Response<Body>, cut: bool) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    if !cut {
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, full(half));
    }
    parts.headers.insert(CONTENT_LENGTH, whole.len().into());
    let first = stream::once(async move { Ok(Frame::data(half)) });
    let end = stream::once(async {
        // So that the half is on its way before the connection ends.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::other("told to cut"))
    });
    let body = StreamBody::new(first.chain(end));
    Response::from_parts(parts, BodyExt::boxed(body))
}

fn revision(options: &Options, source: Source, shift: u64) -> String {
    let seed = options.seed.wrapping_add(shift);
    format!("{seed:020x}{:020x}", source.index())
}

fn rows_answer(body: Vec<u8>, revision: &str) -> Response<Body> {
    let mut response = with_type(200, body);
    if let Ok(revision) = HeaderValue::from_str(revision) {
        response.headers_mut().insert(REVISION, revision);
    }
    response
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

fn with_type(status: u16, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn json(status: u16, value: &impl Serialize) -> Response<Body> {
    with_type(status, serde_json::to_vec(value).unwrap_or_default())
}

fn error(status: u16, words: &str) -> Response<Body> {
    json(status, &json!({"error": words}))
}

/// What `POST /control` says.
pub(super) fn control(added: Result<(), String>) -> Response<Body> {
    match added {
        Ok(()) => json(200, &json!({"ok": true})),
        Err(words) => error(422, &words),
    }
}
