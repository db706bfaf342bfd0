//! Compiled corpora: as they come, and with header and checksum set right; one that loads is
//! written as it was read, and its scenarios can be drawn, filled and carried.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::{
    corpus::{Corpus, format},
    embed::TokenTable,
    frame::{Split, Vector},
    hash::fnv1a,
    rng::Rng,
};
use omniguard_fuzz::small_table;
use std::sync::{Arc, LazyLock};

static TABLE: LazyLock<Arc<TokenTable>> =
    LazyLock::new(|| Arc::new(TokenTable::from_bytes(&small_table()).expect("a good table")));

fuzz_target!(|data: &[u8]| {
    let _ = format::decode(data);
    let header = format::encode(&format::Content::default());
    let file = [&header[..6], &fnv1a(data).to_le_bytes(), data].concat();
    let Ok(content) = format::decode(&file) else { return };
    assert_eq!(format::decode(&format::encode(&content)).as_ref(), Ok(&content));
    let corpus = Corpus::from_bytes(&file, Arc::clone(&TABLE)).expect("its content was read");
    for scenario in 0..corpus.n_scenarios() {
        let _ = corpus.facts(scenario);
        let text = corpus.slots().fill("{{a}} text of {{b}}", 7);
        let _ = corpus.carry(scenario, 7, text);
    }
    for split in [Split::Train, Split::Validation, Split::Test] {
        if corpus.can_serve(split) {
            for idx in 0.. {
                let Some(vector) = Vector::from_index(idx) else { break };
                let rng = &mut Rng::new(idx as u64);
                assert!(corpus.draw_attack(split, vector, rng) < corpus.n_scenarios());
                assert!(corpus.draw_benign(split, vector, rng) < corpus.n_scenarios());
            }
        }
    }
});
