//! The compiled corpus: one file with a header, a checksum and length-prefixed fields.
//!
//! Layout, integers little-endian or LEB128 (`v`): `"OMGC"`, version u16, FNV-1a-64 of the rest,
//! then lists of domains, slots, tools, carriers, families and scenarios, each a `v` count and its items;
//! strings are a `v` byte length and UTF-8.

use super::slots::{Slot, Slots};
use super::{AssetError, Body, Carrier, Family, Param, Part, Scenario, Tool};
use crate::bytes::{Reader, write_varint};
use crate::frame::{Channel, Split, Vector};
use crate::hash::fnv1a;
use alloc::{string::String, vec::Vec};

const MAGIC: &[u8; 4] = b"OMGC";
const VERSION: u16 = 3;
const HEADER_BYTES: usize = 4 + 2 + 8;

/// What a corpus file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Names of the domains.
    pub domains: Vec<String>,
    /// Slot lists.
    pub slots: Slots,
    /// Tools of all domains.
    pub tools: Vec<Tool>,
    /// Documents that carry scenarios.
    pub carriers: Vec<Carrier>,
    /// Families of all domains.
    pub families: Vec<Family>,
    /// Scenarios, grouped by family.
    pub scenarios: Vec<Scenario>,
}

/// Compiles the content into a file.
pub fn encode(content: &Content) -> Vec<u8> {
    let mut out = Writer(Vec::new());
    out.list(&content.domains, |out, domain| out.string(domain));
    out.list(&content.slots.0, |out, slot| {
        out.string(&slot.name);
        out.list(&slot.values, |out, value| out.string(value));
    });
    out.list(&content.tools, |out, tool| {
        out.string(&tool.name);
        out.string(&tool.description);
        out.varint(tool.domain);
        out.list(&tool.params, |out, param| {
            out.string(&param.name);
            out.string(&param.kind);
            out.string(&param.description);
        });
    });
    out.list(&content.carriers, |out, carrier| {
        out.0.push(carrier.channel as u8);
        out.0.push(carrier.split as u8);
        out.string(&carrier.text);
    });
    out.list(&content.families, |out, family| {
        out.string(&family.id);
        out.varint(family.domain);
        out.0.push(family.split as u8);
        out.0.push(family.channel as u8);
        out.0.push(family.vector as u8);
        out.string(&family.technique);
        out.varint(family.tool.map_or(0, |tool| tool + 1));
        out.0.push(u8::from(family.carried));
    });
    out.list(&content.scenarios, |out, scenario| {
        out.varint(scenario.family);
        out.0.push(u8::from(scenario.malicious));
        out.0.push(scenario.body as u8);
        out.0.push(u8::from(scenario.drifts) | u8::from(scenario.splits) << 1);
        out.list(&scenario.parts, |out, (key, part)| {
            out.string(key);
            let (kind, text) = match part {
                Part::Text(text) => (0, text),
                Part::Literal(literal) => (1, literal),
            };
            out.0.push(kind);
            out.string(text);
        });
    });
    let mut file = Vec::with_capacity(HEADER_BYTES + out.0.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_le_bytes());
    file.extend_from_slice(&fnv1a(&out.0).to_le_bytes());
    file.extend_from_slice(&out.0);
    file
}

/// Reads a file; every index in the result is in range, and every scenario has a text.
pub fn decode(file: &[u8]) -> Result<Content, AssetError> {
    if file.get(..4) != Some(MAGIC) {
        return Err(AssetError::NotThisFormat);
    }
    let header = file.get(4..HEADER_BYTES).ok_or(AssetError::Truncated)?;
    let version = u16::from_le_bytes([header[0], header[1]]);
    if version != VERSION {
        return Err(AssetError::UnknownVersion { version });
    }
    let payload = &file[HEADER_BYTES..];
    if header[2..] != fnv1a(payload).to_le_bytes() {
        return Err(AssetError::ChecksumMismatch);
    }
    let mut reader = Reader(payload);
    let content = Content {
        domains: reader.list(Reader::string)?,
        slots: Slots(
            reader.list(|r| Ok(Slot { name: r.string()?, values: r.list(Reader::string)? }))?,
        ),
        tools: reader.list(|r| {
            Ok(Tool {
                name: r.string()?,
                description: r.string()?,
                domain: r.varint()?,
                params: r.list(|r| {
                    Ok(Param { name: r.string()?, kind: r.string()?, description: r.string()? })
                })?,
            })
        })?,
        carriers: reader
            .list(|r| Ok(Carrier { channel: channel(r)?, split: split(r)?, text: r.string()? }))?,
        families: reader.list(family)?,
        scenarios: reader.list(scenario)?,
    };
    let n_domains = content.domains.len();
    let consistent = reader.0.is_empty()
        && !content.scenarios.is_empty()
        && content.tools.iter().all(|tool| (tool.domain as usize) < n_domains)
        && content.families.iter().all(|family| {
            (family.domain as usize) < n_domains
                && family.tool.is_none_or(|tool| (tool as usize) < content.tools.len())
        })
        && content.scenarios.iter().all(|scenario| {
            let has_text = scenario.parts.iter().any(|(_, part)| matches!(part, Part::Text(_)));
            (scenario.family as usize) < content.families.len() && has_text
        });
    if consistent { Ok(content) } else { Err(AssetError::Inconsistent) }
}

fn family(r: &mut Reader) -> Result<Family, AssetError> {
    Ok(Family {
        id: r.string()?,
        domain: r.varint()?,
        split: split(r)?,
        channel: channel(r)?,
        vector: Vector::from_index(r.byte()? as usize).ok_or(AssetError::Inconsistent)?,
        technique: r.string()?,
        tool: r.varint()?.checked_sub(1),
        carried: r.byte()? != 0,
    })
}

fn channel(r: &mut Reader) -> Result<Channel, AssetError> {
    Channel::from_index(r.byte()? as usize).ok_or(AssetError::Inconsistent)
}

fn split(r: &mut Reader) -> Result<Split, AssetError> {
    Split::from_index(r.byte()? as usize).ok_or(AssetError::Inconsistent)
}

fn scenario(r: &mut Reader) -> Result<Scenario, AssetError> {
    let family = r.varint()?;
    let malicious = r.byte()? != 0;
    let body = match r.byte()? {
        0 => Body::Text,
        1 => Body::Items,
        2 => Body::Fields,
        3 => Body::Description,
        _ => return Err(AssetError::Inconsistent),
    };
    let traits = r.byte()?;
    Ok(Scenario {
        family,
        malicious,
        body,
        drifts: traits & 1 != 0,
        splits: traits & 2 != 0,
        parts: r.list(|r| {
            let key = r.string()?;
            let kind = r.byte()?;
            let text = r.string()?;
            Ok((key, if kind == 0 { Part::Text(text) } else { Part::Literal(text) }))
        })?,
    })
}

struct Writer(Vec<u8>);

impl Writer {
    fn varint(&mut self, value: u32) {
        write_varint(&mut self.0, value);
    }

    fn string(&mut self, text: &str) {
        self.varint(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.varint(items.len() as u32);
        for entry in items {
            item(self, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn small() -> Content {
        Content {
            domains: vec!["files".into()],
            slots: Slots(vec![Slot { name: "host".into(), values: vec!["a#".into()] }]),
            tools: vec![Tool {
                name: "read".into(),
                description: "d".into(),
                domain: 0,
                params: vec![Param {
                    name: "p".into(),
                    kind: "string".into(),
                    description: "q".into(),
                }],
            }],
            carriers: vec![Carrier {
                channel: Channel::ToolResult,
                split: Split::Train,
                text: "a {{here}}".into(),
            }],
            families: vec![Family {
                id: "files-x".into(),
                domain: 0,
                split: Split::Test,
                channel: Channel::ToolCall,
                vector: Vector::CommandInjection,
                technique: "t".into(),
                tool: Some(0),
                carried: false,
            }],
            scenarios: vec![Scenario {
                family: 0,
                malicious: true,
                body: Body::Fields,
                drifts: true,
                splits: false,
                parts: vec![
                    ("path".into(), Part::Text("x".into())),
                    ("n".into(), Part::Literal("3".into())),
                ],
            }],
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(decode(&encode(&small())), Ok(small()));
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let file = encode(&small());
        for idx in 0..file.len() {
            let mut damaged = file.clone();
            damaged[idx] ^= 0x55;
            assert!(decode(&damaged).is_err(), "byte {idx}");
            assert!(decode(&file[..idx]).is_err(), "cut at {idx}");
        }
    }

    #[test]
    fn an_index_out_of_range_is_inconsistent() {
        let mut content = small();
        content.scenarios[0].family = 7;
        assert_eq!(decode(&encode(&content)), Err(AssetError::Inconsistent));
    }

    proptest! {
        #[test]
        fn decoding_is_total(bytes: Vec<u8>) {
            // With a valid header, so that the fields are reached.
            let mut file = MAGIC.to_vec();
            file.extend_from_slice(&VERSION.to_le_bytes());
            file.extend_from_slice(&fnv1a(&bytes).to_le_bytes());
            file.extend_from_slice(&bytes);
            let _ = decode(&file);
        }
    }
}
