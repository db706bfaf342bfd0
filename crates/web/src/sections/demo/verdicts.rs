//! What both agents answered.

use super::store::DemoStore;
use crate::components::answer_card::{AnswerCard, OUT};
use crate::state::record::Side;
use crate::state::round::Round;
use leptos::prelude::*;

/// Both cards.
#[component]
pub fn Verdicts(store: DemoStore) -> impl IntoView {
    let answer = move |side: Side| {
        let read = move |round: &Round| side.of(round).cloned();
        Memo::new(move |_| store.run.with(|run| run.round().and_then(read)))
    };
    let baseline_title = Signal::derive(move || {
        store.run.with(|run| format!("Baseline: {}", run.settings().baseline.label()))
    });
    let absent =
        Signal::derive(
            move || {
                if store.run.with(|run| run.round().is_some()) { OUT } else { "AWAITING" }
            },
        );
    view! {
        <section class="verdicts" aria-label="Verdicts">
            <AnswerCard
                side=Side::Trained
                title="Trained OmniGuard agent".to_owned()
                testid="verdict"
                answer=answer(Side::Trained)
                absent
            />
            <AnswerCard
                side=Side::Baseline
                title=baseline_title
                testid="verdict"
                answer=answer(Side::Baseline)
                absent
            />
        </section>
    }
}
