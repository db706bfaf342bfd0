//! Time of the decoder on frames of about 512 bytes: nothing encoded, and encoded throughout.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
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

criterion_group!(all, benches);
criterion_main!(all);
