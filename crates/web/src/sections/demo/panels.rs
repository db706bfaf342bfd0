//! One panel an agent: reward, alert fatigue, breaches, standing, log.

use super::store::DemoStore;
use crate::components::answer_card::tone;
use crate::state::engine::Run;
use crate::state::figures;
use crate::state::record::{Entry, Line, Record, Side, Standing};
use crate::state::round::words;
use leptos::ev::Event;
use leptos::html::Div;
use leptos::prelude::*;

/// Both panels.
#[component]
pub fn Panels(store: DemoStore) -> impl IntoView {
    (panel(store, Side::Trained), panel(store, Side::Baseline))
}

#[inline(never)]
fn panel(store: DemoStore, side: Side) -> AnyView {
    let title = Signal::derive(move || store.title_of(side));
    let hook = move |part: &str| format!("panel-{}-{part}", side.name());
    let (title_id, labelled_by) = (hook("title"), hook("title"));
    let read =
        move |read: fn(&Record) -> String| move || store.run.with(|run| read(run.record(side)));
    let standing = Memo::new(move |_| store.run.with(|run| run.record(side).standing));
    let lines = move || store.run.with(|run| run.record(side).log().copied().collect::<Vec<_>>());
    let is_empty = move || store.run.with(|run| run.round().is_none());
    let log = NodeRef::<Div>::new();
    let on_scroll = follow(log, move || store.run.with(Run::n_steps));
    view! {
        <section
            class="agent panel"
            data-side=side.name()
            data-testid=format!("panel-{}", side.name())
            aria-labelledby=labelled_by
        >
            <header class="panel-head">
                <h3 id=title_id>
                    <span class="side-dot" aria-hidden="true"></span>
                    {title}
                </h3>
            </header>
            <dl class="agent-stats">
                <div>
                    <dt>"Reward"</dt>
                    <dd class="num" data-testid=hook("reward")>
                        {read(|record| figures::reward(f64::from(record.metrics.total_reward)))}
                    </dd>
                </div>
                <div>
                    <dt title="False positives plus half the escalations, per 100 benign frames">
                        "Alert fatigue"
                    </dt>
                    <dd class="num" data-testid=hook("fatigue")>
                        {read(|record| format!("{:.1}", record.metrics.alert_fatigue()))}
                        <small>"per 100 benign"</small>
                    </dd>
                </div>
                <div>
                    <dt>"Breaches"</dt>
                    <dd class="num" data-testid=hook("breaches")>
                        {read(|record| record.metrics.n_breaches.to_string())}
                    </dd>
                </div>
            </dl>
            <p class="standing" data-testid=hook("standing") data-standing=move || mood(standing.get())>
                {move || told(standing.get(), side)}
            </p>
            <div
                class="log"
                node_ref=log
                on:scroll=on_scroll
                role="log"
                aria-live="off"
                aria-label=move || format!("Log of {}", title.get())
                tabindex="0"
                data-testid=hook("log")
            >
                <Show when=is_empty>
                    <p class="placeholder">"Every decision is listed here."</p>
                </Show>
                <For each=lines key=|line| line.id children=line_view />
            </div>
        </section>
    }
    .into_any()
}

/// Keeps the newest line of a log in view, unless the visitor has scrolled away from it. Returns what
/// to call when the log is scrolled.
fn follow(log: NodeRef<Div>, n_steps: impl Fn() -> u32 + 'static) -> impl Fn(Event) + 'static {
    /// How far from the end still counts as being there, in pixels.
    const SLACK: i32 = 24;
    let follows = StoredValue::new(true);
    Effect::new(move |_| {
        n_steps();
        // The lines are drawn by then, and nothing was painted yet.
        request_animation_frame(move || {
            if let Some(Some(log)) = log.try_get_untracked()
                && follows.try_get_value() == Some(true)
            {
                log.set_scroll_top(log.scroll_height());
            }
        });
    });
    move |_| {
        if let Some(log) = log.get_untracked() {
            let left = log.scroll_height() - log.scroll_top() - log.client_height();
            follows.set_value(left < SLACK);
        }
    }
}

const fn mood(standing: Standing) -> &'static str {
    match standing {
        Standing::Waiting => "waiting",
        Standing::Playing => "playing",
        Standing::Breached { .. } => "breached",
        Standing::Stopped { .. } | Standing::Finished => "finished",
    }
}

fn told(standing: Standing, side: Side) -> String {
    match (standing, side) {
        (Standing::Waiting, _) => "Waiting for the first frame".to_owned(),
        (Standing::Playing, _) => "In the episode".to_owned(),
        (Standing::Finished, _) => "Episode complete without a breach".to_owned(),
        (Standing::Stopped { frame }, _) => {
            format!("Ended by the other agent's breach at frame {frame}: both start anew together")
        }
        (Standing::Breached { frame }, Side::Trained) => {
            format!("Breached at frame {frame}: the next payload opens a new episode for both")
        }
        (Standing::Breached { frame }, Side::Baseline) => {
            format!("Breached at frame {frame}: sits out until the next episode")
        }
    }
}

fn line_view(line: Line) -> AnyView {
    match line.entry {
        Entry::Episode { number, phase, after_breach } => {
            let joint = if after_breach { ": both start together" } else { "" };
            let text = format!("Episode {number} \u{b7} {phase}{joint}");
            view! { <p class="log-line log-mark">{text}</p> }.into_any()
        }
        Entry::SitsOut { frame } => view! {
            <p class="log-line log-mark">{format!("Sits out from frame {frame} on")}</p>
        }
        .into_any(),
        Entry::Decision { frame, action, verdict, vector, reward, mark } => view! {
            <p class="log-line" data-tone=tone(verdict)>
                <span class="log-step num">{frame}</span>
                <span class="log-action">
                    {action.name()}
                    {(!mark.is_empty()).then(|| view! { <b class="log-live">{mark}</b> })}
                </span>
                <span class="log-what">{format!("{}: {}", words(verdict.name()), words(vector.name()))}</span>
                <span class="log-reward num">{figures::reward(f64::from(reward))}</span>
            </p>
        }
        .into_any(),
    }
}
