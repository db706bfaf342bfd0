//! The stress set: frames that nobody trained or tuned on.

use super::node::{Node, RunFileError};
use crate::charts::markup::Markup;
use crate::state::round::words;

/// One channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Channel, or `all`.
    pub channel: String,
    /// Attacks and benign frames.
    pub n: (f64, f64),
    /// Area under the curve, recall at 3% false positives; greedy: recall, stopped, held.
    pub figures: [f64; 5],
}

/// The file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stress {
    /// The channels, then all.
    pub groups: Vec<Group>,
    /// Median time to judge a frame, in microseconds.
    pub median_micros: f64,
}

impl Stress {
    /// Reads the file's value.
    pub fn of(top: Node<'_>) -> Result<Self, RunFileError> {
        let group = |node: &Node<'_>| {
            let greedy = node.get("greedy")?;
            Ok(Group {
                channel: words(&node.text("channel")?),
                n: (node.number("attacks")?, node.number("benign")?),
                figures: [
                    node.number("auc")?,
                    node.number("recall_at_3_percent_false_positives")?,
                    greedy.number("recall")?,
                    greedy.number("false_positive_rate")?,
                    greedy.number("held_rate")?,
                ],
            })
        };
        Ok(Self {
            groups: top.items("groups")?.iter().map(group).collect::<Result<_, _>>()?,
            median_micros: top.number("microseconds_p50")?,
        })
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut out = Markup::default();
        out.table_head(
            "figures",
            "Stress set by channel",
            &[
                "Channel",
                "Attacks + benign",
                "AUC",
                "Recall at 3%",
                "Attacks not allowed",
                "Benign stopped",
                "Benign held",
            ],
        );
        for group in &self.groups {
            out.open("tr", &[]);
            out.element("th", &[("scope", "row")], &group.channel);
            out.element("td", &[], &format!("{} + {}", group.n.0, group.n.1));
            for (idx, figure) in group.figures.iter().enumerate() {
                let text = match idx {
                    0 => format!("{figure:.3}"),
                    _ => format!("{:.1}%", figure * 100.0),
                };
                out.element("td", &[], &text);
            }
            out.close("tr");
        }
        out.table_end();
        out.finish()
    }
}
