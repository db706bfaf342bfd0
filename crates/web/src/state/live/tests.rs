use super::wire::{Judged, infer_body, reset_body, shown_by_reset, step_body};
use super::*;
use crate::state::engine::Run;
use crate::state::engine::tests::{assets, settings};
use crate::state::live::run::TakeError;
use crate::state::record::Entry;
use crate::state::settings::Baseline;
use omniguard_core::action::{Action, ActionType};
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{EnvConfig, Environment};
use omniguard_core::frame::{Channel, Split};
use omniguard_core::json;
use omniguard_core::reward::Component;
use std::fmt::Write as _;
use std::sync::Arc;

const ANSWER: &str = r#"{"event":"answer","status":200,"body":{"outcome":"answered","model":"base",
    "model_id":"org/model","action":{"action_type":"BLOCK","confidence":0.9,"rationale":"it asks \"all\"",
    "mcp_restrictions":["shell"]},"unparsed":null,"repairs":["prose","fence"],"content":"words",
    "finish_reason":"stop","usage":null,"cached":false,"queue_delay_ms":3200,"upstream_ms":840,
    "upstream_calls":2}}"#;
const UNPARSED: &str = r#"{"event":"answer","status":200,"body":{"outcome":"unparsed","action":null,
    "unparsed":{"reason":"refusal","detail":"the model declined to answer"},"content":"No.",
    "queue_delay_ms":1}}"#;
const BUSY: &str = r#"{"event":"problem","status":429,"retry_after":7,"body":{"type":"budget_spent",
    "detail":"spent until 2026-11-24T00:00:00Z"}}"#;

fn event(text: &str) -> Event {
    Event::read(text).expect("an event")
}

fn shown() -> Shown {
    Run::live(&assets(), settings(Baseline::Rules)).expect("valid").shown()
}

fn answer(action: ActionType) -> Answer {
    let Event::Told(mut told) = event(ANSWER) else { panic!("an answer") };
    told.action = None;
    let origin = Origin::Hosted(Arc::new(told));
    Answer { action: Action::of(action), belief: None, score: None, origin }
}

/// Live mode with a frame in play and both models asked.
fn asked() -> Live {
    let mut live = Live { mode: Mode::On, hosted: [true; 2], ..Live::default() };
    live.begin(shown(), false);
    for side in Side::ALL {
        live.ask(side, 1_000);
    }
    live
}

#[test]
fn every_line_of_the_stream_is_read() {
    assert_eq!(event(r#"{"event":"waiting","ahead":3}"#), Event::Waiting(3));
    assert_eq!(event(r#"{"event":"asking"}"#), Event::Asking);
    let Event::Told(told) = event(ANSWER) else { panic!("an answer") };
    let action = told.action.as_ref().expect("an action");
    assert_eq!((action.action_type(), action.confidence()), (ActionType::Block, 0.9));
    assert_eq!(
        (action.rationale(), action.mcp_restrictions()),
        ("it asks \"all\"", &["shell".to_owned()][..])
    );
    assert_eq!((told.queue_millis, told.upstream_millis, told.n_calls), (3200, 840, 2));
    assert_eq!((told.repairs.as_str(), told.cached), ("prose, fence", false));
    assert_eq!(told.timing(), "queued 3.2 s, answered in 0.8 s");
    let Event::Told(told) = event(UNPARSED) else { panic!("words") };
    assert_eq!((told.action, told.unparsed.as_str()), (None, "the model declined to answer"));
    let Event::Failed(problem) = event(BUSY) else { panic!("a problem") };
    assert_eq!(
        (problem.status, problem.slug.as_str(), problem.retry_after),
        (429, "budget_spent", Some(7))
    );
    for odd in ["", "{}", "[]", "<html>", r#"{"event":"news"}"#, r#"{"event":7}"#] {
        assert_eq!(Event::read(odd), None, "{odd}");
    }
}

#[test]
fn an_action_that_the_rules_exclude_is_no_answer() {
    for (from, to) in [("BLOCK", "DANCE"), ("0.9", "1.5"), ("\"answered\"", "\"other\"")] {
        let event = event(&ANSWER.replace(from, to));
        assert!(matches!(event, Event::Failed(_)), "{to}: {event:?}");
    }
}

#[test]
fn nothing_is_stepped_before_both_have_answered() {
    let mut live = asked();
    assert!(live.is_busy() && live.answers().is_none());
    live.hear(Side::Trained, Event::Asking, 2_000);
    live.hear(Side::Trained, event(ANSWER), 3_000);
    assert!(live.answers().is_none(), "the other one is being asked");
    live.hear(Side::Baseline, event(ANSWER), 3_000);
    let (trained, baseline) = live.answers().expect("both");
    assert_eq!(trained.action_type(), ActionType::Block);
    assert_eq!(trained.origin.mark(), "LIVE");
    assert!(baseline.is_some());
    live.edge = Edge::Busy;
    assert!(live.answers().is_none(), "it is being stepped");
    live.edge = Edge::Failed(Problem::network());
    assert!(live.answers().is_some(), "it may be sent again");
    live.clear();
    assert!(!live.is_busy());
}

#[test]
fn words_without_an_answer_and_failures_are_none() {
    for told in [UNPARSED, BUSY] {
        let mut live = asked();
        live.hear(Side::Trained, event(ANSWER), 2_000);
        live.hear(Side::Baseline, event(told), 2_000);
        assert!(live.answers().is_none() && live.is_stuck(Side::Baseline) && live.is_busy());
        assert!(live.said(Side::Baseline).contains("on-device policy"));
        // What comes late changes nothing.
        live.hear(Side::Baseline, event(ANSWER), 2_500);
        assert!(live.answers().is_none());
        // The visitor chooses: asked again, or the page's own agent.
        let mut other = live.clone();
        live.ask(Side::Baseline, 3_000);
        assert!(matches!(live.turn(Side::Baseline), Turn::Waiting(..)));
        live.hear(Side::Baseline, event(ANSWER), 4_000);
        assert!(live.answers().is_some());
        let fallback = Answer { origin: Origin::Fallback, ..answer(ActionType::Block) };
        other.fall_back(Side::Baseline, fallback);
        let (_, _, baseline) = other.take_step().expect("both");
        assert!(!other.is_busy());
        assert_eq!(baseline.expect("an answer").origin.mark(), "ON DEVICE");
    }
}

#[test]
fn a_baseline_that_sits_out_is_not_waited_for_and_only_then() {
    for is_out in [true, false] {
        let mut live = Live { mode: Mode::On, hosted: [true; 2], ..Live::default() };
        live.begin(shown(), is_out);
        live.fall_back(Side::Trained, answer(ActionType::Block));
        assert_eq!(live.answers().is_some(), is_out);
    }
}

#[test]
fn waits_count_down_and_the_pill_tells_real_delays() {
    let mut live = asked();
    assert_eq!(live.queue(4_200), "Queued 3.2 s");
    live.hear(Side::Trained, Event::Asking, 4_200);
    live.hear(Side::Baseline, event(BUSY), 4_200);
    assert_eq!(live.queue(5_200), "Asking 1.0 s");
    assert_eq!(
        [4_200, 4_300, 11_100, 99_000].map(|now| live.wait_of(Side::Baseline, now)),
        [7, 7, 1, 0]
    );
    live.hear(Side::Trained, event(ANSWER), 6_000);
    live.clear();
    assert_eq!(live.queue(9_000), "Queue idle, last 3.2 s");
    live.status = Some(Status { n_waiting: 4, ..Status::default() });
    assert_eq!(live.queue(9_000), "Queue: 4 waiting");
    assert_eq!(Live::default().queue(0), "Queue idle");
}

#[test]
fn what_is_not_configured_is_explained() {
    let report = |base: &str, trained: &str| {
        let model = |id: &str, var: &str| match id {
            "" => format!(r#"{{"configured":false,"model_id":null,"detail":"set {var}"}}"#),
            id => format!(r#"{{"configured":true,"model_id":"{id}","detail":null}}"#),
        };
        let (base, trained) = (model(base, "HF_TOKEN"), model(trained, "HF_TRAINED_URL"));
        format!(
            r#"{{"models":{{"base":{base},"trained":{trained}}},"queue":{{"waiting":2}},
               "budget":{{"limit":1000,"left":998}}}}"#
        )
    };
    let check = |answer: &str| {
        let mut live = Live::default();
        live.checked(Status::read(answer));
        live
    };
    let both = check(&report("a/base", "b/omni"));
    assert_eq!((both.mode, both.missing()), (Mode::On, None));
    assert_eq!(
        (both.model_id(Side::Trained), both.model_id(Side::Baseline)),
        (Some("b/omni"), Some("a/base"))
    );
    let explained = both.explained();
    assert!(
        explained.contains("Base model: a/base.") && explained.contains("998 of 1000"),
        "{explained}"
    );
    let mut one = check(&report("a/base", ""));
    assert_eq!((one.mode, one.missing()), (Mode::Choosing, Some(Side::Trained)));
    assert!(one.explained().contains("Trained model: set HF_TRAINED_URL."), "{}", one.explained());
    one.mode = Mode::On;
    assert!(one.explained().contains("Trained model: the on-device policy."));
    assert!(!one.is_hosted(Side::Trained) && one.is_hosted(Side::Baseline));
    let none = check(&report("", ""));
    assert_eq!((none.mode, none.missing()), (Mode::Choosing, None));
    assert!(none.explained().contains("HF_TOKEN") && none.explained().contains("HF_TRAINED_URL"));
    for answer in ["", "<!doctype html>", "{}", r#"{"models":{}}"#] {
        assert_eq!(check(answer).mode, Mode::Unreachable, "{answer}");
    }
}

#[test]
fn requests_are_what_the_api_takes() {
    let body = infer_body(Side::Baseline, "a \"b\"\n", Some(Channel::Log));
    assert_eq!(body, r#"{"model":"base","frame":{"text":"a \"b\"\n","channel":"log"}}"#);
    assert!(infer_body(Side::Trained, "", None).contains(r#""model":"trained""#));
    let reset = json::parse(&reset_body(7, Phase::Bootstrapping)).expect("JSON");
    let item = |idx| reset.get("items").and_then(|items| items.at(idx)).expect("an item");
    assert_eq!(item(0).get("seed"), item(1).get("seed"));
    assert_ne!(item(0).get("env_id"), item(1).get("env_id"));
    let answer = answer(ActionType::Block);
    let alone = step_body(3, &answer, None);
    assert!(alone.contains(r#""step_id":3"#) && alone.contains(r#""confidence":0.5"#), "{alone}");
    assert_eq!(step_body(3, &answer, Some(&answer)).matches("env_id").count(), 2);
}

/// What the edge would answer: one native environment a side.
fn told(envs: &mut [Environment], actions: &[Action]) -> String {
    let mut out = String::new();
    for (id, (env, action)) in envs.iter_mut().zip(actions).enumerate() {
        let outcome = env.step(action).expect("a frame is in hand");
        let parts = Component::ALL
            .iter()
            .map(|part| format!("\"{}\":{}", part.name(), outcome.reward.component(*part)));
        let parts = parts.collect::<Vec<_>>().join(",");
        let mutations = outcome.truth.mutations.iter().map(|one| format!("\"{}\"", one.name()));
        let _ = write!(
            out,
            r#"{}{{"env_id":{id},"reward":{{"total":{},"verdict":"{}","components":{{{parts}}}}},
               "info":{{"truth":{{"vector":"{}","mutations":[{}]}}}}}}"#,
            if id > 0 { "," } else { "" },
            outcome.reward.total,
            outcome.verdict.name(),
            outcome.truth.vector.name(),
            mutations.collect::<Vec<_>>().join(","),
        );
    }
    format!("{{\"results\":[{out}]}}")
}

/// Environments as a reset's body asks for them.
fn opened(assets: &crate::state::engine::Assets, body: &str) -> Vec<Environment> {
    let body = json::parse(body).expect("JSON");
    let item = body.get("items").and_then(|items| items.at(0)).expect("an item");
    let Some(json::Value::Number(seed)) = item.get("seed") else { panic!("a seed") };
    let name = item.get("phase").and_then(json::Value::as_str).expect("a phase");
    let phase = Phase::ALL.iter().copied().find(|phase| phase.name() == name);
    let config = EnvConfig { phase, ..EnvConfig::on(Split::Test) };
    let seed = seed.parse().expect("a number");
    let mut env = Environment::new(config, Arc::clone(assets.corpus()), seed).expect("valid");
    env.reset();
    vec![env.clone(), env]
}

#[test]
fn a_live_run_is_the_edges_and_agrees_with_it_over_breaches_and_episodes() {
    let assets = assets();
    let settings = crate::state::settings::Settings { phase: None, ..settings(Baseline::Rules) };
    let mut run = Run::live(&assets, settings).expect("valid");
    assert!(run.is_live());
    let mut envs = Vec::new();
    let (mut sums, mut before) = ([0.0_f32; 2], [0.0_f32; 2]);
    let (mut n_out, mut n_episodes, mut n_steps) = (0, 0, 0);
    while n_episodes < 6 {
        if let Some(body) = run.open().expect("valid") {
            before[0] += sums[0];
            before[1] += sums[1];
            assert_eq!(run.open().expect("valid").as_ref(), Some(&body), "until the edge has it");
            envs = opened(&assets, &body);
            let texts: Vec<_> = envs.iter().map(Environment::frame_text).collect();
            assert_eq!(run.opened(&texts), Ok(()));
            n_episodes += 1;
        }
        assert_eq!(run.shown().exhibit.text, envs[0].frame_text());
        let out = run.baseline_sits_out();
        n_out += u32::from(out);
        let trained = answer(ActionType::RevokeStdio);
        let baseline = (!out).then(|| run.fallback(Side::Baseline).expect("an answer"));
        if !out {
            assert_eq!(envs[0].frame_text(), envs[1].frame_text(), "both see the same frame");
        }
        let actions: Vec<_> =
            std::iter::once(&trained).chain(&baseline).map(|one| one.action.clone()).collect();
        let judged = Judged::read(&told(&mut envs, &actions)).expect("results");
        run.take(run.shown(), trained, baseline, &judged).expect("it agrees");
        for (sum, env) in sums.iter_mut().zip(&envs) {
            *sum = env.metrics().total_reward;
        }
        n_steps += 1;
        let round = run.round().expect("a round");
        assert_eq!((round.step, round.episode), (n_steps, n_episodes));
    }
    assert!(n_out > 0, "the baseline sat out");
    for (side, sum) in Side::ALL.into_iter().zip([before[0] + sums[0], before[1] + sums[1]]) {
        let total = run.record(side).metrics.total_reward;
        assert!((total - sum).abs() < 1e-3, "{} {total} {sum}", side.name());
    }
    assert_eq!(run.record(Side::Trained).metrics.n_steps, n_steps);
    let mark = |side| {
        run.record(side).log().find_map(|line| match line.entry {
            Entry::Decision { mark, .. } => Some(mark),
            _ => None,
        })
    };
    assert_eq!((mark(Side::Trained), mark(Side::Baseline)), (Some("LIVE"), Some("ON DEVICE")));
    assert!(run.finished().is_none(), "nobody can play it anew");
}

#[test]
fn an_edge_of_another_version_is_found_out() {
    let assets = assets();
    let fresh = || {
        let mut run = Run::live(&assets, settings(Baseline::Rules)).expect("valid");
        let envs = opened(&assets, &run.open().expect("valid").expect("a body"));
        (run, envs)
    };
    let (mut run, mut envs) = fresh();
    let text = envs[0].frame_text();
    let differs = Err(TakeError::Differs);
    assert_eq!(run.opened(&[]), differs);
    assert_eq!(run.opened(&[text.clone(), text.clone() + "."]), differs);
    assert_eq!(run.opened(&[text.clone(), text]), Ok(()));
    let both = [answer(ActionType::Block), answer(ActionType::Block)];
    let told = told(&mut envs, &[both[0].action.clone(), both[1].action.clone()]);
    let [trained, baseline] = both;
    for (from, to) in [
        ("\"verdict\":\"", "\"verdict\":\"un"),
        ("\"clamp\":0", "\"clamp\":0.1"),
        ("\"env_id\":1", "\"env_id\":2"),
        ("\"vector\":\"", "\"vector\":\"x"),
    ] {
        let (mut run, _) = fresh();
        assert!(told.contains(from), "{from} in {told}");
        let judged = Judged::read(&told.replacen(from, to, 1)).expect("results");
        let (trained, baseline) = (trained.clone(), Some(baseline.clone()));
        assert_eq!(run.take(run.shown(), trained, baseline, &judged), differs, "{to}");
        assert!(run.round().is_none(), "nothing is shown that does not agree");
    }
}

#[test]
fn odd_replies_of_the_edge_are_none() {
    let texts = shown_by_reset(r#"{"observations":[{"payload_raw":"a"},{"payload_raw":"b"}]}"#);
    assert_eq!(texts, Some(vec!["a".to_owned(), "b".to_owned()]));
    for odd in ["", "{}", r#"{"observations":[{}]}"#, r#"{"results":[]}"#, "[1]"] {
        assert_eq!(shown_by_reset(odd), None, "{odd}");
        assert!(odd.contains("results") || Judged::read(odd).is_none(), "{odd}");
    }
}
