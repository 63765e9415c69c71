//! Files that have no pages of their own, or whose pages only an office program knows: their words, set anew on plain A4
//! pages. Readers are told so.

mod office;
mod plain;

use std::collections::{BTreeSet, HashMap};

use tiny_skia::{FillRule, Paint, Pixmap, Transform};

use crate::ofd::typeface::{Loaded, Typeface};
use crate::{Bounds, Document, Fault, Fonts, Kind, PageText, Raster, Run, Size};

const PAGE: Size = Size { width: 210.0, height: 297.0 };
/// Margins at the sides and at top and bottom, millimetres.
const SIDE: f64 = 24.0;
const TOP: f64 = 26.0;
/// Size of characters and distance of lines, millimetres.
const SIZE: f64 = 4.2;
const LINE: f64 = 7.0;
/// Width of a tabulator, in characters.
const TAB: f64 = 4.0;
/// Shown in place of a character that no font has.
const MISSING: char = '□';

/// What the words of a file are before they are set: sections, each beginning a page, of paragraphs.
type Sections = Vec<Vec<String>>;

/// A file whose words were set on pages.
pub struct Flow {
    pages: Vec<Vec<Line>>,
    typeface: Typeface,
    loaded: Loaded,
    fonts: Fonts,
    kind: Kind,
    bounds: Bounds,
}

/// A line: its characters, and where each begins, from the left margin.
struct Line {
    characters: Vec<(char, f64)>,
    width: f64,
    y: f64,
}

impl Flow {
    /// Reads the words of a file and sets them on pages.
    ///
    /// # Errors
    /// When it is damaged or exceeds the bounds.
    pub fn open(bytes: Vec<u8>, kind: Kind, bounds: Bounds, fonts: &Fonts) -> Result<Self, Fault> {
        let sections = match kind {
            Kind::Docx => office::docx(&bytes, bounds)?,
            Kind::Xlsx => office::xlsx(&bytes, bounds)?,
            Kind::Pptx => office::pptx(&bytes, bounds)?,
            _ => plain::read(&bytes),
        };
        let typeface = Typeface::new(None, None, fonts);
        let mut flow =
            Self { pages: Vec::new(), typeface, loaded: Loaded::new(), fonts: fonts.clone(), kind, bounds };
        flow.set(&sections)?;
        Ok(flow)
    }

    fn set(&mut self, sections: &Sections) -> Result<(), Fault> {
        let mut widths = HashMap::new();
        for section in sections {
            let mut page: Vec<Line> = Vec::new();
            let mut y = TOP;
            for paragraph in section {
                for (characters, width) in self.break_lines(paragraph, &mut widths) {
                    if y + LINE > PAGE.height - TOP {
                        self.pages.push(std::mem::take(&mut page));
                        y = TOP;
                        if self.pages.len() >= self.bounds.pages {
                            return Err(Fault::TooLarge {
                                what: "pages".into(),
                                found: self.bounds.pages as u64 + 1,
                                allowed: self.bounds.pages as u64,
                            });
                        }
                    }
                    page.push(Line { characters, width, y });
                    y += LINE;
                }
            }
            self.pages.push(page);
        }
        if self.pages.is_empty() {
            self.pages.push(Vec::new());
        }
        Ok(())
    }

    /// A paragraph as lines no wider than the page; Chinese breaks anywhere, other words where they end.
    fn break_lines(
        &mut self,
        paragraph: &str,
        widths: &mut HashMap<char, f64>,
    ) -> Vec<(Vec<(char, f64)>, f64)> {
        let most = PAGE.width - 2.0 * SIDE;
        let mut lines = Vec::new();
        let mut line: Vec<(char, f64)> = Vec::new();
        let mut x = 0.0;
        for character in paragraph.chars().filter(|c| *c == '\t' || !c.is_control()) {
            let width = match character {
                '\t' => TAB * SIZE - x % (TAB * SIZE),
                _ => *widths.entry(character).or_insert_with(|| self.width(character)),
            };
            if x + width > most && !line.is_empty() {
                // The end of the last word that fits; none where one word fills the line.
                let word = |c: char| c.is_ascii_graphic();
                let keep = match line.iter().rposition(|(c, _)| !word(*c)) {
                    Some(at) if word(character) && at + 1 < line.len() => at + 1,
                    _ => line.len(),
                };
                let rest = line.split_off(keep);
                let start = rest.first().map_or(x, |(_, x)| *x);
                lines.push((std::mem::take(&mut line), start));
                line = rest.into_iter().map(|(c, x)| (c, x - start)).collect();
                x -= start;
            }
            line.push((character, x));
            x += width;
        }
        lines.push((line, x));
        lines
    }

    fn width(&mut self, character: char) -> f64 {
        let mut notices = BTreeSet::new();
        let chosen = self.typeface.choose(character, &self.fonts, &mut self.loaded, &mut notices);
        chosen.map_or(SIZE, |chosen| f64::from(chosen.face.advance(chosen.glyph)) * SIZE)
    }

    fn page(&self, page: usize) -> Result<&[Line], Fault> {
        let pages = self.pages.len();
        self.pages.get(page).map(Vec::as_slice).ok_or(Fault::NoSuchPage { page, pages })
    }
}

impl Document for Flow {
    fn page_count(&self) -> usize {
        self.pages.len()
    }

    fn size(&self, page: usize) -> Result<Size, Fault> {
        self.page(page).map(|_| PAGE)
    }

    // Millimetres and pixels of a page are small numbers.
    #[expect(clippy::cast_possible_truncation)]
    fn draw(&mut self, page: usize, dpi: f64) -> Result<Raster, Fault> {
        let (width, height) = self.bounds.raster(self.size(page)?, dpi)?;
        let mut pixmap = Pixmap::new(width, height).ok_or_else(|| Fault::damaged("page", "has no size"))?;
        pixmap.fill(tiny_skia::Color::WHITE);
        let scale = dpi / 25.4;
        let mut paint = Paint::default();
        paint.set_color_rgba8(0, 0, 0, 255);
        let lines = self.pages.get(page).map(Vec::as_slice).unwrap_or_default();
        let mut notices = BTreeSet::new();
        for line in lines {
            // Characters stand on a line about 7/8 below their top.
            let baseline = line.y + SIZE * 0.88;
            for (character, x) in line.characters.iter().filter(|(c, _)| !c.is_whitespace()) {
                let mut choose =
                    |c: char| self.typeface.choose(c, &self.fonts, &mut self.loaded, &mut notices);
                let Some(chosen) = choose(*character).or_else(|| choose(MISSING)) else { continue };
                let Some(outline) = chosen.face.outline(chosen.glyph) else { continue };
                let size = (SIZE * scale) as f32;
                let place = Transform::from_scale(size, size)
                    .post_translate(((SIDE + x) * scale) as f32, (baseline * scale) as f32);
                pixmap.fill_path(&outline, &paint, FillRule::Winding, place, None);
            }
        }
        let rgb = pixmap.data().chunks_exact(4).flat_map(|pixel| pixel.iter().take(3)).copied().collect();
        Ok(Raster { width, height, rgb })
    }

    fn text(&mut self, page: usize) -> Result<PageText, Fault> {
        let run = |line: &Line| Run {
            text: line.characters.iter().map(|(c, _)| *c).collect(),
            x: SIDE,
            y: line.y,
            width: line.width,
            height: SIZE,
        };
        let lines = self.page(page)?.iter().filter(|line| !line.characters.is_empty());
        Ok(PageText { runs: lines.map(run).collect() })
    }

    fn notices(&self) -> Vec<&'static str> {
        if self.kind == Kind::Text { Vec::new() } else { vec!["text_only"] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(text: &str) -> Flow {
        Flow::open(text.as_bytes().to_vec(), Kind::Text, Bounds::default(), &Fonts::of_this_machine())
            .unwrap()
    }

    #[test]
    fn words_are_set_on_pages_and_come_back() {
        let long = "关于开展年度保密检查的通知，各部门须于本月底前完成自查。".repeat(4);
        let mut read = flow(&format!(
            "标题\n\n{long}\nan English line that is broken where its words end {}",
            "word ".repeat(40)
        ));
        assert_eq!(read.page_count(), 1);
        let text = read.text(0).unwrap();
        assert_eq!(text.runs[0].text, "标题");
        let joined: String = text.runs.iter().map(|run| run.text.as_str()).collect();
        assert!(joined.contains(&long));
        let english: Vec<&str> =
            text.runs.iter().map(|run| run.text.as_str()).filter(|line| line.contains("word")).collect();
        assert!(
            english.iter().all(|line| line
                .split_whitespace()
                .all(|word| "an English line that is broken where its words end".contains(word)
                    || word == "word")),
            "{english:?}"
        );
        assert!(
            text.runs.iter().all(|run| run.x + run.width <= PAGE.width - SIDE + 0.01 && run.y < PAGE.height)
        );
        let drawn = read.draw(0, 96.0).unwrap();
        assert!(drawn.rgb.iter().filter(|value| **value < 100).count() > 3_000, "letters show");
    }

    #[test]
    fn long_texts_go_on_and_endless_ones_are_refused() {
        assert_eq!(flow(&"行\n".repeat(100)).page_count(), 3);
        let bounds = Bounds { pages: 5, ..Bounds::default() };
        let endless = "行\n".repeat(1000).into_bytes();
        let refused = Flow::open(endless, Kind::Text, bounds, &Fonts::of_this_machine()).err();
        assert!(matches!(refused, Some(Fault::TooLarge { .. })), "{refused:?}");
    }
}
