//! Pictures and scans as pages: one page per picture, or per page of a TIFF.

mod density;
mod scan;

use crate::{Bounds, Document, Fault, PageText, Raster, Size};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader};
use std::io::Cursor;

/// The paper that a picture is fitted to when it doesn't say how large it is.
const A4: Size = Size { width: 210.0, height: 297.0 };

/// No paper is larger: a picture whose density would make it so says nothing about paper (72 dots
/// per inch are what programs write when they don't know).
const LARGEST_MM: f64 = 1200.0;

/// An open picture. Opening reads its headers; the pixels are decoded when a page is drawn.
pub struct Picture {
    bytes: Vec<u8>,
    format: ImageFormat,
    sheets: Vec<Sheet>,
    bounds: Bounds,
}

/// What the headers say of one page.
struct Sheet {
    width: u32,
    height: u32,
    /// Dots per inch across and down.
    density: Option<(f64, f64)>,
    orientation: Orientation,
}

impl Picture {
    /// Opens a picture.
    ///
    /// # Errors
    /// When it is damaged, of an unknown format, or has too many pixels or pages.
    pub fn open(bytes: Vec<u8>, bounds: Bounds) -> Result<Self, Fault> {
        let format = image::guess_format(&bytes).map_err(|_| Fault::UnknownKind)?;
        let sheets = match format {
            ImageFormat::Tiff => scan::sheets(&bytes, bounds)?,
            ImageFormat::Png
            | ImageFormat::Jpeg
            | ImageFormat::Bmp
            | ImageFormat::Gif
            | ImageFormat::WebP => {
                let mut decoder = decoder(&bytes, format, bounds)?;
                let (width, height) = decoder.dimensions();
                let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
                vec![Sheet { width, height, density: density::read(&bytes, format), orientation }]
            }
            other => return Err(Fault::Unsupported { what: format!("{other:?}") }),
        };
        for sheet in &sheets {
            let found = u64::from(sheet.width) * u64::from(sheet.height);
            if found > bounds.pixels {
                return Err(Fault::TooLarge { what: "pixels".into(), found, allowed: bounds.pixels });
            }
            if found == 0 {
                return Err(Fault::damaged("picture", "has no pixels"));
            }
        }
        Ok(Self { bytes, format, sheets, bounds })
    }

    fn sheet(&self, page: usize) -> Result<&Sheet, Fault> {
        self.sheets.get(page).ok_or(Fault::NoSuchPage { page, pages: self.sheets.len() })
    }

    fn decode(&self, page: usize) -> Result<DynamicImage, Fault> {
        let mut image = if self.format == ImageFormat::Tiff {
            scan::decode(&self.bytes, page, self.bounds)?
        } else {
            DynamicImage::from_decoder(decoder(&self.bytes, self.format, self.bounds)?)
                .map_err(|error| Fault::damaged("picture", error))?
        };
        image.apply_orientation(self.sheet(page)?.orientation);
        Ok(image)
    }
}

impl Document for Picture {
    fn page_count(&self) -> usize {
        self.sheets.len()
    }

    fn size(&self, page: usize) -> Result<Size, Fault> {
        Ok(self.sheet(page)?.size())
    }

    fn draw(&mut self, page: usize, dpi: f64) -> Result<Raster, Fault> {
        let (width, height) = self.bounds.raster(self.size(page)?, dpi)?;
        let image = on_white(self.decode(page)?);
        let image = if (image.width(), image.height()) == (width, height) {
            image
        } else {
            // Keeps the thin strokes of a scan when it is made smaller, and edges smooth when larger.
            image.resize_exact(width, height, FilterType::CatmullRom)
        };
        Ok(Raster { width, height, rgb: image.into_rgb8().into_raw() })
    }

    fn text(&mut self, page: usize) -> Result<PageText, Fault> {
        self.sheet(page)?;
        Ok(PageText::default())
    }
}

impl Sheet {
    fn size(&self) -> Size {
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let (across, down) = self.density.unwrap_or((0.0, 0.0));
        let stated = Size { width: width / across * 25.4, height: height / down * 25.4 };
        let turned = |size: Size| Size { width: size.height, height: size.width };
        let lies = matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        );
        let plausible = |length: f64| (1.0..=LARGEST_MM).contains(&length);
        if plausible(stated.width) && plausible(stated.height) {
            return if lies { turned(stated) } else { stated };
        }
        let (width, height) = if lies { (height, width) } else { (width, height) };
        let paper = if width > height { turned(A4) } else { A4 };
        let scale = (paper.width / width).min(paper.height / height);
        Size { width: (width * scale).max(1.0), height: (height * scale).max(1.0) }
    }
}

fn decoder(
    bytes: &[u8],
    format: ImageFormat,
    bounds: Bounds,
) -> Result<impl image::ImageDecoder + '_, Fault> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    // Eight bytes a pixel is the most that any of these formats decodes to.
    limits.max_alloc = Some(bounds.pixels.saturating_mul(8));
    reader.limits(limits);
    reader.into_decoder().map_err(|error| match error {
        image::ImageError::Unsupported(error) => Fault::Unsupported { what: error.to_string() },
        other => Fault::damaged("picture", other),
    })
}

/// Gray or colour in eight bits, on white where it was transparent.
fn on_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return if image.color().has_color() { image.into_rgb8().into() } else { image.into_luma8().into() };
    }
    let mut image = image.into_rgba8();
    for pixel in image.pixels_mut() {
        let [r, g, b, alpha] = pixel.0;
        let over = |c: u8| {
            let mixed = u32::from(c) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from((mixed + 127) / 255).unwrap_or(255)
        };
        pixel.0 = [over(r), over(g), over(b), 255];
    }
    DynamicImage::from(image).into_rgb8().into()
}
