//! `WordPiece` as BERT's uncased models use it: normalise, split, take the longest known pieces.
//!
//! Follows the reference implementation (Hugging Face `tokenizers`: `BertNormalizer`,
//! `BertPreTokenizer`, `WordPiece`) without the special tokens; a test compares the pieces of 500
//! texts. Nothing is allocated but one word buffer.

use super::characters::Characters;
use super::table::{PieceId, TokenTable};
use alloc::string::String;

/// Words with more characters are unknown as a whole.
const MAX_WORD_CHARS: usize = 100;

/// Calls `visit` with every piece of `text` in order; `None` is a word that the vocabulary cannot
/// spell.
pub fn each_piece(table: &TokenTable, text: &str, mut visit: impl FnMut(Option<PieceId>)) {
    let characters = table.characters();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii() {
            match c {
                _ if c.is_ascii_alphanumeric() => word.push(c.to_ascii_lowercase()),
                ' ' | '\t' | '\n' | '\r' => flush(table, &mut word, &mut visit),
                _ if c.is_ascii_punctuation() => alone(table, &mut word, c, &mut visit),
                // Control characters vanish, and what they separate becomes one word.
                _ => {}
            }
            continue;
        }
        if c.is_whitespace() {
            flush(table, &mut word, &mut visit);
        } else if c == '\u{fffd}' || characters.is_removed(c) {
            // By the reference as well.
        } else if is_ideograph(c) {
            alone(table, &mut word, c, &mut visit);
        } else {
            characters.decompose(c, |part| {
                if characters.is_accent(part) {
                    return;
                }
                for lower in part.to_lowercase() {
                    if characters.is_punctuation(lower) {
                        alone(table, &mut word, lower, &mut visit);
                    } else {
                        word.push(lower);
                    }
                }
            });
        }
    }
    flush(table, &mut word, &mut visit);
}

fn flush(table: &TokenTable, word: &mut String, visit: &mut impl FnMut(Option<PieceId>)) {
    if !word.is_empty() {
        pieces_of_word(table, word, visit);
        word.clear();
    }
}

fn alone(table: &TokenTable, word: &mut String, c: char, visit: &mut impl FnMut(Option<PieceId>)) {
    flush(table, word, visit);
    word.push(c);
    flush(table, word, visit);
}

/// Pieces of one normalised word: from its start, the longest one known, again and again. One
/// `None` if any part is unknown.
pub fn pieces_of_word(table: &TokenTable, word: &str, visit: &mut impl FnMut(Option<PieceId>)) {
    // Nearly every word is one piece.
    if let Some(id) = table.find(word, false) {
        return visit(Some(id));
    }
    if word.chars().count() > MAX_WORD_CHARS {
        return visit(None);
    }
    let mut found = [0 as PieceId; MAX_WORD_CHARS];
    let (mut n, mut start) = (0, 0);
    while start < word.len() {
        let piece = word.get(start..).and_then(|rest| table.longest(rest, start > 0));
        let (Some((id, len)), Some(slot)) = (piece, found.get_mut(n)) else { return visit(None) };
        *slot = id;
        (n, start) = (n + 1, start + len);
    }
    found.iter().take(n).for_each(|&id| visit(Some(id)));
}

/// Whether any text can give this piece: signs and ideographs are words of their own, so a
/// vocabulary's longer pieces with them, and its continuations by them, never come up.
pub fn can_occur(characters: &Characters, body: &str, goes_on: bool) -> bool {
    let alone = !goes_on && body.chars().count() == 1;
    alone || !body.chars().any(|c| is_ideograph(c) || characters.is_punctuation(c))
}

/// The blocks that BERT takes for Chinese: each of their characters is a word.
fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2a6df}'
        | '\u{2a700}'..='\u{2b73f}' | '\u{2b740}'..='\u{2b81f}' | '\u{2b920}'..='\u{2ceaf}'
        | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}
