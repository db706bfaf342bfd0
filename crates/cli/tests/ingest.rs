//! `omniguard ingest` as a program, against the replay server.

use omniguard_tests::replay::{Options, Replay};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// A replay server and a folder for what is read from it.
struct Desk {
    replay: Replay,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(n_rows: u64, delay: Duration) -> Self {
        let replay = Replay::start(Options { n_rows, seed: 7, delay }, 0).unwrap();
        Self { replay, folder: tempfile::tempdir().unwrap() }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, dataset: &str, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_omniguard"));
        command
            .args(["ingest", "--dataset", dataset, "--base-url", &self.replay.url()])
            .args(["--hub-url", &self.replay.url(), "--out"])
            .arg(self.out(out))
            .args(more)
            .env_remove("HF_TOKEN");
        command
    }

    fn run(&self, dataset: &str, out: &str, more: &[&str]) -> Output {
        self.command(dataset, out, more).output().unwrap()
    }

    fn manifest(&self, out: &str) -> Value {
        manifest(&self.out(out))
    }

    /// The run fails with `words` and keeps the first `n_kept` rows.
    fn fails(&self, plan: &str, more: &[&str], words: &str, n_kept: u64) {
        self.replay.control("fail=none");
        self.replay.control(plan);
        let out = plan.replace(['=', '&'], "-");
        let output = self.run("witfoo", &out, &[&["--jobs", "2"], more].concat());
        let said = text(&output);
        assert!(!output.status.success() && said.contains(words), "{plan}: {said}");
        if n_kept > 0 {
            assert!(said.contains("--resume"), "{plan}: {said}");
            let manifest = self.manifest(&out);
            assert_eq!(manifest["next_offset"], n_kept, "{plan}");
            assert_eq!(manifest["complete"], false, "{plan}");
        }
        // What stopped it is over: it goes on and ends well.
        self.replay.control("fail=none");
        let output = self.run("witfoo", &out, &["--resume"]);
        assert!(output.status.success(), "{plan}: {}", text(&output));
        assert_eq!(self.manifest(&out)["rows"]["read"], 1_000, "{plan}");
    }
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how long a program takes is what is tested")]
fn now() -> Instant {
    Instant::now()
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

#[test]
fn ten_kills_lose_and_double_nothing() {
    let desk = Desk::new(40_000, Duration::from_millis(30));
    let whole = desk.run("witfoo", "whole", &[]);
    assert!(whole.status.success(), "{}", text(&whole));
    let mut reached = Vec::new();
    for kill in 0..10 {
        let mut child = desk
            .command("witfoo", "killed", &["--resume", "--jobs", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(350 + 37 * kill));
        assert!(child.try_wait().unwrap().is_none(), "it ended before kill {kill}: {reached:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        if desk.out("killed").join("manifest.json").exists() {
            reached.push(desk.manifest("killed")["next_offset"].as_u64().unwrap());
        }
    }
    assert!(reached.windows(2).all(|pair| pair[0] <= pair[1]), "{reached:?}");
    assert!(reached.last().is_some_and(|&row| row > 0), "no kill came after a commit: {reached:?}");
    let end = desk.run("witfoo", "killed", &["--resume"]);
    assert!(end.status.success(), "{}", text(&end));
    assert_eq!(desk.manifest("killed"), desk.manifest("whole"));
    let rows = |out: &str| fs::read(desk.out(out).join("rows.jsonl.gz")).unwrap();
    assert!(rows("killed") == rows("whole"));
}

#[test]
fn every_failure_says_what_to_do_and_keeps_what_was_read() {
    let desk = Desk::new(1_000, Duration::ZERO);
    let once = ["--retries", "0"];
    for status in [401, 403] {
        desk.fails(&format!("fail={status}&from=500"), &once, "HF_TOKEN", 500);
    }
    desk.fails("fail=404&from=500", &once, "is not there: check", 500);
    desk.fails("fail=429&from=500", &once, "answered 429", 500);
    desk.fails("fail=500&from=300", &["--retries", "1"], "gave up after 2 tries", 300);
    desk.fails(
        "fail=timeout&from=500",
        &["--retries", "0", "--timeout-seconds", "1"],
        "in time",
        500,
    );
    desk.fails("fail=cut&from=500", &once, "was lost", 500);
    desk.fails("fail=json&from=500", &once, "no page of the datasets server", 500);
    desk.fails("fail=columns&from=700", &once, "none of the text columns", 700);
    desk.fails("fail=revision&from=500", &once, "the dataset changed", 500);
    desk.fails("fail=empty", &once, "the split has no rows", 0);
    desk.fails("fail=empty&from=500", &once, "has 0 rows where 100 were due", 500);
}

#[test]
fn a_hopeless_failure_ends_the_waits_of_the_others() {
    let desk = Desk::new(1_000, Duration::ZERO);
    // One of the two threads is told to wait, the other one that there is nothing.
    desk.replay.control("fail=429&from=300&times=1&retry_after=60");
    desk.replay.control("fail=404&from=300");
    let begun = now();
    let output = desk.run("witfoo", "out", &["--jobs", "2"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(!output.status.success() && text(&output).contains("is not there: check"));
    assert_eq!(desk.manifest("out")["next_offset"], 300);
    assert_eq!(desk.manifest("out")["complete"], false);
}

#[test]
fn nobody_is_waited_for_who_is_on_a_silent_server() {
    let desk = Desk::new(1_000, Duration::ZERO);
    desk.replay.control("fail=timeout&from=300&times=1");
    desk.replay.control("fail=404&from=300");
    let begun = now();
    let output = desk.run("witfoo", "out", &["--jobs", "2"]);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(!output.status.success() && text(&output).contains("is not there: check"));
    assert_eq!(desk.manifest("out")["next_offset"], 300);
}

#[test]
fn the_revision_is_that_of_the_pages_and_the_cards_where_they_have_none() {
    let desk = Desk::new(300, Duration::ZERO);
    let revision = |plan: &str| {
        desk.replay.control("fail=none");
        desk.replay.control(plan);
        let output = desk.run("witfoo", plan, &[]);
        assert!(output.status.success(), "{plan}: {}", text(&output));
        desk.manifest(plan)["revision"].as_str().unwrap().to_owned()
    };
    let of_the_card = revision("fail=none");
    // The rows are of another state than the card.
    assert_ne!(revision("fail=revision"), of_the_card);
    assert_eq!(revision("fail=unmarked"), of_the_card);
}

#[test]
fn a_date_is_waited_for() {
    let desk = Desk::new(100, Duration::ZERO);
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(4));
    let date = date.replace(' ', "+");
    desk.replay.control(&format!("fail=503&times=1&retry_after={date}"));
    let begun = now();
    let output = desk.run("nist", "out", &[]);
    assert!(output.status.success(), "{}", text(&output));
    // A date has whole seconds.
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn rows_are_the_same_however_limits_cut_them() {
    let desk = Desk::new(1_030, Duration::ZERO);
    let same = |a: &str, b: &str| {
        assert_eq!(desk.manifest(a), desk.manifest(b));
        let rows = |out: &str| fs::read(desk.out(out).join("rows.jsonl.gz")).unwrap();
        assert!(rows(a) == rows(b));
    };
    for (step, limit) in ["150", "180", "420", "1030"].into_iter().enumerate() {
        let fresh = format!("fresh{step}");
        for (out, more) in [("cut", &["--resume"][..]), (&fresh, &[])] {
            let output = desk.run("nist", out, &[&["--limit", limit], more].concat());
            assert!(output.status.success(), "{}", text(&output));
        }
        same("cut", &fresh);
    }
    // What has no more rows to come is left as it is.
    let n_requests = desk.replay.seen().pages["nist"][&1_000];
    assert!(desk.run("nist", "cut", &["--resume", "--limit", "1030"]).status.success());
    assert_eq!(desk.replay.seen().pages["nist"][&1_000], n_requests);
    // A run that cannot go on keeps the page that it would have read anew.
    assert!(desk.run("nist", "kept", &["--limit", "150"]).status.success());
    desk.replay.control("fail=404&from=100");
    assert!(!desk.run("nist", "kept", &["--resume"]).status.success());
    assert_eq!(desk.manifest("kept")["next_offset"], 150);
    desk.replay.control("fail=none");
    for (out, more) in [("kept", &["--resume"][..]), ("whole", &[])] {
        assert!(desk.run("nist", out, more).status.success());
    }
    same("kept", "whole");
}

#[test]
fn what_fails_for_a_time_is_asked_again() {
    let desk = Desk::new(1_000, Duration::ZERO);
    for plan in
        ["fail=429&times=2&from=200&retry_after=1", "fail=503&times=1", "fail=cut&times=1&from=100"]
    {
        desk.replay.control(plan);
    }
    let output = desk.run("witfoo", "out", &[]);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(desk.manifest("out")["rows"]["kept"], 1_000);
    assert_eq!(desk.manifest("out")["complete"], true);
    assert!(desk.replay.seen().failed >= 4);
}

#[test]
fn cells_that_the_server_cut_are_counted() {
    let desk = Desk::new(300, Duration::ZERO);
    desk.replay.control("fail=truncated&from=100&times=1");
    let output = desk.run("fenrir", "out", &["--jobs", "1"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(desk.manifest("out")["rows"]["truncated_cells"].as_u64().unwrap() >= 1);
    assert!(text(&output).contains("cut short by the server"));
}

#[test]
fn the_token_is_sent_and_never_told() {
    let desk = Desk::new(200, Duration::ZERO);
    let token = "hf_secretsecretsecret";
    desk.replay.control("fail=500&from=100");
    let output =
        desk.command("nist", "out", &["--retries", "0"]).env("HF_TOKEN", token).output().unwrap();
    assert!(!output.status.success());
    assert!(!text(&output).contains(token));
    assert_eq!(desk.replay.seen().authorization.as_deref(), Some("Bearer hf_secretsecretsecret"));
    for file in ["manifest.json", "rows.jsonl.gz"] {
        let bytes = fs::read(desk.out("out").join(file)).unwrap();
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{file}");
    }
}

#[test]
fn a_folder_is_not_written_over() {
    let desk = Desk::new(300, Duration::ZERO);
    assert!(desk.run("nist", "out", &["--limit", "150"]).status.success());
    assert_eq!(desk.manifest("out")["rows"]["read"], 150);
    let again = desk.run("nist", "out", &[]);
    assert!(!again.status.success() && text(&again).contains("--resume goes on"));
    let other = desk.run("fenrir", "out", &["--resume"]);
    assert!(!other.status.success() && text(&other).contains("the folder holds nist"));
    assert!(desk.run("nist", "out", &["--resume"]).status.success());
    assert_eq!(desk.manifest("out")["rows"]["read"], 300);
}

#[test]
fn the_oracle_decides_where_its_texts_match() {
    let desk = Desk::new(400, Duration::ZERO);
    assert!(desk.run("nist", "nist", &[]).status.success());
    let output = desk.run("fenrir", "fenrir", &[]);
    assert!(output.status.success() && text(&output).contains("fingerprints of"));
    let manifest = desk.manifest("fenrir");
    assert!(manifest["n_fingerprints"].as_u64().unwrap() > 400);
    assert!(manifest["frames"]["disagreement"].as_f64().unwrap() > 0.5);
    assert_eq!(manifest["licence"], "apache-2.0");
}

#[test]
fn ingested_rows_join_the_corpus_and_are_reported_by_source() {
    let desk = Desk::new(1_500, Duration::ZERO);
    let corpus = desk.out("corpus.bin");
    let mut build = omniguard(&["corpus", "build", "--cap", "200", "--output"]);
    build.arg(&corpus);
    for dataset in ["nist", "fenrir", "witfoo"] {
        let output = desk.run(dataset, dataset, &[]);
        assert!(output.status.success(), "{}", text(&output));
        build.arg("--ingested").arg(desk.out(dataset));
    }
    let built = build.output().unwrap();
    assert!(built.status.success(), "{}", text(&built));
    let run = |args: &[&str]| {
        let output = omniguard(args).arg("--corpus").arg(&corpus).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        text(&output)
    };
    // Neither length, source (a domain of its own) nor channel tells the label, and no near copy
    // stands in two splits.
    assert!(run(&["corpus", "lint", "--frames", "1500"]).contains("no problems"));
    let stats = run(&["corpus", "stats"]);
    for source in ["written", "witfoo", "fenrir", "nist"] {
        let line = stats.lines().find(|line| line.starts_with(source)).unwrap();
        let counts: Vec<u32> =
            line.split_whitespace().skip(1).map(|count| count.parse().unwrap()).collect();
        assert!(counts.iter().all(|&n| n >= 50), "{line}");
    }
    let report = desk.out("report");
    run(&["eval", "--episodes", "50", "--output", report.to_str().unwrap()]);
    let report: Value =
        serde_json::from_slice(&fs::read(report.join("report.json")).unwrap()).unwrap();
    let sources = report["phases"][0]["detail"]["by_source"].as_object().unwrap();
    assert_eq!(sources.keys().collect::<Vec<_>>(), ["fenrir", "nist", "witfoo", "written"]);
    // A frame is of one source, so that the sources' counts are the whole's.
    let detail = &report["phases"][0]["detail"];
    let sum = |of: &dyn Fn(&Value) -> u64| sources.values().map(of).sum::<u64>();
    let whole = |key: &str| {
        let rates = detail[key].as_object().unwrap().values();
        rates.map(|rate| rate["n"].as_u64().unwrap()).sum::<u64>()
    };
    let n = |key: &'static str| move |source: &Value| source[key]["n"].as_u64().unwrap();
    assert_eq!(sum(&n("neutralised")), whole("neutralised_by_channel"));
    assert_eq!(sum(&n("allowed")), whole("allowed_by_channel"));
    assert_eq!(sum(&n("false_positives")), whole("false_positives_by_kind"));
    for source in sources.values() {
        assert!(source["p_malicious_auc"].is_f64());
        assert!(source["p_malicious_calibration_error"].as_f64().unwrap() > 0.0);
        assert!(source["recall_at_3_percent_false_positives"].as_f64().unwrap() > 0.0);
    }
}

/// The program, in the repository: its defaults are paths from there.
fn omniguard(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_omniguard"));
    command.args(args).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    command
}
