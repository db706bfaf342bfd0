//! What OmniGuard is, with its facts.

use crate::state::health::Health;
use leptos::prelude::*;
use omniguard_core::action::N_ACTIONS;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::DEFAULT_EPISODE_LENGTH;
use omniguard_core::reward::budget_ticks;

const TAGS: [&str; 3] = ["Theme 3: world modeling", "Multi-agent dynamics", "GRPO"];

/// The section; `n_texts` are the corpus's, once it is there.
#[component]
pub fn Hero(health: ReadSignal<Health>, n_texts: RwSignal<Option<u32>>) -> impl IntoView {
    let sources = move || health.get().feeds().sources(n_texts.get());
    let facts = [
        ("Action space", format!("{N_ACTIONS} defensive actions").into_any()),
        (
            "Latency budget",
            format!(
                "{} steps for {DEFAULT_EPISODE_LENGTH} frames",
                budget_ticks(DEFAULT_EPISODE_LENGTH)
            )
            .into_any(),
        ),
        ("Dataset sources", sources.into_any()),
        ("Curriculum", format!("{} escalating phases", Phase::ALL.len()).into_any()),
        ("Live inference", "in this page, no server needed".into_any()),
    ];
    let fact = |(name, value): (&'static str, AnyView)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    view! {
        <section class="hero" id="overview" aria-labelledby="hero-title">
            <div class="hero-text">
                <p class="eyebrow">"OpenEnv Hackathon 2026"</p>
                <h1 id="hero-title">"Autonomous VulnOps for MCP gateways"</h1>
                <p class="lead">
                    "OmniGuard trains a defender that reads every message an AI agent exchanges with \
                     its tools and answers at machine speed, against an adversary that learns from \
                     each block. It is built to close the "
                    <strong>"Action Calibration Gap"</strong>
                    ": block too much and business stops, block too little and the network is breached."
                </p>
                <ul class="tags" aria-label="Topics">
                    {TAGS.map(|tag| view! { <li>{tag}</li> }).collect_view()}
                </ul>
            </div>
            <dl class="facts panel" aria-label="Facts">{facts.map(fact).collect_view()}</dl>
        </section>
    }
}
