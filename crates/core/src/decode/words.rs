//! The word list that leetspeak, look-alikes and rotations are read against, made by `omniguard
//! corpus language` from the texts of the train split and general English.
//!
//! It is a sixth of the page's data, so it is kept front-coded: of each word the letters that the
//! word before does not begin with. Each block begins with a whole word, and is found by it.

use super::work::look_at;

/// As it is written: sorted, in lower case, one a line.
const LIST: &[u8] = include_bytes!("words.txt");
/// Words of a block.
const BLOCK: usize = 16;

struct Packed {
    /// Each word as how many letters it shares with the one before, and the others.
    words: [u8; SIZE.0],
    /// Where the blocks begin.
    blocks: [u16; SIZE.1],
}

/// Bytes and blocks of the packed list.
const SIZE: (usize, usize) = {
    let mut size = (0, 0);
    let mut walk = Walk::START;
    while let Some((word, n_shared)) = walk.next() {
        size.0 += 1 + word.1 - word.0 - n_shared;
        size.1 += (walk.n_words % BLOCK == 1) as usize;
    }
    size
};

static PACKED: Packed = {
    let mut packed = Packed { words: [0; SIZE.0], blocks: [0; SIZE.1] };
    let (mut n_bytes, mut n_blocks) = (0, 0);
    let mut walk = Walk::START;
    while let Some((word, n_shared)) = walk.next() {
        if walk.n_words % BLOCK == 1 {
            packed.blocks[n_blocks] = n_bytes as u16;
            n_blocks += 1;
        }
        packed.words[n_bytes] = n_shared as u8;
        n_bytes += 1;
        let mut at = word.0 + n_shared;
        while at < word.1 {
            packed.words[n_bytes] = LIST[at];
            n_bytes += 1;
            at += 1;
        }
    }
    assert!(n_bytes <= u16::MAX as usize);
    packed
};

/// Goes over the list as it is written.
struct Walk {
    last: (usize, usize),
    n_words: usize,
}

impl Walk {
    const START: Self = Self { last: (0, 0), n_words: 0 };

    /// Where the next word stands, and how many letters it shares with the last: none in a block's
    /// first.
    const fn next(&mut self) -> Option<((usize, usize), usize)> {
        let start = if self.n_words == 0 { 0 } else { self.last.1 + 1 };
        let mut end = start;
        while end < LIST.len() && LIST[end] != b'\n' {
            end += 1;
        }
        if end == start {
            return None;
        }
        let mut n_shared = 0;
        if !self.n_words.is_multiple_of(BLOCK) {
            while self.last.0 + n_shared < self.last.1
                && start + n_shared < end
                && LIST[self.last.0 + n_shared] == LIST[start + n_shared]
            {
                n_shared += 1;
            }
        }
        self.last = (start, end);
        self.n_words += 1;
        Some(((start, end), n_shared))
    }
}

/// Whether `word`, in lower case, is in the list.
pub(super) fn is_word(word: &[u8]) -> bool {
    look_at(word.len());
    let after = PACKED.blocks.partition_point(|&start| first_of(start) <= word);
    let Some(start) = after.checked_sub(1).and_then(|block| PACKED.blocks.get(block)) else {
        return false;
    };
    let mut rest = PACKED.words.get(usize::from(*start)..).unwrap_or_default();
    // How many letters of `word` the last word began with.
    let mut n_equal = 0;
    for _ in 0..BLOCK {
        let Some((&n_shared, letters)) = rest.split_first() else { return false };
        let n_shared = usize::from(n_shared);
        let (own, after) = letters.split_at(n_letters(letters));
        rest = after;
        if n_shared < n_equal {
            // Sorted: every further word differs from `word` here, too.
            return false;
        }
        if n_shared == n_equal {
            let wanted = word.get(n_equal..).unwrap_or_default();
            if own == wanted {
                return true;
            }
            n_equal += own.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        }
    }
    false
}

/// The word that a block begins with.
fn first_of(start: u16) -> &'static [u8] {
    let letters = PACKED.words.get(usize::from(start) + 1..).unwrap_or_default();
    letters.get(..n_letters(letters)).unwrap_or_default()
}

/// Letters before the next count.
fn n_letters(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_lowercase()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::collections::BTreeSet;
    use alloc::format;

    fn words() -> impl Iterator<Item = &'static str> {
        core::str::from_utf8(LIST).expect("ASCII").lines()
    }

    #[test]
    fn the_list_is_sorted_and_every_word_is_found() {
        assert!(words().is_sorted_by(|a, b| a < b));
        assert!(words().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())));
        for word in words() {
            assert!(is_word(word.as_bytes()), "{word}");
        }
        assert!(PACKED.words.len() < LIST.len() / 2);
    }

    #[test]
    fn no_other_word_is_found() {
        let listed: BTreeSet<_> = words().collect();
        for word in ["", "zzzz", "aaaa", "ignor", "ignorex", "\n", "\0a", "\u{e9}t\u{e9}"] {
            assert!(!is_word(word.as_bytes()), "{word}");
        }
        for word in words() {
            let (head, last) = word.split_at(word.len() - 1);
            for other in [head.to_owned(), format!("{word}q"), format!("{head}z"), last.repeat(2)] {
                let known = listed.contains(other.as_str());
                assert_eq!(is_word(other.as_bytes()), known, "{other}");
            }
        }
    }
}
