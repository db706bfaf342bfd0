//! Texts with what is known of them without rendering: the written ones, or those of a feed.

use super::carrier::{self, Carried, CarrierIndex};
use super::{Body, Family, Part, Scenario, ScenarioFacts, Tool, format, slots::Slots};
use crate::frame::{Channel, MAX_FRAME_BYTES, Split, Vector};
use crate::tool_request;
use alloc::vec::Vec;

/// Most other tools of a server that a list shows beside the one in question.
const MAX_SIBLINGS: u32 = 3;
/// Room that is left for mutations to grow a payload, in payloads: hexadecimal takes as much.
const MUTATION_ROOM: u32 = 2;

/// Scenarios that refer to each other by index, and to nothing outside.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(super) content: format::Content,
    pub(super) facts: Vec<ScenarioFacts>,
    pub(super) carriers: [CarrierIndex; 3],
}

impl Layer {
    /// Of content that was decoded: its indices are in range, and it is not empty.
    pub(super) fn new(content: format::Content) -> Self {
        const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];
        let carriers = SPLITS.map(|split| CarrierIndex::build(&content, split));
        let facts = content
            .scenarios
            .iter()
            .map(|scenario| facts_of(&content, &carriers, scenario))
            .collect();
        Self { content, facts, carriers }
    }

    #[inline]
    pub(super) fn n_scenarios(&self) -> u32 {
        self.facts.len() as u32
    }

    #[inline]
    pub(crate) fn facts(&self, scenario: u32) -> &ScenarioFacts {
        self.facts.get(scenario as usize).unwrap_or(&self.facts[0])
    }

    pub(crate) fn scenario(&self, scenario: u32) -> Option<&Scenario> {
        self.content.scenarios.get(scenario as usize)
    }

    pub(crate) fn family(&self, scenario: u32) -> &Family {
        &self.content.families[self.facts(scenario).family as usize]
    }

    pub(super) fn domain(&self, scenario: u32) -> &str {
        let domain = self.family(scenario).domain as usize;
        self.content.domains.get(domain).map_or("", |name| name)
    }

    pub(crate) fn tools(&self) -> &[Tool] {
        &self.content.tools
    }

    pub(crate) fn tool_name(&self, tool: u32) -> &str {
        self.content.tools.get(tool as usize).map_or("", |tool| &tool.name)
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.content.slots
    }
}

/// What `carried` is for a scenario.
fn carried(family: &Family, scenario: &Scenario) -> Carried {
    let (Body::Text | Body::Description, [(_, Part::Text(text))]) =
        (scenario.body, scenario.parts.as_slice())
    else {
        return Carried::Never;
    };
    // A whole description speaks of its own tool and stands alone.
    let may_stand_in_another = matches!(family.channel, Channel::ToolResult | Channel::UserPrompt);
    if family.carried {
        Carried::Always
    } else if may_stand_in_another && text.len() <= carrier::MAX_TEXT_BYTES {
        Carried::Sometimes
    } else {
        Carried::Never
    }
}

fn facts_of(
    content: &format::Content,
    carriers: &[CarrierIndex; 3],
    scenario: &Scenario,
) -> ScenarioFacts {
    let family = &content.families[scenario.family as usize];
    let named_tool = family
        .tool
        .filter(|_| matches!(family.channel, Channel::ToolCall | Channel::ToolDescription));
    let capability =
        named_tool.map(|tool| tool_request::capability_of(&content.tools[tool as usize].name));
    let (mut envelope_bytes, payload_bytes) = size_bounds(content, family, scenario);
    let taken = envelope_bytes + MUTATION_ROOM * payload_bytes;
    let room_bytes = (MAX_FRAME_BYTES as u32).saturating_sub(taken);
    let carriers = carriers[family.split.index()].within(family.channel, room_bytes);
    let mut carried = carried(family, scenario);
    let mut left_bytes = room_bytes;
    match carriers.last() {
        Some(longest) if carried != Carried::Never => left_bytes -= longest.n_bytes,
        _ => carried = Carried::Never,
    }
    // Other tools take what the longest carrier leaves.
    let described = family.tool.filter(|_| family.channel == Channel::ToolDescription);
    let n_siblings = described.map_or(0, |tool| {
        let largest = largest_sibling(content, &content.tools[tool as usize]).max(1);
        let n_siblings = (left_bytes / largest).min(MAX_SIBLINGS);
        left_bytes -= n_siblings * largest;
        n_siblings
    });
    envelope_bytes += room_bytes - left_bytes;
    ScenarioFacts {
        family: scenario.family,
        channel: family.channel,
        vector: if scenario.malicious { family.vector } else { Vector::Benign },
        named_tool,
        capability,
        drifts: scenario.drifts,
        splits: scenario.splits,
        carried,
        room_bytes,
        n_siblings,
        envelope_bytes,
        payload_bytes,
    }
}

/// Bounds for any style: everything escaped to ASCII, four spaces of indentation.
fn size_bounds(content: &format::Content, family: &Family, scenario: &Scenario) -> (u32, u32) {
    let text_bytes = |text: &str| content.slots.max_len(text) as u32;
    let mut envelope = 320;
    let mut payload = 0;
    for (key, part) in &scenario.parts {
        envelope += 64 + key.len() as u32;
        match part {
            Part::Text(text) => payload += text_bytes(text),
            Part::Literal(literal) => envelope += literal.len() as u32,
        }
    }
    if let Some(tool) = family.tool.and_then(|tool| content.tools.get(tool as usize)) {
        envelope += tool.name.len() as u32;
        if family.channel == Channel::ToolDescription {
            for param in &tool.params {
                envelope += 192 + 2 * param.name.len() as u32;
                payload += text_bytes(&param.description);
            }
        }
    }
    (envelope, payload)
}

/// Bytes of the largest entry among the other tools of a tool's server.
fn largest_sibling(content: &format::Content, tool: &Tool) -> u32 {
    let others = content.tools.iter().filter(|other| other.domain == tool.domain);
    others.map(|other| entry_bytes(content, other)).max().unwrap_or(0)
}

fn entry_bytes(content: &format::Content, tool: &Tool) -> u32 {
    let text_bytes = |text: &str| content.slots.max_len(text) as u32;
    let params = tool
        .params
        .iter()
        .map(|param| 224 + 2 * param.name.len() as u32 + text_bytes(&param.description));
    384 + tool.name.len() as u32 + text_bytes(&tool.description) + params.sum::<u32>()
}
