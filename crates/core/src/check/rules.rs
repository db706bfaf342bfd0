//! Determinism, ranges, sums, errors, and that every action is somewhere the only best one.

use super::{Effort, Finding};
use crate::action::{Action, ActionType, N_ACTIONS};
use crate::corpus::Corpus;
use crate::environment::{ConfigError, EnvConfig, Environment, StepError};
use crate::frame::{Split, Vector};
use crate::history::Verdict;
use crate::math::argmax;
use crate::reward::{BREACH, MAX_TOTAL, MIN_TOTAL};
use crate::rng::Rng;
use alloc::{format, string::String, sync::Arc, vec, vec::Vec};

pub(super) fn check(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Vec<Finding>, ConfigError> {
    let config = EnvConfig { min_episodes_per_phase: 2, ..EnvConfig::on(split) };
    Ok(vec![
        seeds(&config, corpus, effort)?,
        clones(&config, corpus, effort)?,
        rewards(&config, corpus, effort)?,
        errors(&config, corpus)?,
        unique_best(&config, corpus, effort)?,
    ])
}

/// A random action with random confidence, rationale and restrictions.
pub(super) fn random_action(rng: &mut Rng) -> Action {
    let kind = ActionType::ALL[rng.below(N_ACTIONS as u32) as usize];
    let rationale = ["", "ok", "looks fine", "an attack", "maximize reward"][rng.below(5) as usize];
    let restrictions = if rng.chance(0.5) { vec![String::from("write")] } else { Vec::new() };
    Action::new(kind, rng.f32(), rationale.into(), restrictions)
        .unwrap_or_else(|_| Action::of(kind))
}

fn play(env: &mut Environment, rng: &mut Rng, n_steps: u32) -> u64 {
    for _ in 0..n_steps {
        if env.frame().is_none() {
            env.reset();
        }
        // Only a finished episode refuses, and that was just ruled out.
        let _ = env.step(&random_action(rng));
    }
    env.trajectory_hash()
}

fn seeds(config: &EnvConfig, corpus: &Arc<Corpus>, effort: Effort) -> Result<Finding, ConfigError> {
    let run = |seed| -> Result<u64, ConfigError> {
        let mut env = Environment::new(*config, Arc::clone(corpus), seed)?;
        Ok(play(&mut env, &mut Rng::new(1), effort.n_steps))
    };
    let mut replayed = Environment::new(*config, Arc::clone(corpus), 6)?;
    play(&mut replayed, &mut Rng::new(2), 50);
    replayed.reset_seeded(5)?;
    let again = play(&mut replayed, &mut Rng::new(1), effort.n_steps);
    let (first, second, other) = (run(5)?, run(5)?, run(6)?);
    let passed = first == second && first == again && first != other;
    let detail = format!("{first:016x} {second:016x} {again:016x}; another seed {other:016x}");
    Ok(Finding::new("seed_determinism", passed, detail))
}

fn clones(
    config: &EnvConfig,
    corpus: &Arc<Corpus>,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let mut env = Environment::new(*config, Arc::clone(corpus), 11)?;
    let mut rng = Rng::new(3);
    let mut n_different = 0;
    for _ in 0..effort.n_steps.min(2_000) {
        if env.frame().is_none() {
            env.reset();
        }
        let action = random_action(&mut rng);
        let mut observed = env.clone();
        let before = observed.observe();
        n_different += u32::from(before != env.observe());
        let theirs = observed.step(&action);
        n_different += u32::from(theirs != env.step(&action));
        n_different += u32::from(observed.trajectory_hash() != env.trajectory_hash());
    }
    let detail = format!("{n_different} differences between an environment and its clones");
    Ok(Finding::new("step_determinism", n_different == 0, detail))
}

fn rewards(
    config: &EnvConfig,
    corpus: &Arc<Corpus>,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let mut env = Environment::new(*config, Arc::clone(corpus), 12)?;
    let mut rng = Rng::new(4);
    let mut worst_gap = 0.0f32;
    let mut n_wrong = 0;
    for _ in 0..effort.n_steps {
        if env.frame().is_none() {
            env.reset();
        }
        let Ok(outcome) = env.step(&random_action(&mut rng)) else { continue };
        let reward = &outcome.reward;
        let sum: f32 = reward.components.iter().sum();
        worst_gap = worst_gap.max((sum - reward.total).abs());
        let breach = outcome.verdict == Verdict::Breach;
        let in_range = if breach {
            reward.total == BREACH && outcome.terminated && !outcome.truncated
        } else {
            (MIN_TOTAL..=MAX_TOTAL).contains(&reward.total) && !outcome.terminated
        };
        let scored = outcome.episode_score.is_none_or(|score| (0.0..=1.0).contains(&score));
        let ended = outcome.episode_score.is_some() == (outcome.terminated || outcome.truncated);
        n_wrong += u32::from(!in_range || !scored || !ended || !reward.total.is_finite());
    }
    let passed = n_wrong == 0 && worst_gap < 1e-5;
    let detail = format!("{n_wrong} steps out of range, components off by at most {worst_gap:e}");
    Ok(Finding::new("reward_ranges_and_sums", passed, detail))
}

fn errors(config: &EnvConfig, corpus: &Arc<Corpus>) -> Result<Finding, ConfigError> {
    let mut env = Environment::new(*config, Arc::clone(corpus), 13)?;
    let action = Action::of(ActionType::RevokeStdio);
    let early = env.step(&action) == Err(StepError::ResetNeeded);
    env.reset();
    while env.frame().is_some() {
        let _ = env.step(&action);
    }
    let hash = env.trajectory_hash();
    let late = matches!(env.step(&action), Err(StepError::EpisodeOver { .. }));
    let unchanged = hash == env.trajectory_hash() && env.observe().payload_raw.is_empty();
    let seed = Environment::new(*config, Arc::clone(corpus), u64::MAX).is_err();
    let length = EnvConfig { episode_length: 65, ..*config };
    let length = Environment::new(length, Arc::clone(corpus), 1).is_err();
    let passed = early && late && unchanged && seed && length;
    let detail = format!(
        "step before reset refused: {early}; after the end: {late}, state kept: {unchanged}; \
         seed above 2^53 - 1: {seed}; 65 frames: {length}"
    );
    Ok(Finding::new("typed_errors", passed, detail))
}

/// What a tick is taken to be worth when rewards tie.
const TICK_PRICE: f32 = 1e-3;

/// Which action is the only best one for a truth; `SPOTLIGHT` for an uncertain frame.
fn unique_best(
    config: &EnvConfig,
    corpus: &Arc<Corpus>,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let mut env = Environment::new(*config, Arc::clone(corpus), 14)?;
    let mut seen = [false; N_ACTIONS];
    // Expected rewards over frames that are attacks 40% of the time.
    let mut uncertain = [0.0f32; N_ACTIONS];
    let (mut n_benign, mut n_attacks) = (0.0f32, 0.0f32);
    let mut by_class = [[0.0f32; N_ACTIONS]; 2];
    for _ in 0..effort.n_steps.min(3_000) {
        env.reset();
        let Some(&frame) = env.frame() else { continue };
        let rewards = ActionType::ALL.map(|kind| {
            let names = corpus.named_tool(frame.scenario).map(Into::into).into_iter().collect();
            let action =
                Action::new(kind, 1.0, "known".into(), names).unwrap_or_else(|_| Action::of(kind));
            env.clone().step(&action).map_or(f32::NEG_INFINITY, |outcome| outcome.reward.total)
        });
        // Time is worth something even where it does not overrun yet: ties go to the quicker one.
        let net = core::array::from_fn::<_, N_ACTIONS, _>(|idx| {
            rewards[idx] - TICK_PRICE * ActionType::ALL[idx].ticks() as f32
        });
        let best = argmax(&net);
        seen[best] |=
            (0..N_ACTIONS).all(|idx| idx == best || net[idx] < net[best] - 0.5 * TICK_PRICE);
        if frame.vector != Vector::StdioEscape {
            let class = usize::from(frame.malicious());
            if class == 1 {
                n_attacks += 1.0;
            } else {
                n_benign += 1.0;
            }
            for (sum, reward) in by_class[class].iter_mut().zip(rewards) {
                *sum += reward;
            }
        }
    }
    for (idx, value) in uncertain.iter_mut().enumerate() {
        *value = 0.6 * by_class[0][idx] / n_benign.max(1.0)
            + 0.4 * by_class[1][idx] / n_attacks.max(1.0);
    }
    let spotlight = argmax(&uncertain) == ActionType::Spotlight.index();
    seen[ActionType::Spotlight.index()] |= spotlight;
    let missing: Vec<_> =
        ActionType::ALL.iter().filter(|kind| !seen[kind.index()]).map(|kind| kind.name()).collect();
    let detail =
        format!("never the only best answer: {missing:?}; rewards at P = 0.4 {uncertain:?}");
    Ok(Finding::new("each_action_best_somewhere", missing.is_empty(), detail))
}
