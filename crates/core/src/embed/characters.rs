//! What the tokenizer does with a character beyond ASCII. The facts are Unicode's; they stand in
//! the token table's file, so that no program carries tables that it may not need.
//!
//! ```text
//! removed, accents, punctuation: count, then per range the gap before it and its length − 1
//! decompositions: count, then per character the gap before it, bytes of its text, the text
//! ```
//! Numbers are LEB128.

use crate::bytes::{Reader, write_varint};
use crate::error::AssetError;
use alloc::{string::String, vec::Vec};

/// First and last characters of runs, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    fn of(is_in: impl Fn(char) -> bool) -> Self {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for c in ('\u{80}'..=char::MAX).filter(|&c| is_in(c)) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == c as u32 => *last = c as u32,
                _ => ranges.push((c as u32, c as u32)),
            }
        }
        Self(ranges)
    }

    fn has(&self, c: char) -> bool {
        let c = c as u32;
        let idx = self.0.partition_point(|(_, last)| *last < c);
        self.0.get(idx).is_some_and(|(first, _)| *first <= c)
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_varint(out, self.0.len() as u32);
        let mut at = 0;
        for &(first, last) in &self.0 {
            write_varint(out, first - at);
            write_varint(out, last - first);
            at = last;
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, AssetError> {
        let n = reader.varint()?;
        let mut at = 0u32;
        let ranges = (0..n).map(|_| {
            let first = at.checked_add(reader.varint()?).ok_or(AssetError::Inconsistent)?;
            at = first.checked_add(reader.varint()?).ok_or(AssetError::Inconsistent)?;
            Ok((first, at))
        });
        ranges.collect::<Result<_, _>>().map(Self)
    }
}

/// Properties of characters beyond ASCII, as the tokenizer needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Characters {
    removed: Ranges,
    accents: Ranges,
    punctuation: Ranges,
    /// Character, and where its decomposition ends in `text`; it starts where the last one ended.
    decomposed: Vec<(char, u32)>,
    text: String,
}

impl Characters {
    /// Asks three predicates, and `decompose` for the full canonical decomposition of a character
    /// (empty where it is its own).
    pub fn of(
        removed: impl Fn(char) -> bool,
        accent: impl Fn(char) -> bool,
        punctuation: impl Fn(char) -> bool,
        decompose: impl Fn(char) -> String,
    ) -> Self {
        let mut characters = Self {
            removed: Ranges::of(removed),
            accents: Ranges::of(accent),
            punctuation: Ranges::of(punctuation),
            ..Self::default()
        };
        for c in ('\u{80}'..=char::MAX).filter(|&c| hangul(c).is_none()) {
            let parts = decompose(c);
            if !parts.is_empty() {
                characters.text.push_str(&parts);
                characters.decomposed.push((c, characters.text.len() as u32));
            }
        }
        characters
    }

    /// Control, format and private characters: the tokenizer drops them.
    pub fn is_removed(&self, c: char) -> bool {
        self.removed.has(c)
    }

    /// Marks that do not take up room: dropped after decomposition.
    pub fn is_accent(&self, c: char) -> bool {
        self.accents.has(c)
    }

    /// Each a word of its own.
    pub fn is_punctuation(&self, c: char) -> bool {
        c.is_ascii_punctuation() || self.punctuation.has(c)
    }

    /// Calls `visit` with the characters of the full canonical decomposition.
    pub fn decompose(&self, c: char, mut visit: impl FnMut(char)) {
        if let Some(parts) = hangul(c) {
            return parts.into_iter().flatten().for_each(visit);
        }
        let found = self.decomposed.binary_search_by_key(&c, |(c, _)| *c);
        let text = found.ok().and_then(|idx| {
            let end = self.decomposed.get(idx)?.1 as usize;
            let before = idx.checked_sub(1).and_then(|idx| self.decomposed.get(idx));
            self.text.get(before.map_or(0, |(_, end)| *end as usize)..end)
        });
        match text {
            Some(text) => text.chars().for_each(visit),
            None => visit(c),
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.removed.write(out);
        self.accents.write(out);
        self.punctuation.write(out);
        write_varint(out, self.decomposed.len() as u32);
        let (mut at, mut start) = (0, 0);
        for &(c, end) in &self.decomposed {
            let text = self.text.as_bytes().get(start..end as usize).unwrap_or(&[]);
            write_varint(out, c as u32 - at);
            write_varint(out, text.len() as u32);
            out.extend_from_slice(text);
            (at, start) = (c as u32, end as usize);
        }
    }

    /// Reads from the front of `bytes`; what is left comes back too.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), AssetError> {
        let mut reader = Reader(bytes);
        let mut characters = Self {
            removed: Ranges::read(&mut reader)?,
            accents: Ranges::read(&mut reader)?,
            punctuation: Ranges::read(&mut reader)?,
            ..Self::default()
        };
        let mut at = 0u32;
        for _ in 0..reader.varint()? {
            at = at.checked_add(reader.varint()?).ok_or(AssetError::Inconsistent)?;
            let c = char::from_u32(at).ok_or(AssetError::Inconsistent)?;
            characters.text.push_str(&reader.string()?);
            characters.decomposed.push((c, characters.text.len() as u32));
        }
        Ok((characters, reader.0))
    }
}

/// Parts of a Hangul syllable (The Unicode Standard, section 3.12).
fn hangul(c: char) -> Option<[Option<char>; 3]> {
    const FIRST: u32 = 0xac00;
    const N_SYLLABLES: u32 = 11_172;
    let idx = (c as u32).checked_sub(FIRST).filter(|idx| *idx < N_SYLLABLES)?;
    let (lead, vowel, tail) = (idx / 588, idx % 588 / 28, idx % 28);
    let tail = if tail == 0 { None } else { char::from_u32(0x11a7 + tail) };
    Some([char::from_u32(0x1100 + lead), char::from_u32(0x1161 + vowel), tail])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;
    use unicode_normalization::char::{decompose_canonical, is_combining_mark};
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    #[test]
    fn the_committed_table_says_what_unicode_says() {
        let table = test_table();
        let characters = table.characters();
        for c in '\u{80}'..=char::MAX {
            let category = c.general_category();
            let removed = matches!(
                category,
                GeneralCategory::Control | GeneralCategory::Format | GeneralCategory::PrivateUse
            );
            assert_eq!(characters.is_removed(c), removed, "{c:?}");
            let accent = is_combining_mark(c) && category == GeneralCategory::NonspacingMark;
            assert_eq!(characters.is_accent(c), accent, "{c:?}");
            let punctuation = c.general_category_group() == GeneralCategoryGroup::Punctuation;
            assert_eq!(characters.is_punctuation(c), punctuation, "{c:?}");
            let (mut ours, mut theirs) = (String::new(), String::new());
            characters.decompose(c, |part| ours.push(part));
            decompose_canonical(c, |part| theirs.push(part));
            assert_eq!(ours, theirs, "{c:?}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let decompose = |c| if c == 'é' { "e\u{301}".into() } else { String::new() };
        let characters =
            Characters::of(|c| c == '\u{ad}', |c| c == '\u{301}', |c| c >= '\u{10fff0}', decompose);
        let mut bytes = Vec::new();
        characters.write(&mut bytes);
        bytes.push(7);
        assert_eq!(Characters::read(&bytes), Ok((characters, &[7][..])));
        for cut in 0..bytes.len() - 1 {
            assert!(Characters::read(&bytes[..cut]).is_err());
        }
    }
}
