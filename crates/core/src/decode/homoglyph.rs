//! Look-alike letters folded to ASCII, in words that mix scripts or read as words when folded.

use super::language::is_word;
use crate::confusables::{fold, is_symbol};
use alloc::string::String;

/// Longest word that is looked up in the word list.
const MAX_WORD: usize = 24;

/// The text with disguised words folded, or `None` if there are none. Genuine Greek, Cyrillic or
/// East Asian text stays: it has letters that look like nothing in ASCII.
pub(super) fn unmask(text: &str) -> Option<String> {
    if !text.chars().any(|c| fold(c).is_some()) {
        return None;
    }
    let (mut n_ascii, mut n_alike, mut foreign) = (0u32, 0u32, false);
    for c in text.chars() {
        if c.is_ascii_alphabetic() {
            n_ascii += 1;
        } else if fold(c).is_some() {
            n_alike += 1;
        } else {
            foreign |= is_foreign(c);
        }
    }
    let latin_text = !foreign && n_ascii >= n_alike;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let inside = c.is_alphanumeric() || fold(c).is_some();
        let end = rest
            .find(|c: char| (c.is_alphanumeric() || fold(c).is_some()) != inside)
            .unwrap_or(rest.len());
        let (token, tail) = rest.split_at(end);
        if inside && is_disguised(token, latin_text) {
            out.extend(token.chars().map(|c| fold(c).unwrap_or(c)));
        } else {
            out.push_str(token);
        }
        rest = tail;
    }
    (out != text).then_some(out)
}

/// A letter that belongs to another script and looks like nothing in ASCII.
fn is_foreign(c: char) -> bool {
    c > '\u{24f}' && c.is_alphabetic() && fold(c).is_none()
}

fn is_disguised(token: &str, latin_text: bool) -> bool {
    let (mut n_ascii, mut n_alike, mut n_symbols) = (0u32, 0u32, 0u32);
    for c in token.chars() {
        if c.is_ascii_alphabetic() {
            n_ascii += 1;
        } else if fold(c).is_some() {
            n_alike += 1;
            n_symbols += u32::from(is_symbol(c));
        } else if is_foreign(c) {
            return false;
        }
    }
    if n_alike == 0 {
        return false;
    }
    // A lone symbol (an angle, a unit) is no letter in disguise.
    if n_ascii > 0 || (latin_text && n_symbols < n_alike) {
        return true;
    }
    let mut word = [0u8; MAX_WORD];
    let mut len = 0;
    for c in token.chars() {
        let (Some(slot), Ok(byte)) = (word.get_mut(len), u8::try_from(fold(c).unwrap_or(c))) else {
            return false;
        };
        *slot = byte.to_ascii_lowercase();
        len += 1;
    }
    len >= 4 && word.get(..len).is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguised_words_are_folded() {
        let text = "ign\u{43e}r\u{435} the \u{440}\u{430}\u{455}\u{455}, \u{410} file";
        assert_eq!(unmask(text).unwrap(), "ignore the pass, A file");
        assert_eq!(unmask("𝐢𝐠𝐧𝐨𝐫𝐞 ｔｈｉｓ").unwrap(), "ignore this");
    }

    #[test]
    fn genuine_text_stays() {
        for text in [
            "Сегодня хорошая погода, а рис сухой",
            "Η διαδρομή είναι ανοιχτή και ο ναός",
            "El número está aquí",
            "angle α = 0.05 and λ",
            "ＡＢ製品の一覧",
            "会議 2 時",
        ] {
            assert_eq!(unmask(text), None, "{text}");
        }
    }

    #[test]
    fn a_disguised_word_inside_genuine_text_is_folded() {
        let text = "Сегодня \u{440}ass\u{443} и \u{440}\u{430}\u{455}\u{455}";
        assert_eq!(unmask(text).unwrap(), "Сегодня passy и pass");
    }
}
