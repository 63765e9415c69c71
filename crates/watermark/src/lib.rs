//! What is put onto the image of a page before it leaves for a screen or a printer.
//!
//! Owns the visible watermark (who looks, where and when, in letters) and the invisible mark (64 bits that are found
//! again in a screenshot). Knows nothing of sessions or people: it is handed lines of text, a key and a number.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels, frequencies and grey levels are all far inside the exact range of the types they are cast to"
)]

mod code;
mod find;
mod mark;
mod plan;
mod raster;
mod visible;

pub use find::{Found, find};
pub use mark::Mark;
pub use raster::Raster;
pub use visible::{Font, Tile};

/// What can be wrong with a page or a text that should be marked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatermarkError {
    /// A side of the image is below 96 or above 16,384 pixels, or the image has more than 40 million of them.
    #[error(
        "an image of {width} × {height} pixels can't be marked or searched; use sides of 96 to 16384 pixels"
    )]
    Size { width: u32, height: u32 },
    /// The bytes aren't three for each pixel.
    #[error("the bytes of the image don't fit its width and height")]
    Bytes,
    /// The file isn't an image that can be read here.
    #[error("this isn't an image that can be read; use PNG, JPEG, WebP, BMP, GIF or TIFF")]
    NotAnImage,
    /// The page is smaller than one period of the invisible mark.
    #[error(
        "a page of {width} × {height} pixels is too small to carry the mark; render it with at least 192 pixels a side"
    )]
    TooSmall { width: u32, height: u32 },
    /// No font with Chinese characters is installed.
    #[error("no font with Chinese characters is installed; install Noto Sans CJK SC")]
    NoFont,
    /// The bytes given as a font aren't one.
    #[error("the font can't be read; use a TrueType or OpenType file")]
    FontBytes,
    /// The font lacks these characters, or draws nothing for them.
    #[error("the font lacks the characters {0}; use one that has them")]
    MissingGlyphs(String),
    /// There is no line, or one of the first two is empty.
    #[error("the watermark needs at least a line, and nothing blank in the first two")]
    NoText,
    /// The lines don't fit even at the smallest size that can be read.
    #[error("the lines are too long for a watermark that shows in every 6 × 4 cm; shorten them")]
    TooLong,
    /// The resolution is outside 72 to 600 dots per inch.
    #[error("a resolution of {0} dots per inch is out of range; use 72 to 600")]
    Resolution(u32),
}
