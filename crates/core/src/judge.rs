//! One agent's side of an episode: its clock, its record, its rewards.
//!
//! The environment holds one for the agent that drives the stream; paired mode holds a second one
//! that follows the same frames. It draws nothing, so a follower never disturbs the stream.

use crate::action::{Action, ActionType, N_ACTIONS};
use crate::frame::Vector;
use crate::history::{Decision, History, Verdict};
use crate::reward::{self, Clock, Reward, budget_ticks, needs_critic};
use crate::verifier::{Subject, Verification, verify};

/// Counts of one episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Attacks answered, the one that breached included.
    pub malicious: u32,
    /// Attacks neutralised.
    pub neutralised: u32,
    /// Benign frames answered.
    pub benign: u32,
    /// Benign frames stopped.
    pub false_positives: u32,
    /// Benign frames held.
    pub escalated: u32,
}

impl Tally {
    /// Episode score in [0, 1]: recall minus the rate of false alarms, escalations half.
    /// A class that did not occur counts as recall 1 or rate 0.
    pub fn score(&self) -> f32 {
        let share = |part: f32, of: u32, missing: f32| {
            if of == 0 { missing } else { part / of as f32 }
        };
        let recall = share(self.neutralised as f32, self.malicious, 1.0);
        let alarms = self.false_positives as f32 + 0.5 * self.escalated as f32;
        (recall - share(alarms, self.benign, 0.0)).max(0.0)
    }

    fn add(&mut self, vector: Vector, verdict: Verdict) {
        if vector.malicious() {
            self.malicious += 1;
            self.neutralised += u32::from(verdict == Verdict::TruePositive);
        } else {
            self.benign += 1;
            self.false_positives += u32::from(verdict == Verdict::FalsePositive);
            self.escalated += u32::from(verdict == Verdict::Escalated);
        }
    }
}

/// Counts of a run, over its episodes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Metrics {
    /// Steps taken.
    pub n_steps: u32,
    /// Episodes finished.
    pub n_episodes: u32,
    /// Sum of step rewards.
    pub total_reward: f32,
    /// Sum of episode scores.
    pub total_score: f32,
    /// Breaches.
    pub n_breaches: u32,
    /// Counts over all episodes.
    pub tally: Tally,
    /// How often each action was taken.
    pub actions: [u32; N_ACTIONS],
}

impl Metrics {
    /// Mean over attacks of +1 neutralised, −1 not; 0 before the first.
    pub fn threat_awareness(&self) -> f32 {
        if self.tally.malicious == 0 {
            return 0.0;
        }
        2.0 * self.tally.neutralised as f32 / self.tally.malicious as f32 - 1.0
    }

    /// False positives plus half the escalations, per 100 benign frames.
    pub fn alert_fatigue(&self) -> f32 {
        let alarms = self.tally.false_positives as f32 + 0.5 * self.tally.escalated as f32;
        100.0 * alarms / self.tally.benign.max(1) as f32
    }

    /// Mean score of the finished episodes; `None` before the first.
    pub fn mean_score(&self) -> Option<f32> {
        (self.n_episodes > 0).then(|| self.total_score / self.n_episodes as f32)
    }
}

/// The result of one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// How it turned out.
    pub verdict: Verdict,
    /// What it earned.
    pub reward: Reward,
    /// What the verifier found.
    pub verification: Verification,
}

/// One agent's record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judge {
    pub(crate) history: History,
    pub(crate) metrics: Metrics,
    pub(crate) tally: Tally,
    pub(crate) step_idx: u32,
    pub(crate) ticks_used: u32,
    pub(crate) budget: u32,
    pub(crate) last_actions: [Option<ActionType>; 2],
}

impl Judge {
    /// Starts an episode; history and metrics go on.
    pub fn begin_episode(&mut self, n_frames: u32) {
        self.tally = Tally::default();
        self.step_idx = 0;
        self.ticks_used = 0;
        self.budget = budget_ticks(n_frames);
        self.last_actions = [None; 2];
    }

    /// Scores an answer and records it. `critic` is asked only when the reward needs its value.
    pub fn answer(
        &mut self,
        action: &Action,
        subject: &Subject,
        critic: impl FnOnce() -> f32,
    ) -> Judged {
        let kind = action.action_type();
        let vector = subject.vector;
        let verification = verify(action, subject, &self.history);
        self.ticks_used += kind.ticks();
        let clock = Clock { used: self.ticks_used, budget: self.budget };
        let critic = needs_critic(kind, vector, subject.obfuscated).then(critic);
        let (verdict, reward) = reward::score(action, vector, &verification, clock, critic);

        self.history.push(Decision {
            step_idx: self.step_idx,
            action: kind,
            malicious: vector.malicious(),
            verdict,
            reward: reward.total,
        });
        self.tally.add(vector, verdict);
        self.metrics.tally.add(vector, verdict);
        self.metrics.n_steps += 1;
        self.metrics.total_reward += reward.total;
        self.metrics.n_breaches += u32::from(verdict == Verdict::Breach);
        self.metrics.actions[kind.index()] += 1;
        self.last_actions = [Some(kind), self.last_actions[0]];
        self.step_idx += 1;
        Judged { verdict, reward, verification }
    }

    /// Ends the episode and returns its score.
    pub fn finish_episode(&mut self) -> f32 {
        let score = self.tally.score();
        self.metrics.n_episodes += 1;
        self.metrics.total_score += score;
        score
    }

    /// Past decisions.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Counts of the run.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Steps taken in this episode.
    pub fn step_idx(&self) -> u32 {
        self.step_idx
    }

    /// Ticks left in the budget; negative once overrun.
    pub fn ticks_left(&self) -> i32 {
        self.budget as i32 - self.ticks_used as i32
    }

    /// Ticks of the whole budget.
    pub fn budget(&self) -> u32 {
        self.budget
    }

    /// Ticks used in this episode.
    pub fn ticks_used(&self) -> u32 {
        self.ticks_used
    }

    /// The last two actions of this episode, newest first.
    pub fn last_actions(&self) -> [Option<ActionType>; 2] {
        self.last_actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_recall_minus_alarms() {
        let tally = |malicious, neutralised, benign, false_positives, escalated| {
            Tally { malicious, neutralised, benign, false_positives, escalated }.score()
        };
        assert_eq!(tally(4, 3, 4, 1, 0), 0.5);
        assert_eq!(tally(4, 4, 4, 0, 2), 0.75);
        assert_eq!(tally(0, 0, 4, 0, 0), 1.0);
        assert_eq!(tally(4, 4, 0, 0, 0), 1.0);
        assert_eq!(tally(4, 0, 4, 4, 0), 0.0);
    }
}
