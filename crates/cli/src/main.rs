//! `omniguard`: compiles the corpus, trains, evaluates and checks. Every figure that the page or
//! the README shows comes from here.

mod corpus;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "omniguard", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile the written corpus, or count what is in it
    #[command(subcommand)]
    Corpus(corpus::Command),
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Corpus(command) => corpus::run(&command),
    }
}
