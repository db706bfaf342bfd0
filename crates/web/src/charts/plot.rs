//! A picture in two dimensions with values to read out: lines, bars, dots, whiskers, labels.
//!
//! Paths stretch with the box; texts and dots are placed by percentages and keep their size.

use super::markup::{Markup, percent};
use super::path;
use super::scale::{Scale, tick_label};

/// Units of the stretched drawing, both ways.
const SIZE: f64 = 1_000.0;
const N_TICKS: u32 = 4;

/// One direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Smallest and largest value.
    pub domain: (f64, f64),
    /// Whether values are shares, written as percentages.
    pub shares: bool,
}

/// Something drawn; `class` is its look.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// A line through points.
    Line(&'static str, Vec<(f64, f64)>),
    /// Bars from the bottom: from x, to x, height.
    Bars(&'static str, Vec<(f64, f64, f64)>),
    /// Intervals: x, lowest, highest.
    Whiskers(&'static str, Vec<(f64, f64, f64)>),
    /// A dot, with a text beside it or none.
    Dot(&'static str, (f64, f64), String),
    /// A region of x, over the whole height.
    Band(&'static str, (f64, f64)),
}

/// A place where the reader may stop, and what stands there.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Horizontal value.
    pub x: f64,
    /// Vertical value.
    pub y: f64,
    /// What is read out; lines are parted by newlines.
    pub text: String,
}

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Across.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// What is drawn, from back to front.
    pub layers: Vec<Layer>,
    /// Where the reader may stop, from left to right.
    pub stops: Vec<Stop>,
}

impl Plot {
    /// Nothing.
    pub fn empty() -> Self {
        let axis = Axis { domain: (0.0, 1.0), shares: true };
        Self { x: axis, y: axis, layers: Vec::new(), stops: Vec::new() }
    }

    /// Where a value lies, as shares of width and height from the top left.
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let (across, up) = self.scales();
        (across.at(x) / SIZE, up.at(y) / SIZE)
    }

    /// Index of the stop nearest to a share of the width.
    pub fn nearest(&self, share: f64) -> Option<usize> {
        let x = self.scales().0.invert(share * SIZE);
        let far = |stop: &Stop| (stop.x - x).abs();
        let stops = self.stops.iter().enumerate();
        stops.min_by(|a, b| far(a.1).total_cmp(&far(b.1))).map(|(idx, _)| idx)
    }

    fn scales(&self) -> (Scale, Scale) {
        (Scale::new(self.x.domain, (0.0, SIZE)), Scale::new(self.y.domain, (SIZE, 0.0)))
    }

    /// The drawing.
    pub fn svg(&self) -> String {
        let (x, y) = self.scales();
        let mut out = Markup::default();
        out.open("svg", &[("aria-hidden", "true"), ("class", "plot-svg")]);
        for (tick, label) in ticks(&y, self.y.shares) {
            let at = percent(y.at(tick) / SIZE);
            let class = if tick == 0.0 { "chart-zero" } else { "chart-grid" };
            let ends = [("class", class), ("x1", "0"), ("x2", "100%"), ("y1", &at), ("y2", &at)];
            out.element("line", &ends, "");
            out.element("text", &[("class", "plot-y"), ("x", "0"), ("y", &at)], &label);
        }
        for (tick, label) in ticks(&x, self.x.shares) {
            let at = percent(x.at(tick) / SIZE);
            out.element("text", &[("class", "plot-x"), ("x", &at), ("y", "100%")], &label);
        }
        let view = format!("0 0 {SIZE} {SIZE}");
        out.open(
            "svg",
            &[
                ("viewBox", &view),
                ("preserveAspectRatio", "none"),
                ("width", "100%"),
                ("height", "100%"),
            ],
        );
        for layer in &self.layers {
            stretched(&mut out, layer, (x, y));
        }
        out.close("svg");
        let dots = self.layers.iter().filter_map(|layer| match layer {
            Layer::Dot(_, (x, y), _) => Some(self.place(*x, *y)),
            _ => None,
        });
        let mut taken = dots.map(|(left, top)| (left - DOT, left + DOT, top)).collect();
        for layer in &self.layers {
            if let Layer::Dot(class, (at_x, at_y), label) = layer {
                let (left, top) = self.place(*at_x, *at_y);
                let (cx, cy) = (percent(left), percent(top));
                let place = [("class", *class), ("cx", &cx), ("cy", &cy), ("r", "5")];
                out.element("circle", &place, "");
                // A text near the right edge stands to the left of its dot.
                let before = left > 0.6;
                let class = if before { "plot-label before" } else { "plot-label" };
                let at = percent(free_height(&mut taken, (left, top), label, before));
                out.element("text", &[("class", class), ("x", &cx), ("y", &at)], label);
            }
        }
        out.close("svg");
        out.finish()
    }
}

/// Half a dot, as a share of the picture's width.
const DOT: f64 = 0.01;

/// The height nearest to a dot's own at which its label covers none of those `taken`: left and
/// right end and middle, as shares of the picture. Letters are taken for as wide as in the widest
/// layout's smallest plot.
fn free_height(
    taken: &mut Vec<(f64, f64, f64)>,
    (left, top): (f64, f64),
    label: &str,
    before: bool,
) -> f64 {
    const LETTER: f64 = 0.012;
    const LINE: f64 = 0.06;
    let width = label.chars().count() as f64 * LETTER;
    let (from, to) =
        if before { (left - DOT - width, left - DOT) } else { (left + DOT, left + DOT + width) };
    let is_free =
        |at: f64| taken.iter().all(|&(l, r, t)| to <= l || r <= from || (at - t).abs() >= LINE);
    let steps = (0..8).flat_map(|n| [f64::from(n), -f64::from(n)]);
    let heights = steps.map(|step| top + step * LINE / 2.0);
    let at = heights.filter(|at| (0.0..=1.0).contains(at)).find(|&at| is_free(at)).unwrap_or(top);
    taken.push((from, to, at));
    at
}

/// Round values and their labels.
fn ticks(scale: &Scale, shares: bool) -> Vec<(f64, String)> {
    let ticks = scale.ticks(N_TICKS);
    let hundredfold: Vec<f64> = ticks.iter().map(|tick| tick * 100.0).collect();
    let label = |tick: f64| match shares {
        true => format!("{}%", tick_label(tick * 100.0, &hundredfold)),
        false if tick.abs() >= 1_000.0 => format!("{}k", tick / 1_000.0),
        false => tick_label(tick, &ticks),
    };
    ticks.iter().map(|tick| (*tick, label(*tick))).collect()
}

fn stretched(out: &mut Markup, layer: &Layer, (x, y): (Scale, Scale)) {
    let (class, d) = match layer {
        Layer::Line(class, points) => {
            (*class, path::line(points.iter().map(|(px, py)| (x.at(*px), y.at(*py)))))
        }
        Layer::Bars(class, bars) => {
            let bar = |(from, to, height): &(f64, f64, f64)| {
                let top = y.at(*height);
                path::area([(x.at(*from), top), (x.at(*to), top)].into_iter(), SIZE)
            };
            (*class, bars.iter().map(bar).collect())
        }
        Layer::Whiskers(class, intervals) => {
            let whisker = |(at, low, high): &(f64, f64, f64)| {
                path::line([(x.at(*at), y.at(*low)), (x.at(*at), y.at(*high))].into_iter())
            };
            (*class, intervals.iter().map(whisker).collect())
        }
        Layer::Band(class, (from, to)) => {
            (*class, path::area([(x.at(*from), 0.0), (x.at(*to), 0.0)].into_iter(), SIZE))
        }
        Layer::Dot(..) => return,
    };
    out.element("path", &[("class", class), ("d", &d)], "");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        let stop = |x: f64, y| Stop { x, y, text: format!("at {x}") };
        Plot {
            x: Axis { domain: (0.0, 10_000.0), shares: false },
            y: Axis { domain: (0.0, 1.0), shares: true },
            layers: vec![
                Layer::Line("l", vec![(0.0, 0.0), (10_000.0, 1.0)]),
                Layer::Bars("b", vec![(0.0, 5_000.0, 0.5)]),
                Layer::Whiskers("w", vec![(5_000.0, 0.25, 0.75)]),
                Layer::Band("z", (0.0, 1_000.0)),
                Layer::Dot("d", (9_000.0, 0.5), "here & now".to_owned()),
            ],
            stops: vec![stop(0.0, 0.0), stop(4_000.0, 0.4), stop(10_000.0, 1.0)],
        }
    }

    #[test]
    fn every_layer_is_drawn_where_its_values_are() {
        let svg = plot().svg();
        for part in [
            "class=\"l\" d=\"M0.0 1000.0L1000.0 0.0\"",
            "class=\"b\" d=\"M0.0 500.0L500.0 500.0L500.0 1000.0L0.0 1000.0Z\"",
            "class=\"w\" d=\"M500.0 750.0L500.0 250.0\"",
            "class=\"z\" d=\"M0.0 0.0L100.0 0.0L100.0 1000.0L0.0 1000.0Z\"",
            "cx=\"90.00%\" cy=\"50.00%\"",
            "here &amp; now",
            ">50%</text>",
            ">5k</text>",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }

    #[test]
    fn labels_of_near_dots_stand_apart() {
        let mut taken = Vec::new();
        let first = free_height(&mut taken, (0.8, 0.5), "Untrained network", true);
        let second = free_height(&mut taken, (0.78, 0.51), "Random actions", true);
        let far = free_height(&mut taken, (0.2, 0.5), "Keyword rules", false);
        assert_eq!([first, far], [0.5, 0.5]);
        assert!((second - first).abs() >= 0.06, "{second}");
    }

    #[test]
    fn the_pointer_finds_the_nearest_stop() {
        let plot = plot();
        assert_eq!(plot.nearest(0.35), Some(1));
        assert_eq!(plot.nearest(9.0), Some(2));
        assert_eq!(Plot { stops: Vec::new(), ..plot }.nearest(0.5), None);
    }
}
