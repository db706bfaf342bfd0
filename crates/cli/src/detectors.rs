//! `omniguard detectors`: the page `docs/detectors.md`.

use crate::output::say_on;
use anyhow::Result;
use omniguard_core::detect::Detector;
use std::fmt::Write;

/// Prints the page.
pub(crate) fn run() -> Result<()> {
    say_on!("{}", page()?)?;
    Ok(())
}

fn page() -> Result<String> {
    let mut out = String::from(
        "# Detectors\n\n\
         Named, deterministic signals of a frame's segments: inputs of the policy and hints for \
         people, never decisions. The benign twin of nearly every attack fires some of them. \
         *Against* a frame are those that attacks tend to have; *for* it those that harmless \
         traffic tends to have, which are inputs but no hints. `omniguard detectors` prints this \
         page from the code.\n\n\
         | name | speaks | what it means that it fired |\n| --- | --- | --- |\n",
    );
    for detector in Detector::ALL {
        let side = match (detector.reassuring(), detector.is_stdio()) {
            (true, _) => "for",
            (_, true) => "against (STDIO)",
            _ => "against",
        };
        writeln!(out, "| `{}` | {side} | {} |", detector.name(), detector.description().trim())?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_page_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/detectors.md");
        let there = std::fs::read_to_string(path).unwrap();
        assert_eq!(there, super::page().unwrap(), "omniguard detectors > docs/detectors.md");
    }
}
