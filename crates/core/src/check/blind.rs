//! Policies that never read the text: they must stay far below the oracle and out of the last phase.

use super::{Effort, Finding};
use crate::action::{Action, ActionType};
use crate::agent::{Agent, Oracle, OracleTable};
use crate::corpus::Corpus;
use crate::curriculum::Phase;
use crate::environment::{ConfigError, EnvConfig, Environment};
use crate::evaluate::evaluate;
use crate::frame::{Frame, Split, Vector};
use crate::policy::Context;
use alloc::{format, string::String, sync::Arc, vec, vec::Vec};
use core::fmt::Write as _;

/// How far below the oracle's mean step reward a text-blind policy stays.
const MIN_GAP: f32 = 0.15;

/// Knows only whether the frame is STDIO, whether it is encoded, and the ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Blind {
    stdio: ActionType,
    encoded: ActionType,
    plain: ActionType,
    /// Falls back to a one-tick action once the budget is short of one tick per frame left.
    thrifty: bool,
}

impl Blind {
    fn name(self) -> String {
        let thrifty = if self.thrifty { " thrifty" } else { "" };
        format!("{}/{}/{}{thrifty}", self.stdio.name(), self.encoded.name(), self.plain.name())
    }
}

impl Agent for Blind {
    fn act(&mut self, env: &Environment, _context: &Context) -> Action {
        let stdio = env.frame().is_some_and(|frame| frame.vector == Vector::StdioEscape);
        let encoded = env.frame().is_some_and(Frame::obfuscated);
        let mut kind = if stdio {
            self.stdio
        } else if encoded {
            self.encoded
        } else {
            self.plain
        };
        if self.thrifty && kind.ticks() > 1 && env.ticks_left() <= env.frames_left() as i32 {
            kind = ActionType::Block;
        }
        Action::new(kind, 0.7, "never read".into(), Vec::new()).unwrap_or_else(|_| Action::of(kind))
    }
}

fn policies() -> Vec<Blind> {
    let constants = ActionType::ALL.map(|kind| Blind {
        stdio: kind,
        encoded: kind,
        plain: kind,
        thrifty: false,
    });
    let mut policies = constants.to_vec();
    for encoded in ActionType::ALL {
        for plain in ActionType::ALL {
            for thrifty in [false, true] {
                policies.push(Blind { stdio: ActionType::RevokeStdio, encoded, plain, thrifty });
            }
        }
    }
    policies
}

pub(super) fn check(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Vec<Finding>, ConfigError> {
    Ok(vec![
        far_below_the_oracle(corpus, split, effort)?,
        never_in_the_last_phase(corpus, split, effort)?,
    ])
}

fn far_below_the_oracle(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let mut passed = true;
    let mut detail = String::new();
    for &phase in Phase::ALL {
        let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(split) };
        let mean = |agent: &mut dyn Agent| {
            evaluate(agent, &config, corpus, 31, effort.n_episodes).map(|e| mean_step(&e))
        };
        let table = Arc::new(OracleTable::solve(&config, corpus)?);
        let ceiling = mean(&mut Oracle::new(table))?;
        let mut best = (f32::NEG_INFINITY, String::new());
        for mut policy in policies() {
            let value = mean(&mut policy)?;
            if value > best.0 {
                best = (value, policy.name());
            }
        }
        passed &= best.0 <= ceiling - MIN_GAP;
        // Writing to a string cannot fail.
        let _ = write!(
            detail,
            "{}: oracle {ceiling:+.3}, best text-blind {:+.3} ({}); ",
            phase.short_name(),
            best.0,
            best.1
        );
    }
    Ok(Finding::new("no_text_blind_policy_near_the_oracle", passed, detail))
}

fn mean_step(evaluation: &crate::evaluate::Evaluation) -> f32 {
    let (reward, steps) = evaluation.episodes.iter().fold((0.0, 0), |(reward, steps), episode| {
        (reward + episode.total_reward, steps + episode.n_steps)
    });
    reward / steps.max(1) as f32
}

fn never_in_the_last_phase(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let config = EnvConfig::on(split);
    let mut reached = Vec::new();
    for mut policy in policies() {
        let mut env = Environment::new(config, Arc::clone(corpus), 41)?;
        for _ in 0..2 * effort.n_episodes.max(100) {
            env.reset();
            while env.frame().is_some() {
                let action = policy.act(&env, &env.context());
                let _ = env.step(&action);
            }
            if env.phase() == Phase::ChainedExploitation {
                reached.push(policy.name());
                break;
            }
        }
    }
    let detail = format!("reached the last phase: {reached:?}");
    Ok(Finding::new("no_text_blind_policy_in_the_last_phase", reached.is_empty(), detail))
}
