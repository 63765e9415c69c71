//! Measures what the marks cost and what the invisible one survives; prints tables. Also marks and searches single files.
//!
//! `measure cost` · `measure [PAGES [TRIAL]]` · `measure pages FOLDER` writes marked pages · `measure find FILE…`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a measurement that fails should stop"
)]

mod harm;
mod pages;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use harm::{Harm, harm};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use jingui_watermark::{Font, Mark, Raster, Tile, find};
use pages::{Drawer, KINDS};

const KEY: [u8; 32] = [42; 32];
const OTHER_KEY: [u8; 32] = [43; 32];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["pages", folder] => write_pages(Path::new(folder)),
        ["cost"] => cost(),
        ["find", files @ ..] => files.iter().for_each(|file| search(file)),
        [count, filter @ ..] => survival(count.parse().unwrap(), filter.first().copied().unwrap_or("")),
        [] => survival(30, ""),
    }
}

fn payload(page: usize) -> u64 {
    (page as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn watermark() -> Vec<String> {
    ["张明远", "工号 10086", "终端 机要室-03", "2026-11-24 10:15", "〔2026〕机密 0123 号"]
        .map(String::from)
        .into()
}

fn write_pages(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let tile = Tile::new(&watermark(), 150, &Font::installed().unwrap()).unwrap();
    for (n, kind) in KINDS.iter().enumerate() {
        let mut page = Drawer::new().page(kind, n as u64);
        let name = kind.replace(' ', "-");
        for (suffix, visible) in [("invisible", false), ("both", true)] {
            if visible {
                tile.stamp(&mut page);
            } else {
                Mark::new(&KEY, payload(n)).apply(&mut page).unwrap();
            }
            let image = image::RgbImage::from_raw(page.width(), page.height(), page.rgb().to_vec()).unwrap();
            image.save(folder.join(format!("{name}-{suffix}.png"))).unwrap();
        }
    }
}

fn search(file: &str) {
    let image = Raster::decode(&std::fs::read(file).unwrap()).unwrap();
    let start = Instant::now();
    let found = find(&image, &KEY);
    let page = found.and_then(|found| (0..1000).find(|n| payload(*n) == found.payload));
    println!("{file}: page {page:?}, {found:?}, {} ms", start.elapsed().as_millis());
}

/// The median of how long something takes, in milliseconds.
fn median<T>(times: usize, mut work: impl FnMut() -> T) -> f64 {
    let mut taken: Vec<f64> = (0..times)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(work());
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[times / 2]
}

fn cost() {
    let font = Font::installed().unwrap();
    let tile = Tile::new(&watermark(), 150, &font).unwrap();
    let mark = Mark::new(&KEY, 7);
    let drawer = Drawer::new();
    let mut page = drawer.page("dense text", 1);
    println!("| step, A4 at 150 dpi | ms |\n|---|---|");
    println!("| load the font | {:.1} |", median(5, Font::installed));
    println!("| draw the visible tile | {:.2} |", median(21, || Tile::new(&watermark(), 150, &font)));
    println!("| stamp the visible tile | {:.2} |", median(51, || tile.stamp(&mut page)));
    println!("| make the invisible mark | {:.2} |", median(21, || Mark::new(&KEY, 7)));
    println!("| apply the invisible mark | {:.2} |\n", median(51, || mark.apply(&mut page)));

    println!(
        "| page | PSNR dB | WebP lossless KiB (ms) | marked | JPEG q80 KiB (ms) | marked | JPEG q90 | marked |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for kind in KINDS {
        let plain = drawer.page(kind, 1);
        let mut marked = plain.clone();
        mark.apply(&mut marked).unwrap();
        print!("| {kind} | {:.1} ", psnr(&plain, &marked));
        tile.stamp(&mut marked);
        let mut stamped = plain.clone();
        tile.stamp(&mut stamped);
        let encoders: [fn(&Raster) -> Vec<u8>; 3] = [webp, |page| jpeg(page, 80), |page| jpeg(page, 90)];
        for encode in encoders {
            for page in [&stamped, &marked] {
                print!("| {} ({:.0}) ", encode(page).len() / 1024, median(3, || encode(page)));
            }
        }
        println!("|");
    }
    println!();
}

fn webp(page: &Raster) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = WebPEncoder::new_lossless(&mut file);
    encoder.encode(page.rgb(), page.width(), page.height(), image::ExtendedColorType::Rgb8).unwrap();
    file
}

fn jpeg(page: &Raster, quality: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
    encoder.encode(page.rgb(), page.width(), page.height(), image::ExtendedColorType::Rgb8).unwrap();
    file
}

fn psnr(a: &Raster, b: &Raster) -> f64 {
    let apart = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)).powi(2);
    let mean = a.rgb().iter().zip(b.rgb()).map(apart).sum::<f64>() / a.rgb().len() as f64;
    10.0 * (255.0 * 255.0 / mean).log10()
}

fn trials() -> Vec<(String, Vec<Harm>)> {
    let mut trials = vec![("untouched".to_string(), vec![])];
    for percent in [50, 67, 80, 90, 110, 125, 150, 200] {
        trials.push((format!("scale {percent} %"), vec![Harm::Scale(percent as f32 / 100.0)]));
    }
    trials.push(("scale 73 %, Lanczos".into(), vec![Harm::Lanczos(0.73)]));
    trials.push(("scale 50 %, four pixels".into(), vec![Harm::FourPixels(0.5)]));
    trials.push(("scale 130 %, four pixels".into(), vec![Harm::FourPixels(1.3)]));
    for percent in [50, 25, 12] {
        trials.push((format!("crop to {percent} % of the area"), vec![Harm::Crop(percent as f32 / 100.0)]));
    }
    for (w, h) in [(354, 354), (354, 236), (260, 260), (200, 200), (160, 160)] {
        let title = format!("crop to {:.1} × {:.1} cm", w as f32 / 59.06, h as f32 / 59.06);
        trials.push((title, vec![Harm::Piece(w, h)]));
    }
    for quality in [90, 75, 60, 40, 25] {
        trials.push((format!("JPEG {quality}"), vec![Harm::Jpeg(quality)]));
    }
    let more: [(&str, &[Harm]); 23] = [
        ("brighter (× 1, + 20)", &[Harm::Light(1.0, 20.0)]),
        ("darker (× 1, − 40)", &[Harm::Light(1.0, -40.0)]),
        ("contrast × 0.7, + 30", &[Harm::Light(0.7, 30.0)]),
        ("contrast × 1.3, − 60", &[Harm::Light(1.3, -60.0)]),
        ("gamma 0.7", &[Harm::Gamma(0.7)]),
        ("grey", &[Harm::Grey]),
        ("turned 0.5°", &[Harm::Turn(0.5)]),
        ("turned 1°", &[Harm::Turn(1.0)]),
        ("turned 2°", &[Harm::Turn(-2.0)]),
        ("JPEG 75, PNG, JPEG 60", &[Harm::Jpeg(75), Harm::Jpeg(60)]),
        ("scale 110 %, JPEG 75, crop to half", &[Harm::Scale(1.1), Harm::Jpeg(75), Harm::Crop(0.5)]),
        ("scale 73 %, on a screen, JPEG 75", &[Harm::FourPixels(0.73), Harm::Screen, Harm::Jpeg(75)]),
        ("scale 67 %, JPEG 60, crop to half", &[Harm::Scale(0.67), Harm::Jpeg(60), Harm::Crop(0.5)]),
        ("scale 50 %, JPEG 75", &[Harm::Scale(0.5), Harm::Jpeg(75)]),
        ("scale 50 %, JPEG 60", &[Harm::Scale(0.5), Harm::Jpeg(60)]),
        ("scale 50 %, JPEG 60, crop to 25 %", &[Harm::Scale(0.5), Harm::Jpeg(60), Harm::Crop(0.25)]),
        ("crop to 25 %, JPEG 60", &[Harm::Crop(0.25), Harm::Jpeg(60)]),
        ("crop to 12 %, JPEG 60", &[Harm::Crop(0.12), Harm::Jpeg(60)]),
        ("turned 1°, scale 80 %, JPEG 75", &[Harm::Turn(1.0), Harm::Scale(0.8), Harm::Jpeg(75)]),
        ("photo of a screen, simulated", &[Harm::Photo]),
        ("scale 50 %, JPEG 60, crop to 12 %", &[Harm::Scale(0.5), Harm::Jpeg(60), Harm::Crop(0.12)]),
        ("scale 50 %, JPEG 40", &[Harm::Scale(0.5), Harm::Jpeg(40)]),
        ("photo of a screen, simulated, 40 %", &[Harm::Photo, Harm::Scale(0.4), Harm::Jpeg(75)]),
    ];
    trials.extend(more.into_iter().map(|(title, harms)| (title.to_string(), harms.to_vec())));
    trials
}

#[derive(Default)]
struct Tally {
    right: BTreeMap<&'static str, usize>,
    wrong: usize,
    times: Vec<f64>,
    false_alarms: usize,
    other_key: usize,
}

fn survival(count: usize, filter: &str) {
    let trials: Vec<_> = trials().into_iter().filter(|(title, _)| title.contains(filter)).collect();
    let tallies: Mutex<Vec<Tally>> = Mutex::new(trials.iter().map(|_| Tally::default()).collect());
    let next = AtomicUsize::new(0);
    let tile = Tile::new(&watermark(), 150, &Font::installed().unwrap()).unwrap();
    let drawer = Drawer::new();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        break;
                    }
                    eprintln!("page {n}");
                    let kind = KINDS[n % KINDS.len()];
                    let mut plain = drawer.page(kind, n as u64);
                    let mut marked = plain.clone();
                    // As pages leave the server: both marks.
                    tile.stamp(&mut marked);
                    tile.stamp(&mut plain);
                    Mark::new(&KEY, payload(n)).apply(&mut marked).unwrap();
                    for (t, (_, harms)) in trials.iter().enumerate() {
                        let chance = (n * 1000 + t) as u64;
                        let seen = harm(&marked, harms, chance);
                        let start = Instant::now();
                        let found = find(&seen, &KEY);
                        let taken = start.elapsed().as_secs_f64();
                        // Each page twice without a mark and twice with another key, harmed in turn in all ways.
                        let control = t == 2 * n % trials.len() || t == (2 * n + 1) % trials.len();
                        let alarm = control && find(&harm(&plain, harms, chance), &KEY).is_some();
                        let other = control && find(&seen, &OTHER_KEY).is_some();
                        let mut tallies = tallies.lock().unwrap();
                        let tally = &mut tallies[t];
                        let right = tally.right.entry(kind).or_default();
                        match found {
                            Some(found) if found.payload == payload(n) => *right += 1,
                            Some(_) => tally.wrong += 1,
                            None => {}
                        }
                        tally.times.push(taken);
                        tally.false_alarms += usize::from(alarm);
                        tally.other_key += usize::from(other);
                    }
                }
            });
        }
    });
    let tallies = tallies.into_inner().unwrap();
    println!("| {count} pages | right | wrong | median s | {} |", KINDS.join(" | "));
    println!("|---|---|---|---|{}", "---|".repeat(KINDS.len()));
    for ((title, _), tally) in trials.iter().zip(&tallies) {
        let mut times = tally.times.clone();
        times.sort_by(f64::total_cmp);
        let of = |kind: usize| (0..count).filter(|n| n % KINDS.len() == kind).count();
        let each: Vec<String> = KINDS
            .iter()
            .enumerate()
            .map(|(n, kind)| format!("{}/{}", tally.right.get(kind).copied().unwrap_or(0), of(n)))
            .collect();
        let right = tally.right.values().sum::<usize>() * 100 / count;
        println!(
            "| {title} | {right} % | {} | {:.2} | {} |",
            tally.wrong,
            times[times.len() / 2],
            each.join(" | ")
        );
    }
    let (alarms, other): (usize, usize) =
        tallies.iter().fold((0, 0), |(a, o), tally| (a + tally.false_alarms, o + tally.other_key));
    println!("\nMarks found on unmarked pages: {alarms}; with another key: {other}.");
}
