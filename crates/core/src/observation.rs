//! What an agent sees: text, time and its own past. Never the truth of the frame in hand.

use crate::curriculum::Phase;
use crate::decode::{Decoded, decode};
use crate::detect;
use crate::embed::{EMBEDDING_DIMS, embed};
use crate::environment::Environment;
use crate::frame::Channel;
use crate::history::Decision;
use crate::tool_request::{self, ToolRequest};
use alloc::{string::String, vec::Vec};

/// An observation; every field is a function of what a gateway could see and of the agent's past.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Position of the frame in its episode; after the end, of the last one.
    pub step_id: u32,
    /// Where the frame was seen; `None` after the end.
    pub channel: Option<Channel>,
    /// The frame's text.
    pub payload_raw: String,
    /// What the decoder makes of the text.
    pub payload_normalized: String,
    /// Embedding of the decoded text, of unit length; zero for a text without tokens.
    pub embedding: [f32; EMBEDDING_DIMS],
    /// The tool request that the frame holds.
    pub tool_request: Option<ToolRequest>,
    /// Ticks left in the latency budget; negative once overrun.
    pub latency_budget_remaining: i32,
    /// The phase of the curriculum.
    pub phase: Phase,
    /// The agent's last decisions, newest first.
    pub memory_trace: Vec<Decision>,
    /// Names of the text detectors that fired.
    pub anomaly_hints: Vec<&'static str>,
    /// Mean score of this environment's finished episodes.
    pub mean_score: Option<f32>,
    /// Frames that are still to be answered.
    pub frames_left: u32,
}

/// What is made of the frame's text: all of it costs more than a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Whether the text is rendered at all; the others need it.
    pub text: bool,
    /// Whether it is decoded.
    pub normalized: bool,
    /// Whether it is embedded.
    pub embedding: bool,
    /// Whether a tool request is looked for.
    pub tool_request: bool,
    /// Whether detectors look at it.
    pub hints: bool,
}

impl Reading {
    /// Everything.
    pub const FULL: Self =
        Self { text: true, normalized: true, embedding: true, tool_request: true, hints: true };
}

impl Environment {
    /// Renders the frame in hand and describes it.
    pub fn observe(&self) -> Observation {
        self.observe_as(Reading::FULL)
    }

    /// The same, with what is not asked for left empty.
    pub fn observe_as(&self, reading: Reading) -> Observation {
        let payload_raw = if reading.text { self.frame_text() } else { String::new() };
        let decodes = reading.normalized || reading.embedding || reading.hints;
        let decoded = if decodes { decode(&payload_raw) } else { Decoded::default() };
        let ended = u32::from(self.episode_over());
        Observation {
            step_id: self.step_idx().saturating_sub(ended),
            channel: self.channel(),
            embedding: if reading.embedding {
                embed(self.corpus().table(), &decoded.text)
            } else {
                [0.0; EMBEDDING_DIMS]
            },
            tool_request: if reading.tool_request {
                tool_request::parse(&payload_raw)
            } else {
                None
            },
            anomaly_hints: if reading.hints {
                detect::hints(&payload_raw, &decoded)
            } else {
                Vec::new()
            },
            payload_normalized: decoded.text,
            payload_raw,
            latency_budget_remaining: self.ticks_left(),
            phase: self.phase(),
            memory_trace: self.judge().history().newest_first().copied().collect(),
            mean_score: self.metrics().mean_score(),
            frames_left: self.frames_left(),
        }
    }
}
