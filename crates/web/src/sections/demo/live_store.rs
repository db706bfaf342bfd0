//! Live mode's signals and requests: what the buttons do, and what is done with each answer.

use super::store::{DemoStore, fresh_seed};
use crate::api::live::{Reply, clock, exchange};
use crate::state::endpoints::namespace;
use crate::state::engine::Run;
use crate::state::live::problem::Problem;
use crate::state::live::run::TakeError;
use crate::state::live::wire::{
    self, Event, INFER, Judged, RESET, STATUS, STEP, Status, infer_body, step_body,
};
use crate::state::live::{Edge, Live, Mode, POLL_MILLIS, Turn};
use crate::state::record::Side;
use crate::state::round::Answer;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;
use web_sys::AbortController;

/// How often times on the page are told anew.
const TICK: Duration = Duration::from_millis(200);

/// Signals of live mode.
#[derive(Debug, Clone, Copy)]
pub struct LiveStore {
    /// Everything that is known.
    pub state: RwSignal<Live>,
    /// The clock while live mode is on, in milliseconds.
    pub now: RwSignal<u32>,
    wire: StoredValue<Wire, LocalStorage>,
}

/// Requests that are under way.
#[derive(Debug, Default)]
struct Wire {
    /// Ends all of them.
    abort: Option<AbortController>,
    /// Counts aborts: what is heard of requests before the last one is of no interest.
    era: u32,
    /// When the status was asked last.
    polled: u32,
    /// The namespace that this page plays in: apart from the one that the API reference plays in.
    space: String,
}

impl Default for LiveStore {
    fn default() -> Self {
        Self {
            state: RwSignal::default(),
            now: RwSignal::default(),
            wire: StoredValue::new_local(Wire {
                space: namespace((fresh_seed() << 32) | fresh_seed()),
                ..Wire::default()
            }),
        }
    }
}

// Not inlined: each use of a signal is much code, and there are many.
impl LiveStore {
    /// Whether frames go to hosted models.
    #[inline(never)]
    pub fn is_on(self) -> bool {
        self.state.with_untracked(|live| live.mode == Mode::On)
    }

    #[inline(never)]
    fn each(self, change: &mut dyn FnMut(&mut Live)) {
        let _ = self.state.try_update(|live| change(live));
    }

    #[inline(never)]
    fn peek(self, look: &mut dyn FnMut(&Live)) {
        self.state.try_with_untracked(|live| look(live));
    }

    /// Changes what is known; does nothing once the page is gone.
    fn change(self, change: impl FnOnce(&mut Live)) {
        let mut change = Some(change);
        self.each(&mut |live| {
            if let Some(change) = change.take() {
                change(live);
            }
        });
    }

    fn ask_if(self, test: impl Fn(&Live) -> bool) -> bool {
        let mut is = false;
        self.peek(&mut |live| is = test(live));
        is
    }

    #[inline(never)]
    fn wire(self, change: &mut dyn FnMut(&mut Wire)) {
        let _ = self.wire.try_update_value(|wire| change(wire));
    }

    /// Whether nothing was aborted since `era`, and the page is still there.
    fn is_current(self, era: u32) -> bool {
        let mut is = false;
        self.wire(&mut |wire| is = wire.era == era);
        is
    }

    /// Ends every request and takes the frame out of play.
    pub fn abort(self) {
        self.wire(&mut |wire| {
            wire.era = wire.era.wrapping_add(1);
            if let Some(controller) = wire.abort.take() {
                controller.abort();
            }
        });
        self.each(&mut Live::clear);
    }
}

/// What is done with a reply of a side's request; `None` where no reply came.
type Then = fn(DemoStore, Side, Option<Reply>);

impl DemoStore {
    #[inline(never)]
    fn each_run(self, change: &mut dyn FnMut(&mut Run)) {
        let _ = self.run.try_update(|run| change(run));
    }

    /// Changes the run; `None` once the page is gone.
    fn with_run<T>(self, change: impl Fn(&mut Run) -> T) -> Option<T> {
        let mut out = None;
        self.each_run(&mut |run| out = Some(change(run)));
        out
    }

    /// Switches live mode on or off.
    pub fn switch_live(self) {
        if self.live.ask_if(|live| live.mode == Mode::Off) {
            return self.check_live();
        }
        let was_on = self.live.is_on();
        self.live.abort();
        self.live.each(&mut |live| *live = Live::default());
        if was_on {
            self.change(|_| ());
        }
    }

    /// Asks the edge which models it has.
    pub fn check_live(self) {
        self.live.each(&mut |live| live.mode = Mode::Checking);
        self.send(STATUS, None, Side::Trained, Self::on_status);
    }

    fn on_status(self, _: Side, reply: Option<Reply>) {
        let status = reply.and_then(|reply| Status::read(&reply.text));
        if self.live.is_on() {
            // One that does not come is not missed: there will be another.
            return self.live.change(|live| live.status = status.or(live.status.take()));
        }
        self.live.change(|live| live.checked(status));
        if self.live.is_on() {
            self.start_live();
        }
    }

    /// Starts a live run, with the page's own agents where a model is not configured.
    pub fn start_live(self) {
        let now = clock();
        self.live.each(&mut |live| live.mode = Mode::On);
        self.live.now.set(now);
        self.live.wire(&mut |wire| wire.polled = now);
        self.change(|_| ());
    }

    /// Runs while the demo is there: the clock, and the status now and then.
    pub fn watch_live(self) {
        let tick = move || {
            if !self.live.is_on() || document().hidden() {
                return;
            }
            let now = clock();
            self.live.now.set(now);
            let mut is_due = false;
            self.live.wire(&mut |wire| {
                is_due = now.saturating_sub(wire.polled) >= POLL_MILLIS;
                if is_due {
                    wire.polled = now;
                }
            });
            if is_due {
                self.send(STATUS, None, Side::Trained, Self::on_status);
            }
        };
        if let Ok(timer) = set_interval_with_handle(tick, TICK) {
            on_cleanup(move || {
                timer.clear();
                self.live.abort();
            });
        }
    }

    /// One request; its reply is dropped once another run has begun or the page is gone.
    #[inline(never)]
    fn send(self, path: &'static str, body: Option<String>, side: Side, then: Then) {
        let live = self.live;
        let (mut era, mut signal, mut space) = (0, None, String::new());
        live.wire(&mut |wire| {
            if wire.abort.is_none() {
                wire.abort = AbortController::new().ok();
            }
            era = wire.era;
            space.clone_from(&wire.space);
            signal = wire.abort.as_ref().map(AbortController::signal);
        });
        spawn_local(async move {
            let mut on_line = |line: &str| self.on_line(era, side, line);
            let reply = exchange(path, &space, body, signal, &mut on_line).await;
            if live.is_current(era) {
                then(self, side, reply);
            }
        });
    }

    fn on_line(self, era: u32, side: Side, line: &str) {
        if let Some(event) = Event::read(line).filter(|_| self.live.is_current(era)) {
            self.live.change(|live| live.hear(side, event, clock()));
        }
    }

    /// Shows the next frame and asks for answers to it.
    pub fn next_live(self) {
        // What the edge did not do is sent again.
        let failed = |live: &Live| live.shown.is_some() && matches!(live.edge, Edge::Failed(_));
        if self.live.ask_if(failed) {
            return self.settle();
        }
        if self.live.ask_if(Live::is_busy) {
            return;
        }
        match self.with_run(Run::open) {
            Some(Ok(Some(body))) => {
                self.live.each(&mut |live| live.edge = Edge::Busy);
                self.send(RESET, Some(body), Side::Trained, Self::on_reset);
            }
            Some(Ok(None)) => self.ask_both(),
            Some(Err(error)) => self.stop(&format!("{error}. Enter another seed.")),
            None => {}
        }
    }

    fn on_reset(self, _: Side, reply: Option<Reply>) {
        let texts = match good(reply) {
            Ok(text) => wire::shown_by_reset(&text).unwrap_or_default(),
            Err(problem) => return self.edge_failed(problem),
        };
        match self.with_run(|run| run.opened(&texts)) {
            Some(Ok(())) => self.ask_both(),
            Some(Err(error)) => self.stop(&error.to_string()),
            None => {}
        }
    }

    fn ask_both(self) {
        let Some((shown, out)) = self.with_run(|run| (run.shown(), run.baseline_sits_out())) else {
            return;
        };
        self.live.change(|live| live.begin(shown, out));
        for side in Side::ALL {
            if side == Side::Baseline && out {
                continue;
            }
            if self.live.ask_if(|live| live.is_hosted(side)) {
                self.ask(side);
            } else {
                self.fall_back(side);
            }
        }
    }

    /// Asks a side's model.
    pub fn ask(self, side: Side) {
        let mut body = None;
        self.live.each(&mut |live| {
            live.ask(side, clock());
            let shown = live.shown.as_ref();
            body = shown.map(|shown| infer_body(side, &shown.exhibit.text, shown.channel));
        });
        if body.is_some() {
            self.send(INFER, body, side, Self::on_asked);
        }
    }

    fn on_asked(self, side: Side, reply: Option<Reply>) {
        let problem = match good(reply) {
            // A body that ends without a last line.
            Ok(_) => Problem::network(),
            Err(problem) => problem,
        };
        // Changes nothing where the answer has come.
        self.live.change(|live| live.hear(side, Event::Failed(problem), clock()));
        let mut said = None;
        self.live.peek(&mut |live| said = live.is_stuck(side).then(|| live.said(side)));
        if let Some(said) = said {
            self.auto.set(false);
            self.spoken.set(said);
        }
        self.settle();
    }

    /// Lets the page's own agent answer for a side.
    pub fn fall_back(self, side: Side) {
        match self.with_run(|run| run.fallback(side)) {
            Some(Ok(answer)) => {
                self.live.change(|live| live.fall_back(side, answer));
                self.settle();
            }
            Some(Err(error)) => self.stop(&TakeError::Run(error).to_string()),
            None => {}
        }
    }

    /// Sends the step once every side has answered.
    fn settle(self) {
        let Some(step_id) = self.with_run(|run| run.env().step_idx()) else { return };
        let mut body = None;
        self.live.each(&mut |live| {
            body = live.answers().map(|(trained, baseline)| step_body(step_id, trained, baseline));
            if body.is_some() {
                live.edge = Edge::Busy;
            }
        });
        if body.is_some() {
            self.send(STEP, body, Side::Trained, Self::on_step);
        }
    }

    fn on_step(self, _: Side, reply: Option<Reply>) {
        let judged = good(reply).and_then(|text| Judged::read(&text).ok_or(Problem::odd(200)));
        let judged = match judged {
            Ok(judged) => judged,
            Err(problem) => return self.edge_failed(problem),
        };
        let (mut step, mut taken) = (None, None);
        self.live.each(&mut |live| step = live.take_step());
        self.each_run(&mut |run| {
            if let Some((shown, trained, baseline)) = step.take() {
                taken = Some(run.take(shown, trained, baseline, &judged));
            }
        });
        match taken {
            Some(Ok(())) => self.tell(),
            Some(Err(error)) => self.stop(&error.to_string()),
            None => {}
        }
    }

    fn edge_failed(self, problem: Problem) {
        self.auto.set(false);
        self.spoken.set(problem.sentence());
        self.live.change(|live| live.edge = Edge::Failed(problem));
    }

    /// Ends live mode, with the reason.
    fn stop(self, reason: &str) {
        self.switch_live();
        self.problem.set(reason.to_owned());
    }

    /// A side's answer to the frame in play, else to the last one.
    pub fn answer_of(self, side: Side) -> Option<Answer> {
        let read = |live: &Live| {
            live.shown.as_ref().map(|_| match live.turn(side) {
                Turn::Answered(answer) => Some(answer.clone()),
                _ => None,
            })
        };
        self.live.state.with(read).unwrap_or_else(|| {
            self.run.with(|run| run.round().and_then(|round| side.of(round).cloned()))
        })
    }

    /// Who plays a side.
    pub fn title_of(self, side: Side) -> String {
        let model = self.live.state.with(|live| live.model_id(side).map(str::to_owned));
        let who = if side == Side::Trained { "Trained" } else { "Baseline" };
        match (model, side) {
            (Some(id), _) => format!("{who}: {id}"),
            (None, Side::Trained) => "Trained OmniGuard agent".to_owned(),
            (None, Side::Baseline) => {
                self.run.with(|run| format!("{who}: {}", run.settings().baseline.label()))
            }
        }
    }
}

/// The body of a good reply, else the problem.
fn good(reply: Option<Reply>) -> Result<String, Problem> {
    let reply = reply.ok_or_else(Problem::network)?;
    if reply.status == 200 {
        return Ok(reply.text);
    }
    Err(Problem::read(reply.status, &reply.text, reply.retry_after))
}
