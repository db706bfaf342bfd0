//! Five figures at the top of the demo.

use super::store::DemoStore;
use crate::state::figures;
use crate::state::record::{Record, Side};
use crate::state::settings::phase_name;
use leptos::prelude::*;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::Environment;

/// The strip.
#[component]
pub fn Kpis(store: DemoStore) -> impl IntoView {
    let run = store.run;
    let step = move || run.with(|run| run.n_steps().to_string());
    let place = move || {
        run.with(|run| match run.round() {
            Some(round) => {
                let n_frames = run.env().config().episode_length;
                format!("episode {}, frame {} of {n_frames}", round.episode, round.frame)
            }
            None => "not started".to_owned(),
        })
    };
    let total = |record: &Record| figures::reward(f64::from(record.metrics.total_reward));
    let mean = |record: &Record| {
        record.mean_reward().map_or_else(
            || "no frame yet".to_owned(),
            |mean| format!("{} a frame", figures::reward(mean)),
        )
    };
    let gap = move || {
        run.with(|run| {
            let (trained, baseline) = (run.trained().metrics, run.baseline().metrics);
            f64::from(trained.total_reward) - f64::from(baseline.total_reward)
        })
    };
    let gap_tone = move || match gap() {
        gap if gap > 0.0 => "good",
        gap if gap < 0.0 => "bad",
        _ => "none",
    };
    // What the last frame added: to the trained agent, to the baseline, to the gap.
    let deltas = move || {
        run.with(|run| {
            let earned = |side: Side| {
                let score = side.of(run.round()?)?.score.as_ref()?;
                Some(f64::from(score.reward.total))
            };
            let (trained, baseline) = (earned(Side::Trained), earned(Side::Baseline));
            [trained, baseline, trained.map(|trained| trained - baseline.unwrap_or_default())]
        })
    };
    let delta = move |idx: usize| {
        let value = move || deltas().get(idx).copied().flatten();
        let tone = move || match value() {
            Some(value) if value < 0.0 => "bad",
            Some(_) => "good",
            None => "none",
        };
        view! {
            <span class="kpi-delta num" data-tone=tone title="Added by the last frame">
                {move || value().map(figures::reward)}
            </span>
        }
    };
    let phase = move || store.env(Environment::phase);
    let phase_mode = move || {
        run.with(|run| match run.settings().phase {
            Some(_) => format!("held at {}", phase_name(run.settings().phase).to_uppercase()),
            None => "moves with the trained score".to_owned(),
        })
    };
    view! {
        <div class="kpis" role="group" aria-label="Key figures">
            <div class="kpi panel" data-testid="kpi-step">
                <span class="kpi-label">"Step"</span>
                <span class="kpi-value num">{step}</span>
                <span class="kpi-note">{place}</span>
            </div>
            <div class="kpi panel" data-side="trained" data-testid="kpi-trained">
                <span class="kpi-label">"Trained reward"</span>
                <span class="kpi-value num">
                    {move || run.with(|run| total(run.trained()))} {delta(0)}
                </span>
                <span class="kpi-note num">{move || run.with(|run| mean(run.trained()))}</span>
            </div>
            <div class="kpi panel" data-side="baseline" data-testid="kpi-baseline">
                <span class="kpi-label">"Baseline reward"</span>
                <span class="kpi-value num">
                    {move || run.with(|run| total(run.baseline()))} {delta(1)}
                </span>
                <span class="kpi-note num">{move || run.with(|run| mean(run.baseline()))}</span>
            </div>
            <div class="kpi panel" data-testid="kpi-gap">
                <span class="kpi-label">"Reward gap"</span>
                <span class="kpi-value num">
                    <span data-tone=gap_tone>{move || figures::reward(gap())}</span> {delta(2)}
                </span>
                <span class="kpi-note">"trained minus baseline"</span>
            </div>
            <div class="kpi panel" data-testid="kpi-phase">
                <span class="kpi-label">"Curriculum"</span>
                <span class="kpi-value kpi-phase">
                    <span>{move || phase().short_name()}</span>
                    <span class="phase-steps" aria-hidden="true">
                        {Phase::ALL
                            .iter()
                            .map(|&step| {
                                view! { <i data-on=move || (step <= phase()).to_string()></i> }
                            })
                            .collect_view()}
                    </span>
                </span>
                <span class="kpi-note">{phase_mode}</span>
            </div>
        </div>
    }
}
