//! Steps and resets: `cargo bench -p omniguard-core --bench environment`.
//!
//! A step samples the next frame's recipe, lets the adversary choose, verifies, rewards and moves
//! the curriculum. Text is rendered only where the name of the benchmark says so.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use omniguard_core::action::{Action, ActionType};
use omniguard_core::corpus::Corpus;
use omniguard_core::embed::TokenTable;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::frame::{Split, Vector};
use omniguard_core::rng::Rng;
use std::hint::black_box;
use std::sync::Arc;

/// The committed token table.
fn table() -> Arc<TokenTable> {
    let bytes = include_bytes!("../../../public/tokens.bin");
    Arc::new(TokenTable::from_bytes(bytes).expect("the committed table loads"))
}

/// Steps per measured iteration: amortises the clock.
const BATCH: u64 = 1_024;

fn environment() -> Environment {
    let bytes = include_bytes!("../../../public/corpus.bin");
    let corpus = Arc::new(Corpus::from_bytes(bytes, table()).expect("the committed corpus loads"));
    let config = EnvConfig::on(Split::Train);
    let mut env = Environment::new(config, corpus, 1).expect("the default configuration is valid");
    env.reset();
    env
}

fn action(kind: ActionType) -> Action {
    Action::new(kind, 0.9, "what the policy found".into(), Vec::new()).expect("within the limits")
}

/// Answers `BATCH` frames, starting episodes as they end.
fn play(env: &mut Environment, mut answer: impl FnMut(&Environment) -> usize, actions: &[Action]) {
    for _ in 0..BATCH {
        let idx = answer(env);
        if black_box(env.step(&actions[idx])).is_err() || env.episode_over() {
            env.reset();
        }
    }
}

fn right_answer(env: &Environment) -> usize {
    let kind = match env.frame().map(|frame| frame.vector) {
        Some(Vector::Benign) | None => ActionType::Allow,
        Some(Vector::StdioEscape) => ActionType::RevokeStdio,
        Some(_) => ActionType::Block,
    };
    kind.index()
}

fn benches(c: &mut Criterion) {
    let actions: Vec<_> = ActionType::ALL.map(action).into_iter().collect();

    let mut group = c.benchmark_group("step");
    group.throughput(Throughput::Elements(BATCH));
    let mut env = environment();
    group.bench_function("right_answers", |b| b.iter(|| play(&mut env, right_answer, &actions)));
    let mut env = environment();
    let mut rng = Rng::new(2);
    group.bench_function("random_answers", |b| {
        b.iter(|| play(&mut env, |_| rng.below(6) as usize, &actions));
    });
    let mut env = environment();
    group.bench_function("text_rendered", |b| {
        b.iter(|| {
            play(
                &mut env,
                |env| {
                    black_box(env.frame_text());
                    right_answer(env)
                },
                &actions,
            );
        });
    });
    let mut env = environment();
    group.bench_function("full_observation", |b| {
        b.iter(|| {
            play(
                &mut env,
                |env| {
                    black_box(env.observe());
                    right_answer(env)
                },
                &actions,
            );
        });
    });
    let mut env = environment();
    group.bench_function("semantic_diff_on_attacks", |b| {
        b.iter(|| {
            play(
                &mut env,
                |env| match right_answer(env) {
                    idx if idx == ActionType::Block.index() => ActionType::SemanticDiff.index(),
                    idx => idx,
                },
                &actions,
            );
        });
    });
    group.finish();

    let mut env = environment();
    c.bench_function("reset/next_episode", |b| b.iter(|| env.reset()));
    c.bench_function("reset/seeded", |b| b.iter(|| black_box(env.reset_seeded(black_box(7)))));
}

criterion_group!(environment_benches, benches);
criterion_main!(environment_benches);
