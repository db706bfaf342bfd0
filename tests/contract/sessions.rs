//! The OpenEnv conversation over `/ws`: every message, every error, and what survives them.

use omniguard_core::rng::Rng;
use omniguard_tests::{MAX_MESSAGE_BYTES, Socket, shared};
use serde_json::{Value, json};

#[track_caller]
fn expect_error(answer: &Value, code: &str) {
    assert_eq!(answer["type"], "error", "{answer}");
    assert_eq!(answer["data"]["code"], code, "{answer}");
    assert!(!answer["data"]["message"].as_str().unwrap().is_empty());
}

#[test]
fn an_episode_runs_from_reset_to_its_end() {
    let _leave = shared();
    let mut socket = Socket::open();
    assert_eq!(socket.state()["episode_id"], Value::Null);
    let answer = socket.reset(&json!({"seed": 42, "episode_id": "e1"}));
    assert_eq!(answer["type"], "observation");
    let data = &answer["data"];
    assert_eq!((&data["reward"], &data["done"]), (&Value::Null, &json!(false)));
    assert_eq!(data["observation"]["last_step"], Value::Null);
    assert!(!data["observation"]["payload_raw"].as_str().unwrap().is_empty());
    let mut n_steps = 0;
    loop {
        let answer = socket.step(&json!({"action_type": "REVOKE_STDIO", "rationale": "a test"}));
        n_steps += 1;
        let data = &answer["data"];
        let last = &data["observation"]["last_step"];
        let sum: f64 =
            last["components"].as_object().unwrap().values().filter_map(Value::as_f64).sum();
        assert!((sum - data["reward"].as_f64().unwrap()).abs() < 1e-4, "{last}");
        assert!(last["truth"]["vector"].is_string() && last["flags"].is_object());
        if data["done"] == json!(true) {
            assert_eq!(data["observation"]["payload_raw"], "");
            assert!(last["episode_normalized_score"].is_number());
            break;
        }
    }
    // REVOKE_STDIO never breaches, so the episode ends when its frames are used up.
    assert_eq!(n_steps, 16);
    let state = socket.state();
    assert_eq!((&state["episode_id"], &state["step_count"]), (&json!("e1"), &json!(16)));
    assert_eq!((&state["seed"], &state["split"]), (&json!(42), &json!("train")));
}

#[test]
fn steps_out_of_place_are_errors() {
    let _leave = shared();
    let mut socket = Socket::open();
    let block = json!({"action_type": "BLOCK"});
    let early = socket.step(&block);
    expect_error(&early, "EXECUTION_ERROR");
    assert_eq!(early["data"]["reason"], "reset_needed");
    socket.reset(&json!({"seed": 1, "episode_length": 1}));
    assert_eq!(socket.step(&block)["data"]["done"], true);
    let state = socket.state();
    let late = socket.step(&block);
    expect_error(&late, "EXECUTION_ERROR");
    assert_eq!(late["data"]["reason"], "episode_over");
    assert_eq!(socket.state(), state);
}

#[test]
fn a_bad_message_is_an_error_and_the_session_goes_on() {
    let _leave = shared();
    let mut socket = Socket::open();
    socket.reset(&json!({"seed": 5}));
    let before = socket.state();
    for text in ["", "{", "nul", "{\"type\":\"state\"}}", "{\"a\":\"\\ud800\"}"] {
        expect_error(&socket.ask_text(text), "INVALID_JSON");
    }
    for text in ["{}", r#"{"type":"jump"}"#, r#"{"type":7}"#, r#"{"type":"MCP","data":{}}"#] {
        expect_error(&socket.ask_text(text), "UNKNOWN_TYPE");
    }
    // What is no JSON-RPC is an error of JSON-RPC, which clients of that protocol read.
    let refused = socket.ask(&json!({"type": "mcp", "data": {}}));
    assert_eq!(
        (&refused["type"], &refused["data"]["error"]["code"]),
        (&json!("mcp"), &json!(-32600))
    );
    for (message, place) in [
        (json!([]), json!([])),
        (json!({"type": "step"}), json!(["data", "action_type"])),
        (json!({"type": "step", "data": {"action_type": "NOPE"}}), json!(["data", "action_type"])),
        (
            json!({"type": "step", "data": {"action_type": "BLOCK", "confidence": 2}}),
            json!(["data", "confidence"]),
        ),
        (json!({"type": "step", "data": {"action_type": "BLOCK", "x": 1}}), json!(["data", "x"])),
        (json!({"type": "reset", "data": {"seed": -1}}), json!(["data", "seed"])),
        (
            json!({"type": "reset", "data": {"episode_id": "x".repeat(256)}}),
            json!(["data", "episode_id"]),
        ),
    ] {
        let answer = socket.ask(&message);
        expect_error(&answer, "VALIDATION_ERROR");
        assert_eq!(answer["data"]["errors"][0]["loc"], place, "{message}");
    }
    assert_eq!(socket.state(), before);
    assert_eq!(socket.step(&json!({"action_type": "BLOCK"}))["type"], "observation");
}

#[test]
fn frames_that_are_no_text_are_errors_and_the_session_goes_on() {
    let _leave = shared();
    let mut socket = Socket::open();
    socket.reset(&json!({"seed": 6}));
    let before = socket.state();
    for bytes in [&b""[..], b"{\"type\":\"state\"}", &[0xff; 1000]] {
        socket.send_binary(bytes);
        expect_error(&socket.receive(), "INVALID_JSON");
    }
    for bytes in [&b"\xff\xfe\xfd"[..], b"\xc3\x28", b"{\"type\":\"\xf0\x9f\"}", b"\xed\xa0\x80"] {
        socket.send_bytes_as_text(bytes);
        let answer = socket.receive();
        assert_eq!(answer["type"], "error", "{answer}");
    }
    assert_eq!(socket.state(), before);
}

#[test]
fn a_message_over_the_limit_is_an_error_and_the_session_goes_on() {
    let _leave = shared();
    let mut socket = Socket::open();
    socket.reset(&json!({"seed": 6}));
    let before = socket.state();
    let padded = |n_bytes: usize| {
        let bare = json!({"type": "state", "pad": ""}).to_string().len();
        json!({"type": "state", "pad": "x".repeat(n_bytes - bare)}).to_string()
    };
    assert_eq!(socket.ask_text(&padded(MAX_MESSAGE_BYTES))["type"], "state");
    for n_bytes in [MAX_MESSAGE_BYTES + 1, 1_000_000] {
        let answer = socket.ask_text(&padded(n_bytes));
        expect_error(&answer, "VALIDATION_ERROR");
        assert_eq!(answer["data"]["reason"], "message_too_large");
    }
    assert_eq!(socket.state(), before);
}

#[test]
fn ten_thousand_random_messages_leave_the_session_alive() {
    let _leave = shared();
    let mut rng = Rng::new(20_260_101);
    let mut socket = Socket::open();
    socket.reset(&json!({"seed": 8}));
    for _ in 0..10_000 {
        match rng.below(4) {
            0 => socket.send_binary(&noise(&mut rng)),
            1 => socket.send_bytes_as_text(&noise(&mut rng)),
            2 => socket.send_text(&String::from_utf8_lossy(&noise(&mut rng))),
            _ => socket.send_text(&scrambled(&mut rng)),
        }
        let answer = socket.receive();
        let kind = answer["type"].as_str().unwrap();
        assert!(["error", "observation", "state"].contains(&kind), "{answer}");
    }
    // Nothing of it has touched what a run is made of.
    let mut fresh = Socket::open();
    assert_eq!(socket.reset(&json!({"seed": 8})), fresh.reset(&json!({"seed": 8})));
    let action = json!({"action_type": "REVOKE_STDIO"});
    assert_eq!(socket.step(&action), fresh.step(&action));
    assert_eq!(socket.state()["trajectory_hash"], fresh.state()["trajectory_hash"]);
}

fn noise(rng: &mut Rng) -> Vec<u8> {
    let n_bytes = rng.below(200);
    (0..n_bytes).map(|_| rng.below(256) as u8).collect()
}

/// A valid message with some bytes changed. Never `close`, which would end the session rightly.
fn scrambled(rng: &mut Rng) -> String {
    let messages = [
        r#"{"type":"step","data":{"action_type":"BLOCK","confidence":0.5,"mcp_restrictions":["x"]}}"#,
        r#"{"type":"reset","data":{"seed":42,"phase":"bootstrapping","episode_length":3}}"#,
        r#"{"type":"state"}"#,
    ];
    let mut bytes = messages[rng.below(3) as usize].as_bytes().to_vec();
    for _ in 0..rng.below(4) {
        let idx = rng.below(bytes.len() as u32) as usize;
        bytes[idx] = 0x20 + rng.below(0x5f) as u8;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_server_draws_a_seed_and_reports_it() {
    let _leave = shared();
    let mut socket = Socket::open();
    let first = socket.reset(&json!({"split": "test"}));
    let seed = socket.state()["seed"].clone();
    assert!(seed.as_u64().is_some_and(|seed| seed < 1 << 53));
    let again = socket.reset(&json!({"split": "test", "seed": seed}));
    assert_eq!(first, again);
    let mut other = Socket::open();
    other.reset(&json!({}));
    assert_ne!(other.state()["seed"], seed);
    assert_ne!(other.state()["episode_id"], socket.state()["episode_id"]);
}

#[test]
fn either_side_may_close() {
    let _leave = shared();
    let mut socket = Socket::open();
    socket.send_text(r#"{"type":"close"}"#);
    assert_eq!(socket.closed(), Some(1000));
    assert_eq!(Socket::open().close(1000), Some(1000));
    assert_eq!(Socket::open().close(4321), Some(4321));
}
