//! `omniguard ablate`: the same training with one thing changed at a time, judged on validation.
//!
//! Every row is written as soon as it is there, and a second run with the same settings skips the
//! rows that the report already holds.

use crate::output::say;
use crate::progress;
use crate::train::{self, TrainArgs};
use crate::{corpus, eval::report::Interval};
use anyhow::{Context, Result};
use clap::Args;
use omniguard_core::features::Families;
use omniguard_core::grpo::{Future, ScaleRewards};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(crate) struct AblateArgs {
    /// Folder for the report (`report.json`, `report.md`)
    #[arg(long, default_value = "runs/ablation")]
    report: PathBuf,
    /// Only rows whose name holds this text
    #[arg(long)]
    only: Option<String>,
    /// The training that every row is a change of
    #[command(flatten)]
    train: TrainArgs,
}

/// The report.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Report {
    /// What every row is a change of.
    base: String,
    corpus_checksum: String,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    group: String,
    name: String,
    /// The training command of the row.
    command: String,
    /// By phase, on the validation split.
    phases: Vec<Figures>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Figures {
    phase: String,
    step_reward: Interval,
    threat_awareness: f32,
    false_positive_rate: f32,
    p_malicious_auc: Option<f32>,
    recall_at_3_percent_false_positives: f32,
}

/// A change of the training.
struct Change {
    group: &'static str,
    name: String,
    apply: Box<dyn Fn(&mut TrainArgs)>,
}

impl Change {
    fn new(
        group: &'static str,
        name: impl Into<String>,
        apply: impl Fn(&mut TrainArgs) + 'static,
    ) -> Self {
        Self { group, name: name.into(), apply: Box::new(apply) }
    }
}

/// All rows. The pools are kept where features are varied, and the other way round.
fn changes() -> Vec<Change> {
    let names = Families::NAMES.map(String::from);
    let is_pool = |name: &str| matches!(name, "max" | "mean");
    let mut changes = vec![Change::new("base", "as trained", |_| {})];
    for family in names.iter().filter(|name| !is_pool(name)) {
        let kept: Vec<_> =
            names.iter().filter(|name| *name == family || is_pool(name)).cloned().collect();
        changes.push(Change::new("features", format!("{family} alone"), move |args| {
            args.features.clone_from(&kept);
        }));
    }
    for (group, name) in
        names.iter().map(|name| if is_pool(name) { ("pooling", name) } else { ("features", name) })
    {
        let kept: Vec<_> = names.iter().filter(|other| *other != name).cloned().collect();
        let title = match name.as_str() {
            "max" => "mean pooling alone".into(),
            "mean" => "max pooling alone".into(),
            _ => format!("without {name}"),
        };
        changes.push(Change::new(group, title, move |args| args.features.clone_from(&kept)));
    }
    changes.push(Change::new("twins", "no twins in training", |args| args.no_twins = true));
    changes.push(Change::new("adversary", "adversary does not learn", |args| {
        args.adversary_frozen = true;
    }));
    for beta in [0.0, 0.1, 1.0] {
        changes.push(Change::new("beta", format!("answer_beta {beta}"), move |args| {
            args.answer_beta = beta;
        }));
    }
    changes.push(Change::new("scale_rewards", "batch", |args| {
        args.scale_rewards = ScaleRewards::Batch;
    }));
    changes.push(Change::new("scale_rewards", "group", |args| {
        args.scale_rewards = ScaleRewards::Group;
    }));
    changes.push(Change::new("return to come", "none", |args| args.future = Future::None));
    changes.push(Change::new("return to come", "all", |args| args.future = Future::All));
    changes.push(Change::new("beliefs", "shaped by the answers too", |args| args.jointly = true));
    changes.push(Change::new("beliefs", "no log-loss: GRPO alone", |args| {
        args.jointly = true;
        args.belief_weight = 0.0;
        // There is nothing calibrated to learn answers on.
        args.steps += args.answer_steps;
        args.answer_steps = 0;
    }));
    changes.push(Change::new("stages", "answers of the train split", |args| {
        args.steps += args.answer_steps;
        args.answer_steps = 0;
    }));
    changes
}

pub(crate) fn run(args: &AblateArgs) -> Result<()> {
    let corpus = Arc::new(corpus::load(&args.train.corpus)?);
    std::fs::create_dir_all(&args.report)?;
    let path = args.report.join("report.json");
    let fresh = Report {
        base: args.train.command(),
        corpus_checksum: format!("{:016x}", corpus.checksum()),
        rows: Vec::new(),
    };
    let mut report = std::fs::read_to_string(&path)
        .ok()
        .and_then(|text| serde_json::from_str::<Report>(&text).ok())
        .filter(|old| old.base == fresh.base && old.corpus_checksum == fresh.corpus_checksum)
        .unwrap_or(fresh);
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| name.contains(only));
    let changes: Vec<_> = changes().into_iter().filter(|change| wanted(&change.name)).collect();
    let bar = progress::bar(changes.len() as u64, "rows");
    for change in changes {
        bar.set_message(change.name.clone());
        let known = |row: &Row| row.group == change.group && row.name == change.name;
        if !report.rows.iter().any(known) {
            let row = row(&args.train, &change, &corpus)?;
            bar.suspend(|| say!("{}", line(&row)))?;
            report.rows.push(row);
            let text = serde_json::to_string_pretty(&report)? + "\n";
            std::fs::write(&path, text)
                .with_context(|| format!("cannot write {}", path.display()))?;
            std::fs::write(args.report.join("report.md"), markdown(&report))?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    say!("{}", args.report.join("report.md").display())?;
    Ok(())
}

fn row(
    base: &TrainArgs,
    change: &Change,
    corpus: &Arc<omniguard_core::corpus::Corpus>,
) -> Result<Row> {
    let mut args = base.clone();
    (change.apply)(&mut args);
    let policy = train::to_the_end(&args, corpus)?;
    let phases = train::validate(&args, corpus, &policy)?
        .into_iter()
        .map(|(phase, evaluation)| Figures {
            phase: phase.short_name().into(),
            step_reward: evaluation.step_reward().into(),
            threat_awareness: evaluation.threat_awareness(),
            false_positive_rate: evaluation.false_positive_rate(),
            p_malicious_auc: evaluation.scores.auc(),
            recall_at_3_percent_false_positives: evaluation.scores.within(0.03).recall,
        })
        .collect();
    Ok(Row {
        group: change.group.into(),
        name: change.name.clone(),
        command: args.command(),
        phases,
    })
}

/// Mean of a figure over the phases.
fn mean(row: &Row, figure: impl Fn(&Figures) -> f32) -> f32 {
    row.phases.iter().map(figure).sum::<f32>() / row.phases.len().max(1) as f32
}

/// A row of the table.
fn line(row: &Row) -> String {
    let mut line = format!("| {} | {} ", row.group, row.name);
    for Figures { step_reward: Interval { mean, low, high }, .. } in &row.phases {
        let _ = write!(line, "| {mean:+.3} [{low:+.3}, {high:+.3}] ");
    }
    let _ = write!(
        line,
        "| {:+.2} | {:.1}% | {:.3} | {:.1}% |",
        mean(row, |figures| figures.threat_awareness),
        100.0 * mean(row, |figures| figures.false_positive_rate),
        mean(row, |figures| figures.p_malicious_auc.unwrap_or(0.5)),
        100.0 * mean(row, |figures| figures.recall_at_3_percent_false_positives),
    );
    line
}

fn markdown(report: &Report) -> String {
    let mut text = String::from("# Ablation\n\n");
    let _ = writeln!(
        text,
        "Each row is `{}` with one thing changed. Mean step reward by phase on the validation \
         split, with its 95% interval; then means over the phases: threat awareness, false \
         positives, AUC of p_malicious, its recall at 3% false positives.\n",
        report.base
    );
    text.push_str("| what | change | BOOT | EVASION | CHAIN | awareness | false positives | AUC | recall at 3% |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for row in &report.rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: AblateArgs,
    }

    #[test]
    fn every_row_has_a_name_and_a_command_of_its_own() {
        let base = Line::parse_from(["ablate"]).args.train;
        let changes = changes();
        let commands: std::collections::BTreeSet<_> = changes
            .iter()
            .map(|change| {
                let mut args = base.clone();
                (change.apply)(&mut args);
                args.command()
            })
            .collect();
        assert_eq!(commands.len(), changes.len());
        let names: std::collections::BTreeSet<_> =
            changes.iter().map(|change| (change.group, &change.name)).collect();
        assert_eq!(names.len(), changes.len());
    }

    #[test]
    fn a_second_run_skips_the_rows_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let corpus =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../public/corpus.bin");
        let line = [
            "ablate",
            "--report",
            folder.path().to_str().unwrap(),
            "--corpus",
            corpus.to_str().unwrap(),
            "--only",
            "as trained",
            "--steps",
            "1",
            "--answer-steps",
            "1",
            "--validation-episodes",
            "4",
        ];
        let args = Line::parse_from(line).args;
        run(&args).unwrap();
        let path = folder.path().join("report.json");
        let first = std::fs::metadata(&path).unwrap().modified().unwrap();
        run(&args).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), first);
        let table = std::fs::read_to_string(folder.path().join("report.md")).unwrap();
        assert!(table.contains("| base | as trained |"), "{table}");
    }
}
