//! The corpus feeds, as the other parts see them: what episodes draw, and what is told about them.
//!
//! Whatever a feed does or does not, an episode begins soon: without rows its texts are the
//! embedded corpus's.

use crate::config::FEED;
use crate::feed::item;
use crate::feed::settings::Settings;
use futures_util::future::{Either, join_all, select};
use omniguard_core::corpus::Corpus;
use omniguard_core::frame::Split;
use omniguard_core::ingest::{Drawn, LogPairs, Source, compile};
use omniguard_core::wire::feeds::{FeedInfo, FeedsBody};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use worker::{Delay, Env, Error, Result, console_error};

thread_local! {
    /// Of the one corpus that the isolate has.
    static LOG_PAIRS: OnceCell<LogPairs> = const { OnceCell::new() };
}

/// A feed answers from its storage; one that does not within this time has no rows.
const PATIENCE: Duration = Duration::from_secs(1);

/// Rows of each feed that an episode, or a batch of them, draws at most.
const fn share(source: Source) -> u32 {
    match source {
        Source::Witfoo | Source::Fenrir => 6,
        Source::Nist => 4,
    }
}

/// A corpus that has pairs of the feeds beside it.
#[derive(Debug, Clone)]
pub(crate) struct Streamed {
    /// The pairs, in the corpus's format: what has to be kept with an environment on them.
    pub(crate) file: Vec<u8>,
    pub(crate) corpus: Arc<Corpus>,
}

impl Streamed {
    /// The pairs of `file` beside the written corpus.
    pub(crate) fn new(file: Vec<u8>, written: &Corpus) -> Option<Self> {
        let corpus = Arc::new(written.with_streamed(&file).ok()?);
        Some(Self { file, corpus })
    }
}

/// Whether there are any.
pub(crate) fn on(env: &Env) -> bool {
    !Settings::from_env(env).sources.is_empty()
}

/// Draws rows of `split` from every feed; `None` where they make no pair.
pub(crate) async fn draw(env: &Env, written: &Corpus, split: Split) -> Option<Streamed> {
    let (late, first): (Vec<_>, Vec<_>) =
        Settings::from_env(env).sources.into_iter().partition(|source| source.needs_seeds());
    let mut drawn = draw_from(env, first, split).await;
    if drawn.iter().any(|one| !one.seeds.is_empty()) {
        drawn.extend(draw_from(env, late, split).await);
    }
    let file = LOG_PAIRS.with(|pairs| {
        let pairs = pairs.get_or_init(|| LogPairs::of(written));
        compile(written, pairs, &drawn)
    })?;
    Streamed::new(file, written)
}

async fn draw_from(env: &Env, sources: Vec<Source>, split: Split) -> Vec<Drawn> {
    let asked = sources.into_iter().map(async |source| {
        let path = format!("draw/{}/{}", split.name(), share(source));
        match ask(env, source, &path).await {
            Ok(text) => rows(source, &text),
            Err(error) => {
                console_error!("the feed {} gave no rows: {error}", source.name());
                Vec::new()
            }
        }
    });
    join_all(asked).await.concat()
}

/// One a line; what another version kept and this one cannot read is passed over.
fn rows(source: Source, text: &str) -> Vec<Drawn> {
    text.lines().filter_map(|line| item::read(source, line)).collect()
}

/// What the feeds hold and did; with whether every one answered.
pub(crate) async fn told(env: &Env) -> (FeedsBody, bool) {
    let sources = Settings::from_env(env).sources;
    let n_feeds = sources.len();
    let asked = sources.into_iter().map(async |source| {
        let info = ask(env, source, "status").await;
        match info.and_then(|text| Ok(serde_json::from_str::<FeedInfo>(&text)?)) {
            Ok(info) => Some((source.name().to_owned(), info)),
            Err(error) => {
                console_error!("the feed {} told nothing: {error}", source.name());
                None
            }
        }
    });
    let feeds: BTreeMap<_, _> = join_all(asked).await.into_iter().flatten().collect();
    let complete = feeds.len() == n_feeds;
    (FeedsBody::new(feeds), complete)
}

async fn ask(env: &Env, source: Source, path: &str) -> Result<String> {
    let stub = env.durable_object(FEED)?.get_by_name(source.name())?;
    let url = format!("https://feed.invalid/{}/{path}", source.name());
    let asked = async {
        let mut response = stub.fetch_with_str(&url).await?;
        match response.status_code() {
            200 => response.text().await,
            status => Err(Error::from(format!("status {status}"))),
        }
    };
    match select(pin!(asked), pin!(Delay::from(PATIENCE))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(Error::from("no answer in time")),
    }
}
