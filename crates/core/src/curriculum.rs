//! The curriculum: three phases, and a scheduler that moves between them by episode scores.

use crate::frame::named_enum;

/// Weight of the newest episode score in the moving average.
pub const ALPHA: f32 = 0.08;
/// How far below the gate it passed the average falls before the phase moves down.
pub const HYSTERESIS: f32 = 0.05;

named_enum! {
    /// How hard the traffic is.
    Phase {
        /// Mostly plain attacks.
        Bootstrapping = "bootstrapping",
        /// Many obfuscated attacks.
        EvasionObfuscation = "evasion_obfuscation",
        /// Mostly obfuscated attacks, many STDIO escapes.
        ChainedExploitation = "chained_exploitation",
    }
}

/// Shares that a phase fixes, before traps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseRates {
    /// Probability that a frame is malicious.
    pub malicious: f32,
    /// Probability that a malicious frame carries a mutation; half of it for a benign one.
    pub obfuscated: f32,
    /// Share of replaceable words that `semantic_drift` replaces.
    pub semantic_noise: f32,
    /// Share of STDIO escapes among malicious frames.
    pub stdio: f32,
}

impl Phase {
    /// The phase's shares.
    pub const fn rates(self) -> PhaseRates {
        match self {
            Self::Bootstrapping => {
                PhaseRates { malicious: 0.35, obfuscated: 0.20, semantic_noise: 0.10, stdio: 0.08 }
            }
            Self::EvasionObfuscation => {
                PhaseRates { malicious: 0.55, obfuscated: 0.45, semantic_noise: 0.35, stdio: 0.20 }
            }
            Self::ChainedExploitation => {
                PhaseRates { malicious: 0.65, obfuscated: 0.70, semantic_noise: 0.60, stdio: 0.36 }
            }
        }
    }

    /// Short name, as the page shows it.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Bootstrapping => "BOOT",
            Self::EvasionObfuscation => "EVASION",
            Self::ChainedExploitation => "CHAIN",
        }
    }

    /// Average score past which the next phase begins; `None` in the last one.
    pub const fn gate(self) -> Option<f32> {
        match self {
            Self::Bootstrapping => Some(0.30),
            Self::EvasionObfuscation => Some(0.60),
            Self::ChainedExploitation => None,
        }
    }

    fn next(self) -> Option<Self> {
        Self::from_index(self.index() + 1)
    }

    fn previous(self) -> Option<Self> {
        self.index().checked_sub(1).and_then(Self::from_index)
    }
}

/// Moves between phases by the moving average of episode scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curriculum {
    pub(crate) phase: Phase,
    pub(crate) pinned: bool,
    pub(crate) min_episodes: u32,
    pub(crate) average: f32,
    /// Total weight in the average: 1 − (1 − alpha)^n.
    pub(crate) weight: f32,
    pub(crate) n_episodes: u32,
}

impl Curriculum {
    /// Starts in the first phase, or stays in `pinned`.
    pub fn new(pinned: Option<Phase>, min_episodes: u32) -> Self {
        Self {
            phase: pinned.unwrap_or(Phase::Bootstrapping),
            pinned: pinned.is_some(),
            min_episodes,
            average: 0.0,
            weight: 0.0,
            n_episodes: 0,
        }
    }

    /// The phase now.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The moving average of episode scores in this phase.
    pub fn average(&self) -> f32 {
        self.average
    }

    /// Takes the score of a finished episode; returns the new phase if it changed.
    ///
    /// The average starts at 0, so a promotion has to be earned. A demotion looks at the average
    /// divided by its weight: otherwise the restart at 0 itself would demote.
    pub fn finish_episode(&mut self, score: f32) -> Option<Phase> {
        self.average += ALPHA * (score - self.average);
        self.weight += ALPHA * (1.0 - self.weight);
        self.n_episodes += 1;
        if self.pinned || self.n_episodes < self.min_episodes {
            return None;
        }
        let up = self.phase.gate().is_some_and(|gate| self.average > gate);
        let passed = self.phase.previous().and_then(Phase::gate);
        let down = passed.is_some_and(|gate| self.average / self.weight < gate - HYSTERESIS);
        let next = if up {
            self.phase.next()
        } else if down {
            self.phase.previous()
        } else {
            None
        }?;
        *self = Self { phase: next, average: 0.0, weight: 0.0, n_episodes: 0, ..*self };
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(curriculum: &mut Curriculum, score: f32, n_episodes: u32) -> Phase {
        for _ in 0..n_episodes {
            curriculum.finish_episode(score);
        }
        curriculum.phase()
    }

    #[test]
    fn good_scores_climb_and_bad_scores_fall_back() {
        let mut curriculum = Curriculum::new(None, 50);
        assert_eq!(play(&mut curriculum, 0.9, 49), Phase::Bootstrapping);
        assert_eq!(play(&mut curriculum, 0.9, 1), Phase::EvasionObfuscation);
        assert_eq!(play(&mut curriculum, 0.9, 50), Phase::ChainedExploitation);
        assert_eq!(play(&mut curriculum, 0.9, 500), Phase::ChainedExploitation);
        assert_eq!(play(&mut curriculum, 0.4, 50), Phase::EvasionObfuscation);
        assert_eq!(play(&mut curriculum, 0.1, 50), Phase::Bootstrapping);
    }

    #[test]
    fn the_restart_at_zero_does_not_demote() {
        let mut curriculum = Curriculum::new(None, 2);
        assert_eq!(play(&mut curriculum, 0.9, 40), Phase::ChainedExploitation);
    }

    #[test]
    fn the_band_below_a_gate_holds_the_phase() {
        let mut curriculum = Curriculum::new(None, 1);
        play(&mut curriculum, 1.0, 10);
        assert_eq!(curriculum.phase(), Phase::EvasionObfuscation);
        assert_eq!(play(&mut curriculum, 0.27, 500), Phase::EvasionObfuscation);
        assert_eq!(play(&mut curriculum, 0.24, 500), Phase::Bootstrapping);
    }

    #[test]
    fn a_pinned_phase_stays() {
        let mut curriculum = Curriculum::new(Some(Phase::EvasionObfuscation), 1);
        assert_eq!(play(&mut curriculum, 1.0, 500), Phase::EvasionObfuscation);
        assert_eq!(play(&mut curriculum, 0.0, 500), Phase::EvasionObfuscation);
    }
}
