//! The decoder against passages: an encoded text somewhere in a long document that is plain.
//!
//! `SHOW="rot13"` prints what did not come back of one recipe; `ALL=1` takes every carrier and
//! place with several texts each, for the table in the report.

mod decode_texts;

use decode_texts::{carriers, corpus, holds_encoded, is_reversible, name, recipes, words_kept};
use omniguard_core::{
    corpus::carrier::{N_PLACES, put},
    decode::{decode, decode_leaf},
    json::escape_into,
    mutate::mutate,
    rng::Rng,
};

/// Stands for a passage; a character of private use that no step knows.
const MARK: &str = "\u{e000}";

/// A document with a hole.
struct Hole {
    id: String,
    before: String,
    after: String,
    /// The text in the hole is escaped for JSON.
    quoted: bool,
}

fn holes() -> Vec<Hole> {
    let mut holes = Vec::new();
    for (id, carrier) in carriers() {
        for place in 0..N_PLACES {
            let text = put(&carrier, place, MARK);
            let (before, after) = text.split_once(MARK).expect("carriers have three places");
            let quoted = before.ends_with('"');
            holes.push(Hole { id: id.clone(), before: before.into(), after: after.into(), quoted });
        }
    }
    holes
}

impl Hole {
    fn fill(&self, payload: &str) -> String {
        let mut out = self.before.clone();
        if self.quoted {
            escape_into(&mut out, payload, false);
        } else {
            out.push_str(payload);
        }
        out + &self.after
    }

    /// What the decoder made of the payload, if it left the document around it alone. What the
    /// document itself has encoded is decoded in any case.
    fn passage<'a>(&self, decoded: &'a str) -> Option<&'a str> {
        let canonical = decode_leaf(&self.fill(MARK)).0;
        let (before, after) = canonical.split_once(MARK)?;
        decoded.strip_prefix(before)?.strip_suffix(after)
    }
}

/// A text without the escapes of a string around it, so that escaped and plain compare.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\r", "\r")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}

#[test]
fn plain_carriers_stay_as_they_are() {
    let (mut n_plain, mut n_changed) = (0, 0);
    for (id, carrier) in carriers() {
        let text = carrier.replace("{{here}}", "");
        let decoded = decode(&text);
        assert_eq!(decode(&decoded.text).text, decoded.text, "{id}");
        let kinds: Vec<_> = decoded.steps.iter().map(|step| step.kind.name()).collect();
        if holds_encoded(&text) {
            println!("{id} holds something encoded: {kinds:?}");
            continue;
        }
        n_plain += 1;
        if decoded.text != text {
            n_changed += 1;
            println!("{id} {kinds:?}");
            for (a, b) in text.lines().zip(decoded.text.lines()).filter(|(a, b)| a != b) {
                println!("  {a}\n  {b}");
            }
        }
    }
    println!("carriers, nothing encoded: {n_changed} of {n_plain} changed");
    assert!(n_plain > 60);
    assert!(f64::from(n_changed) <= 0.005 * f64::from(n_plain));
}

#[test]
fn plain_passages_in_carriers_stay_as_they_are() {
    let entries = corpus();
    let benign: Vec<_> =
        entries.iter().filter(|entry| entry.benign && !holds_encoded(&entry.text)).collect();
    let holes = holes();
    let (mut n, mut n_changed) = (0, 0);
    for (idx, entry) in benign.iter().enumerate() {
        let hole = &holes[idx * 7 % holes.len()];
        let decoded = decode_leaf(&hole.fill(&entry.text)).0;
        let passage = hole.passage(&decoded);
        let same = passage.is_some_and(|text| unescaped(text) == unescaped(&entry.text));
        n += 1;
        if !same {
            n_changed += 1;
            println!("{} in {}\n  {}\n  {passage:?}", entry.place, hole.id, entry.text);
        }
    }
    println!("plain texts in carriers: {n_changed} of {n} changed");
    assert!(f64::from(n_changed) <= 0.005 * f64::from(n));
}

#[test]
fn mutated_passages_come_back_and_their_neighbours_stay() {
    let entries = corpus();
    // Paragraphs: a name or a number would not stand in a document alone.
    let paragraphs: Vec<_> = entries
        .iter()
        .filter(|entry| (60..=700).contains(&entry.text.len()) && entry.text.contains(' '))
        .collect();
    let holes = holes();
    let n_texts = if std::env::var("ALL").is_ok() { 5 } else { 1 };
    println!("| mutation | exact | words at their place | neighbours kept |");
    println!("| --- | --- | --- | --- |");
    for mutations in recipes() {
        let name = name(mutations);
        let show = std::env::var("SHOW").is_ok_and(|asked| asked == name);
        let (mut n, mut n_exact, mut n_kept, mut agreement) = (0u32, 0u32, 0u32, 0.0);
        for (idx, hole) in holes.iter().enumerate() {
            for turn in 0..n_texts {
                let seed = (idx * n_texts + turn) as u64;
                let entry = paragraphs[(seed as usize * 31 + 7) % paragraphs.len()];
                let canonical = decode_leaf(&entry.text).0;
                let mut leaves = vec![entry.text.clone()];
                mutate(&mut leaves, mutations, 0.35, &mut Rng::new(seed));
                let text = hole.fill(&leaves[0]);
                let decoded = decode_leaf(&text).0;
                assert_eq!(decode_leaf(&decoded).0, decoded, "{text}");
                assert!(decoded.len() <= 4 * text.len());
                n += 1;
                let passage = hole.passage(&decoded).map(unescaped);
                n_kept += u32::from(passage.is_some());
                let expected = unescaped(&canonical);
                let exact = passage.as_ref() == Some(&expected);
                n_exact += u32::from(exact);
                agreement += passage.as_ref().map_or(0.0, |text| words_kept(&expected, text));
                if show && !exact {
                    println!("{}\n   {}\n   {}\n   {passage:?}", hole.id, entry.text, leaves[0]);
                    if passage.is_none() {
                        println!("{decoded}\n");
                    }
                }
            }
        }
        let share = |count: u32| 100.0 * f64::from(count) / f64::from(n);
        let (exact, neighbours) = (share(n_exact), share(n_kept));
        let kept = 100.0 * agreement / f64::from(n);
        println!("| {name} | {exact:.1}% | {kept:.1}% | {neighbours:.1}% |");
        assert!(!is_reversible(mutations) || exact >= 90.0, "{name}");
    }
}
