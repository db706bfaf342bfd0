//! `omniguard`: compiles the corpus, trains, evaluates and checks. Every figure that the page or
//! the README shows comes from here.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, reason = "panics where a pipe was closed: `say!`")
)]

mod ablate;
mod card;
mod check;
mod corpus;
mod detectors;
#[cfg(feature = "distil")]
mod distil;
mod eval;
mod ingest;
mod loadtest;
mod output;
mod play;
mod progress;
mod score;
mod train;

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
    /// Check that the environment keeps its own rules
    Check(check::CheckArgs),
    /// Make the token table from a sentence encoder
    #[cfg(feature = "distil")]
    Distil(distil::DistilArgs),
    /// Print the page that lists the detectors
    Detectors,
    /// Read rows of a streamed dataset, label them and keep them
    Ingest(ingest::IngestArgs),
    /// Train a policy with GRPO
    Train(train::TrainArgs),
    /// Train with one thing changed at a time, and tabulate what each is worth
    Ablate(ablate::AblateArgs),
    /// Play every baseline and the trained policy, and print the table
    Eval(eval::EvalArgs),
    /// Write the model card of an evaluated run
    Card(card::CardArgs),
    /// Judge the rows of a file of JSON lines
    Score(score::ScoreArgs),
    /// Measure how many steps a second an OpenEnv server answers
    Loadtest(loadtest::LoadtestArgs),
    /// Play the page's demo: the trained policy and a baseline on one stream, as JSON lines
    Play(play::PlayArgs),
}

fn main() -> Result<()> {
    match run(Cli::parse().command) {
        // A reader such as `head` that has seen enough is no failure.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        result => result,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Corpus(command) => corpus::run(&command),
        Command::Check(args) => check::run(&args),
        #[cfg(feature = "distil")]
        Command::Distil(args) => distil::run(&args),
        Command::Detectors => detectors::run(),
        Command::Ingest(args) => ingest::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Ablate(args) => ablate::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Card(args) => card::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Loadtest(args) => loadtest::run(&args),
        Command::Play(args) => play::run(&args),
    }
}
