//! The report as Markdown: the same figures for people.

use super::report::{PhaseReport, Report};
use std::fmt::Write as _;

/// Writes the report; figures are those of the JSON, rounded.
pub(super) fn write(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "# Evaluation of run `{}`\n\nEnvironment `{}`, corpus `{}`, {} split, {} episodes a phase and agent. \
         Intervals are 95% bootstrap intervals over episodes.\n\n```sh\n{}\n```",
        report.model_run,
        report.environment,
        report.corpus_checksum,
        report.split,
        report.episodes_per_phase,
        report.command
    );
    for phase in &report.phases {
        write_phase(&mut out, phase);
    }
    out
}

fn write_phase(out: &mut String, phase: &PhaseReport) {
    let _ = writeln!(
        out,
        "\n## {}\n\nRealised share of attacks: {:.2}\n\n\
         | agent | step reward [95%] | of oracle | return [95%] | of oracle | score | threat awareness | false positives | alert fatigue | breaches / 100 | STDIO revoked |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        phase.short_name, phase.malicious_share
    );
    for agent in &phase.agents {
        let _ = writeln!(
            out,
            "| {} | {:+.3} [{:+.3}, {:+.3}] | {:.2} | {:+.2} [{:+.2}, {:+.2}] | {:.2} | {:.3} | {:+.3} | {:.1}% | {:.1} | {:.1} | {} |",
            agent.agent,
            agent.step_reward.mean,
            agent.step_reward.low,
            agent.step_reward.high,
            agent.step_reward_of_oracle,
            agent.episode_return.mean,
            agent.episode_return.low,
            agent.episode_return.high,
            agent.episode_return_of_oracle,
            agent.score.mean,
            agent.threat_awareness,
            100.0 * agent.false_positive_rate,
            agent.alert_fatigue,
            agent.breaches_per_100_episodes,
            agent.stdio_revoked.map_or("-".into(), |share| format!("{:.1}%", 100.0 * share)),
        );
    }
    let detail = &phase.detail;
    let _ = writeln!(
        out,
        "\nTrained policy: calibration error of p_malicious {:.3}, its AUC {}, recall at 3% false positives {}; encoded benign frames allowed {}.\n",
        detail.p_malicious_calibration_error,
        detail.p_malicious_auc.map_or("-".into(), |auc| format!("{auc:.3}")),
        percent(Some(detail.recall_at_3_percent_false_positives)),
        percent(detail.benign_obfuscated_allowed.rate)
    );
    for (title, rates) in [
        ("right by vector", &detail.right_by_vector),
        ("attacks neutralised by channel", &detail.neutralised_by_channel),
        ("benign allowed by channel", &detail.allowed_by_channel),
        ("attacks neutralised by mutation", &detail.neutralised_by_mutation),
        ("benign stopped by kind", &detail.false_positives_by_kind),
    ] {
        let list: Vec<_> = rates
            .iter()
            .map(|(name, rate)| format!("{name} {} ({})", percent(rate.rate), rate.n))
            .collect();
        let _ = writeln!(out, "* {title}: {}", list.join(", "));
    }
    if detail.by_source.is_empty() {
        return;
    }
    out.push_str(
        "\n| source | attacks neutralised | benign allowed | false positives \
         | calibration error of p_malicious | AUC | recall at 3% false positives |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (source, report) in &detail.by_source {
        let _ = writeln!(
            out,
            "| {source} | {} ({}) | {} ({}) | {} | {:.3} | {} | {} |",
            percent(report.neutralised.rate),
            report.neutralised.n,
            percent(report.allowed.rate),
            report.allowed.n,
            percent(report.false_positives.rate),
            report.p_malicious_calibration_error,
            report.p_malicious_auc.map_or("-".into(), |auc| format!("{auc:.3}")),
            percent(Some(report.recall_at_3_percent_false_positives)),
        );
    }
}

fn percent(rate: Option<f32>) -> String {
    rate.map_or("-".into(), |rate| format!("{:.1}%", 100.0 * rate))
}
