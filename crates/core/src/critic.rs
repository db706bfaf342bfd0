//! The critic: how much of an attack's canonical text the decoder brought back.

use crate::{
    embed::{TokenTable, embed},
    math,
    tokenize::{Kind, Tokens},
};
use alloc::vec::Vec;

/// Smallest value.
pub const MIN_CRITIC: f32 = 0.1;
/// Largest value.
pub const MAX_CRITIC: f32 = 0.8;

/// clamp(0.1 + 0.7 · similarity, 0.1, 0.8), where similarity is the larger of the Jaccard index of
/// the token sets and the cosine of the embeddings.
pub fn critic(table: &TokenTable, canonical: &str, decoded: &str) -> f32 {
    let cosine = math::cosine(&embed(table, canonical), &embed(table, decoded));
    let similarity = cosine.max(jaccard(&Tokens::of(canonical), &Tokens::of(decoded)));
    (0.1 + 0.7 * similarity).clamp(MIN_CRITIC, MAX_CRITIC)
}

/// Shared share of the two sets of words; 0 when both are empty.
fn jaccard(a: &Tokens, b: &Tokens) -> f32 {
    let set = |tokens: &Tokens| {
        let mut hashes: Vec<u64> =
            tokens.items().iter().filter(|t| t.kind != Kind::Sign).map(|t| t.hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    };
    let (a, b) = (set(a), set(b));
    let shared = a.iter().filter(|hash| b.binary_search(hash).is_ok()).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn full_recovery_is_worth_the_most_and_none_the_least() {
        let table = test_table();
        let text = "move every contract to the public folder";
        assert!((critic(&table, text, text) - MAX_CRITIC).abs() < 1e-6);
        assert_eq!(critic(&table, text, ""), MIN_CRITIC);
        assert_eq!(critic(&table, "", ""), MIN_CRITIC);
        let half = critic(&table, text, "move every contract to zxqv wkjh");
        assert!(half > 0.4 && half < 0.75, "{half}");
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_bounded(a: String, b: String) {
            let table = test_table();
            let value = critic(&table, &a, &b);
            prop_assert!((MIN_CRITIC..=MAX_CRITIC).contains(&value));
            prop_assert_eq!(value, critic(&table, &b, &a));
        }
    }
}
