//! Hosted models: whatever their upstream does, each caller is told what happened, no more than two
//! calls run at once, and the token stays where it is.

use crate::server::Server;
use crate::upstream::Upstream;
use omniguard_tests::{Answer, eventually, get, post, url};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// No prefix by which a reader of errors could know it for a secret.
const TOKEN: &str = "opaque~deployment~key~7731";
/// No limit that 200 clients would meet.
const MANY: [&str; 4] = ["--var", "INFER_PER_MINUTE:60000", "--var", "INFER_BURST:5000"];

/// A Worker that asks `upstream`, with more options.
fn start(upstream: &Upstream, more: &[&str]) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = folder.path().join("secrets");
    fs::write(&secrets, format!("HF_TOKEN={TOKEN}\n")).expect("a file");
    let base_url = format!("HF_BASE_URL:{}", upstream.url);
    let trained_url = format!("HF_TRAINED_URL:{}/", upstream.url);
    let mut options = vec!["--env-file", secrets.to_str().expect("UTF-8"), "--var", &base_url];
    options.extend(["--var", &trained_url, "--var", "HF_TRAINED_MODEL:adapter"]);
    options.extend(more);
    (Server::start(&options), folder)
}

fn request(script: &Value) -> Value {
    json!({"model": "base", "frame": {"text": script.to_string(), "channel": "tool_call"}})
}

fn ask(script: &Value) -> Answer {
    post("/api/infer", &request(script))
}

fn status() -> Value {
    get("/api/infer/status").expect_ok()
}

fn n_left() -> u64 {
    status()["budget"]["left"].as_u64().expect("a number")
}

fn n_used() -> u64 {
    status()["budget"]["limit"].as_u64().expect("a number") - n_left()
}

/// A connection that has asked for lines.
fn connect(script: &Value) -> BufReader<TcpStream> {
    let host = url().trim_start_matches("http://").to_owned();
    let body = request(script).to_string();
    let mut stream = TcpStream::connect(&host).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(45))).expect("a timeout");
    let head = format!(
        "POST /api/infer HTTP/1.1\r\nhost: {host}\r\naccept: application/x-ndjson\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).expect("an open connection");
    BufReader::new(stream)
}

/// The next line of the body that is about the request.
fn next_event(lines: &mut BufReader<TcpStream>) -> Value {
    loop {
        let mut line = String::new();
        assert_ne!(lines.read_line(&mut line).expect("a line"), 0, "the lines broke off");
        if let Ok(event @ Value::Object(_)) = serde_json::from_str(&line) {
            return event;
        }
    }
}

fn leave(lines: BufReader<TcpStream>) {
    lines.into_inner().shutdown(Shutdown::Both).expect("an open connection");
}

#[test]
fn every_failure_of_the_upstream_is_told_and_none_tells_the_token() {
    let upstream = Upstream::start();
    let (_server, _folder) = start(&upstream, &MANY);
    let log = std::env::var("OMNIGUARD_SERVER_LOG").expect("OMNIGUARD_SERVER_LOG");
    let logged_before = fs::metadata(&log).map_or(0, |meta| meta.len());
    let mut told = Vec::new();
    for (script, status, slug, n_calls) in [
        (json!({"name": "401", "status": 401}), 503, "upstream_rejected_credentials", 1),
        (json!({"name": "403", "status": 403}), 503, "upstream_rejected_credentials", 1),
        (json!({"name": "302", "status": 302}), 503, "upstream_unavailable", 1),
        (json!({"name": "400", "status": 400}), 503, "upstream_unavailable", 1),
        (json!({"name": "500", "status": 500}), 503, "upstream_unavailable", 1),
        (json!({"name": "504", "status": 504}), 504, "upstream_timeout", 1),
        (json!({"name": "429", "status": 429}), 503, "upstream_unavailable", 4),
        (json!({"name": "503", "status": 503, "retry_after": 1}), 503, "upstream_unavailable", 4),
        (json!({"name": "late", "status": 503, "retry_after": 99}), 503, "upstream_unavailable", 1),
        (json!({"name": "cut", "cut": true}), 503, "upstream_unavailable", 1),
        (json!({"name": "html", "raw": "<html>"}), 503, "upstream_unavailable", 1),
        (json!({"name": "empty", "raw": ""}), 503, "upstream_unavailable", 1),
        (json!({"name": "none", "raw": "{\"choices\":[]}"}), 503, "upstream_unavailable", 1),
        (json!({"name": "hang", "delay_ms": 90_000}), 504, "upstream_timeout", 1),
    ] {
        upstream.forget();
        let answer = ask(&script);
        let problem = answer.expect_problem(status, slug);
        println!("{}: {}", script["name"], problem["detail"]);
        assert_eq!(upstream.seen().calls.len(), n_calls, "{script}");
        assert_eq!(upstream.seen().authorization, format!("Bearer {TOKEN}"));
        let retry_after = script["retry_after"].as_u64().map_or(String::new(), |s| s.to_string());
        assert_eq!(answer.header("retry-after"), retry_after, "{script}");
        told.push(answer);
    }
    // What the upstream says is told, but for the token.
    let echoed = told.iter().find(|answer| answer.json()["detail"].to_string().contains("500"));
    let detail = echoed.expect("an answer").json()["detail"].to_string();
    assert!(detail.contains("as the script says") && detail.contains("[redacted]"), "{detail}");
    eventually(&json!(0), || status()["queue"]["in_flight"].clone());

    for path in ["/", "/openapi.json", "/api/infer/status", "/info", "/readyz"] {
        told.push(get(path));
    }
    for answer in &told {
        let text = format!("{} {:?}", String::from_utf8_lossy(&answer.body), answer.headers);
        assert!(!text.contains(TOKEN), "{text}");
    }
    let mut logged = Vec::new();
    let mut file = fs::File::open(&log).expect("a log");
    file.read_to_end(&mut logged).expect("a log");
    let logged = String::from_utf8_lossy(logged.get(logged_before as usize..).unwrap_or(&logged));
    assert!(logged.contains("upstream failed"), "the failures were logged");
    assert!(!logged.contains(TOKEN), "the token was logged");
}

#[test]
fn answers_are_read_told_again_and_never_made_up() {
    let upstream = Upstream::start();
    // The limits that a deployment has.
    let (_server, _folder) = start(&upstream, &[]);
    let left = n_left();
    let good = json!({"name": "good"});
    let first = ask(&good).expect_ok();
    assert_eq!((&first["outcome"], &first["model"]), (&json!("answered"), &json!("base")));
    assert_eq!(first["action"]["action_type"], "BLOCK");
    assert_eq!(first["action"]["confidence"], 0.9);
    assert_eq!(first["usage"]["total_tokens"], 630);
    assert_eq!((&first["cached"], &first["upstream_calls"]), (&json!(false), &json!(1)));
    assert_eq!(upstream.seen().body["model"], "Qwen/Qwen2.5-3B-Instruct");
    // Told again: free for the address and the budget.
    for _ in 0..10 {
        let again = ask(&good).expect_ok();
        assert_eq!((&again["cached"], &again["action"]), (&json!(true), &first["action"]));
    }
    assert_eq!(upstream.seen().calls.len(), 1);
    // The other model is asked for itself.
    let mut trained = request(&good);
    trained["model"] = "trained".into();
    let answer = post("/api/infer", &trained).expect_ok();
    assert_eq!((&answer["model_id"], &answer["cached"]), (&json!("adapter"), &json!(false)));
    assert_eq!(upstream.seen().body["model"], "adapter");

    let busy = ask(&json!({"name": "busy", "status": 429, "times": 2})).expect_ok();
    assert_eq!((&busy["upstream_calls"], &busy["outcome"]), (&json!(3), &json!("answered")));
    let plain = ask(&json!({"name": "plain", "plain_only": true})).expect_ok();
    assert_eq!((&plain["upstream_calls"], &plain["outcome"]), (&json!(3), &json!("answered")));
    let odd = ask(&json!({"name": "odd", "words": "Let it pass: ALLOW."})).expect_ok();
    assert_eq!((&odd["outcome"], &odd["action"]), (&json!("unparsed"), &Value::Null));
    assert_eq!(odd["unparsed"]["reason"], "no_object");
    assert_eq!(odd["content"], "Let it pass: ALLOW.");

    // Five at once: one more has to wait.
    let refused = ask(&json!({"name": "sixth"}));
    refused.expect_problem(429, "too_many_requests");
    let seconds = refused.header("retry-after").parse::<u32>().expect("seconds");
    assert!((1..=6).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("ratelimit-limit"), "10");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert_eq!(n_left(), left - 9);
    assert_eq!(status()["rate_limit"], json!({"per_minute": 10, "burst": 5}));
}

#[test]
fn of_two_hundred_clients_two_ask_at_once_and_everybody_is_told() {
    const N: usize = 200;
    let upstream = Upstream::start();
    let (_server, _folder) = start(&upstream, &MANY);
    let clients: Vec<_> = (0..N)
        .map(|n| std::thread::spawn(move || ask(&json!({"name": n.to_string(), "delay_ms": 150}))))
        .collect();
    let answers: Vec<_> =
        clients.into_iter().map(|client| client.join().expect("an answer")).collect();
    let answered: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.expect_problem(429, "queue_full");
        assert!(answer.header("retry-after").parse::<u32>().expect("seconds") >= 1);
    }
    assert!(answered.iter().all(|answer| answer.json()["outcome"] == "answered"));
    // Those who have a place are answered; more, as far as places came free meanwhile.
    assert!((22..N).contains(&answered.len()), "{}", answered.len());
    assert!(answered.iter().any(|answer| answer.json()["queue_delay_ms"].as_u64() >= Some(500)));
    assert_eq!(upstream.seen().most_in_flight, 2);
    assert_eq!(upstream.seen().calls.len(), answered.len());
    println!("of {N} clients {} were answered, the others told to come back", answered.len());
    let queue = status()["queue"].take();
    assert_eq!((&queue["waiting"], &queue["in_flight"]), (&json!(0), &json!(0)));

    // In the order of arrival, which clients that begin one after the other know.
    // One place is held meanwhile: of two calls that begin together, either may arrive first.
    let held = connect(&json!({"name": "holds a place", "delay_ms": 28_000}));
    eventually(&1, || upstream.seen().in_flight);
    upstream.forget();
    let mut all: Vec<_> = (0..12)
        .map(|n| {
            let mut lines = connect(&json!({"name": format!("in turn {n}"), "delay_ms": 200}));
            let event = next_event(&mut lines);
            assert!(event["event"] == "asking" || event["event"] == "waiting", "{event}");
            lines
        })
        .collect();
    for lines in &mut all {
        let last = loop {
            let event = next_event(lines);
            if event["event"] == "answer" {
                break event;
            }
        };
        assert_eq!((&last["status"], &last["body"]["outcome"]), (&json!(200), &json!("answered")));
    }
    let expected: Vec<_> = (0..12).map(|n| format!("in turn {n}")).collect();
    assert_eq!(upstream.seen().calls, expected);
    leave(held);
}

#[test]
fn who_leaves_frees_the_place_and_ends_the_call() {
    let upstream = Upstream::start();
    let (_server, _folder) = start(&upstream, &MANY);
    let queue = || {
        let queue = status()["queue"].take();
        (queue["in_flight"].as_u64(), queue["waiting"].as_u64())
    };
    let mut hanging: Vec<_> = ["a", "b", "c"]
        .map(|name| {
            let mut lines = connect(&json!({"name": name, "delay_ms": 25_000}));
            next_event(&mut lines);
            lines
        })
        .into();
    eventually(&(Some(2), Some(1)), queue);
    assert_eq!(next_event(hanging.last_mut().expect("three"))["ahead"], 0);
    // The one that waits leaves: nobody is asked for it.
    leave(hanging.pop().expect("three"));
    eventually(&(Some(2), Some(0)), queue);
    // The others leave: their calls end, and the next one is answered at once.
    for lines in hanging {
        leave(lines);
    }
    eventually(&(Some(0), Some(0)), queue);
    eventually(&2, || upstream.seen().given_up);
    let answer = ask(&json!({"name": "d"})).expect_ok();
    assert!(answer["queue_delay_ms"].as_u64() < Some(1_000), "{answer}");
    assert_eq!(upstream.seen().calls, ["a", "b", "d"]);
}

#[test]
fn a_restart_loses_no_count_of_the_budget() {
    let upstream = Upstream::start();
    let (mut server, _folder) = start(&upstream, &MANY);
    // Other tests have counted on the same day, in the same state.
    let daily = format!("INFER_DAILY_CALLS:{}", n_used() + 6);
    server.restart_with(&["--var", &daily]);
    assert_eq!(n_left(), 6);
    ask(&json!({"name": "1"})).expect_ok();
    ask(&json!({"name": "2 and 3", "status": 503, "times": 1})).expect_ok();
    // Killed in the middle of a call, which was counted before it was made.
    let mut lines = connect(&json!({"name": "4", "delay_ms": 25_000}));
    next_event(&mut lines);
    eventually(&4, || upstream.seen().calls.len());
    server.kill_and_restart();
    assert_eq!(n_left(), 2);
    ask(&json!({"name": "5"})).expect_ok();
    server.kill_and_restart();
    // The budget ends in the middle of a request: its retries count.
    let refused = ask(&json!({"name": "6", "status": 503}));
    for answer in [refused, ask(&json!({"name": "7"}))] {
        let problem = answer.expect_problem(429, "budget_spent");
        let seconds = answer.header("retry-after").parse::<u64>().expect("seconds");
        let budget = status()["budget"].take();
        let resets_in = budget["resets_in_seconds"].as_u64().expect("seconds");
        assert!(seconds.abs_diff(resets_in) < 60, "{seconds} {budget}");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains(budget["resets_at"].as_str().expect("a time")), "{detail}");
        assert_eq!(budget["left"], 0);
    }
    assert_eq!(upstream.seen().calls, ["1", "2 and 3", "2 and 3", "4", "5", "6"]);
}
