//! The live SOC demo: the trained defender and a baseline on one stream of frames.

pub mod controls;
pub mod custom;
pub mod kpis;
pub mod live;
pub mod live_store;
pub mod panels;
pub mod payload;
pub mod queue;
pub mod replay;
pub mod replay_stage;
pub mod replay_store;
pub mod store;
pub mod trends;
pub mod verdicts;

use crate::api;
use crate::state::engine::{Assets, Run};
use crate::state::figures;
use controls::Controls;
use custom::Custom;
use kpis::Kpis;
use leptos::prelude::*;
use leptos::task::spawn_local;
use omniguard_core::environment::Environment;
use panels::Panels;
use payload::Payload;
use replay::Replay;
use store::DemoStore;
use trends::Trends;
use verdicts::Verdicts;

/// How far the assets are.
#[derive(Debug, Clone)]
enum Load {
    /// Bytes of token table, corpus and weights that came so far.
    Loading([u64; 3]),
    /// They did not come, or are not what they should be.
    Failed(String),
    /// All there.
    Ready(Assets),
}

impl Load {
    const START: Self = Self::Loading([0; 3]);

    const fn name(&self) -> &'static str {
        match self {
            Self::Loading(_) => "loading",
            Self::Failed(_) => "failed",
            Self::Ready(_) => "ready",
        }
    }
}

/// The section; tells the rest of the page how many texts its corpus has.
#[component]
pub fn Demo(n_texts: RwSignal<Option<u32>>) -> impl IntoView {
    let load = RwSignal::new_local(Load::START);
    let fetch = move || {
        load.set(Load::START);
        spawn_local(async move {
            // The page may be gone while bytes still come, and by the end of it.
            let progress = move |n_loaded| {
                let _ = load.try_set(Load::Loading(n_loaded));
            };
            let result = api::fetch_assets(progress).await.map_or_else(Load::Failed, Load::Ready);
            if let Load::Ready(assets) = &result {
                let _ = n_texts.try_set(Some(assets.corpus().n_scenarios()));
            }
            let _ = load.try_set(result);
        });
    };
    fetch();
    // Progress must not rebuild the whole section: only a change of state does.
    let state = Memo::new(move |_| load.with(Load::name));
    let drawn_from = move || {
        state.track();
        load.with_untracked(|load| match load {
            Load::Ready(assets) => format!(
                " Frames are drawn from the corpus in this page: {} texts that training never saw.",
                figures::count(assets.n_drawn_from())
            ),
            _ => String::new(),
        })
    };
    let body = move || {
        state.track();
        match load.get_untracked() {
            Load::Ready(assets) => view! { <Running assets /> }.into_any(),
            Load::Failed(problem) => view! { <Failed problem retry=fetch /> }.into_any(),
            Load::Loading(_) => view! { <Loading load /> }.into_any(),
        }
    };
    view! {
        <section class="demo" id="demo" aria-labelledby="demo-title" data-load=state>
            <header class="section-head">
                <h2 id="demo-title">"Live SOC demo"</h2>
                <p>
                    "One stream of MCP traffic, two defenders. Both answer the same frame; only then \
                     does the page learn what it was. An attack let through ends that agent's episode."
                    <span data-testid="drawn-from">{drawn_from}</span>
                </p>
            </header>
            {body}
        </section>
    }
}

#[component]
fn Loading(load: RwSignal<Load, LocalStorage>) -> impl IntoView {
    let text = move || match load.get() {
        Load::Loading([table, corpus, weights]) => format!(
            "Loading token table ({}), corpus ({}) and weights ({})\u{2026}",
            figures::bytes(table),
            figures::bytes(corpus),
            figures::bytes(weights)
        ),
        _ => String::new(),
    };
    view! {
        <div class="load panel" role="status" data-testid="load-progress">
            <progress aria-label="Loading token table, corpus and weights"></progress>
            <p>{text}</p>
        </div>
    }
}

#[component]
fn Failed(problem: String, retry: impl Fn() + 'static) -> impl IntoView {
    view! {
        <div class="load panel" role="alert" data-testid="load-error">
            <p>{problem}</p>
            <button
                class="button primary"
                type="button"
                data-testid="load-retry"
                on:click=move |_| retry()
            >
                "Try again"
            </button>
        </div>
    }
}

/// The demo once its assets are there.
#[component]
fn Running(assets: Assets) -> impl IntoView {
    match DemoStore::start(assets) {
        Err(problem) => view! {
            <div class="load panel" role="alert" data-testid="load-error">
                <p>{problem}</p>
            </div>
        }
        .into_any(),
        Ok(store) => view! {
            <div
                class="demo-grid"
                data-testid="demo"
                data-episode-hash=move || format!("{:016x}", store.env(Environment::trajectory_hash))
                data-total-reward-trained=move || {
                    store.run.with(|run| run.trained().metrics.total_reward.to_string())
                }
                data-total-reward-baseline=move || {
                    store.run.with(|run| run.baseline().metrics.total_reward.to_string())
                }
                data-steps=move || store.run.with(Run::n_steps)
                data-episode=move || store.env(Environment::n_episodes_begun)
                data-phase=move || store.env(|env| env.phase().name())
                data-live=move || store.run.with(Run::is_live).to_string()
                data-seed=move || store.run.with(|run| run.settings().seed.to_string())
            >
                <Controls store />
                <Kpis store />
                <Payload store />
                <Verdicts store />
                <Trends store />
                <Panels store />
                <Replay store=store.replay />
                <Custom store />
                <p class="sr-only" role="status" data-testid="announcer">
                    {store.spoken}
                </p>
            </div>
        }
        .into_any(),
    }
}
