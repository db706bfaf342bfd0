//! `cargo xtask`: sets up, builds, serves and tests OmniGuard.
//!
//! One module per purpose. What a command needs is installed first, step by step (`setup`); nothing
//! that is already there is installed again. Child processes never outlive this one (`process`).
#![expect(clippy::disallowed_methods, reason = "native only: the clock is safe to read here")]

#[cfg(not(unix))]
compile_error!("xtask runs on Linux and macOS; on Windows, use WSL");

mod bench;
mod browser;
mod budgets;
mod ci;
mod edge;
mod http;
mod npm;
mod page;
mod paths;
mod process;
mod progress;
mod python;
mod rust;
mod serve;
mod setup;
mod static_server;
#[cfg(test)]
mod tidy;
mod tools;
mod versions;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;

/// Set-up, build, serve and test of OmniGuard.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what is missing, build the page and the Worker, and serve both on one port
    Serve(ServeArgs),
    /// Install what is missing and run every CI job, one after the other
    Test,
    /// Install what is missing and run one CI job
    Ci {
        /// The job to run
        #[arg(value_enum)]
        job: ci::Job,
    },
    /// Run the benches of core natively and as wasm under node, and print both with their ratio
    Bench {
        /// Only benchmarks whose names match this expression
        filter: Option<String>,
    },
    /// Build the page into dist/ and the Worker into build/, ready for `wrangler deploy`
    Build,
    /// Only install what is missing, for `serve` or, with --test, for `test`
    Setup {
        /// Also what the tests need: Chromium, a Python virtual environment, cargo-deny
        #[arg(long)]
        test: bool,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Port for the page and the API
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Address to listen on; 0.0.0.0 lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    ip: std::net::IpAddr,
    /// Show everything that the Worker's runtime prints (always in .omniguard/logs/wrangler.log)
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match process::stop_children_on_signals().and_then(|()| run(&cli.command)) {
        Ok(code) => code,
        Err(error) => {
            // After Ctrl-C the children's failures are of our own making: not worth a message.
            process::exit_if_stopping();
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Serve(args) => {
            serve::serve(&serve::Options { port: args.port, ip: args.ip, verbose: args.verbose })?;
        }
        Command::Test => return ci::test(),
        Command::Ci { job } => return ci::one(*job),
        Command::Bench { filter } => bench::run(filter.as_deref())?,
        Command::Build => serve::build_all()?,
        Command::Setup { test } => {
            let needs = if *test { setup::FOR_TEST } else { setup::FOR_SERVE };
            setup::ensure(needs, 0)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
