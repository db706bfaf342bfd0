//! Nothing but the text, and nothing about the text but its meaning, tells the label.

use super::rules::random_action;
use super::{Effort, Finding};
use crate::corpus::Corpus;
use crate::curriculum::Phase;
use crate::decode::decode;
use crate::detect;
use crate::embed::embed;
use crate::environment::{ConfigError, EnvConfig, Environment};
use crate::frame::{Channel, Frame, Split};
use crate::json;
use crate::rng::Rng;
use crate::tool_request;
use alloc::{collections::BTreeMap, format, string::String, sync::Arc, vec, vec::Vec};

/// Furthest from chance that style, domain and channel may be: the AUC of a lookup by their value.
const MAX_AUC: f32 = 0.55;

pub(crate) fn check(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Vec<Finding>, ConfigError> {
    Ok(vec![
        observation_is_a_function_of_the_text(corpus, split, effort)?,
        style_and_context(corpus, split, effort)?,
    ])
}

/// Shows `visit` frames of every phase, at every place of an episode, under random answers.
fn each_frame(
    corpus: &Arc<Corpus>,
    split: Split,
    n_frames: u32,
    mut visit: impl FnMut(&Environment),
) -> Result<(), ConfigError> {
    for &phase in Phase::ALL {
        let config = EnvConfig { phase: Some(phase), ..EnvConfig::on(split) };
        let mut env = Environment::new(config, Arc::clone(corpus), 21)?;
        let mut rng = Rng::new(22);
        for _ in 0..n_frames / Phase::ALL.len() as u32 {
            if env.frame().is_none() {
                env.reset();
            }
            visit(&env);
            // Only a finished episode refuses, and that was just ruled out.
            let _ = env.step(&random_action(&mut rng));
        }
    }
    Ok(())
}

fn observation_is_a_function_of_the_text(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let mut n_wrong = 0;
    let n = effort.n_steps.min(1_500);
    each_frame(corpus, split, n, |env| {
        let seen = env.observe();
        let decoded = decode(&seen.payload_raw);
        let same = seen.payload_normalized == decoded.text
            && seen.embedding == embed(corpus.table(), &decoded.text)
            && seen.anomaly_hints == detect::hints(&seen.payload_raw, &decoded)
            && seen.tool_request == tool_request::parse(&seen.payload_raw);
        n_wrong += u32::from(!same);
    })?;
    let detail = format!("{n_wrong} of {n} observations hold more than text and the agent's past");
    Ok(Finding::new("observation_from_text_alone", n_wrong == 0, detail))
}

/// What of a frame is style rather than meaning.
fn styles(env: &Environment, text: &str) -> Vec<(&'static str, String)> {
    let Some(frame) = env.frame() else { return Vec::new() };
    let corpus = env.corpus();
    let channel = env.channel().unwrap_or(Channel::Log);
    let mut styles = vec![
        ("channel", channel.name().into()),
        ("domain", corpus.domain_of(frame.scenario).into()),
    ];
    if let Some(json::Value::Object(members)) = json::parse(text) {
        let newlines = text.bytes().filter(|&b| b == b'\n').count().min(1);
        let spacing = format!("{newlines} {}", text.contains("\": "));
        let id = members.iter().find(|(key, _)| key == "id").map(|(_, id)| match id {
            json::Value::Number(digits) => format!("number {}", digits.len()),
            _ => "string".into(),
        });
        styles.push(("white space", spacing));
        styles.push(("id", id.unwrap_or_default()));
        styles.push(("key order", members.first().map(|(k, _)| k.clone()).unwrap_or_default()));
        // Mutations may bring characters that need escapes; the serialiser's own choice may not
        // tell anything.
        if !frame.obfuscated() {
            styles.push(("escapes", format!("{}", text.contains("\\u"))));
        }
    }
    styles
}

fn style_and_context(
    corpus: &Arc<Corpus>,
    split: Split,
    effort: Effort,
) -> Result<Finding, ConfigError> {
    let mut counts: BTreeMap<&'static str, BTreeMap<String, [u32; 2]>> = BTreeMap::new();
    each_frame(corpus, split, effort.n_steps, |env| {
        let malicious = usize::from(env.frame().is_some_and(Frame::malicious));
        for (kind, value) in styles(env, &env.frame_text()) {
            counts.entry(kind).or_default().entry(value).or_default()[malicious] += 1;
        }
    })?;
    let aucs: Vec<_> =
        counts.iter().map(|(kind, by_value)| (*kind, lookup_auc(by_value))).collect();
    let passed = aucs.iter().all(|&(_, auc)| auc <= MAX_AUC);
    Ok(Finding::new("style_tells_nothing", passed, format!("AUC of a lookup: {aucs:.3?}")))
}

/// AUC of scoring each value by its own share of attacks: the best any lookup can do.
fn lookup_auc(by_value: &BTreeMap<String, [u32; 2]>) -> f32 {
    let mut shares: Vec<_> = by_value
        .values()
        .map(|&[benign, malicious]| {
            (malicious as f32 / (benign + malicious).max(1) as f32, benign as f32, malicious as f32)
        })
        .collect();
    shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area) = (0.0, 0.0);
    for (_, benign, malicious) in &shares {
        area += malicious * (below + 0.5 * benign);
        below += benign;
    }
    let malicious: f32 = shares.iter().map(|(_, _, malicious)| malicious).sum();
    area / (below * malicious).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lookup_auc_is_one_for_a_perfect_tell_and_half_for_none() {
        let auc = |counts: &[[u32; 2]]| {
            lookup_auc(&counts.iter().enumerate().map(|(i, &c)| (format!("{i}"), c)).collect())
        };
        assert_eq!(auc(&[[10, 0], [0, 10]]), 1.0);
        assert_eq!(auc(&[[10, 10], [5, 5]]), 0.5);
    }
}
