//! Texts that the decoder is measured on.
#![allow(unreachable_pub, dead_code)] // a module of several test programs; each uses a part

use omniguard_core::{
    corpus::format,
    frame::{Mutation, Mutations, Split},
    mutate::NESTABLE,
};
use std::{fs, path::Path};

/// A text of the corpus.
pub struct Entry {
    /// Where it stands: file and family.
    pub place: String,
    pub benign: bool,
    pub text: String,
}

/// Whether the families of this id are asked for.
fn wanted() -> impl Fn(&str) -> bool {
    let split = std::env::var("SPLIT").ok().map(|name| Split::from_name(&name).unwrap());
    let compiled = split.map(|split| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/corpus.bin");
        (split, format::decode(&fs::read(file).unwrap()).unwrap())
    });
    move |id| {
        compiled.as_ref().is_none_or(|(split, corpus)| {
            corpus.families.iter().any(|family| family.id == id && family.split == *split)
        })
    }
}

/// All payload strings of the corpus, slots filled with plain values.
pub fn corpus() -> Vec<Entry> {
    let wanted = wanted();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the sources are there")
        .map(|file| file.expect("the folder is readable").path())
        .collect();
    files.sort();
    let mut entries = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        let source = fs::read_to_string(file).unwrap();
        let table: toml::Table = source.parse().expect("the sources are TOML");
        for family in table.get("family").and_then(toml::Value::as_array).into_iter().flatten() {
            let id = family.get("id").and_then(toml::Value::as_str).unwrap_or_default();
            if !wanted(id) {
                continue;
            }
            for (list, benign) in [("benign", true), ("malicious", false)] {
                for entry in family.get(list).and_then(toml::Value::as_array).into_iter().flatten()
                {
                    let mut texts = Vec::new();
                    strings(entry, &mut texts);
                    entries.extend(texts.into_iter().map(|text| Entry {
                        place: id.into(),
                        benign,
                        text: fill(&text),
                    }));
                }
            }
        }
    }
    entries
}

fn strings(value: &toml::Value, out: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => out.push(text.clone()),
        toml::Value::Array(list) => list.iter().for_each(|item| strings(item, out)),
        toml::Value::Table(table) => table.values().for_each(|item| strings(item, out)),
        _ => {}
    }
}

/// Fills the slots.
pub fn fill(text: &str) -> String {
    const VALUES: &[(&str, &str)] = &[
        ("person", "Maria Keller"),
        ("email", "m.keller@example.org"),
        ("host", "app-07.example.net"),
        ("domain_name", "example.org"),
        ("url", "https://example.org/v2/items?id=41"),
        ("path", "/srv/data/reports/q3.csv"),
        ("ip", "10.20.30.41"),
        ("iban", "DE89370400440532013000"),
        ("date", "2024-05-17"),
        ("time", "14:05:09"),
        ("key_id", "AKIA3EXAMPLE7QZX"),
        ("uuid", "550e8400-e29b-41d4-a716-446655440000"),
        ("hash", "9f86d081884c7d659a2feaa0c55ad015"),
        ("port", "8443"),
        ("number", "4711"),
        ("amount", "1250.00"),
        ("version", "2.14.3"),
        ("invoice", "INV-20431"),
        ("ticket", "OPS-1187"),
        ("pod", "web-7d9c5b6f4-x2k8p"),
        ("file", "summary_2024.xlsx"),
        ("syslog_time", "May 17 14:05:09"),
    ];
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((slot, tail)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        out.push_str(VALUES.iter().find(|(name, _)| *name == slot).map_or(slot, |(_, v)| v));
        rest = tail;
    }
    out + rest
}

/// Whether a text carries an encoding of its own, as seen without the decoder.
pub fn holds_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = |at: usize, n: usize| {
        bytes.get(at..at + n).is_some_and(|run| run.iter().all(u8::is_ascii_hexdigit))
    };
    let escaped = (0..bytes.len()).any(|at| match bytes[at] {
        b'%' => hex(at + 1, 2),
        b'\\' => bytes.get(at + 1) == Some(&b'u') && hex(at + 2, 4),
        b'&' => text[at..].find(';').is_some_and(|end| end < 8),
        _ => false,
    });
    let blob = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || "+/=_-".contains(c)))
        .any(|run| run.len() >= 40 && run.bytes().any(|b| b.is_ascii_uppercase()));
    let invisible = text.chars().any(
        |c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}'),
    );
    escaped || blob || invisible || text.contains("base64")
}

/// Every mutation alone, then every pair that may be nested.
pub fn recipes() -> impl Iterator<Item = Mutations> {
    let single = Mutation::ALL.iter().filter(|m| **m != Mutation::Nested);
    let single = single.map(|&m| Mutations { arm: Some(m), first: Some(m), second: None });
    let nested = NESTABLE.iter().map(|&(first, second)| Mutations {
        arm: Some(Mutation::Nested),
        first: Some(first),
        second: Some(second),
    });
    single.chain(nested)
}

/// The names of a recipe.
pub fn name(mutations: Mutations) -> String {
    mutations.iter().map(Mutation::name).collect::<Vec<_>>().join(", then ")
}

/// Whether the decoder brings back what these mutations were given, to the byte.
pub fn is_reversible(mutations: Mutations) -> bool {
    use Mutation::{Base64, Hex, Homoglyph, JsonEscape, Rot13, Url, ZeroWidth};
    mutations
        .iter()
        .all(|m| matches!(m, Base64 | Hex | Homoglyph | JsonEscape | Rot13 | Url | ZeroWidth))
}

/// Share of the words of `text` that `other` has at the same place.
pub fn words_kept(text: &str, other: &str) -> f64 {
    let n_words = text.split_whitespace().count().max(1);
    let pairs = text.split_whitespace().zip(other.split_whitespace());
    pairs.filter(|(a, b)| a == b).count() as f64 / n_words as f64
}

/// The carriers with their slots filled; the places stay.
pub fn carriers() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/carriers");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        let table: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
        for carrier in table["carrier"].as_array().unwrap() {
            let part = |key: &str| carrier[key].as_str().unwrap().to_string();
            let text = part("text").replace("{{here}}", "\u{e000}");
            found.push((part("id"), fill(&text).replace('\u{e000}', "{{here}}")));
        }
    }
    found
}
