//! Finished episodes, kept to be stepped through again.

use super::engine::{Assets, Run, RunError};
use super::record::Side;
use super::round::{Answer, Round};
use super::settings::Settings;
use core::fmt;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::ConfigError;
use std::collections::VecDeque;
use std::sync::Arc;

/// Episodes that a session keeps: enough to look back some minutes, few enough for a phone.
pub const MAX_EPISODES: usize = 24;
/// The last episode that a link may ask for: all before it are played first.
pub const MAX_LINKED_EPISODE: u32 = 2_000;

/// One episode, whole: every frame with both answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// The run it belongs to.
    pub settings: Settings,
    /// Its number in the run, from 1.
    pub number: u32,
    /// The phase it was drawn in.
    pub phase: Phase,
    /// Its frames; never none.
    pub rounds: Vec<Arc<Round>>,
}

impl Episode {
    /// What an agent earned in all.
    pub fn sum(&self, side: Side) -> f64 {
        earned(&self.rounds, side, self.rounds.len())
    }

    /// The number of the frame that an agent let through, if it let one through.
    pub fn breach(&self, side: Side) -> Option<u32> {
        let breached = |round: &&Arc<Round>| side.of(round).is_some_and(Answer::breached);
        self.rounds.iter().find(breached).map(|round| round.frame)
    }
}

/// What an agent earned by the frames up to and with `idx`.
pub fn earned(rounds: &[Arc<Round>], side: Side, idx: usize) -> f64 {
    let reward = |round: &Arc<Round>| {
        let score = side.of(round).and_then(|answer| answer.score.as_ref());
        score.map_or(0.0, |score| f64::from(score.reward.total))
    };
    rounds.iter().take(idx.saturating_add(1)).map(reward).sum()
}

/// An episode on the shelf.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Counts what the session kept, from 1; never given twice.
    pub id: u32,
    /// Whether it came from a file.
    pub imported: bool,
    /// The episode.
    pub episode: Arc<Episode>,
}

/// The newest episodes of a session.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    kept: VecDeque<Kept>,
    n_kept: u32,
}

impl Shelf {
    /// Adds an episode, which may push the oldest out; returns its id.
    pub fn keep(&mut self, episode: Episode, imported: bool) -> u32 {
        self.n_kept = self.n_kept.wrapping_add(1);
        self.kept.push_front(Kept { id: self.n_kept, imported, episode: Arc::new(episode) });
        self.kept.truncate(MAX_EPISODES);
        self.n_kept
    }

    /// All of them, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// The one with this id, if it is still there.
    pub fn get(&self, id: u32) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.id == id)
    }
}

/// Why a linked episode was not found again; `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RerunError {
    /// The run cannot be started.
    Config(ConfigError),
    /// A step was refused.
    Run(RunError),
}

impl fmt::Display for RerunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "The linked run cannot be started: {error}.")?,
            Self::Run(error) => write!(f, "{error}.")?,
        }
        f.write_str(" The demo plays on; press \u{201c}Next payload\u{201d} for a run of its own.")
    }
}

/// A run played anew up to one of its episodes, in pieces: the page must not freeze meanwhile.
#[derive(Debug)]
pub struct Rerun {
    run: Run,
    number: u32,
}

impl Rerun {
    /// At the start of the run.
    pub fn new(assets: &Assets, settings: Settings, number: u32) -> Result<Self, RerunError> {
        let run = Run::new(assets, settings).map_err(RerunError::Config)?;
        Ok(Self { run, number })
    }

    /// Plays one frame; the episode once it is reached and over.
    pub fn step(&mut self) -> Result<Option<Episode>, RerunError> {
        self.run.step().map_err(RerunError::Run)?;
        Ok(self.run.finished().filter(|episode| episode.number >= self.number))
    }

    /// The number of the episode in hand.
    pub fn at(&self) -> u32 {
        self.run.env().n_episodes_begun()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::state::engine::tests::{assets, settings};
    use crate::state::settings::Baseline;

    /// Episodes of a run, as the demo finishes them.
    pub(crate) fn episodes(baseline: Baseline, n_episodes: usize) -> Vec<Episode> {
        let mut run = Run::new(&assets(), settings(baseline)).expect("the settings are valid");
        let mut episodes = Vec::new();
        while episodes.len() < n_episodes {
            run.step().expect("a frame is in hand");
            episodes.extend(run.finished());
        }
        episodes
    }

    #[test]
    fn an_episode_holds_all_its_frames_and_their_rewards() {
        let mut run = Run::new(&assets(), settings(Baseline::Random)).expect("valid");
        let (mut sums, mut n_frames, mut n_episodes) = ([0.0; 2], 0, 0);
        for _ in 0..120 {
            run.step().expect("a frame is in hand");
            let Some(episode) = run.finished() else { continue };
            n_episodes += 1;
            n_frames += episode.rounds.len();
            assert_eq!(episode.number, n_episodes);
            let numbers: Vec<_> = episode.rounds.iter().map(|round| round.frame).collect();
            assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
            sums[0] += episode.sum(Side::Trained);
            sums[1] += episode.sum(Side::Baseline);
            let total = |side| f64::from(run.record(side).metrics.total_reward);
            assert_eq!(n_frames as u32, run.n_steps());
            assert!((sums[0] - total(Side::Trained)).abs() < 1e-3);
            assert!((sums[1] - total(Side::Baseline)).abs() < 1e-3);
        }
        assert!(n_episodes > 2);
    }

    #[test]
    fn running_totals_end_at_the_sum() {
        let episode = episodes(Baseline::AlwaysBlock, 1).remove(0);
        let last = episode.rounds.len() - 1;
        assert_eq!(earned(&episode.rounds, Side::Trained, last), episode.sum(Side::Trained));
        let first = &episode.rounds[0].trained;
        let reward = first.score.as_ref().map(|score| f64::from(score.reward.total));
        assert_eq!(Some(earned(&episode.rounds, Side::Trained, 0)), reward);
    }

    #[test]
    fn a_link_finds_the_same_episode_again() {
        let assets = assets();
        let known = episodes(Baseline::Random, 4);
        let mut rerun = Rerun::new(&assets, settings(Baseline::Random), 4).expect("valid");
        let found = loop {
            if let Some(episode) = rerun.step().expect("a frame is in hand") {
                break episode;
            }
            assert!(rerun.at() <= 4);
        };
        assert_eq!(Some(&found), known.last());
    }

    #[test]
    fn the_shelf_is_bounded_and_its_ids_stay() {
        let episode = episodes(Baseline::AlwaysBlock, 1).remove(0);
        let mut shelf = Shelf::default();
        let ids: Vec<_> =
            (0..MAX_EPISODES + 3).map(|_| shelf.keep(episode.clone(), false)).collect();
        assert_eq!(shelf.iter().count(), MAX_EPISODES);
        assert!(shelf.get(ids[2]).is_none());
        assert!(shelf.get(ids[3]).is_some());
        assert_eq!(shelf.iter().next().map(|kept| kept.id), ids.last().copied());
    }
}
