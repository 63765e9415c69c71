//! TIFF, page by page: what scanners and fax servers make.
//!
//! Read are gray, palette, RGB, CMYK and `YCbCr` of up to 16 bits a sample, uncompressed or in
//! CCITT group 4, LZW, Deflate, `PackBits` or JPEG; not CCITT group 3, old-style JPEG and Lab.

use super::Sheet;
use crate::{Bounds, Fault};
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use std::borrow::Cow;
use std::io::Cursor;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{PhotometricInterpretation, PlanarConfiguration, Tag};
use tiff::{ColorType, TiffError};

/// What the headers of all pages say.
pub fn sheets(bytes: &[u8], bounds: Bounds) -> Result<Vec<Sheet>, Fault> {
    let bytes = palettes_as_gray(bytes, bounds);
    let mut decoder = open(&bytes, bounds)?;
    let mut sheets = Vec::new();
    loop {
        let (width, height) = decoder.dimensions().map_err(fault)?;
        let number = |decoder: &mut Decoder<_>, tag| decoder.find_tag_unsigned::<u16>(tag).ok().flatten();
        let density = |decoder: &mut Decoder<_>, tag| decoder.get_tag_f64(tag).ok();
        let across = density(&mut decoder, Tag::XResolution);
        let down = density(&mut decoder, Tag::YResolution);
        let per_inch = match number(&mut decoder, Tag::ResolutionUnit).unwrap_or(2) {
            2 => Some(1.0),
            3 => Some(2.54),
            _ => None,
        };
        let density = match (across, down, per_inch) {
            (Some(across), Some(down), Some(unit)) if across > 0.0 && down > 0.0 => {
                Some((across * unit, down * unit))
            }
            _ => None,
        };
        let orientation = number(&mut decoder, Tag::Orientation)
            .and_then(|n| Orientation::from_exif(u8::try_from(n).ok()?))
            .unwrap_or(Orientation::NoTransforms);
        sheets.push(Sheet { width, height, density, orientation });
        if !decoder.more_images() {
            return Ok(sheets);
        }
        if sheets.len() >= bounds.pages {
            return Err(Fault::TooLarge {
                what: "pages".into(),
                found: bounds.pages as u64 + 1,
                allowed: bounds.pages as u64,
            });
        }
        decoder.next_image().map_err(fault)?;
    }
}

/// The pixels of one page, upright as they were stored.
pub fn decode(bytes: &[u8], page: usize, bounds: Bounds) -> Result<DynamicImage, Fault> {
    let grayed = palettes_as_gray(bytes, bounds);
    let mut decoder = open(&grayed, bounds)?;
    decoder.seek_to_image(page).map_err(fault)?;
    let (width, height) = decoder.dimensions().map_err(fault)?;
    // The palette stays where it was.
    let palette = decoder.get_tag_u16_vec(Tag::ColorMap).ok();
    let color = decoder.colortype().map_err(fault)?;
    let bits = color.bit_depth();
    let samples = usize::from(color.num_samples());
    if !matches!(bits, 1 | 2 | 4 | 8 | 16) {
        return Err(Fault::Unsupported { what: format!("TIFF with {bits} bits a sample") });
    }
    let planar = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).ok().flatten()
        == Some(PlanarConfiguration::Planar.to_u16());
    let layout = decoder.image_buffer_layout().map_err(fault)?;
    let most = bounds.pixels.saturating_mul(8);
    if layout.complete_len as u64 > most {
        return Err(Fault::TooLarge {
            what: "picture".into(),
            found: layout.complete_len as u64,
            allowed: most,
        });
    }
    let mut raw = vec![0; layout.complete_len];
    decoder.read_image_bytes(&mut raw).map_err(fault)?;
    let stride = layout.row_stride.map_or(0, usize::from);
    let plane = layout.plane_stride.map_or(0, usize::from);

    // Gray keeps its value as a palette index; everything else is spread to eight bits.
    let indexed = palette.is_some() && matches!(color, ColorType::Gray(_));
    let sample = |row: usize, column: usize, channel: usize| -> u8 {
        let (start, n) = if planar { (channel * plane, column) } else { (0, column * samples + channel) };
        let start = start + row * stride;
        let byte = |at: usize| raw.get(start + at).copied().unwrap_or(0);
        if bits == 16 {
            let pair = [byte(n * 2), byte(n * 2 + 1)];
            return u16::from_ne_bytes(pair).to_be_bytes()[0];
        }
        let per_byte = 8 / usize::from(bits);
        let shift = 8 - usize::from(bits) * (n % per_byte + 1);
        let value = (byte(n / per_byte) >> shift) & (u8::MAX >> (8 - bits));
        if indexed { value } else { value * (u8::MAX / (u8::MAX >> (8 - bits))) }
    };
    if matches!(color, ColorType::Gray(_)) && !indexed {
        let gray = GrayImage::from_fn(width, height, |x, y| image::Luma([sample(y as usize, x as usize, 0)]));
        return Ok(gray.into());
    }
    let entry = |n: usize| {
        let palette = palette.as_deref().unwrap_or_default();
        let third = palette.len() / 3;
        let channel = |part: usize| palette.get(part * third + n).map_or(0, |value| value.to_be_bytes()[0]);
        [channel(0), channel(1), channel(2)]
    };
    let pixel = |x: u32, y: u32| -> [u8; 3] {
        let s = |channel| sample(y as usize, x as usize, channel);
        match color {
            ColorType::Gray(_) => entry(usize::from(s(0))),
            ColorType::RGB(_) => [s(0), s(1), s(2)],
            ColorType::RGBA(_) => [0, 1, 2].map(|channel| over_white(s(channel), s(3))),
            ColorType::CMYK(_) | ColorType::CMYKA(_) => [0, 1, 2].map(|channel| ink(s(channel), s(3))),
            ColorType::YCbCr(_) => from_ycbcr(s(0), s(1), s(2)),
            // Gray with something beside it.
            _ => [s(0); 3],
        }
    };
    match color {
        ColorType::Gray(_)
        | ColorType::RGB(_)
        | ColorType::RGBA(_)
        | ColorType::CMYK(_)
        | ColorType::CMYKA(_)
        | ColorType::YCbCr(_)
        | ColorType::GrayA(_)
        | ColorType::Multiband { .. } => {
            Ok(RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(x, y))).into())
        }
        other => Err(Fault::Unsupported { what: format!("TIFF in {other:?}") }),
    }
}

fn open(bytes: &[u8], bounds: Bounds) -> Result<Decoder<Cursor<&[u8]>>, Fault> {
    let most = usize::try_from(bounds.pixels.saturating_mul(8)).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    Ok(Decoder::new(Cursor::new(bytes)).map_err(fault)?.with_limits(limits))
}

fn fault(error: TiffError) -> Fault {
    match error {
        TiffError::UnsupportedError(error) => Fault::Unsupported { what: error.to_string() },
        TiffError::LimitsExceeded => Fault::Unsupported { what: "TIFF beyond the bounds".into() },
        other => Fault::damaged("tiff", other),
    }
}

/// The decoder refuses pages with a palette, though their samples are stored like gray ones: say
/// "gray" in their headers, and put the palette to use here. Only the classic layout is changed.
fn palettes_as_gray(bytes: &[u8], bounds: Bounds) -> Cow<'_, [u8]> {
    let mut changed = Cow::Borrowed(bytes);
    let big = bytes.starts_with(b"MM\0*");
    if !big && !bytes.starts_with(b"II*\0") {
        return changed;
    }
    let number = |at: usize, length: usize| -> Option<usize> {
        let part = bytes.get(at..at.checked_add(length)?)?;
        let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(if big { part.iter().fold(0, add) } else { part.iter().rev().fold(0, add) })
    };
    let mut at = number(4, 4);
    for _ in 0..bounds.pages {
        let Some(directory) = at.filter(|at| *at != 0) else { break };
        let Some(entries) = number(directory, 2) else { break };
        for entry in (0..entries).map(|n| directory + 2 + n * 12) {
            let tag = number(entry, 2) == Some(usize::from(Tag::PhotometricInterpretation.to_u16()));
            let palette =
                number(entry + 8, 2) == Some(usize::from(PhotometricInterpretation::RGBPalette.to_u16()));
            if tag
                && palette
                && let Some(value) = changed.to_mut().get_mut(entry + 8..entry + 10)
            {
                let gray = PhotometricInterpretation::BlackIsZero.to_u16();
                value.copy_from_slice(&if big { gray.to_be_bytes() } else { gray.to_le_bytes() });
            }
        }
        at = number(directory + 2 + entries * 12, 4);
    }
    changed
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let mixed = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
    u8::try_from(mixed / 255).unwrap_or(255)
}

/// What a color and black printed on white leave.
fn ink(color: u8, black: u8) -> u8 {
    let left = (255 - u32::from(color)) * (255 - u32::from(black));
    u8::try_from(left / 255).unwrap_or(255)
}

fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    // The cast keeps within a byte by itself.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let byte = |value: f32| value.round() as u8;
    [byte(y + 1.402 * cr), byte(y - 0.344_136 * cb - 0.714_136 * cr), byte(y + 1.772 * cb)]
}
