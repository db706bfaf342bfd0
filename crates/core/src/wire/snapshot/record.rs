//! Mirrors of an agent's record.

use super::{finite, known};
use crate::{
    action::{ActionType, N_ACTIONS},
    error::SnapshotError,
    history::{CAPACITY, Decision, History, Verdict},
    judge::{Judge, Metrics, Tally},
};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JudgeState {
    /// Oldest first.
    history: Vec<DecisionState>,
    metrics: MetricsState,
    tally: TallyState,
    step_idx: u32,
    ticks_used: u32,
    budget: u32,
    last_actions: [Option<u8>; 2],
}

impl JudgeState {
    pub(super) fn of(judge: &Judge) -> Self {
        let mut history: Vec<_> = judge.history.newest_first().map(DecisionState::of).collect();
        history.reverse();
        Self {
            history,
            metrics: MetricsState::of(&judge.metrics),
            tally: TallyState::of(&judge.tally),
            step_idx: judge.step_idx,
            ticks_used: judge.ticks_used,
            budget: judge.budget,
            last_actions: judge.last_actions.map(|action| action.map(|a| a as u8)),
        }
    }

    pub(super) fn judge(&self) -> Result<Judge, SnapshotError> {
        let mut history = History::default();
        for decision in self.history.iter().take(CAPACITY) {
            history.push(decision.decision()?);
        }
        let action =
            |idx: Option<u8>| idx.map(|idx| known(ActionType::from_index, idx)).transpose();
        let [last, one_before] = self.last_actions;
        Ok(Judge {
            history,
            metrics: self.metrics.metrics()?,
            tally: self.tally.tally(),
            step_idx: self.step_idx,
            ticks_used: self.ticks_used,
            budget: self.budget,
            last_actions: [action(last)?, action(one_before)?],
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct DecisionState {
    step_idx: u32,
    action: u8,
    malicious: bool,
    verdict: u8,
    reward: f32,
}

impl DecisionState {
    fn of(decision: &Decision) -> Self {
        Self {
            step_idx: decision.step_idx,
            action: decision.action as u8,
            malicious: decision.malicious,
            verdict: decision.verdict as u8,
            reward: decision.reward,
        }
    }

    fn decision(&self) -> Result<Decision, SnapshotError> {
        Ok(Decision {
            step_idx: self.step_idx,
            action: known(ActionType::from_index, self.action)?,
            malicious: self.malicious,
            verdict: known(Verdict::from_index, self.verdict)?,
            reward: finite(self.reward)?,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct MetricsState {
    n_steps: u32,
    n_episodes: u32,
    total_reward: f32,
    total_score: f32,
    n_breaches: u32,
    tally: TallyState,
    actions: [u32; N_ACTIONS],
}

impl MetricsState {
    fn of(metrics: &Metrics) -> Self {
        Self {
            n_steps: metrics.n_steps,
            n_episodes: metrics.n_episodes,
            total_reward: metrics.total_reward,
            total_score: metrics.total_score,
            n_breaches: metrics.n_breaches,
            tally: TallyState::of(&metrics.tally),
            actions: metrics.actions,
        }
    }

    fn metrics(&self) -> Result<Metrics, SnapshotError> {
        Ok(Metrics {
            n_steps: self.n_steps,
            n_episodes: self.n_episodes,
            total_reward: finite(self.total_reward)?,
            total_score: finite(self.total_score)?,
            n_breaches: self.n_breaches,
            tally: self.tally.tally(),
            actions: self.actions,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct TallyState {
    malicious: u32,
    neutralised: u32,
    benign: u32,
    false_positives: u32,
    escalated: u32,
}

impl TallyState {
    fn of(tally: &Tally) -> Self {
        let &Tally { malicious, neutralised, benign, false_positives, escalated } = tally;
        Self { malicious, neutralised, benign, false_positives, escalated }
    }

    fn tally(&self) -> Tally {
        let &Self { malicious, neutralised, benign, false_positives, escalated } = self;
        Tally { malicious, neutralised, benign, false_positives, escalated }
    }
}
