//! What several fuzz targets need.

use omniguard_core::embed::{Characters, EMBEDDING_DIMS, Entry, TokenTable};
use omniguard_core::hash::fnv1a;

/// `content` with its checksum behind it: without one no file gets past the first check.
pub fn sealed(content: &[u8]) -> Vec<u8> {
    [content, &fnv1a(content).to_le_bytes()].concat()
}

/// The file of a small token table.
pub fn small_table() -> Vec<u8> {
    let pieces = ["##ed", "##s", "a", "all", "file", "ignore", "rule", "the"];
    let entries = pieces.map(|piece| Entry {
        piece: piece.into(),
        values: [piece.len() as i8; EMBEDDING_DIMS],
    });
    TokenTable::encode(&entries, &[0.01; EMBEDDING_DIMS], &Characters::default())
}
