//! Namespaces: apart from each other, sound under many clients, counted, and guarded.

use omniguard_core::vector::seed_of;
use omniguard_tests::native::revoke;
use omniguard_tests::space::{HEADER, MAX_ENVS, Space, listed};
use omniguard_tests::{MAX_MESSAGE_BYTES, get, post, send};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn what_one_does_the_other_does_not_see() {
    let (one, other) = (Space::new("apart"), Space::new("apart"));
    let asked = json!({"items": [{"env_id": 0}, {"env_id": 300}], "seed": 1});
    assert_eq!(one.reset(&asked), other.reset(&asked));
    let untouched = other.states(&[0, 300]);
    assert_eq!(one.step(&[revoke(0), revoke(300)]).len(), 2);
    one.post("/reset", &json!({"seed": 4})).expect_ok();
    assert_eq!(other.states(&[0, 300]), untouched);
    assert_eq!(other.metrics()["totals"]["steps"], 0);
    assert_eq!(one.metrics()["env_instances"], 2);
}

#[test]
fn names_are_short_and_plain() {
    let body = br#"{"items":[]}"#;
    let long = "x".repeat(65);
    for bad in ["a b", "a/b", "a.b", "a,b", "..", "\u{e4}", long.as_str()] {
        for (method, path) in
            [("POST", "/reset"), ("GET", "/state"), ("GET", "/metrics"), ("GET", "/healthz")]
        {
            let body = (method == "POST").then_some(&body[..]);
            send(method, path, &[(HEADER, bad), JSON], body).expect_problem(422, "invalid");
        }
    }
    let longest = Space::new(&"y".repeat(64));
    let headers = [(HEADER, &longest.name()[..64]), JSON];
    send("POST", "/reset", &headers, Some(body)).expect_ok();
}

#[test]
fn callers_without_a_name_share_one() {
    let reset = json!({"items": [{"env_id": 499, "seed": 77, "task_name": "shared"}]});
    let shown = listed(&post("/reset", &reset), "observations");
    assert_eq!(shown[0]["task_id"], "shared");
    let named = send("GET", "/state?env_id=499", &[(HEADER, "public")], None).expect_ok();
    assert_eq!(named, get("/state?env_id=499").expect_ok());
    assert_eq!(named["seed"], 77);
}

#[test]
fn questions_do_not_make_a_namespace() {
    let space = Space::new("asked");
    let unborn = json!({"episode_id": null, "step_count": 0, "environment": "omniguard-v2.1"});
    for env_id in [0, 64, 511] {
        assert_eq!(space.state(env_id), unborn);
    }
    for _ in 0..2 {
        let metrics = space.metrics();
        assert_eq!((&metrics["items"], &metrics["env_instances"]), (&json!([]), &json!(0)));
        assert_eq!(space.get("/healthz").expect_ok()["env_instances"], 0);
    }
    space.post("/step", &json!({"actions": [revoke(0)]})).expect_problem(409, "conflict");
    assert_eq!(space.metrics()["env_instances"], 0);
}

#[test]
fn a_state_that_cannot_be_asked_for_is_invalid() {
    let space = Space::new("query");
    for query in ["env_id=512", "env_id=-1", "env_id=", "env_id=x", "env_id=1.5", "env_id=%00"] {
        let problem = space.get(&format!("/state?{query}")).expect_problem(422, "invalid");
        assert_eq!(problem["errors"][0]["loc"], json!(["env_id"]), "{query}");
    }
    let long = format!("/state?episode_id={}", "x".repeat(256));
    let problem = space.get(&long).expect_problem(422, "invalid");
    assert_eq!(problem["errors"][0]["loc"], json!(["episode_id"]));
    space.get("/state?other=1").expect_ok();
}

#[test]
fn metrics_add_up() {
    let space = Space::new("metrics");
    space.reset(&json!({"items": [
        {"env_id": 7, "task_name": "seven", "episode_length": 2}, {"env_id": 130},
    ], "seed": 1}));
    let mut rewards = 0.0;
    for ids in [&[7, 130][..], &[7, 130], &[130]] {
        let actions: Vec<_> = ids.iter().map(|&id| revoke(id)).collect();
        let results = space.step(&actions);
        rewards += results.iter().map(|one| one["reward"]["total"].as_f64().unwrap()).sum::<f64>();
    }
    let metrics = space.metrics();
    let (seven, other) = (&metrics["items"][0], &metrics["items"][1]);
    assert_eq!((&seven["env_id"], &seven["task_id"]), (&json!(7), &json!("seven")));
    assert_eq!((&seven["steps"], &seven["episodes"]), (&json!(2), &json!(1)));
    assert_eq!((&seven["done"], &seven["seed"]), (&json!(true), &json!(seed_of(1, 7))));
    assert!(seven["mean_episode_score"].is_number() && other["mean_episode_score"].is_null());
    assert_eq!((&other["env_id"], &other["step_count"]), (&json!(130), &json!(3)));
    for name in ["threat_awareness", "alert_fatigue", "total_reward"] {
        assert!(seven[name].is_number() && other[name].is_number(), "{name}");
    }
    let totals = &metrics["totals"];
    assert_eq!((&totals["steps"], &totals["episodes"]), (&json!(5), &json!(1)));
    assert!((totals["total_reward"].as_f64().unwrap() - rewards).abs() < 1e-4, "{totals}");
    assert!(metrics["sessions"].is_u64());
    assert_eq!(metrics["env_instances"], 2);
}

#[test]
fn metrics_are_text_for_who_asks_for_it() {
    let space = Space::new("prometheus");
    space.reset(&json!({"items": [{"env_id": 7}, {"env_id": 130}], "seed": 1}));
    space.step(&[revoke(130)]);
    let accepting = |accept: &str| {
        let headers = [(HEADER, space.name()), ("accept", accept)];
        send("GET", "/metrics", &headers, None)
    };
    let asked = space.get("/metrics?format=prometheus");
    for answer in [asked, accepting("text/plain"), accepting("text/plain;version=0.0.4, */*;q=0.1")]
    {
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        assert!(text.ends_with('\n'));
        for line in [
            "# TYPE omniguard_steps_total counter",
            "omniguard_steps_total{env_id=\"7\"} 0",
            "omniguard_steps_total{env_id=\"130\"} 1",
            "omniguard_env_instances 2",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("omniguard_") && value.parse::<f64>().is_ok(), "{line}");
        }
    }
    for answer in [
        accepting("application/json"),
        accepting("*/*"),
        send(
            "GET",
            "/metrics?format=json",
            &[(HEADER, space.name()), ("accept", "text/plain")],
            None,
        ),
    ] {
        assert_eq!(answer.expect_ok()["env_instances"], 2);
    }
    space.get("/metrics?format=xml").expect_problem(422, "invalid");
}

#[test]
fn what_is_not_json_or_too_much_of_it_is_refused() {
    let space = Space::new("guards");
    for path in ["/reset", "/step"] {
        let raw = |content_type: Option<&str>, body: &[u8]| {
            let mut headers = vec![(HEADER, space.name())];
            headers.extend(content_type.map(|text| ("content-type", text)));
            send("POST", path, &headers, Some(body))
        };
        for body in [&b"{"[..], b"{}}", b"nul", b"\xff", b"{\"seed\":}", b" ", b"{\"a\":\"\xc3\"}"]
        {
            raw(Some(JSON.1), body).expect_problem(400, "malformed_json");
        }
        raw(Some(JSON.1), "[".repeat(100_000).as_bytes()).expect_problem(400, "malformed_json");
        for content_type in [Some("text/plain"), Some("application/x-www-form-urlencoded"), None] {
            raw(content_type, b"{\"items\":[]}").expect_problem(415, "unsupported_media_type");
        }
        let padded = |n_bytes: usize| {
            let bare = json!({"items": 0, "pad": ""}).to_string().len();
            json!({"items": 0, "pad": "x".repeat(n_bytes - bare)}).to_string()
        };
        raw(Some(JSON.1), padded(MAX_MESSAGE_BYTES).as_bytes()).expect_problem(422, "invalid");
        raw(Some(JSON.1), padded(MAX_MESSAGE_BYTES + 1).as_bytes())
            .expect_problem(413, "content_too_large");
    }
    assert_eq!(space.metrics()["env_instances"], 0);
}

/// Sixteen clients, each with batches that overlap all others': every answered step is there, and
/// every refused batch left nothing.
#[test]
fn batches_that_overlap_wait_for_each_other_and_lose_nothing() {
    let space = Space::new("together");
    let all: Vec<Value> = (0..MAX_ENVS)
        .map(|id| json!({"env_id": id, "episode_length": 64, "fields": ["step_id"]}))
        .collect();
    space.reset(&json!({"items": all, "seed": 1}));
    let (answered, busy) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for client in 0..16_u32 {
            let (space, answered, busy) = (&space, &answered, &busy);
            scope.spawn(move || {
                // Half of the batches are whole, half leave a part out; all overlap in the middle.
                let widths = [MAX_ENVS, 300 + 10 * client, MAX_ENVS];
                for (round, width) in (0_u32..).zip(widths) {
                    let first = (client + round) % (MAX_ENVS - width + 1);
                    let actions: Vec<_> = (first..first + width).map(revoke).collect();
                    let body = json!({"actions": actions});
                    let done = (0..600).any(|_| {
                        let answer = space.post("/step", &body);
                        if answer.status == 503 {
                            answer.expect_problem(503, "busy");
                            busy.fetch_add(1, Ordering::Relaxed);
                            return false;
                        }
                        let n = listed(&answer, "results").len() as u64;
                        answered.fetch_add(n, Ordering::Relaxed);
                        true
                    });
                    assert!(done, "client {client} never had its turn");
                }
            });
        }
    });
    let (answered, busy) = (answered.into_inner(), busy.into_inner());
    println!("{answered} steps of 16 clients answered, {busy} batches were told to wait");
    let metrics = space.metrics();
    assert_eq!(metrics["totals"]["steps"], answered);
    assert_eq!(metrics["env_instances"], MAX_ENVS);
}
