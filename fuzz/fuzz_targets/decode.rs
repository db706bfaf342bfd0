//! The decoder: total, a fixed point, bounded growth; a JSON document stays one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::{
    decode::{MAX_DEPTH, decode, decode_leaf},
    json,
};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let decoded = decode(&text);
    assert!(decoded.text.len() <= 4 * text.len());
    assert!((0.0..=1.0).contains(&decoded.drift));
    assert_eq!(decoded.steps.is_empty(), decoded.text == text);
    assert!(decoded.steps.iter().all(|step| (1..=MAX_DEPTH).contains(&step.depth)));
    assert!(json::parse(&text).is_none() || json::parse(&decoded.text).is_some());
    let again = decode(&decoded.text);
    assert_eq!(again.text, decoded.text, "no fixed point");
    let (leaf, kinds) = decode_leaf(&text);
    assert_eq!(kinds.is_empty(), leaf == text);
    assert!(leaf.len() <= 4 * text.len());
    assert_eq!(decode_leaf(&leaf).0, leaf, "no fixed point of a leaf");
});
