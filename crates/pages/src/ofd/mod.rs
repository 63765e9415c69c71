//! OFD, the fixed layout of Chinese official documents (GB/T 33190-2016): a ZIP of XML, read and
//! drawn here without any other program.
//!
//! What can't be read is left out and told as a notice; only what makes a page unreadable as a whole
//! is a fault.

mod canvas;
mod colour;
mod content;
pub(crate) mod document;
mod numbers;
mod package;
mod path;
mod picture;
mod seal;
mod stock;
mod style;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod typeface;
mod words;

use crate::fonts::Fonts;
use crate::{Bounds, Document, Fault, PageText, Raster, Size};
use canvas::Canvas;
use content::{Target, Walk};
use document::{Notices, PageAt, area};
use package::Package;
use std::cell::RefCell;
use stock::Stock;
use tiny_skia::{Color, Transform};
use words::Words;

/// The longest side that a page may have, in millimetres.
const LONGEST: f32 = 20_000.0;
const MILLIMETRES_PER_INCH: f64 = 25.4;

/// An OFD file open for reading. All of its documents' pages count on.
pub struct Ofd {
    /// Asking for a size reads a page, and reading keeps things.
    stock: RefCell<Stock>,
    pages: Vec<PageAt>,
    bounds: Bounds,
}

/// Opens an OFD file.
///
/// # Errors
/// When it is damaged, locked, or exceeds the bounds.
pub fn open(bytes: Vec<u8>, bounds: Bounds, fonts: &Fonts) -> Result<Ofd, Fault> {
    Ofd::open(bytes, bounds, fonts, false)
}

/// Draws the first page of an OFD that is the picture of a seal, without a ground.
fn seal_picture(
    bytes: &[u8],
    bounds: Bounds,
    fonts: &Fonts,
    width: f32,
) -> Result<(image::RgbaImage, Notices), Fault> {
    let ofd = Ofd::open(bytes.to_vec(), bounds, fonts, true)?;
    let size = ofd.size(0)?;
    let canvas = ofd.paint(0, f64::from(width) / size.width, None)?;
    let (width, height) = (canvas.pixmap.width(), canvas.pixmap.height());
    let image = image::RgbaImage::from_raw(width, height, canvas.pixmap.take_demultiplied())
        .ok_or_else(|| Fault::damaged("seal", "can't be drawn"))?;
    Ok((image, ofd.stock.into_inner().notices))
}

impl Ofd {
    fn open(bytes: Vec<u8>, bounds: Bounds, fonts: &Fonts, nested: bool) -> Result<Self, Fault> {
        let mut package = Package::open(bytes, bounds)?;
        let mut notices = Notices::new();
        let pages = document::read(&mut package, bounds, &mut notices)?;
        let stock = Stock::new(package, bounds, fonts.clone(), notices, nested);
        Ok(Self { stock: RefCell::new(stock), pages, bounds })
    }

    fn page(&self, page: usize) -> Result<&PageAt, Fault> {
        self.pages.get(page).ok_or(Fault::NoSuchPage { page, pages: self.pages.len() })
    }

    /// Draws a page at so many pixels per millimetre.
    fn paint(&self, page: usize, scale: f64, ground: Option<Color>) -> Result<Canvas, Fault> {
        let at = self.page(page)?;
        let size = self.size(page)?;
        let (width, height) = (pixels(size.width * scale), pixels(size.height * scale));
        let found = u64::from(width) * u64::from(height);
        let too_large = || Fault::TooLarge { what: "pixels".into(), found, allowed: self.bounds.pixels };
        if found > self.bounds.pixels {
            return Err(too_large());
        }
        let mut canvas = Canvas::new(width, height).ok_or_else(too_large)?;
        if let Some(ground) = ground {
            canvas.pixmap.fill(ground);
        }
        let mut stock = self.stock.borrow_mut();
        let mut walk = Walk::new(&mut stock, at, Target::Canvas(canvas));
        let scale = narrow(scale);
        walk.page(Transform::from_scale(scale, scale))?;
        match walk.target {
            Target::Canvas(canvas) => Ok(canvas),
            Target::Words(_) => Err(too_large()),
        }
    }
}

impl Document for Ofd {
    fn page_count(&self) -> usize {
        self.pages.len()
    }

    fn size(&self, page: usize) -> Result<Size, Fault> {
        let at = self.page(page)?;
        let root = self.stock.borrow_mut().page(&at.file)?;
        // Without any box a page is A4, as readers take it.
        let (width, height) = area(root.child("Area"))
            .or(at.volume.area)
            .map_or((210.0, 297.0), |area| (area.width(), area.height()));
        let sound = |side: f32| side > 0.0 && side <= LONGEST;
        if !sound(width) || !sound(height) {
            return Err(Fault::damaged(&at.file, format!("is {width} × {height} millimetres large")));
        }
        Ok(Size { width: f64::from(width), height: f64::from(height) })
    }

    fn draw(&mut self, page: usize, dpi: f64) -> Result<Raster, Fault> {
        let canvas = self.paint(page, dpi / MILLIMETRES_PER_INCH, Some(Color::WHITE))?;
        let (width, height) = (canvas.pixmap.width(), canvas.pixmap.height());
        let rgb = canvas.pixmap.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
        Ok(Raster { width, height, rgb: rgb.collect() })
    }

    fn text(&mut self, page: usize) -> Result<PageText, Fault> {
        let at = self.page(page)?;
        let mut stock = self.stock.borrow_mut();
        let words = Words::new(self.bounds.page_characters);
        let mut walk = Walk::new(&mut stock, at, Target::Words(words));
        walk.page(Transform::identity())?;
        match walk.target {
            Target::Words(words) => {
                if words.is_full() {
                    stock.notices.insert("text_cut_short");
                }
                Ok(PageText { runs: words.runs })
            }
            Target::Canvas(_) => Ok(PageText::default()),
        }
    }

    fn notices(&self) -> Vec<&'static str> {
        self.stock.borrow().notices.iter().copied().collect()
    }
}

/// A count of pixels; a length that is none is one pixel, and one beyond all bounds stays beyond.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn pixels(length: f64) -> u32 {
    (length.round() as u32).max(1)
}

#[expect(clippy::cast_possible_truncation, reason = "pixels per millimetre need no more")]
fn narrow(scale: f64) -> f32 {
    scale as f32
}
