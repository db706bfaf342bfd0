//! `replay --port P`: the replay server as a program, for tests that start it and for benches.

use omniguard_tests::replay::{Options, Replay};
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "replay [--port P] [--rows N] [--seed S] [--delay-ms MS] [--fail 'KIND&…']…";

fn main() -> ExitCode {
    let (mut options, mut port, mut plans) = (Options::default(), 0, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().unwrap_or_default();
        let number = value.parse::<u64>();
        match (name.as_str(), number) {
            ("--port", Ok(number)) => port = u16::try_from(number).unwrap_or(0),
            ("--rows", Ok(number)) => options.n_rows = number,
            ("--seed", Ok(number)) => options.seed = number,
            ("--delay-ms", Ok(number)) => options.delay = Duration::from_millis(number),
            ("--fail", _) => plans.push(format!("fail={value}")),
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::FAILURE;
            }
        }
    }
    match Replay::start(options, port) {
        Ok(server) => {
            for plan in plans {
                server.control(&plan);
            }
            println!("{}", server.url());
            server.wait();
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}
