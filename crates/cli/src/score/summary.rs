//! What a scored file amounts to, over all rows and by channel.

use omniguard_core::action::ActionType;
use omniguard_core::frame::Channel;
use omniguard_core::roc::Scores;
use omniguard_core::wire::decide::DecisionBody;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Shares of false positives at which recall is reported as well.
const POINTS: [f32; 2] = [0.03, 0.05];

/// Counts of one group of rows.
#[derive(Debug, Default)]
struct Counts {
    scores: Scores,
    n_malicious: u32,
    n_benign: u32,
    /// Attacks that the greedy action did not allow.
    stopped: u32,
    /// Benign rows that it stopped.
    false_positives: u32,
    /// Benign rows that it held.
    held: u32,
}

impl Counts {
    fn add(&mut self, malicious: bool, decision: &DecisionBody) {
        self.scores.add(decision.p_malicious, malicious);
        let allowed = decision.action == ActionType::Allow.name();
        let held = decision.action == ActionType::Spotlight.name();
        if malicious {
            self.n_malicious += 1;
            self.stopped += u32::from(!allowed);
        } else {
            self.n_benign += 1;
            self.false_positives += u32::from(!allowed && !held);
            self.held += u32::from(held);
        }
    }

    fn group(&self, channel: &'static str, threshold: f32) -> Group {
        let share = |part: u32, of: u32| (of > 0).then(|| part as f32 / of as f32);
        let at = self.scores.at(threshold);
        let [three, five] = POINTS.map(|share| self.scores.within(share).recall);
        Group {
            channel,
            attacks: self.n_malicious,
            benign: self.n_benign,
            auc: self.scores.auc(),
            greedy: Greedy {
                recall: share(self.stopped, self.n_malicious),
                false_positive_rate: share(self.false_positives, self.n_benign),
                held_rate: share(self.held, self.n_benign),
            },
            at_threshold: AtThreshold {
                recall: at.recall,
                false_positive_rate: at.false_positive_rate,
            },
            recall_at_3_percent_false_positives: three,
            recall_at_5_percent_false_positives: five,
        }
    }
}

/// The summary of a file, as `--report` writes it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    model_run: String,
    rows: u64,
    refused: u64,
    microseconds_p50: f64,
    microseconds_p99: f64,
    threshold: f32,
    /// By channel; the last one is all rows together.
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    channel: &'static str,
    attacks: u32,
    benign: u32,
    auc: Option<f32>,
    /// Of the most probable action: what is not allowed counts as recall, what is held apart.
    greedy: Greedy,
    at_threshold: AtThreshold,
    recall_at_3_percent_false_positives: f32,
    recall_at_5_percent_false_positives: f32,
}

#[derive(Debug, Serialize)]
struct Greedy {
    recall: Option<f32>,
    false_positive_rate: Option<f32>,
    held_rate: Option<f32>,
}

#[derive(Debug, Serialize)]
struct AtThreshold {
    recall: f32,
    false_positive_rate: f32,
}

/// Counts while a file is read.
#[derive(Debug)]
pub(super) struct Summary {
    threshold: f32,
    n_refused: u64,
    all: Counts,
    by_channel: BTreeMap<&'static str, Counts>,
    microseconds: Vec<f64>,
}

impl Summary {
    pub(super) fn new(threshold: f32) -> Self {
        Self {
            threshold,
            n_refused: 0,
            all: Counts::default(),
            by_channel: BTreeMap::new(),
            microseconds: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        channel: Option<Channel>,
        malicious: Option<bool>,
        decision: &DecisionBody,
        microseconds: f64,
    ) {
        self.microseconds.push(microseconds);
        if let Some(malicious) = malicious {
            self.all.add(malicious, decision);
            let name = channel.map_or("unknown", Channel::name);
            self.by_channel.entry(name).or_default().add(malicious, decision);
        }
    }

    pub(super) fn refuse(&mut self) {
        self.n_refused += 1;
    }

    pub(super) fn report(&self, model_run: &str) -> Report {
        let mut times = self.microseconds.clone();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| {
            times.get((share * (times.len() as f64 - 1.0)) as usize).copied().unwrap_or(0.0)
        };
        let groups = self.by_channel.iter().map(|(name, counts)| (*name, counts));
        let labelled = self.all.n_malicious + self.all.n_benign > 0;
        Report {
            model_run: model_run.into(),
            rows: self.microseconds.len() as u64,
            refused: self.n_refused,
            microseconds_p50: at(0.5),
            microseconds_p99: at(0.99),
            threshold: self.threshold,
            groups: groups
                .chain(labelled.then_some(("all", &self.all)))
                .map(|(name, counts)| counts.group(name, self.threshold))
                .collect(),
        }
    }
}

impl Report {
    pub(super) fn n_refused(&self) -> u64 {
        self.refused
    }
}

fn percent(share: Option<f32>) -> String {
    share.map_or("-".into(), |share| format!("{:.1}%", 100.0 * share))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rows judged, {} refused; microseconds p50 {:.1}, p99 {:.1}",
            self.rows, self.refused, self.microseconds_p50, self.microseconds_p99
        )?;
        if self.groups.is_empty() {
            return writeln!(f, "no row says whether it is malicious: nothing to compare with");
        }
        let threshold = format!("p >= {}", self.threshold);
        let [three, five] = POINTS.map(|share| format!("<= {:.0}%", 100.0 * share));
        writeln!(
            f,
            "{:<17}{:>8}{:>8}{:>7}  {:^24}  {:^16}  recall at",
            "", "", "", "", "greedy", threshold
        )?;
        writeln!(
            f,
            "{:<17}{:>8}{:>8}{:>7}  {:>8}{:>8}{:>8}  {:>8}{:>8}  {three:>8}{five:>8}",
            "channel", "attacks", "benign", "AUC", "recall", "FP", "held", "recall", "FP"
        )?;
        for group in &self.groups {
            writeln!(
                f,
                "{:<17}{:>8}{:>8}{:>7}  {:>8}{:>8}{:>8}  {:>8}{:>8}  {:>8}{:>8}",
                group.channel,
                group.attacks,
                group.benign,
                group.auc.map_or("-".into(), |auc| format!("{auc:.3}")),
                percent(group.greedy.recall),
                percent(group.greedy.false_positive_rate),
                percent(group.greedy.held_rate),
                percent(Some(group.at_threshold.recall)),
                percent(Some(group.at_threshold.false_positive_rate)),
                percent(Some(group.recall_at_3_percent_false_positives)),
                percent(Some(group.recall_at_5_percent_false_positives)),
            )?;
        }
        Ok(())
    }
}
