//! `omniguard card`: the model card of a run, its figures read from the run's own files.

use crate::output::say;
use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is written about every run, around the figures.
const ABOUT: &str = include_str!("card/about.md");
const WEAKNESSES: &str = include_str!("card/weaknesses.md");

#[derive(Debug, Args)]
pub(crate) struct CardArgs {
    /// Folder of the run; the card becomes its `MODEL_CARD.md`
    #[arg(long, default_value = "runs/second-defender")]
    run: PathBuf,
    /// Only compare with the card that is there
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &CardArgs) -> Result<()> {
    let card = card(&args.run)?;
    let path = args.run.join("MODEL_CARD.md");
    if args.check {
        let there = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::ensure!(
            there == card,
            "{} is not up to date: run `omniguard card`",
            path.display()
        );
        return Ok(());
    }
    std::fs::write(&path, card).with_context(|| format!("cannot write {}", path.display()))?;
    say!("{}", path.display())?;
    Ok(())
}

/// A goal of the design: where its figure lies in a phase of the report, and what it should be.
struct Goal {
    what: &'static str,
    goal: &'static str,
    figure: fn(&Phase) -> Option<f64>,
    percent: bool,
}

/// A phase of the evaluation report.
struct Phase<'a>(&'a Value);

impl Phase<'_> {
    fn trained(&self) -> &Value {
        let agents = self.0["agents"].as_array();
        agents
            .and_then(|list| list.iter().find(|a| a["agent"] == "trained"))
            .unwrap_or(&Value::Null)
    }

    fn of_trained(&self, name: &str) -> Option<f64> {
        self.trained()[name].as_f64()
    }

    fn detail(&self, name: &str) -> Option<f64> {
        self.0["detail"][name].as_f64()
    }

    fn stopped(&self, kind: &str) -> Option<f64> {
        self.0["detail"]["false_positives_by_kind"][kind]["rate"].as_f64()
    }
}

const GOALS: [Goal; 10] = [
    Goal {
        what: "mean step reward, share of the oracle's",
        goal: "≥ 0.93",
        figure: |phase| phase.of_trained("step_reward_of_oracle"),
        percent: false,
    },
    Goal {
        what: "mean episode return, share of the oracle's",
        goal: "≥ 0.82",
        figure: |phase| phase.of_trained("episode_return_of_oracle"),
        percent: false,
    },
    Goal {
        what: "threat awareness",
        goal: "≥ +0.95",
        figure: |phase| phase.of_trained("threat_awareness"),
        percent: false,
    },
    Goal {
        what: "STDIO escapes answered by REVOKE_STDIO",
        goal: "≥ 98%",
        figure: |phase| phase.of_trained("stdio_revoked"),
        percent: true,
    },
    Goal {
        what: "benign frames stopped",
        goal: "≤ 2%",
        figure: |phase| phase.of_trained("false_positive_rate"),
        percent: true,
    },
    Goal {
        what: "benign twins stopped",
        goal: "≤ 5%",
        figure: |phase| phase.stopped("twin"),
        percent: true,
    },
    Goal {
        what: "calibration error of p_malicious",
        goal: "≤ 0.05",
        figure: |phase| phase.detail("p_malicious_calibration_error"),
        percent: false,
    },
    Goal {
        what: "calibration error of the confidence",
        goal: "≤ 0.05",
        figure: |phase| phase.of_trained("confidence_calibration_error"),
        percent: false,
    },
    Goal {
        what: "AUC of p_malicious",
        goal: "",
        figure: |phase| phase.detail("p_malicious_auc"),
        percent: false,
    },
    Goal {
        what: "recall at 3% false positives",
        goal: "",
        figure: |phase| phase.detail("recall_at_3_percent_false_positives"),
        percent: true,
    },
];

fn card(run: &Path) -> Result<String> {
    let config = read(&run.join("config.json"))?;
    let report = read(&run.join("evaluation/report.json"))?;
    let stress = read(&run.join("stress.json"))?;
    let no_phases = Vec::new();
    let phases: Vec<_> =
        report["phases"].as_array().unwrap_or(&no_phases).iter().map(Phase).collect();
    let mut out = String::new();
    let _ = writeln!(out, "# Model card: `{}`\n", text(&config["run_id"]));
    out.push_str(ABOUT);
    let _ = writeln!(
        out,
        "\n## Training\n\nEnvironment `{}`, corpus `{}`, seed {}.\n\n```sh\n{}\n```",
        text(&config["environment"]),
        text(&config["corpus_checksum"]),
        config["seed"],
        text(&config["command"])
    );
    let _ = writeln!(
        out,
        "\n## Figures\n\nThe {} split, {} episodes a phase and agent, the most probable action. \
         Intervals, every baseline, vectors, channels and mutations are in \
         [evaluation/report.md](evaluation/report.md).\n\n```sh\n{}\n```\n",
        text(&report["split"]),
        report["episodes_per_phase"],
        text(&report["command"])
    );
    let names: Vec<_> = phases.iter().map(|phase| text(&phase.0["short_name"])).collect();
    let _ = writeln!(out, "| figure | goal | {} |", names.join(" | "));
    let _ = writeln!(out, "| --- | --- |{}", " --- |".repeat(names.len()));
    for goal in &GOALS {
        let figures = phases.iter().map(|phase| shown((goal.figure)(phase), goal.percent));
        let figures = figures.collect::<Vec<_>>().join(" | ");
        let _ = writeln!(out, "| {} | {} | {figures} |", goal.what, goal.goal);
    }
    write_stress(&mut out, &stress);
    out.push('\n');
    out.push_str(WEAKNESSES);
    Ok(out)
}

fn write_stress(out: &mut String, stress: &Value) {
    out.push_str(
        "\n## Stress set\n\nFrames written without sight of the corpus and of the detectors, never \
         trained or tuned on; greedy: what is not allowed counts as recall, what is held apart.\n\n\
         ```sh\nomniguard score stress/frames.jsonl --quiet --report stress.json\n```\n\n\
         | channel | attacks | benign | AUC | greedy recall | stopped | held | recall at 3% | at 5% |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for group in stress["groups"].as_array().into_iter().flatten() {
        let greedy = &group["greedy"];
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            text(&group["channel"]),
            group["attacks"],
            group["benign"],
            shown(group["auc"].as_f64(), false),
            shown(greedy["recall"].as_f64(), true),
            shown(greedy["false_positive_rate"].as_f64(), true),
            shown(greedy["held_rate"].as_f64(), true),
            shown(group["recall_at_3_percent_false_positives"].as_f64(), true),
            shown(group["recall_at_5_percent_false_positives"].as_f64(), true),
        );
    }
}

fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}: is the run evaluated?", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn shown(figure: Option<f64>, percent: bool) -> String {
    match figure {
        None => "-".into(),
        Some(figure) if percent => format!("{:.1}%", 100.0 * figure),
        Some(figure) => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_card_says_what_the_run_s_files_say() {
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runs/second-defender");
        let card = card(&run).unwrap();
        assert_eq!(card, std::fs::read_to_string(run.join("MODEL_CARD.md")).unwrap());
        // Every figure was found.
        assert!(!card.lines().any(|line| line.starts_with("| ") && line.contains("| - |")));
    }
}
