//! What was answered to what: counts, shaded by their share of the row.

use super::report::PhaseReport;
use crate::charts::markup::Markup;

/// Shades of the heat map, from none to all of a row.
const N_SHADES: f64 = 8.0;

/// The heat map.
pub fn table(phase: &PhaseReport) -> String {
    let mut out = Markup::default();
    let actions = phase.confusion.first().map(|(_, actions)| actions.as_slice());
    // Names may break after an underscore.
    let names = actions.unwrap_or_default().iter().map(|(name, _)| name.replace('_', "_\u{200b}"));
    let names: Vec<String> = names.collect();
    let mut columns = vec!["Truth"];
    columns.extend(names.iter().map(String::as_str));
    columns.push("n");
    out.table_head("heat", "Answers of the trained defender, by what the frame was", &columns);
    for (vector, answers) in &phase.confusion {
        let total: f64 = answers.iter().map(|(_, count)| count).sum();
        out.open("tr", &[]);
        out.element("th", &[("scope", "row")], vector);
        for (_, count) in answers {
            let share = count / total.max(1.0);
            let shade = format!("{:.0}", (share * N_SHADES).ceil());
            out.open("td", &[("data-shade", &shade)]);
            out.element("b", &[], &format!("{count}"));
            out.element("small", &[], &format!("{:.1}%", share * 100.0));
            out.close("td");
        }
        out.element("td", &[("class", "heat-total")], &format!("{total}"));
        out.close("tr");
    }
    out.table_end();
    out.finish()
}
