//! The evaluation report: what `report.json` holds and the page reads.

use super::{Contestant, EvalArgs, Row};
use crate::corpus::source_of;
use omniguard_core::action::ActionType;
use omniguard_core::corpus::{BenignKind, Corpus};
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::ENVIRONMENT_ID;
use omniguard_core::evaluate::{Calibration, DomainCounts, Estimate, Evaluation, Share};
use omniguard_core::frame::{Channel, Mutation, Vector};
use omniguard_core::policy::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) environment: &'static str,
    pub(crate) command: String,
    pub(crate) model_run: String,
    pub(crate) corpus_checksum: String,
    pub(crate) split: &'static str,
    pub(crate) seed: u64,
    pub(crate) episodes_per_phase: u32,
    pub(crate) phases: Vec<PhaseReport>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PhaseReport {
    pub(crate) phase: &'static str,
    pub(crate) short_name: &'static str,
    /// Realised shares under the trained policy, traps included.
    pub(crate) malicious_share: f32,
    pub(crate) agents: Vec<AgentReport>,
    /// Of the trained policy.
    pub(crate) detail: Detail,
}

#[derive(Debug, Serialize)]
pub(crate) struct AgentReport {
    pub(crate) agent: &'static str,
    pub(crate) step_reward: Interval,
    pub(crate) episode_return: Interval,
    pub(crate) score: Interval,
    pub(crate) step_reward_of_oracle: f32,
    pub(crate) episode_return_of_oracle: f32,
    pub(crate) threat_awareness: f32,
    pub(crate) recall: f32,
    pub(crate) false_positive_rate: f32,
    pub(crate) alert_fatigue: f32,
    pub(crate) breaches_per_100_episodes: f32,
    pub(crate) stdio_revoked: Option<f32>,
    pub(crate) confidence_calibration_error: f32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) mean: f32,
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl From<Estimate> for Interval {
    fn from(estimate: Estimate) -> Self {
        Self { mean: estimate.mean, low: estimate.low, high: estimate.high }
    }
}

/// A share and how many it is of.
#[derive(Debug, Serialize)]
pub(crate) struct Rate {
    pub(crate) rate: Option<f32>,
    pub(crate) n: u32,
}

impl From<&Share> for Rate {
    fn from(share: &Share) -> Self {
        Self { rate: share.rate(), n: share.total }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    pub(crate) right_by_vector: BTreeMap<&'static str, Rate>,
    pub(crate) neutralised_by_channel: BTreeMap<&'static str, Rate>,
    pub(crate) allowed_by_channel: BTreeMap<&'static str, Rate>,
    pub(crate) neutralised_by_mutation: BTreeMap<&'static str, Rate>,
    /// Benign frames stopped, by how they were written.
    pub(crate) false_positives_by_kind: BTreeMap<&'static str, Rate>,
    pub(crate) benign_obfuscated_allowed: Rate,
    /// Counts by vector, then action.
    pub(crate) confusion: BTreeMap<&'static str, BTreeMap<&'static str, u32>>,
    pub(crate) p_malicious_calibration_error: f32,
    /// Area under the ROC curve of `p_malicious` over all frames met.
    pub(crate) p_malicious_auc: Option<f32>,
    /// Recall of the threshold on `p_malicious` that stops 3% of the benign frames.
    pub(crate) recall_at_3_percent_false_positives: f32,
    pub(crate) p_malicious_bins: Vec<Bin>,
    pub(crate) confidence_bins: Vec<Bin>,
    /// By where the texts come from; empty where there is one source.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) by_source: BTreeMap<&'static str, SourceReport>,
}

/// Frames of one source.
#[derive(Debug, Serialize)]
pub(crate) struct SourceReport {
    pub(crate) neutralised: Rate,
    pub(crate) allowed: Rate,
    pub(crate) false_positives: Rate,
    pub(crate) p_malicious_calibration_error: f32,
    pub(crate) p_malicious_auc: Option<f32>,
    /// Of a threshold on `p_malicious` that stops 3% of this source's benign frames.
    pub(crate) recall_at_3_percent_false_positives: f32,
}

#[derive(Debug, Serialize)]
pub(crate) struct Bin {
    pub(crate) predicted: f32,
    pub(crate) observed: f32,
    pub(crate) n: u32,
}

pub(super) fn make(
    args: &EvalArgs,
    corpus: &Corpus,
    trained: &Policy,
    episodes: u32,
    phases: &[(Phase, Vec<Row>)],
) -> Report {
    Report {
        environment: ENVIRONMENT_ID,
        command: format!(
            "omniguard eval --split {} --episodes {} --seed {}",
            args.split.name(),
            args.episodes,
            args.seed
        ),
        model_run: trained.run_id().to_owned(),
        corpus_checksum: format!("{:016x}", corpus.checksum()),
        split: args.split.name(),
        seed: args.seed,
        episodes_per_phase: episodes,
        phases: phases.iter().map(|(phase, rows)| phase_report(corpus, *phase, rows)).collect(),
    }
}

fn phase_report(corpus: &Corpus, phase: Phase, rows: &[Row]) -> PhaseReport {
    let find = |wanted| rows.iter().find(|row| row.contestant == wanted).map(|row| &row.evaluation);
    let empty = Evaluation::default();
    let trained = find(Contestant::Trained).unwrap_or(&empty);
    let oracle = find(Contestant::Oracle).unwrap_or(&empty);
    PhaseReport {
        phase: phase.name(),
        short_name: phase.short_name(),
        malicious_share: trained.malicious_share(),
        agents: rows.iter().map(|row| agent_report(row, oracle)).collect(),
        detail: detail(corpus, trained),
    }
}

fn agent_report(row: &Row, oracle: &Evaluation) -> AgentReport {
    let evaluation = &row.evaluation;
    let stdio = Vector::StdioEscape.index();
    let answered: u32 = evaluation.confusion[stdio].iter().sum();
    let revoked = evaluation.confusion[stdio][ActionType::RevokeStdio.index()];
    let step_reward = evaluation.step_reward();
    let episode_return = evaluation.episode_return();
    AgentReport {
        agent: row.contestant.name(),
        step_reward_of_oracle: step_reward.mean / oracle.step_reward().mean,
        episode_return_of_oracle: episode_return.mean / oracle.episode_return().mean,
        step_reward: step_reward.into(),
        episode_return: episode_return.into(),
        score: evaluation.score().into(),
        threat_awareness: evaluation.threat_awareness(),
        recall: evaluation.recall(),
        false_positive_rate: evaluation.false_positive_rate(),
        alert_fatigue: evaluation.alert_fatigue(),
        breaches_per_100_episodes: evaluation.breaches(),
        stdio_revoked: (answered > 0).then(|| revoked as f32 / answered as f32),
        confidence_calibration_error: evaluation.confidence.error(),
    }
}

fn detail(corpus: &Corpus, evaluation: &Evaluation) -> Detail {
    let by_channel = |shares: &[Share]| {
        Channel::ALL.iter().zip(shares).map(|(c, share)| (c.name(), share.into())).collect()
    };
    let mutations = Mutation::ALL.iter().map(|mutation| mutation.name()).chain(["none"]);
    Detail {
        right_by_vector: Vector::ALL
            .iter()
            .zip(&evaluation.by_vector)
            .map(|(vector, share)| (vector.name(), share.into()))
            .collect(),
        neutralised_by_channel: by_channel(&evaluation.attacks_by_channel),
        allowed_by_channel: by_channel(&evaluation.benign_by_channel),
        neutralised_by_mutation: mutations
            .zip(&evaluation.by_mutation)
            .map(|(name, share)| (name, share.into()))
            .collect(),
        false_positives_by_kind: BenignKind::ALL
            .iter()
            .zip(&evaluation.stopped_by_kind)
            .map(|(kind, share)| (kind.name(), share.into()))
            .collect(),
        benign_obfuscated_allowed: (&evaluation.benign_obfuscated).into(),
        confusion: Vector::ALL
            .iter()
            .zip(&evaluation.confusion)
            .map(|(vector, counts)| {
                let row = ActionType::ALL.iter().zip(counts);
                (vector.name(), row.map(|(action, &n)| (action.name(), n)).collect())
            })
            .collect(),
        p_malicious_calibration_error: evaluation.p_malicious.error(),
        p_malicious_auc: evaluation.scores.auc(),
        recall_at_3_percent_false_positives: evaluation.scores.within(0.03).recall,
        p_malicious_bins: bins(&evaluation.p_malicious),
        confidence_bins: bins(&evaluation.confidence),
        by_source: by_source(corpus, evaluation),
    }
}

fn by_source(corpus: &Corpus, evaluation: &Evaluation) -> BTreeMap<&'static str, SourceReport> {
    let mut sums: BTreeMap<&str, DomainCounts> = BTreeMap::new();
    for (&domain, counts) in &evaluation.by_domain {
        let name = corpus.domains().get(domain as usize).map_or("", String::as_str);
        sums.entry(source_of(name)).or_default().merge(counts);
    }
    if sums.len() < 2 {
        return BTreeMap::new();
    }
    let report = |counts: DomainCounts| SourceReport {
        neutralised: (&counts.attacks).into(),
        allowed: (&counts.benign).into(),
        false_positives: (&counts.stopped).into(),
        p_malicious_calibration_error: counts.p_malicious.error(),
        p_malicious_auc: counts.scores.auc(),
        recall_at_3_percent_false_positives: counts.scores.within(0.03).recall,
    };
    sums.into_iter().map(|(source, counts)| (source, report(counts))).collect()
}

fn bins(calibration: &Calibration) -> Vec<Bin> {
    calibration
        .predicted
        .iter()
        .zip(&calibration.observed)
        .filter_map(|(&predicted, share)| {
            let observed = share.rate()?;
            Some(Bin { predicted: predicted / share.total as f32, observed, n: share.total })
        })
        .collect()
}
