//! What was written, as pages: a file of a known kind becomes pages that can be drawn and words
//! that can be searched.
//!
//! Everything here reads bytes that somebody else made. It therefore runs in a confined child
//! process; whatever it does wrong ends that process and nothing else. No function
//! here touches the network, and only the search for fonts touches the disk. [`Reader`] starts such a child.

mod archive;
mod confined;
mod fault;
mod flow;
mod fonts;
mod kind;
mod ofd;
mod pdf;
mod picture;
mod text_lines;
mod xml;

pub use archive::{Archive, Entry};
pub use confined::{Opened, Reader, run, tools};
pub use fault::Fault;
pub use fonts::{Candidate, Fonts};
pub use kind::{Kind, recognise};

/// Bounds within which a file is read. They keep one file from eating the machine long before the
/// limits of the process do, so that what is said about it is more than "killed".
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most pages a file may have.
    pub pages: usize,
    /// Most pixels a drawn page or an image inside it may have.
    pub pixels: u64,
    /// Most bytes that one entry of an archive may unpack to.
    pub entry_bytes: u64,
    /// Most bytes that all entries of an archive together may unpack to.
    pub archive_bytes: u64,
    /// Most entries in an archive.
    pub entries: usize,
    /// How deep XML, page trees and blocks may be nested.
    pub depth: usize,
    /// Most characters of text kept of one page.
    pub page_characters: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            pages: 10_000,
            pixels: 64_000_000,
            entry_bytes: 256 << 20,
            archive_bytes: 1 << 30,
            entries: 20_000,
            depth: 64,
            page_characters: 200_000,
        }
    }
}

impl Bounds {
    /// How many pixels a page of this size has at `dpi` dots per inch.
    ///
    /// # Errors
    /// When that is more than may be drawn.
    fn raster(&self, size: Size, dpi: f64) -> Result<(u32, u32), Fault> {
        // A cast keeps within the number's range by itself; nothing is drawn narrower than a pixel.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let dots = |length: f64| (length / 25.4 * dpi - 0.01).ceil().max(1.0) as u32;
        let (width, height) = (dots(size.width), dots(size.height));
        let found = u64::from(width) * u64::from(height);
        if found > self.pixels || !dpi.is_finite() {
            return Err(Fault::TooLarge { what: "pixels".into(), found, allowed: self.pixels });
        }
        Ok((width, height))
    }
}

/// Width and height in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

/// A drawn page: rows of red, green, blue from the top left, a byte each, on white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

/// Characters that stand together on a page, and where: millimetres from the top left.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Run {
    pub text: String,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// The words of one page in reading order.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PageText {
    pub runs: Vec<Run>,
}

impl PageText {
    /// The words alone, a line per run.
    #[must_use]
    pub fn plain(&self) -> String {
        let lines: Vec<&str> = self.runs.iter().map(|run| run.text.as_str()).collect();
        lines.join("\n")
    }
}

/// A file open for reading, page by page. Pages count from 0.
pub trait Document {
    /// How many pages there are.
    fn page_count(&self) -> usize;

    /// How large a page is.
    ///
    /// # Errors
    /// When there is no such page, or its size is damaged.
    fn size(&self, page: usize) -> Result<Size, Fault>;

    /// Draws a page at `dpi` dots per inch.
    ///
    /// # Errors
    /// When there is no such page, it is damaged, or it exceeds the bounds.
    fn draw(&mut self, page: usize, dpi: f64) -> Result<Raster, Fault>;

    /// The words on a page; empty where the page is only a picture.
    ///
    /// # Errors
    /// When there is no such page, or it is damaged.
    fn text(&mut self, page: usize) -> Result<PageText, Fault>;

    /// What a reader of this document must be told, as codes of the console's word list
    /// (`signatures_not_checked`, `font_substituted`, …).
    fn notices(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Opens a file of any kind for reading.
///
/// # Errors
/// When it is of no known kind, is damaged, or exceeds the bounds.
pub fn open(bytes: Vec<u8>, bounds: Bounds, fonts: &Fonts) -> Result<Box<dyn Document>, Fault> {
    match recognise(&bytes)? {
        Kind::Ofd => Ok(Box::new(ofd::open(bytes, bounds, fonts)?)),
        Kind::Pdf => Ok(Box::new(pdf::Pdf::open(bytes, bounds, fonts)?)),
        Kind::Picture => Ok(Box::new(picture::Picture::open(bytes, bounds)?)),
        kind @ (Kind::Docx | Kind::Xlsx | Kind::Pptx | Kind::Text) => {
            Ok(Box::new(flow::Flow::open(bytes, kind, bounds, fonts)?))
        }
        Kind::OldOffice => Err(Fault::MissingProgram { program: "LibreOffice".into() }),
    }
}
