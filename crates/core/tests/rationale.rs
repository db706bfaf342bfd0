//! The policy's own rationales never trip the phrase lists that rationales are read with.

use omniguard_core::action::{ActionType, MAX_RATIONALE_CHARS};
use omniguard_core::corpus::Corpus;
use omniguard_core::embed::TokenTable;
use omniguard_core::frame::{Frame, Mutation, Mutations};
use omniguard_core::policy::{Context, Policy};
use omniguard_core::reward::MIN_RATIONALE_CHARS;
use omniguard_core::{rationale, render};
use std::sync::Arc;

/// Nothing, and mutations that leave the text readable, so that much of it can be quoted.
const MUTATIONS: [Option<Mutation>; 3] =
    [None, Some(Mutation::ZeroWidth), Some(Mutation::SemanticDrift)];

#[test]
fn no_rationale_over_the_whole_corpus_reads_as_injected_or_contradicts_its_allow() {
    let table = include_bytes!("../../../public/tokens.bin");
    let table = Arc::new(TokenTable::from_bytes(table).expect("loads"));
    let corpus = include_bytes!("../../../public/corpus.bin");
    let corpus = Corpus::from_bytes(corpus, Arc::clone(&table)).expect("loads");
    let trained = include_bytes!("../../../public/weights.bin");
    let trained = Policy::from_bytes(trained, Arc::clone(&table)).expect("loads");
    for policy in [&trained, &Policy::untrained(0, table)] {
        for scenario in 0..corpus.n_scenarios() {
            let mutation = MUTATIONS[scenario as usize % MUTATIONS.len()];
            let frame = Frame {
                scenario,
                slot_seed: u64::from(scenario),
                render_seed: 1,
                mutations: Mutations { arm: mutation, first: mutation, second: None },
                semantic_noise: 0.3,
                campaign: 1,
                vector: corpus.facts(scenario).vector,
            };
            let text = render::render(&corpus, &frame);
            let context =
                Context { channel: Some(corpus.facts(scenario).channel), ..Context::default() };
            let decision = policy.decide(&text, &context).expect("within the limit");
            for kind in ActionType::ALL {
                let said = decision.clone().with_action(kind).rationale;
                let found = rationale::inspect(&said);
                assert!(!found.injected && !found.reward_hacking, "{said}");
                assert!(kind != ActionType::Allow || !found.calls_attack, "{said}");
                let n_chars = said.chars().count();
                assert!((MIN_RATIONALE_CHARS..=MAX_RATIONALE_CHARS).contains(&n_chars), "{said}");
            }
        }
    }
}
