//! An episode as a file and back: the format of `docs/replay.md`.
//!
//! A file holds what cannot be worked out again: texts, truth and both answers. The decoder's
//! reading, the detectors, the outcomes and the totals are made anew from them, so that a file
//! cannot contradict itself. Reading is total: any bytes in, an episode or a sentence out.

use super::decimal;
use super::replay::Episode;
use super::round::{Answer, Belief, Exhibit, Origin, Round, Score, Truth};
use super::settings::{Baseline, Settings, phase_from_name, phase_name};
use core::fmt;
use omniguard_core::action::{Action, ActionType};
use omniguard_core::curriculum::Phase;
use omniguard_core::decode::decode;
use omniguard_core::environment::{ENVIRONMENT_ID, MAX_SEED};
use omniguard_core::frame::{Channel, MAX_FRAME_BYTES, Mutation, Vector};
use omniguard_core::json::{self, Spacing, Style, Value, object};
use omniguard_core::reward::{Component, N_COMPONENTS, Reward, verdict_of};
use std::sync::Arc;

/// What a file says it is.
pub const FORMAT: &str = "omniguard-replay";
/// The format's version; a reader refuses any other.
pub const VERSION: u32 = 1;
/// The largest file that is read: thrice a full episode of the longest frames, escaped.
pub const MAX_FILE_BYTES: usize = 2 * 1024 * 1024;
/// Frames of the longest episode that the environment plays.
const MAX_FRAMES: usize = 64;
/// Mutations of one frame, and what may be said to have moved an answer.
const MAX_MUTATIONS: usize = 4;
const MAX_WEIGHTS: usize = 64;
const MAX_NAME_BYTES: usize = 64;

/// Why a file was not read; `Display` says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileError {
    /// Larger than [`MAX_FILE_BYTES`].
    TooLarge {
        /// Its size.
        n_bytes: usize,
    },
    /// No JSON.
    NotJson,
    /// JSON, but no replay.
    NotReplay,
    /// A replay of another version.
    Version,
    /// A field is missing, or is not what it should be.
    Field {
        /// The frame it belongs to, from 1; `None` for the file's own.
        frame: Option<usize>,
        /// Its name.
        name: &'static str,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { n_bytes } => write!(
                f,
                "The file has {n_bytes} bytes; a replay has at most {MAX_FILE_BYTES}. Choose a file \
                 that \u{201c}Export\u{201d} made."
            ),
            Self::NotJson => f.write_str(
                "The file is no JSON, or it is cut off. Choose a file that \u{201c}Export\u{201d} made.",
            ),
            Self::NotReplay => f.write_str(
                "The file is no replay. Choose a file that \u{201c}Export\u{201d} made.",
            ),
            Self::Version => write!(
                f,
                "The file is a replay of another version; this page reads version {VERSION}. Open its \
                 link instead, or export it again."
            ),
            Self::Field { frame: Some(frame), name } => write!(
                f,
                "Frame {frame} of the file has no valid \u{201c}{name}\u{201d}. Export the episode again."
            ),
            Self::Field { frame: None, name } => write!(
                f,
                "The file has no valid \u{201c}{name}\u{201d}. Export the episode again."
            ),
        }
    }
}

/// The file of an episode.
pub fn write(episode: &Episode) -> String {
    let settings = &episode.settings;
    let first = episode.rounds.first().map_or(1, |round| round.step);
    let frames = episode.rounds.iter().map(|round| frame_value(round)).collect();
    let document = object([
        ("format", FORMAT.into()),
        ("version", VERSION.into()),
        ("environment", ENVIRONMENT_ID.into()),
        ("seed", Value::Number(settings.seed.to_string())),
        ("phase", phase_name(settings.phase).into()),
        ("baseline", settings.baseline.name().into()),
        ("episode", episode.number.into()),
        ("episode_phase", episode.phase.name().into()),
        ("first_step", first.into()),
        ("frames", Value::Array(frames)),
    ]);
    json::write(&document, Style { spacing: Spacing::Pretty(1), ascii: false })
}

/// A name for the file of an episode.
pub fn file_name(episode: &Episode) -> String {
    let Settings { seed, phase, baseline } = episode.settings;
    let (phase, baseline) = (phase_name(phase), baseline.name());
    format!("omniguard-seed{seed}-{phase}-{baseline}-episode{}.json", episode.number)
}

fn float(value: f32) -> Value {
    // Shortest digits that read back to the same bits.
    Value::Number(value.to_string())
}

fn optional<T>(value: Option<T>, write: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Null, write)
}

fn frame_value(round: &Round) -> Value {
    let exhibit = &round.exhibit;
    let span = exhibit.span.as_ref().map(|span| [span.start as u32, span.end as u32]);
    let weight = |(name, part): &(_, f32)| {
        let name: &std::borrow::Cow<'_, str> = name;
        Value::Array([name.as_ref().into(), float(*part)].into())
    };
    let mutations = round.truth.mutations.iter().map(|mutation| mutation.name().into());
    object([
        ("channel", optional(round.channel, |channel| channel.name().into())),
        ("text", exhibit.text.as_str().into()),
        ("vector", round.truth.vector.name().into()),
        ("mutations", Value::Array(mutations.collect())),
        ("span", optional(span, |span| Value::Array(span.map(Value::from).into()))),
        ("weights", Value::Array(exhibit.weights.iter().map(weight).collect())),
        ("trained", answer_value(&round.trained)),
        ("baseline", optional(round.baseline.as_ref(), answer_value)),
    ])
}

fn answer_value(answer: &Answer) -> Value {
    let action = &answer.action;
    let restrictions = action.mcp_restrictions().iter().map(|name| name.as_str().into());
    let beliefs = |belief: Belief| {
        object([("malicious", float(belief.p_malicious)), ("stdio", float(belief.p_stdio))])
    };
    let reward = |score: &Score| {
        let parts = score.components().into_iter();
        Value::Object(parts.map(|(name, value)| (name.to_owned(), float(value))).collect())
    };
    object([
        ("action", action.action_type().name().into()),
        ("confidence", float(action.confidence())),
        ("rationale", action.rationale().into()),
        ("restrictions", Value::Array(restrictions.collect())),
        ("beliefs", optional(answer.belief, beliefs)),
        ("total", optional(answer.score.as_ref(), |score| float(score.reward.total))),
        ("components", optional(answer.score.as_ref(), reward)),
    ])
}

/// The episode of a file.
pub fn read(bytes: &[u8]) -> Result<Episode, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge { n_bytes: bytes.len() });
    }
    let text = core::str::from_utf8(bytes).map_err(|_| FileError::NotJson)?;
    // Editors may put a byte-order mark in front.
    let text = text.trim_start_matches('\u{feff}');
    let document = json::parse(text).ok_or(FileError::NotJson)?;
    if document.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(FileError::NotReplay);
    }
    let file = Fields { value: &document, frame: None };
    if file.count("version") != Ok(VERSION) {
        return Err(FileError::Version);
    }
    let settings = Settings {
        seed: file.some("seed", whole(file.member("seed")?))?,
        phase: file.named("phase", phase_from_name)?,
        baseline: file.named("baseline", Baseline::from_name)?,
    };
    let number = file.count("episode")?;
    let number = file.check("episode", number, number > 0)?;
    let phase = file.named("episode_phase", Phase::from_name)?;
    let first = file.count("first_step")?;
    let frames = file.list("frames", MAX_FRAMES)?;
    file.check("frames", (), !frames.is_empty())?;
    // Every step before belongs to an episode before; steps are counted in 32 bits.
    let last = first.checked_add(frames.len() as u32);
    let first = file.check("first_step", first, first > 0 && last.is_some())?;

    let mut rounds = Vec::with_capacity(frames.len());
    for (idx, value) in frames.iter().enumerate() {
        let place = Round {
            step: first + idx as u32,
            episode: number,
            frame: idx as u32 + 1,
            phase,
            episode_over: idx + 1 == frames.len(),
            ..read_frame(&Fields { value, frame: Some(idx + 1) }, phase)?
        };
        rounds.push(Arc::new(place));
    }
    Ok(Episode { settings, number, phase, rounds })
}

fn read_frame(frame: &Fields<'_>, phase: Phase) -> Result<Round, FileError> {
    let text = frame.text("text")?;
    let text = frame.check("text", text, text.len() <= MAX_FRAME_BYTES)?.to_owned();
    let vector = frame.named("vector", Vector::from_name)?;
    let mutations = frame.list("mutations", MAX_MUTATIONS)?.iter();
    let mutations: Option<Vec<_>> =
        mutations.map(|name| name.as_str().and_then(Mutation::from_name)).collect();
    let span = match frame.optional("span")? {
        None => None,
        Some(span) => {
            let end = |idx| span.at(idx).and_then(whole_u32).map(|at| at as usize);
            let span = end(0).zip(end(1)).filter(|(start, end)| {
                start <= end && text.is_char_boundary(*start) && text.is_char_boundary(*end)
            });
            Some(frame.some("span", span).map(|(start, end)| start..end)?)
        }
    };
    let weight = |value: &Value| {
        let name = value.at(0).and_then(Value::as_str).filter(|n| n.len() <= MAX_NAME_BYTES)?;
        Some((name.to_owned().into(), value.at(1).and_then(real)?))
    };
    let weights: Option<Vec<_>> = frame.list("weights", MAX_WEIGHTS)?.iter().map(weight).collect();
    let weights = frame.some("weights", weights)?;
    let channel = match frame.optional("channel")? {
        None => None,
        Some(_) => Some(frame.named("channel", Channel::from_name)?),
    };
    let answer = |name| {
        let Some(value) = frame.optional(name)? else { return Ok(None) };
        read_answer(&Fields { value, frame: frame.frame }, vector).map(Some)
    };
    Ok(Round {
        step: 1,
        episode: 1,
        frame: 1,
        phase,
        channel,
        trained: frame.some("trained", answer("trained")?)?,
        baseline: answer("baseline")?,
        exhibit: Exhibit { decoded: decode(&text), text, span, weights },
        truth: Truth { vector, mutations: frame.some("mutations", mutations)? },
        episode_over: false,
    })
}

fn read_answer(answer: &Fields<'_>, vector: Vector) -> Result<Answer, FileError> {
    let action_type = answer.named("action", ActionType::from_name)?;
    let restrictions = answer.list("restrictions", usize::MAX)?.iter();
    let restrictions: Option<Vec<_>> =
        restrictions.map(|name| name.as_str().map(str::to_owned)).collect();
    let restrictions = answer.some("restrictions", restrictions)?;
    let rationale = answer.text("rationale")?.to_owned();
    let action = Action::new(action_type, answer.real("confidence")?, rationale, restrictions);
    let belief = match answer.optional("beliefs")? {
        None => None,
        Some(value) => {
            let beliefs = Fields { value, frame: answer.frame };
            let share = |name| {
                beliefs
                    .real(name)
                    .and_then(|share| beliefs.check(name, share, (0.0..=1.0).contains(&share)))
            };
            Some(Belief { p_malicious: share("malicious")?, p_stdio: share("stdio")? })
        }
    };
    let score = if answer.optional("total")?.is_some() {
        let reward = read_reward(answer)?;
        Some(Score { verdict: verdict_of(action_type, vector), reward })
    } else {
        None
    };
    let action = answer.some("action", action.ok())?;
    Ok(Answer { action, belief, score, origin: Origin::Page })
}

fn read_reward(answer: &Fields<'_>) -> Result<Reward, FileError> {
    let total = answer.real("total")?;
    let Some(Value::Object(parts)) = answer.optional("components")? else {
        return answer.some("components", None);
    };
    let mut components = [0.0; N_COMPONENTS];
    for (name, value) in parts {
        let place = Component::from_name(name).and_then(|c| components.get_mut(c.index()));
        let place = answer.some("components", place)?;
        *place = answer.some("components", real(value))?;
    }
    let sum: f32 = components.iter().sum();
    // What a file says of a reward must add up, or the page would show sums that do not.
    let adds_up = (sum - total).abs() < 1e-3 && total.abs() <= 1.0;
    answer.check("total", Reward { total, components }, adds_up)
}

/// A finite number. Nine digits, as many as an `f32` has at most, come back to the bit from an
/// `f64`, and so does every seed: one parser does for all.
fn number(value: &Value) -> Option<f64> {
    let Value::Number(digits) = value else { return None };
    // "1e999" reads as an infinity.
    decimal::read(digits).filter(|number| number.abs() <= f64::from(f32::MAX))
}

/// A whole number from 0 to 2^53 - 1.
fn whole(value: &Value) -> Option<u64> {
    let number = number(value)?;
    (number.fract() == 0.0 && (0.0..=MAX_SEED as f64).contains(&number)).then_some(number as u64)
}

fn whole_u32(value: &Value) -> Option<u32> {
    whole(value)?.try_into().ok()
}

fn real(value: &Value) -> Option<f32> {
    number(value).map(|number| number as f32)
}

/// An object's members, with the place that errors name.
struct Fields<'a> {
    value: &'a Value,
    frame: Option<usize>,
}

impl<'a> Fields<'a> {
    fn some<T>(&self, name: &'static str, value: Option<T>) -> Result<T, FileError> {
        value.ok_or(FileError::Field { frame: self.frame, name })
    }

    fn check<T>(&self, name: &'static str, value: T, fits: bool) -> Result<T, FileError> {
        self.some(name, fits.then_some(value))
    }

    fn member(&self, name: &'static str) -> Result<&'a Value, FileError> {
        self.some(name, self.value.get(name))
    }

    /// A member that is there, but may be `null`.
    fn optional(&self, name: &'static str) -> Result<Option<&'a Value>, FileError> {
        Ok(Some(self.member(name)?).filter(|value| **value != Value::Null))
    }

    fn count(&self, name: &'static str) -> Result<u32, FileError> {
        self.some(name, whole_u32(self.member(name)?))
    }

    fn real(&self, name: &'static str) -> Result<f32, FileError> {
        self.some(name, real(self.member(name)?))
    }

    fn text(&self, name: &'static str) -> Result<&'a str, FileError> {
        self.some(name, self.member(name)?.as_str())
    }

    fn named<T>(
        &self,
        name: &'static str,
        from_name: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FileError> {
        self.some(name, from_name(self.text(name)?))
    }

    fn list(&self, name: &'static str, max_items: usize) -> Result<&'a [Value], FileError> {
        match self.member(name)? {
            Value::Array(items) if items.len() <= max_items => Ok(items),
            _ => self.some(name, None),
        }
    }
}

#[cfg(test)]
mod tests;
