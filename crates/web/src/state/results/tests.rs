use super::run::{FILES, RunFiles};
use super::{confusion, curves, detection, glance, reliability};
use crate::state::settings::Baseline;
use omniguard_core::json::{self, Value};

fn texts() -> [String; 4] {
    FILES.map(|path| {
        let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the run is committed")
    })
}

fn run() -> RunFiles {
    let texts = texts();
    RunFiles::of(texts.each_ref().map(String::as_str)).expect("the run is readable")
}

/// A number of the report, found by other means than the page's.
fn told(pointer: &[&str]) -> f64 {
    let [report, ..] = texts();
    let mut value = json::parse(&report).expect("JSON");
    for key in pointer {
        value = match key.parse::<usize>() {
            Ok(idx) => value.at(idx),
            Err(_) => value.get(key),
        }
        .expect("the report has it")
        .clone();
    }
    let Value::Number(digits) = value else { panic!("{pointer:?} is no number") };
    digits.parse().expect("a number")
}

#[test]
fn the_table_holds_the_reports_own_figures() {
    let run = run();
    for (idx, phase) in run.report.phases.iter().enumerate() {
        let html = glance::table(&run, phase);
        let phase_at = idx.to_string();
        let names = ["random", "untrained", "always_block", "always_allow", "rules"];
        for (at, name) in names.iter().enumerate() {
            let rate =
                told(&["phases", &phase_at, "agents", &at.to_string(), "false_positive_rate"]);
            let shown = html.contains(&format!("<b>{:.1}%</b>", rate * 100.0));
            assert!(shown || Baseline::from_name(name).is_none(), "{name} {rate}");
        }
        let trained = told(&["phases", &phase_at, "agents", "6", "step_reward", "mean"]);
        assert!(html.contains(&format!("<b>+{trained:.3}</b>")), "{trained} in {html}");
        let summary = glance::summary(phase);
        let breaches = told(&["phases", &phase_at, "agents", "6", "breaches_per_100_episodes"]);
        assert!(summary.contains(&format!("{breaches:.1} breaches")), "{summary}");
    }
}

#[test]
fn conclusions_follow_the_figures() {
    let mut run = run();
    let better = "Better by";
    let first = run.report.phases[0].clone();
    assert!(glance::table(&run, &first).contains(better));
    // Were the trained agent as poor as the poorest, no row could say so.
    let mut poor = first;
    let allow = poor.agent("always_allow").expect("reported").clone();
    let trained = poor.agents.iter_mut().find(|agent| agent.name == "trained").expect("reported");
    *trained = super::report::AgentFigures { name: trained.name.clone(), ..allow };
    trained.false_positives = 1.0;
    trained.breaches = 100.0;
    trained.stdio_revoked = -1.0;
    run.report.phases[0] = poor;
    let html = glance::table(&run, &run.report.phases[0]);
    assert!(!html.contains(better) && html.contains("Worse by"), "{html}");
}

#[test]
fn every_share_and_count_is_shown() {
    let run = run();
    let phase = &run.report.phases[1];
    let n = told(&["phases", "1", "detail", "right_by_vector", "stdio_escape", "n"]);
    let rate = told(&["phases", "1", "detail", "right_by_vector", "stdio_escape", "rate"]);
    let html = detection::table(&phase.shares[0]);
    assert!(html.contains(&format!(">{n}</td>")), "{html}");
    assert!(html.contains(&format!("<b>{:.1}%</b>", rate * 100.0)), "{html}");
    assert!(!html.contains("benign"), "{html}");
    assert_eq!(phase.shares.iter().map(|s| s.rows.len()).collect::<Vec<_>>(), [7, 12, 5, 5, 3]);

    let count = told(&["phases", "1", "detail", "confusion", "benign", "SEMANTIC_DIFF"]);
    assert!(confusion::table(phase).contains(&format!("<b>{count}</b>")));
    assert!(detection::conclusion(phase).contains("Strongest against"));
    assert_eq!(run.stress.table().matches("<tr>").count(), run.stress.groups.len() + 1);
}

#[test]
fn the_calibration_error_is_that_of_the_bins_drawn() {
    for phase in &run().report.phases {
        for curve in &phase.reliability {
            let total: f64 = curve.bins.iter().map(|bin| bin.n).sum();
            let gap = |bin: &super::report::Bin| (bin.predicted - bin.observed).abs() * bin.n;
            let error = curve.bins.iter().map(gap).sum::<f64>() / total;
            assert!((error - curve.error).abs() < 1e-3, "{error} {}", curve.error);
            assert_eq!(reliability::plot(curve).stops.len(), curve.bins.len());
            assert!(reliability::conclusion(curve).contains(&format!("{:.3}", curve.error)));
        }
    }
}

#[test]
fn curves_read_what_was_logged() {
    let run = run();
    assert!(run.metrics.windows(2).all(|pair| pair[0].step < pair[1].step));
    for metric in 0..curves::TITLES.len() {
        let plot = curves::plot(&run, metric, curves::Part::Whole, 0.0);
        let last = plot.stops.last().expect("there are records");
        let logged = run.metrics.last().expect("there are records");
        assert_eq!((last.x, last.y), (logged.step, logged.values[metric]));
        assert!(plot.stops.windows(2).all(|pair| pair[0].x < pair[1].x));
        assert!(!curves::conclusion(&run, metric).is_empty());
    }
    let parts = curves::Part::ALL.map(|part| curves::records(&run, part).len());
    assert_eq!(parts[0], parts[1] + parts[2]);
    assert!(parts.iter().all(|n| *n > 0), "{parts:?}");
}

#[test]
fn files_that_do_not_fit_are_named() {
    let texts = texts();
    let with = |at: usize, text: &str| {
        let mut files = texts.each_ref().map(String::as_str);
        files[at] = text;
        RunFiles::of(files).expect_err("broken").to_string()
    };
    assert!(with(0, "<html>").contains("report.json is not JSON"));
    assert!(with(1, "{}").contains("config.json has no readable"));
    assert!(with(3, "{\"step\":0}").contains("metrics.jsonl has no readable"));
    for (at, text) in texts.iter().enumerate() {
        let half = text.get(..text.len() / 2).unwrap_or_default();
        assert!(with(at, half).contains("reload"), "{at}");
    }
}
