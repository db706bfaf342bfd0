//! SVG path data.

use core::fmt::Write;

/// The `d` of a line through points, one decimal each; points that are not finite are left out.
pub fn line(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (x, y) in points.filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let command = if d.is_empty() { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(d, "{command}{x:.1} {y:.1}");
    }
    d
}

/// The `d` of the area between a line and the horizontal at `base`; empty without points.
pub fn area(points: impl Iterator<Item = (f64, f64)> + Clone, base: f64) -> String {
    let finite = points.filter(|(x, y)| x.is_finite() && y.is_finite());
    let first = finite.clone().next();
    let last = finite.clone().last();
    let mut d = line(finite);
    if let (Some((first, _)), Some((last, _))) = (first, last) {
        let _ = write!(d, "L{last:.1} {base:.1}L{first:.1} {base:.1}Z");
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_starts_with_a_move() {
        let points = [(0.0, 1.0), (2.25, 3.5)];
        assert_eq!(line(points.into_iter()), "M0.0 1.0L2.2 3.5");
        assert_eq!(line(core::iter::empty()), "");
    }

    #[test]
    fn points_that_are_not_finite_leave_no_trace() {
        let points = [(0.0, f64::NAN), (1.0, 2.0)];
        assert_eq!(line(points.into_iter()), "M1.0 2.0");
    }

    #[test]
    fn an_area_closes_at_its_base() {
        let points = [(0.0, 1.0), (2.0, 3.0)];
        assert_eq!(area(points.into_iter(), 9.0), "M0.0 1.0L2.0 3.0L2.0 9.0L0.0 9.0Z");
        assert_eq!(area(core::iter::empty(), 9.0), "");
    }
}
