//! Owns where in the spectrum of a tile the mark sits, which only the key tells.
//!
//! The mark is a picture that repeats every 192 pixels, so its spectrum consists of points on a grid. Of the points whose
//! waves are 7 to 24 pixels long, the key chooses some to carry data, some as pilots that tell where the tile begins, and
//! leaves the others empty: that the empty ones stay dark is as much of a sign as that the others shine.

use hkdf::Hkdf;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rustfft::num_complex::Complex32;
use sha2::Sha256;

use crate::code::{self, CODE_BITS};

/// Pixels after which the mark repeats, in both directions.
pub const PERIOD: usize = 192;
/// Waves per tile: shorter ones are lost when a page is shown at half its size, longer ones show as blotches.
const WAVES: std::ops::RangeInclusive<i32> = 8..=27;
const PILOTS: usize = 120;

/// What a point of the spectrum is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Carries the bit of the code with this number.
    Data(usize),
    Pilot,
    Empty,
}

/// A point of the spectrum: how many waves fit a tile across and down, and the phase the key gives it.
#[derive(Clone, Copy)]
pub struct Point {
    pub across: i32,
    pub down: i32,
    pub phase: Complex32,
    pub role: Role,
}

impl Point {
    /// Where it lies in the spectrum of a tile, counted row by row.
    pub fn index(&self) -> usize {
        let wrap = |n: i32| if n < 0 { PERIOD - n.unsigned_abs() as usize } else { n as usize };
        wrap(self.down) * PERIOD + wrap(self.across)
    }

    /// The whole number nearest to its distance from the centre.
    pub fn ring(&self) -> usize {
        f32::hypot(self.across as f32, self.down as f32).round() as usize
    }
}

/// All points of one half of the spectrum; the other half mirrors it.
pub struct Plan {
    pub points: Vec<Point>,
    secret: Hkdf<Sha256>,
}

impl Plan {
    pub fn new(key: &[u8; 32]) -> Self {
        let secret = Hkdf::<Sha256>::new(None, key);
        let mut seed = [0; 32];
        expand(&secret, &[b"jingui mark 1: points"], &mut seed);
        // Only the plain output of ChaCha20 is used: how crates shuffle or draw floats may change, marks on paper don't.
        let mut random = ChaCha20Rng::from_seed(seed);
        let (nearest, farthest) = (WAVES.start().pow(2), WAVES.end().pow(2));
        let mut places = Vec::new();
        for down in 0..=*WAVES.end() {
            for across in -WAVES.end()..=*WAVES.end() {
                let half = down > 0 || across > 0;
                if half && (nearest..=farthest).contains(&(across * across + down * down)) {
                    places.push((random.next_u64(), across, down));
                }
            }
        }
        places.sort_unstable();
        let role = |n: usize| match n {
            n if n < CODE_BITS => Role::Data(n),
            n if n < CODE_BITS + PILOTS => Role::Pilot,
            _ => Role::Empty,
        };
        let mut turn = || random.next_u32() as f32 / u32::MAX as f32 * std::f32::consts::TAU;
        let points = places
            .into_iter()
            .enumerate()
            .map(|(n, (_, across, down))| Point {
                across,
                down,
                phase: Complex32::from_polar(1.0, turn()),
                role: role(n),
            })
            .collect();
        Self { points, secret }
    }

    /// The bits of the code for a payload.
    pub fn encode(&self, payload: u64) -> Vec<bool> {
        code::encode(u128::from(payload) << code::TAG_BITS | u128::from(self.tag(payload)))
    }

    /// The payload closest to these soft bits (positive: one), if its tag, which only the key makes, is right.
    pub fn decode(&self, soft: &[f32]) -> Option<u64> {
        let word = code::decode(soft);
        let payload = (word >> code::TAG_BITS) as u64;
        let tag = (word & ((1 << code::TAG_BITS) - 1)) as u64;
        (tag == self.tag(payload)).then_some(payload)
    }

    fn tag(&self, payload: u64) -> u64 {
        let mut tag = [0; 8];
        expand(&self.secret, &[b"jingui mark 1: tag", &payload.to_be_bytes()], &mut tag);
        u64::from_be_bytes(tag) >> (64 - code::TAG_BITS)
    }
}

fn expand(secret: &Hkdf<Sha256>, purpose: &[&[u8]], out: &mut [u8]) {
    // Refused only beyond 8,160 bytes; never more than 32 are asked for.
    let expanded = secret.expand_multi_info(purpose, out);
    debug_assert!(expanded.is_ok());
}
