//! The token table: for every piece of a vocabulary a vector of eight-bit steps. [`TokenTable::from_bytes`] reads the file that `omniguard distil` writes.
//!
//! ```text
//! magic "OGTT" · version u16 · pieces u32 · 64 scales f32 · characters ([`Characters`])
//! per piece, in byte order: shared prefix u8 · rest u8 · bytes   (continuations begin with "##")
//! 64 values i8 per piece · FNV-1a u64 of it all
//! ```
//! Little-endian. A value times its dimension's scale is the vector's coordinate; how much a piece
//! weighs in a text is part of its length.

use super::{EMBEDDING_DIMS, characters::Characters};
use crate::bytes::Reader;
use crate::error::AssetError;
use crate::hash::{Hasher, fnv1a};
use alloc::{string::String, vec, vec::Vec};
use core::fmt;

const MAGIC: &[u8; 4] = b"OGTT";
const VERSION: u16 = 2;
const CHECKSUM_BYTES: usize = 8;
/// Marks a piece that goes on a word.
const CONTINUATION: &str = "##";

/// Number of a piece: its place in the byte order of the vocabulary.
pub type PieceId = u16;

/// One entry of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The piece; a continuation begins with `##`.
    pub piece: String,
    /// Its vector, in steps of the dimension's scale.
    pub values: [i8; EMBEDDING_DIMS],
}

/// Vocabulary and vectors.
#[derive(Clone, PartialEq)]
pub struct TokenTable {
    scales: [f32; EMBEDDING_DIMS],
    characters: Characters,
    /// All pieces, one behind the other, without their `##`.
    text: String,
    /// Where each piece ends in `text`; its start is the end of the one before.
    ends: Vec<u32>,
    /// The first piece that begins a word: continuations come first or last, never between.
    continuations: (u32, u32),
    rows: Vec<[i8; EMBEDDING_DIMS]>,
    /// Open addressing: piece number + 1, 0 for a free slot.
    slots: Vec<u32>,
    longest_piece: usize,
    checksum: u64,
}

impl fmt::Debug for TokenTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenTable").field("n_pieces", &self.ends.len()).finish_non_exhaustive()
    }
}

impl TokenTable {
    /// Reads a table file.
    pub fn from_bytes(file: &[u8]) -> Result<Self, AssetError> {
        let mut reader = Reader(file);
        if file.get(..4) != Some(MAGIC) {
            return Err(AssetError::NotThisFormat);
        }
        reader.take(4)?;
        let version = u16::from_le_bytes(reader.array()?);
        if version != VERSION {
            return Err(AssetError::UnknownVersion { version });
        }
        let end = file.len().checked_sub(CHECKSUM_BYTES).ok_or(AssetError::Truncated)?;
        let (content, checksum) = file.split_at(end);
        let found = fnv1a(content);
        if checksum != found.to_le_bytes() {
            return Err(AssetError::ChecksumMismatch);
        }
        let n = reader.u32()? as usize;
        if n > PieceId::MAX as usize {
            return Err(AssetError::Inconsistent);
        }
        let mut scales = [0.0; EMBEDDING_DIMS];
        for scale in &mut scales {
            *scale = f32::from_le_bytes(reader.array()?);
            if !scale.is_finite() {
                return Err(AssetError::Inconsistent);
            }
        }
        let (characters, rest) = Characters::read(reader.0)?;
        reader.0 = rest;
        let mut table = Self {
            scales,
            characters,
            text: String::new(),
            ends: Vec::with_capacity(n),
            continuations: (0, 0),
            rows: Vec::new(),
            slots: vec![0; (2 * n).next_power_of_two().max(2)],
            longest_piece: 0,
            checksum: found,
        };
        table.read_pieces(&mut reader, n)?;
        let (rows, _) = reader.take(n * EMBEDDING_DIMS)?.as_chunks::<EMBEDDING_DIMS>();
        table.rows = rows.iter().map(|row| row.map(u8::cast_signed)).collect();
        if reader.0.len() == CHECKSUM_BYTES { Ok(table) } else { Err(AssetError::Inconsistent) }
    }

    fn read_pieces(&mut self, reader: &mut Reader<'_>, n: usize) -> Result<(), AssetError> {
        let mut last: Vec<u8> = Vec::new();
        for number in 0..n {
            let [shared, rest] = reader.array::<2>()?.map(usize::from);
            if shared > last.len() {
                return Err(AssetError::Inconsistent);
            }
            let before = last.clone();
            last.truncate(shared);
            last.extend_from_slice(reader.take(rest)?);
            if number > 0 && last <= before {
                return Err(AssetError::Inconsistent);
            }
            let piece = core::str::from_utf8(&last).map_err(|_| AssetError::Inconsistent)?;
            let body = piece.strip_prefix(CONTINUATION).filter(|body| !body.is_empty());
            self.longest_piece = self.longest_piece.max(piece.len());
            if body.is_some() {
                if self.continuations.1 == 0 {
                    self.continuations.0 = number as u32;
                }
                self.continuations.1 = number as u32 + 1;
            }
            self.text.push_str(body.unwrap_or(piece));
            self.ends.push(self.text.len() as u32);
            let hash = fnv1a(body.unwrap_or(piece).as_bytes());
            let mut slot = self.slot(hash, body.is_some());
            while self.slots[slot] != 0 {
                slot = (slot + 1) % self.slots.len();
            }
            self.slots[slot] = number as u32 + 1;
        }
        Ok(())
    }

    /// Writes a table file; `entries` in the byte order of their pieces.
    pub fn encode(
        entries: &[Entry],
        scales: &[f32; EMBEDDING_DIMS],
        characters: &Characters,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(entries.len() * (EMBEDDING_DIMS + 8) + 512);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
        out.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        characters.write(&mut out);
        let mut last: &[u8] = &[];
        for entry in entries {
            let bytes = entry.piece.as_bytes();
            let shared = last.iter().zip(bytes).take_while(|(a, b)| a == b).count().min(255);
            let rest = bytes.get(shared..).unwrap_or(&[]);
            out.extend([shared as u8, rest.len() as u8]);
            out.extend_from_slice(rest);
            last = bytes;
        }
        out.extend(entries.iter().flat_map(|entry| entry.values.map(i8::cast_unsigned)));
        out.extend_from_slice(&fnv1a(&out).to_le_bytes());
        out
    }

    /// Number of pieces.
    pub fn n_pieces(&self) -> usize {
        self.ends.len()
    }

    /// FNV-1a of the file.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Properties of characters.
    pub fn characters(&self) -> &Characters {
        &self.characters
    }

    /// The piece with this text; `goes_on` asks for one that continues a word.
    pub fn find(&self, piece: &str, goes_on: bool) -> Option<PieceId> {
        self.find_hashed(piece, goes_on, fnv1a(piece.as_bytes()))
    }

    /// The longest piece that `text` begins with, and its length in bytes.
    ///
    /// One pass: the hash of each beginning comes from the one before it, so that a word which the
    /// vocabulary spells in many pieces is not hashed once for every end it could have.
    pub(super) fn longest(&self, text: &str, goes_on: bool) -> Option<(PieceId, usize)> {
        let mut hasher = Hasher::default();
        let mut longest = None;
        let mut end = 0;
        for c in text.chars() {
            let begin = end;
            end += c.len_utf8();
            if end > self.longest_piece {
                break;
            }
            hasher.bytes(text.as_bytes().get(begin..end)?);
            if let Some(id) = self.find_hashed(text.get(..end)?, goes_on, hasher.finish()) {
                longest = Some((id, end));
            }
        }
        longest
    }

    fn find_hashed(&self, piece: &str, goes_on: bool, hash: u64) -> Option<PieceId> {
        let mut slot = self.slot(hash, goes_on);
        loop {
            let number = self.slots.get(slot)?.checked_sub(1)?;
            if self.body(number) == piece && self.goes_on(number) == goes_on {
                return Some(number as PieceId);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// The piece as the vocabulary writes it.
    pub fn piece(&self, id: PieceId) -> String {
        let number = u32::from(id);
        let mut piece = String::from(if self.goes_on(number) { CONTINUATION } else { "" });
        piece.push_str(self.body(number));
        piece
    }

    /// Adds the vector of a piece, in steps.
    #[inline]
    pub(super) fn add(&self, id: PieceId, sum: &mut [i32; EMBEDDING_DIMS]) {
        if let Some(row) = self.rows.get(usize::from(id)) {
            for (slot, value) in sum.iter_mut().zip(row) {
                *slot += i32::from(*value);
            }
        }
    }

    /// Size of a step in each dimension.
    pub(super) fn scales(&self) -> &[f32; EMBEDDING_DIMS] {
        &self.scales
    }

    fn body(&self, number: u32) -> &str {
        let number = number as usize;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(number).copied().unwrap_or(0);
        self.text.get(start.unwrap_or(0) as usize..end as usize).unwrap_or("")
    }

    fn goes_on(&self, number: u32) -> bool {
        // "##" sorts as one run of the vocabulary.
        (self.continuations.0..self.continuations.1).contains(&number)
    }

    fn slot(&self, hash: u64, goes_on: bool) -> usize {
        let hash = hash ^ if goes_on { 0x9e37_79b9 } else { 0 };
        // The upper half is the better mixed one.
        (hash ^ hash >> 32) as usize & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(piece: &str, value: i8) -> Entry {
        Entry { piece: piece.into(), values: [value; EMBEDDING_DIMS] }
    }

    fn small() -> Vec<u8> {
        let pieces = ["#", "##ing", "##s", "run", "runner"];
        let entries: Vec<_> = pieces.iter().zip(1..).map(|(piece, n)| entry(piece, n)).collect();
        TokenTable::encode(&entries, &[0.5; EMBEDDING_DIMS], &Characters::default())
    }

    #[test]
    fn pieces_are_found_by_text_and_place() {
        let table = TokenTable::from_bytes(&small()).unwrap();
        assert_eq!(table.n_pieces(), 5);
        assert_eq!(table.find("s", true), Some(2));
        assert_eq!(table.find("s", false), None);
        assert_eq!(table.find("#", false), Some(0));
        assert_eq!(table.find("run", true), None);
        assert_eq!(table.longest("runners", false), table.find("runner", false).map(|id| (id, 6)));
        assert_eq!(table.longest("ings", true).map(|(_, end)| end), Some(3));
        assert_eq!(table.longest("é", true), None);
        let id = table.find("runner", false).unwrap();
        assert_eq!(table.piece(id), "runner");
        assert_eq!(table.piece(1), "##ing");
        let mut sum = [0; EMBEDDING_DIMS];
        table.add(id, &mut sum);
        table.add(1, &mut sum);
        assert_eq!(sum, [7; EMBEDDING_DIMS]);
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let file = small();
        for idx in 0..file.len() {
            let mut damaged = file.clone();
            damaged[idx] ^= 0x55;
            assert!(TokenTable::from_bytes(&damaged).is_err(), "byte {idx}");
            assert!(TokenTable::from_bytes(&file[..idx]).is_err(), "cut at {idx}");
        }
    }

    #[test]
    fn pieces_out_of_order_are_refused() {
        let file = {
            let entries = [entry("b", 1), entry("a", 2)];
            TokenTable::encode(&entries, &[1.0; EMBEDDING_DIMS], &Characters::default())
        };
        assert_eq!(TokenTable::from_bytes(&file), Err(AssetError::Inconsistent));
    }

    proptest! {
        #[test]
        fn reading_is_total(bytes: Vec<u8>) {
            // With a valid frame, so that the fields are reached.
            let mut file = MAGIC.to_vec();
            file.extend_from_slice(&VERSION.to_le_bytes());
            file.extend_from_slice(&bytes);
            file.extend_from_slice(&fnv1a(&file).to_le_bytes());
            let _ = TokenTable::from_bytes(&file);
        }
    }
}
