//! One decision, decoding and rationale included: `cargo bench -p omniguard-core --bench decide`.

use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use omniguard_core::corpus::Corpus;
use omniguard_core::curriculum::Phase;
use omniguard_core::decode::decode;
use omniguard_core::detect;
use omniguard_core::embed::TokenTable;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::features::{Families, FrameFeatures};
use omniguard_core::frame::Split;
use omniguard_core::policy::{Context, Policy};
use omniguard_core::segment::{Document, Segments};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// Sizes of frames, in bytes.
const SIZES: [usize; 7] = [128, 256, 512, 1_024, 2_048, 4_096, 8_192];
/// The size whose parts are measured.
const PARTS_OF: usize = 512;
/// Frames of a size, where there are so many,
const N_FRAMES: usize = 64;
/// among so many drawn in each phase.
const N_DRAWN: usize = 20_000;
/// Decisions behind the quantiles of a size.
const N_ONCE: usize = 2_000;

/// The committed token table.
fn table() -> Arc<TokenTable> {
    let bytes = include_bytes!("../../../public/tokens.bin");
    Arc::new(TokenTable::from_bytes(bytes).expect("the committed table loads"))
}

/// Frames of at most each size, and little less, as the environment renders them: plain ones, or
/// where there are few of these mutated ones too. It has none of the largest size: these are
/// JSON-RPC batches of two.
fn frames() -> [Vec<String>; SIZES.len()] {
    let bytes = include_bytes!("../../../public/corpus.bin");
    let corpus = Arc::new(Corpus::from_bytes(bytes, table()).expect("the committed corpus loads"));
    let mut found = [const { Vec::new() }; SIZES.len()];
    for (phase, mutated) in [(Phase::Bootstrapping, false), (Phase::ChainedExploitation, true)] {
        let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(Split::Train) };
        let mut env = Environment::new(config, Arc::clone(&corpus), 1).expect("valid");
        for _ in 0..N_DRAWN {
            env.reset();
            let text = env.frame_text();
            let fits = |n_bytes: &usize| (n_bytes * 7 / 8..=*n_bytes).contains(&text.len());
            let Some(place) = SIZES.iter().position(fits) else { continue };
            let plain = env.frame().is_some_and(|frame| !frame.obfuscated());
            if (plain || mutated) && found[place].len() < N_FRAMES {
                found[place].push(text);
            }
        }
    }
    for place in 1..SIZES.len() {
        if found[place].is_empty() {
            found[place] = found[place - 1]
                .chunks_exact(2)
                .map(|pair| format!("[{}]", pair.join(",")))
                .collect();
        }
        assert!(!found[place].is_empty(), "no frame of {} bytes", SIZES[place]);
    }
    found
}

fn benches(c: &mut Criterion) {
    let table = table();
    let policy = Policy::untrained(1, Arc::clone(&table));
    let context = Context::default();
    let mut group = c.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    let by_size = frames();
    for (n_bytes, texts) in SIZES.iter().zip(&by_size) {
        let mut next = texts.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(n_bytes), |b| {
            b.iter(|| policy.decide(black_box(next.next().expect("frames")), &context));
        });
    }
    group.finish();

    // One decision a sample, so that the samples' quantiles are those of a single call. The time
    // asked for is too short for more, and criterion says so.
    let mut group = c.benchmark_group("decide_once");
    group.sampling_mode(SamplingMode::Flat).sample_size(N_ONCE).nresamples(1_001);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(1));
    for (n_bytes, texts) in SIZES.iter().zip(&by_size) {
        let mut next = texts.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(n_bytes), |b| {
            b.iter(|| policy.decide(black_box(next.next().expect("frames")), &context));
        });
    }
    group.finish();

    let texts = SIZES.iter().position(|&size| size == PARTS_OF).map(|place| &by_size[place]);
    let texts = texts.expect("one of the sizes");
    let mut group = c.benchmark_group(format!("parts_of_{PARTS_OF}"));
    let mut next = texts.iter().cycle();
    group.bench_function("decode", |b| b.iter(|| decode(next.next().expect("frames"))));
    let ready: Vec<_> = texts
        .iter()
        .map(|text| {
            let decoded = decode(text);
            let document = Document::read(text, &decoded);
            (text, decoded, document)
        })
        .collect();
    let mut next = ready.iter().cycle();
    group.bench_function("cut", |b| {
        b.iter(|| {
            let (text, decoded, document) = next.next().expect("frames");
            Segments::cut(text, decoded, document).items.len()
        });
    });
    let cut: Vec<_> = ready.iter().map(|(t, d, doc)| (d, Segments::cut(t, d, doc))).collect();
    let mut next = cut.iter().cycle();
    group.bench_function("detect", |b| {
        b.iter(|| detect::scan(&next.next().expect("frames").1));
    });
    let scanned: Vec<_> = cut.iter().map(|(d, s)| (d, s, detect::scan(s))).collect();
    let mut next = scanned.iter().cycle();
    group.bench_function("features", |b| {
        b.iter(|| {
            let (decoded, segments, findings) = next.next().expect("frames");
            FrameFeatures::of(&table, Families::ALL, decoded, segments, findings)
        });
    });
    let features: Vec<_> =
        scanned.iter().map(|(d, s, f)| FrameFeatures::of(&table, Families::ALL, d, s, f)).collect();
    let mut next = features.iter().cycle();
    group.bench_function("forward", |b| {
        b.iter(|| policy.forward(next.next().expect("frames"), &context));
    });
    group.finish();
}

criterion_group!(decide, benches);
criterion_main!(decide);
