//! One decision, decoding and rationale included: `cargo bench -p omniguard-core --bench decide`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use omniguard_core::corpus::Corpus;
use omniguard_core::decode::decode;
use omniguard_core::detect;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::features::FrameFeatures;
use omniguard_core::frame::Split;
use omniguard_core::policy::{Context, Policy};
use omniguard_core::segment::{Document, Segments};
use std::hint::black_box;
use std::sync::Arc;

/// Frames of about `n_bytes`, not mutated, as the environment renders them.
fn frames(n_bytes: usize) -> Vec<String> {
    let bytes = include_bytes!("../../../public/corpus.bin");
    let corpus = Arc::new(Corpus::from_bytes(bytes).expect("the committed corpus loads"));
    let config = EnvConfig::on(Split::Train);
    let mut found = Vec::new();
    for seed in 0..20_000 {
        let mut env = Environment::new(config, Arc::clone(&corpus), seed).expect("valid");
        env.reset();
        let text = env.frame_text();
        let plain = env.frame().is_some_and(|frame| !frame.obfuscated());
        if plain && text.len().abs_diff(n_bytes) < n_bytes / 16 {
            found.push(text);
        }
        if found.len() == 32 {
            break;
        }
    }
    found
}

fn benches(c: &mut Criterion) {
    let policy = Policy::untrained(1);
    let context = Context::default();
    let mut group = c.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    for n_bytes in [256, 512, 1_024] {
        let texts = frames(n_bytes);
        let mut next = texts.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(n_bytes), |b| {
            b.iter(|| policy.decide(black_box(next.next().expect("frames")), &context));
        });
    }
    group.finish();

    let texts = frames(512);
    let mut group = c.benchmark_group("parts_of_512");
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
            FrameFeatures::of(decoded, segments, findings)
        });
    });
    let features: Vec<_> = scanned.iter().map(|(d, s, f)| FrameFeatures::of(d, s, f)).collect();
    let mut next = features.iter().cycle();
    group.bench_function("forward", |b| {
        b.iter(|| policy.forward(next.next().expect("frames"), &context));
    });
    group.finish();
}

criterion_group!(decide, benches);
criterion_main!(decide);
