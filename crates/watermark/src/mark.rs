//! Owns the invisible mark as a picture: a faint texture of a few grey levels that repeats over the page.

use std::sync::Arc;

use rustfft::FftPlanner;
use rustfft::num_complex::Complex32;

use crate::plan::{PERIOD, Plan, Role};
use crate::{Raster, WatermarkError};

/// Grey levels the texture departs from the page, up and down.
const REACH: i8 = 2;
/// Grey levels (root mean square) of the texture before it is cut off at `REACH`.
const STRENGTH: f32 = 1.7;

/// The texture for one key and payload; made once (some milliseconds) and laid over every page of a session.
#[derive(Clone)]
pub struct Mark {
    /// A tile of 192 × 192 pixels, each value three times, as the bytes of a page are.
    tile: Arc<[i8]>,
}

impl Mark {
    /// `payload` is what `find` gives back to who has the same `key`.
    pub fn new(key: &[u8; 32], payload: u64) -> Self {
        let plan = Plan::new(key);
        let code = plan.encode(payload);
        let mut waves = vec![Complex32::default(); PERIOD * PERIOD];
        for point in &plan.points {
            let sign = match point.role {
                Role::Empty => 0.0,
                Role::Pilot => 1.0,
                Role::Data(bit) if code.get(bit) == Some(&true) => 1.0,
                Role::Data(_) => -1.0,
            };
            if let Some(wave) = waves.get_mut(point.index()) {
                *wave = point.phase * sign;
            }
        }
        both_ways(&mut waves, &*FftPlanner::new().plan_fft_inverse(PERIOD));
        let power = waves.iter().map(|w| w.re * w.re).sum::<f32>() / waves.len() as f32;
        let reach = f32::from(REACH);
        let level = |w: &Complex32| (w.re / power.sqrt() * STRENGTH).round().clamp(-reach, reach) as i8;
        // Each row of the texture fills two rows of pixels: half the bytes in a lossless file, and just as easy to find.
        let rows = waves.chunks_exact(2 * PERIOD).map(|two| two.iter().take(PERIOD));
        let tile =
            rows.flat_map(|row| row.map(level).flat_map(|level| [level; 3]).collect::<Vec<_>>().repeat(2));
        Self { tile: tile.collect() }
    }

    /// Lays the texture over a page: every channel of a pixel is drawn two levels away from pure black and white and then
    /// moved by up to two. Refuses pages of less than 192 pixels a side.
    pub fn apply(&self, page: &mut Raster) -> Result<(), WatermarkError> {
        let (width, height) = (page.width(), page.height());
        if (width.min(height) as usize) < PERIOD {
            return Err(WatermarkError::TooSmall { width, height });
        }
        let darkest = REACH.unsigned_abs();
        let tile_rows = self.tile.chunks_exact(PERIOD * 3).cycle();
        for (row, tile_row) in page.rows_mut().zip(tile_rows) {
            for stretch in row.chunks_mut(PERIOD * 3) {
                for (value, level) in stretch.iter_mut().zip(tile_row) {
                    *value = (*value).clamp(darkest, u8::MAX - darkest).wrapping_add_signed(*level);
                }
            }
        }
        Ok(())
    }
}

/// Transforms a square both ways.
pub fn both_ways(square: &mut [Complex32], fft: &dyn rustfft::Fft<f32>) {
    let side = fft.len();
    for _ in 0..2 {
        fft.process(square);
        transpose(square, side);
    }
}

fn transpose(square: &mut [Complex32], side: usize) {
    for row in 0..side {
        for column in 0..row {
            square.swap(row * side + column, column * side + row);
        }
    }
}
