//! Pages of the datasets server, read: rows that frames can be made of. Pure and total.

use super::Place;
use super::item;
use omniguard_core::error::RowError;
use omniguard_core::frame::Split;
use omniguard_core::ingest::{Source, read_value};
use serde::Deserialize;
use serde_json::Value;

/// A row's texts may have so many bytes: a draw of several is read at once.
const MAX_ROW_BYTES: usize = 32 * 1024;
/// The split of a dataset that is read.
const SPLIT: &str = "train";

/// Why no rows came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Status 429.
    RateLimited,
    /// A status from 500 on.
    Unavailable,
    /// Status 401 or 403.
    Credentials,
    /// Status 404, or no such split.
    NotFound,
    /// Another status.
    Refused,
    /// No answer in time.
    Timeout,
    /// No connection, or one that was lost.
    Connection,
    /// An answer that cannot be read.
    Malformed,
    /// A split without rows.
    Empty,
    /// Rows without the columns of this dataset.
    Columns,
    /// An address that is none.
    Misconfigured,
}

impl Failure {
    /// Kind of an answer's status, if it is no success.
    pub(crate) const fn of_status(status: u16) -> Option<Self> {
        match status {
            200 => None,
            429 => Some(Self::RateLimited),
            401 | 403 => Some(Self::Credentials),
            404 => Some(Self::NotFound),
            500.. => Some(Self::Unavailable),
            _ => Some(Self::Refused),
        }
    }

    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Credentials => "rejected_credentials",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::Malformed => "malformed",
            Self::Empty => "empty",
            Self::Columns => "missing_columns",
            Self::Misconfigured => "misconfigured",
        }
    }

    /// Whether it may be for what is on a page.
    pub(crate) const fn may_be_the_page_s(self) -> bool {
        matches!(self, Self::Malformed | Self::Unavailable | Self::Timeout | Self::Connection)
    }

    /// Whether asking again soon is no use.
    pub(crate) const fn lasts(self) -> bool {
        matches!(
            self,
            Self::Credentials
                | Self::NotFound
                | Self::Refused
                | Self::Empty
                | Self::Columns
                | Self::Misconfigured
        )
    }
}

/// A page, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Page {
    /// Rows on the page.
    pub(crate) n_rows: u32,
    /// Rows of the split.
    pub(crate) n_total: u64,
    /// Cells that the hub had cut.
    pub(crate) n_truncated: u64,
    /// Rows that lack a text column.
    pub(crate) n_without_columns: u32,
    /// Rows that frames can be made of, as they are kept.
    pub(crate) items: Vec<(Split, String)>,
}

#[derive(Debug, Deserialize)]
struct PageBody {
    rows: Vec<RowBody>,
    num_rows_total: u64,
}

#[derive(Debug, Deserialize)]
struct RowBody {
    row: Value,
    #[serde(default)]
    truncated_cells: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct SplitsBody {
    splits: Vec<Place>,
}

/// Where the rows of a dataset are.
pub(crate) fn place(source: Source, body: &[u8]) -> Result<Place, Failure> {
    let body: SplitsBody = serde_json::from_slice(body).map_err(|_| Failure::Malformed)?;
    let mut places = body.splits.into_iter().filter(|place| place.split == SPLIT);
    let of_source = |place: &Place| source != Source::Witfoo || place.config == "signals";
    places.find(of_source).ok_or(Failure::NotFound)
}

/// Reads a page of rows.
pub(crate) fn rows(source: Source, body: &[u8]) -> Result<Page, Failure> {
    let body: PageBody = serde_json::from_slice(body).map_err(|_| Failure::Malformed)?;
    let mut page = Page {
        n_rows: u32::try_from(body.rows.len()).map_err(|_| Failure::Malformed)?,
        n_total: body.num_rows_total,
        ..Page::default()
    };
    for RowBody { row, truncated_cells } in body.rows {
        page.n_truncated += truncated_cells.len() as u64;
        match read_value(source, &row) {
            // What was cut is not what the dataset holds.
            Ok(row) if truncated_cells.is_empty() && row.n_bytes() <= MAX_ROW_BYTES => {
                page.items.extend(item::write(row));
            }
            Err(RowError::MissingColumn { .. }) => page.n_without_columns += 1,
            Ok(_) | Err(_) => {}
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::ingest::Drawn;
    use serde_json::json;

    fn body(rows: &[Value]) -> Vec<u8> {
        let rows: Vec<_> = (0..)
            .zip(rows)
            .map(|(idx, row)| json!({"row_idx": idx, "row": row, "truncated_cells": []}))
            .collect();
        json!({"features": [], "rows": rows, "num_rows_total": 77, "partial": false})
            .to_string()
            .into_bytes()
    }

    fn record(label: &str) -> Value {
        let message = "<134>Nov 3 10:00:01 FW-01 kernel: ACCEPT IN=eth1 OUT=eth0 PROTO=TCP DPT=443";
        json!({"message_sanitized": message, "label_binary": label})
    }

    #[test]
    fn benign_records_are_kept_and_all_others_are_unfit() {
        let rows = [record("benign"), record("malicious"), record("suspicious"), json!({"x": 1})];
        let page = rows_of(Source::Witfoo, &rows);
        assert_eq!((page.n_rows, page.n_total, page.items.len()), (4, 77, 1));
        assert_eq!(page.n_without_columns, 1);
        let Drawn { row, seeds } = item::read(Source::Witfoo, &page.items[0].1).unwrap();
        assert_eq!(row.split(), page.items[0].0);
        assert!(seeds.is_empty());
    }

    fn rows_of(source: Source, rows: &[Value]) -> Page {
        super::rows(source, &body(rows)).unwrap()
    }

    #[test]
    fn prose_is_kept_with_its_seeds() {
        let answer = "Credential dumping copies what a sign-in service keeps in memory.\n\n\
            - Attackers dump the memory of lsass.exe with procdump and read the hashes offline \
            (T1003.001).\n- Alert on handles to the service.";
        let fenrir = json!({"system": "s", "user": "How?", "assistant": answer});
        let page = rows_of(Source::Fenrir, std::slice::from_ref(&fenrir));
        let kept = item::read(Source::Fenrir, &page.items[0].1).unwrap();
        assert_eq!(kept, Drawn::of(read_value(Source::Fenrir, &fenrir).unwrap()));
        assert!(!kept.seeds.is_empty());
        let nist = json!({"messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "What does AC-2 ask?"},
            {"role": "assistant", "content": "It asks for account managers."},
        ]});
        let page = rows_of(Source::Nist, std::slice::from_ref(&nist));
        let kept = item::read(Source::Nist, &page.items[0].1).unwrap();
        assert_eq!(kept.row, read_value(Source::Nist, &nist).unwrap());
    }

    #[test]
    fn cut_and_huge_rows_make_no_frames() {
        let mut cut: Value = serde_json::from_slice(&body(&[record("benign")])).unwrap();
        cut["rows"][0]["truncated_cells"] = json!(["message_sanitized"]);
        let page = super::rows(Source::Witfoo, cut.to_string().as_bytes()).unwrap();
        assert_eq!((page.n_truncated, page.items.len()), (1, 0));
        let huge = json!({"user": "q", "assistant": "word ".repeat(MAX_ROW_BYTES)});
        assert_eq!(rows_of(Source::Fenrir, &[huge]).items, []);
    }

    #[test]
    fn the_place_is_the_training_split_of_the_right_configuration() {
        let splits = json!({"splits": [
            {"dataset": "d", "config": "default", "split": "test"},
            {"dataset": "d", "config": "default", "split": "train"},
            {"dataset": "d", "config": "signals", "split": "train"},
        ]});
        let body = splits.to_string().into_bytes();
        assert_eq!(place(Source::Witfoo, &body).unwrap().config, "signals");
        assert_eq!(place(Source::Nist, &body).unwrap().config, "default");
        assert_eq!(place(Source::Nist, br#"{"splits":[]}"#), Err(Failure::NotFound));
        for bad in [&b"<html>"[..], b"", b"{}", b"[]", &body[..body.len() / 2]] {
            assert_eq!(place(Source::Nist, bad), Err(Failure::Malformed));
            assert_eq!(super::rows(Source::Nist, bad), Err(Failure::Malformed));
        }
    }
}
