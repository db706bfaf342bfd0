//! Requests of clients: read or refused, and an action that was read is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::wire::request::{self, ActionBody};

fuzz_target!(|data: &[u8]| {
    let Ok(value) = serde_json::from_slice(data) else { return };
    let _ = request::Reset::read(&value);
    let Ok(action) = request::action(&value) else { return };
    let body = serde_json::to_value(ActionBody::from(&action)).expect("an action is JSON");
    let again = request::action(&body).expect("what was taken is taken again");
    assert_eq!(again, action);
});
