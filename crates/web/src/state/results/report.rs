//! The evaluation report.

use super::node::{Node, RunFileError};
use crate::charts::dots::Row;
use crate::state::round::words;
use crate::state::settings::Baseline;

/// A mean with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// One agent's figures in one phase.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentFigures {
    /// The agent's wire name.
    pub name: String,
    /// Reward of an episode.
    pub episode_return: Estimate,
    /// Reward of a step.
    pub step_reward: Estimate,
    /// Share of the oracle's episode return.
    pub of_oracle: f64,
    /// +1 neutralised, −1 not, over attacks.
    pub threat_awareness: f64,
    /// Share of benign frames stopped.
    pub false_positives: f64,
    /// Share of STDIO escapes answered by severing the channel.
    pub stdio_revoked: f64,
    /// Breaches per 100 episodes.
    pub breaches: f64,
}

/// A bin of a calibration curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Mean prediction.
    pub predicted: f64,
    /// How often it happened.
    pub observed: f64,
    /// Predictions in it.
    pub n: f64,
}

/// Predicted against observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// What is predicted.
    pub of: &'static str,
    /// Expected calibration error.
    pub error: f64,
    /// Bins of equal width, the empty ones left out.
    pub bins: Vec<Bin>,
}

/// Shares of one kind: what the rows are, what is counted, the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// What the rows are.
    pub of: &'static str,
    /// What the shares are of.
    pub title: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Counts of answers: vector, then action and count.
pub type Confusion = Vec<(String, Vec<(String, f64)>)>;

/// One phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseReport {
    /// Short name.
    pub name: String,
    /// Realised share of attacks.
    pub malicious_share: f64,
    /// Every agent's figures.
    pub agents: Vec<AgentFigures>,
    /// Attacks neutralised, by vector, mutation and channel; benign frames, by channel and kind.
    pub shares: Vec<Shares>,
    /// Counts of answers: vector, then action and count.
    pub confusion: Confusion,
    /// Calibration of P(malicious) and of the confidence.
    pub reliability: [Reliability; 2],
    /// Area under the curve of P(malicious).
    pub auc: f64,
    /// Recall at 3% false positives.
    pub recall_at_3_percent: f64,
}

impl PhaseReport {
    /// An agent's figures.
    pub fn agent(&self, name: &str) -> Option<&AgentFigures> {
        self.agents.iter().find(|agent| agent.name == name)
    }

    /// The figures of the page's baselines, in the page's order.
    pub fn baselines(&self) -> Vec<(Baseline, &AgentFigures)> {
        let figures = |baseline: Baseline| Some((baseline, self.agent(baseline.name())?));
        Baseline::ALL.into_iter().filter_map(figures).collect()
    }
}

/// The file.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The command that made it.
    pub command: String,
    /// Rules that were played by.
    pub environment: String,
    /// Split of the corpus.
    pub split: String,
    /// Episodes a phase and agent.
    pub episodes: f64,
    /// The phases.
    pub phases: Vec<PhaseReport>,
}

impl Report {
    /// Reads the file's value.
    pub fn of(top: Node<'_>) -> Result<Self, RunFileError> {
        let phases = top.items("phases")?;
        Ok(Self {
            command: top.text("command")?,
            environment: top.text("environment")?,
            split: top.text("split")?,
            episodes: top.number("episodes_per_phase")?,
            phases: phases.iter().map(phase).collect::<Result<_, _>>()?,
        })
    }
}

fn phase(node: &Node<'_>) -> Result<PhaseReport, RunFileError> {
    let agents = node.items("agents")?;
    let detail = node.get("detail")?;
    let shares = [
        ("right_by_vector", "Vector", "Attacks neutralised, by vector"),
        ("neutralised_by_mutation", "Mutation", "Attacks neutralised, by mutation"),
        ("neutralised_by_channel", "Channel", "Attacks neutralised, by channel"),
        ("allowed_by_channel", "Channel", "Benign frames allowed, by channel"),
        ("false_positives_by_kind", "Kind", "Benign frames stopped, by how they were written"),
    ];
    let trained = agents.iter().find(|node| node.text("agent").is_ok_and(|name| name == "trained"));
    let reliability = |of, source: &Node<'_>, error, bins| {
        Ok(Reliability { of, error: source.number(error)?, bins: filled_bins(&detail, bins)? })
    };
    Ok(PhaseReport {
        name: node.text("short_name")?,
        malicious_share: node.number("malicious_share")?,
        agents: agents.iter().map(agent).collect::<Result<_, _>>()?,
        shares: shares
            .into_iter()
            .map(|(key, of, title)| Ok(Shares { of, title, rows: rows(&detail, key)? }))
            .collect::<Result<_, _>>()?,
        confusion: confusion(&detail)?,
        reliability: [
            reliability(
                "P(malicious)",
                &detail,
                "p_malicious_calibration_error",
                "p_malicious_bins",
            )?,
            reliability(
                "Confidence",
                trained.unwrap_or(&detail),
                "confidence_calibration_error",
                "confidence_bins",
            )?,
        ],
        auc: detail.number("p_malicious_auc")?,
        recall_at_3_percent: detail.number("recall_at_3_percent_false_positives")?,
    })
}

fn agent(node: &Node<'_>) -> Result<AgentFigures, RunFileError> {
    let estimate = |key| {
        let node = node.get(key)?;
        let number = |key| node.number(key);
        Ok(Estimate { mean: number("mean")?, low: number("low")?, high: number("high")? })
    };
    Ok(AgentFigures {
        name: node.text("agent")?,
        episode_return: estimate("episode_return")?,
        step_reward: estimate("step_reward")?,
        of_oracle: node.number("episode_return_of_oracle")?,
        threat_awareness: node.number("threat_awareness")?,
        false_positives: node.number("false_positive_rate")?,
        stdio_revoked: node.number("stdio_revoked")?,
        breaches: node.number("breaches_per_100_episodes")?,
    })
}

/// Shares by name. The benign vector is left out: its share stands with the channels.
fn rows(detail: &Node<'_>, key: &'static str) -> Result<Vec<Row>, RunFileError> {
    let members = detail.members(key)?;
    let attacks = members.into_iter().filter(|(name, _)| *name != "benign");
    attacks
        .map(|(name, node)| {
            Ok(Row { name: words(name), share: node.number("rate")?, n: node.number("n")? })
        })
        .collect()
}

fn confusion(detail: &Node<'_>) -> Result<Confusion, RunFileError> {
    let counts = |(vector, actions): (&str, Node<'_>)| {
        let count = |action: omniguard_core::action::ActionType| {
            Ok((action.name().to_owned(), actions.number(action.name())?))
        };
        let actions = omniguard_core::action::ActionType::ALL.map(count);
        Ok((words(vector), actions.into_iter().collect::<Result<_, _>>()?))
    };
    detail.members("confusion")?.into_iter().map(counts).collect()
}

fn filled_bins(detail: &Node<'_>, key: &'static str) -> Result<Vec<Bin>, RunFileError> {
    let bin = |node: &Node<'_>| {
        let number = |key| node.number(key);
        let n = number("n")?;
        if n == 0.0 {
            return Ok(None);
        }
        Ok(Some(Bin { predicted: number("predicted")?, observed: number("observed")?, n }))
    };
    let bins: Result<Vec<_>, _> = detail.items(key)?.iter().map(bin).collect();
    Ok(bins?.into_iter().flatten().collect())
}
