//! What a deployment tells about its corpus feeds.

#[cfg(feature = "openapi")]
use alloc::vec::Vec;
use alloc::{collections::BTreeMap, string::String};
use serde::{Deserialize, Serialize};

/// Frames of the compiled corpus that this build ships with.
pub const EMBEDDED: &str = "embedded";
/// Frames made of streamed rows stand in for those of the compiled corpus.
pub const FEEDS: &str = "feeds";

/// One feed: its queue, and what became of the rows that it fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedInfo {
    /// Name of the dataset on its hub.
    pub dataset: String,
    /// Rows that wait to be drawn.
    pub queued: u32,
    /// Most rows that may wait.
    pub limit: u32,
    /// Rows that came from the hub.
    pub rows_fetched: u64,
    /// Rows that episodes drew.
    pub rows_drawn: u64,
    /// Rows that the queue had no room for.
    pub rows_dropped: u64,
    /// Rows that cannot be read, or that make no frames.
    pub rows_unfit: u64,
    /// Cells that the hub had cut.
    pub truncated_cells: u64,
    /// Times that an episode found too few rows.
    pub shortages: u64,
    /// Requests that failed.
    pub errors: u64,
    /// Kind of the last failure; null before the first.
    pub last_error: Option<String>,
}

/// What the next unseeded episodes draw from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedsBody {
    /// `embedded` or `feeds`.
    pub source: &'static str,
    /// The feeds, by name; none where they are off.
    pub feeds: BTreeMap<String, FeedInfo>,
}

impl FeedsBody {
    /// The feeds with what they lead to: without a row, frames are the embedded corpus's.
    pub fn new(feeds: BTreeMap<String, FeedInfo>) -> Self {
        let waiting = feeds.values().any(|feed| feed.queued > 0);
        Self { source: if waiting { FEEDS } else { EMBEDDED }, feeds }
    }

    /// Queue lengths by feed.
    pub fn queue_depths(&self) -> BTreeMap<String, u32> {
        self.feeds.iter().map(|(name, feed)| (name.clone(), feed.queued)).collect()
    }
}
