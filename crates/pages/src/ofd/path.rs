//! Paths as OFD abbreviates them (GB/T 33190 9.3): an operator's letter and its numbers.

use super::numbers;
use tiny_skia::{Path, PathBuilder, Point, Transform};

/// Reads abbreviated data; what can't be read ends the path there.
pub(super) fn parse(text: &str) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let mut at = Point::zero();
    let mut start = at;
    for (operator, data) in operations(text) {
        let values = numbers::numbers(data);
        match (operator, values.as_slice()) {
            ('S' | 'M', [x, y]) => {
                at = Point::from_xy(*x, *y);
                start = at;
                builder.move_to(*x, *y);
            }
            ('L', [x, y]) => {
                at = Point::from_xy(*x, *y);
                builder.line_to(*x, *y);
            }
            ('Q', [x1, y1, x, y]) => {
                at = Point::from_xy(*x, *y);
                builder.quad_to(*x1, *y1, *x, *y);
            }
            ('B', [x1, y1, x2, y2, x, y]) => {
                at = Point::from_xy(*x, *y);
                builder.cubic_to(*x1, *y1, *x2, *y2, *x, *y);
            }
            ('A', [rx, ry, angle, large, sweep, x, y]) => {
                let end = Point::from_xy(*x, *y);
                arc(&mut builder, at, (*rx, *ry), *angle, (*large != 0.0, *sweep != 0.0), end);
                at = end;
            }
            ('C', []) => {
                at = start;
                builder.close();
            }
            _ => break,
        }
    }
    builder.finish()
}

/// Operators with the text of their numbers.
fn operations(text: &str) -> impl Iterator<Item = (char, &str)> {
    let mut rest = text.trim_start();
    std::iter::from_fn(move || {
        let operator = rest.chars().next()?;
        let data = rest.get(operator.len_utf8()..)?;
        // An exponent is written with a small e.
        let end = data.find(|character: char| character.is_ascii_uppercase()).unwrap_or(data.len());
        rest = data.get(end..)?;
        Some((operator, data.get(..end)?))
    })
}

/// An elliptical arc from `from` to `to`, by its middle as in the notes to SVG arcs, which OFD's are.
fn arc(
    builder: &mut PathBuilder,
    from: Point,
    radii: (f32, f32),
    angle: f32,
    (large, sweep): (bool, bool),
    to: Point,
) {
    let (mut rx, mut ry) = (radii.0.abs(), radii.1.abs());
    if rx < 1e-4 || ry < 1e-4 || from == to {
        return builder.line_to(to.x, to.y);
    }
    let (sin, cos) = angle.to_radians().sin_cos();
    let (dx, dy) = ((from.x - to.x) / 2.0, (from.y - to.y) / 2.0);
    let (x, y) = (cos * dx + sin * dy, cos * dy - sin * dx);
    // An ellipse too small to reach both ends grows until it does.
    let reach = (x / rx).powi(2) + (y / ry).powi(2);
    if reach > 1.0 {
        rx *= reach.sqrt();
        ry *= reach.sqrt();
    }
    let (xx, yy) = ((x / rx).powi(2), (y / ry).powi(2));
    let side = if large == sweep { -1.0 } else { 1.0 };
    let factor = side * ((1.0 - xx - yy).max(0.0) / (xx + yy)).sqrt();
    let (mx, my) = (factor * rx * y / ry, -factor * ry * x / rx);
    let first = ((y - my) / ry).atan2((x - mx) / rx);
    let last = ((-y - my) / ry).atan2((-x - mx) / rx);
    let turn = std::f32::consts::TAU;
    let swept = if sweep { (last - first).rem_euclid(turn) } else { (last - first).rem_euclid(turn) - turn };
    // From the circle of radius one around the origin to where the arc lies.
    let place = Transform::from_row(
        cos * rx,
        sin * rx,
        -sin * ry,
        cos * ry,
        cos * mx - sin * my + from.x.midpoint(to.x),
        sin * mx + cos * my + from.y.midpoint(to.y),
    );
    let step = swept / 4.0;
    let handle = 4.0 / 3.0 * (step / 4.0).tan();
    for quarter in [0.0, 1.0, 2.0, 3.0] {
        let (sin0, cos0) = (first + step * quarter).sin_cos();
        let (sin1, cos1) = (first + step * (quarter + 1.0)).sin_cos();
        let mut points = [
            Point::from_xy(cos0 - handle * sin0, sin0 + handle * cos0),
            Point::from_xy(cos1 + handle * sin1, sin1 - handle * cos1),
            Point::from_xy(cos1, sin1),
        ];
        place.map_points(&mut points);
        let [one, two, end] = points;
        builder.cubic_to(one.x, one.y, two.x, two.y, end.x, end.y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_operators_are_read() {
        let path = parse("M 0 0 L10 0 Q 15,5 10 10 B 8 12 2 12 0 10 C S 20 20 L 30 1e1").unwrap();
        let bounds = path.bounds();
        assert_eq!((bounds.left(), bounds.top(), bounds.right(), bounds.bottom()), (0.0, 0.0, 30.0, 20.0));
    }

    #[test]
    fn a_half_circle_reaches_as_far_as_its_radius() {
        let swept = parse("M 0 10 A 10 10 0 0 1 20 10").unwrap().compute_tight_bounds().unwrap();
        assert!((swept.top() - 0.0).abs() < 0.02 && (swept.bottom() - 10.0).abs() < 0.02, "{swept:?}");
        let other = parse("M 0 10 A 10 10 0 1 0 20 10").unwrap().compute_tight_bounds().unwrap();
        assert!((other.top() - 10.0).abs() < 0.02 && (other.bottom() - 20.0).abs() < 0.02, "{other:?}");
    }

    #[test]
    fn nonsense_ends_a_path_without_harm() {
        assert!(parse("").is_none());
        assert!(parse("Z 1 2").is_none());
        assert!(parse("M NaN 0 L 1 1").is_none());
        assert!(parse("中文").is_none());
        assert_eq!(parse("M 0 0 L 5 5 L 1").unwrap().len(), 2);
    }
}
