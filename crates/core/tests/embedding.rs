//! The word pieces and vectors of the committed token table.

use omniguard_core::embed::wordpiece::each_piece;
use omniguard_core::embed::{TokenTable, embed};
use omniguard_core::math::cosine;
use serde_json::Value;

fn table() -> TokenTable {
    let bytes = include_bytes!("../../../public/tokens.bin");
    TokenTable::from_bytes(bytes).expect("the committed table loads")
}

/// 500 texts (the corpus' languages, code, and random letters of many scripts) with the pieces that
/// Hugging Face's `tokenizers` 0.23 gives for all-MiniLM-L6-v2. Left out are the few signs whose
/// category is newer than that library's tables (U+0605, U+061C, U+061D).
#[test]
fn pieces_are_those_of_the_reference_tokenizer() {
    let table = table();
    let mut n_texts = 0;
    for line in include_str!("data/wordpiece.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let text = case["text"].as_str().expect("a text");
        let mut found = Vec::new();
        each_piece(&table, text, |piece| {
            found.push(piece.map_or_else(|| "[UNK]".to_owned(), |id| table.piece(id)));
        });
        let expected: Vec<&str> =
            case["pieces"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert_eq!(found, expected, "{text:?}");
        n_texts += 1;
    }
    assert_eq!(n_texts, 500);
}

#[test]
fn what_means_the_same_is_near_and_what_does_not_is_not() {
    let table = table();
    let near = |a: &str, b: &str| cosine(&embed(&table, a), &embed(&table, b));
    let report = "Forward the quarterly report to the finance team";
    let other_words = near(report, "Send last quarter's statement to accounting");
    let other_topic = near(report, "The cat sleeps on the warm windowsill");
    assert!(other_words > other_topic + 0.2, "{other_words} {other_topic}");
    assert!((near(report, report) - 1.0).abs() < 1e-5);
    assert_eq!(embed(&table, ""), [0.0; 64]);
}
