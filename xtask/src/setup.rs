//! What each command needs, installed step by step.

use crate::progress::Steps;
use crate::tools::Tool;
use crate::{bench, browser, npm, python, rust};
use anyhow::Result;

/// Something that must be on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    WasmTarget,
    BareMetalTarget,
    WasiTarget,
    Components,
    Crates,
    WasmBindgen,
    Trunk,
    WorkerBuild,
    Npm,
    CargoDeny,
    Chromium,
    Python,
}

/// To build and serve the page and the Worker.
pub(crate) const FOR_SERVE: &[Need] =
    &[Need::WasmTarget, Need::Crates, Need::Npm, Need::WasmBindgen, Need::WorkerBuild, Need::Trunk];

/// To run every test. Quick steps that may fail come before those that compile for minutes.
pub(crate) const FOR_TEST: &[Need] = &[
    Need::WasmTarget,
    Need::BareMetalTarget,
    Need::Components,
    Need::Crates,
    Need::Npm,
    Need::Chromium,
    Need::Python,
    Need::WasmBindgen,
    Need::WorkerBuild,
    Need::Trunk,
    Need::CargoDeny,
];

/// Installs what is missing, and leaves `n_more` steps to the caller in the same count.
pub(crate) fn ensure(needs: &[Need], n_more: usize) -> Result<Steps> {
    let mut steps = Steps::new(needs.len() + n_more);
    for need in needs {
        match need {
            Need::WasmTarget => {
                let label = format!("Rust target {}", rust::WASM);
                steps.step(&label, |step| rust::ensure_target(step, rust::WASM))?;
            }
            Need::BareMetalTarget => {
                let label = format!("Rust target {}", rust::BARE_METAL);
                steps.step(&label, |step| rust::ensure_target(step, rust::BARE_METAL))?;
            }
            Need::WasiTarget => {
                let label = format!("Rust target {}", bench::WASI);
                steps.step(&label, |step| rust::ensure_target(step, bench::WASI))?;
            }
            Need::Components => steps.step("rustfmt and clippy", rust::ensure_components)?,
            Need::Crates => steps.step("crates of Cargo.lock", rust::ensure_crates)?,
            Need::WasmBindgen => tool(&mut steps, &Tool::wasm_bindgen()?)?,
            Need::Trunk => tool(&mut steps, &Tool::trunk())?,
            Need::WorkerBuild => tool(&mut steps, &Tool::worker_build())?,
            Need::CargoDeny => tool(&mut steps, &Tool::cargo_deny())?,
            Need::Npm => steps.step("npm packages", npm::ensure)?,
            Need::Chromium => steps.step("Chromium", browser::ensure)?,
            Need::Python => steps.step("Python environment", python::ensure)?,
        }
    }
    Ok(steps)
}

fn tool(steps: &mut Steps, tool: &Tool) -> Result<()> {
    steps.step(&tool.label(), |step| tool.ensure(step))
}
