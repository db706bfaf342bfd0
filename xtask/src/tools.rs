//! Build tools written in Rust: found on PATH in the right version, or installed under
//! `<tools>/<package>-<version>/bin`, so that versions of different clones live side by side.

use crate::progress::{Done, Step};
use crate::{paths, process, versions};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// One tool from crates.io.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    package: &'static str,
    binary: &'static str,
    version: String,
    /// Whether it builds with its own lockfile. wasm-bindgen-cli's is too old for new compilers.
    locked: bool,
    /// Measured on two cores.
    build_minutes: u32,
}

impl Tool {
    pub(crate) fn wasm_bindgen() -> Result<Self> {
        let version = versions::wasm_bindgen()?;
        Ok(Self::new("wasm-bindgen-cli", "wasm-bindgen", &version, false, 3))
    }

    pub(crate) fn trunk() -> Self {
        Self::new("trunk", "trunk", versions::TRUNK, true, 10)
    }

    pub(crate) fn worker_build() -> Self {
        Self::new("worker-build", "worker-build", versions::WORKER_BUILD, true, 6)
    }

    pub(crate) fn cargo_deny() -> Self {
        Self::new("cargo-deny", "cargo-deny", versions::CARGO_DENY, true, 5)
    }

    fn new(
        package: &'static str,
        binary: &'static str,
        version: &str,
        locked: bool,
        build_minutes: u32,
    ) -> Self {
        Self { package, binary, version: version.to_owned(), locked, build_minutes }
    }

    /// "trunk 0.21.14"
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    fn root(&self) -> Result<PathBuf> {
        Ok(paths::tools()?.join(format!("{}-{}", self.package, self.version)))
    }

    /// The tool in the right version, in our own folder or on PATH.
    pub(crate) fn find(&self) -> Option<PathBuf> {
        let own = self.root().ok()?.join("bin").join(self.binary);
        std::iter::once(own)
            .chain(process::which(self.binary))
            .find(|path| self.is_right_version(path))
    }

    fn is_right_version(&self, path: &PathBuf) -> bool {
        process::output(Command::new(path).arg("--version"))
            .is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }

    /// Where the tool is, for commands that need it; set-up has run before.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        self.find().with_context(|| format!("{} is not installed", self.label()))
    }

    /// Installs it where it is missing.
    pub(crate) fn ensure(&self, step: &mut Step) -> Result<Done> {
        if self.find().is_some() {
            return Ok(Done::AlreadyThere);
        }
        let root = self.root()?;
        fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
        let log = paths::log(self.package)?;
        if process::which("cargo-binstall").is_some() {
            // A release's binary takes seconds; where there is none for this machine, it is compiled.
            let installed = step.run(&mut self.binstall(&root), &log, "downloading", "");
            if installed.is_ok() && self.find().is_some() {
                return Ok(Done::Now("installed"));
            }
        }
        let doing = format!("compiling, about {} min", self.build_minutes);
        let remedy = format!(
            "run `{}` by hand and look at its message; compilers need a C linker (`cc`), and some \
             crates pkg-config and OpenSSL's headers",
            process::shown(&self.cargo_install(&root)?)
        );
        step.run(&mut self.cargo_install(&root)?, &log, &doing, &remedy)?;
        if self.find().is_none() {
            bail!("{} was installed, but does not run: see {}", self.label(), paths::shown(&log));
        }
        Ok(Done::Now("installed"))
    }

    fn binstall(&self, root: &PathBuf) -> Command {
        let mut command = Command::new("cargo-binstall");
        command
            .args(["--no-confirm", "--disable-strategies", "compile"])
            .args(["--version", &self.version, "--root"])
            .arg(root)
            .arg(self.package);
        command
    }

    fn cargo_install(&self, root: &PathBuf) -> Result<Command> {
        let mut command = Command::new("cargo");
        command.args(["install", self.package, "--version", &self.version, "--root"]).arg(root);
        if self.locked {
            command.arg("--locked");
        }
        // Away from the workspace, whose cargo configuration is not for tools.
        command.current_dir(root).env("CARGO_TARGET_DIR", paths::tools_build()?);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::Tool;
    use std::os::unix::fs::PermissionsExt;
    use std::{env, fs};

    #[test]
    fn another_version_of_a_tool_is_not_taken_for_the_right_one() {
        let file = env::temp_dir().join(format!("omniguard-tool-{}", std::process::id()));
        fs::write(&file, "#!/bin/sh\necho trunk 0.21.140\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let wrong = Tool::new("trunk", "trunk", "0.21.14", true, 1);
        let right = Tool::new("trunk", "trunk", "0.21.140", true, 1);
        assert!(!wrong.is_right_version(&file));
        assert!(right.is_right_version(&file));
        fs::remove_file(file).unwrap();
    }
}
