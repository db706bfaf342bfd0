//! One agent's answer: action, confidence, outcome, rationale, and the reward's components on demand.

use crate::components::bars::ShareBar;
use crate::state::figures;
use crate::state::record::Side;
use crate::state::round::{Answer, words};
use leptos::prelude::*;
use omniguard_core::history::Verdict;

/// Whether an outcome is good, so-so or bad, for its colour.
pub const fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TrueNegative | Verdict::TruePositive => "good",
        Verdict::Escalated => "fair",
        Verdict::FalsePositive => "poor",
        Verdict::Breach => "bad",
    }
}

/// What stands in place of an answer while an agent waits for the next episode.
pub const OUT: &str = "SITS OUT";
const OUT_REASON: &str =
    "It let an attack through, which ended its episode: it waits for the next.";

/// The card. It keeps its height whatever the answer.
#[component]
pub fn AnswerCard(
    /// Whose answer.
    side: Side,
    /// The agent's name.
    #[prop(into)]
    title: Signal<String>,
    /// Prefix of the hooks for tests.
    testid: &'static str,
    /// The answer, once there is one.
    #[prop(into)]
    answer: Signal<Option<Answer>>,
    /// What stands in place of an answer: awaiting, or sitting out.
    #[prop(into)]
    absent: Signal<&'static str>,
    /// What stands in place of a rationale meanwhile.
    #[prop(optional, into)]
    why: Option<Signal<String>>,
    /// What follows the rationale.
    #[prop(default = ().into_any())]
    extra: AnyView,
) -> impl IntoView {
    let hook = move |part: &str| format!("{testid}-{}-{part}", side.name());
    let with = move |read: fn(&Answer) -> String| {
        move || answer.with(|answer| answer.as_ref().map(read)).unwrap_or_default()
    };
    let action = move || {
        let name = answer.with(|answer| answer.as_ref().map(|a| a.action_type().name()));
        name.unwrap_or_else(|| absent.get())
    };
    let action_tone = move || {
        let name = answer.with(|answer| answer.as_ref().map(|a| a.action_type().name()));
        name.unwrap_or("none")
    };
    let verdict =
        move || answer.with(|answer| answer.as_ref()?.score.as_ref().map(|score| score.verdict));
    let outcome = move || verdict().map_or_else(|| "\u{2013}".to_owned(), |v| words(v.name()));
    let reward = move || {
        let total =
            answer.with(|answer| answer.as_ref()?.score.as_ref().map(|score| score.reward.total));
        total.map_or_else(|| "\u{2013}".to_owned(), |total| figures::reward(f64::from(total)))
    };
    let confidence =
        Signal::derive(move || answer.with(|a| a.as_ref().map_or(0.0, |a| a.action.confidence())));
    view! {
        <article class="answer" data-side=side.name() data-testid=hook("card")>
            <header class="answer-head">
                <h4>
                    <span class="side-dot" aria-hidden="true"></span>
                    {title}
                </h4>
                <span class="badge" data-action=action_tone data-state=absent data-testid=hook("action")>
                    {action}
                </span>
            </header>
            <p class="answer-does">{with(|a| format!("{}.", a.action_type().description()))}</p>
            <dl class="answer-facts">
                <div>
                    <dt>"Confidence"</dt>
                    <dd class="num" data-testid=hook("confidence")>
                        {move || {
                            answer
                                .with(|a| a.as_ref().map(|a| figures::percent(a.action.confidence())))
                                .unwrap_or_else(|| "\u{2013}".to_owned())
                        }}
                        <ShareBar share=confidence tone=side.name() />
                    </dd>
                </div>
                <div>
                    <dt>"Outcome"</dt>
                    <dd
                        data-tone=move || verdict().map_or("none", tone)
                        data-testid=hook("outcome")
                    >
                        {outcome}
                    </dd>
                </div>
                <div>
                    <dt>"Reward"</dt>
                    <dd
                        class="num"
                        data-tone=move || verdict().map_or("none", tone)
                        data-testid=hook("reward")
                    >
                        {reward}
                    </dd>
                </div>
            </dl>
            <p
                class="answer-why"
                tabindex="0"
                role="group"
                aria-label="Rationale"
                data-testid=hook("rationale")
            >
                {move || {
                    let rationale =
                        answer.with(|a| a.as_ref().map(|a| a.action.rationale().to_owned()));
                    rationale.unwrap_or_else(|| match why {
                        _ if absent.get() == OUT => OUT_REASON.to_owned(),
                        Some(why) => why.get(),
                        None => String::new(),
                    })
                }}
            </p>
            {extra}
            <details class="answer-more" data-testid=hook("details")>
                <summary>"Reward components and beliefs"</summary>
                {move || answer.with(|answer| answer.as_ref().map(details))}
            </details>
        </article>
    }
}

fn details(answer: &Answer) -> AnyView {
    let row = |name: String, value: String| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd class="num">{value}</dd>
            </div>
        }
    };
    let components = answer.score.as_ref().map(|score| {
        let parts = score.components().into_iter();
        let total = row("total".to_owned(), figures::component(score.reward.total));
        (
            parts.map(|(name, value)| row(words(name), figures::component(value))).collect_view(),
            total,
        )
    });
    let beliefs = answer.belief.map(|belief| {
        (
            row("P(malicious)".to_owned(), format!("{:.3}", belief.p_malicious)),
            row("P(STDIO escape)".to_owned(), format!("{:.3}", belief.p_stdio)),
        )
    });
    let restrictions = answer.action.mcp_restrictions();
    let restricted =
        (!restrictions.is_empty()).then(|| row("restricts".to_owned(), restrictions.join(", ")));
    view! { <dl class="components">{components} {beliefs} {restricted}</dl> }.into_any()
}
