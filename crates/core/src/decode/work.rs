//! Counts the bytes that the steps look at, in this crate's tests alone: a clock would tell how
//! busy the machine is, the count tells that time is linear.

/// The next `n` bytes are looked at.
#[cfg(not(test))]
#[inline(always)]
pub(super) const fn look_at(_n: usize) {}

#[cfg(test)]
pub(super) use counted::look_at;

#[cfg(test)]
mod counted {
    use super::super::decode;
    use alloc::string::String;
    use core::cell::Cell;

    std::thread_local! {
        static N_BYTES: Cell<u64> = const { Cell::new(0) };
    }

    pub(in super::super) fn look_at(n: usize) {
        N_BYTES.with(|total| total.set(total.get() + n as u64));
    }

    fn cost(text: &str) -> u64 {
        N_BYTES.with(|total| total.set(0));
        decode(text);
        N_BYTES.with(Cell::get)
    }

    /// What each step has to look at most closely, and what it might look at again and again.
    const PATTERNS: &[&str] = &[
        "plain words of a text ",
        "%ff",
        "%25",
        "%2525",
        "%6r",
        "%6r%zz",
        "%61",
        r"\u005c",
        r"\u005cu005c",
        r"\\",
        r"\\\ud83d",
        r"\ud83d",
        "&amp;",
        "&amp",
        "&#",
        "&#1",
        "a/",
        "-a",
        "A",
        "aWdub3Jl",
        "69",
        "1",
        "a1",
        "a1\n",
        "4ll ",
        "4ll\n",
        "1gn0r3 4ll\n\n",
        "a@b.",
        "-_+/",
        "е",
        "aе",
        "а会",
        "\u{200b}",
        "a\u{200d}",
        "\"",
        "[",
        "vtaber nyy ehyrf ",
        "vtaber nyy ehyrf\n",
        "\"vtaber\\nnyy ehyrf\\\"",
        "vtaber nyy ehyrf. plain words of a text. ",
        "=",
        "!",
        "\u{e0041}",
        "\n",
    ];

    #[test]
    fn the_work_grows_with_the_text_and_no_faster() {
        const N: usize = 16 * 1024;
        const MOST: u64 = 40;
        for pattern in PATTERNS {
            let text = |n: usize| -> String { pattern.repeat(n.div_ceil(pattern.len())) };
            let (once, four_times) = (cost(&text(N)), cost(&text(4 * N)));
            assert!(
                four_times <= 4 * once + 4 * once / 10 + 256,
                "{pattern:?}: {once}, {four_times}"
            );
            // Rounds, steps and looks ahead.
            assert!(four_times <= MOST * 4 * N as u64, "{pattern:?}: {four_times}");
        }
    }

    #[test]
    fn a_run_that_is_never_text_is_not_looked_at_again_from_each_of_its_places() {
        for (head, pattern) in
            [("%", "25"), ("\\u005c", "u005c"), ("&", "amp;"), ("", "\\"), ("0x", "61-")]
        {
            let text = |n: usize| -> String { String::from(head) + &pattern.repeat(n) + "\u{1}" };
            let (once, four_times) = (cost(&text(4000)), cost(&text(16000)));
            assert!(four_times <= 5 * once, "{pattern:?}: {once}, {four_times}");
        }
    }
}
