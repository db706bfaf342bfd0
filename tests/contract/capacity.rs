//! Sessions are counted, bounded, and given back.

use omniguard_tests::{MAX_SESSIONS, Socket, alone, get};
use std::time::Duration;

fn n_live() -> usize {
    get("/healthz").json()["env_instances"].as_u64().unwrap() as usize
}

/// Closing is told to the Worker's host asynchronously.
fn expect_live(expected: usize) {
    let mut found = n_live();
    for _ in 0..400 {
        if found == expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
        found = n_live();
    }
    panic!("{found} live, {expected} expected");
}

#[test]
fn sockets_are_counted_up_to_the_limit_and_given_back() {
    let _leave = alone();
    expect_live(0);
    let mut sockets: Vec<_> = (0..MAX_SESSIONS).map(|_| Socket::open()).collect();
    expect_live(MAX_SESSIONS);

    let mut refused = Socket::open();
    let error = refused.receive();
    assert_eq!(error["type"], "error");
    assert_eq!(error["data"]["code"], "CAPACITY_REACHED");
    assert_eq!(refused.closed(), Some(1013));
    expect_live(MAX_SESSIONS);

    // One leaves by the protocol, one by a close frame, one by hanging up without a word.
    let mut leaving = sockets.split_off(MAX_SESSIONS - 3);
    leaving[0].send_text(r#"{"type":"close"}"#);
    assert_eq!(leaving.remove(0).closed(), Some(1000));
    assert_eq!(leaving.remove(0).close(1000), Some(1000));
    drop(leaving);
    expect_live(MAX_SESSIONS - 3);
    assert!(Socket::open().state().is_object());
    drop(sockets);
    expect_live(0);
}
