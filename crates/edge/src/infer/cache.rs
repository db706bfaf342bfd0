//! Answers that are told again for a while: visitors ask about the same frames.

use std::collections::VecDeque;

/// How long an answer is told again, in milliseconds.
const LIFETIME: u64 = 10 * 60 * 1_000;
/// Answers kept; the oldest goes first. A few megabytes at most.
const MAX_ENTRIES: usize = 256;

/// Answers by what was asked, oldest first.
#[derive(Debug)]
pub(crate) struct Cache<T>(VecDeque<Entry<T>>);

#[derive(Debug)]
struct Entry<T> {
    key: String,
    since: u64,
    value: T,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Clone> Cache<T> {
    pub(crate) fn get(&mut self, key: &str, now: u64) -> Option<T> {
        self.0.retain(|entry| now < entry.since + LIFETIME);
        self.0.iter().find(|entry| entry.key == key).map(|entry| entry.value.clone())
    }

    pub(crate) fn put(&mut self, key: String, value: T, now: u64) {
        self.0.retain(|entry| entry.key != key);
        if self.0.len() >= MAX_ENTRIES {
            self.0.pop_front();
        }
        self.0.push_back(Entry { key, since: now, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_again_for_ten_minutes() {
        let mut cache = Cache::default();
        cache.put("a".into(), 1, 0);
        assert_eq!(cache.get("a", LIFETIME - 1), Some(1));
        assert_eq!(cache.get("b", 0), None);
        assert_eq!(cache.get("a", LIFETIME), None);
        assert_eq!(cache.get("a", 0), None);
    }

    #[test]
    fn the_newest_answer_counts_and_the_oldest_goes() {
        let mut cache = Cache::default();
        cache.put("a".into(), 1, 0);
        cache.put("a".into(), 2, 0);
        assert_eq!(cache.get("a", 0), Some(2));
        for n in 0..MAX_ENTRIES {
            cache.put(n.to_string(), 0, 1);
        }
        assert_eq!((cache.get("a", 1), cache.0.len()), (None, MAX_ENTRIES));
    }
}
