//! Pictures inside an OFD (GB/T 33190 7.9, 10): decoded within bounds and made ready to be drawn.

use super::numbers;
use crate::Bounds;
use image::{ImageReader, Limits, RgbaImage};
use std::io::Cursor;
use tiny_skia::{ColorU8, Pixmap};

/// Decodes a picture by what its bytes are, not by what its name says.
pub(super) fn decode(bytes: &[u8], bounds: Bounds) -> Option<RgbaImage> {
    let reader = || ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok();
    if reader()?.format().is_none() {
        return bilevel(bytes, bounds);
    }
    let (width, height) = reader()?.into_dimensions().ok()?;
    if u64::from(width) * u64::from(height) > bounds.pixels {
        return None;
    }
    let mut reader = reader()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(bounds.pixels.saturating_mul(8));
    reader.limits(limits);
    Some(reader.decode().ok()?.into_rgba8())
}

/// JBIG2, as a file or as the bare segments that PDF embeds.
fn bilevel(bytes: &[u8], bounds: Bounds) -> Option<RgbaImage> {
    let settings = hayro_jbig2::DecodeSettings::default();
    let file = hayro_jbig2::File::new(bytes, &settings);
    let page = match &file {
        Ok(file) => file.page(0)?,
        Err(_) => hayro_jbig2::Page::new_embedded(bytes, None, &settings).ok()?,
    };
    if u64::from(page.width()) * u64::from(page.height()) > bounds.pixels {
        return None;
    }
    let mut pixels = Bilevel(Vec::new());
    page.decode(&mut pixels).ok()?;
    RgbaImage::from_raw(page.width(), page.height(), pixels.0)
}

struct Bilevel(Vec<u8>);

impl hayro_jbig2::Decoder for Bilevel {
    fn push_pixel(&mut self, black: bool) {
        let value = if black { 0 } else { 255 };
        self.0.extend([value, value, value, 255]);
    }

    fn push_pixel_chunk(&mut self, black: bool, chunk_count: u32) {
        for _ in 0..chunk_count.saturating_mul(8) {
            self.push_pixel(black);
        }
    }

    fn next_line(&mut self) {}
}

/// Makes a picture ready to be drawn on about `width` × `height` pixels: shrunk first where it is
/// much larger, for the drawing itself looks at neighbouring pixels only.
pub(super) fn ready(image: &RgbaImage, width: f32, height: f32) -> Option<Pixmap> {
    let (own_width, own_height) = image.dimensions();
    let smaller = |own: u32, wanted: f32| own.min(numbers::pixels(wanted.min(1e6)));
    let (wanted_width, wanted_height) = (smaller(own_width, width), smaller(own_height, height));
    let shrunk;
    let image = if wanted_width < own_width || wanted_height < own_height {
        shrunk = image::imageops::thumbnail(image, wanted_width, wanted_height);
        &shrunk
    } else {
        image
    };
    let mut pixmap = Pixmap::new(image.width(), image.height())?;
    for (pixel, image::Rgba([red, green, blue, alpha])) in pixmap.pixels_mut().iter_mut().zip(image.pixels())
    {
        *pixel = ColorU8::from_rgba(*red, *green, *blue, *alpha).premultiply();
    }
    Some(pixmap)
}

/// Lets a picture show only where its mask is bright.
pub(super) fn masked(mut image: RgbaImage, mask: &RgbaImage) -> RgbaImage {
    let (width, height) = image.dimensions();
    let mask = image::imageops::thumbnail(mask, width, height);
    for (pixel, image::Rgba([red, green, blue, alpha])) in image.pixels_mut().zip(mask.pixels()) {
        let bright = (u16::from(*red) + u16::from(*green) + u16::from(*blue)) / 3 * u16::from(*alpha) / 255;
        let image::Rgba([.., own]) = pixel;
        *own = u8::try_from(u16::from(*own) * bright / 255).unwrap_or(*own);
    }
    image
}
