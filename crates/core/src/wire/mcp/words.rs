//! The tools' answers in words. Back-quotes surround every name and every quotation of a frame, on
//! one line, so that nothing in a frame can pass for the answer's own words.

use super::explain::Explanation;
use crate::action::{ActionType, N_ACTIONS};
use crate::decode::invisible::is_invisible;
use crate::policy::quotable;
use crate::wire::decide::DecisionBody;
use crate::wire::problem::Problem;
use crate::wire::service::ActionInfo;
use crate::wire::validation::{FieldError, Loc};
use alloc::{format, string::String, vec::Vec};
use core::fmt::Write;

/// Most items of a list that are written out.
const LISTED: usize = 8;
/// Longest quotation of a span, in characters.
const QUOTE_CHARS: usize = 200;

/// A part of a text that is not ours, fit for back-quotes.
pub(super) fn quoted(text: &str, max_chars: usize) -> String {
    quotable(text, max_chars)
        .chars()
        .map(|c| if is_invisible(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect()
}

/// The first items, and how many more there are.
fn listed<'a>(items: impl ExactSizeIterator<Item = &'a str>, max_chars: usize) -> String {
    let rest = items.len().saturating_sub(LISTED);
    let shown: Vec<_> =
        items.take(LISTED).map(|item| format!("`{}`", quoted(item, max_chars))).collect();
    let mut out = shown.join(", ");
    if rest > 0 {
        // Writing to a string cannot fail, here and below.
        let _ = write!(out, " and {rest} more");
    }
    out
}

fn percent(p: f32) -> String {
    format!("{:.1} %", 100.0 * p)
}

/// A decision in a few sentences.
pub(super) fn verdict(decision: &DecisionBody) -> String {
    let described = ActionType::from_name(decision.action).map_or("", ActionType::description);
    let mut out = format!(
        "{}: {described}. Beliefs: attack {}, STDIO escape {}, this action right {}.",
        decision.action,
        percent(decision.p_malicious),
        percent(decision.p_stdio),
        percent(decision.confidence),
    );
    if decision.expected_costs.is_some() {
        out.push_str(" Chosen for the least expected cost.");
    }
    if !decision.decode_steps.is_empty() {
        let mut kinds: Vec<_> = decision.decode_steps.iter().map(|step| step.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let _ = write!(out, " Decoded: {}.", listed(kinds.into_iter(), QUOTE_CHARS));
    }
    if decision.hints.is_empty() {
        out.push_str(" No detector fired against it.");
    } else {
        let names = listed(decision.hints.iter().copied(), QUOTE_CHARS);
        let _ = write!(out, " Detectors: {names}.");
    }
    out
}

/// An explanation, line by line.
pub(super) fn explanation(why: &Explanation) -> String {
    let mut out = format!(
        "{}: {}. Meant for: {}.\n\
         Beliefs: attack {}, STDIO escape {}, this action right {}.\n\
         Measured: {}.",
        why.action.name,
        why.action.description,
        why.action.use_case,
        percent(why.p_malicious),
        percent(why.p_stdio),
        percent(why.confidence),
        why.rationale,
    );
    if let Some(costs) = &why.expected_costs {
        let costs: Vec<_> =
            costs.0.iter().map(|(name, cost)| format!("{name} {cost:.3}")).collect();
        let _ = write!(out, "\nChosen for the least expected cost: {}.", costs.join(", "));
    }
    if why.decode_steps.is_empty() {
        out.push_str("\nNothing was encoded.");
    } else {
        let _ = write!(out, "\nDecoded ({} of the tokens changed):", percent(why.drift));
        for step in why.decode_steps.iter().take(LISTED) {
            let _ = write!(
                out,
                "\n- `{}` in string {}, layer {}: {}",
                step.kind, step.leaf, step.depth, step.description
            );
        }
        and_more(&mut out, why.decode_steps.len());
    }
    if why.hints.is_empty() {
        out.push_str("\nNo detector fired against it.");
    } else {
        out.push_str("\nDetectors that fired:");
        for hint in why.hints.iter().take(LISTED) {
            let _ = write!(out, "\n- `{}`: {}", hint.name, hint.description);
        }
        and_more(&mut out, why.hints.len());
    }
    if let Some(span) = &why.span {
        let text = quoted(&span.text, QUOTE_CHARS);
        let _ = write!(out, "\nBytes {} to {} weigh most: `{text}`", span.start, span.end);
    }
    if !why.mcp_restrictions.is_empty() {
        let names = listed(why.mcp_restrictions.iter().map(String::as_str), QUOTE_CHARS);
        let _ = write!(out, "\nTo restrict: {names}");
    }
    out
}

fn and_more(out: &mut String, n_items: usize) {
    if n_items > LISTED {
        let _ = write!(out, "\n- and {} more", n_items - LISTED);
    }
}

/// The actions, one a line.
pub(super) fn actions(actions: &[ActionInfo; N_ACTIONS]) -> String {
    let lines: Vec<_> = actions
        .iter()
        .map(|one| {
            let plural = if one.ticks == 1 { "" } else { "s" };
            format!(
                "{}: {}. Meant for: {}. {} tick{plural}.",
                one.name, one.description, one.use_case, one.ticks
            )
        })
        .collect();
    lines.join("\n")
}

/// What was refused, so that it can be mended.
pub(super) fn refusal(problem: &Problem) -> String {
    if problem.errors.is_empty() {
        return format!("{}: {}", problem.title, problem.detail);
    }
    let mut out = String::from("The arguments were refused:");
    for error in problem.errors.iter().take(LISTED) {
        let _ = write!(out, "\n- {}", said(error));
    }
    and_more(&mut out, problem.errors.len());
    out
}

fn said(error: &FieldError) -> String {
    let place: Vec<_> = error
        .loc
        .iter()
        .map(|step| match step {
            Loc::Field(name) => format!("`{}`", quoted(name, QUOTE_CHARS)),
            Loc::Index(idx) => format!("item {idx}"),
        })
        .collect();
    if place.is_empty() { error.msg.clone() } else { format!("{} {}", place.join(", "), error.msg) }
}
