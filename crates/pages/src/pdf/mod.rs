//! PDF: pages drawn and read through hayro.

mod text;

use crate::{Bounds, Document, Fault, Fonts, PageText, Raster, Size};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::font::{FallbackFontQuery, FontData, FontQuery};
use hayro::hayro_interpret::hayro_cmap::CidFamily;
use hayro::hayro_interpret::util::TransformExt as _;
use hayro::hayro_syntax::object::dict::keys::{HEIGHT, WIDTH};
use hayro::hayro_syntax::object::{Dict, Stream};
use hayro::hayro_syntax::page::{Page, Resources};
use hayro::hayro_syntax::{DecryptionError, LoadPdfError};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources as Atlas, TargetInit};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const MM_PER_POINT: f64 = 25.4 / 72.0;

/// An open PDF. Opening reads the page tree; a page's content is read when it is drawn.
pub struct Pdf {
    file: hayro::hayro_syntax::Pdf,
    settings: InterpreterSettings,
    /// Set by the font search when a font had to stand in for another.
    substituted: Arc<AtomicBool>,
    bounds: Bounds,
}

impl Pdf {
    /// Opens a PDF that has no password, or the empty one.
    ///
    /// # Errors
    /// When it is locked, damaged, or has too many pages.
    pub fn open(bytes: Vec<u8>, bounds: Bounds, fonts: &Fonts) -> Result<Self, Fault> {
        let pdf = hayro::hayro_syntax::Pdf::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Fault::Locked,
            LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
                Fault::Unsupported { what: "encryption".into() }
            }
            other => Fault::damaged("pdf", format!("{other:?}")),
        })?;
        let found = pdf.pages().len();
        if found > bounds.pages {
            return Err(Fault::TooLarge {
                what: "pages".into(),
                found: found as u64,
                allowed: bounds.pages as u64,
            });
        }
        if found == 0 {
            return Err(Fault::damaged("pdf", "has no pages"));
        }
        let substituted = Arc::new(AtomicBool::new(false));
        let (told, fonts) = (substituted.clone(), fonts.clone());
        let settings = InterpreterSettings {
            font_resolver: Arc::new(move |query| Some(find_font(query, &fonts, &told))),
            ..InterpreterSettings::default()
        };
        Ok(Self { file: pdf, settings, substituted, bounds })
    }

    fn page(&self, page: usize) -> Result<&Page<'_>, Fault> {
        let pages = self.file.pages();
        pages.get(page).ok_or(Fault::NoSuchPage { page, pages: pages.len() })
    }
}

impl Document for Pdf {
    fn page_count(&self) -> usize {
        self.file.pages().len()
    }

    fn size(&self, page: usize) -> Result<Size, Fault> {
        let (width, height) = self.page(page)?.render_dimensions();
        Ok(Size { width: f64::from(width) * MM_PER_POINT, height: f64::from(height) * MM_PER_POINT })
    }

    fn draw(&mut self, page: usize, dpi: f64) -> Result<Raster, Fault> {
        let (width, height) = self.bounds.raster(self.size(page)?, dpi)?;
        let page = self.page(page)?;
        images_within(page.resources(), self.bounds)?;
        // The renderer counts in 16 bits.
        let (Ok(columns), Ok(rows)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(Fault::TooLarge {
                what: "page".into(),
                found: u64::from(width.max(height)),
                allowed: u64::from(u16::MAX),
            });
        };
        let mut context = RenderContext::new(columns, rows);
        // Fonts and images are kept for one page only: what is kept borrows from the file.
        hayro::render_into(
            page,
            &hayro::RenderCache::new(),
            &self.settings,
            &hayro::RenderSettings::default(),
            &mut context,
            Affine::scale(dpi / 72.0) * page.initial_transform(true).to_kurbo(),
        );
        context.flush();
        let mut pixmap = Pixmap::new(columns, rows);
        context.render_with(
            &mut pixmap,
            &mut Atlas::default(),
            RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..RasterizerSettings::default() },
        );
        let rgb = pixmap.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
        Ok(Raster { width, height, rgb })
    }

    fn text(&mut self, page: usize) -> Result<PageText, Fault> {
        Ok(text::read(self.page(page)?, &self.settings, self.bounds))
    }

    fn notices(&self) -> Vec<&'static str> {
        if self.substituted.load(Ordering::Relaxed) { vec!["font_substituted"] } else { Vec::new() }
    }
}

/// Refuses a page whose images claim more pixels than may be decoded.
fn images_within(resources: &Resources<'_>, bounds: Bounds) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    let mut waiting: Vec<Dict<'_>> = vec![resources.x_objects.clone()];
    // Forms hold resources of their own; each object is looked at once, so a circle ends.
    while let Some(objects) = waiting.pop() {
        for key in objects.keys() {
            let Some(dict) = objects.get::<Stream<'_>>(key).map(|stream| stream.dict().clone()) else {
                continue;
            };
            if dict.obj_id().is_some_and(|id| !seen.insert(id)) || seen.len() > bounds.entries {
                continue;
            }
            let found = u64::from(dict.get::<u32>(WIDTH).unwrap_or(0))
                * u64::from(dict.get::<u32>(HEIGHT).unwrap_or(0));
            if found > bounds.pixels {
                return Err(Fault::TooLarge { what: "pixels".into(), found, allowed: bounds.pixels });
            }
            let inner =
                dict.get::<Dict<'_>>(&b"Resources"[..]).and_then(|own| own.get::<Dict<'_>>(&b"XObject"[..]));
            waiting.extend(inner);
        }
    }
    Ok(())
}

/// Finds the font for a file that doesn't carry its own: the 14 of the standard are built in, the
/// named one of the machine is taken where there is one, and else one that looks alike.
fn find_font(query: &FontQuery, fonts: &Fonts, substituted: &AtomicBool) -> (FontData, u32) {
    let query = match query {
        FontQuery::Standard(standard) => return standard.get_font_data(),
        FontQuery::Fallback(query) => query,
    };
    let names = [&query.post_script_name, &query.font_name, &query.font_family];
    let exact = names.into_iter().flatten().find_map(|name| fonts.named(name));
    if let Some(face) = exact {
        return face;
    }
    substituted.store(true, Ordering::Relaxed);
    let bold = query.is_bold || query.font_weight >= 600;
    has_hei_strokes(query)
        .and_then(|hei| fonts.chinese(hei, bold))
        .unwrap_or_else(|| query.pick_standard_font().get_font_data())
}

/// Whether the Chinese font that is asked for has the strokes of Hei, by its name, or else those of Song; nothing where the
/// font isn't Chinese.
fn has_hei_strokes(query: &FallbackFontQuery) -> Option<bool> {
    let name = query.post_script_name.as_deref().unwrap_or_default().to_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if any(&["hei", "黑", "gothic", "dengxian", "等线"]) {
        return Some(true);
    }
    if any(&["song", "simsun", "fang", "kai", "ming", "宋", "仿", "楷", "明", "gb2312", "gbk"]) {
        return Some(false);
    }
    match query.character_collection.as_ref()?.family {
        CidFamily::AdobeGB1 | CidFamily::AdobeCNS1 | CidFamily::AdobeJapan1 | CidFamily::AdobeKorea1 => {
            Some(false)
        }
        // Chinese programs write fonts without a collection too; a Chinese font has Latin letters as well.
        _ => Some(!query.is_serif),
    }
}
