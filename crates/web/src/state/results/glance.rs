//! *Baseline vs. trained at a glance*: one row a figure, one column an agent, and what follows.

use super::curves::end_of;
use super::report::{AgentFigures, Estimate, PhaseReport};
use super::run::{KL, RunFiles};
use crate::charts::markup::Markup;
use crate::state::figures;

/// A row: what is compared.
struct Metric {
    name: &'static str,
    note: &'static str,
    value: fn(&AgentFigures) -> Estimate,
    write: fn(f64) -> String,
    /// Written where a difference is: a share's is in points.
    difference: fn(f64) -> String,
    more_is_better: bool,
}

fn exact(mean: f64) -> Estimate {
    Estimate { mean, low: mean, high: mean }
}

fn share(value: f64) -> String {
    format!("{:.1}%", value * 100.0)
}

fn points(value: f64) -> String {
    format!("{:.1} points", value * 100.0)
}

fn three(value: f64) -> String {
    figures::component(value as f32)
}

const METRICS: [Metric; 6] = [
    Metric {
        name: "Overall reward",
        note: "mean sum of an episode",
        value: |agent| agent.episode_return,
        write: figures::reward,
        difference: |by| format!("{by:.2}"),
        more_is_better: true,
    },
    Metric {
        name: "Environment step reward",
        note: "mean of a step",
        value: |agent| agent.step_reward,
        write: three,
        difference: |by| format!("{by:.3}"),
        more_is_better: true,
    },
    Metric {
        name: "Threat awareness",
        note: "\u{2212}1 all attacks missed, +1 none",
        value: |agent| exact(agent.threat_awareness),
        write: three,
        difference: |by| format!("{by:.3}"),
        more_is_better: true,
    },
    Metric {
        name: "STDIO escapes cut off",
        note: "answered by REVOKE_STDIO",
        value: |agent| exact(agent.stdio_revoked),
        write: share,
        difference: points,
        more_is_better: true,
    },
    Metric {
        name: "False positives",
        note: "benign frames stopped",
        value: |agent| exact(agent.false_positives),
        write: share,
        difference: points,
        more_is_better: false,
    },
    Metric {
        name: "Breaches",
        note: "per 100 episodes",
        value: |agent| exact(agent.breaches),
        write: |breaches| format!("{breaches:.1}"),
        difference: |by| format!("{by:.1}"),
        more_is_better: false,
    },
];

/// The trained agent beside the best of the baselines, in a sentence.
fn conclusion(metric: &Metric, trained: &AgentFigures, phase: &PhaseReport) -> (bool, String) {
    let value = metric.value;
    let sign = if metric.more_is_better { 1.0 } else { -1.0 };
    let baselines = phase.baselines();
    let best = baselines
        .iter()
        .max_by(|a, b| (sign * value(a.1).mean).total_cmp(&(sign * value(b.1).mean)));
    let Some((name, best)) = best else { return (false, String::new()) };
    let (ours, theirs) = (value(trained), value(best));
    let by = (metric.difference)((ours.mean - theirs.mean).abs());
    let name = name.label().to_lowercase();
    if ours.low <= theirs.high && theirs.low <= ours.high {
        return (false, format!("No clear difference from the best baseline, {name}."));
    }
    let better = sign * (ours.mean - theirs.mean) > 0.0;
    let text = if better {
        format!("Better by {by} than the best baseline, {name}.")
    } else {
        format!(
            "Worse by {by} than {name}, at {} of attacks let through against {}.",
            share((1.0 - trained.threat_awareness) / 2.0),
            share((1.0 - best.threat_awareness) / 2.0)
        )
    };
    (better, text)
}

/// The table of one phase.
pub fn table(run: &RunFiles, phase: &PhaseReport) -> String {
    let mut out = Markup::default();
    let (Some(trained), baselines) = (phase.agent("trained"), phase.baselines()) else {
        return String::new();
    };
    let oracle = phase.agent("oracle");
    let mut columns = vec!["Figure", "Trained"];
    columns.extend(baselines.iter().map(|(baseline, _)| baseline.label()));
    columns.extend(["Perfect play", "Conclusion"]);
    out.table_head("figures glance", "Trained defender and baselines", &columns);
    let n_others = baselines.len() + usize::from(oracle.is_some());
    for metric in &METRICS {
        head(&mut out, metric.name, metric.note);
        cell(&mut out, metric, trained, "glance-trained");
        for (_, baseline) in &baselines {
            cell(&mut out, metric, baseline, "");
        }
        if let Some(oracle) = oracle {
            cell(&mut out, metric, oracle, "glance-oracle");
        }
        let (better, text) = conclusion(metric, trained, phase);
        let tone = if better { "good" } else { "poor" };
        out.element("td", &[("class", "glance-said"), ("data-tone", tone)], &text);
        out.close("tr");
    }
    // Only what learns has a reference to move away from.
    let (end, largest) = end_of(run, KL);
    head(&mut out, "Action stability", "KL to the reference, end of training");
    out.element("td", &[("class", "glance-trained")], &format!("{end:.3}"));
    for _ in 0..n_others {
        out.element("td", &[("class", "glance-none")], "does not learn");
    }
    let text = format!(
        "Never above {largest:.3} while the answers are learned, at weight {}.",
        run.betas.1
    );
    out.element("td", &[("class", "glance-said")], &text);
    out.close("tr");
    out.table_end();
    out.finish()
}

fn head(out: &mut Markup, name: &str, note: &str) {
    out.open("tr", &[]);
    out.open("th", &[("scope", "row")]);
    out.text(name);
    out.element("small", &[], note);
    out.close("th");
}

fn cell(out: &mut Markup, metric: &Metric, agent: &AgentFigures, class: &str) {
    let estimate = (metric.value)(agent);
    out.open("td", &[("class", class)]);
    out.element("b", &[], &(metric.write)(estimate.mean));
    if estimate.low < estimate.high {
        let (low, high) = ((metric.write)(estimate.low), (metric.write)(estimate.high));
        out.element("small", &[], &format!("{low} to {high}"));
    }
    out.close("td");
}

/// The phase in a sentence.
pub fn summary(phase: &PhaseReport) -> String {
    let Some(trained) = phase.agent("trained") else { return String::new() };
    let fewest = phase.baselines().into_iter().map(|(_, agent)| agent.breaches);
    let fewest = fewest.fold(f64::INFINITY, f64::min);
    format!(
        "In {} ({:.0}% attacks) the trained defender earns {:.0}% of what perfect play would, with \
         {:.1} breaches per 100 episodes where the best baseline has {fewest:.1}. It still stops {} of \
         benign frames: AUC {:.3}, and {} of attacks caught at 3% false positives.",
        phase.name,
        phase.malicious_share * 100.0,
        trained.of_oracle * 100.0,
        trained.breaches,
        share(trained.false_positives),
        phase.auc,
        share(phase.recall_at_3_percent)
    )
}
