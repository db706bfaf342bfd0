//! Rows of the datasets: reading is total, frames fit, and a row gives the same frames again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::frame::MAX_FRAME_BYTES;
use omniguard_core::ingest::{self, Fingerprints, Source};

fuzz_target!(|data: &[u8]| {
    let line = String::from_utf8_lossy(data);
    for &source in Source::ALL {
        let Ok(row) = ingest::read(source, &line) else { continue };
        let mut known = Fingerprints::default();
        row.teach(&mut known);
        let frames = row.samples(&known);
        assert!(!frames.is_empty());
        assert!(frames.iter().all(|frame| frame.text.len() <= MAX_FRAME_BYTES));
        assert_eq!(frames, row.samples(&known));
        for pair in row.seeds().iter().filter_map(|seed| row.pair(seed)) {
            assert!(pair.attack.len() <= MAX_FRAME_BYTES && pair.twin.len() <= MAX_FRAME_BYTES);
        }
    }
});
