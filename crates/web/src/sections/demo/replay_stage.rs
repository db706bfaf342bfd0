//! One episode of the replay, frame by frame: what came, what both answered, what it earned them.

use super::payload::{ExhibitView, TruthRow};
use super::replay_store::ReplayStore;
use crate::components::answer_card::{AnswerCard, OUT, tone};
use crate::state::figures;
use crate::state::record::Side;
use crate::state::replay::{Kept, earned};
use crate::state::round::{Answer, Round, words};
use crate::state::settings::phase_name;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// The open episode.
#[component]
pub fn Stage(store: ReplayStore, kept: Kept) -> impl IntoView {
    let episode = kept.episode;
    let settings = episode.settings;
    let n_frames = episode.rounds.len();
    let at = store.at;
    let rounds = StoredValue::new(episode.rounds.clone());
    let round = Memo::new(move |_| rounds.with_value(|rounds| rounds.get(at.get()).cloned()));
    let exhibit =
        Memo::new(move |_| round.with(|round| round.as_ref().map(|round| round.exhibit.clone())));
    let truth =
        Memo::new(move |_| round.with(|round| round.as_ref().map(|round| round.truth.clone())));
    let answer =
        move |side: Side| Memo::new(move |_| round.with(|round| side.of(round.as_ref()?).cloned()));
    let place = move || format!("Frame {} of {n_frames}", at.get() + 1);
    let origin = move || {
        round.with(|round| {
            let channel = round.as_ref().and_then(|round| round.channel);
            words(channel.map_or("unknown channel", |channel| channel.name()))
        })
    };
    let totals = move || {
        let total = |side| rounds.with_value(|rounds| earned(rounds, side, at.get()));
        let (trained, baseline) = (total(Side::Trained), total(Side::Baseline));
        [trained, baseline, trained - baseline]
    };
    let total = move |idx: usize| move || totals().get(idx).copied().map(figures::reward);
    let stats = [("Trained so far", "trained"), ("Baseline so far", "baseline"), ("Gap", "gap")];
    let stat = move |(idx, (label, name)): (usize, (&'static str, &'static str))| {
        view! {
            <div>
                <dt>{label}</dt>
                <dd class="num" data-testid=format!("replay-total-{name}")>{total(idx)}</dd>
            </div>
        }
    };
    let card = move |side: Side, title: String| {
        let absent = Signal::derive(|| OUT);
        view! { <AnswerCard side title testid="replay" answer=answer(side) absent /> }
    };
    let on_key = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" => -1,
            "ArrowRight" => 1,
            _ => return,
        };
        // The slider moves by itself.
        let target = event.target();
        if target.is_some_and(|target| target.dyn_into::<HtmlInputElement>().is_err()) {
            event.prevent_default();
            store.move_by(by);
        }
    };
    let on_slide = move |event| {
        if let Ok(frame) = event_target_value(&event).parse::<usize>() {
            at.set(frame.saturating_sub(1));
        }
    };
    let button = move |label: &'static str, testid: &'static str, by: isize, end: usize| {
        view! {
            <button
                class="button"
                type="button"
                data-testid=testid
                aria-disabled=move || (at.get() == end).to_string()
                on:click=move |_| store.move_by(by)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="replay-stage" on:keydown=on_key data-testid="replay-stage" data-frame=move || at.get() + 1>
            <div class="replay-controls" role="group" aria-label="Frames of the episode">
                {button("Previous", "replay-previous", -1, 0)}
                {button("Next", "replay-next", 1, n_frames - 1)}
                <div class="replay-slide">
                    <input
                        type="range"
                        aria-label="Frame"
                        data-testid="replay-slider"
                        min="1"
                        max=n_frames
                        step="1"
                        aria-valuetext=place
                        prop:value=move || (at.get() + 1).to_string()
                        on:input=on_slide
                    />
                    <div class="replay-strip" aria-hidden="true">
                        {episode
                            .rounds
                            .iter()
                            .enumerate()
                            .map(|(idx, round)| cell(idx, round, at))
                            .collect_view()}
                    </div>
                </div>
                <output class="num" data-testid="replay-place">{place}</output>
            </div>
            <p class="replay-origin">
                {format!(
                    "Episode {} of seed {}, phase {} ({}); ",
                    episode.number,
                    settings.seed,
                    phase_name(settings.phase),
                    episode.phase.short_name(),
                )}
                {origin}
            </p>
            <ExhibitView
                exhibit
                testids=("replay-raw", "replay-decoded")
                placeholder=""
            />
            <TruthRow truth prefix="replay-" />
            <dl class="agent-stats">{stats.into_iter().enumerate().map(stat).collect_view()}</dl>
            <div class="verdicts">
                {card(Side::Trained, "Trained OmniGuard agent".to_owned())}
                {card(Side::Baseline, format!("Baseline: {}", settings.baseline.label()))}
            </div>
        </div>
    }
}

/// A frame in the strip: both outcomes as colours. The slider is the way in for keyboards.
fn cell(idx: usize, round: &Round, at: RwSignal<usize>) -> AnyView {
    let outcome = |answer: Option<&Answer>| {
        let verdict = answer.and_then(|answer| answer.score.as_ref()).map(|score| score.verdict);
        verdict.map_or("none", tone)
    };
    view! {
        <span
            data-at=move || (at.get() == idx).to_string()
            on:click=move |_| at.set(idx)
        >
            <i data-tone=outcome(Some(&round.trained))></i>
            <i data-tone=outcome(round.baseline.as_ref())></i>
        </span>
    }
    .into_any()
}
