//! Sessions are counted, bounded, and given back.

use omniguard_tests::{MAX_SESSIONS, Socket, alone, eventually, get, n_sessions};

/// Closing is told to the Worker's host asynchronously.
#[track_caller]
fn expect_live(expected: usize) {
    eventually(&(expected as u64), n_sessions);
}

#[test]
fn sockets_are_counted_up_to_the_limit_and_given_back() {
    let _leave = alone();
    expect_live(0);
    assert_eq!(get("/healthz").json()["max_sessions"], MAX_SESSIONS);
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
