//! Owns the code that guards a word of 112 bits against damage: the usual convolutional code of rate 1/3 and
//! constraint length 9, and the search for the word closest to what was received (Viterbi).

const PAYLOAD_BITS: u32 = 64;
/// A wrong word passes once in 2^48.
pub const TAG_BITS: u32 = 48;
const WORD_BITS: u32 = PAYLOAD_BITS + TAG_BITS;
/// Bits the encoder remembers, and zeros that lead it home at the end.
const MEMORY: u32 = 8;
const STATES: usize = 1 << MEMORY;
/// Which of the present bit (highest) and the eight before it each output adds up; the best known, in octal.
const TAPS: [u32; 3] = [0o557, 0o663, 0o711];
pub const CODE_BITS: usize = (WORD_BITS + MEMORY) as usize * TAPS.len();

/// The three outputs when `bit` enters while the encoder remembers `state`.
fn outputs(state: u32, bit: u32) -> [bool; 3] {
    let register = bit << MEMORY | state;
    TAPS.map(|taps| (register & taps).count_ones() % 2 == 1)
}

fn next(state: u32, bit: u32) -> u32 {
    (bit << MEMORY | state) >> 1
}

/// The lowest 112 bits of `word`, highest first, as 360 bits.
pub fn encode(word: u128) -> Vec<bool> {
    let mut state = 0;
    let mut code = Vec::with_capacity(CODE_BITS);
    for place in (0..WORD_BITS).rev().map(Some).chain([None; MEMORY as usize]) {
        let bit = place.map_or(0, |p| (word >> p & 1) as u32);
        code.extend(outputs(state, bit));
        state = next(state, bit);
    }
    code
}

/// The word whose code agrees best with `soft`: the more positive, the surer a one, the more negative, the surer a zero.
pub fn decode(soft: &[f32]) -> u128 {
    const UNREACHED: f32 = f32::NEG_INFINITY;
    let mut best = [UNREACHED; STATES];
    best[0] = 0.0;
    // For each step and state the state before it; the bit that led there is the state's highest.
    let mut before: Vec<[u8; STATES]> = Vec::with_capacity(soft.len() / TAPS.len());
    for received in soft.chunks_exact(TAPS.len()) {
        let mut step = [0; STATES];
        let mut reached = [UNREACHED; STATES];
        for (state, sum) in (0..).zip(best) {
            for bit in [0, 1] {
                let gain: f32 =
                    outputs(state, bit).iter().zip(received).map(|(&one, s)| if one { *s } else { -s }).sum();
                let to = next(state, bit) as usize;
                if let (Some(reached), Some(from)) = (reached.get_mut(to), step.get_mut(to))
                    && sum + gain > *reached
                {
                    *reached = sum + gain;
                    *from = state as u8;
                }
            }
        }
        best = reached;
        before.push(step);
    }
    // The zeros at the end lead to state 0; from there the way back tells the bits, last one first.
    let mut state = 0_u8;
    let mut word = 0;
    for (place, step) in before.iter().rev().enumerate() {
        if let Some(place) = place.checked_sub(MEMORY as usize) {
            word |= u128::from(state >> (MEMORY - 1)) << place;
        }
        state = step.get(usize::from(state)).copied().unwrap_or(0);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_comes_back_though_every_sixth_bit_is_wrong() {
        let word = 0x0123_4567_89ab_cdef_0123_4567_89ab;
        let soft: Vec<f32> = encode(word)
            .iter()
            .enumerate()
            .map(|(n, &one)| if one == (n % 6 != 0) { 1.0 } else { -1.0 })
            .collect();
        assert_eq!(soft.len(), CODE_BITS);
        assert_eq!(decode(&soft), word);
    }
}
