//! Letters of other scripts that look like ASCII letters (from Unicode's confusables).

/// For each ASCII letter, what the adversary replaces it by. [`fold`] is exact on all of them.
const LOOKALIKES: &[(char, &[char])] = &[
    ('a', &['\u{430}']),
    ('c', &['\u{441}', '\u{3f2}']),
    ('d', &['\u{501}']),
    ('e', &['\u{435}']),
    ('h', &['\u{4bb}']),
    ('i', &['\u{456}']),
    ('j', &['\u{458}', '\u{3f3}']),
    ('l', &['\u{4cf}']),
    ('o', &['\u{43e}', '\u{3bf}']),
    ('p', &['\u{440}']),
    ('q', &['\u{51b}']),
    ('s', &['\u{455}']),
    ('v', &['\u{475}']),
    ('w', &['\u{51d}']),
    ('x', &['\u{445}']),
    ('y', &['\u{443}']),
    ('A', &['\u{410}', '\u{391}']),
    ('B', &['\u{412}', '\u{392}']),
    ('C', &['\u{421}', '\u{3f9}']),
    ('E', &['\u{415}', '\u{395}']),
    ('H', &['\u{41d}', '\u{397}']),
    ('I', &['\u{406}', '\u{399}']),
    ('J', &['\u{408}']),
    ('K', &['\u{41a}', '\u{39a}']),
    ('M', &['\u{41c}', '\u{39c}']),
    ('N', &['\u{39d}']),
    ('O', &['\u{41e}', '\u{39f}']),
    ('P', &['\u{420}', '\u{3a1}']),
    ('S', &['\u{405}']),
    ('T', &['\u{422}', '\u{3a4}']),
    ('X', &['\u{425}', '\u{3a7}']),
    ('Y', &['\u{4ae}', '\u{3a5}']),
    ('Z', &['\u{396}']),
];

/// The look-alikes of an ASCII letter; none for most.
pub fn lookalikes(letter: char) -> &'static [char] {
    LOOKALIKES.iter().find(|(ascii, _)| *ascii == letter).map_or(&[], |(_, list)| list)
}

/// The ASCII letter or digit that a character looks like.
pub fn fold(c: char) -> Option<char> {
    Some(match c {
        '\u{251}' | '\u{430}' | '\u{3b1}' => 'a',

        '\u{441}' | '\u{3f2}' | '\u{1d04}' | '\u{217d}' => 'c',
        '\u{501}' | '\u{217e}' => 'd',
        '\u{435}' | '\u{212e}' => 'e',
        '\u{261}' | '\u{581}' => 'g',
        '\u{4bb}' | '\u{570}' | '\u{210e}' => 'h',
        '\u{456}' | '\u{3b9}' | '\u{269}' | '\u{2170}' => 'i',
        '\u{458}' | '\u{3f3}' => 'j',
        '\u{3ba}' => 'k',
        '\u{4cf}' | '\u{217c}' | '\u{2113}' => 'l',
        '\u{217f}' => 'm',
        '\u{578}' => 'n',
        '\u{43e}' | '\u{3bf}' | '\u{585}' | '\u{1d0f}' => 'o',
        '\u{440}' | '\u{3c1}' => 'p',
        '\u{51b}' | '\u{566}' => 'q',
        '\u{455}' => 's',
        '\u{3c5}' | '\u{57d}' | '\u{1d1c}' => 'u',
        '\u{475}' | '\u{3bd}' | '\u{1d20}' | '\u{2174}' => 'v',
        '\u{51d}' | '\u{461}' | '\u{1d21}' => 'w',
        '\u{445}' | '\u{2179}' => 'x',
        '\u{443}' | '\u{4af}' | '\u{28f}' => 'y',
        '\u{1d22}' => 'z',
        '\u{410}' | '\u{391}' | '\u{13aa}' => 'A',
        '\u{412}' | '\u{392}' | '\u{13f4}' | '\u{212c}' => 'B',
        '\u{421}' | '\u{3f9}' | '\u{13df}' | '\u{216d}' => 'C',
        '\u{13a0}' | '\u{216e}' => 'D',
        '\u{415}' | '\u{395}' | '\u{13ac}' => 'E',
        '\u{3dc}' => 'F',
        '\u{50c}' | '\u{13c0}' => 'G',
        '\u{41d}' | '\u{397}' | '\u{13bb}' => 'H',
        '\u{406}' | '\u{399}' | '\u{4c0}' | '\u{2160}' => 'I',
        '\u{408}' | '\u{37f}' | '\u{13ab}' => 'J',
        '\u{41a}' | '\u{39a}' | '\u{13e6}' | '\u{212a}' => 'K',
        '\u{13de}' | '\u{216c}' => 'L',
        '\u{41c}' | '\u{39c}' | '\u{13b7}' | '\u{216f}' => 'M',
        '\u{39d}' => 'N',
        '\u{41e}' | '\u{39f}' | '\u{555}' => 'O',
        '\u{420}' | '\u{3a1}' | '\u{13e2}' => 'P',
        '\u{51a}' => 'Q',
        '\u{13a1}' => 'R',
        '\u{405}' | '\u{54f}' | '\u{13da}' => 'S',
        '\u{422}' | '\u{3a4}' | '\u{13a2}' => 'T',
        '\u{54d}' => 'U',
        '\u{474}' | '\u{13d9}' | '\u{2164}' => 'V',
        '\u{51c}' | '\u{13b3}' => 'W',
        '\u{425}' | '\u{3a7}' | '\u{2169}' => 'X',
        '\u{4ae}' | '\u{3a5}' => 'Y',
        '\u{396}' | '\u{13c3}' => 'Z',
        // Full-width forms, circled letters, and the styled alphabets of mathematics.
        '\u{ff10}'..='\u{ff19}' => shifted(c, 0xff10, b'0'),
        '\u{ff21}'..='\u{ff3a}' => shifted(c, 0xff21, b'A'),
        '\u{ff41}'..='\u{ff5a}' => shifted(c, 0xff41, b'a'),
        '\u{24b6}'..='\u{24cf}' => shifted(c, 0x24b6, b'A'),
        '\u{24d0}'..='\u{24e9}' => shifted(c, 0x24d0, b'a'),
        '\u{1d400}'..='\u{1d6a3}' => {
            let at = (c as u32 - 0x1d400) % 52;
            let (base, at) = if at < 26 { (b'A', at) } else { (b'a', at - 26) };
            (base + at as u8) as char
        }
        '\u{1d7ce}'..='\u{1d7ff}' => (b'0' + ((c as u32 - 0x1d7ce) % 10) as u8) as char,
        _ => return None,
    })
}

const fn shifted(c: char, from: u32, to: u8) -> char {
    (to + (c as u32 - from) as u8) as char
}

/// Whether a character is a lower-case Greek or phonetic letter that stands alone as a symbol.
pub fn is_symbol(c: char) -> bool {
    matches!(c, '\u{250}'..='\u{2af}' | '\u{3b1}'..='\u{3be}' | '\u{3c0}'..='\u{3f1}'
        | '\u{2100}'..='\u{218f}' | '\u{24b6}'..='\u{24e9}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fold_undoes_every_lookalike() {
        for (ascii, list) in LOOKALIKES {
            for &other in *list {
                assert_eq!(fold(other), Some(*ascii), "{other} U+{:x}", other as u32);
            }
        }
    }

    #[test]
    fn a_fold_is_ascii_and_ascii_is_not_folded() {
        for c in '\0'..=char::MAX {
            if let Some(folded) = fold(c) {
                assert!(folded.is_ascii_alphanumeric() && !c.is_ascii());
            }
        }
    }
}
