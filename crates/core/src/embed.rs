//! Sentence vectors: [`embed`] gives 64 floats of unit length.
//!
//! The vectors are static: a table holds one for every word piece, distilled from the sentence
//! encoder all-MiniLM-L6-v2 (`omniguard distil`), with the weight of the piece in its length; a
//! text is their sum. Sums are taken in whole steps, so they are the same to the bit whatever the
//! order.

mod characters;
mod table;
pub mod wordpiece;

pub use characters::Characters;
pub use table::{Entry, PieceId, TokenTable};

use crate::math;

/// Length of an embedding.
pub const EMBEDDING_DIMS: usize = 64;

/// A running sum of piece vectors.
#[derive(Debug, Clone)]
pub struct Accumulator {
    sum: [i32; EMBEDDING_DIMS],
}

impl Default for Accumulator {
    fn default() -> Self {
        Self { sum: [0; EMBEDDING_DIMS] }
    }
}

impl Accumulator {
    /// Adds a piece.
    #[inline]
    pub fn add(&mut self, table: &TokenTable, id: PieceId) {
        table.add(id, &mut self.sum);
    }

    /// The sum, scaled to unit length; zero when nothing was added.
    pub fn finish(&self, table: &TokenTable) -> [f32; EMBEDDING_DIMS] {
        let mut vector = [0.0f32; EMBEDDING_DIMS];
        for ((slot, sum), scale) in vector.iter_mut().zip(&self.sum).zip(table.scales()) {
            *slot = *sum as f32 * scale;
        }
        let norm = math::sqrt(vector.iter().map(|v| v * v).sum());
        if norm > 0.0 {
            for value in &mut vector {
                *value /= norm;
            }
        }
        vector
    }
}

/// The vector of a text: unit length, zero for a text without known pieces.
pub fn embed(table: &TokenTable, text: &str) -> [f32; EMBEDDING_DIMS] {
    let mut sum = Accumulator::default();
    wordpiece::each_piece(table, text, |piece| {
        if let Some(id) = piece {
            sum.add(table, id);
        }
    });
    sum.finish(table)
}

/// The committed table.
#[cfg(test)]
pub(crate) fn test_table() -> alloc::sync::Arc<TokenTable> {
    extern crate std;
    static TABLE: std::sync::OnceLock<alloc::sync::Arc<TokenTable>> = std::sync::OnceLock::new();
    let read = || {
        let file = include_bytes!("../../../public/tokens.bin");
        alloc::sync::Arc::new(TokenTable::from_bytes(file).expect("the committed table loads"))
    };
    TABLE.get_or_init(read).clone()
}
