//! The batch dialect of `/reset` and `/step`: the same runs as core's, all or nothing, and safe to
//! send again.

use omniguard_core::action::{Action, ActionType};
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{EnvConfig, MAX_SEED};
use omniguard_core::frame::Split;
use omniguard_core::reward::Component;
use omniguard_core::rng::Rng;
use omniguard_core::vector::seed_of;
use omniguard_core::wire::observation::OBSERVATION_SPACE;
use omniguard_tests::native::{Native, drawn_action, item, revoke};
use omniguard_tests::space::{MAX_ENVS, Space};
use serde_json::{Value, json};

fn sorted_keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn sorted(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

/// Items for these environments, without options.
fn items(env_ids: &[u32]) -> Vec<Value> {
    env_ids.iter().map(|env_id| json!({"env_id": env_id})).collect()
}

#[test]
fn answers_have_their_members_and_the_order_of_the_batch() {
    let space = Space::new("shape");
    let ids = [511, 0, 64, 63];
    let mut asked = items(&ids);
    asked[0] = json!({"env_id": 511, "task_name": "demo", "seed": 7, "episode_length": 1});
    let observations = space.reset(&json!({"items": asked, "seed": 1}));
    for (observation, id) in observations.iter().zip(ids) {
        assert_eq!(observation["env_id"], id);
        assert_eq!(
            sorted_keys(observation),
            sorted(OBSERVATION_SPACE.iter().map(|field| field.name))
        );
    }
    assert_eq!(
        (&observations[0]["task_id"], &observations[1]["task_id"]),
        (&json!("demo"), &json!("omniguard"))
    );

    let results = space.step(&ids.map(revoke));
    let reward = sorted(
        [
            "security_score",
            "usability_penalty",
            "latency_penalty",
            "format_compliance_score",
            "total",
            "verdict",
            "risk_level",
            "force_done",
            "components",
        ]
        .into_iter(),
    );
    for (result, id) in results.iter().zip(ids) {
        assert_eq!(sorted_keys(result), ["done", "env_id", "info", "observation", "reward"]);
        assert_eq!((&result["env_id"], &result["observation"]["env_id"]), (&json!(id), &json!(id)));
        assert_eq!(
            sorted_keys(&result["reward"]["components"]),
            sorted(Component::ALL.iter().map(|one| one.name()))
        );
        assert_eq!(result["info"]["step_id"], 0);
        assert!(result["info"]["truth"]["vector"].is_string());
        if id != 511 {
            assert_eq!(sorted_keys(&result["reward"]), reward);
            assert_eq!(result["done"], false);
        }
    }
    assert_eq!(results[0]["done"], true);
    assert_eq!(results[0]["observation"]["payload_raw"], "");
    assert!(results[0]["reward"]["episode_normalized_score"].is_number());
}

/// Plays environments of a namespace beside their native twins; ended episodes are reset by items.
fn compare(space: &Space, natives: &mut [(u32, Native)], observations: &[Value], n_steps: u32) {
    for ((id, native), observation) in natives.iter().zip(observations) {
        assert_eq!(*observation, native.observation(), "env {id}");
    }
    let mut rng = Rng::new(0xabc);
    for n in 0..n_steps {
        let over: Vec<u32> =
            natives.iter().filter(|(_, one)| one.env.episode_over()).map(|(id, _)| *id).collect();
        if !over.is_empty() {
            let shown = space.reset(&json!({"items": items(&over)}));
            let begun = natives.iter_mut().filter(|(_, one)| one.env.episode_over());
            for ((id, native), observation) in begun.zip(shown) {
                native.env.reset();
                assert_eq!(observation, native.observation(), "env {id}, step {n}");
            }
        }
        let actions: Vec<Action> = natives.iter().map(|_| drawn_action(&mut rng)).collect();
        let sent: Vec<Value> =
            natives.iter().zip(&actions).map(|((id, _), action)| item(*id, action, None)).collect();
        let results = space.step(&sent);
        assert_eq!(results.len(), natives.len());
        for (((id, native), action), result) in natives.iter_mut().zip(&actions).zip(results) {
            assert_eq!(result, native.step(action), "env {id}, step {n}");
        }
    }
    for (id, native) in natives {
        assert_eq!(space.state(*id)["trajectory_hash"], native.hash(), "env {id}");
    }
}

#[test]
fn trajectories_of_a_request_s_seed_equal_the_native_ones() {
    for seed in [0, 20_261_123, MAX_SEED] {
        let space = Space::new("parity");
        let ids = [0, 1, 63, 64, 127, 200, 300, 447, 448, 511];
        let begin = |id| (id, Native::begin(EnvConfig::on(Split::Train), seed_of(seed, id), id));
        let mut natives = ids.map(begin);
        let observations = space.reset(&json!({"items": items(&ids), "seed": seed}));
        compare(&space, &mut natives, &observations, 60);
    }
}

#[test]
fn the_options_of_an_item_are_its_run_s_alone() {
    let space = Space::new("options");
    let mut natives = Vec::new();
    let mut asked = Vec::new();
    for &phase in Phase::ALL {
        for &split in Split::ALL {
            let id = natives.len() as u32 * 31;
            let episode_length = 5 + natives.len() as u32;
            let config = EnvConfig { phase: Some(phase), episode_length, ..EnvConfig::on(split) };
            // One of two seeds is the item's own, the other is made from the request's.
            let own = id.is_multiple_of(2);
            let seed = if own { 99 } else { seed_of(3, id) };
            natives.push((id, Native::begin(config, seed, id)));
            let mut one = json!({"env_id": id, "split": split.name(), "phase": phase.name(),
                "episode_length": episode_length});
            if own {
                one["seed"] = json!(99);
            }
            asked.push(one);
        }
    }
    let observations = space.reset(&json!({"items": asked, "seed": 3}));
    compare(&space, &mut natives, &observations, 40);
}

#[test]
fn a_reset_without_items_is_for_every_environment_that_there_is() {
    let space = Space::new("all");
    assert!(space.reset(&json!({"items": []})).is_empty());
    let ids = [0, 70, 500];
    space.reset(&json!({"items": items(&ids), "seed": 4}));
    let states = space.states(&ids);
    let again = space.reset(&json!({"items": []}));
    assert_eq!(again.iter().map(|one| one["env_id"].clone()).collect::<Vec<_>>(), ids);
    for (state, id) in states.iter().zip(ids) {
        let next = space.state(id);
        assert_eq!((&next["seed"], &next["n_episodes"]), (&state["seed"], &json!(2)));
    }
    let seeded = space.reset(&json!({"items": [], "seed": 9}));
    assert_eq!(seeded.len(), 3);
    for (id, observation) in ids.into_iter().zip(seeded) {
        let native = Native::begin(EnvConfig::on(Split::Train), seed_of(9, id), id);
        assert_eq!(observation, native.observation());
        assert_eq!(space.state(id)["n_episodes"], 1);
    }
}

#[test]
fn a_seed_that_is_not_given_is_drawn_and_told() {
    let space = Space::new("drawn");
    let first = space.reset(&json!({"items": items(&[0, 1])}));
    let seeds: Vec<_> = space.states(&[0, 1]).iter().map(|one| one["seed"].clone()).collect();
    assert_ne!(seeds[0], seeds[1]);
    assert!(seeds.iter().all(|seed| seed.as_u64().is_some_and(|seed| seed <= MAX_SEED)));
    let asked = json!([{"env_id": 0, "seed": seeds[0]}, {"env_id": 1, "seed": seeds[1]}]);
    assert_eq!(space.reset(&json!({"items": asked})), first);
    let other = Space::new("drawn");
    other.reset(&json!({"items": items(&[0])}));
    assert_ne!(other.state(0)["seed"], seeds[0]);
}

/// The places that a refused batch names.
fn places(space: &Space, path: &str, body: &Value, status: u16, slug: &str) -> Value {
    let problem = space.post(path, body).expect_problem(status, slug);
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.iter().all(|one| one["msg"].as_str().is_some_and(|msg| !msg.is_empty())));
    errors.iter().map(|one| one["loc"].clone()).collect()
}

#[test]
fn steps_out_of_place_are_conflicts_and_change_nothing() {
    let space = Space::new("conflict");
    let refused =
        |actions: Value| places(&space, "/step", &json!({"actions": actions}), 409, "conflict");
    assert_eq!(refused(json!([revoke(5)])), json!([["actions", 0]]));
    space
        .reset(&json!({"items": [{"env_id": 5, "episode_length": 1}, {"env_id": 400}], "seed": 2}));
    space.step(&[revoke(5)]);
    let before = space.states(&[5, 400]);
    assert_eq!(refused(json!([revoke(400), revoke(5)])), json!([["actions", 1]]));
    // Over several shards every refused item is named, in the order of the batch.
    let all = json!([revoke(511), revoke(400), revoke(5), revoke(100)]);
    assert_eq!(refused(all), json!([["actions", 0], ["actions", 2], ["actions", 3]]));
    let mut early = revoke(400);
    early["step_id"] = json!(1);
    assert_eq!(refused(json!([early])), json!([["actions", 0]]));
    assert_eq!(space.states(&[5, 400]), before);
}

#[test]
fn a_step_sent_again_is_told_again_to_the_bit() {
    let space = Space::new("again");
    let ids = [3, 64, 510];
    space.reset(&json!({"items": items(&ids), "seed": 5}));
    let mut rng = Rng::new(5);
    let sent = |rng: &mut Rng, step_id| {
        let actions: Vec<_> =
            ids.iter().map(|&id| item(id, &drawn_action(rng), Some(step_id))).collect();
        json!({"actions": actions})
    };
    // Named by the frame that they answer, until an episode ends.
    for step_id in 0..16 {
        let body = sent(&mut rng, step_id);
        let first = space.post("/step", &body);
        let results = first.expect_ok();
        let states = space.states(&ids);
        for _ in 0..2 {
            assert_eq!(space.post("/step", &body).body, first.body);
        }
        // What was applied counts, not what is sent under its name later.
        assert_eq!(space.post("/step", &sent(&mut rng, step_id)).body, first.body);
        assert_eq!(space.states(&ids), states);
        if results["results"].as_array().unwrap().iter().any(|one| one["done"] == true) {
            assert!(step_id > 0, "another seed: no step but the last was told again");
            break;
        }
        if step_id > 0 {
            places(&space, "/step", &sent(&mut rng, step_id - 1), 409, "conflict");
        }
    }
}

#[test]
fn a_batch_of_which_a_part_was_applied_can_be_sent_again() {
    let space = Space::new("partly");
    let ids = [0, 1, 100];
    space.reset(&json!({"items": items(&ids), "seed": 6}));
    let mut natives = ids.map(|id| Native::begin(EnvConfig::on(Split::Train), seed_of(6, id), id));
    let spotlight = Action::of(ActionType::Spotlight);
    let sent = ids.map(|id| item(id, &spotlight, Some(0)));
    let part = space.step(&sent[1..]);
    let whole = space.step(&sent);
    assert_eq!(whole[1..], part);
    for (native, result) in natives.iter_mut().zip(whole) {
        assert_eq!(result, native.step(&spotlight));
    }
    // An unnamed step between forgets the named one.
    space.step(&[revoke(0)]);
    assert_eq!(
        places(&space, "/step", &json!({"actions": [sent[0]]}), 409, "conflict"),
        json!([["actions", 0]])
    );
}

#[test]
fn one_bad_item_among_511_good_changes_nothing() {
    let space = Space::new("nothing");
    let all: Vec<u32> = (0..MAX_ENVS).collect();
    space.reset(&json!({"items": items(&all[..511]), "seed": 8}));
    let good: Vec<Value> = all.iter().map(|&id| revoke(id)).collect();
    space.step(&good[..511]);
    let states = space.states(&all);
    let metrics = space.get("/metrics").body;
    let with = |idx: usize, bad: Value| {
        let mut actions = good.clone();
        // The last has never been reset: it takes part only where it is the bad one.
        if idx != 511 {
            actions.pop();
        }
        actions[idx] = bad;
        json!({"actions": actions})
    };
    let mut late = revoke(70);
    late["step_id"] = json!(9);
    for (idx, bad, status, loc) in [
        (511, revoke(511), 409, json!(["actions", 511])),
        (70, late, 409, json!(["actions", 70])),
        (0, json!({"env_id": 0, "action_type": "NOPE"}), 422, json!(["actions", 0, "action_type"])),
        (300, revoke(301), 422, json!(["actions", 301, "env_id"])),
        (448, revoke(512), 422, json!(["actions", 448, "env_id"])),
        (1, json!(null), 422, json!(["actions", 1])),
    ] {
        let slug = if status == 409 { "conflict" } else { "invalid" };
        assert_eq!(places(&space, "/step", &with(idx, bad), status, slug), json!([loc]));
        assert_eq!(space.get("/metrics").body, metrics);
    }
    let mut resets = items(&all);
    resets[500] = json!({"env_id": 500, "phase": "nope"});
    let refused = places(&space, "/reset", &json!({"items": resets, "seed": 1}), 422, "invalid");
    assert_eq!(refused, json!([["items", 500, "phase"]]));
    assert_eq!(space.get("/metrics").body, metrics);
    assert_eq!(space.states(&all), states);
    // The same batch without the bad one goes through at once: nothing is held any more.
    assert_eq!(space.step(&good[..511]).len(), 511);
}

#[test]
fn what_is_not_a_batch_is_invalid_with_its_place() {
    let space = Space::new("invalid");
    let long: Vec<u32> = (0..=MAX_ENVS).collect();
    let block = |id: Value| json!({"env_id": id, "action_type": "BLOCK"});
    for (items, loc) in [
        (json!([{"env_id": 3}, {"env_id": 3}]), json!(["items", 1, "env_id"])),
        (json!([{"env_id": 512}]), json!(["items", 0, "env_id"])),
        (json!([{"env_id": -1}]), json!(["items", 0, "env_id"])),
        (json!([{"env_id": 0}, {}]), json!(["items", 1, "env_id"])),
        (json!([{"env_id": 0, "seed": 0.5}]), json!(["items", 0, "seed"])),
        (json!([{"env_id": 0, "split": "mine"}]), json!(["items", 0, "split"])),
        (json!([{"env_id": 0, "episode_length": 65}]), json!(["items", 0, "episode_length"])),
        (json!([{"env_id": 0, "task_name": "x".repeat(65)}]), json!(["items", 0, "task_name"])),
        (json!([{"env_id": 0, "fields": ["no_such"]}]), json!(["items", 0, "fields"])),
        (json!(items(&long)), json!(["items"])),
        (json!("all"), json!(["items"])),
    ] {
        let body = json!({"items": items});
        assert_eq!(places(&space, "/reset", &body, 422, "invalid")[0], loc, "{loc}");
    }
    for (actions, loc) in [
        (json!([block(json!(3)), block(json!(3))]), json!(["actions", 1, "env_id"])),
        (json!([block(json!(512))]), json!(["actions", 0, "env_id"])),
        (json!([block(json!("0"))]), json!(["actions", 0, "env_id"])),
        (json!([{"action_type": "BLOCK"}]), json!(["actions", 0, "env_id"])),
        (json!([{"env_id": 0}]), json!(["actions", 0, "action_type"])),
        (
            json!([{"env_id": 0, "action_type": "BLOCK", "confidence": 2}]),
            json!(["actions", 0, "confidence"]),
        ),
        (json!([{"env_id": 0, "action_type": "BLOCK", "x": 1}]), json!(["actions", 0, "x"])),
        (
            json!([{"env_id": 0, "action_type": "BLOCK", "step_id": 64}]),
            json!(["actions", 0, "step_id"]),
        ),
        (json!([]), json!(["actions"])),
        (long.iter().map(|&id| revoke(id)).collect(), json!(["actions"])),
    ] {
        let body = json!({"actions": actions});
        assert_eq!(places(&space, "/step", &body, 422, "invalid")[0], loc, "{loc}");
    }
    assert_eq!(space.metrics()["env_instances"], 0);
}

#[test]
fn only_the_asked_fields_are_told() {
    let space = Space::new("fields");
    let fields = json!(["payload_raw", "step_id"]);
    let shown = space.reset(&json!({"items": [
        {"env_id": 0, "fields": fields}, {"env_id": 1, "fields": []},
        {"env_id": 2, "fields": ["last_step"]}, {"env_id": 3},
    ], "seed": 3}));
    assert_eq!(sorted_keys(&shown[0]), ["payload_raw", "step_id"]);
    assert_eq!(shown[1], json!({}));
    assert_eq!(shown[2], json!({"last_step": null}));
    let results = space.step(&[0, 1, 2, 3].map(revoke));
    for lean in &results[..2] {
        assert_eq!(sorted_keys(lean), ["done", "env_id", "observation", "reward"]);
        assert_eq!(sorted_keys(&lean["reward"]), ["total"]);
    }
    for full in &results[2..] {
        assert!(full["info"].is_object() && full["reward"]["components"].is_object());
    }
    // Leaner, not different: the run is the one that everything would have been told of.
    let mut native = Native::begin(EnvConfig::on(Split::Train), seed_of(3, 0), 0);
    let whole = native.step(&Action::of(ActionType::RevokeStdio));
    assert_eq!(results[0]["reward"]["total"], whole["reward"]["total"]);
    assert_eq!(results[0]["observation"]["payload_raw"], whole["observation"]["payload_raw"]);
    // The next episode keeps what was asked for.
    assert_eq!(
        sorted_keys(&space.reset(&json!({"items": items(&[0])}))[0]),
        ["payload_raw", "step_id"]
    );
}
