//! Numbers as OFD writes them (GB/T 33190 7.1 and annex): lists between spaces, boxes, matrices and
//! offsets with repetition. Whatever isn't a sensible number is none, so nothing behind this file
//! meets infinity.

use tiny_skia::{Rect, Transform};

/// Larger than any page in millimetres, and still exact in arithmetic.
const LARGEST: f32 = 1e6;
/// Most numbers in one list.
const MOST: usize = 100_000;

/// One number.
pub(super) fn number(text: &str) -> Option<f32> {
    text.trim().parse::<f32>().ok().filter(|number| number.is_finite() && number.abs() <= LARGEST)
}

/// A list of numbers; a word that is none ends it.
pub(super) fn numbers(text: &str) -> Vec<f32> {
    text.split([' ', ',', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
        .map_while(number)
        .take(MOST)
        .collect()
}

/// `x y width height` (`ST_Box`).
pub(super) fn rectangle(text: &str) -> Option<Rect> {
    match numbers(text).as_slice() {
        [x, y, width, height] if *width >= 0.0 && *height >= 0.0 => Rect::from_xywh(*x, *y, *width, *height),
        _ => None,
    }
}

/// `a b c d e f`, a transformation as in 8.5.
pub(super) fn matrix(text: &str) -> Option<Transform> {
    match numbers(text).as_slice() {
        [xx, xy, yx, yy, x, y] => Some(Transform::from_row(*xx, *xy, *yx, *yy, *x, *y)),
        _ => None,
    }
}

/// `x y`.
pub(super) fn point(text: &str) -> Option<tiny_skia::Point> {
    match numbers(text).as_slice() {
        [x, y] => Some(tiny_skia::Point::from_xy(*x, *y)),
        _ => None,
    }
}

/// Offsets between glyphs (11.3), where `g 5 3.2` stands for five times 3.2. No more are made than
/// are `needed`, however many the file claims.
pub(super) fn offsets(text: &str, needed: usize) -> Vec<f32> {
    let mut found = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let (count, value) = if word == "g" {
            let count = words.next().and_then(|count| count.parse::<usize>().ok());
            (count.unwrap_or_default(), words.next())
        } else {
            (1, Some(word))
        };
        let Some(value) = value.and_then(number) else { break };
        let room = needed.saturating_sub(found.len());
        found.extend(std::iter::repeat_n(value, count.min(room)));
        if found.len() >= needed {
            break;
        }
    }
    found
}

/// The nearest whole number, at the end of the range where it lies beyond.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, as it should")]
pub(super) fn whole(value: f32) -> i32 {
    value.round() as i32
}

/// A count of pixels for a length in pixels, at least one.
pub(super) fn pixels(length: f32) -> u32 {
    whole(length.ceil()).max(1).unsigned_abs()
}

/// A count as a number to calculate with; counts of pixels are exact.
#[expect(clippy::cast_precision_loss, reason = "sizes of rasters are far below 2^24")]
pub(super) fn float(count: u32) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_repeat_but_never_beyond_need() {
        assert_eq!(offsets("g 3 26.04 25.94 g 2 1", 9), [26.04, 26.04, 26.04, 25.94, 1.0, 1.0]);
        assert_eq!(offsets("g 4000000000 1", 4), [1.0; 4]);
        assert_eq!(offsets("g 99999999999999999999999 1", 4), [0.0; 0]);
        assert_eq!(offsets("1 g", 4), [1.0]);
    }

    #[test]
    fn what_is_no_sensible_number_is_none() {
        for text in ["NaN", "inf", "-inf", "1e30", "", "x"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(rectangle("0 0 -1 5"), None);
        assert_eq!(rectangle("1 2 3"), None);
        assert!(rectangle(" 1  2\n3 4 ").is_some());
    }
}
