//! The deep dive: the problem, the two who play, what is paid for, where texts and weights come from.
//!
//! Nothing in it ever changes, so it is markup: no code runs for it, and none has to be loaded.

use super::figures::{percent, reward};
use super::signals::{TRUTHS, security, shaping};
use crate::charts::flow;
use omniguard_core::action::ActionType;
use omniguard_core::adversary::GAMMA;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::{DEFAULT_EPISODE_LENGTH, TRAP_PROBABILITY};
use omniguard_core::frame::N_MUTATIONS;
use omniguard_core::reward::{BREACH, MAX_TOTAL, budget_ticks};

const RUNS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/tree/main/runs");

/// Parts of the training stack, and whether a committed run used them.
const STACK: [(&str, &str, bool); 5] = [
    ("GRPO in Rust", "this page's defender: beliefs and actions, seeded to the bit", true),
    ("Evaluation", "all baselines and the oracle, with bootstrap intervals", true),
    ("TRL", "GRPO on a language model that plays over OpenEnv", false),
    ("LoRA, Unsloth in 4 bits", "an adapter on one graphics card", false),
    ("Accelerate with FSDP, W&amp;B", "several cards, and their curves", false),
];

/// The section's content, below its heading.
pub fn markup() -> String {
    format!(
        "<figure class=\"loop-figure panel\">{}</figure><div class=\"dives\">{}</div>{}\
         <div class=\"dives pair\">{}{}</div>",
        flow::markup(),
        cards(),
        rewards(),
        phases(),
        stack()
    )
}

fn cards() -> String {
    let budget = budget_ticks(DEFAULT_EPISODE_LENGTH);
    let trap = percent(TRAP_PROBABILITY);
    let cards = [
        (
            "The problem",
            vec![
                "An agent believes what its tools tell it. A poisoned tool description, an order \
                 hidden in a result, an argument that breaks out of the STDIO sandbox: each is one \
                 message among thousands, and it takes one."
                    .to_owned(),
                "A gateway that stops everything odd stops the business as well. Between too strict \
                 and too lenient lies the Action Calibration Gap; closing it takes honest beliefs \
                 and an answer that fits them."
                    .to_owned(),
            ],
        ),
        (
            "Multi-agent dynamics",
            vec![
                "The defender sees a frame raw and decoded and answers with one action; the truth \
                 is told afterwards."
                    .to_owned(),
                format!(
                    "The adversary is a bandit (EXP3) over {N_MUTATIONS} mutations that keep an \
                     attack an attack. It draws more of what gets through, and {} of its draws stay \
                     exploration.",
                    percent(GAMMA)
                ),
                "The critic pays SEMANTIC_DIFF by how much of the hidden text the decoder brought \
                 to light."
                    .to_owned(),
            ],
        ),
        (
            "Anti-Mythos mechanics",
            vec![
                format!(
                    "Recursive self-correction trap: with a probability of {trap} an attack that \
                     was stopped comes back in the next frame, mutated afresh. Stopping it once \
                     proves nothing."
                ),
                format!(
                    "Temporal decay: {DEFAULT_EPISODE_LENGTH} frames have {budget} ticks. Looking \
                     closer takes two, and every tick over the budget costs."
                ),
                "STDIO escapes: only REVOKE_STDIO ends one. Every other answer, a block included, \
                 is a breach, and a breach ends the episode."
                    .to_owned(),
            ],
        ),
        (
            "Data engine",
            vec![
                "The traffic is a written corpus that ships with the page: attacks, and beside \
                 nearly each of them a benign twin that differs in what it asks for and in little \
                 else."
                    .to_owned(),
                "Training, validation and test hold different scenario families; domains and \
                 techniques of the test are seen nowhere else."
                    .to_owned(),
                "Three public datasets (witfoo/precinct6-cybersecurity, Fenrir v2.1, NIST \
                 cybersecurity training) are read by the same engine where a backend has their feeds \
                 on."
                    .to_owned(),
            ],
        ),
    ];
    let card = |(title, points): (&str, Vec<String>)| {
        let points: Vec<_> = points.iter().map(|point| format!("<p>{point}</p>")).collect();
        panel(title, &points.concat())
    };
    cards.map(card).concat()
}

fn panel(title: &str, body: &str) -> String {
    format!("<article class=\"dive panel\"><h3>{title}</h3>{body}</article>")
}

/// A table; each row begins with its heading, and a cell brings its own attributes.
fn table(name: &str, heads: &[&str], rows: impl Iterator<Item = String>) -> String {
    let heads: Vec<_> = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let (heads, rows) = (heads.concat(), rows.collect::<String>());
    format!(
        "<table class=\"plain {name}\" data-testid=\"{name}\"><thead><tr>{heads}</tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}

fn row(name: &str, cells: &str) -> String {
    format!("<tr><th scope=\"row\">{name}</th>{cells}</tr>")
}

fn rewards() -> String {
    let cell = |value: f32| {
        let pay = match value {
            BREACH => "breach",
            v if v < 0.0 => "loss",
            _ => "gain",
        };
        format!("<td class=\"num\" data-pay=\"{pay}\">{}</td>", reward(f64::from(value)))
    };
    let answer = |action: ActionType| {
        row(
            &format!("<code>{}</code>", action.name().replace('_', "_<wbr>")),
            &security(action).map(cell).concat(),
        )
    };
    let term = |(when, value): (&str, f32)| {
        let tone = if value < 0.0 { "bad" } else { "good" };
        let value = reward(f64::from(value));
        format!("<div><dt>{when}</dt><dd class=\"num\" data-tone=\"{tone}\">{value}</dd></div>")
    };
    let mut heads = vec!["Answer"];
    heads.extend(TRUTHS.map(|(name, _)| name));
    let body = format!(
        "<div class=\"rewards-grid\"><div><p>Security comes first. Each answer is the best one to some \
         truth, so no habit wins; a step earns at most {}, a breach exactly {}.</p>{}</div><div>\
         <p>Usability, latency and form come on top, each part by its name.</p>\
         <dl class=\"terms\">{}</dl></div></div>",
        reward(f64::from(MAX_TOTAL)),
        reward(f64::from(BREACH)),
        table("pay", &heads, ActionType::ALL.into_iter().map(answer)),
        shaping().map(term).concat()
    );
    panel("Reward signals", &body)
}

fn phases() -> String {
    let phase = |phase: &Phase| {
        let rates = phase.rates();
        let gate =
            phase.gate().map_or_else(|| "the last".to_owned(), |gate| format!("up past {gate:.2}"));
        let shares = [rates.malicious, rates.obfuscated, rates.stdio].map(percent);
        let cell = |text: &String| format!("<td class=\"num\">{text}</td>");
        let cells: String = shares.iter().chain([&gate]).map(cell).collect();
        row(phase.short_name(), &cells)
    };
    let heads = ["Phase", "Attacks", "Encoded", "STDIO", "Episode score"];
    let body = "<p>Phases follow the moving average of the defender\u{2019}s own episode scores, up \
                and down again; no count of steps moves them. Encoded and STDIO are shares of the \
                attacks.</p>";
    panel("Curriculum", &(body.to_owned() + &table("phases", &heads, Phase::ALL.iter().map(phase))))
}

fn stack() -> String {
    let part = |(name, what, ran): (&str, &str, bool)| {
        let (tone, state) = if ran { ("good", "ran") } else { ("", "no run yet") };
        row(name, &format!("<td>{what}</td><td class=\"state\" data-tone=\"{tone}\">{state}</td>"))
    };
    let body = format!(
        "<p>The defender on this page was trained on processors alone; configuration, curves and \
         evaluation of that run are <a href=\"{RUNS}\">committed with the code</a>. The way to \
         language models is open, and no adapter is claimed until a run of it is committed.</p>{}",
        table("stack", &["Part", "For", "State"], STACK.into_iter().map(part))
    );
    panel("Training stack", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_markup_is_whole_and_holds_core_s_numbers() {
        let markup = markup();
        for tag in ["article", "table", "tr", "p", "div", "svg", "g", "a", "dl"] {
            let opened = markup.matches(&format!("<{tag}>")).count()
                + markup.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, markup.matches(&format!("</{tag}>")).count(), "{tag}");
            assert!(opened > 0, "{tag}");
        }
        let breaches = ActionType::ALL.into_iter().flat_map(security).filter(|v| *v == BREACH);
        assert_eq!(markup.matches("data-pay=\"breach\"").count(), breaches.count());
        for phase in Phase::ALL {
            assert!(markup.contains(&format!(">{}<", percent(phase.rates().malicious))));
        }
        assert!(!markup.contains("style="), "the page's policy forbids inline styles");
    }
}
