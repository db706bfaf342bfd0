//! Live mode: hosted models answer in place of the page's agents, and the edge keeps score.
//!
//! Pure: what is asked, heard and shown, as one value. Invariant: a frame is stepped only when every
//! side that plays has an answer that somebody gave; words without one, and failures, are none.

pub mod lines;
pub mod problem;
pub mod run;
pub mod wire;

use super::record::Side;
use super::round::{Answer, Origin};
use problem::Problem;
use run::Shown;
use std::sync::Arc;
use wire::{Event, Model, Status, Told};

/// Milliseconds between two questions for the status.
pub const POLL_MILLIS: u32 = 3_000;

/// How far live mode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Not wanted.
    #[default]
    Off,
    /// The edge is asked which models it has.
    Checking,
    /// There is no edge to ask.
    Unreachable,
    /// A model is not configured: the visitor chooses.
    Choosing,
    /// Frames go to the hosted models.
    On,
}

impl Mode {
    /// A stable name for styles and tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Checking => "checking",
            Self::Unreachable => "unreachable",
            Self::Choosing => "choosing",
            Self::On => "on",
        }
    }
}

/// One side's part of the frame in play.
#[derive(Debug, Clone, Default)]
pub enum Turn {
    /// Nothing to answer: no frame, or the side sits out.
    #[default]
    Idle,
    /// Asked; waits for a place since then, behind so many.
    Waiting(u32, u32),
    /// The model is being asked, since then.
    Asking(u32),
    /// An answer, not scored yet.
    Answered(Answer),
    /// Words without an answer.
    Unparsed(Arc<Told>),
    /// No answer, at that time.
    Failed(Problem, u32),
}

/// The edge's part: resets and steps.
#[derive(Debug, Clone, Default)]
pub enum Edge {
    /// Nothing is asked of it.
    #[default]
    Idle,
    /// An episode is being opened, or a frame scored.
    Busy,
    /// It did not do so; to be sent again.
    Failed(Problem),
}

/// Live mode.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// How far it is.
    pub mode: Mode,
    /// What the edge said last of its models and their queue.
    pub status: Option<Status>,
    /// Which sides hosted models play, by [`Side`].
    pub hosted: [bool; 2],
    /// The frame in play.
    pub shown: Option<Shown>,
    /// By [`Side`].
    pub turns: [Turn; 2],
    /// Whether the baseline sits this frame out.
    pub is_out: bool,
    /// Resets and steps.
    pub edge: Edge,
    /// Milliseconds that the last answer waited for a place.
    pub last_delay: Option<u32>,
}

impl Live {
    /// Takes in the status, or that there is none.
    pub fn checked(&mut self, status: Option<Status>) {
        if let Some(status) = &status {
            self.hosted = [0, 1].map(|idx| status.models.get(idx).is_some_and(|m| m.id.is_some()));
        }
        self.mode = match status {
            None => Mode::Unreachable,
            Some(_) if self.hosted == [true, true] => Mode::On,
            Some(_) => Mode::Choosing,
        };
        self.status = status;
    }

    /// Whether a hosted model plays a side.
    pub fn is_hosted(&self, side: Side) -> bool {
        self.mode == Mode::On && self.hosted.get(side as usize) == Some(&true)
    }

    /// The model that plays a side.
    pub fn model_id(&self, side: Side) -> Option<&str> {
        let model = self.status.as_ref()?.models.get(side as usize)?;
        model.id.as_deref().filter(|_| self.is_hosted(side))
    }

    /// One side's part of the frame in play.
    pub fn turn(&self, side: Side) -> &Turn {
        let [trained, baseline] = &self.turns;
        match side {
            Side::Trained => trained,
            Side::Baseline => baseline,
        }
    }

    fn turn_mut(&mut self, side: Side) -> &mut Turn {
        let [trained, baseline] = &mut self.turns;
        match side {
            Side::Trained => trained,
            Side::Baseline => baseline,
        }
    }

    /// A frame comes into play; the baseline may sit it out.
    pub fn begin(&mut self, shown: Shown, is_out: bool) {
        self.clear();
        self.shown = Some(shown);
        self.is_out = is_out;
    }

    /// Nothing is in play: the frame was scored, or the run is another.
    pub fn clear(&mut self) {
        self.shown = None;
        self.turns = Default::default();
        self.edge = Edge::Idle;
    }

    /// A side's model is asked.
    pub fn ask(&mut self, side: Side, now: u32) {
        *self.turn_mut(side) = Turn::Waiting(now, 0);
    }

    /// Somebody on the device answers for a side.
    pub fn fall_back(&mut self, side: Side, answer: Answer) {
        *self.turn_mut(side) = Turn::Answered(answer);
    }

    /// Takes in what is heard of a side's question. What comes after an answer changes nothing.
    pub fn hear(&mut self, side: Side, event: Event, now: u32) {
        let last_delay = &mut self.last_delay;
        let [trained, baseline] = &mut self.turns;
        let turn = match side {
            Side::Trained => trained,
            Side::Baseline => baseline,
        };
        *turn = match (&*turn, event) {
            (Turn::Waiting(since, _), Event::Waiting(ahead)) => Turn::Waiting(*since, ahead),
            (Turn::Waiting(..), Event::Asking) => Turn::Asking(now),
            (Turn::Waiting(..) | Turn::Asking(_), Event::Told(mut told)) => {
                *last_delay = Some(told.queue_millis);
                match told.action.take() {
                    Some(action) => {
                        let origin = Origin::Hosted(Arc::new(told));
                        Turn::Answered(Answer { action, belief: None, score: None, origin })
                    }
                    None => Turn::Unparsed(Arc::new(told)),
                }
            }
            (Turn::Waiting(..) | Turn::Asking(_), Event::Failed(problem)) => {
                Turn::Failed(problem, now)
            }
            _ => return,
        };
    }

    /// Whether a side has neither an answer nor an open question: the visitor chooses.
    pub fn is_stuck(&self, side: Side) -> bool {
        matches!(self.turn(side), Turn::Unparsed(_) | Turn::Failed(..))
    }

    /// What a side's model said where that holds no answer.
    pub fn unparsed(&self, side: Side) -> Option<&Told> {
        match self.turn(side) {
            Turn::Unparsed(told) => Some(told),
            _ => None,
        }
    }

    /// Whether the next frame has to wait.
    pub fn is_busy(&self) -> bool {
        self.shown.is_some() || matches!(self.edge, Edge::Busy)
    }

    /// What is to be stepped, once every side that plays has answered.
    pub fn answers(&self) -> Option<(&Answer, Option<&Answer>)> {
        match (&self.shown, &self.edge, &self.turns) {
            (None, ..) | (_, Edge::Busy, _) => None,
            (_, _, [Turn::Answered(trained), Turn::Answered(baseline)]) => {
                Some((trained, Some(baseline)))
            }
            (_, _, [Turn::Answered(trained), Turn::Idle]) if self.is_out => Some((trained, None)),
            _ => None,
        }
    }

    /// Takes what was stepped out of play.
    pub fn take_step(&mut self) -> Option<(Shown, Answer, Option<Answer>)> {
        let (shown, turns) = (self.shown.take()?, core::mem::take(&mut self.turns));
        self.clear();
        match turns {
            [Turn::Answered(trained), Turn::Answered(baseline)] => {
                Some((shown, trained, Some(baseline)))
            }
            [Turn::Answered(trained), _] => Some((shown, trained, None)),
            _ => None,
        }
    }

    /// Seconds before a side may be asked again.
    pub fn wait_of(&self, side: Side, now: u32) -> u32 {
        let Turn::Failed(Problem { retry_after: Some(seconds), .. }, at) = self.turn(side) else {
            return 0;
        };
        let passed = now.saturating_sub(*at);
        seconds.saturating_mul(1_000).saturating_sub(passed).div_ceil(1_000)
    }

    /// What stands in place of a side's answer.
    pub fn badge(&self, side: Side) -> &'static str {
        match self.turn(side) {
            Turn::Waiting(..) => "QUEUED",
            Turn::Asking(_) => "ASKING",
            Turn::Unparsed(_) => "UNPARSED",
            Turn::Failed(..) => "FAILED",
            Turn::Idle | Turn::Answered(_) => "AWAITING",
        }
    }

    /// What is to be said of a side besides its answer.
    pub fn said(&self, side: Side) -> String {
        match self.turn(side) {
            Turn::Waiting(_, ahead) => format!("Waiting for a place, {ahead} before this one."),
            Turn::Asking(_) => "The model is being asked.".to_owned(),
            Turn::Unparsed(told) => format!(
                "No valid action: {}. Nothing is scored. Ask again, or let the on-device policy \
                 answer.",
                told.unparsed
            ),
            Turn::Failed(problem, _) => problem.sentence(),
            Turn::Idle | Turn::Answered(_) => String::new(),
        }
    }

    /// The one side that no hosted model can play, where there is one.
    pub fn missing(&self) -> Option<Side> {
        match self.hosted {
            [false, true] => Some(Side::Trained),
            [true, false] => Some(Side::Baseline),
            _ => None,
        }
    }

    /// Live mode in a few sentences.
    pub fn explained(&self) -> String {
        let each = |told: &dyn Fn(Side, &Model) -> String| {
            let models = self.status.iter().flat_map(|status| &status.models);
            Side::ALL
                .into_iter()
                .zip(models)
                .map(|(side, model)| told(side, model))
                .collect::<String>()
        };
        match (self.mode, &self.edge) {
            (Mode::Off, _) => {
                "Hosted language models answer through the edge, in place of the agents in \
                               this page; the frames go to their host."
                    .to_owned()
            }
            (Mode::Checking, _) => "Asking the edge which models it has\u{2026}".to_owned(),
            (Mode::Unreachable, _) => {
                "No backend answers at this address: hosted models need the Worker. \
                                       The agents in this page play on."
                    .to_owned()
            }
            (Mode::Choosing, _) => {
                let told = |side: Side, model: &Model| match &model.id {
                    Some(_) => String::new(),
                    None => format!("{}: {}. ", who(side), model.detail.trim_end_matches('.')),
                };
                each(&told) + "The agents in this page play on."
            }
            (Mode::On, Edge::Failed(problem)) => problem.sentence(),
            (Mode::On, _) => {
                let told = |side: Side, model: &Model| {
                    let id = model.id.as_deref().filter(|_| self.is_hosted(side));
                    format!("{}: {}. ", who(side), id.unwrap_or("the on-device policy"))
                };
                let left =
                    self.status.as_ref().map_or((0, 0), |status| (status.left, status.limit));
                format!("{}{} of {} calls left today.", each(&told), left.0, left.1)
            }
        }
    }

    /// How the queue stands, for the pill.
    pub fn queue(&self, now: u32) -> String {
        let longest = |since: fn(&Turn) -> Option<u32>| {
            let since = self.turns.iter().filter_map(since).min()?;
            Some(seconds(now.saturating_sub(since)))
        };
        let waiting = |turn: &Turn| if let Turn::Waiting(at, _) = turn { Some(*at) } else { None };
        let asking = |turn: &Turn| if let Turn::Asking(at) = turn { Some(*at) } else { None };
        if let Some(wait) = longest(waiting) {
            return format!("Queued {wait}");
        }
        if let Some(wait) = longest(asking) {
            return format!("Asking {wait}");
        }
        match (self.status.as_ref().map_or(0, |status| status.n_waiting), self.last_delay) {
            (0, None) => "Queue idle".to_owned(),
            (0, Some(millis)) => format!("Queue idle, last {}", seconds(millis)),
            (n_waiting, _) => format!("Queue: {n_waiting} waiting"),
        }
    }
}

/// Milliseconds as "3.2 s".
fn seconds(millis: u32) -> String {
    format!("{:.1} s", f64::from(millis) / 1e3)
}

const fn who(side: Side) -> &'static str {
    match side {
        Side::Trained => "Trained model",
        Side::Baseline => "Base model",
    }
}

#[cfg(test)]
mod tests;
