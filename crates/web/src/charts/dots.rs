//! Shares as a table whose middle column is a picture: a dot and its interval on a common scale.

use super::markup::{Markup, percent};
use super::scale::{Scale, domain_of, tick_label};
use super::share;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What the share is of.
    pub name: String,
    /// The share in [0, 1].
    pub share: f64,
    /// In how many cases.
    pub n: f64,
}

/// The table; the scale is as narrow as the intervals allow.
pub fn table(caption: &str, of: &str, rows: &[Row]) -> String {
    let intervals = rows.iter().map(|row| share::interval(row.share, row.n));
    let ends = intervals.clone().flat_map(|(low, high)| [low * 100.0, high * 100.0]);
    let scale = Scale::new(domain_of(ends), (0.0, 1.0));
    let ticks = scale.ticks(4);

    let mut out = Markup::default();
    out.open("table", &[("class", "rates")]);
    out.element("caption", &[("class", "sr-only")], caption);
    out.open("thead", &[]);
    out.open("tr", &[]);
    out.element("th", &[("scope", "col")], of);
    // The scale stands in a cell without heading: the numbers beside it say the same.
    out.open("td", &[("class", "rates-plot"), ("aria-hidden", "true")]);
    out.open("svg", &[]);
    for tick in &ticks {
        let x = percent(scale.at(*tick));
        let label = format!("{}%", tick_label(*tick, &ticks));
        out.element("text", &[("x", &x), ("y", "50%")], &label);
    }
    out.close("svg");
    out.close("td");
    out.element("th", &[("scope", "col"), ("class", "num")], "Share [95%]");
    out.element("th", &[("scope", "col"), ("class", "num")], "n");
    out.close("tr");
    out.close("thead");
    out.open("tbody", &[]);
    for (row, (low, high)) in rows.iter().zip(intervals) {
        out.open("tr", &[]);
        out.element("th", &[("scope", "row")], &row.name);
        out.open("td", &[("class", "rates-plot"), ("aria-hidden", "true")]);
        out.open("svg", &[]);
        for tick in &ticks {
            let x = percent(scale.at(*tick));
            line(&mut out, "chart-grid", (&x, "0%"), (&x, "100%"));
        }
        let at = |share: f64| percent(scale.at(share * 100.0));
        line(&mut out, "rates-interval", (&at(low), "50%"), (&at(high), "50%"));
        out.element("circle", &[("cx", &at(row.share)), ("cy", "50%"), ("r", "4")], "");
        out.close("svg");
        out.close("td");
        out.open("td", &[("class", "num")]);
        out.element("b", &[], &format!("{:.1}%", row.share * 100.0));
        let interval = format!(" [{:.1}, {:.1}]", low * 100.0, high * 100.0);
        out.element("small", &[], &interval);
        out.close("td");
        out.element("td", &[("class", "num")], &format!("{}", row.n));
        out.close("tr");
    }
    out.table_end();
    out.finish()
}

fn line(out: &mut Markup, class: &str, from: (&str, &str), to: (&str, &str)) {
    let ends = [("class", class), ("x1", from.0), ("y1", from.1), ("x2", to.0), ("y2", to.1)];
    out.element("line", &ends, "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_its_share_its_interval_and_its_count() {
        let row = |name: &str, share, n| Row { name: name.to_owned(), share, n };
        let text = table("c", "Vector", &[row("a", 0.975, 400.0), row("b<", 1.0, 12.0)]);
        assert!(text.contains("<b>97.5%</b><small> [95.5, 98.6]</small>"), "{text}");
        assert!(text.contains("<b>100.0%</b>") && text.contains(">400</td>"), "{text}");
        assert!(text.contains("b&lt;"), "{text}");
        assert_eq!(text.matches("<circle").count(), 2);
    }

    #[test]
    fn no_rows_give_an_empty_table() {
        assert!(table("c", "Vector", &[]).contains("<tbody></tbody>"));
    }
}
