//! Owns the watermark that people see: a few lines of text, slanted, over and over.
//!
//! Letters are dark with a thin light edge to the lower right, both half transparent: on white paper the dark shows, on
//! black the light, and what is written on the page stays readable through both. An edge all around would fill small
//! characters: on black they'd be blots.

use std::sync::Arc;

use fontdb::{Database, Family, Query};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};
use tiny_skia::{FillRule, Mask, Path, PathBuilder, Transform};

use crate::{Raster, WatermarkError};

/// Families with Chinese characters, best first.
const FAMILIES: [&str; 6] = [
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
];
const SLANT_DEGREES: f32 = -25.0;
/// Whoever cuts out a piece this wide and this high, in millimetres, has the first two lines. The first is tried before the
/// second: it holds for pieces of 6 × 4 cm however they are turned.
const PIECES: [(f32, f32); 2] = [(40.0, 40.0), (60.0, 40.0)];
/// Text sizes in millimetres, tried from the first down to the last.
const TEXT_SIZES: (f32, f32) = (3.4, 2.2);
/// The lines that are promised, name and number, and how large the others are beside them.
const PROMISED: usize = 2;
const SMALLER: f32 = 0.7;
/// Distance of lines, and of one watermark from the next, in sizes of the text.
const LINE: f32 = 1.3;
const GAP: f32 = 0.5;
/// How far the light edge stands out, in sizes of the text, both to the right and down.
const EDGE: f32 = 0.06;
const DARK: f32 = 40.0;
const DARK_OPACITY: f32 = 0.36;
const LIGHT_OPACITY: f32 = 0.5;

/// A font for watermarks.
#[derive(Clone)]
pub struct Font {
    bytes: Arc<[u8]>,
    index: u32,
}

impl Font {
    /// The best installed font with Chinese characters; reads all fonts of the system, so keep it. Refuses where there is
    /// none.
    pub fn installed() -> Result<Self, WatermarkError> {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        let id = fonts
            .query(&Query { families: &FAMILIES.map(Family::Name), ..Query::default() })
            .ok_or(WatermarkError::NoFont)?;
        fonts.with_face_data(id, Self::new).unwrap_or(Err(WatermarkError::NoFont))
    }

    /// The font with this number in the bytes of a TrueType or OpenType file; refuses what isn't one.
    pub fn new(bytes: &[u8], index: u32) -> Result<Self, WatermarkError> {
        FontRef::from_index(bytes, index).map_err(|_| WatermarkError::FontBytes)?;
        Ok(Self { bytes: bytes.into(), index })
    }
}

/// A watermark ready to be put onto pages, made once for its text and resolution.
#[derive(Clone)]
pub struct Tile {
    width: usize,
    /// For each row the pixels that change.
    rows: Vec<Vec<Change>>,
    #[cfg(test)]
    promised: tiny_skia::Rect,
}

/// What becomes of a pixel: 1/256 of (`keep` times what it was, plus `add`).
#[derive(Clone, Copy)]
struct Change {
    column: usize,
    keep: u16,
    add: u16,
}

impl Tile {
    /// Draws `lines` for pages of `dpi` dots per inch. Every piece 6 cm wide and 4 cm high holds the first
    /// two lines (name and number) whole, and with names of usual length every piece 4 cm wide and 6 cm high does too;
    /// pages smaller than that may not. Refuses blank and too long lines, resolutions
    /// outside 72 to 600, and characters that the font can't draw, naming them.
    pub fn new(lines: &[String], dpi: u32, font: &Font) -> Result<Self, WatermarkError> {
        if !(72..=600).contains(&dpi) {
            return Err(WatermarkError::Resolution(dpi));
        }
        if lines.is_empty() || lines.iter().take(2).any(|line| line.trim().is_empty()) {
            return Err(WatermarkError::NoText);
        }
        let text = Text::draw(lines, font)?;
        let layout = Layout::of(&text).ok_or(WatermarkError::TooLong)?;
        layout.paint(&text, dpi).ok_or(WatermarkError::TooLong)
    }

    /// Puts the watermark all over a page.
    pub fn stamp(&self, page: &mut Raster) {
        for (row, changes) in page.rows_mut().zip(self.rows.iter().cycle()) {
            for stretch in row.chunks_mut(self.width * 3) {
                for change in changes {
                    let Some(pixel) = stretch.get_mut(change.column * 3..change.column * 3 + 3) else {
                        break;
                    };
                    for value in pixel {
                        *value =
                            ((u32::from(*value) * u32::from(change.keep) + u32::from(change.add)) >> 8) as u8;
                    }
                }
            }
        }
    }
}

/// Lines as outlines, at a text size of 1 and not slanted, the first line's top left at the origin.
struct Text {
    outline: Path,
    /// Width of each line and where it ends below.
    lines: Vec<(f32, f32)>,
}

impl Text {
    fn draw(lines: &[String], font: &Font) -> Result<Self, WatermarkError> {
        let font = FontRef::from_index(&font.bytes, font.index).map_err(|_| WatermarkError::FontBytes)?;
        let size = Size::new(1.0);
        let (characters, outlines) = (font.charmap(), font.outline_glyphs());
        let metrics = font.glyph_metrics(size, LocationRef::default());
        let mut pen = Pen { path: PathBuilder::new(), x: 0.0, y: 0.0, size: 1.0 };
        let mut ends = Vec::new();
        let mut bottom = 0.0;
        let mut missing = String::new();
        for (number, line) in lines.iter().enumerate() {
            pen.size = if number < PROMISED { 1.0 } else { SMALLER };
            pen.x = 0.0;
            // Letters stand on a line about 7/8 below their top.
            pen.y = bottom + 0.88 * pen.size;
            bottom += LINE * pen.size;
            for character in line.chars() {
                let before = pen.path.len();
                let drawn = characters.map(character).filter(|glyph| glyph.to_u32() != 0).and_then(|glyph| {
                    let settings = DrawSettings::unhinted(size, LocationRef::default());
                    outlines.get(glyph)?.draw(settings, &mut pen).ok()?;
                    metrics.advance_width(glyph)
                });
                match drawn {
                    Some(width) if character == ' ' || character == '\u{3000}' || pen.path.len() > before => {
                        pen.x += width * pen.size;
                    }
                    _ if missing.contains(character) => {}
                    _ => missing.push(character),
                }
            }
            ends.push((pen.x, bottom));
        }
        if !missing.is_empty() {
            return Err(WatermarkError::MissingGlyphs(missing));
        }
        let outline = pen.path.finish().ok_or(WatermarkError::NoText)?;
        Ok(Self { outline, lines: ends })
    }

    /// Width and height of the first lines, for a text size of 1.
    fn extent(&self, lines: usize) -> (f32, f32) {
        let wider = |(width, _): (f32, f32), line: &(f32, f32)| (width.max(line.0), line.1);
        self.lines.iter().take(lines).fold((0.0, 0.0), wider)
    }
}

/// Takes a glyph's outline at a place; fonts count upwards, images downwards.
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
    size: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.size, self.y - y * self.size)
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

/// How large the text is and after how much it repeats, in millimetres.
struct Layout {
    text_size: f32,
    width: f32,
    height: f32,
}

impl Layout {
    /// The largest text for which the watermarks are near enough to each other for the promise and yet don't touch.
    fn of(text: &Text) -> Option<Self> {
        let (sin, cos) = SLANT_DEGREES.to_radians().sin_cos();
        let (largest, smallest) = TEXT_SIZES;
        let steps = 8_u8;
        let mut choices = PIECES.into_iter().flat_map(|piece| (0..=steps).map(move |step| (piece, step)));
        choices.find_map(|(piece, step)| {
            let text_size = largest - (largest - smallest) * f32::from(step) / f32::from(steps);
            // A piece that is longer than the period and the promised lines together holds them whole.
            let (promised_width, promised_height) = slanted(text.extent(PROMISED));
            // A pixel or two is lost to rounding.
            let period = |piece: f32, promised: f32| piece - promised * text_size - 0.5;
            let (width, height) = (period(piece.0, promised_width), period(piece.1, promised_height));
            let layout = Self { text_size, width, height };
            let (width, height) = text.extent(usize::MAX);
            let (width, height) = ((width + GAP) * text_size, (height + GAP) * text_size);
            let apart = |columns: f32, rows: f32| {
                let (x, y) = (columns * layout.width, rows * layout.height);
                (x * cos + y * sin).abs() >= width || (y * cos - x * sin).abs() >= height
            };
            let free = [
                (1.0, 0.0),
                (0.0, 1.0),
                (1.0, 1.0),
                (-1.0, 1.0),
                (2.0, 1.0),
                (-2.0, 1.0),
                (1.0, 2.0),
                (-1.0, 2.0),
            ];
            (layout.width > 0.0
                && layout.height > 0.0
                && free.iter().all(|(columns, rows)| apart(*columns, *rows)))
            .then_some(layout)
        })
    }

    fn paint(&self, text: &Text, dpi: u32) -> Option<Tile> {
        let pixels = dpi as f32 / 25.4;
        let (width, height) = ((self.width * pixels) as u32, (self.height * pixels) as u32);
        let (text_width, text_height) = text.extent(usize::MAX);
        let size = self.text_size * pixels;
        let placed = Transform::from_translate(-text_width / 2.0, -text_height / 2.0)
            .post_scale(size, size)
            .post_rotate(SLANT_DEGREES)
            .post_translate(width as f32 / 2.0, height as f32 / 2.0);
        let (mut letters, mut around) = (Mask::new(width, height)?, Mask::new(width, height)?);
        // What sticks out on one side comes in on the other.
        for n in 0..25_i16 {
            let (x, y) = (f32::from(n % 5 - 2) * width as f32, f32::from(n / 5 - 2) * height as f32);
            let placed = placed.post_translate(x, y);
            letters.fill_path(&text.outline, FillRule::Winding, true, placed);
            around.fill_path(
                &text.outline,
                FillRule::Winding,
                true,
                placed.post_translate(EDGE * size, EDGE * size),
            );
        }
        let rows =
            letters.data().chunks_exact(width as usize).zip(around.data().chunks_exact(width as usize));
        let change = |(column, (letter, around)): (usize, (&u8, &u8))| {
            let dark = f32::from(*letter) / 255.0 * DARK_OPACITY;
            let light = f32::from(around.saturating_sub(*letter)) / 255.0 * LIGHT_OPACITY;
            let keep = ((1.0 - dark - light) * 256.0).round() as u16;
            Change { column, keep, add: ((dark * DARK + light * 255.0) * 256.0).round() as u16 }
        };
        let rows = rows
            .map(|(letters, around)| {
                letters.iter().zip(around).enumerate().map(change).filter(|c| c.keep < 256).collect()
            })
            .collect();
        Some(Tile {
            width: width as usize,
            rows,
            #[cfg(test)]
            promised: {
                let (width, height) = text.extent(PROMISED);
                tiny_skia::Rect::from_xywh(0.0, 0.0, width, height)?.transform(placed)?
            },
        })
    }
}

/// Width and height of what is around a slanted rectangle.
fn slanted((width, height): (f32, f32)) -> (f32, f32) {
    let (sin, cos) = SLANT_DEGREES.to_radians().sin_cos();
    (width * cos.abs() + height * sin.abs(), width * sin.abs() + height * cos.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(ToString::to_string).collect()
    }

    fn usual() -> Vec<String> {
        lines(&["欧阳明远", "工号 10086", "终端 机要室-03", "2026-11-24 10:15", "〔2026〕机密 0123 号"])
    }

    #[test]
    fn every_piece_of_6_by_4_cm_holds_name_and_number() {
        let long = lines(&[
            "阿卜杜热西提·买买提艾力",
            "工号 10086",
            "终端 机要室-03",
            "2026-11-24 10:15",
            "〔2026〕机密 0123 号",
        ]);
        let font = Font::installed().unwrap();
        for (text, piece_width, piece_height) in
            [(usual(), 60.0, 40.0), (usual(), 40.0, 60.0), (long, 60.0, 40.0)]
        {
            let tile = Tile::new(&text, 150, &font).unwrap();
            let (width, height) = (tile.width as f32, tile.rows.len() as f32);
            let promised = tile.promised;
            let (piece_width, piece_height) = (piece_width / 25.4 * 150.0, piece_height / 25.4 * 150.0);
            for left in 0..tile.width {
                let first = promised.left() + ((left as f32 - promised.left()) / width).ceil() * width;
                assert!(first + promised.width() <= left as f32 + piece_width, "from {left} across");
            }
            for top in 0..tile.rows.len() {
                let first = promised.top() + ((top as f32 - promised.top()) / height).ceil() * height;
                assert!(first + promised.height() <= top as f32 + piece_height, "from {top} down");
            }
        }
    }

    #[test]
    fn what_is_promised_is_drawn_and_in_every_repetition_the_same() {
        let tile = Tile::new(&usual(), 150, &Font::installed().unwrap()).unwrap();
        let (width, height) = (tile.width as u32 * 3, tile.rows.len() as u32 * 3);
        for (paper, shows) in [(255, 0..230_u8), (0, 60..255)] {
            let mut page = Raster::new(width, height, vec![paper; (width * height * 3) as usize]).unwrap();
            tile.stamp(&mut page);
            let at = |x: u32, y: u32| page.rgb()[((y * width + x) * 3) as usize];
            let box_of = tile.promised;
            let mut drawn = 0;
            for y in 0..height - tile.rows.len() as u32 {
                for x in 0..width - tile.width as u32 {
                    let inside = (box_of.left()..box_of.right()).contains(&(x as f32))
                        && (box_of.top()..box_of.bottom()).contains(&(y as f32));
                    drawn += u32::from(inside && shows.contains(&at(x, y)));
                    assert_eq!(at(x, y), at(x + tile.width as u32, y));
                    assert_eq!(at(x, y), at(x, y + tile.rows.len() as u32));
                }
            }
            assert!(drawn > 300, "{drawn} pixels show on paper {paper}");
        }
    }

    #[test]
    fn characters_the_font_lacks_are_named() {
        let font = Font::installed().unwrap();
        let refused = Tile::new(&lines(&["张\u{10fffd}远\u{10fffd}", "工号\t7"]), 150, &font).err();
        assert_eq!(refused, Some(WatermarkError::MissingGlyphs("\u{10fffd}\t".into())));
    }

    #[test]
    fn blank_endless_and_oddly_sized_watermarks_are_refused() {
        let font = Font::installed().unwrap();
        let refused = |text: &[&str], dpi| Tile::new(&lines(text), dpi, &font).err();
        assert_eq!(refused(&[], 150), Some(WatermarkError::NoText));
        assert_eq!(refused(&["张明远", " "], 150), Some(WatermarkError::NoText));
        assert_eq!(refused(&["张明远".repeat(20).as_str()], 150), Some(WatermarkError::TooLong));
        assert_eq!(refused(&["张明远"], 0), Some(WatermarkError::Resolution(0)));
        assert_eq!(refused(&["张明远"], 1_000_000), Some(WatermarkError::Resolution(1_000_000)));
        assert_eq!(refused(&["张明远"], 72), None);
        assert_eq!(Font::new(b"not a font", 0).err(), Some(WatermarkError::FontBytes));
    }
}
