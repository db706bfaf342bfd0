//! The calibration explorer: prices in, decisions out, over frames drawn in the page.

use crate::api;
use crate::components::near::near;
use crate::components::panel::{panel, waiting};
use crate::components::plot_view::plot_view;
use crate::state::decimal;
use crate::state::explorer::{Cases, N_FRAMES, Prices, Sampler};
use leptos::html::Section;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use std::time::Duration;

/// Frames drawn before the page gets its turn: some milliseconds' worth.
const CHUNK: u32 = 4;
/// Steps of the slider for a power of ten.
const STEPS: f32 = 50.0;

#[derive(Debug, Clone)]
enum Draw {
    Waiting,
    Drawing(u32),
    Failed(String),
    Done(Arc<Cases>),
}

/// The section; draws its frames when it is near and the assets are there.
#[component]
pub fn Calibration() -> impl IntoView {
    let section = NodeRef::<Section>::new();
    let near = near(section);
    let draw = RwSignal::new(Draw::Waiting);
    let sampler = StoredValue::new_local(None::<Sampler>);
    let start = move || {
        draw.set(Draw::Waiting);
        spawn_local(async move {
            // The demo's files: the browser has them already.
            let sampled = api::fetch_assets(|_| {})
                .await
                .and_then(|assets| Sampler::new(&assets).map_err(|error| error.to_string()));
            // The page may be gone by now.
            match sampled {
                Ok(started) => {
                    sampler.try_set_value(Some(started));
                    go_on(sampler, draw);
                }
                Err(problem) => {
                    let _ = draw.try_set(Draw::Failed(problem));
                }
            }
        });
    };
    Effect::new(move |_| {
        if near.get() {
            start();
        }
    });
    let retry = Callback::new(move |()| start());
    let progress = Signal::derive(move || match draw.get() {
        Draw::Waiting => "Waiting for token table, corpus and weights\u{2026}".to_owned(),
        Draw::Drawing(n) => format!("Answering frame {n} of {N_FRAMES}\u{2026}"),
        Draw::Failed(problem) => problem,
        Draw::Done(_) => String::new(),
    });
    let state = Memo::new(move |_| match draw.get() {
        Draw::Waiting | Draw::Drawing(_) => "loading",
        Draw::Failed(_) => "failed",
        Draw::Done(_) => "ready",
    });
    let body = move || {
        state.track();
        match draw.get_untracked() {
            Draw::Done(cases) => ready(cases),
            Draw::Failed(_) => waiting(progress, Some(retry)),
            Draw::Waiting | Draw::Drawing(_) => waiting(progress, None),
        }
    };
    view! {
        <section
            class="calibration"
            id="calibration"
            aria-labelledby="calibration-title"
            node_ref=section
            data-load=state
        >
            <header class="section-head">
                <h2 id="calibration-title">"Calibration explorer"</h2>
                <p>
                    "A payment gateway and an open community should not stop the same frames. Say what \
                     a breach costs beside a false positive: the page answers "
                    {N_FRAMES}
                    " frames of the test split anew, from what the trained network believes about them."
                </p>
            </header>
            {body}
        </section>
    }
}

/// Draws a few frames, then lets the page have its turn.
fn go_on(sampler: StoredValue<Option<Sampler>, LocalStorage>, draw: RwSignal<Draw>) {
    // The timer may ring once more after the page is gone.
    let drawn = sampler.try_update_value(|sampler| sampler.as_mut().map(|s| s.draw(CHUNK)));
    let Some(Some(drawn)) = drawn else { return };
    match drawn {
        Ok(true) => {
            let n = sampler.with_value(|sampler| sampler.as_ref().map_or(0, Sampler::n_drawn));
            draw.set(Draw::Drawing(n));
            set_timeout(move || go_on(sampler, draw), Duration::ZERO);
        }
        Ok(false) => {
            let cases = sampler.try_update_value(Option::take).flatten().map(Sampler::into_cases);
            if let Some(cases) = cases {
                draw.set(Draw::Done(Arc::new(cases)));
            }
        }
        Err(error) => draw.set(Draw::Failed(error.to_string())),
    }
}

fn ready(cases: Arc<Cases>) -> AnyView {
    let prices = RwSignal::new(Prices::ENVIRONMENT);
    let cases = StoredValue::new(cases);
    let plot = Signal::derive(move || cases.with_value(|cases| cases.plot(prices.get())));
    let now = Memo::new(move |_| cases.with_value(|cases| cases.at(prices.get())));
    let percent = |share: f32| format!("{:.1}%", share * 100.0);
    let figures: [(&str, Signal<String>); 4] = [
        ("Stop from belief", Signal::derive(move || format!("{:.3}", prices.get().threshold()))),
        ("Attacks neutralised", Signal::derive(move || percent(now.get().recall))),
        ("Benign stopped", Signal::derive(move || percent(now.get().false_positives))),
        ("Cost of 100 frames", Signal::derive(move || format!("{:.1}", now.get().cost))),
    ];
    let figure = |(name, value): (&'static str, Signal<String>)| {
        view! {
            <div class="kpi panel">
                <span class="kpi-label">{name}</span>
                <span class="kpi-value num" data-testid="calibration-figure">{value}</span>
            </div>
        }
        .into_any()
    };
    let (low, high) = Prices::EXPONENTS;
    let price = move || {
        let breach = prices.get().breach;
        let decimals = usize::from(breach < 10.0);
        format!("as much as {breach:.decimals$} false positives")
    };
    let preset = |(name, what, preset): (&'static str, &'static str, Prices)| {
        view! {
            <button
                class="button toggle"
                type="button"
                title=what
                aria-pressed=move || (prices.get() == preset).to_string()
                on:click=move |_| prices.set(preset)
            >
                {name}
            </button>
        }
        .into_any()
    };
    let on_input = move |event| {
        if let Some(step) = decimal::read(&event_target_value(&event)) {
            prices.set(Prices::of_exponent(step as f32 / STEPS));
        }
    };
    let standings = Signal::derive(move || cases.with_value(|cases| cases.table(prices.get())));
    let said = Signal::derive(move || cases.with_value(|cases| cases.conclusion(prices.get())));
    let controls = view! {
        <div class="prices panel">
            <label class="field">
                <span class="field-label">"A breach costs " <output>{price}</output></span>
                <input
                    type="range"
                    min=low * STEPS
                    max=high * STEPS
                    step="1"
                    data-testid="price"
                    aria-valuetext=price
                    prop:value=move || (prices.get().exponent() * STEPS).round()
                    on:input=on_input
                />
            </label>
            <div class="control-buttons" role="group" aria-label="Prices to start from">
                {Prices::PRESETS.map(preset).into_iter().collect_view()}
            </div>
        </div>
    };
    let title = Signal::stored("Attacks caught against benign frames stopped".to_owned());
    let body = view! {
        <div class="trade">
            <div class="figure-part">
                {plot_view(plot, "Trade-off curve", "trade-off".to_owned())}
                <p class="plot-caption">
                    "benign stopped, held ones by half \u{2192} \u{b7} attacks neutralised \u{2191}"
                </p>
            </div>
            <div class="scroll" tabindex="0" role="group" aria-label="Table: costs" inner_html=standings></div>
        </div>
    };
    view! {
        {controls}
        <div class="kpis four">{figures.map(figure).into_iter().collect_view()}</div>
        {panel("", title, said, body.into_any())}
    }
    .into_any()
}
