//! A text cut into pieces for the screen: JSON indented, invisible characters made visible, marks
//! kept in place.
//!
//! Strings are copied as they stand in the source, escapes and all, since how an attack was escaped
//! is part of what it is. So a mark given in bytes of the source still points at the same text.

use core::ops::Range;
use omniguard_core::json::{self, Value};

/// What a piece is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Plain text, punctuation and space.
    Plain,
    /// A member's name.
    Key,
    /// A string.
    String,
    /// A number, `true`, `false` or `null`.
    Literal,
    /// A character that has no shape of its own, spelled out.
    Invisible,
}

/// A run of text of one kind, wholly marked or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What to show.
    pub text: String,
    /// Its kind.
    pub kind: Kind,
    /// Whether it lies in one of the marked ranges.
    pub marked: bool,
}

/// Cuts `source` into pieces; `marks` are byte ranges of the source.
pub fn pretty(source: &str, marks: &[Range<usize>]) -> Vec<Piece> {
    let mut pieces = Pieces { out: Vec::new(), marks };
    if json::parse(source).is_some_and(|value| matches!(value, Value::Object(_) | Value::Array(_)))
    {
        indent(source, &mut pieces);
    } else {
        pieces.source(source, 0, Kind::Plain);
    }
    pieces.out
}

/// Byte ranges of the JSON string leaves with the given indices, in `source`; the whole of a text
/// that is no JSON when `leaves` holds 0.
pub fn leaf_ranges(source: &str, leaves: &[u32]) -> Vec<Range<usize>> {
    let Some(value) = json::parse(source) else {
        let whole = 0..source.len();
        return if leaves.contains(&0) { [whole].into() } else { Vec::new() };
    };
    let mut ranges = Vec::new();
    let mut idx = 0;
    value.each_leaf(&mut |_, leaf| {
        if leaves.contains(&idx) {
            ranges.push(leaf.span.clone());
        }
        idx += 1;
    });
    ranges
}

/// The name of the member that holds string leaf `idx`; `None` for plain text.
pub fn leaf_name(source: &str, idx: u32) -> Option<String> {
    let value = json::parse(source)?;
    let mut name = None;
    let mut at = 0;
    value.each_leaf(&mut |key, _| {
        if at == idx {
            name = Some(key.to_owned());
        }
        at += 1;
    });
    name.filter(|name| !name.is_empty())
}

struct Pieces<'a> {
    out: Vec<Piece>,
    marks: &'a [Range<usize>],
}

impl Pieces<'_> {
    fn push(&mut self, text: &str, kind: Kind, marked: bool) {
        match self.out.last_mut() {
            Some(last) if last.kind == kind && last.marked == marked => last.text.push_str(text),
            _ => self.out.push(Piece { text: text.to_owned(), kind, marked }),
        }
    }

    /// Text made by us, at the place `at` of the source: marked if its surroundings are.
    fn made(&mut self, text: &str, at: usize) {
        let marked = self.marks.iter().any(|mark| mark.start < at && at < mark.end);
        self.push(text, Kind::Plain, marked);
    }

    /// Text of the source that starts at byte `from`.
    fn source(&mut self, text: &str, from: usize, kind: Kind) {
        for (offset, char) in text.char_indices() {
            let at = from + offset;
            let marked = self.marks.iter().any(|mark| mark.contains(&at));
            if invisible(char) {
                self.push(&format!("\u{2039}{:04X}\u{203a}", char as u32), Kind::Invisible, marked);
            } else {
                let mut buffer = [0; 4];
                self.push(char.encode_utf8(&mut buffer), kind, marked);
            }
        }
    }
}

/// Characters that hide, join or turn text without showing: zero-width, bidirectional, tags.
fn invisible(char: char) -> bool {
    matches!(
        char,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e01ef}'
    ) || (char.is_control() && !matches!(char, '\n' | '\t' | '\r'))
}

/// Walks the tokens of a document that is known to parse.
fn indent(source: &str, pieces: &mut Pieces) {
    let mut depth = 0_usize;
    let mut at = 0;
    // Whether the container just opened is still empty: `{}` stays on one line.
    let mut fresh = false;
    while let Some(char) = source.get(at..).and_then(|rest| rest.chars().next()) {
        let len = char.len_utf8();
        match char {
            ' ' | '\t' | '\n' | '\r' => at += len,
            '{' | '[' => {
                break_line_if(fresh, depth, at, pieces);
                pieces.source(char.encode_utf8(&mut [0; 4]), at, Kind::Plain);
                depth += 1;
                fresh = true;
                at += len;
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line_if(!fresh, depth, at, pieces);
                pieces.source(char.encode_utf8(&mut [0; 4]), at, Kind::Plain);
                fresh = false;
                at += len;
            }
            ',' => {
                pieces.source(",", at, Kind::Plain);
                at += len;
                break_line_if(true, depth, at, pieces);
            }
            ':' => {
                pieces.source(":", at, Kind::Plain);
                at += len;
                pieces.made(" ", at);
            }
            '"' => {
                break_line_if(fresh, depth, at, pieces);
                fresh = false;
                let end = string_end(source, at);
                let text = source.get(at..end).unwrap_or_default();
                let after = source.get(end..).unwrap_or_default().trim_start();
                let kind = if after.starts_with(':') { Kind::Key } else { Kind::String };
                pieces.source(text, at, kind);
                at = end;
            }
            _ => {
                break_line_if(fresh, depth, at, pieces);
                fresh = false;
                let rest = source.get(at..).unwrap_or_default();
                let len = rest
                    .find(|c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace())
                    .unwrap_or(rest.len())
                    .max(len);
                pieces.source(rest.get(..len).unwrap_or_default(), at, Kind::Literal);
                at += len;
            }
        }
    }
}

fn break_line_if(wanted: bool, depth: usize, at: usize, pieces: &mut Pieces) {
    if wanted {
        pieces.made("\n", at);
        pieces.made(&"  ".repeat(depth), at);
    }
}

/// The byte after the closing quote of the string that opens at `open`.
fn string_end(source: &str, open: usize) -> usize {
    let mut escaped = false;
    for (offset, byte) in source.bytes().enumerate().skip(open + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[Piece]) -> String {
        pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    fn marked(pieces: &[Piece]) -> String {
        pieces.iter().filter(|p| p.marked).map(|p| p.text.as_str()).collect()
    }

    #[test]
    fn json_is_indented_and_its_strings_are_left_alone() {
        let source = r#"{"a":[1,{"b":"x\u0041 , : }"},{}],"c":null}"#;
        let expected = r#"{
  "a": [
    1,
    {
      "b": "x\u0041 , : }"
    },
    {}
  ],
  "c": null
}"#;
        assert_eq!(shown(&pretty(source, &[])), expected);
        // However it was spaced, it looks the same.
        assert_eq!(shown(&pretty(expected, &[])), expected);
    }

    #[test]
    fn plain_text_is_shown_as_it_is() {
        for text in ["", "ls -la", "{not json", "42", "one\ntwo"] {
            assert_eq!(shown(&pretty(text, &[])), text);
        }
    }

    #[test]
    fn a_mark_stays_on_its_text() {
        let source = r#"{"k": "one two three"}"#;
        let start = source.find("two").map_or(0, |at| at);
        let span = start..start + 3;
        assert_eq!(marked(&pretty(source, &[span])), "two");
    }

    #[test]
    fn hidden_characters_are_spelled_out() {
        let pieces = pretty("a\u{200b}b\u{202e}", &[]);
        assert_eq!(shown(&pieces), "a\u{2039}200B\u{203a}b\u{2039}202E\u{203a}");
        assert_eq!(pieces.iter().filter(|p| p.kind == Kind::Invisible).count(), 2);
    }

    #[test]
    fn keys_and_values_have_their_kinds() {
        let pieces = pretty(r#"{"k":"v","n":-1.5}"#, &[]);
        let of = |kind| {
            let text: Vec<_> =
                pieces.iter().filter(|p| p.kind == kind).map(|p| p.text.as_str()).collect();
            text.join(" ")
        };
        assert_eq!(of(Kind::Key), r#""k" "n""#);
        assert_eq!(of(Kind::String), r#""v""#);
        assert_eq!(of(Kind::Literal), "-1.5");
    }

    #[test]
    fn leaves_are_found_by_their_index() {
        let source = r#"{"id":"7","params":{"q":"hello"}}"#;
        let ranges = leaf_ranges(source, &[1]);
        assert_eq!(ranges.len(), 1);
        assert_eq!(ranges.first().and_then(|r| source.get(r.clone())), Some("hello"));
        assert_eq!(leaf_name(source, 1).as_deref(), Some("q"));
        assert_eq!(leaf_name("plain", 0), None);
        assert_eq!(leaf_ranges("plain", &[0]), vec![0..5]);
    }

    #[test]
    fn marks_that_point_nowhere_do_no_harm() {
        let beyond = 7..9;
        assert_eq!(marked(&pretty("abc", &[beyond])), "");
        #[expect(clippy::reversed_empty_ranges, reason = "what a faulty caller might pass")]
        let reversed = 2..1;
        assert_eq!(marked(&pretty("abc", &[reversed])), "");
    }
}
