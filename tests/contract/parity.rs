//! The Worker plays the same run as core does natively: every reward, observation and hash.

use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{EnvConfig, Environment, StepOutcome};
use omniguard_core::frame::Split;
use omniguard_core::rng::Rng;
use omniguard_core::wire::hex64;
use omniguard_core::wire::observation::{FieldSet, ObservationBody};
use omniguard_core::wire::openenv::Observed;
use omniguard_core::wire::request::ActionBody;
use omniguard_core::wire::step;
use omniguard_tests::native::drawn_action;
use omniguard_tests::{Socket, corpus, policy, shared};
use serde_json::{Value, json};

/// Written and read again: shortest decimals are equal exactly where the bits are.
fn through_text(observed: &Observed) -> Value {
    serde_json::from_str(&serde_json::to_string(observed).unwrap()).unwrap()
}

fn compare(seed: u64, config: EnvConfig, options: &Value, n_steps: u32) {
    let mut socket = Socket::open();
    let mut env = Environment::new(config, corpus(), seed).unwrap();
    env.reset();
    let mut data = options.clone();
    data["seed"] = json!(seed);
    let mut observed = socket.reset(&data)["data"].take();
    let body = |env: &Environment, last: Option<&StepOutcome>| {
        ObservationBody::new(env, 0, "omniguard", last, FieldSet::ALL)
    };
    let mut native = Observed { observation: body(&env, None), reward: None, done: false };
    let mut rng = Rng::new(seed ^ 0xabc);
    for n in 0..n_steps {
        assert_eq!(observed, through_text(&native), "seed {seed}, step {n}");
        if native.done {
            env.reset();
            native = Observed { observation: body(&env, None), reward: None, done: false };
            observed = socket.reset(&json!({}))["data"].take();
            continue;
        }
        let action = drawn_action(&mut rng);
        let outcome = env.step(&action).unwrap();
        observed = socket.step(&json!(ActionBody::from(&action)))["data"].take();
        let reward = observed["reward"].as_f64().unwrap() as f32;
        assert_eq!(reward.to_bits(), outcome.reward.total.to_bits(), "seed {seed}, step {n}");
        native = Observed {
            observation: body(&env, Some(&outcome)),
            reward: Some(outcome.reward.total),
            done: step::done(&outcome),
        };
    }
    assert_eq!(socket.state()["trajectory_hash"], hex64(env.trajectory_hash()), "seed {seed}");
}

#[test]
fn a_default_run_equals_the_native_one() {
    let _leave = shared();
    for seed in [0, 7, (1 << 53) - 1] {
        compare(seed, EnvConfig::on(Split::Train), &json!({}), 400);
    }
}

#[test]
fn runs_of_every_phase_and_split_equal_the_native_ones() {
    let _leave = shared();
    for &phase in Phase::ALL {
        for &split in Split::ALL {
            let config =
                EnvConfig { phase: Some(phase), episode_length: 40, ..EnvConfig::on(split) };
            let options =
                json!({"phase": phase.name(), "split": split.name(), "episode_length": 40});
            compare(99, config, &options, 120);
        }
    }
}

/// The golden runs whose phase is pinned, played by the trained policy over the socket: what the
/// Worker reports at the end is the hash that native runs and browsers are held to.
#[test]
fn golden_runs_end_with_their_hash() {
    let _leave = shared();
    let golden = include_str!("../golden/play.jsonl");
    let mut n_played = 0;
    for line in golden.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let Some(phase) = expected["pinned_phase"].as_str() else { continue };
        let phase = Phase::ALL.iter().find(|known| known.short_name() == phase).unwrap();
        let seed = expected["seed"].as_u64().unwrap();
        let config = EnvConfig { phase: Some(*phase), ..EnvConfig::on(Split::Test) };
        // Keeps the policy's context; texts and hash come from the Worker.
        let mut mirror = Environment::new(config, corpus(), seed).unwrap();
        mirror.reset();
        let policy = policy();
        let mut socket = Socket::open();
        let options = json!({"seed": seed, "phase": phase.name(), "split": "test"});
        let mut observed = socket.reset(&options)["data"].take();
        for _ in 0..expected["steps"].as_u64().unwrap() {
            if mirror.episode_over() {
                mirror.reset();
                observed = socket.reset(&json!({}))["data"].take();
            }
            let text = observed["observation"]["payload_raw"].as_str().unwrap();
            let action = policy.decide(text, &mirror.context()).unwrap().action();
            mirror.step(&action).unwrap();
            observed = socket.step(&json!(ActionBody::from(&action)))["data"].take();
        }
        assert_eq!(socket.state()["trajectory_hash"], expected["trajectory_hash"], "{line}");
        n_played += 1;
    }
    assert!(n_played >= 2);
}
