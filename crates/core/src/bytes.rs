//! Reading binary files from the front; what is missing is a typed error.

use crate::error::AssetError;
use alloc::{string::String, vec::Vec};

/// What is left of a file.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], AssetError> {
        let (piece, rest) = self.0.split_at_checked(n).ok_or(AssetError::Truncated)?;
        self.0 = rest;
        Ok(piece)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], AssetError> {
        self.take(N)?.first_chunk().copied().ok_or(AssetError::Truncated)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, AssetError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, AssetError> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number in LEB128.
    pub(crate) fn varint(&mut self) -> Result<u32, AssetError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(AssetError::Inconsistent)
    }

    /// A text behind its length in bytes.
    pub(crate) fn string(&mut self) -> Result<String, AssetError> {
        let len = self.varint()? as usize;
        let text = core::str::from_utf8(self.take(len)?);
        text.map(String::from).map_err(|_| AssetError::Inconsistent)
    }

    /// Items behind their number.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, AssetError>,
    ) -> Result<Vec<T>, AssetError> {
        let len = self.varint()? as usize;
        // Each item has at least one byte: a longer list cannot be in what is left.
        if len > self.0.len() {
            return Err(AssetError::Truncated);
        }
        (0..len).map(|_| item(self)).collect()
    }

    /// `n` floats, all of them finite.
    pub(crate) fn floats(&mut self, n: usize) -> Result<Vec<f32>, AssetError> {
        let (chunks, _) = self.take(4 * n)?.as_chunks();
        let floats: Vec<f32> = chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if floats.iter().all(|v| v.is_finite()) {
            Ok(floats)
        } else {
            Err(AssetError::Inconsistent)
        }
    }
}

/// Appends a number in LEB128.
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
