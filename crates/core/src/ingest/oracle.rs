//! Fingerprints of authoritative texts: where one matches, the label is decided.

use super::text;
use crate::hash::Hasher;
use alloc::collections::BTreeSet;

/// Shorter texts are phrases that anybody writes.
const MIN_BYTES: usize = 32;

/// 64-bit hashes of texts, white space folded and in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints(BTreeSet<u64>);

impl Fingerprints {
    /// The fingerprint of a text; `None` for one that is too short to tell anything.
    pub fn of(text: &str) -> Option<u64> {
        if text.trim().len() < MIN_BYTES {
            return None;
        }
        let mut hasher = Hasher::default();
        text::fold_into(&mut hasher, text);
        Some(hasher.finish())
    }

    /// Adds a text; whether it is new.
    pub fn insert(&mut self, text: &str) -> bool {
        Self::of(text).is_some_and(|hash| self.0.insert(hash))
    }

    /// Adds a fingerprint that was stored.
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        self.0.insert(hash)
    }

    /// Whether the text is known.
    pub fn contains(&self, text: &str) -> bool {
        !self.0.is_empty() && Self::of(text).is_some_and(|hash| self.0.contains(&hash))
    }

    /// The fingerprints in ascending order, for storing.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u64> {
        self.0.iter().copied()
    }

    /// Number of fingerprints.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_white_space_do_not_matter_and_words_do() {
        let mut known = Fingerprints::default();
        assert!(known.insert("Organizations review the audit records\n  every week."));
        assert!(!known.insert("organizations review the audit records every week."));
        assert!(known.contains("  Organizations REVIEW the audit records every\tweek. "));
        assert!(!known.contains("Organizations review the audit records every day."));
        assert_eq!(known.len(), 1);
    }

    #[test]
    fn phrases_have_no_fingerprint() {
        assert_eq!(Fingerprints::of("What is phishing?"), None);
        assert!(!Fingerprints::default().insert("Continue."));
    }

    #[test]
    fn what_is_stored_is_restored() {
        let mut known = Fingerprints::default();
        known.insert("Separation of duties lowers the risk of abuse without collusion.");
        let mut restored = Fingerprints::default();
        for hash in known.iter() {
            restored.insert_hash(hash);
        }
        assert_eq!(restored, known);
    }
}
