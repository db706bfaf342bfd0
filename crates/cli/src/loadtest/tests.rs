//! Loads of small servers on loopback that speak the real wire formats.

mod server;

use super::report::Report;
use super::*;
use clap::Parser;
use serde_json::json;
use server::{Behaviour, TestServer};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    args: LoadtestArgs,
}

/// The arguments of a short run; `more` is split at spaces.
fn args(server: &TestServer, more: &str) -> LoadtestArgs {
    let url = server.url();
    let short = ["loadtest", "--url", &url, "--seconds", "0.3", "--warmup", "0.05"];
    Cli::parse_from(short.into_iter().chain(more.split_whitespace())).args
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn report(args: &LoadtestArgs) -> Report {
    runtime().block_on(load(args)).unwrap()
}

fn error(args: &LoadtestArgs) -> String {
    runtime().block_on(load(args)).unwrap_err().to_string()
}

fn value(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

#[test]
fn sessions_are_seeded_and_reset_at_the_end_of_every_episode() {
    let server = TestServer::ws(Behaviour { episode_length: 5, ..Behaviour::default() });
    let report = value(&report(&args(&server, "--sessions 1,3 --seed 40")));
    for (row, size) in report["rows"].as_array().unwrap().iter().zip([1, 3]) {
        let round = &row["figures"][0]["rounds"][0];
        assert_eq!((&row["size"], &row["figures"][0]["errors"]), (&json!(size), &json!({})));
        let steps = round["n_steps"].as_f64().unwrap();
        assert!(steps > 20.0, "{steps} steps in 0.3 s");
        assert_eq!(round["steps_per_second"].as_f64().unwrap(), steps / 0.3);
        let resets = round["n_resets"].as_f64().unwrap();
        assert!((resets - steps / 5.0).abs() <= 2.0 * size as f64, "{resets} of {steps}");
        for name in ["p50_ms", "p99_ms", "reset_p50_ms"] {
            assert!(round[name].as_f64() > Some(0.0), "{name}");
        }
    }
    let mut seen = server.seen();
    assert_eq!((seen.out_of_episode, seen.farewells), (0, 1 + 1 + 3), "the probe is a session too");
    seen.seeds.sort_unstable();
    assert_eq!(seen.seeds, [40, 40, 40, 41, 42]);
}

#[test]
fn the_action_and_what_resets_ask_for_reach_the_server() {
    let server = TestServer::ws(Behaviour::default());
    let more = r#"--sessions 1 --action {"move":[1]} --reset {"fields":["x"],"seed":9}"#;
    report(&args(&server, more));
    let seen = server.seen();
    assert_eq!(seen.last_action, json!({"move": [1]}));
    assert_eq!(seen.last_reset["fields"], json!(["x"]));
    assert!(seen.seeds.iter().all(|seed| *seed == 9) && seen.seeds.len() > 2);
}

#[test]
fn errors_are_counted_by_kind_and_do_not_end_the_run() {
    let server =
        TestServer::ws(Behaviour { refuse_every: 10, hang_up_every: 95, ..Behaviour::default() });
    let report = report(&args(&server, "--sessions 2"));
    let figures = &value(&report)["rows"][0]["figures"][0];
    assert!(figures["steps_per_second"].as_f64().unwrap() > 50.0);
    let refused = &figures["errors"]["step: EXECUTION_ERROR"];
    let example = "the server refused to step: EXECUTION_ERROR: not this time";
    assert!(refused["count"].as_u64() > Some(1) && refused["example"] == json!(example));
    assert!(figures["errors"]["step: connection lost"]["count"].as_u64() > Some(0));
    let table = report.to_string();
    assert!(table.contains("x step: EXECUTION_ERROR; the first: the server refused"), "{table}");
}

#[test]
fn a_full_server_and_a_mute_one_are_told_apart() {
    let server = TestServer::ws(Behaviour { capacity: 1, ..Behaviour::default() });
    let full = value(&report(&args(&server, "--sessions 3")));
    let figures = &full["rows"][0]["figures"][0];
    assert!(figures["errors"]["reset: CAPACITY_REACHED"]["count"].as_u64() > Some(1), "{figures}");
    assert!(figures["steps_per_second"].as_f64() > Some(0.0));
    let server = TestServer::ws(Behaviour { mute: true, ..Behaviour::default() });
    let mute = error(&args(&server, "--timeout 0.1"));
    assert!(mute.contains("no answer to reset within 0.1 s"), "{mute}");
}

#[test]
fn what_can_never_succeed_is_told_at_once_with_a_next_step() {
    let server = TestServer::ws(Behaviour { refuse_every: 1, ..Behaviour::default() });
    let refused = error(&args(&server, ""));
    assert!(refused.contains("EXECUTION_ERROR: not this time"), "{refused}");
    assert!(refused.contains("--action"), "{refused}");
    let other = TestServer::batch(Behaviour::default());
    let no_socket = error(&args(&other, ""));
    assert!(no_socket.contains("HTTP 404 where a WebSocket"), "{no_socket}");
    let gone = args(&server, "");
    drop(server);
    let gone = error(&gone);
    assert!(gone.contains("nothing answers") && gone.contains("start the server"), "{gone}");
}

#[test]
fn a_server_that_answers_no_step_is_named() {
    let figures = |n_steps| {
        Figures::of("a", vec![measure::Measured { n_steps, ..measured(n_steps as f64, None) }])
    };
    let server =
        || Server { label: "a".into(), url: String::new(), action: Map::new(), reset: Map::new() };
    let report = |rows: Vec<Row>| Report {
        version: "0",
        protocol: Protocol::Ws,
        unit: "sessions",
        seconds: 1.0,
        warmup: 0.0,
        seed: 1,
        threads: 1,
        servers: vec![server()],
        rows,
    };
    let silent = report(vec![Row::new(1, vec![figures(0)]), Row::new(8, vec![figures(0)])]);
    assert_eq!(silent.silent().collect::<Vec<_>>(), ["a"]);
    assert!(silent.to_string().lines().nth(1).unwrap().contains('-'), "{silent}");
    let partly = report(vec![Row::new(1, vec![figures(0)]), Row::new(8, vec![figures(2)])]);
    assert_eq!(partly.silent().count(), 0);
}

#[test]
fn a_batch_resets_the_environments_that_ended_and_no_others() {
    let server = TestServer::batch(Behaviour { episode_length: 3, ..Behaviour::default() });
    let more = r#"--protocol batch --envs 1,4 --reset {"phase":"x"} --seed 6"#;
    let report = value(&report(&args(&server, more)));
    assert_eq!((&report["unit"], &report["protocol"]), (&json!("envs"), &json!("batch")));
    for (row, size) in report["rows"].as_array().unwrap().iter().zip([1, 4]) {
        let figures = &row["figures"][0];
        assert_eq!((&row["size"], &figures["errors"]), (&json!(size), &json!({})), "{figures}");
        let round = &figures["rounds"][0];
        assert!(round["n_steps"].as_u64() > Some(20) && round["n_resets"].as_u64() > Some(3));
        assert_eq!(round["n_steps"].as_u64().unwrap() % size, 0);
    }
    let seen = server.seen();
    assert_eq!((seen.out_of_episode, seen.needless_resets), (0, 0));
    assert_eq!(seen.seeds, [6, 6, 6], "one for each namespace: probe, row, row");
    assert_eq!((seen.namespaces.len(), &seen.last_reset["phase"]), (3, &json!("x")));
}

#[test]
fn problems_of_a_batch_are_counted_and_it_goes_on() {
    let server = TestServer::batch(Behaviour { refuse_every: 7, ..Behaviour::default() });
    let figures =
        &value(&report(&args(&server, "--protocol batch --envs 2")))["rows"][0]["figures"][0];
    let problem = &figures["errors"]["step: 422 invalid"];
    assert!(problem["count"].as_u64() > Some(0), "{figures}");
    assert!(problem["example"].as_str().unwrap().contains("not this time"), "{figures}");
    assert!(figures["steps_per_second"].as_f64() > Some(20.0));
    let server = TestServer::ws(Behaviour::default());
    let error = error(&args(&server, "--protocol batch"));
    assert!(error.contains("--protocol") || error.contains("log"), "{error}");
}

#[test]
fn a_comparison_takes_turns_and_tells_medians_and_their_ratio() {
    let first = TestServer::ws(Behaviour::default());
    let second = TestServer::ws(Behaviour { padding: 4000, ..Behaviour::default() });
    let (url, action) = (second.url(), r#"{"other":true}"#);
    let more = format!("--sessions 2 --label ours --compare {url} --compare-action {action}");
    let report = report(&args(&first, &more));
    assert_eq!(second.seen().last_action, json!({"other": true}));
    assert!(first.seen().last_step < second.seen().last_step, "the second comes last");
    assert!(first.seen().last_step > second.seen().first_step, "in turns, not one by one");

    let row = &value(&report)["rows"][0];
    let rate = |idx: usize| row["figures"][idx]["steps_per_second"].as_f64().unwrap();
    for idx in 0..2 {
        let rounds = row["figures"][idx]["rounds"].as_array().unwrap();
        let mut rates: Vec<_> =
            rounds.iter().map(|round| round["steps_per_second"].as_f64().unwrap()).collect();
        rates.sort_by(f64::total_cmp);
        assert_eq!((rates.len(), rates[1]), (3, rate(idx)));
    }
    assert_eq!(row["ratio"].as_f64().unwrap(), rate(0) / rate(1));
    assert!(row["figures"][1]["bytes_per_step"].as_f64().unwrap() > 4000.0);

    // The table has the same figures, rounded.
    let table = report.to_string();
    let cells: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((cells[1][0], cells[1][1]), ("ours", "2"), "{table}");
    for (idx, cells) in cells[1..3].iter().enumerate() {
        let figures = &row["figures"][idx];
        let decimals = |name: &str, n: usize| format!("{:.n$}", figures[name].as_f64().unwrap());
        assert_eq!(cells[2], decimals("steps_per_second", 0));
        assert_eq!((cells[3], cells[4]), (&*decimals("p50_ms", 3), &*decimals("p99_ms", 3)));
        assert_eq!((cells[5], cells[7]), (&*decimals("bytes_per_step", 0), "0"));
    }
    assert_eq!(cells[1][8], format!("{:.2}", row["ratio"].as_f64().unwrap()));
}

fn measured(steps_per_second: f64, p50_ms: Option<f64>) -> measure::Measured {
    measure::Measured {
        steps_per_second,
        p50_ms,
        p99_ms: None,
        reset_p50_ms: None,
        bytes_per_step: None,
        client_cpu: 0.0,
        n_steps: 0,
        n_resets: 0,
        errors: tally::ErrorKinds::new(),
    }
}

#[test]
fn medians_leave_out_what_is_not_known() {
    let rounds = vec![measured(3.0, None), measured(1.0, Some(4.0)), measured(2.0, Some(1.0))];
    let figures = serde_json::to_value(Figures::of("a", rounds)).unwrap();
    assert_eq!((&figures["steps_per_second"], &figures["p50_ms"]), (&json!(2.0), &json!(2.5)));
    assert_eq!(figures["p99_ms"], Value::Null);
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let refused = |more: &str| {
        let words = ["loadtest", "--url", "http://localhost:1"];
        Cli::try_parse_from(words.into_iter().chain(more.split_whitespace())).is_err()
    };
    assert!(!refused("--sessions 1,2"));
    for more in [
        "--sessions 0",
        "--seconds 0",
        "--seconds nan",
        "--warmup -1",
        "--action []",
        "--reset {",
        "--threads 0",
        "--compare-action {}",
        "--compare wss://localhost",
    ] {
        assert!(refused(more), "{more}");
    }
}

/// The rate at which the generator itself gives out, with `--release -- --nocapture`: the server
/// sends one answer of an observation's size to everything, on a thread of its own.
#[test]
fn the_generator_is_fast_enough_to_measure_with() {
    let server = TestServer::echo(1600);
    let report = report(&args(&server, "--sessions 1,8,64"));
    println!("against an echo:\n{report}");
    let rows = value(&report);
    let rate = rows["rows"][2]["figures"][0]["steps_per_second"].as_f64().unwrap();
    assert!(rate > 500.0, "{rate} steps/s");
}
