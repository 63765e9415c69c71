//! Owns the search for the invisible mark in whatever became of a page: a screenshot, a part of one, a JPEG.
//!
//! First the page's own content is taken away as far as it can be told from the texture. Then the mark shows as a grid of
//! points in the spectrum, wherever the page was cut; size and turn of the grid tell how the page was scaled and rotated.
//! Last, all repetitions are laid over each other, the pilots tell where a tile begins, and the bits are read.

use std::f64::consts::TAU;
use std::ops::RangeInclusive;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use crate::Raster;
use crate::mark::both_ways;
use crate::plan::{PERIOD, Plan, Point, Role};

/// Sizes at which a page may be shown, 1 being the size at which it was marked.
const SCALES: RangeInclusive<f64> = 0.45..=2.2;
/// Degrees a page may be turned either way.
const MOST_TURNED: f64 = 2.6;
/// Longer sides are halved first.
const LONGEST_SIDE: usize = 2_300;
/// How many positions in scale and turn are looked at closely.
const CANDIDATES: usize = 4;

/// A mark that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub payload: u64,
    /// How well what was seen agrees with the payload, 0 to 1. Any payload returned passed its check: below 2^-40 is the
    /// chance that it did without the key.
    pub confidence: f32,
    /// Size of the image in terms of the page that was marked; 0.5 is half its width.
    pub scale: f32,
    /// Degrees the image is turned clockwise.
    pub turned: f32,
}

/// Looks for a mark made with `key`; takes up to seconds. `None` if there is none, or nothing readable is left of it.
pub fn find(image: &Raster, key: &[u8; 32]) -> Option<Found> {
    let mut search = Search { plan: Plan::new(key), planner: FftPlanner::new() };
    let mut planes = vec![Plane { width: image.width() as usize, values: image.luma() }];
    while let Some(half) =
        planes.last().filter(|plane| plane.width.max(plane.height()) > LONGEST_SIDE).map(Plane::halved)
    {
        planes.push(half);
    }
    let scaled =
        |found: Found, halvings: usize| Found { scale: found.scale * (1_u32 << halvings) as f32, ..found };
    let halvings = planes.len() - 1;
    let texture = planes.pop()?.texture();
    if let Some(found) = search.within(&texture) {
        return Some(scaled(found, halvings));
    }
    // A page that is small on a very large screen is lost when that is halved; its parts are searched once finer.
    let (texture, halvings) =
        planes.pop().map_or((texture, halvings), |finer| (finer.texture(), halvings.saturating_sub(1)));
    texture.parts().iter().find_map(|part| search.within(part)).map(|found| scaled(found, halvings))
}

/// One number per pixel.
struct Plane {
    width: usize,
    values: Vec<f32>,
}

impl Plane {
    fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    fn row(&self, y: usize) -> &[f32] {
        self.values.get(y * self.width..(y + 1) * self.width).unwrap_or_default()
    }

    /// At half the size, each pixel the mean of four.
    fn halved(&self) -> Self {
        let mut values = Vec::with_capacity(self.values.len() / 4);
        for y in 0..self.height() / 2 {
            let pairs = self.row(2 * y).chunks_exact(2).zip(self.row(2 * y + 1).chunks_exact(2));
            values.extend(pairs.map(|(up, low)| (up.iter().sum::<f32>() + low.iter().sum::<f32>()) / 4.0));
        }
        Self { width: self.width / 2, values }
    }

    /// What is left when every pixel is compared with the pixels around it that are about as bright: on paper as well as
    /// inside a thick stroke that is the mark and noise, while edges of letters leave next to nothing.
    fn texture(&self) -> Self {
        const ALIKE: f32 = 12.0;
        const AROUND: f64 = 24.0;
        const SAMPLES: u32 = 72;
        // A sunflower: evenly spread over the disc, in no pattern of its own.
        let offsets: Vec<(isize, isize)> = (0..SAMPLES)
            .map(|n| {
                let (radius, angle) =
                    (AROUND * ((f64::from(n) + 0.5) / f64::from(SAMPLES)).sqrt(), 2.4 * f64::from(n));
                ((radius * angle.cos()).round() as isize, (radius * angle.sin()).round() as isize)
            })
            .collect();
        let (width, height) = (self.width, self.height());
        let mut values = Vec::with_capacity(self.values.len());
        let mut sums = vec![(0.0_f32, 0.0_f32); width];
        for y in 0..height {
            sums.fill((0.0, 0.0));
            for (dx, dy) in &offsets {
                let Some(other) = y.checked_add_signed(*dy).filter(|other| *other < height) else { continue };
                let start = dx.min(&0).unsigned_abs();
                let here = self.row(y).iter().zip(&mut sums).skip(start);
                for ((value, (sum, count)), near) in
                    here.zip(self.row(other).iter().skip(dx.max(&0).unsigned_abs()))
                {
                    let apart = value - near;
                    let alike = f32::from(u8::from(apart.abs() <= ALIKE));
                    *sum += apart * alike;
                    *count += alike;
                }
            }
            // Where few are alike, the comparison says little and counts little.
            values.extend(sums.iter().map(|(sum, count)| sum / (count + 8.0)));
        }
        Self { width, values }
    }

    /// Five overlapping parts: a page may take up a part of a screen only, and one bent by a camera is straighter in parts.
    fn parts(&self) -> Vec<Self> {
        let (width, height) = (self.width * 3 / 5, self.height() * 3 / 5);
        let (right, low) = (self.width - width, self.height() - height);
        [(right / 2, low / 2), (0, 0), (right, 0), (0, low), (right, low)]
            .map(|(left, top)| Self {
                width,
                values: (top..top + height)
                    .flat_map(|y| self.row(y).iter().skip(left).take(width))
                    .copied()
                    .collect(),
            })
            .into()
    }
}

/// How a page lies in an image.
#[derive(Clone, Copy)]
struct Pose {
    scale: f64,
    /// Radians, clockwise as y points down.
    turn: f64,
}

/// The logarithm of the power at each frequency, less that of its surroundings; one half, the other mirrors it.
struct Spectrum {
    /// Frequencies across the image; only those from 0 to half of it are kept.
    columns: usize,
    /// Frequencies down the image, a power of two; those of one column lie next to each other.
    rows: usize,
    values: Vec<f32>,
}

impl Spectrum {
    /// The value nearest to a frequency in waves per pixel.
    fn at(&self, across: f64, down: f64) -> f32 {
        let (across, down) = if across < 0.0 { (-across, -down) } else { (across, down) };
        let column = (across * self.columns as f64 + 0.5) as usize;
        let row = (down * self.rows as f64 + self.rows as f64 + 0.5) as usize & (self.rows - 1);
        self.values.get(column * self.rows + row).copied().unwrap_or(0.0)
    }
}

struct Search {
    plan: Plan,
    planner: FftPlanner<f32>,
}

impl Search {
    fn within(&mut self, texture: &Plane) -> Option<Found> {
        let spectrum = self.spectrum(texture);
        // Most screenshots aren't turned, and that is looked through quickly.
        [0.0, MOST_TURNED.to_radians()].iter().find_map(|most_turned| {
            let poses = self.poses(&spectrum, texture, *most_turned);
            poses.into_iter().find_map(|pose| self.read(texture, pose))
        })
    }

    fn spectrum(&mut self, texture: &Plane) -> Spectrum {
        let (columns, rows) = (texture.width.next_power_of_two(), texture.height().next_power_of_two());
        let mut lines = Vec::with_capacity(columns * rows);
        for y in 0..texture.height() {
            lines.extend(texture.row(y).iter().map(|value| Complex32::new(*value, 0.0)));
            lines.resize((y + 1) * columns, Complex32::default());
        }
        self.planner.plan_fft_forward(columns).process(&mut lines);
        lines.resize(columns * rows, Complex32::default());
        let kept = columns / 2 + 1;
        let mut values = Vec::with_capacity(kept * rows);
        let down = self.planner.plan_fft_forward(rows);
        let mut line = vec![Complex32::default(); rows];
        for column in 0..kept {
            for (value, from) in line.iter_mut().zip(lines.iter().skip(column).step_by(columns)) {
                *value = *from;
            }
            down.process(&mut line);
            values.extend(line.iter().map(|value| (value.norm_sqr() + 1e-6).ln()));
        }
        let mut around = values.clone();
        blur(&mut around, rows);
        around = turned(&around, rows);
        blur(&mut around, kept);
        around = turned(&around, kept);
        for (value, around) in values.iter_mut().zip(around) {
            *value = (*value - around).clamp(-2.0, 8.0);
        }
        Spectrum { columns, rows, values }
    }

    /// The poses at which the points that the key uses stand out most from those it leaves empty.
    fn poses(&self, spectrum: &Spectrum, texture: &Plane, most_turned: f64) -> Vec<Pose> {
        let used = self.plan.points.iter().filter(|p| p.role != Role::Empty).count() as f32;
        let empty = self.plan.points.len() as f32 - used;
        let weights: Vec<(f64, f64, f32)> = self
            .plan
            .points
            .iter()
            .map(|p| {
                let weight = if p.role == Role::Empty { -1.0 / empty } else { 1.0 / used };
                (f64::from(p.across) / PERIOD as f64, f64::from(p.down) / PERIOD as f64, weight)
            })
            .collect();
        let score = |pose: Pose| {
            let (sin, cos) = pose.turn.sin_cos();
            let (sin, cos) = (sin / pose.scale, cos / pose.scale);
            weights
                .iter()
                .map(|(x, y, weight)| weight * spectrum.at(x * cos - y * sin, x * sin + y * cos))
                .sum::<f32>()
        };
        let mut scored = Vec::new();
        let mut scale = *SCALES.start();
        while scale <= *SCALES.end() {
            let step = step(texture, scale);
            let turns = (most_turned / step).ceil();
            let mut turn = -turns;
            while turn <= turns {
                let pose = Pose { scale, turn: turn * step };
                scored.push((score(pose), pose));
                turn += 1.0;
            }
            scale *= 1.0 + step;
        }
        scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut best: Vec<Pose> = Vec::new();
        for (_, pose) in scored {
            let near = 4.0 * step(texture, pose.scale);
            let seen = best.iter().any(|b| (b.scale / pose.scale - 1.0).hypot(b.turn - pose.turn) < near);
            if !seen {
                best.push(pose);
            }
            if best.len() == CANDIDATES {
                break;
            }
        }
        best.into_iter().map(|pose| climb(pose, step(texture, pose.scale), 4, score)).collect()
    }

    /// Reads the payload at about this pose.
    fn read(&mut self, texture: &Plane, pose: Pose) -> Option<Found> {
        let (forward, inverse) =
            (self.planner.plan_fft_forward(PERIOD), self.planner.plan_fft_inverse(PERIOD));
        let plan = &self.plan;
        let pose = climb(pose, step(texture, pose.scale) / 2.0, 4, |pose| {
            let waves = waves(plan, texture, pose, &*forward);
            origin(plan, &waves, &*inverse).0
        });
        let waves = waves(plan, texture, pose, &*forward);
        let (_, x, y) = origin(plan, &waves, &*inverse);
        let mut soft = vec![0.0; crate::code::CODE_BITS];
        for (point, wave) in plan.points.iter().zip(&waves) {
            if let Role::Data(bit) = point.role
                && let Some(soft) = soft.get_mut(bit)
            {
                *soft = (wave * shift(point, x, y)).re;
            }
        }
        let payload = plan.decode(&soft)?;
        let agreeing =
            plan.encode(payload).iter().zip(&soft).filter(|(bit, soft)| **bit == (**soft > 0.0)).count();
        // Half of them agree by chance.
        let confidence = (2.0 * agreeing as f32 / soft.len() as f32 - 1.0).clamp(0.0, 1.0);
        Some(Found { payload, confidence, scale: pose.scale as f32, turned: pose.turn.to_degrees() as f32 })
    }
}

/// How much scale (as a share) or turn (in radians) may be off before the finest waves slip by a third of a wave over the
/// length of the image.
fn step(texture: &Plane, scale: f64) -> f64 {
    let finest = 27.0 / (PERIOD as f64 * scale);
    0.35 / (finest * texture.width.max(texture.height()) as f64)
}

/// Steps towards higher scores, with steps that shrink `rounds` times to half.
fn climb(start: Pose, step: f64, rounds: u32, score: impl Fn(Pose) -> f32) -> Pose {
    let mut best = (score(start), start);
    let mut step = step;
    for _ in 0..rounds {
        step /= 2.0;
        let centre = best.1;
        for (wider, further) in [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] {
            let pose =
                Pose { scale: centre.scale * (1.0 + wider * step), turn: centre.turn + further * step };
            let score = score(pose);
            if score > best.0 {
                best = (score, pose);
            }
        }
    }
    best.1
}

/// Lays all repetitions of the tile over each other and gives the wave at each point of the plan, its own phase and what
/// is common to its ring taken away.
fn waves(plan: &Plan, texture: &Plane, pose: Pose, forward: &dyn Fft<f32>) -> Vec<Complex32> {
    // Positions are fractions of a tile in 32 bits: where a tile ends they wrap by themselves.
    let fraction = |pixels: f64| ((pixels / PERIOD as f64).rem_euclid(1.0) * 4_294_967_296.0) as u64 as u32;
    let cell = |fraction: u32| ((u64::from(fraction) * PERIOD as u64) >> 32) as usize;
    let (sin, cos) = (pose.turn.sin() / pose.scale, pose.turn.cos() / pose.scale);
    let (step_x, step_y) = (fraction(cos), fraction(-sin));
    let mut sums = vec![(0.0_f32, 0.0_f32); PERIOD * PERIOD];
    for y in 0..texture.height() {
        let (mut at_x, mut at_y) = (fraction(y as f64 * sin), fraction(y as f64 * cos));
        for value in texture.row(y) {
            if let Some((sum, count)) = sums.get_mut(cell(at_y) * PERIOD + cell(at_x)) {
                *sum += value;
                *count += 1.0;
            }
            at_x = at_x.wrapping_add(step_x);
            at_y = at_y.wrapping_add(step_y);
        }
    }
    let mut tile: Vec<Complex32> =
        sums.iter().map(|(sum, count)| Complex32::new(sum / count.max(1.0), 0.0)).collect();
    both_ways(&mut tile, forward);
    let raw = |point: &Point| tile.get(point.index()).copied().unwrap_or_default();
    let mut rings = [(0.0_f32, 0.0_f32); 32];
    for point in &plan.points {
        if let Some((sum, count)) = rings.get_mut(point.ring()) {
            *sum += raw(point).norm();
            *count += 1.0;
        }
    }
    let against_phase = |point: &Point| {
        let (sum, count) = rings.get(point.ring()).copied().unwrap_or_default();
        let wave = raw(point) * point.phase.conj() / (sum / count + 1e-9);
        // Lines of text are stripes, far stronger than a mark at their own frequency.
        wave / (wave.norm() / 2.0).max(1.0)
    };
    plan.points.iter().map(against_phase).collect()
}

/// Where a tile begins according to the pilots, and how clearly.
fn origin(plan: &Plan, waves: &[Complex32], inverse: &dyn Fft<f32>) -> (f32, f64, f64) {
    let pilots = || plan.points.iter().zip(waves).filter(|(point, _)| point.role == Role::Pilot);
    let mut tile = vec![Complex32::default(); PERIOD * PERIOD];
    for (point, wave) in pilots() {
        if let Some(place) = tile.get_mut(point.index()) {
            *place = *wave;
        }
    }
    both_ways(&mut tile, inverse);
    let peak = tile.iter().enumerate().max_by(|(_, a), (_, b)| a.re.total_cmp(&b.re)).map_or(0, |(n, _)| n);
    let (x, y) = ((peak % PERIOD) as f64, (peak / PERIOD) as f64);
    let mut best = (f32::NEG_INFINITY, x, y);
    for quarter in 0..25 {
        let (x, y) = (x + 0.25 * f64::from(quarter % 5 - 2), y + 0.25 * f64::from(quarter / 5 - 2));
        let sum = pilots().map(|(point, wave)| (wave * shift(point, x, y)).re).sum();
        if sum > best.0 {
            best = (sum, x, y);
        }
    }
    best
}

/// The turn of phase at a point when the tile begins at `x`, `y`.
fn shift(point: &Point, x: f64, y: f64) -> Complex32 {
    let turns = (f64::from(point.across) * x + f64::from(point.down) * y) / PERIOD as f64;
    Complex32::from_polar(1.0, (turns * TAU) as f32)
}

/// Each line becomes its running mean over 17 values.
fn blur(values: &mut [f32], length: usize) {
    const REACH: usize = 8;
    let mut sums = Vec::with_capacity(length + 1);
    for line in values.chunks_exact_mut(length) {
        sums.clear();
        sums.push(0.0);
        let mut sum = 0.0_f32;
        for value in line.iter() {
            sum += value;
            sums.push(sum);
        }
        for (n, value) in line.iter_mut().enumerate() {
            let (from, to) = (n.saturating_sub(REACH), (n + REACH + 1).min(length));
            let total = sums.get(to).copied().unwrap_or(0.0) - sums.get(from).copied().unwrap_or(0.0);
            *value = total / (to - from) as f32;
        }
    }
}

/// Columns become lines; `length` is how long the lines are now.
fn turned(values: &[f32], length: usize) -> Vec<f32> {
    (0..length).flat_map(|column| values.iter().skip(column).step_by(length)).copied().collect()
}
