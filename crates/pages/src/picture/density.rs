//! How many dots make an inch, by a picture's header.

use image::ImageFormat;

/// Dots per inch across and down, where the header states them.
pub fn read(bytes: &[u8], format: ImageFormat) -> Option<(f64, f64)> {
    let (across, down) = match format {
        ImageFormat::Png => png(bytes)?,
        ImageFormat::Jpeg => jpeg(bytes)?,
        ImageFormat::Bmp => {
            let (across, down) = (little(bytes, 38)?, little(bytes, 42)?);
            (f64::from(across) * 0.0254, f64::from(down) * 0.0254)
        }
        _ => return None,
    };
    (across > 0.0 && down > 0.0).then_some((across, down))
}

/// The `pHYs` chunk, which stands before the pixels, in dots per metre.
fn png(bytes: &[u8]) -> Option<(f64, f64)> {
    let mut at = 8;
    loop {
        let length = big(bytes, at)? as usize;
        match bytes.get(at + 4..at + 8)? {
            b"pHYs" if bytes.get(at + 16) == Some(&1) => {
                return Some((
                    f64::from(big(bytes, at + 8)?) * 0.0254,
                    f64::from(big(bytes, at + 12)?) * 0.0254,
                ));
            }
            b"IDAT" => return None,
            _ => at = at.checked_add(length)?.checked_add(12)?,
        }
    }
}

/// The JFIF header, which stands first.
fn jpeg(bytes: &[u8]) -> Option<(f64, f64)> {
    if bytes.get(6..11)? != b"JFIF\0" {
        return None;
    }
    let short = |at: usize| Some(f64::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let (across, down) = (short(14)?, short(16)?);
    match bytes.get(13)? {
        1 => Some((across, down)),
        2 => Some((across * 2.54, down * 2.54)),
        _ => None,
    }
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn little(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
