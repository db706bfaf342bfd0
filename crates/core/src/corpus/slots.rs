//! Slots: `{{name}}` in a scenario, filled with values drawn by a frame's slot seed.

use crate::rng::Rng;
use alloc::{string::String, vec::Vec};

/// One list of values. In a value `#` stands for a digit, `~` for a hexadecimal digit and `^` for
/// a lower-case letter, drawn afresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Name between the braces.
    pub name: String,
    /// Patterns; at least one.
    pub values: Vec<String>,
}

/// All slot lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots(pub Vec<Slot>);

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Slot(usize, &'a Slot),
}

impl Slots {
    /// Calls `visit` for each piece of `template`. Braces that name no slot are text.
    fn pieces<'a>(&'a self, mut template: &'a str, mut visit: impl FnMut(Piece<'a>)) {
        while let Some(start) = template.find("{{") {
            let rest = &template[start + 2..];
            let known = rest.find("}}").and_then(|len| {
                let idx = self.0.iter().position(|slot| slot.name == rest[..len])?;
                Some((idx, len))
            });
            if let Some((idx, len)) = known {
                visit(Piece::Text(&template[..start]));
                visit(Piece::Slot(idx, &self.0[idx]));
                template = &rest[len + 2..];
            } else {
                visit(Piece::Text(&template[..start + 2]));
                template = rest;
            }
        }
        visit(Piece::Text(template));
    }

    /// Names in `template` that are between double braces but no slots of this corpus.
    pub fn unknown_names<'a>(&self, template: &'a str) -> Vec<&'a str> {
        template
            .split("{{")
            .skip(1)
            .filter_map(|rest| rest.split_once("}}").map(|(name, _)| name))
            .filter(|name| !self.0.iter().any(|slot| slot.name == *name))
            .collect()
    }

    /// Fills the slots: the same slot twice in a frame gets the same value.
    pub fn fill(&self, template: &str, slot_seed: u64) -> String {
        let mut out = String::with_capacity(template.len() + 32);
        self.pieces(template, |piece| match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Slot(idx, slot) => {
                let mut rng = Rng::new(slot_seed).fork(idx as u64);
                if let Some(pattern) = rng.pick(&slot.values) {
                    expand(&mut out, pattern, &mut rng);
                }
            }
        });
        out
    }

    /// Longest that `template` can become, in bytes of ASCII-escaped JSON.
    pub fn max_len(&self, template: &str) -> usize {
        let mut total = 0;
        self.pieces(template, |piece| {
            total += match piece {
                Piece::Text(text) => escaped_len(text),
                Piece::Slot(_, slot) => {
                    slot.values.iter().map(|value| escaped_len(value)).max().unwrap_or(0)
                }
            };
        });
        total
    }
}

fn escaped_len(text: &str) -> usize {
    text.chars()
        .map(|c| match c {
            '"' | '\\' | '\n' | '\r' | '\t' => 2,
            ' '..='~' => 1,
            c => 6 * c.len_utf16(),
        })
        .sum()
}

fn expand(out: &mut String, pattern: &str, rng: &mut Rng) {
    for c in pattern.chars() {
        out.push(match c {
            '#' => (b'0' + rng.below(10) as u8) as char,
            '~' => char::from_digit(rng.below(16), 16).unwrap_or('0'),
            '^' => (b'a' + rng.below(26) as u8) as char,
            c => c,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn slots() -> Slots {
        Slots(vec![
            Slot { name: "host".into(), values: vec!["web-##".into(), "db-^~".into()] },
            Slot { name: "file".into(), values: vec!["a.txt".into()] },
        ])
    }

    #[test]
    fn a_slot_twice_in_a_text_has_one_value() {
        let text = slots().fill("{{host}} and {{host}}, {{file}}", 3);
        let (first, rest) = text.split_once(" and ").unwrap();
        assert_eq!(rest, std::format!("{first}, a.txt"));
    }

    #[test]
    fn unknown_braces_stay_text() {
        assert_eq!(slots().fill("a {{nope}} {{file}} {{", 1), "a {{nope}} a.txt {{");
        assert_eq!(slots().unknown_names("{{file}} {{nope}}"), ["nope"]);
    }

    #[test]
    fn max_len_bounds_every_fill() {
        let template = "é \"{{host}}\" {{file}}";
        let bound = slots().max_len(template);
        for seed in 0..100 {
            let mut escaped = String::new();
            crate::json::escape_into(&mut escaped, &slots().fill(template, seed), true);
            assert!(escaped.len() <= bound);
        }
    }
}
