//! The invisible mark: what it survives, and that nothing else is taken for it. Wider measurements are in bench/MARK.md.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that fails should stop; small sizes"
)]

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use jingui_watermark::{Mark, Raster, WatermarkError, find};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const KEY: [u8; 32] = [7; 32];
const PAYLOAD: u64 = 0xfeed_0000_dead_beef;

/// White paper with rows of dark blocks in the size of characters.
fn page(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut page = RgbImage::from_pixel(width, height, image::Rgb([255; 3]));
    for y in (40..height - 40).step_by(28) {
        for x in (40..width - 40).step_by(21) {
            for _ in 0..4 {
                let (left, top) = (x + random.next_u32() % 10, y + random.next_u32() % 12);
                let (across, down) = if random.next_u32() % 2 == 0 { (9, 2) } else { (2, 9) };
                let stroke = RgbImage::from_pixel(across, down, image::Rgb([10; 3]));
                imageops::replace(&mut page, &stroke, left.into(), top.into());
            }
        }
    }
    page
}

fn raster(image: RgbImage) -> Result<Raster, WatermarkError> {
    Raster::new(image.width(), image.height(), image.into_raw())
}

fn marked(width: u32, height: u32) -> RgbImage {
    let mut page = raster(page(width, height, 1)).unwrap();
    Mark::new(&KEY, PAYLOAD).apply(&mut page).unwrap();
    RgbImage::from_raw(width, height, page.into_rgb()).unwrap()
}

fn payload(image: RgbImage) -> Option<u64> {
    find(&raster(image).unwrap(), &KEY).map(|found| found.payload)
}

#[test]
fn a_mark_comes_back_and_the_page_looks_the_same() {
    let (plain, marked) = (page(700, 600, 1), marked(700, 600));
    let found = find(&raster(marked.clone()).unwrap(), &KEY).unwrap();
    assert_eq!(found.payload, PAYLOAD);
    assert!(found.confidence > 0.95, "{found:?}");
    assert!((found.scale - 1.0).abs() < 0.01 && found.turned.abs() < 0.2, "{found:?}");
    assert!(plain.as_raw().iter().zip(marked.as_raw()).all(|(a, b)| a.abs_diff(*b) <= 4));
}

#[test]
fn it_survives_a_screenshot_at_another_size() {
    for (percent, filter) in
        [(60, FilterType::Triangle), (73, FilterType::Lanczos3), (130, FilterType::CatmullRom)]
    {
        let seen = imageops::resize(&marked(700, 600), 7 * percent, 6 * percent, filter);
        assert_eq!(payload(seen), Some(PAYLOAD), "{percent} %");
    }
}

#[test]
fn it_survives_jpeg_of_a_cropped_page_in_grey() {
    let piece = imageops::crop_imm(&marked(700, 600), 151, 67, 354, 236).to_image();
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 75).encode_image(&imageops::grayscale(&piece)).unwrap();
    let found = find(&Raster::decode(&file).unwrap(), &KEY);
    assert_eq!(found.map(|found| found.payload), Some(PAYLOAD));
}

#[test]
fn nothing_is_found_where_nothing_is() {
    for seed in 0..2 {
        assert_eq!(payload(page(330, 300, seed)), None);
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let noise = RgbImage::from_fn(300, 330, |_, _| image::Rgb([random.next_u32() as u8; 3]));
        assert_eq!(payload(noise), None);
    }
    assert_eq!(payload(RgbImage::from_pixel(300, 300, image::Rgb([255; 3]))), None);
    assert_eq!(payload(RgbImage::new(300, 300)), None);
}

#[test]
fn another_key_finds_nothing() {
    let image = raster(marked(300, 300)).unwrap();
    for n in 0..2 {
        assert_eq!(find(&image, &[n; 32]), None);
    }
}

#[test]
fn impossible_sizes_are_refused() {
    for (width, height) in
        [(0, 0), (1, 1), (0, u32::MAX), (u32::MAX, u32::MAX), (100_000, 100), (16_000, 16_000)]
    {
        assert_eq!(Raster::new(width, height, vec![]).err(), Some(WatermarkError::Size { width, height }));
    }
    assert_eq!(Raster::new(100, 100, vec![0; 7]).err(), Some(WatermarkError::Bytes));
    assert_eq!(Raster::decode(b"not an image").err(), Some(WatermarkError::NotAnImage));
    let mut small = raster(RgbImage::new(191, 500)).unwrap();
    let refused = Mark::new(&KEY, 1).apply(&mut small).err();
    assert_eq!(refused, Some(WatermarkError::TooSmall { width: 191, height: 500 }));
    assert_eq!(find(&small, &KEY), None);
    // Long and thin, and as small as may be.
    for (width, height) in [(900, 96), (96, 900), (96, 96)] {
        assert_eq!(payload(RgbImage::new(width, height)), None);
    }
}
