//! Forty bytes as people write, type and scan them: a share of a key, a checkpoint on paper. Owns the alphabet, the lines
//! and their check digits; what the bytes say is the caller's.
//!
//! They stand in base 32 of 32 characters that aren't mistaken for one another (Crockford's), in four lines of
//! 16 characters and two check digits. A line, read as a number in base 32 after its own place as first digit (from 1 in a
//! share, from another number in what must never be taken for one), is 1 modulo the prime 1021, as in the pure systems of ISO/IEC 7064: every single wrong character, every two that were
//! exchanged, and every line at another's place are found, and found in their line.

use zeroize::Zeroizing;

/// Bytes of what is written.
pub const BYTES: usize = 40;
const LINES: usize = 4;
/// Characters of a line, check digits included.
const LINE: usize = 18;
const MODULUS: u32 = 1021;
const ALPHABET: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text isn't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It has another shape.
    Shape,
    /// These lines, from 1, have wrong characters, too many or too few.
    Lines(Vec<usize>),
}

/// The four lines, in groups of four characters: `XXXX XXXX XXXX XXXX XX`; the place of the first is `first`.
pub fn lines(bytes: &[u8; BYTES], first: u32) -> Vec<Zeroizing<String>> {
    let digits = Zeroizing::new(digits(bytes));
    let line = |(at, data): (u32, &[u8])| {
        // What follows the data so that all of it is 1 modulo 1021.
        let rest = remainder(at, &[data, &[0, 0]].concat());
        let check = (1 + MODULUS - rest) % MODULUS;
        let check = [check / 32, check % 32].map(|digit| u8::try_from(digit).unwrap_or_default());
        let mut text = Zeroizing::new(String::with_capacity(LINE + 4));
        for (place, digit) in data.iter().chain(&check).enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push(' ');
            }
            text.push(char::from(ALPHABET.get(usize::from(*digit)).copied().unwrap_or_default()));
        }
        text
    };
    (first..).zip(digits.chunks(LINE - 2)).map(line).collect()
}

/// Any bytes in the same alphabet, without check digits.
pub fn plain(bytes: &[u8]) -> String {
    digits(bytes)
        .iter()
        .map(|digit| char::from(ALPHABET.get(usize::from(*digit)).copied().unwrap_or_default()))
        .collect()
}

/// Reads what [`plain`] wrote; nothing for anything else.
pub fn unplain(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = fold(text).iter().copied().collect::<Option<_>>()?;
    let read = bytes(&digits);
    (plain(&read).len() == digits.len() && self::digits(&read) == digits).then(|| read.to_vec())
}

/// Reads what was typed or scanned: four lines, or all characters in one, whose places count from `first`. Letter case,
/// spaces, hyphens and full-width forms don't matter; O is read as 0, I and L as 1.
pub fn read(text: &str, first: u32) -> Result<Zeroizing<[u8; BYTES]>, Unread> {
    let typed: Vec<_> = text.lines().map(fold).filter(|line| !line.is_empty()).collect();
    let lines = if typed.len() == LINES {
        typed
    } else {
        let all = Zeroizing::new(typed.iter().flat_map(|line| line.iter().copied()).collect::<Vec<_>>());
        if all.len() != LINES * LINE {
            return Err(Unread::Shape);
        }
        all.chunks(LINE).map(|line| Zeroizing::new(line.to_vec())).collect()
    };
    let mut digits = Zeroizing::new(Vec::with_capacity(LINES * LINE));
    let mut wrong = Vec::new();
    for ((at, place), line) in (1..).zip(first..).zip(lines.iter()) {
        let line: Option<Vec<u8>> = line.iter().copied().collect();
        match line.map(Zeroizing::new) {
            Some(line) if line.len() == LINE && remainder(place, &line) == 1 => {
                digits.extend(line.iter().take(LINE - 2));
            }
            _ => wrong.push(at),
        }
    }
    match wrong.len() {
        0 => bytes(&digits).as_slice().try_into().map(Zeroizing::new).map_err(|_| Unread::Shape),
        // Four lines of anything at all.
        LINES => Err(Unread::Shape),
        _ => Err(Unread::Lines(wrong)),
    }
}

/// The characters that count, as digits; nothing for one that isn't in the alphabet.
fn fold(line: &str) -> Zeroizing<Vec<Option<u8>>> {
    // Spaces, also those without width that come with pasted text, and hyphens of every kind.
    let counts = |c: &char| {
        let hyphen = matches!(c, '-' | '－' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        !(c.is_whitespace() || hyphen || matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}'))
    };
    let digit = |c: char| {
        let half = match c {
            '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0)?,
            c => c,
        };
        let letter = match half.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        };
        let place = ALPHABET.iter().position(|known| char::from(*known) == letter)?;
        u8::try_from(place).ok()
    };
    Zeroizing::new(line.chars().filter(counts).map(digit).collect())
}

/// The line at that place, read as a number, modulo 1021.
fn remainder(place: u32, digits: &[u8]) -> u32 {
    digits.iter().fold(place, |rest, digit| (rest * 32 + u32::from(*digit)) % MODULUS)
}

/// Bytes as digits of five bits, filled up with zeros.
fn digits(bytes: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            digits.push(u8::try_from(held >> bits & 31).unwrap_or_default());
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        digits.push(u8::try_from(held << (5 - bits) & 31).unwrap_or_default());
    }
    digits
}

/// Digits of five bits as bytes; bits that don't fill a byte are left out.
fn bytes(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; digits.len() * 5 / 8]);
    for (place, digit) in digits.iter().enumerate() {
        for bit in 0..5 {
            let at = place * 5 + bit;
            if let Some(byte) = bytes.get_mut(at / 8) {
                *byte |= (digit >> (4 - bit) & 1) << (7 - at % 8);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::array::uniform;
    use proptest::{prop_assert_eq, proptest};

    fn text(bytes: &[u8; BYTES]) -> String {
        lines(bytes, 1).iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn some() -> [u8; BYTES] {
        std::array::from_fn(|place| u8::try_from(place * 37 % 256).unwrap())
    }

    #[test]
    fn the_lines_are_short_and_without_doubtful_characters() {
        let text = text(&some());
        assert_eq!(
            text,
            "00JM MVWM Q7F0 6A2D 5V\nEABV SR86 5D87 B6NZ WC\nWG4J WMVR KQ1E E31H 37\nASXT 1HFA 1WT5 JZN3 JG"
        );
        assert!(!text.contains(['I', 'L', 'O', 'U']));
    }

    #[test]
    fn sloppy_writing_is_read() {
        let text = text(&some());
        let wide =
            |c: char| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c };
        for sloppy in [
            text.clone(),
            text.to_lowercase(),
            text.replace('0', "O").replace('1', "l"),
            text.replace('0', "o").replace('1', "I"),
            text.replace(' ', "-"),
            text.replace(' ', " — "),
            text.chars().map(wide).collect(),
            text.replace(' ', "\u{3000}"),
            format!("\u{FEFF}{}", text.replace(' ', "\u{200B}")),
            text.replace(['\n', ' '], ""),
            text.replace('\n', " "),
            format!("\n\n  {}\r\n\r\n", text.replace('\n', "\r\n\r\n")),
        ] {
            assert_eq!(*read(&sloppy, 1).unwrap(), some(), "{sloppy}");
        }
    }

    /// Every character of every line by every other of the alphabet, and left out, and typed twice.
    #[test]
    fn every_single_error_is_found_in_its_line() {
        let text: Vec<String> = lines(&some(), 1).iter().map(|line| line.replace(' ', "")).collect();
        for (at, line) in text.iter().enumerate() {
            for place in 0..LINE {
                let right = line.as_bytes()[place];
                let mut wrongs: Vec<String> = ALPHABET
                    .iter()
                    .filter(|letter| **letter != right)
                    .map(|letter| format!("{}{}{}", &line[..place], char::from(*letter), &line[place + 1..]))
                    .collect();
                wrongs.push(format!("{}U{}", &line[..place], &line[place + 1..]));
                wrongs.push(format!("{}{}", &line[..place], &line[place + 1..]));
                wrongs.push(format!("{}{}", &line[..=place], &line[place..]));
                for wrong in wrongs {
                    let mut typed = text.clone();
                    typed[at] = wrong;
                    assert_eq!(read(&typed.join("\n"), 1), Err(Unread::Lines(vec![at + 1])), "{typed:?}");
                }
            }
        }
    }

    #[test]
    fn every_two_exchanged_characters_and_lines_are_found() {
        let text: Vec<String> = lines(&some(), 1).iter().map(|line| line.replace(' ', "")).collect();
        for (at, line) in text.iter().enumerate() {
            for (one, other) in (0..LINE).flat_map(|one| (one + 1..LINE).map(move |other| (one, other))) {
                let mut letters = line.clone().into_bytes();
                letters.swap(one, other);
                if letters == line.as_bytes() {
                    continue;
                }
                let mut typed = text.clone();
                typed[at] = String::from_utf8(letters).unwrap();
                assert_eq!(read(&typed.join("\n"), 1), Err(Unread::Lines(vec![at + 1])));
                assert_eq!(read(&typed.concat(), 1), Err(Unread::Lines(vec![at + 1])), "in one string");
            }
        }
        for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let mut typed = text.clone();
            typed.swap(one, other);
            assert_eq!(read(&typed.join("\n"), 1), Err(Unread::Lines(vec![one + 1, other + 1])));
        }
    }

    #[test]
    fn what_has_another_shape_is_no_share() {
        let text = text(&some());
        for other in ["", "hello", "1\n2\n3\n4", &text[..text.len() / 2], &format!("{text}\n{text}")] {
            assert_eq!(read(other, 1), Err(Unread::Shape), "{other}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(bytes in uniform::<_, BYTES>(proptest::num::u8::ANY)) {
            prop_assert_eq!(*read(&text(&bytes), 1).unwrap(), bytes);
        }

        #[test]
        fn whatever_is_typed_is_no_panic(typed in "\\PC*") {
            let _ = read(&typed, 1);
        }
    }
}
