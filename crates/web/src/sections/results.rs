//! Results: the committed run, read from its own files when the section comes near.

use crate::api;
use crate::components::near::near;
use crate::components::panel::{panel, scroll, waiting};
use crate::components::plot_view::plot_view;
use crate::components::segmented::segmented;
use crate::components::source::source;
use crate::state::results::curves::{self, Part};
use crate::state::results::report::PhaseReport;
use crate::state::results::run::{
    CONFIG_PATH, FILES, METRICS, METRICS_PATH, REPORT_PATH, RunFiles, STRESS_PATH,
};
use crate::state::results::{confusion, detection, glance, reliability};
use leptos::html::Section;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;

/// The command of the stress report, which holds none itself.
const STRESS_COMMAND: &str = "omniguard score stress/frames.jsonl --quiet --report stress.json";
/// Weight on the past at which the curves start, and the largest, in hundredths.
const SMOOTHING: (u32, u32) = (90, 99);

#[derive(Debug, Clone)]
enum Load {
    Loading,
    Failed(String),
    Ready(Arc<RunFiles>),
}

/// The section.
#[component]
pub fn Results() -> impl IntoView {
    let section = NodeRef::<Section>::new();
    let near = near(section);
    let load = RwSignal::new(Load::Loading);
    let fetch = move || {
        load.set(Load::Loading);
        spawn_local(async move {
            let came = fetch_run().await.map(|run| Load::Ready(Arc::new(run)));
            // The page may be gone by now.
            let _ = load.try_set(came.unwrap_or_else(Load::Failed));
        });
    };
    Effect::new(move |_| {
        if near.get() {
            fetch();
        }
    });
    let retry = Callback::new(move |()| fetch());
    let body = move || match load.get() {
        Load::Loading => waiting(Signal::stored("Loading the run\u{2026}".to_owned()), None),
        Load::Failed(problem) => waiting(Signal::stored(problem), Some(retry)),
        Load::Ready(run) => ready(&run),
    };
    let state = move || match load.get() {
        Load::Loading => "loading",
        Load::Failed(_) => "failed",
        Load::Ready(_) => "ready",
    };
    view! {
        <section
            class="results"
            id="results"
            aria-labelledby="results-title"
            node_ref=section
            data-load=state
        >
            <header class="section-head">
                <h2 id="results-title">"Results"</h2>
                <p>
                    "What the committed training run learned, on texts, domains and techniques that it \
                     never saw. Every figure is read from the run's own files; below each stands the \
                     command that makes it again."
                </p>
            </header>
            {body}
        </section>
    }
}

async fn fetch_run() -> Result<RunFiles, String> {
    let mut texts = [const { String::new() }; FILES.len()];
    for (slot, path) in texts.iter_mut().zip(FILES) {
        let bytes = api::fetch_bytes(path, |_| {}).await.map_err(|error| error.to_string())?;
        // What is no UTF-8 is no JSON either, and is reported as that.
        *slot = String::from_utf8_lossy(&bytes).into_owned();
    }
    RunFiles::of(texts.each_ref().map(String::as_str)).map_err(|error| error.to_string())
}

/// A text made of the run and the phase in view.
type OfPhase = fn(&RunFiles, &PhaseReport) -> String;

fn ready(run: &Arc<RunFiles>) -> AnyView {
    // The middle phase is the one that most of an ordinary run is played in.
    let phase = RwSignal::new(run.report.phases.len() / 2);
    let kept = StoredValue::new(Arc::clone(run));
    let told = move |tell: OfPhase| {
        Signal::derive(move || {
            kept.with_value(|run| {
                run.report.phases.get(phase.get()).map(|of| tell(run, of)).unwrap_or_default()
            })
        })
    };
    let names = run.report.phases.iter().map(|phase| phase.name.clone()).collect();
    let evaluated = || source(run.report.command.clone(), &[REPORT_PATH]);
    let title = |text: &str| Signal::stored(text.to_owned());
    let shares = [
        told(|_, phase| share_table(phase, 0)),
        told(|_, phase| share_table(phase, 1)),
        told(|_, phase| share_table(phase, 2)),
        told(|_, phase| share_table(phase, 3)),
        told(|_, phase| share_table(phase, 4)),
    ];
    let titles = run.report.phases.first().map(|phase| &phase.shares);
    let share = |(idx, html): (usize, Signal<String>)| {
        let name = titles.and_then(|all| all.get(idx)).map_or("", |shares| shares.title);
        view! {
            <div class="figure-part">
                <h4>{name}</h4>
                <div data-testid=format!("detection-{idx}") inner_html=html></div>
            </div>
        }
        .into_any()
    };
    let shares: Vec<AnyView> = shares.into_iter().enumerate().map(share).collect();
    let reliabilities: [fn(&RunFiles, &PhaseReport) -> String; 2] = [
        |_, phase| reliability::conclusion(&phase.reliability[0]),
        |_, phase| reliability::conclusion(&phase.reliability[1]),
    ];
    let calibration = |idx: usize| {
        let plot = Signal::derive(move || {
            kept.with_value(|run| {
                let curve = run.report.phases.get(phase.get())?.reliability.get(idx)?;
                Some(reliability::plot(curve))
            })
            .unwrap_or_else(crate::charts::plot::Plot::empty)
        });
        let name = ["P(malicious)", "Confidence in the answer"][idx];
        view! {
            <div class="figure-part">
                <h4>{name}</h4>
                <p class="said">{told(reliabilities[idx])}</p>
                {plot_view(plot, name, format!("calibration-{idx}"))}
                <p class="plot-caption">"predicted \u{2192} \u{b7} observed \u{2191} \u{b7} bars: share of predictions"</p>
            </div>
        }
        .into_any()
    };
    let stress = Signal::stored(run.stress.table());
    let speed = format!(
        "Frames written without sight of corpus and detectors, never trained or tuned on. Median time \
         to judge one: {:.0} \u{b5}s.",
        run.stress.median_micros
    );
    view! {
        <div class="results-head">
            {segmented("Phase", "results-phase", names, phase)}
            <p class="results-summary" data-testid="results-summary">{told(|_, phase| glance::summary(phase))}</p>
        </div>
        {panel(
            "",
            title("Baseline vs. trained at a glance"),
            told(|run, phase| {
                format!(
                    "{}, {} split, {} episodes an agent; intervals are 95% bootstrap.",
                    phase.name, run.report.split, run.report.episodes
                )
            }),
            (scroll("Table: baseline and trained", "glance", told(glance::table)), evaluated()).into_any(),
        )}
        {training(run, kept)}
        {panel(
            "detection",
            title("Detection"),
            told(|_, phase| detection::conclusion(phase)),
            (
                view! { <div class="figure-parts">{shares}</div> },
                evaluated(),
            )
                .into_any(),
        )}
        <div class="results-pair">
            {panel(
                "",
                title("Answers by truth"),
                title("Counts, shaded by their share of the row."),
                (scroll("Table: answers by truth", "confusion", told(|_, phase| confusion::table(phase))), evaluated()).into_any(),
            )}
            {panel(
                "",
                title("Calibration"),
                title("A calibrated belief lies on the diagonal; whiskers are Wilson's 95% intervals."),
                (
                    view! { <div class="figure-parts two">{[0, 1].map(calibration).into_iter().collect_view()}</div> },
                    evaluated(),
                )
                    .into_any(),
            )}
        </div>
        {panel(
            "",
            title("Stress set"),
            Signal::stored(speed),
            (scroll("Table: stress set", "stress", stress), source(STRESS_COMMAND.to_owned(), &[STRESS_PATH])).into_any(),
        )}
    }
    .into_any()
}

fn share_table(phase: &PhaseReport, idx: usize) -> String {
    phase.shares.get(idx).map(detection::table).unwrap_or_default()
}

/// The training curves with their controls.
fn training(run: &Arc<RunFiles>, kept: StoredValue<Arc<RunFiles>>) -> AnyView {
    let part = RwSignal::new(0);
    let smoothing = RwSignal::new(SMOOTHING.0);
    let weight = move || f64::from(smoothing.get()) / 100.0;
    let curve = |metric: usize| {
        let plot = Signal::derive(move || {
            let part = Part::ALL.get(part.get()).copied().unwrap_or_default();
            kept.with_value(|run| curves::plot(run, metric, part, weight()))
        });
        let name = curves::TITLES[metric];
        view! {
            <div class="figure-part">
                <h4>{name}</h4>
                <p class="said">{kept.with_value(|run| curves::conclusion(run, metric))}</p>
                {plot_view(plot, name, format!("curve-{metric}"))}
            </div>
        }
        .into_any()
    };
    let curves: Vec<AnyView> = (0..METRICS.len()).map(curve).collect();
    let labels = Part::ALL.map(|part| part.label().to_owned()).to_vec();
    let said = format!(
        "Part 1, to step {}: beliefs and answers on the train split. Part 2, shaded: the beliefs stand, \
         the answers are learned anew by GRPO on the validation split.",
        run.answers_from
    );
    let body = view! {
        <div class="curve-controls">
            {segmented("Shown", "results-part", labels, part)}
            <label class="field">
                <span class="field-label">
                    "Smoothing " <output>{move || format!("{:.2}", weight())}</output>
                </span>
                <input
                    type="range"
                    min="0"
                    max=SMOOTHING.1
                    data-testid="smoothing"
                    prop:value=smoothing
                    on:input=move |event| {
                        if let Ok(value) = event_target_value(&event).parse() {
                            smoothing.set(value);
                        }
                    }
                />
            </label>
        </div>
        <div class="figure-parts">{curves}</div>
        {source(run.command.clone(), &[CONFIG_PATH, METRICS_PATH])}
    };
    let title = Signal::stored("Training curves".to_owned());
    panel("training", title, Signal::stored(said), body.into_any())
}
