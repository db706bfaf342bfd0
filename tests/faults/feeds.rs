//! Corpus feeds: whatever the hub does, episodes begin, and it is told what they are made of; the
//! queues fill to their limits, drain, refill, and survive a kill.

use crate::server::Server;
use omniguard_tests::replay::{Options, Replay};
use omniguard_tests::space::Space;
use omniguard_tests::{Socket, eventually, get, within_minutes};
use serde_json::{Value, json};
use std::time::Duration;

const NAMES: [&str; 3] = ["fenrir", "nist", "witfoo"];
/// Rows that wait at most, and rows that a draw takes.
const LIMIT: u64 = 1_000;
const DRAWN: [u64; 3] = [6, 4, 6];

fn depths() -> [u64; 3] {
    let health = get("/healthz").expect_ok();
    NAMES.map(|name| health["queue_depths"][name].as_u64().unwrap_or(u64::MAX))
}

fn feeds(member: &str) -> [Value; 3] {
    let info = get("/info").expect_ok();
    NAMES.map(|name| info["feeds"][name][member].clone())
}

/// What service and metrics say episodes are drawn from.
fn sources() -> [Value; 4] {
    let prometheus = String::from_utf8(get("/metrics?format=prometheus").body).expect("UTF-8");
    let line = prometheus.lines().find_map(|line| line.strip_prefix("omniguard_corpus_source"));
    let series = line.and_then(|line| line.split('"').nth(1)).unwrap_or_default();
    [
        get("/healthz").expect_ok()["source"].clone(),
        get("/info").expect_ok()["corpus"]["source"].clone(),
        get("/metrics").expect_ok()["source"].clone(),
        series.into(),
    ]
}

/// Whether any object within has a member of this name.
fn has_member(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(key, value)| key == name || has_member(value, name))
        }
        Value::Array(items) => items.iter().any(|item| has_member(item, name)),
        _ => false,
    }
}

/// Plays an episode to its end; the source that its state tells, and how it began.
fn play(socket: &mut Socket, reset: &Value) -> (Value, Value) {
    let first = socket.reset(reset);
    let mut shown = first.clone();
    for _ in 0..16 {
        assert!(!has_member(&shown["data"]["observation"], "source"), "{shown}");
        if shown["data"]["done"] == true {
            break;
        }
        shown = socket.step(&json!({"action_type": "BLOCK"}));
    }
    assert_eq!(shown["data"]["done"], true, "{shown}");
    (socket.state()["source"].clone(), first)
}

#[test]
fn episodes_go_on_without_the_hub_and_draw_from_it_where_it_answers() {
    let hub = Replay::start(Options { n_rows: 6_000, ..Options::default() }, 0).expect("a port");
    hub.control("fail=503");
    let address = format!("DATASETS_BASE_URL:{}", hub.url());
    let mut server = Server::start(&["--var", "FEEDS:on", "--var", &address]);
    let mut socket = Socket::open();

    // Without the hub.
    let (source, seeded) = play(&mut socket, &json!({"seed": 5}));
    assert_eq!(source, "embedded");
    for _ in 0..3 {
        assert_eq!(play(&mut Socket::open(), &json!({})).0, "embedded");
    }
    assert_eq!(sources(), ["embedded"; 4].map(Value::from));
    assert_eq!(depths(), [0; 3]);
    eventually(&["unavailable"; 3].map(Value::from), || feeds("last_error"));
    let [fenrir, nist, witfoo] = feeds("shortages");
    assert!(fenrir.as_u64() >= Some(3) && witfoo.as_u64() >= Some(3), "{fenrir} {witfoo}");
    assert_eq!(nist, 0, "its rows make no pair without the seeds of others");
    hub.control("fail=none");
    hub.control("fail=json&dataset=witfoo");
    hub.control("fail=cut&dataset=fenrir");
    hub.control("fail=429&dataset=nist&retry_after=1");
    let expected = ["connection", "rate_limited", "malformed"].map(Value::from);
    eventually(&expected, || feeds("last_error"));
    assert_eq!(depths(), [0; 3]);

    // With it: to the limits, and no further.
    hub.control("fail=none");
    eventually(&[LIMIT; 3], depths);
    let asked = hub.seen().requests;
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((depths(), hub.seen().requests), ([LIMIT; 3], asked));
    assert_eq!(sources(), ["feeds"; 4].map(Value::from));

    // A seed is the embedded corpus's, and so are the next episodes of its run.
    assert_eq!(play(&mut socket, &json!({})).0, "embedded");
    let (source, again) = play(&mut Socket::open(), &json!({"seed": 5}));
    assert_eq!((source, &again["data"]), (json!("embedded"), &seeded["data"]));
    assert_eq!(depths(), [LIMIT; 3]);

    // Over HTTP, a batch draws once, and goes on after a kill to the bit.
    let space = Space::new("feeds");
    let items = json!([{"env_id": 0}, {"env_id": 1}, {"env_id": 2, "seed": 9}, {"env_id": 70}]);
    let shown = space.reset(&json!({"items": items}));
    assert!(!shown.iter().any(|observation| has_member(observation, "source")));
    let told = |env_id| space.state(env_id)["source"].clone();
    assert_eq!([0, 1, 2, 70].map(told), ["feeds", "feeds", "embedded", "feeds"].map(Value::from));
    let after_two = [0, 1, 2].map(|idx| LIMIT - 2 * DRAWN[idx]);
    assert_eq!(depths(), after_two);
    let step = |env_id: u32, step_id: u32| {
        space
            .step(&[json!({"env_id": env_id, "action_type": "BLOCK", "step_id": step_id})])
            .remove(0)
    };
    let before: Vec<Value> = [0, 1, 2, 70].iter().map(|&env_id| step(env_id, 0)).collect();
    server.kill_and_restart();
    assert_eq!(depths(), after_two);
    for (idx, env_id) in [0, 1, 2, 70].into_iter().enumerate() {
        assert_eq!(step(env_id, 0), before[idx], "told again");
        assert_ne!(step(env_id, 1)["observation"]["step_id"], Value::Null);
    }
    assert_eq!([0, 1, 2, 70].map(told), ["feeds", "feeds", "embedded", "feeds"].map(Value::from));

    // Episodes drain the queues; low ones are filled again by alarm, whatever is killed meanwhile.
    hub.control("fail=503");
    let mut socket = Socket::open();
    for _ in 0..55 {
        assert_eq!(play(&mut socket, &json!({})).0, "feeds");
    }
    let drained = [0, 1, 2].map(|idx| LIMIT - 57 * DRAWN[idx]);
    assert_eq!(depths(), drained);
    server.kill_and_restart();
    assert_eq!(depths(), drained);
    server.kill_and_restart();
    let asked = hub.seen().requests;
    hub.control("fail=none");
    // Nobody asks the Worker for anything. A failing feed waits five minutes at most.
    within_minutes(6, &true, || hub.seen().requests >= asked + 4);
    server.kill_and_restart();
    within_minutes(6, &[LIMIT; 3], depths);
    let fetched = feeds("rows_fetched");
    println!(
        "fetched {fetched:?}, dropped {:?}, unfit {:?}",
        feeds("rows_dropped"),
        feeds("rows_unfit")
    );
}
