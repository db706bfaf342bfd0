//! The criterion benches of core, native and as wasm under node, in one table with their ratio.
//!
//! The wasm build is the same code for `wasm32-wasip1`, run by node's WASI: criterion needs a clock
//! and files, which a browser's target has not.

use crate::setup::{self, Need};
use crate::{npm, paths, process, rust};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The target that runs under node.
pub(crate) const WASI: &str = "wasm32-wasip1";

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    setup::ensure(&[Need::WasiTarget, Need::Crates, Need::Npm], 0)?;
    let native = measure("native", filter, None)?;
    let wasm = measure("wasm", filter, Some(WASI))?;
    let of_wasm =
        |name: &str| wasm.get(name).with_context(|| format!("{name} did not run as wasm"));
    println!("\n{:<44} {:>12} {:>12} {:>7}", "benchmark", "native", "wasm", "ratio");
    for (name, native) in native.iter().filter(|(name, _)| !is_once(name)) {
        let wasm = of_wasm(name)?;
        println!(
            "{name:<44} {:>12} {:>12} {:>6.2}x",
            shown(native.median),
            shown(wasm.median),
            wasm.median / native.median
        );
    }
    println!("\nmedians of criterion's samples; step/* are {STEPS_PER_SAMPLE} steps a sample");
    let once: Vec<_> = native.iter().filter(|(name, _)| is_once(name)).collect();
    if once.is_empty() {
        return Ok(());
    }
    println!(
        "\n{:<44} {:>12} {:>12} {:>12} {:>12}",
        "single calls", "native p50", "native p99", "wasm p50", "wasm p99"
    );
    for (name, native) in once {
        let wasm = of_wasm(name)?;
        let figures = [native.median, native.p99, wasm.median, wasm.p99].map(shown);
        let [a, b, c, d] = figures;
        println!("{name:<44} {a:>12} {b:>12} {c:>12} {d:>12}");
    }
    Ok(())
}

/// Whether a benchmark takes one call a sample, so that its samples have quantiles to tell.
fn is_once(name: &str) -> bool {
    name.contains("_once/")
}

/// Times of a benchmark, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Times {
    median: f64,
    /// Of the samples: a quantile of single calls only where a sample is one call.
    p99: f64,
}

/// `BATCH` of benches/environment.rs, for the note under the table.
const STEPS_PER_SAMPLE: u32 = 1_024;

/// Runs the benches and returns their times by name.
fn measure(
    kind: &str,
    filter: Option<&str>,
    target: Option<&str>,
) -> Result<BTreeMap<String, Times>> {
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
        // With fast calls node collects garbage within a WASI call, which V8 does not survive.
        let runner = format!(
            "{} --no-warnings --no-turbo-fast-api-calls {}",
            npm::bin("node").display(),
            paths::root().join("xtask/js/wasi.mjs").display()
        );
        command.args(["--target", target]).env("CARGO_TARGET_WASM32_WASIP1_RUNNER", runner);
    }
    command.args(["--", "--noplot"]).args(filter).env("CRITERION_HOME", &home);
    process::run(&mut command)?;
    let mut times = BTreeMap::new();
    collect(&home, &home, &mut times)?;
    if times.is_empty() {
        bail!("no benchmark ran{}", filter.map_or(String::new(), |f| format!(" that matches {f}")));
    }
    Ok(times)
}

/// Reads `…/new/estimates.json` of every benchmark below `folder`.
fn collect(home: &Path, folder: &Path, times: &mut BTreeMap<String, Times>) -> Result<()> {
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
            let (estimates, sample) = (read(&estimates)?, read(&path.join("sample.json"))?);
            let name = folder.strip_prefix(home).unwrap_or(folder).display().to_string();
            let figures = times_of(&estimates, &sample)
                .with_context(|| format!("{name}: criterion's files are not as expected"))?;
            times.insert(name, figures);
        } else {
            collect(home, &path, times)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", paths::shown(path)))?;
    Ok(serde_json::from_str(&text)?)
}

fn times_of(estimates: &Value, sample: &Value) -> Option<Times> {
    let numbers = |name: &str| {
        let list = sample.get(name)?.as_array()?;
        list.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()
    };
    let (calls, nanos) = (numbers("iters")?, numbers("times")?);
    let mut per_call: Vec<f64> = nanos.iter().zip(&calls).map(|(t, n)| t / n).collect();
    per_call.sort_by(f64::total_cmp);
    let p99 = *per_call.get((per_call.len() * 99 / 100).min(per_call.len().checked_sub(1)?))?;
    let median = estimates.get("median")?.get("point_estimate")?.as_f64()?;
    Some(Times { median, p99 })
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
    use serde_json::json;

    #[test]
    fn times_are_read_from_criterion_s_files() {
        let estimates = json!({"mean": {"point_estimate": 3.0}, "median": {"point_estimate": 2.5}});
        let sample = json!({"iters": [1.0, 2.0, 1.0], "times": [2.0, 5.0, 9.0]});
        assert_eq!(times_of(&estimates, &sample), Some(Times { median: 2.5, p99: 9.0 }));
        assert_eq!(times_of(&json!({}), &sample), None);
        assert_eq!(times_of(&estimates, &json!({"iters": [], "times": []})), None);
    }
}
