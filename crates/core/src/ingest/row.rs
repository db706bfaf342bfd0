//! One row of a dataset: typed, or the reason why not.
//!
//! Columns that nothing here uses are not looked at, so that their changes cost no rows.

use super::{DatasetLabel, Source, split::split_of, text};
use crate::error::RowError;
use crate::frame::{MAX_FRAME_BYTES, Split};
use crate::hash::Hasher;
use alloc::{string::String, vec::Vec};
use serde_json::{Map, Value};

/// A record of telemetry and what the dataset says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct WitfooRow {
    /// `message_sanitized`: a record as syslog, XML, JSON or CSV.
    pub message: String,
    /// `label_binary`, which is text.
    pub label: DatasetLabel,
    /// `label_confidence`, where it is a number or a text that is one.
    pub confidence: Option<f64>,
    /// `attack_techniques`: names in a JSON array that is stored as a string.
    pub techniques: Vec<String>,
}

/// A question about security and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenrirRow {
    /// `user`
    pub question: String,
    /// `assistant`
    pub answer: String,
}

/// A conversation about a standard. System messages are alike in all rows and not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NistRow {
    /// What the role `user` says, in order.
    pub questions: Vec<String>,
    /// What the role `assistant` says, in order; at least one.
    pub answers: Vec<String>,
}

/// A row of any of the datasets.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// Telemetry.
    Witfoo(WitfooRow),
    /// A question and its answer.
    Fenrir(FenrirRow),
    /// A conversation.
    Nist(NistRow),
}

/// Reads a row from a line of JSON; total.
pub fn read(source: Source, line: &str) -> Result<Row, RowError> {
    let value: Value = serde_json::from_str(line).map_err(|_| RowError::NotJson)?;
    read_value(source, &value)
}

/// Reads a row from JSON; total.
pub fn read_value(source: Source, value: &Value) -> Result<Row, RowError> {
    let columns = value.as_object().ok_or(RowError::NotObject)?;
    match source {
        Source::Witfoo => witfoo(columns).map(Row::Witfoo),
        Source::Fenrir => Ok(Row::Fenrir(FenrirRow {
            question: prose(columns, "user")?,
            answer: prose(columns, "assistant")?,
        })),
        Source::Nist => nist(columns).map(Row::Nist),
    }
}

fn witfoo(columns: &Map<String, Value>) -> Result<WitfooRow, RowError> {
    const LABEL: &str = "label_binary";
    let label = match string(columns, LABEL)?.trim() {
        label if label.eq_ignore_ascii_case("benign") => DatasetLabel::Benign,
        label if label.eq_ignore_ascii_case("suspicious") => DatasetLabel::Suspicious,
        label if label.eq_ignore_ascii_case("malicious") => DatasetLabel::Malicious,
        "" => return Err(RowError::Empty { column: LABEL }),
        _ => return Err(RowError::UnknownLabel { column: LABEL }),
    };
    Ok(WitfooRow {
        message: text_column(columns, "message_sanitized", MAX_FRAME_BYTES)?,
        label,
        confidence: columns.get("label_confidence").and_then(number),
        techniques: columns.get("attack_techniques").map(techniques).unwrap_or_default(),
    })
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

/// Names in an array, or in a string that holds one; none of anything else.
fn techniques(value: &Value) -> Vec<String> {
    let stored: Option<Value> = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let list = stored.as_ref().unwrap_or(value).as_array();
    list.into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}

fn nist(columns: &Map<String, Value>) -> Result<NistRow, RowError> {
    const COLUMN: &str = "messages";
    let value = columns.get(COLUMN).ok_or(RowError::MissingColumn { column: COLUMN })?;
    let messages = value.as_array().ok_or(RowError::WrongType { column: COLUMN })?;
    let mut row = NistRow { questions: Vec::new(), answers: Vec::new() };
    for message in messages {
        let message = message.as_object().ok_or(RowError::WrongType { column: COLUMN })?;
        let said = match string(message, "role")? {
            "user" => &mut row.questions,
            "assistant" => &mut row.answers,
            _ => continue,
        };
        said.push(prose(message, "content")?);
    }
    if row.answers.is_empty() { Err(RowError::Empty { column: COLUMN }) } else { Ok(row) }
}

fn string<'a>(columns: &'a Map<String, Value>, column: &'static str) -> Result<&'a str, RowError> {
    let value = columns.get(column).ok_or(RowError::MissingColumn { column })?;
    value.as_str().ok_or(RowError::WrongType { column })
}

fn prose(columns: &Map<String, Value>, column: &'static str) -> Result<String, RowError> {
    text_column(columns, column, text::MAX_PROSE_BYTES)
}

fn text_column(
    columns: &Map<String, Value>,
    column: &'static str,
    max_bytes: usize,
) -> Result<String, RowError> {
    let text = text::clean(string(columns, column)?);
    match text.len() {
        0 => Err(RowError::Empty { column }),
        n_bytes if n_bytes > max_bytes => Err(RowError::TooLong { column, n_bytes }),
        _ => Ok(text),
    }
}

impl Row {
    /// Which dataset it is a row of.
    pub const fn source(&self) -> Source {
        match self {
            Self::Witfoo(_) => Source::Witfoo,
            Self::Fenrir(_) => Source::Fenrir,
            Self::Nist(_) => Source::Nist,
        }
    }

    /// What the dataset says: by column, or by its role.
    pub const fn dataset_label(&self) -> DatasetLabel {
        match self {
            Self::Witfoo(row) => row.label,
            Self::Fenrir(_) => DatasetLabel::Malicious,
            Self::Nist(_) => DatasetLabel::Benign,
        }
    }

    /// Bytes of the row's texts.
    pub fn n_bytes(&self) -> usize {
        self.texts().map(str::len).sum()
    }

    /// The row's texts: questions first.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let (first, second): (&[String], &[String]) = match self {
            Self::Witfoo(row) => (core::slice::from_ref(&row.message), &[]),
            Self::Fenrir(row) => {
                (core::slice::from_ref(&row.question), core::slice::from_ref(&row.answer))
            }
            Self::Nist(row) => (&row.questions, &row.answers),
        };
        first.iter().chain(second).map(String::as_str)
    }

    /// Names the row: a hash of its texts. Labels are no part of it, so that the same record under
    /// two labels is one.
    pub fn row_hash(&self) -> u64 {
        let mut hasher = Hasher::default();
        for text in self.texts() {
            hasher.u64(text.len() as u64);
            hasher.bytes(text.as_bytes());
        }
        hasher.finish()
    }

    /// Hash of what the row shares with its near copies: records fold their numbers, prose folds
    /// case and white space.
    pub fn family_hash(&self) -> u64 {
        let mut hasher = Hasher::default();
        for text in self.texts() {
            match self {
                Self::Witfoo(_) => text::fold_record_into(&mut hasher, text),
                Self::Fenrir(_) | Self::Nist(_) => text::fold_into(&mut hasher, text),
            }
            hasher.bytes(b"\n");
        }
        hasher.finish()
    }

    /// The split of the row and all its near copies: telemetry repeats itself, and a split by exact
    /// rows would put the same record on both sides.
    pub fn split(&self) -> Split {
        split_of(self.family_hash())
    }
}
