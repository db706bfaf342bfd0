//! What a deployment tells about its corpus feeds.

use crate::frame::Split;
use crate::ingest::Source;
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
    /// The same by the split that they are of.
    #[serde(default)]
    pub queued_by_split: BTreeMap<String, u32>,
    /// Most rows that may wait.
    pub limit: u32,
    /// Rows that came from the hub.
    pub rows_fetched: u64,
    /// Rows drawn for episodes, those of a reset that was then refused among them.
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

/// What the next unseeded episodes of the default split draw from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedsBody {
    /// `embedded` or `feeds`.
    pub source: &'static str,
    /// The feeds, by name; none where they are off.
    pub feeds: BTreeMap<String, FeedInfo>,
}

impl FeedsBody {
    /// The feeds with what they lead to: without a row that makes a pair by itself, frames are the
    /// embedded corpus's.
    pub fn new(feeds: BTreeMap<String, FeedInfo>) -> Self {
        let split = Split::Train.name();
        let waiting = |(name, feed): (&String, &FeedInfo)| {
            let makes_pairs = Source::from_name(name).is_some_and(|source| !source.needs_seeds());
            makes_pairs && feed.queued_by_split.get(split).is_some_and(|&n_rows| n_rows > 0)
        };
        let waiting = feeds.iter().any(waiting);
        Self { source: if waiting { FEEDS } else { EMBEDDED }, feeds }
    }

    /// Queue lengths by feed.
    pub fn queue_depths(&self) -> BTreeMap<String, u32> {
        self.feeds.iter().map(|(name, feed)| (name.clone(), feed.queued)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    #[test]
    fn the_source_is_told_by_rows_that_the_default_split_can_play() {
        let source = |name: Source, split: Split, n_rows: u32| {
            let queued_by_split = BTreeMap::from([(split.name().to_owned(), n_rows)]);
            let feed = FeedInfo { queued: n_rows, queued_by_split, ..FeedInfo::default() };
            FeedsBody::new(BTreeMap::from([(name.name().to_owned(), feed)])).source
        };
        assert_eq!(FeedsBody::new(BTreeMap::new()).source, EMBEDDED);
        assert_eq!(source(Source::Witfoo, Split::Train, 1), FEEDS);
        assert_eq!(source(Source::Fenrir, Split::Train, 9), FEEDS);
        assert_eq!(source(Source::Witfoo, Split::Train, 0), EMBEDDED);
        assert_eq!(source(Source::Witfoo, Split::Test, 9), EMBEDDED);
        assert_eq!(source(Source::Nist, Split::Train, 9), EMBEDDED);
    }
}
