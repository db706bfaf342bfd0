//! One bad item among 511 good ones, again and again: nothing is applied.

use omniguard_core::rng::Rng;
use omniguard_tests::native::revoke;
use omniguard_tests::space::{MAX_ENVS, Space};
use serde_json::{Value, json};

const N_BATCHES: u32 = 200;
/// Never reset.
const UNBORN: u32 = MAX_ENVS - 1;

/// A bad item and what it is answered with.
fn bad(rng: &mut Rng) -> (Value, u16) {
    let anyone = rng.below(UNBORN);
    match rng.below(5) {
        0 => (revoke(UNBORN), 409),
        1 => (revoke(MAX_ENVS + rng.below(1_000)), 422),
        2 => (revoke(anyone), 422),
        3 => (json!({"env_id": UNBORN, "action_type": "OBEY"}), 422),
        _ => (json!({"env_id": UNBORN, "action_type": "ALLOW", "step_id": 3}), 409),
    }
}

pub(crate) fn run(n_batches: u32) {
    let space = Space::new("bad-batches");
    let good: Vec<Value> = (0..UNBORN).map(revoke).collect();
    let items: Vec<_> = (0..UNBORN).map(|id| json!({"env_id": id})).collect();
    space.reset(&json!({"items": items, "seed": 1}));
    space.step(&good);
    let ids: Vec<u32> = (0..MAX_ENVS).collect();
    let (states, metrics) = (space.states(&ids), space.get("/metrics").body);
    let mut rng = Rng::new(4);
    for n in 0..n_batches {
        let (bad, status) = bad(&mut rng);
        let mut actions = good.clone();
        actions.insert(rng.below(MAX_ENVS) as usize, bad);
        let slug = if status == 409 { "conflict" } else { "invalid" };
        let problem =
            space.post("/step", &json!({"actions": actions})).expect_problem(status, slug);
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{problem}");
        assert!(space.get("/metrics").body == metrics, "batch {n} left something");
    }
    assert_eq!(space.states(&ids), states);
    assert_eq!(space.step(&good).len(), good.len());
}

pub(crate) fn run_all() {
    run(N_BATCHES);
}
