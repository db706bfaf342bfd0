//! How the run goes: both cumulative rewards, the mix of actions, the adversary's weights.

use super::store::DemoStore;
use crate::components::bars::{DivergingBar, ShareBar};
use crate::components::line_chart::{LineChart, Lines};
use crate::state::figures;
use crate::state::record::Side;
use crate::state::round::words;
use leptos::prelude::*;
use omniguard_core::action::ActionType;
use omniguard_core::environment::Environment;
use omniguard_core::frame::{Mutation, N_MUTATIONS};

/// The three panels.
#[component]
pub fn Trends(store: DemoStore) -> impl IntoView {
    view! {
        <Rewards store />
        <ActionMix store />
        <Adversary store />
    }
}

#[component]
fn Rewards(store: DemoStore) -> impl IntoView {
    let lines = Signal::derive(move || {
        store.run.with(|run| Lines {
            trained: run.series(Side::Trained).clone(),
            baseline: run.series(Side::Baseline).clone(),
        })
    });
    let values = move |side: Side, other: Side| {
        Signal::derive(move || {
            store.run.with(|run| {
                let total = |side| f64::from(run.record(side).metrics.total_reward);
                (total(side), total(other))
            })
        })
    };
    view! {
        <section class="rewards panel" aria-labelledby="rewards-title">
            <header class="panel-head">
                <h3 id="rewards-title">"Cumulative reward"</h3>
                <Legend />
            </header>
            <LineChart lines />
            <div class="bars" data-testid="bars">
                <DivergingBar
                    side=Side::Trained
                    label="Trained"
                    values=values(Side::Trained, Side::Baseline)
                />
                <DivergingBar
                    side=Side::Baseline
                    label="Baseline"
                    values=values(Side::Baseline, Side::Trained)
                />
            </div>
        </section>
    }
}

#[component]
fn Legend() -> impl IntoView {
    view! {
        <p class="legend" aria-hidden="true">
            <span data-side="trained">"Trained"</span>
            <span data-side="baseline">"Baseline"</span>
        </p>
    }
}

#[component]
fn ActionMix(store: DemoStore) -> impl IntoView {
    let row = move |action: ActionType| {
        let count = move |side: Side| {
            store.run.with(|run| {
                let metrics = run.record(side).metrics;
                let taken = metrics.actions.get(action.index()).copied().unwrap_or_default();
                (taken, metrics.n_steps)
            })
        };
        let share = move |side: Side| {
            Signal::derive(move || {
                let (taken, of) = count(side);
                taken as f32 / of.max(1) as f32
            })
        };
        view! {
            <li title=format!("{}. {}.", action.description(), action.use_case())>
                <span class="mix-name">{action.name()}</span>
                <span class="mix-bars">
                    <ShareBar share=share(Side::Trained) tone="trained" />
                    <ShareBar share=share(Side::Baseline) tone="baseline" />
                </span>
                <span class="mix-counts num">
                    <span data-side="trained">{move || count(Side::Trained).0}</span>
                    <span data-side="baseline">{move || count(Side::Baseline).0}</span>
                </span>
            </li>
        }
    };
    view! {
        <section class="mix panel" aria-labelledby="mix-title" data-testid="action-mix">
            <header class="panel-head">
                <h3 id="mix-title">"Action mix"</h3>
                <Legend />
            </header>
            <ul class="mix-rows">{ActionType::ALL.map(row).collect_view()}</ul>
        </section>
    }
}

#[component]
fn Adversary(store: DemoStore) -> impl IntoView {
    let weights = Memo::new(move |_| store.env(Environment::mutation_probabilities));
    // Bars are drawn against the largest weight, so that small shifts can be seen.
    let top = move || weights.get().into_iter().fold(0.0_f32, f32::max).max(f32::EPSILON);
    let even_mark = move || format!("{:.1}%", 100.0 / N_MUTATIONS as f32 / top());
    let row = move |mutation: Mutation| {
        let weight = move || weights.get().get(mutation.index()).copied().unwrap_or_default();
        let share = Signal::derive(move || weight() / top());
        view! {
            <li>
                <span class="mix-name">{words(mutation.name())}</span>
                <span class="weight-bar">
                    <ShareBar share tone="adversary" />
                    <i style:left=even_mark></i>
                </span>
                <span class="num">{move || format!("{:.1}%", weight() * 100.0)}</span>
            </li>
        }
    };
    let even = figures::percent(1.0 / N_MUTATIONS as f32);
    view! {
        <section class="adversary panel" aria-labelledby="adversary-title" data-testid="adversary">
            <header class="panel-head">
                <h3 id="adversary-title">"Adversary's mutation weights"</h3>
                <span class="chip quiet">{format!("even: {even}")}</span>
            </header>
            <ul class="weights">{Mutation::ALL.iter().copied().map(row).collect_view()}</ul>
        </section>
    }
}
