//! Commands whose standard output nobody reads.

use omniguard_tests::replay::{Options, Replay};
use std::process::{Command, Output, Stdio};

/// Runs the program with a standard output that is closed already, in the repository.
fn unread(args: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_omniguard"));
    command.args(args).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_closed_pipe_is_no_failure() {
    for args in [
        &["corpus", "stats"][..],
        &["corpus", "build", "--check"],
        &["detectors"],
        &["check", "--steps", "10", "--episodes", "1"],
        &["play"],
    ] {
        let output = unread(args);
        assert!(!said(&output).contains("panicked"), "{args:?}: {}", said(&output));
        // What `check` finds in so few steps is not what is tested.
        assert!(output.status.success() || args[0] == "check", "{args:?}: {}", said(&output));
    }
}

#[test]
fn work_is_done_and_failures_are_told_though_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("corpus.bin");
    let output = unread(&["corpus", "build", "--output", file.to_str().unwrap()]);
    assert!(output.status.success() && file.exists(), "{}", said(&output));

    let replay = Replay::start(Options { n_rows: 200, ..Options::default() }, 0).unwrap();
    replay.control("fail=404&from=100");
    let (url, out) = (replay.url(), folder.path().join("nist"));
    let output = unread(&[
        "ingest",
        "--dataset",
        "nist",
        "--base-url",
        &url,
        "--hub-url",
        &url,
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(
        !output.status.success() && said(&output).contains("is not there"),
        "{}",
        said(&output)
    );
}
