//! Which split a row belongs to.

use crate::frame::Split;
use crate::hash::mix;

/// Train, validation, test: the shares of the written corpus's texts, in thousandths.
pub const SPLIT_PER_MILLE: [u64; 3] = [813, 82, 105];

/// Apart from other uses of the same hash.
const STREAM: u64 = 0x7370_6c69_7400_0001;

/// The split of a row's family hash.
pub fn split_of(family_hash: u64) -> Split {
    let [train, validation, _] = SPLIT_PER_MILLE;
    let at = mix(family_hash ^ STREAM) % 1000;
    if at < train {
        Split::Train
    } else if at < train + validation {
        Split::Validation
    } else {
        Split::Test
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Corpus;
    use crate::embed::test_table;

    #[test]
    fn the_shares_are_those_of_the_written_corpus() {
        let file = include_bytes!("../../../../public/corpus.bin");
        let corpus = Corpus::from_bytes(file, test_table()).unwrap();
        let mut n = [0u64; 3];
        for scenario in 0..corpus.n_scenarios() {
            n[corpus.family_of(scenario).split.index()] += 1;
        }
        for (n_texts, share) in n.iter().zip(SPLIT_PER_MILLE) {
            let per_mille = n_texts * 1000 / n.iter().sum::<u64>();
            assert!(per_mille.abs_diff(share) <= 10, "{n:?} {SPLIT_PER_MILLE:?}");
        }
        assert_eq!(SPLIT_PER_MILLE.iter().sum::<u64>(), 1000);
    }

    #[test]
    fn hashes_are_dealt_by_the_shares() {
        let mut n = [0u64; 3];
        for hash in 0..100_000 {
            n[split_of(hash).index()] += 1;
        }
        for (n_rows, share) in n.iter().zip(SPLIT_PER_MILLE) {
            assert!((n_rows / 100).abs_diff(share) <= 4, "{n:?}");
        }
    }
}
