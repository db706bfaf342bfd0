//! Look-alike letters folded to ASCII, in words that mix scripts or read as words when folded.

use super::{words::is_word, work::look_at};
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
    let mut out = String::with_capacity(text.len());
    // A line of one script may stand in a document of another.
    for line in text.split_inclusive('\n') {
        unmask_line(line, &mut out);
    }
    (out != text).then_some(out)
}

/// What a line is written in.
#[derive(Clone, Copy, Default)]
struct Scripts {
    /// Latin letters, next to which a look-alike is one of them.
    latin: bool,
    /// Letters that look like nothing in ASCII: of the scripts that most look-alikes belong to, and
    /// of any other.
    kin: bool,
    foreign: bool,
}

impl Scripts {
    fn of(line: &str) -> Self {
        let (mut n_ascii, mut n_alike) = (0u32, 0u32);
        let mut scripts = Self::default();
        look_at(line.len());
        for c in line.chars() {
            if c.is_ascii_alphabetic() {
                n_ascii += 1;
            } else if fold(c).is_some() {
                n_alike += 1;
            } else if is_foreign(c) {
                scripts.foreign = true;
                scripts.kin |= is_kin(c);
            }
        }
        scripts.latin = n_ascii >= n_alike;
        scripts
    }
}

fn unmask_line(line: &str, out: &mut String) {
    let scripts = Scripts::of(line);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let inside = c.is_alphanumeric() || fold(c).is_some();
        let end = rest
            .find(|c: char| (c.is_alphanumeric() || fold(c).is_some()) != inside)
            .unwrap_or(rest.len());
        look_at(end);
        let (token, tail) = rest.split_at(end);
        if inside && !token.is_ascii() {
            unmask_token(token, scripts, out);
        } else {
            out.push_str(token);
        }
        rest = tail;
    }
}

/// Folds a token, or those parts of it between letters of another script: writing without spaces
/// sets words side by side.
fn unmask_token(token: &str, scripts: Scripts, out: &mut String) {
    let apart = |c: char| is_foreign(c) && !is_kin(c);
    for part in token.split_inclusive(apart) {
        look_at(part.len());
        let word = part.trim_end_matches(apart);
        if is_disguised(word, scripts) {
            out.extend(word.chars().map(|c| fold(c).unwrap_or(c)));
        } else {
            out.push_str(word);
        }
        out.push_str(part.get(word.len()..).unwrap_or_default());
    }
}

/// A letter that belongs to another script and looks like nothing in ASCII.
fn is_foreign(c: char) -> bool {
    c > '\u{24f}' && c.is_alphabetic() && fold(c).is_none()
}

/// Whether a letter is Greek, Coptic, Cyrillic, Armenian, Georgian or Cherokee.
const fn is_kin(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}'
        | '\u{1c80}'..='\u{1cbf}' | '\u{1f00}'..='\u{1fff}' | '\u{2c80}'..='\u{2d2f}')
}

fn is_disguised(token: &str, scripts: Scripts) -> bool {
    let (mut n_ascii, mut n_alike, mut n_symbols, mut all_kin) = (0u32, 0u32, 0u32, true);
    for c in token.chars() {
        if c.is_ascii_alphabetic() {
            n_ascii += 1;
        } else if fold(c).is_some() {
            n_alike += 1;
            n_symbols += u32::from(is_symbol(c));
            all_kin &= is_kin(c);
        } else if is_foreign(c) {
            return false;
        }
    }
    if n_alike == 0 {
        return false;
    }
    // Cyrillic letters are at home among Cyrillic ones alone; wide forms wherever no Latin is.
    let at_home = if all_kin { scripts.kin } else { scripts.foreign };
    // A lone symbol (an angle, a unit) is no letter in disguise.
    if n_ascii > 0 || (scripts.latin && !at_home && n_symbols < n_alike) {
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
    fn a_line_of_latin_inside_a_foreign_document_is_folded() {
        let text = "Сегодня хорошо\nR\u{435}ad \u{430} file and g\u{43e}\nа и о";
        assert_eq!(unmask(text).unwrap(), "Сегодня хорошо\nRead a file and go\nа и о");
        assert_eq!(unmask("詳細は \u{475}2/item\u{455} を参照").unwrap(), "詳細は v2/items を参照");
        assert_eq!(
            unmask("報告はM\u{430}ry Kell\u{435}rが行う").unwrap(),
            "報告はMary Kellerが行う"
        );
    }

    #[test]
    fn a_disguised_word_inside_genuine_text_is_folded() {
        let text = "Сегодня \u{440}ass\u{443} и \u{440}\u{430}\u{455}\u{455}";
        assert_eq!(unmask(text).unwrap(), "Сегодня passy и pass");
    }
}
