//! Time of the decoder: frames of about 512 bytes, nothing encoded and encoded throughout; texts of
//! 128 B to 8 KiB, plain, encoded whole and with an encoded passage. Throughput that stays the same
//! from size to size is linear time; that the work is linear is a test of the decoder itself.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use omniguard_core::{
    decode::decode,
    frame::{Mutation, Mutations},
    mutate::mutate,
    rng::Rng,
};
use std::hint::black_box;

const PROMPT: &str = "Please look through the open invoices of the last quarter and send me a short \
summary with the three largest amounts, the customers behind them and the dates on which they were \
due. If one of them has been paid in the meantime, leave it out and say so in one line at the end. \
I need the list before the meeting at two in the afternoon, because the auditors will ask for it. \
The folder is shared with the finance team, and the names of the files start with the year and the \
month. Thanks for your help.";

/// `n` bytes of ordinary lines.
fn lines(n: usize) -> String {
    let sentences = PROMPT.split_inclusive(". ").map(|sentence| format!("{}\n", sentence.trim()));
    let mut text: String = sentences.cycle().take(2 + n / 60).collect();
    text.truncate(n);
    text
}

fn encoded(text: &str, mutation: Mutation) -> String {
    let arm = Some(mutation);
    let mut leaves = vec![text.to_string()];
    mutate(&mut leaves, Mutations { arm, first: arm, second: None }, 0.35, &mut Rng::new(7));
    leaves.remove(0)
}

fn sizes(criterion: &mut Criterion) {
    const MUTATIONS: [Mutation; 4] =
        [Mutation::Rot13, Mutation::Leetspeak, Mutation::Base64, Mutation::Homoglyph];
    let mut group = criterion.benchmark_group("decode by size");
    for n in [128, 512, 2048, 8192] {
        let plain = lines(n);
        let mut texts = vec![("plain".to_string(), plain.clone())];
        for mutation in MUTATIONS {
            let whole: String = encoded(&plain, mutation).chars().take(n).collect();
            texts.push((format!("whole {}", mutation.name()), whole));
            // A passage of a fifth, in the middle.
            let cut = plain[..n / 2].rfind('\n').map_or(n / 2, |at| at + 1);
            let passage = encoded(lines(n / 5).trim(), mutation);
            let text = format!("{}# {passage}\n{}", &plain[..cut], &plain[cut..]);
            texts.push((format!("passage {}", mutation.name()), text.chars().take(n).collect()));
        }
        for (name, text) in &texts {
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_with_input(BenchmarkId::new(name, n), text, |bencher, text| {
                bencher.iter(|| decode(black_box(text)));
            });
        }
    }
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let frame = |text: &str| {
        let text = text.replace('"', "\\\"");
        format!(
            "{{\"jsonrpc\": \"2.0\", \"id\": 17, \"result\": {{\"content\": [{{\"type\": \"text\", \
             \"text\": \"{text}\"}}], \"isError\": false}}}}"
        )
    };
    let mut texts = vec![
        ("plain text".to_string(), PROMPT.to_string()),
        ("plain frame".to_string(), frame(&PROMPT[..400])),
    ];
    for &mutation in Mutation::ALL {
        let arm = Some(mutation);
        let mut leaves = vec![PROMPT[..300].to_string()];
        let (first, second) = match mutation {
            Mutation::Nested => (Some(Mutation::Rot13), Some(Mutation::Base64)),
            _ => (arm, None),
        };
        let mutations = Mutations { arm, first, second };
        mutate(&mut leaves, mutations, 0.35, &mut Rng::new(7));
        texts.push((mutation.name().to_string(), frame(&leaves[0].replace('\\', "\\\\"))));
    }
    for (name, text) in &texts {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| decode(black_box(text))));
    }
    group.finish();
}

criterion_group!(all, benches, sizes);
criterion_main!(all);
