//! The font of a text (GB/T 33190 11.1): the one that the file brings along where it can be read,
//! and otherwise fonts of this machine that look like it.

use super::document::{Notices, Resource};
use crate::fonts::{Candidate, Fonts};
use skrifa::{DrawMemory, Font, GlyphId, PathSink, ScalerFont};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use tiny_skia::{Path, PathBuilder};

/// Outlines are asked for at this size, then shrunk to an em of one.
const UNITS: f32 = 1000.0;

/// A font that can be drawn with.
pub(crate) struct Face {
    scaler: ScalerFont,
    outlines: RefCell<HashMap<u32, Option<Rc<Path>>>>,
    pub bold: bool,
    pub italic: bool,
}

impl Face {
    fn new(font: Font, bold: bool, italic: bool) -> Self {
        Self { scaler: ScalerFont::unhinted(font, Some(UNITS)), outlines: RefCell::default(), bold, italic }
    }

    /// A character's glyph.
    fn glyph(&self, character: char) -> Option<u32> {
        self.scaler.font().charmap().map_unicode(character).map(GlyphId::to_u32)
    }

    /// How far a glyph moves on, in ems.
    pub fn advance(&self, glyph: u32) -> f32 {
        let font = self.scaler.font();
        let advance = font.glyph_metrics().h_advance(GlyphId::new(glyph));
        (advance / f32::from(font.units_per_em().max(1))).clamp(0.0, 4.0)
    }

    /// A glyph's outline on an em of one, downwards as pages count.
    pub fn outline(&self, glyph: u32) -> Option<Rc<Path>> {
        if let Some(known) = self.outlines.borrow().get(&glyph) {
            return known.clone();
        }
        let mut sink = Sink(PathBuilder::new());
        let drawn = self
            .scaler
            .outline(GlyphId::new(glyph))
            .is_some_and(|outline| outline.draw(DrawMemory::Scratch, &mut sink).is_ok());
        let path = if drawn { sink.0.finish().map(Rc::new) } else { None };
        self.outlines.borrow_mut().insert(glyph, path.clone());
        path
    }
}

struct Sink(PathBuilder);

impl PathSink for Sink {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x / UNITS, -y / UNITS);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x / UNITS, -y / UNITS);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1 / UNITS, -y1 / UNITS, x / UNITS, -y / UNITS);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1 / UNITS, -y1 / UNITS, x2 / UNITS, -y2 / UNITS, x / UNITS, -y / UNITS);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

/// A glyph chosen for a character.
#[derive(Clone)]
pub(crate) struct Chosen {
    pub face: Rc<Face>,
    pub glyph: u32,
    /// Whether boldness and slant must be made, since the font has none of its own.
    pub embolden: bool,
    pub slant: bool,
    /// Whether its width may differ from what the writer measured.
    pub foreign: bool,
}

/// The font that a text names.
pub(crate) struct Typeface {
    embedded: Option<Rc<Face>>,
    candidates: Vec<Candidate>,
    bold: bool,
    italic: bool,
}

/// The fonts of this machine that are in use already.
pub(crate) type Loaded = HashMap<fontdb::ID, Option<Rc<Face>>>;

impl Typeface {
    /// Prepares a font resource; `file` is what it brings along.
    pub fn new(resource: Option<&Resource>, file: Option<Vec<u8>>, fonts: &Fonts) -> Self {
        let node = resource.map(|resource| &resource.node);
        let attribute =
            |name: &str| node.and_then(|node| node.attribute(name)).filter(|name| !name.is_empty());
        let flag = |name: &str| node.is_some_and(|node| node.flag(name, false));
        let names: Vec<&str> =
            [attribute("FontName"), attribute("FamilyName")].into_iter().flatten().collect();
        let (bold, italic) = (flag("Bold"), flag("Italic"));
        let embedded = file.and_then(|bytes| Font::new(bytes, 0)).filter(|font| font.num_glyphs() > 0);
        Self {
            embedded: embedded.map(|font| Rc::new(Face::new(font, bold, italic))),
            candidates: fonts.candidates(&names, bold, italic),
            bold,
            italic,
        }
    }

    /// Whether glyphs of the file's own numbering can be drawn.
    pub fn embedded(&self) -> Option<Chosen> {
        let face = Rc::clone(self.embedded.as_ref()?);
        Some(Chosen { face, glyph: 0, embolden: false, slant: false, foreign: false })
    }

    /// The glyph for a character in the first font that has one.
    pub fn choose(
        &self,
        character: char,
        fonts: &Fonts,
        loaded: &mut Loaded,
        notices: &mut Notices,
    ) -> Option<Chosen> {
        if let Some(face) = &self.embedded
            && let Some(glyph) = face.glyph(character)
        {
            return Some(Chosen {
                face: Rc::clone(face),
                glyph,
                embolden: false,
                slant: false,
                foreign: false,
            });
        }
        for candidate in &self.candidates {
            let load = || {
                let font = fonts.load(candidate.id)?;
                Some(Rc::new(Face::new(font, candidate.bold, candidate.italic)))
            };
            let Some(face) = loaded.entry(candidate.id).or_insert_with(load) else { continue };
            let Some(glyph) = face.glyph(character) else { continue };
            if !candidate.same {
                notices.insert("font_substituted");
            }
            let (embolden, slant) = (self.bold && !face.bold, self.italic && !face.italic);
            return Some(Chosen { face: Rc::clone(face), glyph, embolden, slant, foreign: !candidate.same });
        }
        notices.insert("font_missing");
        None
    }
}
