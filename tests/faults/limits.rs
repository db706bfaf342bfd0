//! An address that calls too often is told when to come back.

use crate::server::Server;
use omniguard_tests::{Answer, get, try_send};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A limit that a test can reach.
const LIMIT: usize = 40;

/// The committed configuration with a low limit, in a folder of its own.
fn configuration(folder: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("a folder");
    let absolute = |text: &str, name: &str, path: &str| {
        let assigned = |path: &str| format!("{name} = \"{path}\"");
        let (old, new) = (assigned(path), assigned(root.join(path).to_str().expect("UTF-8")));
        assert!(text.contains(&old), "wrangler.toml has no {old}");
        text.replace(&old, &new)
    };
    let text = fs::read_to_string(root.join("wrangler.toml")).expect("wrangler.toml");
    let text = absolute(&absolute(&text, "main", "build/index.js"), "directory", "./dist");
    let lowered = text.replace("limit = 20000", &format!("limit = {LIMIT}"));
    assert_ne!(lowered, text);
    let path = folder.join("wrangler.toml");
    fs::write(&path, lowered).expect("a file");
    path.to_str().expect("UTF-8").to_owned()
}

/// How many calls are answered until one is refused, and that one.
fn answered_until_refused() -> (usize, Answer) {
    (0..100 * LIMIT)
        .map(|number| (number, get("/health")))
        .find(|(_, answer)| answer.status != 200)
        .expect("a refusal")
}

#[test]
fn an_address_that_calls_too_often_is_told_when_to_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = configuration(folder.path());
    let _server = Server::start(&["--config", &configuration]);
    // Asking whether the Worker was ready has spent some of this window's calls.
    let (_, refused) = answered_until_refused();
    refused.expect_problem(429, "too_many_requests");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    // The page is not counted.
    assert_eq!(try_send("GET", "/", &[], None).expect("an answer").status, 200);
    // Whoever waits as long as told has all calls of a window again.
    let seconds = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds} s");
    std::thread::sleep(Duration::from_secs(seconds));
    let (answered, _) = answered_until_refused();
    assert!(answered >= LIMIT, "{answered} calls were answered");
}
