//! Rows in the three schemas: put together from pieces written for the tests, a million and more
//! of them distinct. Row `N` depends on the seed and `N` alone.

mod prose;
mod records;

use omniguard_core::hash::mix;
use omniguard_core::ingest::Source;
use omniguard_core::rng::Rng;
use serde::Serialize;
use serde_json::{Value, json};

/// Name of the dataset's one configuration.
pub const fn config(source: Source) -> &'static str {
    match source {
        Source::Witfoo => "signals",
        Source::Fenrir | Source::Nist => "default",
    }
}

/// What is wrong with a page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Damage {
    /// The text columns are missing.
    pub(super) columns: bool,
    /// A cell of each row is told to be truncated.
    pub(super) truncated: bool,
}

/// A page of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) source: Source,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) n_rows: u64,
}

impl Page {
    /// The page as `/rows` answers it.
    pub(super) fn write(&self, seed: u64, damage: Damage) -> Vec<u8> {
        let end = self.offset.saturating_add(self.length).min(self.n_rows);
        let mut out = Vec::with_capacity(1_200 * end.saturating_sub(self.offset) as usize + 1_024);
        let mut names = columns(self.source);
        if damage.columns {
            names.retain(|(name, _)| !is_text(name));
        }
        let features: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(idx, (name, kind))| json!({"feature_idx": idx, "name": name, "type": kind}))
            .collect();
        out.extend_from_slice(b"{\"features\":");
        put(&mut out, &features);
        out.extend_from_slice(b",\"rows\":[");
        let truncated: &[&str] = if damage.truncated { &[text_column(self.source)] } else { &[] };
        for idx in self.offset..end {
            if idx > self.offset {
                out.push(b',');
            }
            out.extend_from_slice(format!("{{\"row_idx\":{idx},\"row\":").as_bytes());
            write_row(&mut out, self.source, seed, idx, damage.columns);
            out.extend_from_slice(b",\"truncated_cells\":");
            put(&mut out, &truncated);
            out.push(b'}');
        }
        let end = format!(
            "],\"num_rows_total\":{},\"num_rows_per_page\":{},\"partial\":false}}",
            self.n_rows,
            super::MAX_LENGTH
        );
        out.extend_from_slice(end.as_bytes());
        out
    }
}

/// A row's columns as JSON.
pub fn row(source: Source, seed: u64, idx: u64) -> Value {
    let mut out = Vec::new();
    write_row(&mut out, source, seed, idx, false);
    serde_json::from_slice(&out).unwrap_or_default()
}

fn write_row(out: &mut Vec<u8>, source: Source, seed: u64, idx: u64, damaged: bool) {
    let mut rng = Rng::new(mix(seed)).fork(mix(idx ^ ((source.index() as u64) << 60)));
    if damaged {
        return put(out, &json!({ "id": idx }));
    }
    match source {
        Source::Witfoo => put(out, &records::row(idx, &mut rng)),
        Source::Fenrir => put(out, &prose::fenrir(idx, &mut rng)),
        Source::Nist => put(out, &prose::nist(idx, &mut rng)),
    }
}

fn put(out: &mut Vec<u8>, value: &impl Serialize) {
    // Writing to memory what has string keys alone does not fail.
    let _ = serde_json::to_writer(out, value);
}

fn text_column(source: Source) -> &'static str {
    match source {
        Source::Witfoo => "message_sanitized",
        Source::Fenrir => "assistant",
        Source::Nist => "messages",
    }
}

fn is_text(name: &str) -> bool {
    matches!(name, "message_sanitized" | "user" | "assistant" | "messages")
}

/// Names and types of the columns.
fn columns(source: Source) -> Vec<(&'static str, Value)> {
    let text = || json!({"dtype": "string", "_type": "Value"});
    match source {
        Source::Witfoo => records::COLUMNS
            .iter()
            .map(|&name| match name {
                "label_confidence" => (name, json!({"dtype": "float64", "_type": "Value"})),
                _ => (name, text()),
            })
            .collect(),
        Source::Fenrir => ["system", "user", "assistant"].map(|name| (name, text())).into(),
        Source::Nist => {
            let message = json!({"role": text(), "content": text()});
            let metadata = json!({"source": text(), "type": text()});
            vec![("messages", json!({"_type": "List", "feature": message})), ("metadata", metadata)]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omniguard_core::frame::Split;
    use omniguard_core::ingest::{DatasetLabel, Fingerprints, LabelTable, read_value, split_of};
    use std::collections::BTreeSet;

    #[test]
    fn rows_are_read_and_distinct_and_in_every_split() {
        for &source in Source::ALL {
            let (mut hashes, mut splits) = (BTreeSet::new(), BTreeSet::new());
            for idx in 0..20_000 {
                let row = read_value(source, &row(source, 7, idx)).unwrap();
                assert!(hashes.insert(row.row_hash()), "{source:?} {idx}");
                splits.insert(split_of(row.family_hash()).index());
            }
            assert_eq!(splits.len(), Split::ALL.len(), "{source:?}");
        }
    }

    #[test]
    fn labels_are_as_rare_as_the_dataset_has_them_and_disagree_with_the_content() {
        let mut table = LabelTable::default();
        for idx in 0..3_000 {
            let row = read_value(Source::Witfoo, &row(Source::Witfoo, 7, idx)).unwrap();
            row.samples(&Fingerprints::default()).iter().for_each(|sample| table.add(sample));
        }
        let n = |label| table.count(label, false) + table.count(label, true);
        assert!((2_900..2_980).contains(&n(DatasetLabel::Benign)), "{table:?}");
        assert!(n(DatasetLabel::Suspicious) > 0 && n(DatasetLabel::Malicious) > 0, "{table:?}");
        assert!(table.count(DatasetLabel::Malicious, true) > 0, "{table:?}");
        assert!(table.disagreement().unwrap() > 0.0, "{table:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_page_and_another_one_does_not() {
        let page = Page { source: Source::Nist, offset: 40, length: 5, n_rows: 43 };
        let bytes = page.write(1, Damage::default());
        assert_eq!(bytes, page.write(1, Damage::default()));
        assert_ne!(bytes, page.write(2, Damage::default()));
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["rows"].as_array().unwrap().len(), 3);
        assert_eq!(value["rows"][2]["row_idx"], 42);
    }
}
