//! Hostile clients, one kind after the other on one Worker, and what they leave in its memory.

use crate::server::Server;
use crate::{batches, malformed, slow};
use omniguard_tests::{eventually, get, n_sessions};
use std::time::Instant;

/// How much the memory may grow over what it was after the warm-up. Measured: 1.3 to 1.4, since
/// `wrangler dev` collects garbage late, also that of a request for a constant.
const MAX_GROWTH: f64 = 2.0;

fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[test]
fn hostile_clients_neither_stop_the_worker_nor_fill_its_memory() {
    let server = Server::start(&[]);
    // Everything once, in small: buffers and compiled code are there before the first look.
    slow::sockets_are_given_back();
    malformed::messages(20_000);
    malformed::bodies(1_000);
    batches::run(40);
    let before = server.resident_bytes();
    let parts: [(&str, fn()); 3] = [
        ("slow and vanishing clients", slow::run),
        ("malformed messages and bodies", malformed::run),
        ("batches with one bad item", batches::run_all),
    ];
    let mut grown = Vec::new();
    for (name, part) in parts {
        let started = Instant::now();
        part();
        let now = server.resident_bytes();
        let memory = now.map_or("unknown".into(), |bytes| format!("{} MB", megabytes(bytes)));
        println!("{name}: {:.1} s, memory {memory}", started.elapsed().as_secs_f32());
        grown.extend(now);
    }
    assert_eq!(get("/healthz").expect_ok()["status"], "ok");
    eventually(&0, n_sessions);
    let (Some(before), Some(&after)) = (before, grown.last()) else {
        println!("memory NOT CHECKED: there is no /proc that tells it");
        return;
    };
    let growth = after as f64 / before as f64;
    println!(
        "memory after the warm-up {} MB, at the end {} MB: {growth:.2} of it",
        megabytes(before),
        megabytes(after)
    );
    assert!(growth <= MAX_GROWTH, "the Worker's memory has grown {growth:.2} times");
}
