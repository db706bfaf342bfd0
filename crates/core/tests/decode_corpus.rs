//! The decoder against the corpus: what it leaves alone, and what it brings back.
//!
//! The table is of all texts; `SPLIT=test` narrows it to a split, which has too few texts for the
//! floor under what comes back: then it only measures.

mod decode_texts;

use decode_texts::{corpus, holds_encoded, is_reversible, name, recipes, words_kept};
use omniguard_core::{
    decode::{decode, decode_leaf},
    mutate::mutate,
    rng::Rng,
};

#[test]
fn unencoded_benign_texts_stay_as_they_are() {
    let entries = corpus();
    assert!(!entries.is_empty());
    let (mut n_plain, mut n_changed, mut n_encoded, mut n_opened) = (0, 0, 0, 0);
    for entry in entries.iter().filter(|entry| entry.benign) {
        let decoded = decode(&entry.text);
        assert_eq!(decode(&decoded.text).text, decoded.text);
        let changed = decoded.text != entry.text;
        if holds_encoded(&entry.text) {
            n_encoded += 1;
            n_opened += u32::from(changed);
            continue;
        }
        n_plain += 1;
        if changed {
            n_changed += 1;
            let kinds: Vec<_> = decoded.steps.iter().map(|step| step.kind.name()).collect();
            println!("{} {kinds:?}\n  {}\n  {}", entry.place, entry.text, decoded.text);
        }
    }
    println!("benign, nothing encoded: {n_changed} of {n_plain} changed");
    println!("benign, something encoded: {n_opened} of {n_encoded} changed");
    assert!(f64::from(n_changed) <= 0.005 * f64::from(n_plain));
}

#[test]
fn mutated_texts_come_back() {
    let entries = corpus();
    assert!(!entries.is_empty());
    let whole = std::env::var("SPLIT").is_err();
    println!("| mutation | exact | words at their place | no step |");
    println!("| --- | --- | --- | --- |");
    for mutations in recipes() {
        let name = name(mutations);
        let (mut n, mut n_exact, mut n_untouched, mut agreement) = (0u32, 0u32, 0u32, 0.0);
        for (seed, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.text.len() >= 12)
        {
            // What the decoder makes of the text itself is as good as the text.
            let canonical = decode_leaf(&entry.text).0;
            let mut leaves = vec![entry.text.clone()];
            mutate(&mut leaves, mutations, 0.35, &mut Rng::new(seed as u64));
            let (decoded, steps) = decode_leaf(&leaves[0]);
            assert_eq!(decode_leaf(&decoded).0, decoded, "{:?}", leaves[0]);
            n += 1;
            n_exact += u32::from(decoded == canonical);
            n_untouched += u32::from(steps.is_empty());
            agreement += words_kept(&canonical, &decoded);
            if decoded != canonical && std::env::var("SHOW").is_ok_and(|asked| asked == name) {
                println!("{}\n   {}\n   {}", entry.text, leaves[0], decoded);
            }
        }
        let share = |count: u32| 100.0 * f64::from(count) / f64::from(n);
        let (exact, untouched) = (share(n_exact), share(n_untouched));
        let kept = 100.0 * agreement / f64::from(n);
        println!("| {name} | {exact:.1}% | {kept:.1}% | {untouched:.1}% |");
        assert!(!whole || !is_reversible(mutations) || exact >= 90.0, "{name}");
    }
}
