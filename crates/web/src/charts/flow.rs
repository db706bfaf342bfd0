//! The loop of environment and agents as a drawing: lying on wide screens, standing on narrow ones.

use core::fmt::Write;
use omniguard_core::action::N_ACTIONS;
use omniguard_core::decode::MAX_DEPTH;
use omniguard_core::frame::{N_CHANNELS, N_MUTATIONS};
use omniguard_core::reward::N_COMPONENTS;

const WIDTH: i32 = 210;
const HEIGHT: i32 = 76;

/// Where things lie in one of the two drawings.
struct Layout {
    class: &'static str,
    view_box: &'static str,
    /// Left upper corners, in the order of [`nodes`].
    places: [(i32, i32); 5],
    /// Lines and arrow heads, in the order of the loop.
    arrows: [(&'static str, &'static str); 5],
    /// Names of the arrows: place, and anchor of the text.
    names: [(i32, i32, &'static str); 5],
}

const LYING: Layout = Layout {
    class: "loop lying",
    view_box: "0 0 1230 268",
    places: [(2, 20), (340, 20), (680, 20), (1018, 20), (510, 184)],
    arrows: [
        ("M212 58H328", "M338 58l-11 -6v12z"),
        ("M550 58H668", "M678 58l-11 -6v12z"),
        ("M890 58H1006", "M1016 58l-11 -6v12z"),
        ("M1123 96V222H732", "M722 222l11 -6v12z"),
        ("M510 222H107V108", "M107 98l-6 11h12z"),
    ],
    names: [
        (275, 44, "middle"),
        (614, 44, "middle"),
        (952, 44, "middle"),
        (924, 212, "middle"),
        (308, 212, "middle"),
    ],
};

const STANDING: Layout = Layout {
    class: "loop standing",
    view_box: "0 0 330 566",
    places: [(2, 2), (2, 124), (2, 246), (2, 368), (2, 488)],
    arrows: [
        ("M107 78V112", "M107 122l-6 -11h12z"),
        ("M107 200V234", "M107 244l-6 -11h12z"),
        ("M107 322V356", "M107 366l-6 -11h12z"),
        ("M107 444V476", "M107 486l-6 -11h12z"),
        ("M212 526H300V40H224", "M214 40l11 -6v12z"),
    ],
    names: [
        (120, 105, "start"),
        (120, 227, "start"),
        (120, 349, "start"),
        (120, 470, "start"),
        (292, 510, "end"),
    ],
};

/// Names of the arrows, in the same order.
const NAMES: [&str; 5] = ["frame", "raw and decoded", "action", "attack stopped", "new variant"];

const DESCRIBED: &str = "The loop: a frame comes from the MCP gateway to the decoder, both texts go to \
    the defender, its action gets a verdict; where an attack was stopped, the adversary learns from it \
    and sends a new variant through the gateway.";

fn nodes() -> [(&'static str, String, &'static str); 5] {
    [
        ("MCP gateway", format!("{N_CHANNELS} channels of traffic"), ""),
        ("Decoder", format!("undoes {MAX_DEPTH} layers, keeps both"), ""),
        ("Defender", format!("beliefs, then 1 of {N_ACTIONS} actions"), "trained"),
        ("Verdict", format!("reward in {N_COMPONENTS} named parts"), ""),
        ("Adversary", format!("learns from it, {N_MUTATIONS} mutations"), "adversary"),
    ]
}

/// Both drawings as markup; the style sheet shows the one that fits.
pub fn markup() -> String {
    [LYING, STANDING].iter().map(drawing).collect()
}

fn drawing(layout: &Layout) -> String {
    let Layout { class, view_box, .. } = layout;
    let mut svg = format!(
        "<svg class=\"{class}\" viewBox=\"{view_box}\" role=\"img\" aria-label=\"{DESCRIBED}\">"
    );
    // Writing to a string does not fail.
    for ((line, head), (name, (x, y, anchor))) in
        layout.arrows.iter().zip(NAMES.iter().zip(layout.names))
    {
        let _ = write!(
            svg,
            "<path class=\"loop-line\" d=\"{line}\"/><path class=\"loop-head\" d=\"{head}\"/>\
             <text class=\"loop-name\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{name}</text>"
        );
    }
    for ((title, note, side), (x, y)) in nodes().iter().zip(layout.places) {
        let (left, first, second) = (x + 16, y + 33, y + 56);
        let _ = write!(
            svg,
            "<g data-side=\"{side}\">\
             <rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"10\"/>\
             <text class=\"loop-title\" x=\"{left}\" y=\"{first}\">{title}</text>\
             <text x=\"{left}\" y=\"{second}\">{note}</text></g>"
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_arrows_lie_within_both_drawings() {
        for layout in [LYING, STANDING] {
            let size: Vec<i32> =
                layout.view_box.split(' ').filter_map(|n| n.parse().ok()).collect();
            for (x, y) in layout.places {
                assert!(x >= 0 && x + WIDTH <= size[2], "{x} in {}", layout.class);
                assert!(y >= 0 && y + HEIGHT <= size[3], "{y} in {}", layout.class);
            }
        }
    }
}
