//! `omniguard corpus`: the written texts, compiled into the one file that everything shares.

mod ingested;
mod language;
mod lint;
mod source;
mod splits;

use crate::output::say;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use omniguard_core::corpus::{Corpus, format};
use omniguard_core::embed::TokenTable;
use omniguard_core::frame::{Channel, Split, Vector};
use omniguard_core::ingest::{LabelPolicy, Source};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile corpus/*.toml into one file
    Build(BuildArgs),
    /// Count families and texts by split, channel and vector
    Stats(StatsArgs),
    /// Look for duplicates, missing twins and cues that tell the label without the meaning
    Lint(lint::LintArgs),
    /// Count the decoder's letter pairs and common words over the train split
    Language(language::LanguageArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Folder of the sources
    #[arg(long, default_value = "corpus")]
    source: PathBuf,
    /// Folder of ingested rows to add, as `omniguard ingest` makes them; may be given several times
    #[arg(long)]
    ingested: Vec<PathBuf>,
    /// Most families of each source
    #[arg(long, default_value_t = 1_000)]
    cap: usize,
    /// Which label counts for a bare row: dataset or content
    #[arg(long, default_value = "content", value_parser = policy)]
    labels: LabelPolicy,
    /// File to write
    #[arg(long, default_value = "public/corpus.bin")]
    output: PathBuf,
    /// Only compare: fail if the file is not what the sources give
    #[arg(long)]
    check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// Compiled corpus
    #[arg(long, default_value = "public/corpus.bin")]
    corpus: PathBuf,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Build(args) => build(args),
        Command::Stats(args) => stats(args),
        Command::Lint(args) => lint::run(args),
        Command::Language(args) => language::run(args),
    }
}

fn policy(name: &str) -> Result<LabelPolicy, String> {
    LabelPolicy::from_name(name).ok_or_else(|| format!("{name} is neither dataset nor content"))
}

fn build(args: &BuildArgs) -> Result<()> {
    let mut content = source::read_folder(&args.source)?;
    for summary in ingested::add(&mut content, &args.ingested, args.cap, args.labels)? {
        say!("{summary}")?;
    }
    let bytes = format::encode(&content);
    let corpus =
        Corpus::from_bytes(&bytes, load_table()?).context("the compiled corpus does not load")?;
    for &split in Split::ALL {
        if !corpus.can_serve(split) {
            bail!("the {} split lacks attacks of some vector", split.name());
        }
    }
    if args.check {
        let there = std::fs::read(&args.output)
            .with_context(|| format!("cannot read {}", args.output.display()))?;
        if there != bytes {
            bail!(
                "{} is not what the sources give; run `omniguard corpus build`",
                args.output.display()
            );
        }
        say!("{} is up to date", args.output.display())?;
        return Ok(());
    }
    std::fs::write(&args.output, &bytes)
        .with_context(|| format!("cannot write {}", args.output.display()))?;
    say!(
        "{}: {} families, {} texts, {} bytes",
        args.output.display(),
        corpus.families().len(),
        corpus.n_scenarios(),
        bytes.len()
    )?;
    Ok(())
}

/// Where the texts of a domain come from: `written`, or the dataset that it is named after.
pub(crate) fn source_of(domain: &str) -> &'static str {
    Source::from_name(domain).map_or("written", Source::name)
}

/// Reads a compiled corpus, with a remedy in the message.
pub(crate) fn load(path: &std::path::Path) -> Result<Corpus> {
    let bytes = std::fs::read(path).with_context(|| {
        format!("cannot read {}; `omniguard corpus build` makes it", path.display())
    })?;
    Corpus::from_bytes(&bytes, load_table()?)
        .with_context(|| format!("{} is no corpus", path.display()))
}

/// The token table, part of the program: what is trained with one is used with it alone.
pub(crate) fn load_table() -> Result<Arc<TokenTable>> {
    let table = TokenTable::from_bytes(include_bytes!("../../../public/tokens.bin"));
    Ok(Arc::new(table.context("the token table does not load")?))
}

fn stats(args: &StatsArgs) -> Result<()> {
    let corpus = load(&args.corpus)?;
    say!("corpus {:016x}: {} domains", corpus.checksum(), corpus.domains().len())?;
    say!("{:<12} {:>9} {:>9} {:>9}", "split", "families", "malicious", "benign")?;
    for &split in Split::ALL {
        let families = corpus.families().iter().filter(|family| family.split == split).count();
        let (malicious, benign) = count(&corpus, |idx| corpus.family_of(idx).split == split);
        say!("{:<12} {families:>9} {malicious:>9} {benign:>9}", split.name())?;
    }
    let domain = |idx: u32| corpus.domains()[corpus.family_of(idx).domain as usize].as_str();
    say!("\n{:<24} {:>9} {:>9}", "source", "malicious", "benign")?;
    for source in ["written"].into_iter().chain(Source::ALL.iter().map(|source| source.name())) {
        let (malicious, benign) = count(&corpus, |idx| source_of(domain(idx)) == source);
        say!("{source:<24} {malicious:>9} {benign:>9}")?;
    }
    say!("\n{:<24} {:>9} {:>9}", "channel", "malicious", "benign")?;
    for &channel in Channel::ALL {
        let (malicious, benign) = count(&corpus, |idx| corpus.facts(idx).channel == channel);
        say!("{:<24} {malicious:>9} {benign:>9}", channel.name())?;
    }
    say!("\n{:<24} {:>9} {:>9}", "family vector", "malicious", "benign")?;
    for &vector in Vector::ALL {
        let (malicious, benign) = count(&corpus, |idx| corpus.family_of(idx).vector == vector);
        say!("{:<24} {malicious:>9} {benign:>9}", vector.name())?;
    }
    Ok(())
}

fn count(corpus: &Corpus, wanted: impl Fn(u32) -> bool) -> (usize, usize) {
    let (mut malicious, mut benign) = (0, 0);
    for idx in (0..corpus.n_scenarios()).filter(|&idx| wanted(idx)) {
        if corpus.facts(idx).vector.malicious() {
            malicious += 1;
        } else {
            benign += 1;
        }
    }
    (malicious, benign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_committed_corpus_is_what_the_sources_give() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let content = source::read_folder(&root.join("corpus")).unwrap();
        let there = std::fs::read(root.join("public/corpus.bin")).unwrap();
        assert!(format::encode(&content) == there, "run `omniguard corpus build`");
    }

    #[test]
    fn the_corpus_has_the_size_it_promises() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let corpus = load(&root.join("public/corpus.bin")).unwrap();
        let (malicious, benign) = count(&corpus, |_| true);
        assert!(malicious >= 1_200 && benign >= 1_800 && corpus.domains().len() >= 40);
        for &channel in Channel::ALL {
            let (malicious, benign) = count(&corpus, |idx| corpus.facts(idx).channel == channel);
            assert!(malicious > 0 && benign > 0, "{}", channel.name());
        }
    }
}
