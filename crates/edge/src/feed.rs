//! One corpus feed: what to fetch next, when, and what of it to keep. Pure: the clock is an
//! argument, the queue is known by its lengths.
//!
//! The queue holds rows of every split by the shares that the splits have; a feed rests once all are
//! full, until one runs low. Rows without room are dropped and counted. A dataset too small to fill
//! the queue passes again for those splits alone of which no row waits: none waits twice.

pub(crate) mod call;
pub(crate) mod item;
pub(crate) mod page;
pub(crate) mod settings;

use omniguard_core::frame::Split;
use omniguard_core::ingest::{SPLIT_PER_MILLE, Source};
use omniguard_core::wire::feeds::FeedInfo;
use page::{Failure, Page};
use serde::{Deserialize, Serialize};

/// Most rows that wait, over all splits.
pub(crate) const LIMIT: u32 = 1_000;
/// Rows of a page: the most that the hub gives.
const MAX_PAGE: u32 = 100;
/// Fewer are not asked for, however little room there is.
const MIN_PAGE: u32 = 20;
/// After so many failures in a row no more than that is asked for: a page may be too long to come.
const SHORT_AFTER: u32 = 3;
/// After so many the rows are passed over: some page may never come.
const PASS_AFTER: u32 = 8;
/// First wait after a failure, in milliseconds; doubled with each in a row.
const FIRST_WAIT: u64 = 1_000;
/// Longest wait that is not asked for.
const LONGEST_WAIT: u64 = 5 * 60_000;
/// Wait after what no retry mends, and after a whole dataset that did not fill the queue.
const LONG_REST: u64 = 60 * 60_000;

/// Rows that wait, by split.
pub(crate) type Depths = [u32; Split::ALL.len()];

/// Where a dataset's rows are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) config: String,
    pub(crate) split: String,
}

/// What a feed remembers beside its queue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Feed {
    place: Option<Place>,
    /// The next row.
    offset: u64,
    filling: bool,
    /// The whole dataset passed, and the queue was not full.
    small: bool,
    /// Splits that the filling leaves as they are.
    closed: [bool; Split::ALL.len()],
    /// Rows that passed since the filling began.
    passed: u64,
    /// Nothing is fetched before this time, in milliseconds.
    not_before: u64,
    /// Failures in a row.
    in_a_row: u32,
    rows_fetched: u64,
    rows_drawn: u64,
    rows_dropped: u64,
    rows_unfit: u64,
    truncated_cells: u64,
    shortages: u64,
    errors: u64,
    last_error: Option<String>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, until rows are drawn.
    Rest,
    /// Nothing, for so many milliseconds.
    Wait(u64),
    /// Ask where the rows are.
    Find,
    /// Ask for rows.
    Fetch { place: Place, offset: u64, length: u32 },
}

fn quota(split: usize) -> u32 {
    SPLIT_PER_MILLE.get(split).map_or(0, |share| *share as u32 * LIMIT / 1_000)
}

impl Feed {
    fn room(&self, depths: &Depths, split: usize) -> u32 {
        if self.closed.get(split) == Some(&true) {
            return 0;
        }
        depths.get(split).map_or(0, |depth| quota(split).saturating_sub(*depth))
    }

    fn rooms(&self, depths: &Depths) -> u32 {
        (0..depths.len()).map(|split| self.room(depths, split)).sum()
    }

    /// Begins to fill the queue where a split has run low.
    pub(crate) fn look(&mut self, depths: &Depths) {
        if self.filling {
            return;
        }
        let small = self.small;
        let is_low = |(split, &depth): (usize, &u32)| {
            if small { depth == 0 } else { 4 * quota(split).saturating_sub(depth) > quota(split) }
        };
        if depths.iter().enumerate().any(is_low) {
            self.filling = true;
            self.passed = 0;
            self.closed = depths.map(|depth| small && depth > 0);
        }
    }

    /// What to do now.
    pub(crate) fn next(&self, depths: &Depths, now: u64) -> Next {
        let room = self.rooms(depths);
        if !self.filling || room == 0 {
            return Next::Rest;
        }
        if now < self.not_before {
            return Next::Wait(self.not_before - now);
        }
        match &self.place {
            None => Next::Find,
            Some(place) => Next::Fetch {
                place: place.clone(),
                offset: self.offset,
                length: match self.in_a_row {
                    // Not every row is of the split that lacks some.
                    ..SHORT_AFTER => (2 * room).clamp(MIN_PAGE, MAX_PAGE),
                    _ => MIN_PAGE,
                },
            },
        }
    }

    /// Takes what the hub told about the dataset's place.
    pub(crate) fn found(&mut self, place: Place) {
        self.in_a_row = 0;
        self.place = Some(place);
    }

    /// Takes a page; what of it is to be kept. A failure where it holds no rows at all.
    pub(crate) fn take(
        &mut self,
        page: Page,
        depths: &Depths,
        now: u64,
    ) -> Result<Vec<(Split, String)>, Failure> {
        if page.n_rows == 0 {
            // Past the end: the hub has fewer rows than it had. Before it: it does not give them.
            let ended = self.offset > 0 && self.offset >= page.n_total;
            self.offset = 0;
            return if ended { Ok(Vec::new()) } else { Err(Failure::Empty) };
        }
        if page.n_without_columns == page.n_rows {
            return Err(Failure::Columns);
        }
        self.in_a_row = 0;
        let n_rows = u64::from(page.n_rows);
        self.rows_fetched += n_rows;
        self.truncated_cells += page.n_truncated;
        self.rows_unfit += n_rows - page.items.len() as u64;
        self.passed += n_rows;
        self.offset += n_rows;
        if self.offset >= page.n_total {
            self.offset = 0;
        }
        let mut depths = *depths;
        let mut kept = Vec::new();
        for (split, item) in page.items {
            if self.room(&depths, split.index()) == 0 {
                self.rows_dropped += 1;
                continue;
            }
            if let Some(depth) = depths.get_mut(split.index()) {
                *depth += 1;
            }
            kept.push((split, item));
        }
        if self.rooms(&depths) == 0 {
            self.filling = false;
            self.small = false;
        } else if self.passed >= page.n_total {
            // All of the dataset has passed: more of the same would not fill the queue either.
            self.filling = false;
            self.small = true;
            self.not_before = now + LONG_REST;
        }
        Ok(kept)
    }

    /// Takes note of a failure. `asked_for` is the wait in seconds that the hub named, `drawn`
    /// spreads the feeds that were refused together.
    pub(crate) fn fail(&mut self, failure: Failure, asked_for: Option<f64>, now: u64, drawn: u32) {
        self.errors += 1;
        self.last_error = Some(failure.name().to_owned());
        let backoff = match failure {
            _ if failure.lasts() => LONG_REST,
            _ => FIRST_WAIT.saturating_mul(1 << self.in_a_row.min(16)).min(LONGEST_WAIT),
        };
        if self.in_a_row >= PASS_AFTER && failure.may_be_the_page_s() {
            self.offset += u64::from(MIN_PAGE);
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if failure == Failure::NotFound {
            self.place = None;
        }
        let jitter = u64::from(drawn) % (backoff / 2);
        let wait = match asked_for {
            // Not before the time it named, unless that is more than an hour away.
            Some(seconds) => ((seconds.max(0.0) * 1_000.0) as u64).min(LONG_REST) + jitter,
            None => backoff / 2 + jitter,
        };
        self.not_before = now + wait;
    }

    /// Takes note of a draw.
    pub(crate) fn drawn(&mut self, wanted: u32, n_rows: u32) {
        self.rows_drawn += u64::from(n_rows);
        self.shortages += u64::from(n_rows < wanted);
    }

    /// What is told about it.
    pub(crate) fn info(&self, source: Source, depths: &Depths) -> FeedInfo {
        FeedInfo {
            dataset: source.dataset().to_owned(),
            queued: depths.iter().sum(),
            queued_by_split: Split::ALL
                .iter()
                .zip(depths)
                .map(|(split, depth)| (split.name().to_owned(), *depth))
                .collect(),
            limit: LIMIT,
            rows_fetched: self.rows_fetched,
            rows_drawn: self.rows_drawn,
            rows_dropped: self.rows_dropped,
            rows_unfit: self.rows_unfit,
            truncated_cells: self.truncated_cells,
            shortages: self.shortages,
            errors: self.errors,
            last_error: self.last_error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::ingest::split_of;

    const FULL: Depths = [813, 82, 105];

    /// Rows `offset..` of a dataset of `n_total`, dealt like real ones.
    fn page(offset: u64, length: u32, n_total: u64) -> Page {
        let rows = offset..(offset + u64::from(length)).min(n_total);
        let items: Vec<_> = rows.map(|row| (split_of(row), row.to_string())).collect();
        Page { n_rows: items.len() as u32, n_total, items, ..Page::default() }
    }

    fn ready() -> Feed {
        let mut feed = Feed::default();
        feed.look(&[0; 3]);
        feed.found(Place { config: "c".into(), split: "train".into() });
        feed
    }

    /// Fetches until the feed does something else; what it does then.
    fn fill(feed: &mut Feed, queue: &mut Vec<(Split, String)>, n_total: u64) -> Next {
        loop {
            let depths = depths(queue);
            match feed.next(&depths, 0) {
                Next::Fetch { offset, length, .. } => {
                    let kept = feed.take(page(offset, length, n_total), &depths, 0).unwrap();
                    queue.extend(kept);
                }
                other => return other,
            }
        }
    }

    fn depths(queue: &[(Split, String)]) -> Depths {
        let mut depths = [0; 3];
        for (split, _) in queue {
            depths[split.index()] += 1;
        }
        depths
    }

    #[test]
    fn a_queue_fills_to_its_limit_and_no_further_and_again_when_it_runs_low() {
        let (mut feed, mut queue) = (ready(), Vec::new());
        assert_eq!(fill(&mut feed, &mut queue, 2_000_000), Next::Rest);
        assert_eq!(depths(&queue), FULL);
        assert_eq!(queue.len() as u32, LIMIT);
        let info = feed.info(Source::Nist, &depths(&queue));
        assert_eq!(info.rows_fetched, u64::from(LIMIT) + info.rows_dropped);
        assert!(info.rows_dropped < 1_500, "{info:?}");
        // A little drawn wakes nobody.
        queue.drain(..20);
        feed.look(&depths(&queue));
        assert_eq!(feed.next(&depths(&queue), 0), Next::Rest);
        queue.drain(..300);
        feed.look(&depths(&queue));
        assert!(matches!(feed.next(&depths(&queue), 0), Next::Fetch { length: MAX_PAGE, .. }));
        assert_eq!(fill(&mut feed, &mut queue, 2_000_000), Next::Rest);
        assert_eq!(depths(&queue), FULL);
        // No row came twice.
        let mut rows: Vec<_> = queue.iter().map(|(_, row)| row).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), queue.len());
    }

    #[test]
    fn a_small_dataset_passes_once_and_rests() {
        let (mut feed, mut queue) = (ready(), Vec::new());
        assert_eq!(fill(&mut feed, &mut queue, 250), Next::Rest);
        assert_eq!(queue.len(), 250);
        // Not again while rows of every split wait; then for the split alone that has none.
        feed.look(&depths(&queue));
        assert_eq!(feed.next(&depths(&queue), LONG_REST), Next::Rest);
        let n_others = queue.iter().filter(|(split, _)| *split != Split::Train).count();
        queue.retain(|(split, _)| *split != Split::Train);
        feed.look(&depths(&queue));
        assert_eq!(feed.next(&depths(&queue), 0), Next::Wait(LONG_REST));
        let again = feed.next(&depths(&queue), LONG_REST);
        assert!(matches!(again, Next::Fetch { offset: 0, .. }), "{again:?}");
        feed.not_before = 0;
        fill(&mut feed, &mut queue, 250);
        assert_eq!(queue.len(), 250);
        assert_eq!(queue.iter().filter(|(split, _)| *split != Split::Train).count(), n_others);
    }

    #[test]
    fn a_page_that_never_comes_is_asked_for_in_part_and_then_passed_over() {
        let mut feed = ready();
        feed.take(page(0, 100, 5_000), &[0; 3], 0).unwrap();
        let mut asked = Vec::new();
        for _ in 0..12 {
            let Next::Fetch { offset, length, .. } = feed.next(&[0; 3], u64::MAX) else { panic!() };
            asked.push((offset, length));
            feed.fail(Failure::Malformed, None, 0, 0);
        }
        assert_eq!(asked[..4], [(100, 100), (100, 100), (100, 100), (100, MIN_PAGE)]);
        assert_eq!(asked[8..], [(100, 20), (120, 20), (140, 20), (160, 20)]);
        // What says nothing of a page passes over none.
        feed.fail(Failure::RateLimited, None, 0, 0);
        assert!(matches!(feed.next(&[0; 3], u64::MAX), Next::Fetch { offset: 180, .. }));
    }

    #[test]
    fn a_feed_asks_where_rows_are_first() {
        let mut feed = Feed::default();
        assert_eq!(feed.next(&[0; 3], 0), Next::Rest);
        feed.look(&[0; 3]);
        assert_eq!(feed.next(&[0; 3], 0), Next::Find);
    }

    #[test]
    fn failures_wait_longer_each_time_and_the_hub_s_word_counts() {
        let mut feed = ready();
        for (n, expected) in [500, 1_000, 2_000, 4_000].into_iter().enumerate() {
            feed.fail(Failure::Unavailable, None, 0, 0);
            assert_eq!(feed.next(&[0; 3], 0), Next::Wait(expected), "{n}");
            assert!(matches!(feed.next(&[0; 3], expected), Next::Fetch { .. }));
        }
        feed.fail(Failure::RateLimited, Some(7.5), 0, 0);
        assert_eq!(feed.next(&[0; 3], 0), Next::Wait(7_500));
        for odd in [f64::NAN, -3.0, f64::INFINITY] {
            feed.fail(Failure::RateLimited, Some(odd), 0, u32::MAX);
            let Next::Wait(wait) = feed.next(&[0; 3], 0) else { panic!("{odd}") };
            assert!(wait < 2 * LONG_REST);
        }
        for _ in 0..100 {
            feed.fail(Failure::Timeout, None, 0, u32::MAX);
        }
        assert!(matches!(feed.next(&[0; 3], 0), Next::Wait(..=LONGEST_WAIT)));
        let info = feed.info(Source::Witfoo, &[0; 3]);
        assert_eq!((info.errors, info.last_error.as_deref()), (108, Some("timeout")));
        // A page mends it.
        feed.take(page(0, 100, 5_000), &[0; 3], 0).unwrap();
        feed.fail(Failure::Unavailable, None, 0, 0);
        assert_eq!(feed.next(&[0; 3], 0), Next::Wait(500));
    }

    #[test]
    fn what_no_retry_mends_rests_for_long() {
        for failure in [Failure::Credentials, Failure::NotFound, Failure::Empty, Failure::Columns] {
            let mut feed = ready();
            feed.fail(failure, None, 0, 0);
            let wait = LONG_REST / 2;
            assert_eq!(feed.next(&[0; 3], 0), Next::Wait(wait), "{failure:?}");
            let asks_anew = feed.next(&[0; 3], wait) == Next::Find;
            assert_eq!(asks_anew, failure == Failure::NotFound);
        }
    }

    #[test]
    fn empty_and_strange_pages_are_failures_and_change_no_queue() {
        let mut feed = ready();
        assert_eq!(feed.take(page(0, 0, 0), &[0; 3], 0), Err(Failure::Empty));
        let strange = Page { n_rows: 5, n_total: 9, n_without_columns: 5, ..Page::default() };
        assert_eq!(feed.take(strange, &[0; 3], 0), Err(Failure::Columns));
        assert_eq!(feed.info(Source::Nist, &[0; 3]).rows_fetched, 0);
        // A hub that stops before the end is one that fails, not one that is asked again at once.
        feed.take(page(0, 100, 5_000), &[0; 3], 0).unwrap();
        assert_eq!(feed.take(page(100, 0, 5_000), &[0; 3], 0), Err(Failure::Empty));
        // A dataset that became shorter begins anew.
        feed.take(page(0, 100, 5_000), &[0; 3], 0).unwrap();
        assert_eq!(feed.take(page(100, 0, 50), &[0; 3], 0), Ok(Vec::new()));
        assert!(matches!(feed.next(&[0; 3], 0), Next::Fetch { offset: 0, .. }));
    }

    #[test]
    fn what_is_kept_in_storage_comes_back() {
        let mut feed = ready();
        feed.fail(Failure::Malformed, None, 3, 9);
        let text = serde_json::to_string(&feed).unwrap();
        assert_eq!(serde_json::from_str::<Feed>(&text).unwrap(), feed);
        // Of an older version, without members that are new.
        assert_eq!(serde_json::from_str::<Feed>("{}").unwrap(), Feed::default());
    }
}
