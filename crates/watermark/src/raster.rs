//! Owns the image of a page as plain bytes: red, green, blue, row by row.

use std::io::Cursor;

use crate::WatermarkError;

const SMALLEST_SIDE: u32 = 96;
const LARGEST_SIDE: u32 = 16_384;
const MOST_PIXELS: u64 = 40_000_000;

/// An image of 96 to 16,384 pixels a side and at most 40 million pixels, three bytes each.
#[derive(Clone, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Raster {
    /// Takes `width * height * 3` bytes; refuses sides out of range and bytes that don't fit.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, WatermarkError> {
        let sides = SMALLEST_SIDE..=LARGEST_SIDE;
        let pixels = u64::from(width) * u64::from(height);
        if !sides.contains(&width) || !sides.contains(&height) || pixels > MOST_PIXELS {
            return Err(WatermarkError::Size { width, height });
        }
        if rgb.len() as u64 != pixels * 3 {
            return Err(WatermarkError::Bytes);
        }
        Ok(Self { width, height, rgb })
    }

    /// Reads a PNG, JPEG, WebP, BMP, GIF or TIFF file; refuses what isn't one before its pixels take memory, and sizes
    /// out of range.
    pub fn decode(file: &[u8]) -> Result<Self, WatermarkError> {
        let mut reader = image::ImageReader::new(Cursor::new(file))
            .with_guessed_format()
            .map_err(|_| WatermarkError::NotAnImage)?;
        let mut limits = image::Limits::default();
        limits.max_image_width = Some(LARGEST_SIDE);
        limits.max_image_height = Some(LARGEST_SIDE);
        // Four channels of two bytes each for the largest image.
        limits.max_alloc = Some(MOST_PIXELS * 8);
        reader.limits(limits);
        let image = reader.decode().map_err(|_| WatermarkError::NotAnImage)?;
        Self::new(image.width(), image.height(), image.into_rgb8().into_raw())
    }

    /// Pixels from left to right.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes, red, green, blue, row by row from the top.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Gives the bytes back, without copying them.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.rgb.chunks_exact_mut(self.width as usize * 3)
    }

    /// How bright each pixel is, 0 to 255, with the weights of Rec. 601, which JPEG uses too.
    pub(crate) fn luma(&self) -> Vec<f32> {
        let bright = |p: &[u8]| match p {
            [r, g, b] => 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b),
            _ => 0.0,
        };
        self.rgb.chunks_exact(3).map(bright).collect()
    }
}
