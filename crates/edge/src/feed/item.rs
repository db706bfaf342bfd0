//! A row as it waits in a queue: its text columns in the dataset's own shape, and its seeds.

use omniguard_core::frame::{Channel, Split};
use omniguard_core::ingest::{DatasetLabel, Drawn, Row, Seed, Source, judge, read_value};
use serde_json::{Value, json};

/// The row as text; `None` where no pair can be made of it.
pub(super) fn write(row: Row) -> Option<(Split, String)> {
    let Drawn { row, seeds } = Drawn::of(row);
    let columns = match &row {
        Row::Witfoo(record) => {
            let benign = record.label == DatasetLabel::Benign
                && !judge::vector(Channel::Log, &record.message).malicious();
            if !benign {
                return None;
            }
            json!({"message_sanitized": record.message, "label_binary": record.label.name()})
        }
        Row::Fenrir(row) => json!({"user": row.question, "assistant": row.answer}),
        Row::Nist(row) => {
            let said = |role: &'static str| move |content: &String| json!({"role": role, "content": content});
            let questions = row.questions.iter().map(said("user"));
            let answers = row.answers.iter().map(said("assistant"));
            json!({"messages": questions.chain(answers).collect::<Vec<_>>()})
        }
    };
    let seeds: Vec<&str> = seeds.iter().map(|seed| seed.text.as_str()).collect();
    Some((row.split(), json!({"row": columns, "seeds": seeds}).to_string()))
}

/// The row that was written.
pub(crate) fn read(source: Source, text: &str) -> Option<Drawn> {
    let value: Value = serde_json::from_str(text).ok()?;
    let row = read_value(source, value.get("row")?).ok()?;
    let (row_hash, split) = (row.row_hash(), row.split());
    let seeds = value.get("seeds")?.as_array()?.iter().filter_map(Value::as_str);
    let seeds = seeds.map(|text| Seed { text: text.to_owned(), row_hash, split }).collect();
    Some(Drawn { row, seeds })
}
