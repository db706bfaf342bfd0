//! Buttons, speed, phase, baseline and seed.

use super::live::live_bar;
use super::store::{DemoStore, SPEED_MILLIS, fresh_seed};
use crate::components::auto_run::auto_run;
use crate::components::copy_button::CopyButton;
use crate::state::decimal;
use crate::state::settings::{Baseline, parse_seed, phase_from_name, phase_name};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use omniguard_core::curriculum::Phase;

/// The toolbar.
#[component]
pub fn Controls(store: DemoStore) -> impl IntoView {
    auto_run(store.auto, store.speed_millis, move || store.next());
    let auto = store.auto;
    view! {
        <div class="controls panel" role="group" aria-label="Controls">
            <div class="control-buttons">
                <button
                    class="button primary"
                    type="button"
                    data-testid="next"
                    on:click=move |_| store.next()
                >
                    "Next payload"
                </button>
                <button
                    class="button toggle"
                    type="button"
                    data-testid="auto"
                    aria-pressed=move || auto.get().to_string()
                    on:click=move |_| auto.update(|on| *on = !*on)
                >
                    {move || if auto.get() { "Pause" } else { "Auto-run" }}
                </button>
                <button
                    class="button"
                    type="button"
                    data-testid="reset"
                    on:click=move |_| store.change(|_| ())
                >
                    "Reset"
                </button>
            </div>
            <Speed store />
            <BaselineChoice store />
            <PhaseChoice store />
            <Seed store />
            <p class="problem" role="alert" data-testid="problem">
                {store.problem}
            </p>
            {live_bar(store)}
        </div>
    }
}

#[component]
fn Speed(store: DemoStore) -> impl IntoView {
    let speed = store.speed_millis;
    let seconds = |millis: u32| format!("{:.1}", f64::from(millis) / 1e3);
    let on_input = move |event| {
        if let Some(seconds) = decimal::read(&event_target_value(&event)) {
            let millis = (seconds * 1e3).round() as u32;
            speed.set(millis.clamp(SPEED_MILLIS.0, SPEED_MILLIS.1));
        }
    };
    view! {
        <label class="field speed">
            <span class="field-label">
                "Speed "
                <output class="num">{move || format!("{} s", seconds(speed.get()))}</output>
            </span>
            <input
                type="range"
                data-testid="speed"
                min=seconds(SPEED_MILLIS.0)
                max=seconds(SPEED_MILLIS.1)
                step="0.1"
                prop:value=move || seconds(speed.get())
                on:input=on_input
            />
        </label>
    }
}

#[component]
fn PhaseChoice(store: DemoStore) -> impl IntoView {
    let chosen = move || store.run.with(|run| run.settings().phase);
    let option = move |phase: Option<Phase>| {
        let name = phase_name(phase);
        let label = phase.map_or("Auto", Phase::short_name);
        let testid = format!("phase-{name}");
        let on_change = move |event| {
            if let Some(phase) = phase_from_name(&event_target_value(&event)) {
                store.change(|settings| settings.phase = phase);
            }
        };
        view! {
            <label>
                <input
                    type="radio"
                    name="phase"
                    value=name
                    data-testid=testid
                    prop:checked=move || chosen() == phase
                    on:change=on_change
                />
                <span>{label}</span>
            </label>
        }
    };
    let options = core::iter::once(None).chain(Phase::ALL.iter().copied().map(Some));
    view! {
        <fieldset class="field">
            <legend class="field-label">"Phase"</legend>
            <div class="segmented">{options.map(option).collect_view()}</div>
        </fieldset>
    }
}

#[component]
fn BaselineChoice(store: DemoStore) -> impl IntoView {
    let chosen = move || store.run.with(|run| run.settings().baseline);
    let option = move |baseline: Baseline| {
        view! {
            <option value=baseline.name() prop:selected=move || chosen() == baseline>
                {baseline.label()}
            </option>
        }
    };
    let on_change = move |event| {
        if let Some(baseline) = Baseline::from_name(&event_target_value(&event)) {
            store.change(|settings| settings.baseline = baseline);
        }
    };
    view! {
        <label class="field">
            <span class="field-label">"Baseline"</span>
            <select data-testid="baseline" on:change=on_change>
                {Baseline::ALL.map(option).collect_view()}
            </select>
        </label>
    }
}

#[component]
fn Seed(store: DemoStore) -> impl IntoView {
    let seed = Memo::new(move |_| store.run.with(|run| run.settings().seed));
    let text = RwSignal::new(String::new());
    Effect::new(move |_| text.set(seed.get().to_string()));
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        match parse_seed(&text.get_untracked()) {
            Ok(seed) => store.change(|settings| settings.seed = seed),
            Err(problem) => store.problem.set(problem.to_string()),
        }
    };
    let on_fresh = move |_| store.change(|settings| settings.seed = fresh_seed());
    view! {
        <form class="field seed" on:submit=on_submit>
            <label class="field-label" for="seed">"Seed"</label>
            <div class="joined">
                <input
                    id="seed"
                    class="num"
                    data-testid="seed"
                    inputmode="numeric"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="40"
                    prop:value=text
                    on:input=move |event| text.set(event_target_value(&event))
                />
                <button class="button" type="submit" data-testid="seed-apply">"Apply"</button>
                <button class="button" type="button" data-testid="seed-fresh" on:click=on_fresh>
                    "New seed"
                </button>
                <CopyButton
                    problem=store.problem
                    testid="copy-link"
                    label="Copy link"
                    address=Box::new(|| window().location().href().ok())
                />
            </div>
        </form>
    }
}
