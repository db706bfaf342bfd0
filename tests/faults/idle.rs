//! A namespace that nobody plays on is forgotten.

use crate::server::Server;
use omniguard_tests::eventually;
use omniguard_tests::native::revoke;
use omniguard_tests::space::Space;
use serde_json::{Value, json};

#[test]
fn an_idle_namespace_is_forgotten_and_may_begin_anew() {
    let mut server = Server::start(&["--var", "IDLE_SECONDS:2"]);
    let space = Space::new("idle");
    let items = json!({"items": [{"env_id": 0}, {"env_id": 64}, {"env_id": 511}], "seed": 1});
    let n_envs = || space.get("/healthz").expect_ok()["env_instances"].clone();
    let shown = space.reset(&items);
    assert_eq!(shown.len(), 3);
    // To be asked about does not keep it alive.
    eventually(&json!(0), n_envs);
    let actions = json!({"actions": [revoke(0), revoke(64), revoke(511)]});
    space.post("/step", &actions).expect_problem(409, "conflict");
    assert_eq!(space.state(64)["episode_id"], Value::Null);
    assert_eq!(space.metrics()["items"], json!([]));

    // A later life has its end too, even if the Worker is killed in it.
    assert_eq!(space.reset(&items), shown);
    server.kill_and_restart();
    eventually(&json!(0), n_envs);
    space.post("/step", &actions).expect_problem(409, "conflict");
}
