//! The action space: what each answer does and when it is the right one.

use leptos::prelude::*;
use omniguard_core::action::{ActionType, N_ACTIONS};

/// The section.
#[component]
pub fn Actions() -> impl IntoView {
    let card = |action: ActionType| {
        let ticks = action.ticks();
        let unit = if ticks == 1 { "tick" } else { "ticks" };
        view! {
            <li class="panel action-card">
                <h3>{action.name()}</h3>
                <p>{action.description()}"."</p>
                <p class="action-use">{action.use_case()}"."</p>
                <span class="chip quiet">{format!("{ticks} {unit}")}</span>
            </li>
        }
        .into_any()
    };
    view! {
        <section class="actions" id="actions" aria-labelledby="actions-title">
            <header class="section-head">
                <h2 id="actions-title">"Action space"</h2>
                <p>
                    {N_ACTIONS}
                    " answers to a frame; each is the best one to some truth, and each takes its time \
                     from the episode's latency budget."
                </p>
            </header>
            <ul class="action-cards">{ActionType::ALL.map(card).into_iter().collect_view()}</ul>
        </section>
    }
}
