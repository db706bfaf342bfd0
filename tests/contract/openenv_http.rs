//! The OpenEnv dialect of `/reset`, `/step` and `/state`: the standard's shapes over HTTP, with the
//! episode kept between requests.

use omniguard_core::action::{Action, ActionType};
use omniguard_core::environment::EnvConfig;
use omniguard_core::frame::Split;
use omniguard_core::rng::Rng;
use omniguard_core::vector::seed_of;
use omniguard_core::wire::request::ActionBody;
use omniguard_tests::native::{Native, drawn_action, revoke};
use omniguard_tests::space::{HEADER, Space, unique};
use omniguard_tests::{get, post, send};
use serde_json::{Value, json};

fn revoke_body() -> Value {
    json!({"action": {"action_type": "REVOKE_STDIO"}})
}

fn observed(observation: &Value) -> Value {
    json!({"observation": observation, "reward": null, "done": false})
}

#[test]
fn a_run_equals_the_native_one() {
    for seed in [0, 42, (1 << 53) - 1] {
        let space = Space::new("openenv");
        let mut native = Native::begin(EnvConfig::on(Split::Train), seed, 0);
        let shown = space.post("/reset", &json!({"seed": seed})).expect_ok();
        assert_eq!(shown, observed(&native.observation()));
        let mut rng = Rng::new(seed ^ 0xabc);
        for n in 0..100 {
            if native.env.episode_over() {
                native.env.reset();
                let shown = space.post("/reset", &json!({})).expect_ok();
                assert_eq!(shown, observed(&native.observation()), "seed {seed}, step {n}");
            }
            let action = drawn_action(&mut rng);
            let body = json!({"action": ActionBody::from(&action), "timeout_s": 30});
            let answer = space.post("/step", &body).expect_ok();
            assert_eq!(answer, native.step_openenv(&action), "seed {seed}, step {n}");
        }
        let state = space.get("/state").expect_ok();
        assert_eq!(state["trajectory_hash"], native.hash(), "seed {seed}");
        assert_eq!(state["n_episodes"], native.env.n_episodes_begun());
    }
}

#[test]
fn an_empty_body_starts_an_episode_of_a_drawn_seed() {
    let space = Space::new("empty");
    let headers = [(HEADER, space.name()), ("content-type", "application/json")];
    // The first two send no content type.
    let requests = [(1, None), (1, Some("")), (2, Some("")), (2, Some("{}"))];
    for (n, (n_headers, body)) in (1..).zip(requests) {
        let body = body.map(str::as_bytes);
        let answer = send("POST", "/reset", &headers[..n_headers], body).expect_ok();
        assert_eq!((&answer["reward"], &answer["done"]), (&Value::Null, &json!(false)));
        assert_eq!(answer["observation"]["last_step"], Value::Null);
        // The first starts a run, the others its next episodes.
        assert_eq!(space.state(0)["n_episodes"], n);
    }
    let state = space.state(0);
    assert!(state["episode_id"].as_str().is_some_and(|id| !id.is_empty()));
    let shown = Native::begin(EnvConfig::on(Split::Train), state["seed"].as_u64().unwrap(), 0);
    let again = space.post("/reset", &json!({"seed": state["seed"]})).expect_ok();
    assert_eq!(again, observed(&shown.observation()));
}

#[test]
fn a_step_before_the_reset_after_the_end_or_out_of_step_is_a_conflict() {
    let space = Space::new("openenv-conflict");
    space.post("/step", &revoke_body()).expect_problem(409, "conflict");
    space.post("/reset", &json!({"seed": 1, "episode_length": 2})).expect_ok();
    let numbered = |step_id: u32| {
        let mut body = revoke_body();
        body["step_id"] = json!(step_id);
        space.post("/step", &body)
    };
    numbered(1).expect_problem(409, "conflict");
    assert_eq!(space.state(0)["step_count"], 0);
    let first = numbered(0);
    assert_eq!(first.expect_ok()["observation"]["last_step"]["step_id"], 0);
    assert_eq!(numbered(0).body, first.body);
    assert_eq!(space.state(0)["step_count"], 1);
    let last = numbered(1);
    assert_eq!(last.expect_ok()["done"], true);
    assert!(last.json()["observation"]["last_step"]["episode_normalized_score"].is_number());
    let over = space.state(0);
    space.post("/step", &revoke_body()).expect_problem(409, "conflict");
    // The last one is told again after the end too.
    assert_eq!(numbered(1).body, last.body);
    assert_eq!(space.state(0), over);
}

#[test]
fn what_is_not_a_request_is_invalid_with_its_place() {
    let space = Space::new("openenv-invalid");
    let fields = |path: &str, body: &Value| -> Value {
        let problem = space.post(path, body).expect_problem(422, "invalid");
        problem["errors"][0]["loc"].clone()
    };
    for (body, loc) in [
        (json!([]), json!([])),
        (json!(null), json!([])),
        (json!({"seed": -1}), json!(["seed"])),
        (json!({"seed": 1_u64 << 53}), json!(["seed"])),
        (json!({"episode_id": "x".repeat(256)}), json!(["episode_id"])),
        (json!({"episode_id": 3}), json!(["episode_id"])),
        (json!({"phase": "later"}), json!(["phase"])),
        (json!({"episode_length": 0}), json!(["episode_length"])),
    ] {
        assert_eq!(fields("/reset", &body), loc, "{body}");
    }
    space.post("/reset", &json!({"seed": 1})).expect_ok();
    let before = space.state(0);
    for (body, loc) in [
        (json!({}), json!(["action"])),
        (json!("BLOCK"), json!([])),
        (json!({"action": "BLOCK"}), json!(["action"])),
        (json!({"action": {}}), json!(["action", "action_type"])),
        (json!({"action": {"action_type": "block"}}), json!(["action", "action_type"])),
        (json!({"action": {"action_type": "BLOCK", "env_id": 0}}), json!(["action", "env_id"])),
        (
            json!({"action": {"action_type": "BLOCK", "mcp_restrictions": [1]}}),
            json!(["action", "mcp_restrictions", 0]),
        ),
        (json!({"action": {"action_type": "BLOCK"}, "step_id": "0"}), json!(["step_id"])),
    ] {
        assert_eq!(fields("/step", &body), loc, "{body}");
    }
    assert_eq!(space.state(0), before);
}

#[test]
fn unknown_members_of_an_envelope_are_ignored() {
    let space = Space::new("envelope");
    space.post("/reset", &json!({"seed": 3, "mode": "fast", "options": {}})).expect_ok();
    let mut body = revoke_body();
    body["request_id"] = json!("r1");
    body["timeout_s"] = json!(null);
    assert_eq!(space.post("/step", &body).expect_ok()["done"], false);
    let mut body = revoke_body();
    body["action"]["metadata"] = json!({"any": "thing"});
    assert_eq!(space.post("/step", &body).expect_ok()["done"], false);
}

#[test]
fn an_episode_id_is_a_namespace_where_no_header_names_one() {
    let (one, other) = (unique("episode one"), unique("\u{e4}\u{1f600}/episode"));
    let reset = |id: &str| post("/reset", &json!({"seed": 7, "episode_id": id})).expect_ok();
    let step = |id: &str| {
        let mut body = revoke_body();
        body["episode_id"] = json!(id);
        post("/step", &body)
    };
    let state = |id: &str| {
        let escaped: Vec<_> = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        get(&format!("/state?episode_id={}", escaped.concat())).expect_ok()
    };
    step(&one).expect_problem(409, "conflict");
    assert_eq!(reset(&one), reset(&other));
    assert_eq!(step(&one).expect_ok()["done"], false);
    let (first, second) = (state(&one), state(&other));
    assert_eq!((&first["episode_id"], &first["step_count"]), (&json!(one), &json!(1)));
    assert_eq!((&second["episode_id"], &second["step_count"]), (&json!(other), &json!(0)));

    // A header of the same name is another namespace, and comes first.
    let space = Space::new("header-first");
    let body = json!({"seed": 8, "episode_id": one});
    space.post("/reset", &body).expect_ok();
    assert_eq!(space.state(0)["episode_id"], one);
    assert_eq!(state(&one), first);
    assert_eq!(Space::new("header-first").state(0)["episode_id"], Value::Null);
    let longest = unique("long") + &"x".repeat(255);
    let longest = &longest[..255];
    reset(longest);
    assert_eq!(state(longest)["episode_id"], longest);
}

#[test]
fn it_is_environment_0_of_the_batch_dialect() {
    let space = Space::new("both");
    space.reset(&json!({"items": [{"env_id": 0}, {"env_id": 1}], "seed": 5}));
    let state = space.get("/state").expect_ok();
    assert_eq!(state["seed"], seed_of(5, 0));
    assert_eq!(state, space.state(0));
    let openenv = space.post("/step", &revoke_body()).expect_ok();
    assert_eq!(openenv["observation"]["step_id"], 1);
    assert_eq!(space.step(&[revoke(0), revoke(1)])[0]["observation"]["step_id"], 2);
    assert_eq!(space.state(1)["step_count"], 1);
}

#[test]
fn only_the_asked_fields_are_told() {
    let space = Space::new("openenv-fields");
    let fields = json!({"seed": 3, "fields": ["payload_raw"]});
    let lean = space.post("/reset", &fields).expect_ok();
    assert_eq!(lean["observation"].as_object().unwrap().len(), 1);
    let mut native = Native::begin(EnvConfig::on(Split::Train), 3, 0);
    assert_eq!(lean["observation"]["payload_raw"], native.observation()["payload_raw"]);
    let answer = space.post("/step", &revoke_body()).expect_ok();
    let whole = native.step_openenv(&Action::of(ActionType::RevokeStdio));
    assert_eq!(answer["observation"], json!({"payload_raw": whole["observation"]["payload_raw"]}));
    assert_eq!((&answer["reward"], &answer["done"]), (&whole["reward"], &whole["done"]));
    let last = json!({"seed": 3, "fields": ["last_step"]});
    assert_eq!(space.post("/reset", &last).expect_ok()["observation"], json!({"last_step": null}));
    let answer = space.post("/step", &revoke_body()).expect_ok();
    assert_eq!(answer["observation"]["last_step"], whole["observation"]["last_step"]);
}
