//! The Worker is killed in the middle of episodes, and every environment goes on: nothing is lost,
//! nothing applied twice.

use crate::server::Server;
use omniguard_core::environment::EnvConfig;
use omniguard_core::frame::Split;
use omniguard_core::rng::Rng;
use omniguard_core::vector::seed_of;
use omniguard_tests::native::{Native, drawn_action, item};
use omniguard_tests::space::{Space, listed};
use omniguard_tests::{Answer, eventually};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const SEED: u64 = 20_261_123;
const N_KILLS: u32 = 20;
const N_ENVS: u32 = 96;
/// Environments are this far apart, so that they are spread over all eight shards.
const STRIDE: u32 = 5;

/// A client that does not give up, and the native run that the Worker's is held to.
struct Player {
    space: Space,
    natives: Vec<(u32, Native)>,
    rng: Rng,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    batches: u32,
    steps: u32,
    episodes: u32,
    /// Batches without an answer, by what had become of them.
    not_applied: u32,
    partly_applied: u32,
    applied: u32,
    /// Resets without an answer.
    resets: u32,
}

fn answered(space: &Space, path: &str, body: Option<&Value>) -> Option<Answer> {
    let text = body.map(Value::to_string);
    let method = if body.is_some() { "POST" } else { "GET" };
    let answer = space.try_send(method, path, text.as_deref().map(str::as_bytes)).ok()?;
    // A Worker that goes down, or comes up, may answer that it cannot.
    (answer.status < 500).then_some(answer)
}

/// Asks until there is an answer.
fn insist(space: &Space, path: &str, body: Option<&Value>) -> Answer {
    for _ in 0..2_400 {
        if let Some(answer) = answered(space, path, body) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{path} was not answered for two minutes");
}

impl Player {
    fn begin() -> Self {
        let space = Space::new("restarts");
        let ids = (0..N_ENVS).map(|n| n * STRIDE);
        let items: Vec<_> = ids.clone().map(|id| json!({"env_id": id})).collect();
        let shown = space.reset(&json!({"items": items, "seed": SEED}));
        let begin = |id| Native::begin(EnvConfig::on(Split::Train), seed_of(SEED, id), id);
        let natives: Vec<_> = ids.map(|id| (id, begin(id))).collect();
        for ((id, native), observation) in natives.iter().zip(shown) {
            assert_eq!(observation, native.observation(), "env {id}");
        }
        Self { space, natives, rng: Rng::new(SEED), tally: Tally::default() }
    }

    /// Takes a step in every environment.
    fn step(&mut self) {
        self.start_next_episodes();
        let mut sent = Vec::new();
        let mut actions = Vec::new();
        for (id, native) in &self.natives {
            let action = drawn_action(&mut self.rng);
            sent.push(item(*id, &action, Some(native.env.step_idx())));
            actions.push(action);
        }
        let body = json!({"actions": sent});
        let answer = answered(&self.space, "/step", Some(&body)).unwrap_or_else(|| {
            self.count_applied();
            insist(&self.space, "/step", Some(&body))
        });
        let results = listed(&answer, "results");
        assert_eq!(results.len(), self.natives.len());
        for (((id, native), action), result) in self.natives.iter_mut().zip(&actions).zip(results) {
            assert_eq!(result, native.step(action), "env {id}");
        }
        self.tally.batches += 1;
        self.tally.steps += actions.len() as u32;
        if self.rng.chance(0.2) {
            std::thread::sleep(Duration::from_millis(self.rng.below(50).into()));
        }
    }

    /// Which environments a batch without an answer has reached.
    fn count_applied(&mut self) {
        let metrics = insist(&self.space, "/metrics", None).expect_ok();
        let items = metrics["items"].as_array().expect("items");
        assert_eq!(items.len(), self.natives.len(), "environments were lost");
        let ahead = items
            .iter()
            .zip(&self.natives)
            .filter(|(item, (_, native))| item["steps"] != json!(native.env.metrics().n_steps));
        match ahead.count() as u32 {
            0 => self.tally.not_applied += 1,
            N_ENVS => self.tally.applied += 1,
            _ => self.tally.partly_applied += 1,
        }
    }

    /// A reset has no step to name: whether it was applied is seen by the episode that goes on.
    fn start_next_episodes(&mut self) {
        let mut over = Vec::new();
        for (id, native) in &mut self.natives {
            if native.env.episode_over() {
                native.env.reset();
                over.push(*id);
            }
        }
        self.tally.episodes += over.len() as u32;
        while !over.is_empty() {
            let items: Vec<_> = over.iter().map(|id| json!({"env_id": id})).collect();
            if let Some(answer) = answered(&self.space, "/reset", Some(&json!({"items": items}))) {
                assert_eq!(listed(&answer, "observations").len(), over.len());
                return;
            }
            self.tally.resets += 1;
            let metrics = insist(&self.space, "/metrics", None).expect_ok();
            let items = metrics["items"].as_array().expect("items");
            over.retain(|id| items.iter().any(|one| one["env_id"] == *id && one["done"] == true));
        }
    }
}

#[test]
fn episodes_go_on_after_kills() {
    let mut server = Server::start(&[]);
    let started = Instant::now();
    let mut player = Player::begin();
    let (stop, n_batches) = (AtomicBool::new(false), AtomicU32::new(0));
    let mut rng = Rng::new(SEED);
    let mut down = Duration::ZERO;
    std::thread::scope(|scope| {
        let playing = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                player.step();
                n_batches.fetch_add(1, Ordering::Relaxed);
            }
        });
        for _ in 0..N_KILLS {
            let before = n_batches.load(Ordering::Relaxed);
            eventually(&true, || {
                playing.is_finished() || n_batches.load(Ordering::Relaxed) > before
            });
            if playing.is_finished() {
                break;
            }
            std::thread::sleep(Duration::from_millis(rng.below(400).into()));
            let killed = Instant::now();
            server.kill_and_restart();
            down += killed.elapsed();
        }
        stop.store(true, Ordering::Relaxed);
    });

    let ids: Vec<u32> = player.natives.iter().map(|(id, _)| *id).collect();
    for ((id, native), state) in player.natives.iter().zip(player.space.states(&ids)) {
        assert_eq!(state["trajectory_hash"], native.hash(), "env {id}");
        assert_eq!(state["n_episodes"], native.env.n_episodes_begun(), "env {id}");
    }
    let Player { tally, space, .. } = player;
    assert_eq!(space.metrics()["totals"]["steps"], tally.steps);
    assert!(tally.not_applied + tally.partly_applied + tally.applied > 0, "no request was hit");
    println!(
        "killed {N_KILLS} times in {:.0} s ({:.0} s of them down): {tally:?}",
        started.elapsed().as_secs_f32(),
        down.as_secs_f32(),
    );
}
