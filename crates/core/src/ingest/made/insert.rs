//! A text inside a record of telemetry, as the record's own syntax has it.

use crate::ingest::text::longest_xml_text;
use crate::json;
use alloc::{format, string::String};

/// Fewer commas do not make a line of comma-separated values.
const MIN_COMMAS: usize = 5;

/// `record` with `text` in it: behind the longest value of a JSON record, behind the longest text
/// of an XML record, as a last field of comma-separated values, else at the end of the line. `None`
/// for a JSON record without a text.
pub(super) fn into_record(record: &str, text: &str) -> Option<String> {
    let line = one_line(text);
    if let Some(value) = json::parse(record) {
        let mut longest = None;
        value.each_leaf(&mut |_, leaf| {
            if leaf.span.len() > longest.as_ref().map_or(0, |(length, _)| *length) {
                longest = Some((leaf.span.len(), leaf.span.end));
            }
        });
        let mut escaped = String::new();
        json::escape_into(&mut escaped, &line, false);
        return spliced(record, longest?.1, &format!(" {escaped}"));
    }
    if record.starts_with('<')
        && record.ends_with('>')
        && let Some(place) = longest_xml_text(record)
    {
        let escaped = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        return spliced(record, place.end, &format!(" {escaped}"));
    }
    let count = |c: char| record.matches(c).count();
    if count(',') >= MIN_COMMAS && count(',') > count(' ') {
        return Some(format!("{record},\"{}\"", line.replace('"', "\"\"")));
    }
    Some(format!("{record} {line}"))
}

fn spliced(record: &str, at: usize, text: &str) -> Option<String> {
    let (before, after) = record.split_at_checked(at)?;
    Some([before, text, after].concat())
}

fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::into_record;

    fn check(record: &str, expected: &str) {
        assert_eq!(into_record(record, "saw \"a\",\n <b> & c").as_deref(), Some(expected));
    }

    #[test]
    fn every_syntax_stays_what_it_was() {
        check(
            r#"{"n": 4, "m": "link up", "h": "sw1"}"#,
            r#"{"n": 4, "m": "link up saw \"a\", <b> & c", "h": "sw1"}"#,
        );
        check(
            "<E><I>7</I><D>link up</D></E>",
            "<E><I>7</I><D>link up saw \"a\", &lt;b&gt; &amp; c</D></E>",
        );
        check("1,2,3,up,sw1,0", "1,2,3,up,sw1,0,\"saw \"\"a\"\", <b> & c\"");
        check("<134>Nov 3 sw1 link: up", "<134>Nov 3 sw1 link: up saw \"a\", <b> & c");
    }

    #[test]
    fn a_record_without_a_text_takes_none() {
        assert_eq!(into_record("[1, 2, 3]", "x"), None);
    }
}
