//! Texts of columns: normal form, passages that fit a frame, and the folds that hashes are of.

use crate::hash::Hasher;
use alloc::{string::String, vec::Vec};
use core::ops::Range;

/// Longest column of prose that is read, in bytes.
pub const MAX_PROSE_BYTES: usize = 256 * 1024;
/// Longest passage of prose in one frame, in bytes of escaped ASCII: whatever the style of the
/// message around it, the frame stays within 8 KiB.
pub const MAX_PASSAGE_BYTES: usize = 3 * 1024;

/// Line breaks as `\n`, no NUL, no white space around; all else is evidence and stays.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\0' => {}
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            c => out.push(c),
        }
    }
    // Without its NULs a text may begin or end with white space.
    let trimmed = out.trim();
    if trimmed.len() == out.len() { out } else { trimmed.into() }
}

/// Bytes of a character in a JSON string of ASCII.
fn escaped_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if (c as u32) < 0x20 || !c.is_ascii() => 6 * c.len_utf16(),
        _ => 1,
    }
}

/// Bytes of a text in a JSON string of ASCII.
pub(super) fn escaped_bytes(text: &str) -> usize {
    text.chars().map(escaped_len).sum()
}

/// Cuts a text into passages of at most `limit` escaped bytes: at a blank line if one is in the
/// second half of the room, else at a line break, a sentence, a space, or where the room ends.
/// White space at the cuts is dropped and nothing else.
pub(super) fn passages(text: &str, limit: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(cut(rest, limit));
        let head = head.trim_end();
        if !head.is_empty() {
            out.push(head);
        }
        rest = tail.trim_start();
    }
    out
}

/// Where a passage ends: never at 0, so that every cut gets on.
fn cut(text: &str, limit: usize) -> usize {
    let mut used = 0;
    let over = text.char_indices().find(|&(_, c)| {
        used += escaped_len(c);
        used > limit
    });
    let Some((end, c)) = over else { return text.len() };
    let room = text.get(..end).unwrap_or(text);
    for mark in ["\n\n", "\n", ". ", " "] {
        match room.rfind(mark) {
            Some(at) if at >= end / 2 && at > 0 => return at + mark.len(),
            _ => {}
        }
    }
    if end > 0 { end } else { c.len_utf8() }
}

/// Sentences and list items of a text, trimmed.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| {
        let mut rest = line.trim().trim_start_matches(['-', '*', '#', '>', ' ', '\t']);
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let end = rest.find(". ").map_or(rest.len(), |at| at + 1);
            let (sentence, tail) = rest.split_at(end);
            rest = tail.trim_start();
            Some(sentence.trim_end())
        })
    })
}

/// Adds a text with white space folded to one space and letters in lower case.
pub(super) fn fold_into(hasher: &mut Hasher, text: &str) {
    let mut bytes = [0; 4];
    for (idx, word) in text.split_whitespace().enumerate() {
        if idx > 0 {
            hasher.bytes(b" ");
        }
        for c in word.chars().flat_map(char::to_lowercase) {
            hasher.bytes(c.encode_utf8(&mut bytes).as_bytes());
        }
    }
}

/// Adds a record with every word that holds a digit taken for the same: records that differ in
/// times, addresses and numbers are one.
pub(super) fn fold_record_into(hasher: &mut Hasher, text: &str) {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        if word.bytes().any(|b| b.is_ascii_digit()) {
            hasher.bytes(b"0");
        } else {
            fold_into(hasher, word);
        }
        hasher.bytes(b" ");
    }
}

/// Byte range of the longest run of text between tags of an XML record.
pub(super) fn longest_xml_text(record: &str) -> Option<Range<usize>> {
    let mut longest: Option<Range<usize>> = None;
    let mut open = None;
    for (at, byte) in record.bytes().enumerate() {
        match (byte, open) {
            (b'>', _) => open = Some(at + 1),
            (b'<', Some(start)) => {
                open = None;
                let inside = record.get(start..at).is_some_and(|text| !text.trim().is_empty());
                if inside && longest.as_ref().is_none_or(|best| at - start > best.len()) {
                    longest = Some(start..at);
                }
            }
            _ => {}
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_breaks_and_nuls_are_normalised_and_evidence_stays() {
        assert_eq!(clean(" \0 a\r\nb\rc\u{200b}\u{1b}[2J\0 "), "a\nb\nc\u{200b}\u{1b}[2J");
        assert_eq!(clean(" \0\r\n"), "");
    }

    #[test]
    fn passages_end_where_a_reader_would_pause() {
        let text = "One one one.\n\nTwo two two. Three three three three";
        assert_eq!(
            passages(text, 20),
            ["One one one.", "Two two two.", "Three three three", "three"]
        );
        assert_eq!(passages("abcdef", 4), ["abcd", "ef"]);
        // A character above the limit still gets on.
        assert_eq!(passages("\u{1f600}x", 3), ["\u{1f600}", "x"]);
    }

    #[test]
    fn records_that_differ_in_numbers_fold_alike_and_others_do_not() {
        let fold = |text: &str| {
            let mut hasher = Hasher::default();
            fold_record_into(&mut hasher, text);
            hasher.finish()
        };
        let a = "Nov 3 10:00:01 fw-01 deny tcp 10.0.0.1:443 USER-0012";
        assert_eq!(fold(a), fold("Nov 17 11:30:59 fw-02 deny tcp 10.9.8.7:80 USER-9"));
        assert_ne!(fold(a), fold("Nov 3 10:00:01 fw-01 allow tcp 10.0.0.1:443 USER-0012"));
    }

    #[test]
    fn the_longest_text_of_an_element_is_found() {
        let record = "<Event><Id>4624</Id><Data Name=\"m\">logon of a service</Data></Event>";
        assert_eq!(longest_xml_text(record).map(|at| &record[at]), Some("logon of a service"));
        assert_eq!(longest_xml_text("<a></a>"), None);
    }

    proptest! {
        #[test]
        fn passages_hold_everything_but_white_space_at_cuts(
            text in "\\PC{0,200}|[a-c \n.]{0,200}",
            limit in 1usize..60,
        ) {
            let parts = passages(&text, limit);
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(parts.iter().map(|part| solid(part)).collect::<String>(), solid(&text));
            for part in parts {
                prop_assert!(escaped_bytes(part) <= limit || part.chars().count() == 1);
            }
        }
    }
}
