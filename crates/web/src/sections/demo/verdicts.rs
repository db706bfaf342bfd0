//! What both agents answered.

use super::live::live_row;
use super::store::DemoStore;
use crate::components::answer_card::{AnswerCard, OUT};
use crate::state::live::Turn;
use crate::state::record::Side;
use leptos::prelude::*;

/// Both cards.
#[component]
pub fn Verdicts(store: DemoStore) -> impl IntoView {
    view! {
        <section class="verdicts" aria-label="Verdicts">
            {card(store, Side::Trained)}
            {card(store, Side::Baseline)}
        </section>
    }
}

#[inline(never)]
fn card(store: DemoStore, side: Side) -> AnyView {
    let state = store.live.state;
    let absent = Signal::derive(move || {
        let in_play = state.with(|live| {
            let sits_out = live.is_out && matches!(live.turn(side), Turn::Idle);
            live.shown.as_ref().map(|_| if sits_out { OUT } else { live.badge(side) })
        });
        let played = move || store.run.with(|run| run.round().is_some());
        in_play.unwrap_or_else(|| if played() { OUT } else { "AWAITING" })
    });
    view! {
        <AnswerCard
            side
            title=Signal::derive(move || store.title_of(side))
            testid="verdict"
            answer=Memo::new(move |_| store.answer_of(side))
            absent
            why=Signal::derive(move || state.with(|live| live.said(side)))
            extra=live_row(store, side)
        />
    }
    .into_any()
}
