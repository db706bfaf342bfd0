//! Playing many episodes and counting what happened: the ground of every reported figure.

use crate::action::N_ACTIONS;
use crate::agent::Agent;
use crate::corpus::{Corpus, N_BENIGN_KINDS};
use crate::environment::{ConfigError, EnvConfig, Environment, StepOutcome};
use crate::frame::{Mutation, N_CHANNELS, N_MUTATIONS, N_VECTORS};
use crate::history::Verdict;
use crate::judge::Tally;
use crate::rng::Rng;
use crate::roc::Scores;
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Bins of the calibration curves.
pub const N_BINS: usize = 10;
/// Resamples behind an interval.
const N_RESAMPLES: u32 = 1_000;

/// One finished episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpisodeRecord {
    /// Frames answered.
    pub n_steps: u32,
    /// Sum of rewards.
    pub total_reward: f32,
    /// Episode score in [0, 1].
    pub score: f32,
    /// Counts.
    pub tally: Tally,
    /// Whether it ended in a breach.
    pub breached: bool,
}

/// How often something was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// How often it was right.
    pub hits: u32,
    /// How often it occurred.
    pub total: u32,
}

impl Share {
    fn add(&mut self, hit: bool) {
        self.hits += u32::from(hit);
        self.total += 1;
    }

    fn merge(&mut self, other: Self) {
        self.hits += other.hits;
        self.total += other.total;
    }

    /// hits / total; `None` when it never occurred.
    pub fn rate(&self) -> Option<f32> {
        (self.total > 0).then(|| self.hits as f32 / self.total as f32)
    }
}

/// Predicted against observed: a calibration curve.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Calibration {
    /// Sum of predictions by bin.
    pub predicted: [f32; N_BINS],
    /// What happened, by bin.
    pub observed: [Share; N_BINS],
}

impl Calibration {
    fn add(&mut self, prediction: f32, happened: bool) {
        let bin = ((prediction * N_BINS as f32) as usize).min(N_BINS - 1);
        self.predicted[bin] += prediction;
        self.observed[bin].add(happened);
    }

    fn merge(&mut self, other: &Self) {
        for bin in 0..N_BINS {
            self.predicted[bin] += other.predicted[bin];
            self.observed[bin].merge(other.observed[bin]);
        }
    }

    /// Expected calibration error: mean over predictions of |predicted − observed| of their bin.
    pub fn error(&self) -> f32 {
        let total: u32 = self.observed.iter().map(|share| share.total).sum();
        let gap: f32 = (0..N_BINS)
            .map(|bin| (self.predicted[bin] - self.observed[bin].hits as f32).abs())
            .sum();
        gap / total.max(1) as f32
    }
}

/// Counts over many episodes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// Every episode in order.
    pub episodes: Vec<EpisodeRecord>,
    /// Neutralised (or allowed, for benign frames) by vector.
    pub by_vector: [Share; N_VECTORS],
    /// Attacks neutralised, by channel.
    pub attacks_by_channel: [Share; N_CHANNELS],
    /// Benign frames allowed, by channel.
    pub benign_by_channel: [Share; N_CHANNELS],
    /// Attacks neutralised by the bandit's arm; the last entry is "no mutation".
    pub by_mutation: [Share; N_MUTATIONS + 1],
    /// Actions by vector.
    pub confusion: [[u32; N_ACTIONS]; N_VECTORS],
    /// Benign frames stopped, by how they were written.
    pub stopped_by_kind: [Share; N_BENIGN_KINDS],
    /// Benign frames allowed, carrying a mutation.
    pub benign_obfuscated: Share,
    /// Calibration of the confidence: was the answer right?
    pub confidence: Calibration,
    /// Calibration of `p_malicious`, for agents with beliefs.
    pub p_malicious: Calibration,
    /// `p_malicious` against the truth, for agents with beliefs.
    pub scores: Scores,
    /// The same counts by domain.
    pub by_domain: BTreeMap<u32, DomainCounts>,
}

/// Counts of the frames of one domain.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DomainCounts {
    /// Attacks neutralised.
    pub attacks: Share,
    /// Benign frames allowed.
    pub benign: Share,
    /// Benign frames stopped.
    pub stopped: Share,
    /// Calibration of `p_malicious`, for agents with beliefs.
    pub p_malicious: Calibration,
    /// `p_malicious` against the truth, for agents with beliefs.
    pub scores: Scores,
}

impl DomainCounts {
    /// Adds the counts of another domain, or of the same one elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.attacks.merge(other.attacks);
        self.benign.merge(other.benign);
        self.stopped.merge(other.stopped);
        self.p_malicious.merge(&other.p_malicious);
        self.scores.merge(&other.scores);
    }
}

impl Evaluation {
    /// Adds the counts of another evaluation.
    pub fn merge(&mut self, other: &Self) {
        self.episodes.extend_from_slice(&other.episodes);
        for (mine, theirs) in self.by_vector.iter_mut().zip(&other.by_vector) {
            mine.merge(*theirs);
        }
        for (mine, theirs) in self.attacks_by_channel.iter_mut().zip(&other.attacks_by_channel) {
            mine.merge(*theirs);
        }
        for (mine, theirs) in self.benign_by_channel.iter_mut().zip(&other.benign_by_channel) {
            mine.merge(*theirs);
        }
        for (mine, theirs) in self.stopped_by_kind.iter_mut().zip(&other.stopped_by_kind) {
            mine.merge(*theirs);
        }
        for (mine, theirs) in self.by_mutation.iter_mut().zip(&other.by_mutation) {
            mine.merge(*theirs);
        }
        for (mine, theirs) in
            self.confusion.iter_mut().flatten().zip(other.confusion.iter().flatten())
        {
            *mine += theirs;
        }
        self.benign_obfuscated.merge(other.benign_obfuscated);
        self.confidence.merge(&other.confidence);
        self.p_malicious.merge(&other.p_malicious);
        self.scores.merge(&other.scores);
        for (domain, counts) in &other.by_domain {
            self.by_domain.entry(*domain).or_default().merge(counts);
        }
    }

    fn add(&mut self, env: &Environment, outcome: &StepOutcome, action_idx: usize) {
        let truth = &outcome.truth;
        let right = outcome.verdict.right();
        let channel = env.corpus().facts(truth.scenario).channel.index();
        self.by_vector[truth.vector.index()].add(right);
        self.confusion[truth.vector.index()][action_idx] += 1;
        let domain = self.by_domain.entry(env.corpus().family_of(truth.scenario).domain);
        let domain = domain.or_default();
        if truth.malicious {
            domain.attacks.add(right);
            self.attacks_by_channel[channel].add(right);
            let arm = truth.mutations.arm.map_or(N_MUTATIONS, Mutation::index);
            self.by_mutation[arm].add(right);
        } else {
            domain.benign.add(right);
            self.benign_by_channel[channel].add(right);
            let kind = env.corpus().benign_kind(truth.scenario).index();
            let stopped = outcome.verdict == Verdict::FalsePositive;
            domain.stopped.add(stopped);
            self.stopped_by_kind[kind].add(stopped);
            if truth.mutations.obfuscated() {
                self.benign_obfuscated.add(right);
            }
        }
    }

    fn totals(&self) -> Tally {
        self.episodes.iter().fold(Tally::default(), |sum, episode| Tally {
            malicious: sum.malicious + episode.tally.malicious,
            neutralised: sum.neutralised + episode.tally.neutralised,
            benign: sum.benign + episode.tally.benign,
            false_positives: sum.false_positives + episode.tally.false_positives,
            escalated: sum.escalated + episode.tally.escalated,
        })
    }

    /// Total reward over total steps, with its 95% bootstrap interval.
    pub fn step_reward(&self) -> Estimate {
        self.estimate(|episodes| {
            let (reward, steps) = episodes.fold((0.0f64, 0u32), |(reward, steps), episode| {
                (reward + f64::from(episode.total_reward), steps + episode.n_steps)
            });
            (reward / f64::from(steps.max(1))) as f32
        })
    }

    /// Mean episode return, with its 95% bootstrap interval.
    pub fn episode_return(&self) -> Estimate {
        self.mean_of(|episode| episode.total_reward)
    }

    /// Mean episode score, with its 95% bootstrap interval.
    pub fn score(&self) -> Estimate {
        self.mean_of(|episode| episode.score)
    }

    fn mean_of(&self, value: impl Fn(&EpisodeRecord) -> f32) -> Estimate {
        self.estimate(|episodes| {
            let (sum, n) = episodes
                .fold((0.0f64, 0u32), |(sum, n), episode| (sum + f64::from(value(episode)), n + 1));
            (sum / f64::from(n.max(1))) as f32
        })
    }

    fn estimate(
        &self,
        statistic: impl Fn(&mut dyn Iterator<Item = &EpisodeRecord>) -> f32,
    ) -> Estimate {
        let mean = statistic(&mut self.episodes.iter());
        let n = self.episodes.len() as u32;
        let mut rng = Rng::new(u64::from(n));
        let mut resampled: Vec<f32> = (0..N_RESAMPLES)
            .map(|_| {
                let mut draws = (0..n).filter_map(|_| self.episodes.get(rng.below(n) as usize));
                statistic(&mut draws)
            })
            .collect();
        resampled.sort_by(f32::total_cmp);
        let at = |quantile: f32| {
            let idx = (quantile * (N_RESAMPLES - 1) as f32) as usize;
            resampled.get(idx).copied().unwrap_or(mean)
        };
        Estimate { mean, low: at(0.025), high: at(0.975) }
    }

    /// Mean over attacks of +1 neutralised, −1 not.
    pub fn threat_awareness(&self) -> f32 {
        let totals = self.totals();
        2.0 * totals.neutralised as f32 / totals.malicious.max(1) as f32 - 1.0
    }

    /// False positives plus half the escalations, per 100 benign frames.
    pub fn alert_fatigue(&self) -> f32 {
        let totals = self.totals();
        let alarms = totals.false_positives as f32 + 0.5 * totals.escalated as f32;
        100.0 * alarms / totals.benign.max(1) as f32
    }

    /// Share of benign frames that were stopped.
    pub fn false_positive_rate(&self) -> f32 {
        let totals = self.totals();
        totals.false_positives as f32 / totals.benign.max(1) as f32
    }

    /// Share of attacks that were neutralised.
    pub fn recall(&self) -> f32 {
        let totals = self.totals();
        totals.neutralised as f32 / totals.malicious.max(1) as f32
    }

    /// Realised share of attacks.
    pub fn malicious_share(&self) -> f32 {
        let totals = self.totals();
        totals.malicious as f32 / (totals.malicious + totals.benign).max(1) as f32
    }

    /// Breaches per 100 episodes.
    pub fn breaches(&self) -> f32 {
        let breached = self.episodes.iter().filter(|episode| episode.breached).count();
        100.0 * breached as f32 / self.episodes.len().max(1) as f32
    }
}

/// A mean and its 95% bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The statistic over all episodes.
    pub mean: f32,
    /// 2.5% quantile of the resampled statistic.
    pub low: f32,
    /// 97.5% quantile of the resampled statistic.
    pub high: f32,
}

/// Plays one run of `n_episodes` from `seed`: history and adversary go on between episodes.
pub fn evaluate(
    agent: &mut dyn Agent,
    config: &EnvConfig,
    corpus: &Arc<Corpus>,
    seed: u64,
    n_episodes: u32,
) -> Result<Evaluation, ConfigError> {
    let mut env = Environment::new(*config, Arc::clone(corpus), seed)?;
    let mut evaluation = Evaluation::default();
    for _ in 0..n_episodes {
        env.reset();
        let mut total_reward = 0.0;
        let mut before = env.metrics().tally;
        loop {
            let action = agent.act(&env, &env.context());
            let Ok(outcome) = env.step(&action) else { break };
            total_reward += outcome.reward.total;
            evaluation.add(&env, &outcome, action.action_type().index());
            evaluation.confidence.add(action.confidence(), outcome.verdict.right());
            if let Some(beliefs) = agent.beliefs() {
                evaluation.p_malicious.add(beliefs.p_malicious, outcome.truth.malicious);
                evaluation.scores.add(beliefs.p_malicious, outcome.truth.malicious);
                let domain = corpus.family_of(outcome.truth.scenario).domain;
                let domain = evaluation.by_domain.entry(domain).or_default();
                domain.p_malicious.add(beliefs.p_malicious, outcome.truth.malicious);
                domain.scores.add(beliefs.p_malicious, outcome.truth.malicious);
            }
            if let Some(score) = outcome.episode_score {
                let after = env.metrics().tally;
                before = Tally {
                    malicious: after.malicious - before.malicious,
                    neutralised: after.neutralised - before.neutralised,
                    benign: after.benign - before.benign,
                    false_positives: after.false_positives - before.false_positives,
                    escalated: after.escalated - before.escalated,
                };
                evaluation.episodes.push(EpisodeRecord {
                    n_steps: outcome.step_idx + 1,
                    total_reward,
                    score,
                    tally: before,
                    breached: outcome.verdict == Verdict::Breach,
                });
                break;
            }
        }
    }
    Ok(evaluation)
}
