//! Owns what may happen to a marked page on its way out.

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use jingui_watermark::Raster;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

#[derive(Clone, Copy)]
pub enum Harm {
    /// Shown at this share of its size, resampled with a triangle as wide as a pixel of the smaller side.
    Scale(f32),
    /// The same with Lanczos.
    Lanczos(f32),
    /// The same with the four pixels around each point only, as graphics cards do.
    FourPixels(f32),
    /// A piece with this share of the page's area and its proportions, from anywhere.
    Crop(f32),
    /// A piece of this many pixels, from anywhere.
    Piece(u32, u32),
    Jpeg(u8),
    /// Each value times the first, plus the second.
    Light(f32, f32),
    Gamma(f32),
    Grey,
    /// Turned clockwise by degrees.
    Turn(f32),
    /// As if photographed from a screen: slanting, a little blurred, unevenly lit, noisy.
    Photo,
    /// Laid onto a larger grey screen, off the middle.
    Screen,
}

pub fn harm(page: &Raster, harms: &[Harm], seed: u64) -> Raster {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut image = RgbImage::from_raw(page.width(), page.height(), page.rgb().to_vec()).expect("an image");
    for harm in harms {
        image = one(image, *harm, &mut random);
    }
    Raster::new(image.width(), image.height(), image.into_raw()).expect("a raster")
}

fn one(image: RgbImage, harm: Harm, random: &mut ChaCha20Rng) -> RgbImage {
    let (width, height) = image.dimensions();
    let scaled = |factor: f32| ((width as f32 * factor) as u32, (height as f32 * factor) as u32);
    match harm {
        Harm::Scale(factor) => {
            image::imageops::resize(&image, scaled(factor).0, scaled(factor).1, FilterType::Triangle)
        }
        Harm::Lanczos(factor) => {
            image::imageops::resize(&image, scaled(factor).0, scaled(factor).1, FilterType::Lanczos3)
        }
        Harm::FourPixels(factor) => {
            warped(&image, scaled(factor), |x, y| ((x + 0.5) / factor - 0.5, (y + 0.5) / factor - 0.5))
        }
        Harm::Crop(share) => {
            let (w, h) = scaled(share.sqrt());
            one(image, Harm::Piece(w, h), random)
        }
        Harm::Piece(w, h) => {
            let (x, y) = (random.next_u32() % (width - w + 1), random.next_u32() % (height - h + 1));
            image::imageops::crop_imm(&image, x, y, w, h).to_image()
        }
        Harm::Jpeg(quality) => {
            let mut file = Vec::new();
            JpegEncoder::new_with_quality(&mut file, quality).encode_image(&image).expect("a file");
            image::load_from_memory(&file).expect("an image").into_rgb8()
        }
        Harm::Light(times, plus) => each(image, |v| v * times + plus),
        Harm::Gamma(gamma) => each(image, |v| (v / 255.0).powf(gamma) * 255.0),
        Harm::Grey => image::DynamicImage::ImageLuma8(image::imageops::grayscale(&image)).into_rgb8(),
        Harm::Turn(degrees) => {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let (mx, my) = (width as f32 / 2.0, height as f32 / 2.0);
            warped(&image, (width, height), |x, y| {
                ((x - mx) * cos + (y - my) * sin + mx, (y - my) * cos - (x - mx) * sin + my)
            })
        }
        Harm::Photo => {
            let (w, h) = scaled(1.25);
            let photo = warped(&image, (w, h), |x, y| {
                let (x, y) = (x / w as f32, y / h as f32);
                let near = 1.0 + 0.03 * x + 0.04 * y;
                ((x * 1.02 + 0.01 * y) / near * width as f32, (y * 1.03 + 0.008 * x) / near * height as f32)
            });
            let mut photo = image::imageops::blur(&photo, 1.0);
            for (n, value) in photo.as_mut().iter_mut().enumerate() {
                let x = (n / 3) as f32 % w as f32 / w as f32;
                let noise = (0..4).map(|_| (random.next_u32() % 9) as f32 - 4.0).sum::<f32>() * 0.5;
                *value = ((f32::from(*value) * (0.75 + 0.2 * x) + noise + 5.0).clamp(0.0, 255.0)) as u8;
            }
            one(photo, Harm::Jpeg(80), random)
        }
        Harm::Screen => {
            let mut screen = RgbImage::from_pixel(width + 500, height + 150, image::Rgb([70, 74, 80]));
            for y in (0..height + 150).step_by(37) {
                for x in 0..230 {
                    screen.put_pixel(x, y, image::Rgb([230, 230, 230]));
                }
            }
            image::imageops::replace(&mut screen, &image, 333, 101);
            screen
        }
    }
}

fn each(mut image: RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    for value in image.as_mut() {
        *value = change(f32::from(*value)).round().clamp(0.0, 255.0) as u8;
    }
    image
}

/// Each pixel from the four around where `from` says it was; white from outside.
fn warped(image: &RgbImage, (width, height): (u32, u32), from: impl Fn(f32, f32) -> (f32, f32)) -> RgbImage {
    let at = |x: f32, y: f32| {
        let inside = x >= 0.0 && y >= 0.0 && x < image.width() as f32 && y < image.height() as f32;
        if inside { image.get_pixel(x as u32, y as u32).0 } else { [255; 3] }
    };
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = from(x as f32, y as f32);
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let corners = [at(left, top), at(left + 1.0, top), at(left, top + 1.0), at(left + 1.0, top + 1.0)];
        let shares = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
        image::Rgb([0, 1, 2].map(|c| {
            corners
                .iter()
                .zip(shares)
                .map(|(corner, share)| f32::from(corner[c]) * share)
                .sum::<f32>()
                .round() as u8
        }))
    })
}
