//! Carriers: an attack is usually a paragraph somewhere in a long harmless document.
//!
//! Which carrier, and where in it, follows from the slot seed, so a campaign keeps its document.
//! Attacks and benign texts are carried alike.

use super::{Layer, format::Content};
use crate::frame::{Channel, N_CHANNELS, Split};
use crate::json;
use crate::rng::Rng;
use alloc::{string::String, vec::Vec};

/// Marks a place in a carrier where a text may stand.
pub const PLACE: &str = "{{here}}";
/// Places of a carrier: near its start, its middle and its end.
pub const N_PLACES: usize = 3;
/// Stream of the carrier's draws below the slot seed.
const STREAM: u64 = 0x6361_7272_6965_7201;
/// How often a text that could also stand alone is carried.
const SHARE: f32 = 0.4;
/// Longest such text, in bytes of its template.
pub(super) const MAX_TEXT_BYTES: usize = 700;

/// Whether a scenario's text stands in a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// It stands alone.
    Never,
    /// Now and then.
    Sometimes,
    /// It is a paragraph and never stands alone.
    Always,
}

/// A carrier and how long it can become, in bytes of escaped JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sized {
    pub(super) n_bytes: u32,
    idx: u32,
}

/// Carriers that can be drawn for a split, by channel, short ones first.
#[derive(Debug, Clone, Default)]
pub(super) struct CarrierIndex([Vec<Sized>; N_CHANNELS]);

impl CarrierIndex {
    pub(super) fn build(content: &Content, split: Split) -> Self {
        let mut index = Self::default();
        for (carrier, idx) in content.carriers.iter().zip(0..) {
            if carrier.split == split {
                let n_bytes = content.slots.max_len(&carrier.text) as u32;
                index.0[carrier.channel.index()].push(Sized { n_bytes, idx });
            }
        }
        for of_channel in &mut index.0 {
            of_channel.sort_by_key(|carrier| (carrier.n_bytes, carrier.idx));
        }
        index
    }

    /// Those of a channel that take at most `n_bytes`.
    pub(super) fn within(&self, channel: Channel, n_bytes: u32) -> &[Sized] {
        let all = &self.0[channel.index()];
        &all[..all.partition_point(|carrier| carrier.n_bytes <= n_bytes)]
    }
}

impl Layer {
    /// The text with `payload` where its scenario's text stands: in a carrier, if the slot seed
    /// says so.
    pub(crate) fn carry(&self, scenario: u32, slot_seed: u64, payload: String) -> String {
        let facts = self.facts(scenario);
        let mut rng = Rng::new(slot_seed).fork(STREAM);
        let carried = match facts.carried {
            Carried::Never => false,
            Carried::Sometimes => rng.chance(SHARE),
            Carried::Always => true,
        };
        let split = self.family(scenario).split;
        let carriers = self.carriers[split.index()].within(facts.channel, facts.room_bytes);
        let Some(&carrier) = rng.pick(carriers).filter(|_| carried) else { return payload };
        let place = rng.below(N_PLACES as u32) as usize;
        let text =
            self.content.carriers.get(carrier.idx as usize).map_or("", |carrier| &carrier.text);
        put(&self.slots().fill(text, slot_seed), place, &payload)
    }
}

/// Puts `payload` into one place of a carrier; the lines of the other places vanish. Behind a
/// quotation mark it is escaped, so that a JSON document stays one.
pub fn put(carrier: &str, place: usize, payload: &str) -> String {
    let mut out = String::with_capacity(carrier.len() + payload.len());
    let mut seen = 0;
    for line in carrier.split_inclusive('\n') {
        let Some((before, after)) = line.split_once(PLACE) else {
            out.push_str(line);
            continue;
        };
        if seen == place {
            out.push_str(before);
            if before.ends_with('"') {
                json::escape_into(&mut out, payload, false);
            } else {
                out.push_str(payload);
            }
            out.push_str(after);
        }
        seen += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_is_filled_and_the_lines_of_the_others_vanish() {
        let carrier = "first\n> {{here}}\nsecond\n{{here}}\n  \"note\": \"{{here}}\",\nlast";
        assert_eq!(put(carrier, 0, "x"), "first\n> x\nsecond\nlast");
        assert_eq!(put(carrier, 1, "x"), "first\nsecond\nx\nlast");
        assert_eq!(put(carrier, 2, "a\"b"), "first\nsecond\n  \"note\": \"a\\\"b\",\nlast");
    }
}
