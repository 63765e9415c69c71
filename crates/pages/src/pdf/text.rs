//! The words on a PDF page: what would be drawn, collected instead.

use super::MM_PER_POINT;
use crate::text_lines::{Glyph, Lines};
use crate::{Bounds, PageText};
use hayro::hayro_interpret::font::{Glyph as Drawn, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro::hayro_interpret::util::TransformExt as _;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect};

/// Reads the words of a page.
pub fn read(page: &Page<'_>, settings: &InterpreterSettings, bounds: Bounds) -> PageText {
    let (width, height) = page.render_dimensions();
    let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let cache = InterpreterCache::new();
    let start = page.initial_transform(true).to_kurbo();
    let mut context = Context::new(start, area, &cache, page.xref(), settings.clone());
    let mut reader = Reader { lines: Lines::new(bounds.page_characters) };
    interpret_page(page, &mut context, &mut reader);
    reader.lines.finish()
}

struct Reader {
    lines: Lines,
}

impl<'a> Device<'a> for Reader {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        let vertical = run.writing_mode() == WritingMode::Vertical;
        let glyphs = run.glyphs().iter().map(|glyph| {
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                None => String::new(),
            };
            let advance = match &**glyph {
                Drawn::Outline(outline) => outline.advance_width(),
                Drawn::Type3(type3) => type3.advance_width(),
            };
            let advance = if vertical { 1000.0 } else { advance.map_or(0.0, f64::from) };
            let place = Affine::scale(MM_PER_POINT) * props.transform * glyph.transform();
            // Glyphs stand in thousandths of their size; most reach this far below and above the line.
            let place = place.transform_rect_bbox(Rect::new(0.0, -120.0, advance, 880.0));
            Glyph { text, x: place.x0, y: place.y0, width: place.width(), height: place.height() }
        });
        self.lines.run(glyphs.collect(), vertical);
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
