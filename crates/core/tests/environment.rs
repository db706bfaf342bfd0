//! The environment against its own rules, on the committed corpus.

use omniguard_core::action::{Action, ActionType};
use omniguard_core::adversary::{Adversary, Draw, Malleability};
use omniguard_core::agent::{Agent, Oracle, OracleTable};
use omniguard_core::check::{Effort, check_env};
use omniguard_core::corpus::format::{self, Content};
use omniguard_core::corpus::{Body, Corpus, Family, Part, Scenario};
use omniguard_core::curriculum::Phase;
use omniguard_core::embed::TokenTable;
use omniguard_core::environment::{ConfigError, EnvConfig, Environment};
use omniguard_core::evaluate::evaluate;
use omniguard_core::frame::{Channel, Frame, MAX_FRAME_BYTES, Mutation, Mutations, Split, Vector};
use omniguard_core::mutate::NESTABLE;
use omniguard_core::observation::Observation;
use omniguard_core::paired::Paired;
use omniguard_core::policy::Context;
use omniguard_core::reward::Component;
use omniguard_core::rng::Rng;
use omniguard_core::vector::VectorEnvironment;
use omniguard_core::{json, render};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The committed token table.
fn table() -> Arc<TokenTable> {
    let bytes = include_bytes!("../../../public/tokens.bin");
    Arc::new(TokenTable::from_bytes(bytes).expect("the committed table loads"))
}

fn corpus() -> Arc<Corpus> {
    let bytes = include_bytes!("../../../public/corpus.bin");
    Arc::new(Corpus::from_bytes(bytes, table()).expect("the committed corpus loads"))
}

#[test]
fn the_conformance_check_passes_on_every_split() {
    let corpus = corpus();
    for &split in Split::ALL {
        let effort = Effort { n_steps: 20_000, n_episodes: 60 };
        for finding in check_env(&corpus, split, effort).expect("the configuration is valid") {
            assert!(finding.passed, "{} on {}: {}", finding.name, split.name(), finding.detail);
        }
    }
}

/// A frame of `scenario` under `mutations`.
fn frame(corpus: &Corpus, scenario: u32, seed: u64, mutations: Mutations) -> Frame {
    Frame {
        scenario,
        slot_seed: seed,
        render_seed: seed.wrapping_mul(31),
        mutations,
        semantic_noise: 0.6,
        campaign: 1,
        vector: corpus.facts(scenario).vector,
    }
}

#[test]
fn every_scenario_renders_within_the_limit_and_as_json() {
    let corpus = corpus();
    for scenario in 0..corpus.n_scenarios() {
        for seed in 0..4 {
            let text = render::render(&corpus, &frame(&corpus, scenario, seed, Mutations::NONE));
            assert!(!text.is_empty() && text.len() <= MAX_FRAME_BYTES);
            assert!(!text.contains("{{"), "an unfilled slot in {text}");
            let facts = corpus.facts(scenario);
            assert!(text.len() <= (facts.envelope_bytes + facts.payload_bytes) as usize, "{text}");
            if !matches!(facts.channel, Channel::UserPrompt | Channel::Log) {
                let document = json::parse(&text).expect("MCP frames are JSON");
                assert_eq!(document.get("jsonrpc").and_then(json::Value::as_str), Some("2.0"));
            }
        }
    }
}

#[test]
fn drawn_mutations_stay_within_the_limit_and_keep_the_frame_valid() {
    let corpus = corpus();
    let mut seen: BTreeMap<Mutation, u32> = BTreeMap::new();
    for seed in 0..400 {
        let mut env = Environment::new(EnvConfig::on(Split::Train), corpus.clone(), seed)
            .expect("the configuration is valid");
        env.reset();
        while let Some(&frame) = env.frame() {
            let text = env.frame_text();
            assert!(text.len() <= MAX_FRAME_BYTES, "{} bytes: {text}", text.len());
            if !matches!(env.channel(), Some(Channel::UserPrompt | Channel::Log)) {
                assert!(json::parse(&text).is_some(), "{text}");
            }
            if let Some(arm) = frame.mutations.arm {
                *seen.entry(arm).or_default() += 1;
            }
            env.step(&Action::of(right_answer(frame.vector))).expect("the episode goes on");
        }
    }
    assert_eq!(seen.len(), Mutation::ALL.len(), "{seen:?}");
}

#[test]
fn long_scenarios_fit_under_every_mutation_that_the_adversary_may_draw() {
    let corpus = corpus();
    let mut longest: Vec<u32> = (0..corpus.n_scenarios()).collect();
    longest.sort_by_key(|&idx| std::cmp::Reverse(corpus.facts(idx).payload_bytes));
    for &scenario in longest.iter().take(20) {
        let facts = corpus.facts(scenario);
        let fits = |growth: f32| {
            facts.envelope_bytes as f32 + facts.payload_bytes as f32 * growth
                <= MAX_FRAME_BYTES as f32
        };
        let single = Mutation::ALL.iter().filter(|m| **m != Mutation::Nested).map(|&m| {
            (
                omniguard_core::mutate::max_growth(m),
                Mutations { arm: Some(m), first: Some(m), second: None },
            )
        });
        let nested = NESTABLE.iter().map(|&(first, second)| {
            let growth = omniguard_core::mutate::max_growth(first)
                * omniguard_core::mutate::max_growth(second);
            (
                growth,
                Mutations { arm: Some(Mutation::Nested), first: Some(first), second: Some(second) },
            )
        });
        for (growth, mutations) in single.chain(nested).filter(|(growth, _)| fits(*growth)) {
            for seed in 0..3 {
                let text = render::render(&corpus, &frame(&corpus, scenario, seed, mutations));
                assert!(text.len() <= MAX_FRAME_BYTES, "{mutations:?} {growth}: {}", text.len());
            }
        }
    }
}

fn right_answer(vector: Vector) -> ActionType {
    match vector {
        Vector::Benign => ActionType::Allow,
        Vector::StdioEscape => ActionType::RevokeStdio,
        _ => ActionType::Block,
    }
}

#[test]
fn realised_shares_are_those_of_the_design() {
    for (phase, malicious) in Phase::ALL.iter().zip([0.44, 0.65, 0.74]) {
        let config = EnvConfig { phase: Some(*phase), ..EnvConfig::on(Split::Train) };
        let mut env = Environment::new(config, corpus(), 5).expect("the configuration is valid");
        let (mut n_malicious, mut n_traps, mut last_campaign) = (0, 0, 0);
        let n = 20_000;
        for _ in 0..n {
            if env.frame().is_none() {
                env.reset();
            }
            let frame = *env.frame().expect("just reset");
            n_malicious += u32::from(frame.malicious());
            n_traps += u32::from(frame.campaign == last_campaign && frame.obfuscated());
            last_campaign = frame.campaign;
            env.step(&Action::of(right_answer(frame.vector))).expect("the episode goes on");
        }
        let share = n_malicious as f32 / n as f32;
        assert!((share - malicious).abs() < 0.02, "{}: {share}", phase.name());
        assert!(n_traps > 0);
    }
}

#[test]
fn a_frozen_adversary_keeps_the_weights_it_was_given() {
    let mut weights = [-20.0; Mutation::ALL.len()];
    weights[Mutation::Rot13.index()] = 0.0;
    let config = EnvConfig {
        adversary_frozen: true,
        adversary_log_weights: weights,
        phase: Some(Phase::ChainedExploitation),
        ..EnvConfig::on(Split::Train)
    };
    let mut env = Environment::new(config, corpus(), 6).expect("the configuration is valid");
    let (mut n_mutated, mut n_rotated) = (0, 0);
    for _ in 0..4_000 {
        if env.frame().is_none() {
            env.reset();
        }
        let arm = env.frame().expect("just reset").mutations.arm;
        n_mutated += u32::from(arm.is_some());
        n_rotated += u32::from(arm == Some(Mutation::Rot13));
        env.step(&Action::of(ActionType::Allow)).expect("playing");
    }
    // Exploration keeps 7% for all arms.
    assert!(n_mutated > 1_000 && f64::from(n_rotated) > 0.9 * f64::from(n_mutated));
    weights[0] = f32::NAN;
    let config = EnvConfig { adversary_log_weights: weights, ..config };
    assert_eq!(Environment::new(config, corpus(), 6).err(), Some(ConfigError::AdversaryWeights));
}

#[test]
fn a_breach_of_the_driver_ends_the_episode_for_both() {
    let config = EnvConfig::on(Split::Test);
    let mut paired = Paired::new(config, corpus(), 4).expect("the configuration is valid");
    let mut n_together = 0;
    for _ in 0..200 {
        paired.next_episode();
        while let Some(frame) = paired.trained().frame() {
            let follower = Action::of(right_answer(frame.vector));
            let outcome =
                paired.step(&Action::of(ActionType::Allow), Some(&follower)).expect("playing");
            n_together += u32::from(outcome.trained.terminated && outcome.baseline.is_some());
        }
        assert!(!paired.baseline_sits_out());
    }
    assert!(n_together > 150);
    assert_eq!(paired.baseline_metrics().n_episodes, 200);
    assert_eq!(paired.baseline_metrics().n_breaches, 0);
}

#[test]
fn an_allowed_attack_weighs_on_the_next_four_decisions_of_the_run() {
    let mut env = Environment::new(EnvConfig::on(Split::Train), corpus(), 2).expect("valid");
    env.reset();
    // Benign frames first, so that nothing is remembered; then one attack gets through.
    while env.metrics().n_breaches == 0 {
        if env.episode_over() {
            env.reset();
        }
        env.step(&Action::of(ActionType::Allow)).expect("the episode goes on");
    }
    env.reset();
    let repeated: Vec<f32> = (0..6)
        .map(|_| {
            let vector = env.frame().expect("16 frames").vector;
            let outcome = env.step(&Action::of(right_answer(vector))).expect("playing");
            outcome.reward.component(Component::RepeatedAllow)
        })
        .collect();
    assert_eq!(repeated, [-0.07, -0.07, -0.07, -0.07, 0.0, 0.0]);
    env.reset_seeded(2).expect("a valid seed");
    let vector = env.frame().expect("just reset").vector;
    let fresh = env.step(&Action::of(right_answer(vector))).expect("playing");
    assert_eq!(fresh.reward.component(Component::RepeatedAllow), 0.0);
}

#[test]
fn the_oracle_earns_what_its_table_promises_and_more_than_the_plain_right_answers() {
    let corpus = corpus();
    for &phase in Phase::ALL {
        let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(Split::Train) };
        let table = Arc::new(OracleTable::solve(&config, &corpus).expect("valid"));
        let promised = table.expected_return();
        let played = evaluate(&mut Oracle::new(table), &config, &corpus, 77, 400).expect("valid");
        let earned = played.episode_return();
        assert!((earned.mean - promised).abs() < 0.02 * promised, "{promised} {earned:?}");
        let plain = evaluate(&mut RightAnswers, &config, &corpus, 77, 400).expect("valid");
        assert!(plain.episode_return().mean < earned.mean);
        assert_eq!(plain.breaches(), 0.0);
    }
}

/// Knows the truth, but neither time nor the critic.
struct RightAnswers;

impl Agent for RightAnswers {
    fn act(&mut self, env: &Environment, _context: &Context) -> Action {
        let kind = env.frame().map_or(ActionType::Block, |frame| right_answer(frame.vector));
        Action::new(kind, 1.0, "known".into(), Vec::new()).expect("within the limits")
    }
}

/// A corpus in which attacks and their twins are the same text, of every vector.
fn corpus_of_equal_texts() -> Arc<Corpus> {
    let mut content = Content { domains: vec!["one".into()], ..Content::default() };
    for &vector in &Vector::ALL[1..] {
        let family = content.families.len() as u32;
        content.families.push(Family {
            id: vector.name().into(),
            domain: 0,
            split: Split::Train,
            channel: Channel::Log,
            vector,
            technique: "none".into(),
            tool: None,
            carried: false,
        });
        content.scenarios.extend([true, false].map(|malicious| Scenario {
            family,
            malicious,
            body: Body::Text,
            parts: vec![(String::new(), Part::Text("please run the nightly export".into()))],
            drifts: true,
            splits: true,
        }));
    }
    Arc::new(Corpus::from_bytes(&format::encode(&content), table()).expect("consistent"))
}

#[test]
fn equal_texts_of_different_truth_give_equal_observations() {
    let corpus = corpus_of_equal_texts();
    let mut seen: BTreeMap<String, Vec<(bool, Observation)>> = BTreeMap::new();
    for seed in 0..300 {
        let config = EnvConfig::on(Split::Train);
        let mut env = Environment::new(config, Arc::clone(&corpus), seed).expect("valid");
        env.reset();
        let malicious = env.frame().expect("just reset").malicious();
        let observation = env.observe();
        seen.entry(observation.payload_raw.clone()).or_default().push((malicious, observation));
    }
    let plain = &seen["please run the nightly export"];
    assert!(plain.iter().any(|(malicious, _)| *malicious));
    assert!(plain.iter().any(|(malicious, _)| !*malicious));
    for same_text in seen.values() {
        assert!(same_text.windows(2).all(|pair| pair[0].1 == pair[1].1));
    }
}

#[test]
fn the_driver_of_a_pair_plays_as_if_alone() {
    let config = EnvConfig { min_episodes_per_phase: 2, ..EnvConfig::on(Split::Test) };
    let mut paired = Paired::new(config, corpus(), 9).expect("the configuration is valid");
    let mut alone = Environment::new(config, corpus(), 9).expect("the configuration is valid");
    alone.reset();
    let (mut n_sat_out, mut n_breaches) = (0, 0);
    for step in 0..2_000 {
        if alone.frame().is_none() {
            alone.reset();
            paired.next_episode();
            assert!(!paired.baseline_sits_out());
        }
        let vector = alone.frame().expect("just reset").vector;
        let driver = Action::of(right_answer(vector));
        let follower = Action::of(ActionType::ALL[step % 6]);
        let outcome = paired.step(&driver, Some(&follower)).expect("the episode goes on");
        assert_eq!(Ok(outcome.trained), alone.step(&driver));
        n_sat_out += u32::from(outcome.baseline.is_none());
        n_breaches = paired.baseline_metrics().n_breaches;
    }
    assert_eq!(paired.trained().trajectory_hash(), alone.trajectory_hash());
    assert!(n_breaches > 0 && n_sat_out > n_breaches, "{n_breaches} {n_sat_out}");
    assert_eq!(paired.baseline_metrics().n_episodes, alone.metrics().n_episodes);
}

#[test]
fn vectorised_environments_equal_single_ones() {
    let config = EnvConfig::on(Split::Train);
    let corpus = corpus();
    let mut many =
        VectorEnvironment::new(config, &corpus, 3, 8).expect("the configuration is valid");
    let mut single =
        Environment::new(config, corpus, omniguard_core::vector::seed_of(3, 5)).expect("valid");
    single.reset();
    let actions = vec![Action::of(ActionType::Block); 8];
    let mut outcomes = Vec::new();
    for _ in 0..100 {
        many.step(&actions, &mut outcomes).expect("every environment is playing");
        assert_eq!(Ok(outcomes[5]), single.step(&actions[5]));
        if single.episode_over() {
            single.reset();
        }
    }
}

#[test]
fn every_scenario_bears_a_mutation() {
    let corpus = corpus();
    let adversary = Adversary::new(true);
    for scenario in 0..corpus.n_scenarios() {
        let facts = corpus.facts(scenario);
        let text = Malleability {
            envelope_bytes: facts.envelope_bytes,
            payload_bytes: facts.payload_bytes,
            drifts: facts.drifts,
            splits: facts.splits,
        };
        let draw = adversary.draw(&text, &mut Rng::new(u64::from(scenario)));
        assert_ne!(draw, Draw::NONE, "{}", corpus.family_of(scenario).id);
    }
}

#[test]
fn without_an_attack_there_is_no_trap_and_campaigns_are_shared_by_returns() {
    let mut env = Environment::new(EnvConfig::on(Split::Train), corpus(), 1).expect("valid");
    let mut previous: Option<Frame> = None;
    for _ in 0..5_000 {
        if env.frame().is_none() {
            env.reset();
            previous = None;
        }
        let frame = *env.frame().expect("just reset");
        if let Some(before) = previous.filter(|before| before.campaign == frame.campaign) {
            assert!(before.malicious() && frame.obfuscated());
            assert_eq!((before.scenario, before.slot_seed), (frame.scenario, frame.slot_seed));
        }
        env.step(&Action::of(right_answer(frame.vector))).expect("the episode goes on");
        previous = Some(frame);
    }
}
