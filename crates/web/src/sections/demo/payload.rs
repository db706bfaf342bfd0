//! The frame in the gateway: raw, decoded, and what it truly was once both have answered.

use super::queue::Queue;
use super::store::DemoStore;
use crate::components::code::Code;
use crate::state::engine::Run;
use crate::state::figures;
use crate::state::pretty::{leaf_ranges, pretty};
use crate::state::round::{Exhibit, Truth, words};
use crate::state::unwrapped::{Unwrapped, changes, unwrapped};
use leptos::prelude::*;
use omniguard_core::frame::Vector;
use std::borrow::Cow;

/// The panel.
#[component]
pub fn Payload(store: DemoStore) -> impl IntoView {
    let run = store.run;
    // A frame that hosted models are asked about is shown before anybody has answered it.
    let shown = Memo::new(move |_| {
        let last = |run: &Run| run.round().map(|round| (round.exhibit.clone(), round.channel));
        let in_play = store.live.state.with(|live| live.shown.clone());
        in_play.map(|shown| (shown.exhibit, shown.channel)).or_else(|| run.with(last))
    });
    let exhibit = Signal::derive(move || shown.get().map(|shown| shown.0));
    let truth = Memo::new(move |_| {
        let last = |run: &Run| run.round().map(|round| round.truth.clone());
        if store.live.state.with(|live| live.shown.is_some()) { None } else { run.with(last) }
    });
    let origin = move || {
        shown.with(|shown| {
            shown.as_ref().map(|(exhibit, channel)| {
                let channel = channel.map_or("unknown channel", |channel| channel.name());
                let size = figures::bytes(exhibit.text.len() as u64);
                format!("{} \u{b7} {size}", words(channel))
            })
        })
    };
    view! {
        <section class="payload panel" aria-labelledby="payload-title" data-testid="payload">
            <header class="panel-head">
                <h3 id="payload-title">"Incoming payload"</h3>
                <span class="chips-inline">
                    <Queue store />
                    <span class="chip" data-testid="payload-origin">
                        {move || origin().unwrap_or_else(|| "no frame yet".to_owned())}
                    </span>
                </span>
            </header>
            <ExhibitView
                exhibit
                testids=("payload-raw", "payload-decoded")
                placeholder="Press \u{201c}Next payload\u{201d} or \u{201c}Auto-run\u{201d} to begin."
            />
            <TruthRow truth prefix="" />
        </section>
    }
}

/// Raw and decoded text, side by side.
#[component]
pub fn ExhibitView(
    /// The text and its reading, once there is one.
    #[prop(into)]
    exhibit: Signal<Option<Exhibit>>,
    /// Hooks for tests: of the raw and of the decoded box.
    testids: (&'static str, &'static str),
    /// What stands in the raw box while there is no text.
    placeholder: &'static str,
) -> impl IntoView {
    let raw = Signal::derive(move || {
        exhibit.with(|exhibit| {
            let Some(exhibit) = exhibit else { return Vec::new() };
            pretty(&exhibit.text, exhibit.span.as_slice())
        })
    });
    let decoded = Signal::derive(move || {
        exhibit.with(|exhibit| {
            let Some(exhibit) = exhibit else { return Vec::new() };
            let Exhibit { text, decoded, .. } = exhibit;
            let leaves: Vec<u32> = decoded.steps.iter().map(|step| step.leaf).collect();
            let marks = match leaf_ranges(&decoded.text, &leaves) {
                // A text that is no document is one leaf: only what changed of it is marked.
                marks if marks.first().is_some_and(|mark| mark.len() == decoded.text.len()) => {
                    changes(text, &decoded.text).into_iter().map(|change| change.1).collect()
                }
                marks => marks,
            };
            pretty(&decoded.text, &marks)
        })
    });
    let steps = move || exhibit.with(|exhibit| exhibit.as_ref().map(trace));
    let weights = move || exhibit.with(|exhibit| exhibit.as_ref().map(weighed));
    view! {
        <div class="exhibit">
            <div class="exhibit-side">
                <h4>
                    "Raw" <span class="key-note"><mark>"marked"</mark> " what decided"</span>
                </h4>
                <Code
                    label="Raw payload"
                    testid=testids.0
                    pieces=raw
                    placeholder=placeholder
                />
                <div
                    class="chips"
                    tabindex="0"
                    role="group"
                    aria-label="What weighed in the trained agent's decision, in log-odds of stepping in"
                >
                    <span class="key-note">"Weighed"</span>
                    {weights}
                </div>
            </div>
            <div class="exhibit-side decoded">
                <h4>
                    "Decoded" <span class="key-note"><mark>"marked"</mark> " what was unwrapped"</span>
                </h4>
                <Code
                    label="Decoded payload"
                    testid=testids.1
                    pieces=decoded
                    placeholder="The decoder's reading appears here."
                />
                <div class="trace" tabindex="0" role="group" aria-label="Decoder steps">{steps}</div>
            </div>
        </div>
    }
}

/// The decoder's steps in order, each with the text before and after.
fn trace(exhibit: &Exhibit) -> AnyView {
    let steps = unwrapped(&exhibit.text, &exhibit.decoded);
    if steps.is_empty() {
        return view! { <span class="chip quiet">"nothing to decode"</span> }.into_any();
    }
    let item = |step: Unwrapped| {
        view! {
            <li>
                <p><b>{step.kinds}</b> " in " {step.place}</p>
                <p class="swap"><del>{step.before}</del> " \u{2192} " <ins>{step.after}</ins></p>
            </li>
        }
    };
    view! { <ol>{steps.into_iter().map(item).collect_view()}</ol> }.into_any()
}

/// What moved the decision: detectors, then everything else, each by its weight.
fn weighed(exhibit: &Exhibit) -> AnyView {
    let chip = |(name, part): &(Cow<'static, str>, f32)| {
        let tone = if *part > 0.0 { "hint" } else { "none" };
        view! {
            <span class="chip" data-tone=tone>
                {words(name)} " " <b class="num">{figures::reward(f64::from(*part))}</b>
            </span>
        }
    };
    exhibit.weights.iter().map(chip).collect_view().into_any()
}

fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// A fact's label, its name in hooks for tests, and how it is read.
type Fact = (&'static str, &'static str, fn(&Truth) -> String);

/// What the frame truly was.
#[component]
pub fn TruthRow(
    /// The truth, once both have answered.
    #[prop(into)]
    truth: Signal<Option<Truth>>,
    /// Prefix of the hooks for tests.
    prefix: &'static str,
) -> impl IntoView {
    let fact = move |read: fn(&Truth) -> String| {
        move || truth.with(|truth| truth.as_ref().map_or_else(|| "\u{2013}".to_owned(), read))
    };
    let danger = move || match truth.with(|truth| truth.as_ref().map(|t| t.vector.malicious())) {
        None => "none",
        Some(true) => "bad",
        Some(false) => "good",
    };
    let stdio = |truth: &Truth| yes_no(truth.vector == Vector::StdioEscape);
    let rows: [Fact; 4] = [
        ("Vector", "vector", |truth| words(truth.vector.name())),
        ("Malicious", "malicious", |truth| yes_no(truth.vector.malicious())),
        ("Obfuscated", "obfuscated", Truth::obfuscation),
        ("STDIO", "stdio", stdio),
    ];
    let row = |(label, name, read): Fact| {
        let tone = (name == "malicious").then_some(danger);
        view! {
            <div>
                <dt>{label}</dt>
                <dd
                    data-testid=format!("{prefix}truth-{name}")
                    data-tone=move || tone.map(|tone| tone())
                >
                    {fact(read)}
                </dd>
            </div>
        }
    };
    view! {
        <dl
            class="truth"
            data-testid=format!("{prefix}truth-row")
            data-known=move || truth.with(Option::is_some).to_string()
        >
            {rows.map(row).collect_view()}
        </dl>
    }
}
