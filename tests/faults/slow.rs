//! Clients that are slow, stop in the middle, or vanish, over bare TCP.

use omniguard_tests::native::revoke;
use omniguard_tests::space::Space;
use omniguard_tests::{MAX_SESSIONS, Socket, eventually, get, n_sessions, url};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// Clients of each kind that stay while others are served.
const N_STUCK: usize = 16;

fn host() -> String {
    url().trim_start_matches("http://").to_owned()
}

fn connect(text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(host()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(45))).expect("a timeout");
    stream.write_all(text.as_bytes()).expect("an open connection");
    stream
}

fn post(path: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{more}", host())
}

/// A session that says nothing after its upgrade.
fn upgraded() -> TcpStream {
    let mut stream = connect(&format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        host()
    ));
    let mut start = [0; 12];
    stream.read_exact(&mut start).expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 101");
    stream
}

/// A masked frame of text, as a client sends it.
fn frame(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// The Worker answers others as if nobody were slow.
fn expect_alive(space: &Space) {
    assert_eq!(get("/healthz").expect_ok()["status"], "ok");
    space.post("/reset", &json!({"seed": 1})).expect_ok();
    assert_eq!(space.step(&[revoke(0)]).len(), 1);
    let mut socket = Socket::open();
    assert_eq!(socket.reset(&json!({"seed": 1}))["type"], "observation");
    assert_eq!(socket.close(1000), Some(1000));
}

pub(crate) fn run() {
    let space = Space::new("slow");
    eventually(&0, n_sessions);
    let mut stuck: Vec<TcpStream> = Vec::new();
    let chunked = post("/step", "transfer-encoding: chunked\r\n\r\n20\r\n{\"actions\":[");
    for text in [
        "GET /healthz HTT",
        &format!("GET /healthz HTTP/1.1\r\nhost: {}\r\nx-slow: ", host()),
        &post("/reset", "content-length: 1000\r\n\r\n{\"seed\":"),
        &post("/api/decide", "content-length: 200000\r\n\r\n{\"text\":\""),
        &chunked,
    ] {
        stuck.extend((0..N_STUCK).map(|_| connect(text)));
    }
    let silent: Vec<TcpStream> = (0..N_STUCK).map(|_| upgraded()).collect();
    eventually(&(N_STUCK as u64), n_sessions);
    expect_alive(&space);

    // A request that comes byte by byte is answered in the end.
    let body = r#"{"action":{"action_type":"REVOKE_STDIO"}}"#;
    let more = format!(
        "x-omniguard-session: {}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        space.name(),
        body.len()
    );
    let request = post("/step", &more);
    let mut slow = connect("");
    slow.set_nodelay(true).expect("no delay");
    for byte in request.as_bytes() {
        slow.write_all(&[*byte]).expect("an open connection");
        std::thread::sleep(Duration::from_millis(3));
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(space.state(0)["step_count"], 2);

    // They vanish: some having closed their half, some with answers unread, which resets the
    // connection, some in the middle of a frame.
    for (n, stream) in silent.iter().chain(&stuck).enumerate() {
        match n % 4 {
            0 => stream.shutdown(Shutdown::Write).expect("an open connection"),
            1 => stream.shutdown(Shutdown::Both).expect("an open connection"),
            _ => {}
        }
    }
    for (n, mut stream) in silent.into_iter().enumerate().filter(|(n, _)| n % 4 > 1) {
        let question = frame(r#"{"type":"state"}"#);
        let n_bytes = if n % 4 == 2 { question.len() } else { question.len() - 5 };
        stream.write_all(&question[..n_bytes]).expect("an open connection");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(stuck);
    eventually(&0, n_sessions);
    expect_alive(&space);

    sockets_are_given_back();
}

/// As many sockets as there may be, dropped without a word; then as many again.
pub(crate) fn sockets_are_given_back() {
    for _ in 0..2 {
        let mut sockets: Vec<_> = (0..MAX_SESSIONS).map(|_| Socket::open()).collect();
        assert_eq!(n_sessions(), MAX_SESSIONS as u64);
        let last = sockets.last_mut().expect("a socket");
        assert_eq!(last.reset(&json!({"seed": 1}))["type"], "observation");
        drop(sockets);
        eventually(&0, n_sessions);
    }
}
