//! The datasets server and the hub's cards, over HTTP, with retries.

use super::failure::Failure;
use super::retry;
use super::stop::Stop;
use omniguard_core::ingest::Source;
use omniguard_core::rng::Rng;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};

/// Rows of a page: the most that the server gives.
pub(super) const PAGE_ROWS: u64 = 100;
/// Names the state of a dataset that a page was read from.
const REVISION: &str = "x-revision";
/// Longest page: a hundred rows of a quarter of a megabyte, escaped.
const MAX_PAGE_BYTES: u64 = 64 << 20;
/// What a server says of its own failure, at most.
const MAX_WORDS: usize = 200;

/// Where a dataset's rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) config: String,
    pub(super) split: String,
}

/// What the hub's card says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) licence: Option<String>,
    pub(super) revision: Option<String>,
}

/// One page, still as text.
#[derive(Debug)]
pub(super) struct PageText {
    pub(super) body: Vec<u8>,
    pub(super) revision: Option<String>,
}

/// What a page holds.
#[derive(Debug, Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) rows: Vec<PageRow<'a>>,
    pub(super) num_rows_total: u64,
    #[serde(default)]
    pub(super) partial: bool,
}

/// One row of a page.
#[derive(Debug, Deserialize)]
pub(super) struct PageRow<'a> {
    pub(super) row_idx: u64,
    #[serde(borrow)]
    pub(super) row: &'a RawValue,
    #[serde(default)]
    pub(super) truncated_cells: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Splits {
    splits: Vec<SplitEntry>,
}

#[derive(Debug, Deserialize)]
struct SplitEntry {
    config: String,
    split: String,
}

#[derive(Debug, Deserialize)]
struct CardFile {
    sha: Option<String>,
    #[serde(rename = "cardData")]
    data: Option<CardData>,
}

#[derive(Debug, Deserialize)]
struct CardData {
    license: Option<serde_json::Value>,
}

/// A client; clones share connections.
#[derive(Clone)]
pub(super) struct Hub {
    agent: Agent,
    rows: String,
    cards: String,
    /// Never printed.
    token: Option<String>,
    n_retries: u32,
    stop: Arc<Stop>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// One answer of a server, or why there is none.
enum Answer {
    Good(HeaderMap, Vec<u8>),
    /// Worth another try, perhaps after a time.
    Later(Failure, Option<Duration>),
    Bad(Failure),
}

impl Hub {
    pub(super) fn new(
        rows: &str,
        cards: &str,
        token: Option<String>,
        timeout: Duration,
        n_retries: u32,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .user_agent(concat!("omniguard/", env!("CARGO_PKG_VERSION")))
            .build();
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        let (rows, cards) = (trimmed(rows), trimmed(cards));
        Self { agent: config.into(), rows, cards, token, n_retries, stop: Arc::default() }
    }

    /// Nothing is asked for again from now on: whoever waits to do so fails at once.
    pub(super) fn stop(&self) {
        self.stop.tell();
    }

    /// Where the rows of a dataset are: the wanted configuration and split, else the only ones.
    pub(super) fn place(
        &self,
        source: Source,
        config: Option<&str>,
        split: &str,
    ) -> Result<Place, Failure> {
        let url = format!("{}/splits?dataset={}", self.rows, encoded(source.dataset()));
        let (_, body) = self.get(&url)?;
        let there: Splits = serde_json::from_slice(&body).map_err(|_| Failure::Alien { url })?;
        let fits = |entry: &&SplitEntry| {
            entry.split == split && config.is_none_or(|config| entry.config == config)
        };
        let found = there.splits.iter().find(fits);
        found
            .map(|entry| Place { config: entry.config.clone(), split: entry.split.clone() })
            .ok_or_else(|| Failure::NoSplit {
                wanted: format!("{}/{split}", config.unwrap_or("any configuration")),
                there: there
                    .splits
                    .iter()
                    .map(|entry| format!("{}/{}", entry.config, entry.split))
                    .collect(),
            })
    }

    /// Licence and revision, as the dataset's card has them.
    pub(super) fn card(&self, source: Source) -> Result<Card, Failure> {
        let url = format!("{}/api/datasets/{}", self.cards, source.dataset());
        let (_, body) = self.get(&url)?;
        let card: CardFile = serde_json::from_slice(&body).map_err(|_| Failure::Alien { url })?;
        let licence = card.data.and_then(|data| data.license).map(|licence| match licence {
            serde_json::Value::String(name) => name,
            other => other.to_string(),
        });
        Ok(Card { licence, revision: card.sha })
    }

    /// A page of rows; `check` reads it, and what it cannot read is asked for again.
    pub(super) fn page<T>(
        &self,
        source: Source,
        place: &Place,
        offset: u64,
        length: u64,
        check: impl Fn(&PageText) -> Option<T>,
    ) -> Result<T, Failure> {
        let url = format!(
            "{}/rows?dataset={}&config={}&split={}&offset={offset}&length={length}",
            self.rows,
            encoded(source.dataset()),
            encoded(&place.config),
            encoded(&place.split),
        );
        self.tried(offset, |hub| match hub.once(&url) {
            Answer::Good(headers, body) => {
                let revision = headers.get(REVISION).and_then(|value| value.to_str().ok());
                let text = PageText { body, revision: revision.map(str::to_owned) };
                check(&text).ok_or((Failure::Alien { url: url.clone() }, Some(None)))
            }
            Answer::Later(failure, after) => Err((failure, Some(after))),
            Answer::Bad(failure) => Err((failure, None)),
        })
    }

    fn get(&self, url: &str) -> Result<(HeaderMap, Vec<u8>), Failure> {
        self.tried(0, |hub| match hub.once(url) {
            Answer::Good(headers, body) => Ok((headers, body)),
            Answer::Later(failure, after) => Err((failure, Some(after))),
            Answer::Bad(failure) => Err((failure, None)),
        })
    }

    /// Tries until it is well, hopeless or too often; `Some` beside a failure says "again", with
    /// the time that the server asked for.
    fn tried<T>(
        &self,
        offset: u64,
        once: impl Fn(&Self) -> Result<T, (Failure, Option<Option<Duration>>)>,
    ) -> Result<T, Failure> {
        // Neither pages nor programs that were refused together come back together.
        let mut rng = Rng::new(offset).fork(std::process::id().into());
        let mut n_again = 0;
        loop {
            let (failure, again) = match once(self) {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            let Some(after) = again else { return Err(failure) };
            if n_again >= self.n_retries {
                return Err(Failure::GaveUp { n_tries: n_again + 1, last: Box::new(failure) });
            }
            if !self.stop.rest(retry::wait(n_again, after, rng.f32())) {
                return Err(failure);
            }
            n_again += 1;
        }
    }

    fn once(&self, url: &str) -> Answer {
        let lost = |why: &dyn std::fmt::Display| {
            Answer::Later(Failure::Lost { url: url.to_owned(), why: why.to_string() }, None)
        };
        let mut request = self.agent.get(url);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut response = match request.call() {
            Ok(response) => response,
            Err(ureq::Error::Timeout(_)) => {
                return Answer::Later(Failure::Late { url: url.to_owned() }, None);
            }
            Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
                return Answer::Bad(Failure::BadUrl {
                    url: url.to_owned(),
                    why: error.to_string(),
                });
            }
            Err(error) => return lost(&error),
        };
        let status = response.status().as_u16();
        let after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| retry::named(value.to_str().ok()?, SystemTime::now()));
        let body = response.body_mut().with_config().limit(MAX_PAGE_BYTES).read_to_vec();
        let body = match body {
            Ok(body) => body,
            Err(ureq::Error::Timeout(_)) => {
                return Answer::Later(Failure::Late { url: url.to_owned() }, None);
            }
            Err(error) => return lost(&error),
        };
        let said = || {
            let words: String = String::from_utf8_lossy(&body).chars().take(MAX_WORDS).collect();
            // A server that repeats what it was sent must not tell the token.
            match &self.token {
                Some(token) => words.replace(token.as_str(), "[token]"),
                None => words,
            }
        };
        match status {
            200..300 => Answer::Good(response.headers().clone(), body),
            401 | 403 => Answer::Bad(Failure::Forbidden { url: url.to_owned(), status }),
            404 => Answer::Bad(Failure::NotThere { url: url.to_owned() }),
            429 | 500..600 => {
                Answer::Later(Failure::Status { url: url.to_owned(), status, said: said() }, after)
            }
            _ => Answer::Bad(Failure::Status { url: url.to_owned(), status, said: said() }),
        }
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
