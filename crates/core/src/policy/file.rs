//! The weights file: header, quantised tables, floats, checksum.
//!
//! ```text
//! magic "OGPW" · format u16 · features u32 · 12 shapes u32 · families u8 · run id (u8 length, bytes)
//! 8 belief temperatures f32 · a scale f32 per row · rows i8 · dense f32 · FNV-1a u64 of it all
//! ```
//! Little-endian. Anything else is refused with a typed error.

use super::{
    Policy,
    network::{
        ANSWER_HIDDEN, ANSWER_INPUTS, FRAME_HIDDEN, HIDDEN, N_BELIEFS, N_DENSE_PARAMETERS, N_ROWS,
        N_TABLE_PARAMETERS, ROW,
    },
};
use crate::{
    bytes::Reader,
    detect::N_DETECTORS,
    embed::TokenTable,
    error::AssetError,
    features::{
        CONTEXT_DIMS, FEATURE_VERSION, FRAME_DIMS, Families, N_BUCKETS, N_GRAM_KINDS, SEGMENT_DIMS,
    },
    hash::fnv1a,
};
use alloc::{string::String, sync::Arc, vec::Vec};

const MAGIC: &[u8; 4] = b"OGPW";
const FORMAT_VERSION: u16 = 2;
/// Longest run id, in bytes.
pub(super) const MAX_RUN_ID: usize = 64;
const SHAPES: [usize; 12] = [
    N_BELIEFS,
    ANSWER_INPUTS,
    ANSWER_HIDDEN,
    N_GRAM_KINDS,
    N_BUCKETS,
    ROW,
    HIDDEN,
    FRAME_HIDDEN,
    N_DETECTORS,
    SEGMENT_DIMS,
    FRAME_DIMS,
    CONTEXT_DIMS,
];
const CHECKSUM_BYTES: usize = 8;

pub(super) fn write(policy: &Policy) -> Vec<u8> {
    let mut out = Vec::with_capacity(
        256 + policy.rows.len() + 4 * (policy.scales.len() + policy.dense.len()),
    );
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&FEATURE_VERSION.to_le_bytes());
    for shape in SHAPES {
        out.extend_from_slice(&(shape as u32).to_le_bytes());
    }
    out.push(policy.families.bits());
    // `Policy` never holds a longer one.
    out.push(policy.run_id.len().min(MAX_RUN_ID) as u8);
    out.extend(policy.run_id.bytes().take(MAX_RUN_ID));
    let floats = policy.temperatures.iter().chain(&policy.scales);
    out.extend(floats.flat_map(|v| v.to_le_bytes()));
    out.extend(policy.rows.as_flattened().iter().map(|v| v.cast_unsigned()));
    out.extend(policy.dense.iter().flat_map(|v| v.to_le_bytes()));
    out.extend_from_slice(&fnv1a(&out).to_le_bytes());
    out
}

pub(super) fn read(bytes: &[u8], table: Arc<TokenTable>) -> Result<Policy, AssetError> {
    let mut reader = Reader(bytes);
    if !bytes.starts_with(MAGIC) {
        return Err(AssetError::NotThisFormat);
    }
    reader.take(MAGIC.len())?;
    let version = u16::from_le_bytes(reader.array()?);
    if version != FORMAT_VERSION {
        return Err(AssetError::UnknownVersion { version });
    }
    let found = reader.u32()?;
    let shapes = reader.take(4 * SHAPES.len())?;
    let families = Families::from_bits(reader.byte()?);
    let run_id_len = usize::from(reader.byte()?);
    let run_id = reader.take(run_id_len)?;
    let n_rows = N_ROWS;
    let body = 4 * (N_BELIEFS + n_rows + N_DENSE_PARAMETERS) + N_TABLE_PARAMETERS;
    if reader.0.len() < body + CHECKSUM_BYTES {
        return Err(AssetError::Truncated);
    }
    if reader.0.len() > body + CHECKSUM_BYTES {
        return Err(AssetError::Inconsistent);
    }
    // The checksum first: a flipped bit is no other version's layout.
    let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    if checksum != fnv1a(content).to_le_bytes() {
        return Err(AssetError::ChecksumMismatch);
    }
    if found != FEATURE_VERSION {
        return Err(AssetError::FeatureVersion { found, expected: FEATURE_VERSION });
    }
    let same_shapes =
        shapes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b) as usize).eq(SHAPES);
    let run_id = String::from_utf8(run_id.into()).map_err(|_| AssetError::Inconsistent)?;
    let families = families.ok_or(AssetError::Inconsistent)?;
    if !same_shapes || run_id.len() > MAX_RUN_ID {
        return Err(AssetError::Inconsistent);
    }
    let temperatures = reader.floats(N_BELIEFS)?;
    let temperatures = *temperatures.first_chunk().ok_or(AssetError::Truncated)?;
    if temperatures.iter().any(|t| *t <= 0.0) {
        return Err(AssetError::Inconsistent);
    }
    let scales = reader.floats(n_rows)?;
    let (rows, _) = reader.take(N_TABLE_PARAMETERS)?.as_chunks::<ROW>();
    let rows = rows.iter().map(|row| row.map(u8::cast_signed)).collect();
    let dense = reader.floats(N_DENSE_PARAMETERS)?;
    Ok(Policy { rows, scales, dense, temperatures, families, run_id, table })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::test_table;

    #[test]
    fn files_round_trip_and_fit() {
        let policy = Policy::untrained(3, test_table());
        let bytes = policy.to_bytes();
        assert!(bytes.len() <= 1_500_000, "{}", bytes.len());
        assert_eq!(Policy::from_bytes(&bytes, test_table()).as_ref(), Ok(&policy));
        assert_eq!(policy.run_id(), "untrained-3");
    }

    #[test]
    fn a_flipped_bit_anywhere_is_refused() {
        let bytes = Policy::untrained(3, test_table()).to_bytes();
        let step = bytes.len() / 61;
        let header = 0..64;
        let tail = bytes.len() - 16..bytes.len();
        for at in header.chain((64..bytes.len()).step_by(step)).chain(tail) {
            let mut broken = bytes.clone();
            broken[at] ^= 0x10;
            assert!(Policy::from_bytes(&broken, test_table()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn refusals_are_typed() {
        let bytes = Policy::untrained(3, test_table()).to_bytes();
        let with = |at: usize, byte: u8| {
            let mut broken = bytes.clone();
            broken[at] = byte;
            let end = broken.len() - CHECKSUM_BYTES;
            let checksum = fnv1a(&broken[..end]).to_le_bytes();
            broken[end..].copy_from_slice(&checksum);
            Policy::from_bytes(&broken, test_table()).unwrap_err()
        };
        assert_eq!(Policy::from_bytes(b"", test_table()).unwrap_err(), AssetError::NotThisFormat);
        assert_eq!(Policy::from_bytes(b"OGPW", test_table()).unwrap_err(), AssetError::Truncated);
        assert_eq!(with(0, b'X'), AssetError::NotThisFormat);
        assert_eq!(with(4, 9), AssetError::UnknownVersion { version: 9 });
        let expected = FEATURE_VERSION;
        assert_eq!(with(6, 99), AssetError::FeatureVersion { found: 99, expected });
        assert_eq!(with(10, 1), AssetError::Inconsistent, "a shape");
        let half = &bytes[..bytes.len() / 2];
        assert_eq!(Policy::from_bytes(half, test_table()).unwrap_err(), AssetError::Truncated);
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(
            Policy::from_bytes(&longer, test_table()).unwrap_err(),
            AssetError::Inconsistent
        );
        let mut flipped = bytes.clone();
        flipped[5_000] ^= 1;
        assert_eq!(
            Policy::from_bytes(&flipped, test_table()).unwrap_err(),
            AssetError::ChecksumMismatch
        );
        // A number that is none, in the first scale.
        let header = 4 + 2 + 4 + 4 * SHAPES.len() + 1 + 1 + "untrained-3".len();
        let scale = header + 4 * N_BELIEFS + 3;
        let mut strange = bytes.clone();
        strange[scale - 1..=scale].copy_from_slice(&[0xc0, 0x7f]);
        let end = strange.len() - CHECKSUM_BYTES;
        let checksum = fnv1a(&strange[..end]).to_le_bytes();
        strange[end..].copy_from_slice(&checksum);
        assert_eq!(
            Policy::from_bytes(&strange, test_table()).unwrap_err(),
            AssetError::Inconsistent
        );
    }
}
