//! Token tables: as they come, and with header and checksum set right; a table that loads cuts any
//! text into pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omniguard_core::embed::{TokenTable, embed, wordpiece::each_piece};
use omniguard_fuzz::{sealed, small_table};

fuzz_target!(|data: &[u8]| {
    let _ = TokenTable::from_bytes(data);
    let good = small_table();
    // The number of pieces, the scales, then what the pieces are.
    let header = &good[..6];
    let (n_pieces, rest) = data.split_at_checked(1).unwrap_or((&[], data));
    let n_pieces = u32::from(n_pieces.first().copied().unwrap_or(0));
    let scales = &good[10..10 + 4 * 64];
    let content = [header, &n_pieces.to_le_bytes(), scales, rest].concat();
    // Vectors are long and say little: they are filled up.
    let padded = [&content[..], &vec![7; 65 * n_pieces as usize]].concat();
    for content in [&content, &padded] {
        let Ok(table) = TokenTable::from_bytes(&sealed(content)) else { continue };
        let text = String::from_utf8_lossy(data);
        each_piece(&table, &text, |id| {
            if let Some(id) = id {
                assert!(usize::from(id) < table.n_pieces());
                let _ = table.piece(id);
            }
        });
        assert!(embed(&table, &text).iter().all(|value| value.is_finite()));
    }
});
