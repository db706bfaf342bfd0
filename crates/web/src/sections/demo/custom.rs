//! A text of the visitor's own, judged by both agents.

use super::payload::ExhibitView;
use super::store::DemoStore;
use crate::components::answer_card::AnswerCard;
use crate::state::judge::{Claim, Judgement, judge};
use crate::state::record::Side;
use crate::state::round::words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use omniguard_core::frame::Channel;

/// The form and both verdicts.
#[component]
pub fn Custom(store: DemoStore) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let channel = RwSignal::new(None::<Channel>);
    let claim = RwSignal::new(Claim::default());
    let judgement = RwSignal::new(None::<Judgement>);
    let problem = RwSignal::new(String::new());
    let spoken = RwSignal::new(String::new());

    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        let settings = store.run.with_untracked(|run| *run.settings());
        let result = store.assets.with_value(|assets| {
            let (channel, claim) = (channel.get_untracked(), claim.get_untracked());
            text.with_untracked(|text| judge(assets, &settings, text, channel, claim))
        });
        match result {
            Ok(verdicts) => {
                spoken.set(format!(
                    "Trained: {}. Baseline: {}.",
                    words(verdicts.trained.action_type().name()),
                    words(verdicts.baseline.action_type().name()),
                ));
                judgement.set(Some(verdicts));
                problem.set(String::new());
            }
            Err(error) => {
                judgement.set(None);
                problem.set(error.to_string());
            }
        }
    };
    let answer = move |side: Side| {
        Memo::new(move |_| {
            judgement.with(|judgement| {
                judgement.as_ref().map(|judgement| match side {
                    Side::Trained => judgement.trained.clone(),
                    Side::Baseline => judgement.baseline.clone(),
                })
            })
        })
    };
    let exhibit = Memo::new(move |_| judgement.with(|j| j.as_ref().map(|j| j.exhibit.clone())));
    let baseline_title = Signal::derive(move || {
        store.run.with(|run| format!("Baseline: {}", run.settings().baseline.label()))
    });
    let absent = Signal::derive(|| "AWAITING");
    view! {
        <section class="custom panel" aria-labelledby="custom-title" data-testid="custom">
            <header class="panel-head">
                <h3 id="custom-title">"Test custom payload"</h3>
                <span class="chip quiet">{move || obfuscation(judgement)}</span>
            </header>
            <div class="custom-body">
                <form class="custom-form" on:submit=on_submit>
                    <label class="field">
                        <span class="field-label">"MCP message or any text"</span>
                        <textarea
                            data-testid="custom-text"
                            rows="9"
                            spellcheck="false"
                            placeholder="{ \"jsonrpc\": \"2.0\", \"method\": \"tools/call\", \u{2026} }"
                            prop:value=text
                            on:input=move |event| text.set(event_target_value(&event))
                        ></textarea>
                    </label>
                    <label class="field">
                        <span class="field-label">"Channel"</span>
                        <ChannelChoice channel />
                    </label>
                    <fieldset class="field">
                        <legend class="field-label">"What is it? Scored only if you say so"</legend>
                        <div class="segmented">
                            {Claim::ALL.map(|option| claim_option(option, claim)).collect_view()}
                        </div>
                    </fieldset>
                    <button class="button primary" type="submit" data-testid="custom-submit">
                        "Judge this text"
                    </button>
                    <p class="problem" role="alert" data-testid="custom-problem">{problem}</p>
                    <p class="sr-only" role="status">{spoken}</p>
                </form>
                <div class="custom-result">
                    <ExhibitView
                        exhibit
                        testids=("custom-raw", "custom-decoded")
                        placeholder="The text you paste stays in this page."
                    />
                    <div class="verdicts">
                        <AnswerCard
                            side=Side::Trained
                            title="Trained OmniGuard agent".to_owned()
                            testid="custom"
                            answer=answer(Side::Trained)
                            absent
                        />
                        <AnswerCard
                            side=Side::Baseline
                            title=baseline_title
                            testid="custom"
                            answer=answer(Side::Baseline)
                            absent
                        />
                    </div>
                </div>
            </div>
        </section>
    }
}

fn obfuscation(judgement: RwSignal<Option<Judgement>>) -> &'static str {
    judgement.with(|judgement| match judgement {
        None => "both agents, no episode",
        Some(Judgement { obfuscated: true, .. }) => "the decoder changed it: obfuscated",
        Some(_) => "the decoder left it as it is",
    })
}

#[component]
fn ChannelChoice(channel: RwSignal<Option<Channel>>) -> impl IntoView {
    let option = |channel: &Channel| {
        view! { <option value=channel.name()>{words(channel.name())}</option> }
    };
    view! {
        <select
            data-testid="custom-channel"
            on:change=move |event| channel.set(Channel::from_name(&event_target_value(&event)))
        >
            <option value="unknown">"unknown"</option>
            {Channel::ALL.iter().map(option).collect_view()}
        </select>
    }
}

fn claim_option(option: Claim, claim: RwSignal<Claim>) -> impl IntoView {
    let on_change = move |event| {
        if let Some(chosen) = Claim::from_name(&event_target_value(&event)) {
            claim.set(chosen);
        }
    };
    view! {
        <label>
            <input
                type="radio"
                name="claim"
                value=option.name()
                data-testid=format!("claim-{}", option.name())
                prop:checked=move || claim.get() == option
                on:change=on_change
            />
            <span>{option.label()}</span>
        </label>
    }
}
