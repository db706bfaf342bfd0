//! Words of hosted models and bodies of their servers: read or refused; what was read is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::wire::live::{Completion, UpstreamError, read};
use omniguard_core::wire::request::ActionBody;

fuzz_target!(|data: &[u8]| {
    let _ = UpstreamError::read(data);
    let _ = Completion::read(data);
    let text = String::from_utf8_lossy(data);
    // What stands before the first NUL is the frame.
    let (frame, content) = text.split_once('\0').unwrap_or(("", &text));
    let Ok(answered) = read(content, frame) else { return };
    let written = serde_json::to_string(&ActionBody::from(&answered.action)).expect("JSON");
    // An action may be longer as JSON than what is read: then it is no answer.
    if let Ok(again) = read(&written, "") {
        assert_eq!(again.action, answered.action);
    }
});
