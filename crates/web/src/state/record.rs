//! One agent's part of a run: its counts, its standing and its log.

use super::round::{Answer, Round};
use omniguard_core::action::ActionType;
use omniguard_core::frame::Vector;
use omniguard_core::history::Verdict;
use omniguard_core::judge::Metrics;
use std::collections::VecDeque;

/// Lines a log keeps: enough to scroll back a dozen episodes, few enough to draw at once.
pub const MAX_LOG_LINES: usize = 200;
/// Lines that go at once when a log is full: dropping one with each new line would make every line
/// on the screen jump every time.
const N_DROPPED_LINES: usize = 50;

/// Which of the two agents a record, a card or a panel belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The trained defender.
    Trained,
    /// The one it is compared with.
    Baseline,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Trained, Self::Baseline];

    /// A stable name for styles and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trained => "trained",
            Self::Baseline => "baseline",
        }
    }

    /// The agent's answer in a round.
    pub fn of(self, round: &Round) -> Option<&Answer> {
        match self {
            Self::Trained => Some(&round.trained),
            Self::Baseline => round.baseline.as_ref(),
        }
    }
}

/// What a log line says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry {
    /// An episode began.
    Episode {
        /// Its number.
        number: u32,
        /// The phase's short name.
        phase: &'static str,
        /// Whether a breach ended the one before, for this agent or for both.
        after_breach: bool,
    },
    /// A frame was answered.
    Decision {
        /// The frame's number in its episode.
        frame: u32,
        /// The answer.
        action: ActionType,
        /// What came of it.
        verdict: Verdict,
        /// What the frame was.
        vector: Vector,
        /// What it earned.
        reward: f32,
        /// Who gave it, in live mode.
        mark: &'static str,
    },
    /// The agent sat out from this frame on.
    SitsOut {
        /// The frame's number in its episode.
        frame: u32,
    },
}

/// A log line with an id that stays its own while older lines go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Counts lines from the start of the run.
    pub id: u32,
    /// What it says.
    pub entry: Entry,
}

/// Whether an agent plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing answered yet.
    #[default]
    Waiting,
    /// In the episode.
    Playing,
    /// It let an attack through at this frame, and is out until the next episode.
    Breached {
        /// The frame's number in its episode.
        frame: u32,
    },
    /// The other agent's breach ended the episode at this frame.
    Stopped {
        /// The frame's number in its episode.
        frame: u32,
    },
    /// The episode is over, with no breach by either agent that ended it.
    Finished,
}

/// One agent's part of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Core's counts of the run.
    pub metrics: Metrics,
    /// Whether it plays.
    pub standing: Standing,
    log: VecDeque<Line>,
    n_lines: u32,
}

impl Record {
    /// Takes in a round and the agent's counts after it.
    pub fn add(&mut self, side: Side, round: &Round, metrics: Metrics) {
        self.metrics = metrics;
        if round.frame == 1 {
            let phase = round.phase.short_name();
            let after_breach =
                matches!(self.standing, Standing::Breached { .. } | Standing::Stopped { .. });
            self.line(Entry::Episode { number: round.episode, phase, after_breach });
            self.standing = Standing::Playing;
        }
        match side.of(round) {
            Some(answer) => self.answered(answer, round),
            None => self.sat_out(round),
        }
        // The trained agent's environment drives: its breach ends the episode for both.
        if self.standing == Standing::Finished && round.trained.breached() {
            self.standing = Standing::Stopped { frame: round.frame };
        }
    }

    fn answered(&mut self, answer: &Answer, round: &Round) {
        let Some(score) = &answer.score else { return };
        self.line(Entry::Decision {
            frame: round.frame,
            action: answer.action_type(),
            verdict: score.verdict,
            vector: round.truth.vector,
            reward: score.reward.total,
            mark: answer.origin.mark(),
        });
        if answer.breached() {
            self.standing = Standing::Breached { frame: round.frame };
        } else if round.episode_over {
            self.standing = Standing::Finished;
        }
    }

    fn sat_out(&mut self, round: &Round) {
        // One line for the whole time out, not one a frame.
        if !matches!(self.log.back(), Some(Line { entry: Entry::SitsOut { .. }, .. })) {
            self.line(Entry::SitsOut { frame: round.frame });
        }
    }

    fn line(&mut self, entry: Entry) {
        self.log.push_back(Line { id: self.n_lines, entry });
        self.n_lines = self.n_lines.wrapping_add(1);
        if self.log.len() > MAX_LOG_LINES {
            self.log.drain(..N_DROPPED_LINES);
        }
    }

    /// The log, oldest line first.
    pub fn log(&self) -> impl Iterator<Item = &Line> {
        self.log.iter()
    }

    /// Mean reward of the frames answered; `None` before the first.
    pub fn mean_reward(&self) -> Option<f64> {
        let n_steps = self.metrics.n_steps;
        (n_steps > 0).then(|| f64::from(self.metrics.total_reward) / f64::from(n_steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::round::{Exhibit, Origin, Score, Truth};
    use omniguard_core::action::Action;
    use omniguard_core::curriculum::Phase;
    use omniguard_core::decode::decode;
    use omniguard_core::reward::{N_COMPONENTS, Reward, verdict_of};

    fn answer(action: ActionType, vector: Vector, total: f32) -> Answer {
        let reward = Reward { total, components: [0.0; N_COMPONENTS] };
        let score = Some(Score { verdict: verdict_of(action, vector), reward });
        Answer { action: Action::of(action), belief: None, score, origin: Origin::Page }
    }

    fn round(step: u32, frame: u32, vector: Vector, baseline: Option<ActionType>) -> Round {
        Round {
            step,
            episode: 1,
            frame,
            phase: Phase::Bootstrapping,
            channel: None,
            exhibit: Exhibit {
                text: String::new(),
                decoded: decode(""),
                span: None,
                weights: Vec::new(),
            },
            trained: answer(ActionType::Block, vector, 0.5),
            baseline: baseline.map(|action| answer(action, vector, -0.25)),
            truth: Truth { vector, mutations: Vec::new() },
            episode_over: false,
        }
    }

    fn add(record: &mut Record, side: Side, round: &Round) {
        record.add(side, round, Metrics::default());
    }

    #[test]
    fn a_breach_puts_the_agent_out_with_one_line_until_the_next_episode() {
        let mut record = Record::default();
        let allow = Some(ActionType::Allow);
        add(&mut record, Side::Baseline, &round(1, 1, Vector::ToolPoisoning, allow));
        assert_eq!(record.standing, Standing::Breached { frame: 1 });
        add(&mut record, Side::Baseline, &round(2, 2, Vector::Benign, None));
        add(&mut record, Side::Baseline, &round(3, 3, Vector::Benign, None));
        let sits_out = |line: &&Line| matches!(line.entry, Entry::SitsOut { .. });
        assert_eq!(record.log().filter(sits_out).count(), 1);
        add(&mut record, Side::Baseline, &round(4, 1, Vector::Benign, allow));
        assert_eq!(record.standing, Standing::Playing);
    }

    #[test]
    fn the_log_is_capped_and_its_ids_stay() {
        let mut record = Record::default();
        for frame in 1..=1_000 {
            add(&mut record, Side::Trained, &round(frame, frame, Vector::Benign, None));
        }
        let ids: Vec<_> = record.log().map(|line| line.id).collect();
        assert!((MAX_LOG_LINES - N_DROPPED_LINES..=MAX_LOG_LINES).contains(&ids.len()));
        assert_eq!(ids.last(), Some(&1_000));
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    }
}
