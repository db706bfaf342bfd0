//! `omniguard check`: the environment's conformance check.

use crate::corpus;
use crate::output::say;
use anyhow::{Result, ensure};
use clap::Args;
use omniguard_core::check::{Effort, check_env};
use omniguard_core::frame::Split;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
    /// Steps of the checks that play at random
    #[arg(long, default_value_t = 20_000)]
    steps: u32,
    /// Episodes per policy and phase of the checks that compare policies
    #[arg(long, default_value_t = 300)]
    episodes: u32,
}

pub(crate) fn run(args: &CheckArgs) -> Result<()> {
    let corpus = Arc::new(corpus::load(&args.corpus)?);
    let effort = Effort { n_steps: args.steps, n_episodes: args.episodes };
    let mut n_failed = 0;
    for &split in Split::ALL {
        say!("{} split", split.name())?;
        for finding in check_env(&corpus, split, effort)? {
            let mark = if finding.passed { "ok  " } else { "FAIL" };
            say!("  {mark} {}: {}", finding.name, finding.detail)?;
            n_failed += usize::from(!finding.passed);
        }
    }
    ensure!(n_failed == 0, "{n_failed} checks failed");
    Ok(())
}
