//! Two running lines over the steps of a run.
//!
//! The drawing stretches with its box; every label is HTML beside it, so that text keeps its size at
//! any width. Values are given under the pointer, and step by step with the arrow keys.

use crate::charts::path;
use crate::charts::scale::{Scale, domain_with_zero, tick_label};
use crate::charts::series::Series;
use crate::state::figures;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Units of the drawing's own coordinates, both ways.
const SIZE: f64 = 1_000.0;
/// Steps that the axis shows before there are more: one episode.
const MIN_STEPS: u32 = 16;
const N_TICKS: u32 = 5;

/// Both lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// The trained agent's cumulative reward.
    pub trained: Series,
    /// The baseline's.
    pub baseline: Series,
}

impl Lines {
    fn scales(&self) -> (Scale, Scale) {
        let n_steps = self.trained.last().map_or(0, |(step, _)| step).max(MIN_STEPS);
        let values = self.trained.iter().chain(self.baseline.iter()).map(|(_, y)| y);
        (
            Scale::new((0.0, f64::from(n_steps)), (0.0, SIZE)),
            Scale::new(domain_with_zero(values), (SIZE, 0.0)),
        )
    }

    fn described(&self) -> String {
        let (step, trained) = self.trained.last().unwrap_or_default();
        let (_, baseline) = self.baseline.last().unwrap_or_default();
        format!(
            "Cumulative reward after {step} steps: trained {}, baseline {}. Arrow keys read single \
             steps.",
            figures::reward(trained),
            figures::reward(baseline)
        )
    }
}

/// The chart. `lines` may change at any time; its box keeps its size.
#[component]
pub fn LineChart(#[prop(into)] lines: Signal<Lines>) -> impl IntoView {
    // The step that is read out, while the pointer or the keyboard is on the chart.
    let cursor = RwSignal::new(None::<f64>);
    let scales = Memo::new(move |_| lines.with(Lines::scales));
    let points = move |series: &Series| {
        let (x, y) = scales.get();
        let points: Vec<_> = series.iter().map(|(s, v)| (x.at(f64::from(s)), y.at(v))).collect();
        points
    };
    let trained = move || lines.with(|lines| path::line(points(&lines.trained).into_iter()));
    let baseline = move || lines.with(|lines| path::line(points(&lines.baseline).into_iter()));
    let area = move || {
        let base = scales.get().1.at(0.0);
        lines.with(|lines| path::area(points(&lines.trained).into_iter(), base))
    };

    let on_pointer = move |event: PointerEvent| {
        let target =
            event.current_target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let width = target.map_or(1.0, |plot| f64::from(plot.offset_width()).max(1.0));
        let (x, _) = scales.get_untracked();
        cursor.set(Some(x.invert(f64::from(event.offset_x()) / width * SIZE)));
    };
    let on_key = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" => -1.0,
            "ArrowRight" => 1.0,
            "Escape" => {
                cursor.set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        let last = lines.with_untracked(|lines| lines.trained.last().map_or(0, |(step, _)| step));
        let at = cursor.get_untracked().map_or(f64::from(last), |at| at.round() + by);
        cursor.set(Some(at.clamp(0.0, f64::from(last))));
    };

    view! {
        <div class="chart">
            <div class="chart-y" aria-hidden="true">{move || y_labels(scales.get().1)}</div>
            <div
                class="chart-plot"
                role="img"
                tabindex="0"
                data-testid="reward-chart"
                aria-label=move || lines.with(Lines::described)
                on:pointermove=on_pointer
                on:pointerleave=move |_| cursor.set(None)
                on:keydown=on_key
                on:blur=move |_| cursor.set(None)
            >
                <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
                    {move || grid(scales.get().1)}
                    <path class="chart-area" d=area />
                    <path class="chart-line" data-side="baseline" d=baseline />
                    <path class="chart-line" data-side="trained" d=trained />
                </svg>
                {move || lines.with(|lines| readout(lines, scales.get(), cursor.get()))}
            </div>
            <div class="chart-x" aria-hidden="true">{move || x_labels(scales.get().0)}</div>
        </div>
    }
}

fn grid(y: Scale) -> impl IntoView {
    let line = |tick: f64| {
        let at = format!("{:.1}", y.at(tick));
        let class = if tick == 0.0 { "chart-zero" } else { "chart-grid" };
        view! { <line class=class x1="0" x2="1000" y1=at.clone() y2=at /> }
    };
    y.ticks(N_TICKS).into_iter().map(line).collect_view()
}

fn y_labels(y: Scale) -> impl IntoView {
    let ticks = y.ticks(N_TICKS);
    let label = |&tick: &f64| {
        let top = format!("{:.2}%", y.at(tick) / SIZE * 100.0);
        view! { <span style:top=top>{tick_label(tick, &ticks)}</span> }
    };
    ticks.iter().map(label).collect_view()
}

fn x_labels(x: Scale) -> impl IntoView {
    let ticks: Vec<_> = x.ticks(N_TICKS + 1).into_iter().filter(|t| t.fract() == 0.0).collect();
    let label = |&tick: &f64| {
        let left = format!("{:.2}%", x.at(tick) / SIZE * 100.0);
        view! { <span style:left=left>{tick_label(tick, &ticks)}</span> }
    };
    ticks.iter().map(label).collect_view()
}

/// The values nearest to the cursor, with a line through them.
fn readout(
    lines: &Lines,
    scales: (Scale, Scale),
    cursor: Option<f64>,
) -> Option<impl IntoView + use<>> {
    let (step, trained) = lines.trained.nearest(cursor?)?;
    let (_, baseline) = lines.baseline.nearest(f64::from(step))?;
    let share = scales.0.at(f64::from(step)) / SIZE;
    let left = format!("{:.2}%", share * 100.0);
    let dot = |side: &'static str, value: f64| {
        let top = format!("{:.2}%", scales.1.at(value) / SIZE * 100.0);
        let left = left.clone();
        view! { <span class="chart-dot" data-side=side style:left=left style:top=top></span> }
    };
    let flip = share > 0.55;
    let dots = (dot("baseline", baseline), dot("trained", trained));
    Some(view! {
        <span class="chart-cursor" style:left=left.clone()></span>
        {dots}
        <span class="chart-tip" class:flip=flip style:left=left role="status">
            <b>{format!("Step {step}")}</b>
            <span data-side="trained">{format!("Trained {}", figures::reward(trained))}</span>
            <span data-side="baseline">{format!("Baseline {}", figures::reward(baseline))}</span>
        </span>
    })
}
