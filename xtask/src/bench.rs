//! The criterion benches of core, native and as wasm under node, in one table with their ratio.
//!
//! The wasm build is the same code for `wasm32-wasip1`, run by node's WASI: criterion needs a clock
//! and files, which a browser's target has not.

use crate::setup::{self, Need};
use crate::{npm, paths, process, rust};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The target that runs under node.
pub(crate) const WASI: &str = "wasm32-wasip1";

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    setup::ensure(&[Need::WasiTarget, Need::Crates, Need::Npm], 0)?;
    let native = measure("native", filter, None)?;
    let wasm = measure("wasm", filter, Some(WASI))?;
    println!("\n{:<44} {:>12} {:>12} {:>7}", "benchmark", "native", "wasm", "ratio");
    for (name, native_nanos) in &native {
        let wasm_nanos = wasm.get(name).with_context(|| format!("{name} did not run as wasm"))?;
        println!(
            "{name:<44} {:>12} {:>12} {:>6.2}x",
            shown(*native_nanos),
            shown(*wasm_nanos),
            wasm_nanos / native_nanos
        );
    }
    println!("\nmedians of criterion's samples; step/* are {STEPS_PER_SAMPLE} steps a sample");
    Ok(())
}

/// `BATCH` of benches/environment.rs, for the note under the table.
const STEPS_PER_SAMPLE: u32 = 1_024;

/// Runs the benches and returns criterion's medians in nanoseconds, by name.
fn measure(
    kind: &str,
    filter: Option<&str>,
    target: Option<&str>,
) -> Result<BTreeMap<String, f64>> {
    let home = paths::local().join(format!("criterion-{kind}"));
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let mut command = rust::cargo();
    command.args(["bench", "--locked", "-p", "omniguard-core"]);
    for bench in ["environment", "decode", "decide"] {
        command.args(["--bench", bench]);
    }
    if let Some(target) = target {
        let runner = format!(
            "{} --no-warnings {}",
            npm::bin("node").display(),
            paths::root().join("xtask/js/wasi.mjs").display()
        );
        command.args(["--target", target]).env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner);
    }
    command.args(["--", "--noplot"]).args(filter).env("CRITERION_HOME", &home);
    process::run(&mut command)?;
    let mut medians = BTreeMap::new();
    collect(&home, &home, &mut medians)?;
    if medians.is_empty() {
        bail!("no benchmark ran{}", filter.map_or(String::new(), |f| format!(" that matches {f}")));
    }
    Ok(medians)
}

/// Reads `…/new/estimates.json` of every benchmark below `folder`.
fn collect(home: &Path, folder: &Path, medians: &mut BTreeMap<String, f64>) -> Result<()> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    for path in folders {
        let estimates = path.join("estimates.json");
        if path.ends_with("new") && estimates.is_file() {
            let text = fs::read_to_string(&estimates)?;
            let name = folder.strip_prefix(home).unwrap_or(folder).display().to_string();
            let median = median_of(&text)
                .with_context(|| format!("{} has no median", paths::shown(&estimates)))?;
            medians.insert(name, median);
        } else {
            collect(home, &path, medians)?;
        }
    }
    Ok(())
}

fn median_of(estimates: &str) -> Option<f64> {
    let document: serde_json::Value = serde_json::from_str(estimates).ok()?;
    document.get("median")?.get("point_estimate")?.as_f64()
}

fn shown(nanos: f64) -> String {
    if nanos < 1e3 {
        format!("{nanos:.0} ns")
    } else if nanos < 1e6 {
        format!("{:.2} us", nanos / 1e3)
    } else {
        format!("{:.2} ms", nanos / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_read_from_criterion_s_estimates() {
        let text = r#"{"mean":{"point_estimate":3.0},"median":{"point_estimate":2.5}}"#;
        assert_eq!(median_of(text), Some(2.5));
        assert_eq!(median_of("{}"), None);
    }
}
