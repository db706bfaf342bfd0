//! Words, and stems that stand for every word that begins so, with the classes they are of.
//!
//! Tables are built from their lists when they are first asked: in a binary the lists take half
//! the room of a finished hash table.

use crate::hash::fnv1a;
use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::Deref;
use once_cell::race::OnceBox;

/// Shortest stem, in bytes.
const MIN_STEM_BYTES: usize = 3;
/// Longest stem, in bytes.
const MAX_STEM_BYTES: usize = 24;
const FILTER_WORDS: usize = 512;
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Lists of words by class: separated by spaces; one that ends in `*` is a stem.
pub(crate) type Groups = &'static [(&'static str, u64)];

/// Classes by FNV-1a hash, open addressing.
#[derive(Debug)]
struct Slots(Vec<(u64, u64)>);

impl Slots {
    fn with_room_for(n: usize) -> Self {
        Self(vec![(0, 0); (2 * n).next_power_of_two().max(2)])
    }

    fn first_slot(&self, hash: u64) -> usize {
        (hash >> 20) as usize & (self.0.len() - 1)
    }

    fn add(&mut self, hash: u64, classes: u64) {
        let (mut slot, last) = (self.first_slot(hash), self.0.len() - 1);
        while let Some(entry) = self.0.get_mut(slot) {
            if entry.0 == 0 || entry.0 == hash {
                *entry = (hash, entry.1 | classes);
                return;
            }
            slot = (slot + 1) & last;
        }
    }

    fn get(&self, hash: u64) -> u64 {
        let (mut slot, last) = (self.first_slot(hash), self.0.len() - 1);
        // Half of the slots are free, so the walk ends.
        while let Some(&(found, classes)) = self.0.get(slot) {
            if found == hash {
                return classes;
            }
            if found == 0 {
                return 0;
            }
            slot = (slot + 1) & last;
        }
        0
    }
}

/// Classes of words and of stems.
#[derive(Debug)]
pub(crate) struct WordTable {
    words: Slots,
    stems: Slots,
    /// Bits of the stems' hashes: one look for most letters.
    filter: Box<[u64; FILTER_WORDS]>,
}

fn filter_bit(hash: u64) -> (usize, u64) {
    ((hash >> 26) as usize % FILTER_WORDS, 1 << (hash >> 40 & 63))
}

impl WordTable {
    fn build(groups: Groups) -> Self {
        let all =
            || groups.iter().flat_map(|(words, class)| words.split(' ').map(move |w| (w, *class)));
        let n_stems = all().filter(|(word, _)| word.ends_with('*')).count();
        let mut table = Self {
            words: Slots::with_room_for(all().count() - n_stems),
            stems: Slots::with_room_for(n_stems),
            filter: Box::new([0; FILTER_WORDS]),
        };
        for (word, class) in all() {
            let Some(stem) = word.strip_suffix('*') else {
                table.words.add(fnv1a(word.as_bytes()), class);
                continue;
            };
            let hash = fnv1a(stem.as_bytes());
            table.stems.add(hash, class);
            let (at, bit) = filter_bit(hash);
            if let Some(bits) = table.filter.get_mut(at) {
                *bits |= bit;
            }
        }
        table
    }

    /// Classes of the whole word whose FNV-1a hash is `hash`.
    #[inline]
    pub(crate) fn word(&self, hash: u64) -> u64 {
        self.words.get(hash)
    }

    /// Classes of all stems that `word` begins with.
    #[inline]
    pub(crate) fn stems_of(&self, word: &str) -> u64 {
        let (mut classes, mut hash) = (0, OFFSET);
        for (idx, &byte) in word.as_bytes().iter().enumerate().take(MAX_STEM_BYTES) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            if idx + 1 >= MIN_STEM_BYTES {
                let (at, bit) = filter_bit(hash);
                if self.filter.get(at).is_some_and(|bits| bits & bit != 0) {
                    classes |= self.stems.get(hash);
                }
            }
        }
        classes
    }
}

/// A table that is built when it is first used.
pub(crate) struct Lazy {
    groups: Groups,
    table: OnceBox<WordTable>,
}

impl Lazy {
    pub(crate) const fn new(groups: Groups) -> Self {
        Self { groups, table: OnceBox::new() }
    }
}

impl Deref for Lazy {
    type Target = WordTable;

    #[inline]
    fn deref(&self) -> &WordTable {
        self.table.get_or_init(|| Box::new(WordTable::build(self.groups)))
    }
}

/// Declares classes of words, one bit each, and `TABLE`, which knows them.
macro_rules! word_classes {
    ($vis:vis at most $max:literal: $($(#[$meta:meta])* $name:ident: $words:literal),* $(,)?) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the masks are")]
        #[repr(u8)]
        enum Bit { $($name),* }
        $($(#[$meta])* $vis const $name: u64 = 1 << Bit::$name as u8;)*
        const GROUPS: $crate::tokenize::word_table::Groups = &[$(($words, $name)),*];
        // The bits above are for what does not follow from the word alone.
        const _: () = assert!(GROUPS.len() <= $max);
        static TABLE: $crate::tokenize::word_table::Lazy =
            $crate::tokenize::word_table::Lazy::new(GROUPS);
    };
}
pub(crate) use word_classes;

/// Checks that a list says what its table does with it: no stem that is never looked for.
#[cfg(test)]
#[track_caller]
pub(crate) fn check_groups(groups: Groups) {
    let table = WordTable::build(groups);
    for (words, class) in groups {
        for word in words.split(' ') {
            let found = match word.strip_suffix('*') {
                Some(stem) => {
                    assert!((MIN_STEM_BYTES..=MAX_STEM_BYTES).contains(&stem.len()), "{stem}");
                    table.stems_of(&alloc::format!("{stem}xyz"))
                }
                None => table.word(fnv1a(word.as_bytes())),
            };
            assert_eq!(found & class, *class, "{word}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_stems_have_their_classes() {
        static TABLE: Lazy =
            Lazy::new(&[("ask asks confirm*", 1), ("confirmation", 2), ("密码*", 4)]);
        let word = |word: &str| TABLE.word(fnv1a(word.as_bytes())) | TABLE.stems_of(word);
        assert_eq!((word("asks"), word("asking")), (1, 0));
        assert_eq!((word("confirmed"), word("confirmation"), word("confir")), (1, 3, 0));
        assert_eq!((word("密码本"), word("")), (4, 0));
    }
}
