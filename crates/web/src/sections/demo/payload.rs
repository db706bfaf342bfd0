//! The frame in the gateway: raw, decoded, and what it truly was once both have answered.

use super::store::DemoStore;
use crate::components::code::Code;
use crate::state::figures;
use crate::state::pretty::{leaf_name, leaf_ranges, pretty};
use crate::state::round::{Exhibit, Truth, words};
use leptos::prelude::*;
use omniguard_core::decode::DecodeStep;
use omniguard_core::frame::Vector;

/// The panel.
#[component]
pub fn Payload(store: DemoStore) -> impl IntoView {
    let run = store.run;
    let exhibit =
        Memo::new(move |_| run.with(|run| run.round().map(|round| round.exhibit.clone())));
    let truth = Memo::new(move |_| run.with(|run| run.round().map(|round| round.truth.clone())));
    let origin = move || {
        run.with(|run| {
            run.round().map(|round| {
                let channel = round.channel.map_or("unknown channel", |channel| channel.name());
                let size = figures::bytes(round.exhibit.text.len() as u64);
                format!("{} \u{b7} {size}", words(channel))
            })
        })
    };
    view! {
        <section class="payload panel" aria-labelledby="payload-title" data-testid="payload">
            <header class="panel-head">
                <h3 id="payload-title">"Incoming payload"</h3>
                <span class="chip" data-testid="payload-origin">
                    {move || origin().unwrap_or_else(|| "no frame yet".to_owned())}
                </span>
            </header>
            <ExhibitView
                exhibit
                testids=("payload-raw", "payload-decoded")
                placeholder="Press \u{201c}Next payload\u{201d} or \u{201c}Auto-run\u{201d} to begin."
            />
            <TruthRow truth />
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
            let leaves: Vec<u32> = exhibit.decoded.steps.iter().map(|step| step.leaf).collect();
            let marks = leaf_ranges(&exhibit.decoded.text, &leaves);
            pretty(&exhibit.decoded.text, &marks)
        })
    });
    let steps = move || exhibit.with(|exhibit| exhibit.as_ref().map(trace));
    let hints = move || exhibit.with(|exhibit| exhibit.as_ref().map(fired));
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
                <div class="chips" role="group" aria-label="Detectors that fired">{hints}</div>
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
                <div class="chips" role="group" aria-label="Decoder steps">{steps}</div>
            </div>
        </div>
    }
}

/// The decoder's steps in order.
fn trace(exhibit: &Exhibit) -> AnyView {
    if exhibit.decoded.steps.is_empty() {
        return view! { <span class="chip quiet">"nothing to decode"</span> }.into_any();
    }
    let chip = |step: &DecodeStep| {
        let place = leaf_name(&exhibit.text, step.leaf)
            .map_or_else(|| "whole text".to_owned(), |name| format!("in {name}"));
        view! {
            <span class="chip" data-tone="decode">
                <b>{words(step.kind.name())}</b>
                " "
                {place}
            </span>
        }
    };
    exhibit.decoded.steps.iter().map(chip).collect_view().into_any()
}

fn fired(exhibit: &Exhibit) -> AnyView {
    if exhibit.hints.is_empty() {
        return view! { <span class="chip quiet">"no detector fired"</span> }.into_any();
    }
    let chip =
        |hint: &&'static str| view! { <span class="chip" data-tone="hint">{words(hint)}</span> };
    exhibit.hints.iter().map(chip).collect_view().into_any()
}

fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

#[component]
fn TruthRow(#[prop(into)] truth: Signal<Option<Truth>>) -> impl IntoView {
    let fact = move |read: fn(&Truth) -> String| {
        move || truth.with(|truth| truth.as_ref().map_or_else(|| "\u{2013}".to_owned(), read))
    };
    let danger = move || match truth.with(|truth| truth.as_ref().map(|t| t.vector.malicious())) {
        None => "none",
        Some(true) => "bad",
        Some(false) => "good",
    };
    view! {
        <dl class="truth" data-testid="truth-row" data-known=move || truth.with(Option::is_some).to_string()>
            <div>
                <dt>"Vector"</dt>
                <dd data-testid="truth-vector">{fact(|truth| words(truth.vector.name()))}</dd>
            </div>
            <div>
                <dt>"Malicious"</dt>
                <dd data-testid="truth-malicious" data-tone=danger>
                    {fact(|truth| yes_no(truth.vector.malicious()))}
                </dd>
            </div>
            <div>
                <dt>"Obfuscated"</dt>
                <dd data-testid="truth-obfuscated">{fact(Truth::obfuscation)}</dd>
            </div>
            <div>
                <dt>"STDIO"</dt>
                <dd data-testid="truth-stdio">
                    {fact(|truth| yes_no(truth.vector == Vector::StdioEscape))}
                </dd>
            </div>
        </dl>
    }
}
