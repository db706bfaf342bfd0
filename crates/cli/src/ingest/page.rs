//! From a page of rows to a block of compressed lines, with its counts. Pure.

use super::failure::Failure;
use super::hub::{Page, PageRow, PageText};
use flate2::Compression;
use flate2::write::GzEncoder;
use omniguard_core::error::RowError;
use omniguard_core::frame::{Split, Vector};
use omniguard_core::ingest::{DatasetLabel, Fingerprints, LabelTable, Row, Source, read};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// One line of the output: the columns that are used, and what became of them.
#[derive(Debug, Serialize)]
struct Line<'a> {
    row_idx: u64,
    row_hash: String,
    split: &'static str,
    dataset_label: &'static str,
    /// Labels that the frames' texts earn, in the order of `Row::samples`.
    content_labels: Vec<&'static str>,
    row: Columns<'a>,
}

/// The columns that are used, cleaned, in the dataset's own shape: `ingest::read` takes them back.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Columns<'a> {
    Witfoo {
        message_sanitized: &'a str,
        label_binary: &'static str,
        label_confidence: Option<f64>,
        attack_techniques: &'a [String],
    },
    Fenrir {
        user: &'a str,
        assistant: &'a str,
    },
    Nist {
        messages: Vec<Message<'a>>,
    },
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// Rows, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) read: u64,
    pub(super) kept: u64,
    /// Why rows were not kept.
    pub(super) skipped: BTreeMap<String, u64>,
    pub(super) truncated_cells: u64,
    /// `suspicious` rows: drawn on request only.
    pub(super) set_aside: u64,
    pub(super) by_split: [u64; Split::ALL.len()],
    pub(super) labels: LabelTable,
}

impl Counts {
    pub(super) fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.kept += other.kept;
        for (why, n) in &other.skipped {
            *self.skipped.entry(why.clone()).or_default() += n;
        }
        self.truncated_cells += other.truncated_cells;
        self.set_aside += other.set_aside;
        for (mine, theirs) in self.by_split.iter_mut().zip(other.by_split) {
            *mine += theirs;
        }
        self.labels.merge(&other.labels);
    }
}

/// What a page became.
#[derive(Debug)]
pub(super) struct Block {
    /// The page's first row.
    offset: u64,
    /// A gzip member of its own: blocks may be appended one after the other.
    pub(super) bytes: Vec<u8>,
    pub(super) counts: Counts,
    pub(super) revision: Option<String>,
    pub(super) n_rows_total: u64,
    /// Whether the server holds a part of the dataset alone.
    pub(super) partial: bool,
}

impl Block {
    /// A block of `length` rows: a page may not end before the dataset did when it was first asked.
    pub(super) fn of(self, length: u64) -> Result<Self, Failure> {
        let (offset, n_rows) = (self.offset, self.counts.read);
        if n_rows < length {
            return Err(Failure::ShortPage { offset, n_rows, wanted: length });
        }
        Ok(self)
    }
}

/// Reads a page of `length` rows from `offset` on; `None` where it is no page, and a failure where
/// it is one that nothing of may be kept.
pub(super) fn block(
    source: Source,
    known: &Fingerprints,
    text: &PageText,
    offset: u64,
    length: u64,
) -> Option<Result<Block, Failure>> {
    let page: Page = serde_json::from_slice(&text.body).ok()?;
    let n_rows = page.rows.len() as u64;
    let due = length.min(page.num_rows_total.saturating_sub(offset));
    if n_rows < due {
        return Some(Err(Failure::ShortPage { offset, n_rows, wanted: due }));
    }
    let mut counts = Counts::default();
    let mut lines = GzEncoder::new(Vec::new(), Compression::fast());
    for (entry, wanted) in page.rows.iter().zip(offset..offset + length) {
        if entry.row_idx != wanted {
            return Some(Err(Failure::OutOfOrder { row_idx: entry.row_idx, wanted }));
        }
        // Writing to memory does not fail.
        line(source, known, entry, &mut counts, &mut lines).ok()?;
    }
    if n_rows > 0 && without_text(&counts) {
        return Some(Err(Failure::NoColumns { from: offset, to: offset + n_rows - 1 }));
    }
    Some(Ok(Block {
        offset,
        bytes: if counts.kept > 0 { lines.finish().ok()? } else { Vec::new() },
        counts,
        revision: text.revision.clone(),
        n_rows_total: page.num_rows_total,
        partial: page.partial,
    }))
}

/// Whether every row of a page lacks a column: a dataset that changed, not a stray row.
fn without_text(counts: &Counts) -> bool {
    let lacking = |(why, n): (&String, &u64)| why.starts_with("no column").then_some(*n);
    counts.skipped.iter().filter_map(lacking).sum::<u64>() == counts.read
}

fn line(
    source: Source,
    known: &Fingerprints,
    entry: &PageRow,
    counts: &mut Counts,
    out: &mut impl Write,
) -> std::io::Result<()> {
    counts.read += 1;
    counts.truncated_cells += entry.truncated_cells.len() as u64;
    let row = match read(source, entry.row.get()) {
        Ok(row) => row,
        Err(error) => {
            *counts.skipped.entry(why(error)).or_default() += 1;
            return Ok(());
        }
    };
    let samples = row.samples(known);
    for sample in &samples {
        counts.labels.add(sample);
    }
    let split = samples.first().map_or_else(|| row.split(), |sample| sample.split);
    let row_hash = samples.first().map_or_else(|| row.row_hash(), |sample| sample.row_hash);
    counts.kept += 1;
    counts.by_split[split.index()] += 1;
    counts.set_aside += u64::from(row.dataset_label() == DatasetLabel::Suspicious);
    let line = Line {
        row_idx: entry.row_idx,
        row_hash: format!("{row_hash:016x}"),
        split: split.name(),
        dataset_label: row.dataset_label().name(),
        content_labels: samples.iter().map(|sample| Vector::name(sample.content)).collect(),
        row: Columns::of(&row),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row) -> Self {
        match row {
            Row::Witfoo(row) => Self::Witfoo {
                message_sanitized: &row.message,
                label_binary: row.label.name(),
                label_confidence: row.confidence,
                attack_techniques: &row.techniques,
            },
            Row::Fenrir(row) => Self::Fenrir { user: &row.question, assistant: &row.answer },
            Row::Nist(row) => {
                let said =
                    |role: &'static str| move |content: &'a String| Message { role, content };
                let questions = row.questions.iter().map(said("user"));
                let answers = row.answers.iter().map(said("assistant"));
                Self::Nist { messages: questions.chain(answers).collect() }
            }
        }
    }
}

/// A reason without figures, so that alike rows count together.
fn why(error: RowError) -> String {
    match error {
        RowError::MissingColumn { column } => format!("no column {column}"),
        RowError::TooLong { column, .. } => format!("{column} above its limit"),
        RowError::Empty { column } => format!("{column} empty"),
        RowError::WrongType { column } => format!("{column} of another type"),
        RowError::UnknownLabel { column } => format!("{column} with an unknown label"),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use std::io::Read;

    /// Hash and split of the one row of a page.
    fn place(source: Source, offset: u64, row: &Value) -> (String, String) {
        let page = json!({"rows": [{"row_idx": offset, "row": row}], "num_rows_total": 9_000});
        let text = PageText { body: page.to_string().into_bytes(), revision: None };
        let block = block(source, &Fingerprints::default(), &text, offset, 1).unwrap().unwrap();
        let mut line = String::new();
        flate2::read::GzDecoder::new(block.bytes.as_slice()).read_to_string(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        (word("row_hash"), word("split"))
    }

    #[test]
    fn the_same_row_is_in_one_split_in_whatever_page_and_source() {
        let mut met = BTreeSet::new();
        for n in 0..60 {
            let (asked, told) =
                (format!("What is control {n}?"), format!("It is rule {n} of all."));
            let fenrir = json!({"system": "", "user": asked, "assistant": told});
            let nist = json!({"messages": [
                {"role": "user", "content": asked}, {"role": "assistant", "content": told},
            ]});
            let here = place(Source::Fenrir, n, &fenrir);
            assert_eq!(place(Source::Fenrir, 8_000 - n, &fenrir), here);
            assert_eq!(place(Source::Nist, 3 * n, &nist), here);
            let record = json!({"message_sanitized": told, "label_binary": "benign"});
            let labelled = json!({"message_sanitized": told, "label_binary": "malicious"});
            assert_eq!(place(Source::Witfoo, n, &record), place(Source::Witfoo, n + 7, &labelled));
            met.insert(here.1);
        }
        assert_eq!(met.len(), Split::ALL.len(), "{met:?}");
    }
}
