//! The JSON reader: total, agrees with another reader, and what is written is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::json::{self, Spacing, Style, Value};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let Some(value) = json::parse(&text) else { return };
    value.each_leaf(&mut |_, leaf| {
        let raw = text.get(leaf.span.clone()).expect("spans are in the text");
        match serde_json::from_str::<String>(&format!("\"{raw}\"")) {
            Ok(quoted) => assert_eq!(quoted, leaf.text),
            // The other reader refuses half a surrogate pair; ours puts U+FFFD there.
            Err(error) => assert!(leaf.text.contains('\u{fffd}'), "{error}: {raw}"),
        }
    });
    for spacing in [Spacing::Compact, Spacing::Spaced] {
        for ascii in [false, true] {
            let written = json::write(&value, Style { spacing, ascii });
            let read = json::parse(&written).expect("what is written is JSON");
            assert_eq!(plain(&read), plain(&value));
        }
    }
});

/// The value without the places of its leaves.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(text.text.as_str()),
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        ),
        other => other.clone(),
    }
}
