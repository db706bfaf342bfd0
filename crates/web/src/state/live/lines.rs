//! Lines of a body that comes in chunks, whose borders may lie anywhere.

/// Longest line that is kept: the longest honest one is a tenth of it.
pub const MAX_LINE_BYTES: usize = 256 * 1024;

/// What came since the last line's end.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes in a chunk and hands on each line that it ends. A line that is too long is dropped.
    pub fn push(&mut self, chunk: &[u8], on_line: &mut dyn FnMut(&str)) {
        for part in chunk.split_inclusive(|&byte| byte == b'\n') {
            if self.rest.len() + part.len() <= MAX_LINE_BYTES {
                self.rest.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                self.end(on_line);
            }
        }
    }

    /// Hands on what stands behind the last line's end.
    pub fn end(&mut self, on_line: &mut dyn FnMut(&str)) {
        // What is no text says nothing.
        let line = core::str::from_utf8(self.rest.trim_ascii()).unwrap_or_default();
        if !line.is_empty() {
            on_line(line);
        }
        self.rest.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        let mut on_line = |line: &str| seen.push(line.to_owned());
        for chunk in chunks {
            lines.push(chunk, &mut on_line);
        }
        lines.end(&mut on_line);
        seen
    }

    #[test]
    fn a_line_may_lack_its_end_and_empty_ones_are_none() {
        assert_eq!(lines(&[b"{\"a\":1}\r\n\n", b"  \n{\"b\"", b":2}"]), ["{\"a\":1}", "{\"b\":2}"]);
        assert!(lines(&[b"", b"\n"]).is_empty());
    }

    #[test]
    fn an_endless_line_is_no_endless_memory() {
        let chunk = vec![b'x'; MAX_LINE_BYTES];
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for _ in 0..4 {
            lines.push(&chunk, &mut |line| seen.push(line.len()));
            assert!(lines.rest.len() <= MAX_LINE_BYTES);
        }
        lines.push(b"\nshort\n", &mut |line| seen.push(line.len()));
        assert_eq!(seen.last(), Some(&5));
    }

    proptest! {
        #[test]
        fn borders_of_chunks_do_not_matter(
            text in proptest::collection::vec("[a-z\u{e4}\u{1f512}]{1,9}", 0..8),
            cuts in proptest::collection::vec(0_usize..90, 0..8),
        ) {
            let bytes: Vec<u8> = text.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(lines(&chunks), text);
        }

        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let joined = lines(&[&bytes]).len();
            prop_assert!(joined <= bytes.split(|&byte| byte == b'\n').count());
        }
    }
}
