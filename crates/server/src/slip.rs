//! A checkpoint on paper: its digits as people compare and type them, and the square code for a scanner. Owns their form;
//! what a checkpoint says about the ledger is `ledger`'s. A slip has no signature but the two that people put on it.
//!
//! Size (eight bytes, big-endian) and root are 40 bytes: the form is that of a key holder's share (`docs/seal.md`), four
//! lines of 16 digits and two check digits. The lines' places count from 5 instead of 1, so that no line of a share, which
//! is secret, is ever taken for one of a slip.

use data_encoding::BASE32HEX_NOPAD;
use jingui_ledger::Checkpoint;
use qrcode::{EcLevel, QrCode};

/// The first word of a slip's code.
const CODE: &str = "JINGUI-CHECKPOINT/1";
/// Base 32 without characters that are mistaken for one another (Crockford's).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LINES: usize = 4;
/// Digits of a line, without and with the two that check it.
const DIGITS: usize = 16;
const LINE: usize = DIGITS + 2;
const MODULUS: u32 = 1021;
/// The place of the first line.
const FIRST: u32 = 5;
const SIZE: usize = 8;

/// Why digits aren't read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unread {
    /// They have another shape.
    Shape,
    /// These lines, from 1, have wrong digits, too many or too few.
    Lines(Vec<usize>),
    /// They are whole, but those of a slip with another number of entries.
    Size,
}

/// The four lines, in groups of four digits: `XXXX XXXX XXXX XXXX XX`.
pub(crate) fn lines(checkpoint: &Checkpoint) -> Vec<String> {
    let bytes = [checkpoint.size.to_be_bytes().as_slice(), &checkpoint.root].concat();
    let line = |(place, data): (u32, &[u8])| {
        // What follows the data so that all of it is 1 modulo 1021.
        let rest = remainder(place, &[data, &[0, 0]].concat());
        let check = (1 + MODULUS - rest) % MODULUS;
        let check = [check / 32, check % 32].map(|digit| u8::try_from(digit).unwrap_or_default());
        let letters = text(&[data, &check].concat());
        letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    };
    (FIRST..).zip(digits(&bytes).chunks(DIGITS)).map(line).collect()
}

/// The root that was typed from a slip over so many entries. Letter case, spaces, hyphens and full-width forms don't
/// matter, O is read as 0, I and L as 1.
pub(crate) fn root(size: u64, typed: &str) -> Result<[u8; 32], Unread> {
    let typed: Vec<Vec<Option<u8>>> = typed.lines().map(fold).filter(|line| !line.is_empty()).collect();
    let lines = if typed.len() == LINES {
        typed
    } else {
        let all = typed.concat();
        if all.len() != LINES * LINE {
            return Err(Unread::Shape);
        }
        all.chunks(LINE).map(<[_]>::to_vec).collect()
    };
    let mut digits = Vec::with_capacity(LINES * DIGITS);
    let mut wrong = Vec::new();
    for ((at, place), line) in (1..).zip(FIRST..).zip(lines) {
        match line.into_iter().collect::<Option<Vec<u8>>>() {
            Some(line) if line.len() == LINE && remainder(place, &line) == 1 => {
                digits.extend(line.iter().take(DIGITS));
            }
            _ => wrong.push(at),
        }
    }
    match wrong.len() {
        0 => {}
        // Four lines of anything at all.
        LINES => return Err(Unread::Shape),
        _ => return Err(Unread::Lines(wrong)),
    }
    let bytes = bytes(&digits).ok_or(Unread::Shape)?;
    let (counted, root) = bytes.split_at_checked(SIZE).ok_or(Unread::Shape)?;
    if counted != size.to_be_bytes() {
        return Err(Unread::Size);
    }
    root.try_into().map_err(|_| Unread::Shape)
}

/// What the square code says: name of the log, number of entries, root in base 32.
pub(crate) fn code(checkpoint: &Checkpoint) -> String {
    format!("{CODE} {} {} {}", checkpoint.origin, checkpoint.size, text(&digits(&checkpoint.root)))
}

/// Reads what a scanner read from the code; nothing for any other text.
pub(crate) fn scanned(read: &str) -> Option<Checkpoint> {
    let mut words = read.split_whitespace();
    let (word, origin, size, root) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !word.eq_ignore_ascii_case(CODE) {
        return None;
    }
    let root: Option<Vec<u8>> = fold(root).into_iter().collect();
    let root = bytes(&root?)?.try_into().ok()?;
    Some(Checkpoint { origin: origin.to_owned(), size: size.parse().ok()?, root })
}

/// The code's modules from the top, `1` for a dark one; none where the text is too long for a code.
pub(crate) fn modules(code: &str) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(code.as_bytes(), EcLevel::M) else {
        return Vec::new();
    };
    let dark = |color: &qrcode::Color| color.select('1', '0');
    code.to_colors().chunks(code.width().max(1)).map(|row| row.iter().map(dark).collect()).collect()
}

/// The digits that count; nothing for a character that isn't one.
fn fold(line: &str) -> Vec<Option<u8>> {
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
    line.chars().filter(counts).map(digit).collect()
}

/// A line at its place, read as one number in base 32, modulo 1021.
fn remainder(place: u32, digits: &[u8]) -> u32 {
    digits.iter().fold(place, |rest, digit| (rest * 32 + u32::from(*digit)) % MODULUS)
}

/// Digits as characters.
fn text(digits: &[u8]) -> String {
    let letter = |digit: &u8| ALPHABET.get(usize::from(*digit)).copied().map_or('?', char::from);
    digits.iter().map(letter).collect()
}

/// Bytes as digits of five bits, filled up with zeros.
fn digits(bytes: &[u8]) -> Vec<u8> {
    // Only the letters differ from those of RFC 4648: there the digits above 9 go on with A.
    let value = |letter: u8| if letter.is_ascii_digit() { letter - b'0' } else { letter - b'A' + 10 };
    BASE32HEX_NOPAD.encode(bytes).bytes().map(value).collect()
}

/// Digits as bytes; nothing where bits are left over that aren't zero.
fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let letter = |digit: &u8| if *digit < 10 { b'0' + digit } else { b'A' + (digit - 10) };
    BASE32HEX_NOPAD.decode(&digits.iter().map(letter).collect::<Vec<_>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Checkpoint {
        let root = std::array::from_fn(|place| u8::try_from(place * 37 % 256).unwrap());
        Checkpoint { origin: "jingui/0123456789abcdef".to_owned(), size: 3_204, root }
    }

    /// Reckoned apart from this code, in another language.
    #[test]
    fn the_digits_are_as_the_documents_say() {
        assert_eq!(
            lines(&some()),
            [
                "0000 0000 0068 8015 YG",
                "99QS 9EEY 0CM4 TWMQ SY",
                "QKGG CATG EPDB ZS09 NV",
                "5S9Q H7E2 WW63 2NKV 66"
            ]
        );
        assert_eq!(root(3_204, &lines(&some()).join("\n")), Ok(some().root));
        assert_eq!(root(3_205, &lines(&some()).join("\n")), Err(Unread::Size));
    }

    #[test]
    fn sloppy_writing_is_read() {
        let text = lines(&some()).join("\n");
        let wide =
            |c: char| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap() } else { c };
        for sloppy in [
            text.to_lowercase(),
            text.replace('0', "o").replace('1', "l"),
            text.replace(' ', " — "),
            text.chars().map(wide).collect(),
            text.replace(['\n', ' '], ""),
            format!("\n  {}\r\n\r\n", text.replace('\n', "\r\n\r\n")),
        ] {
            assert_eq!(root(3_204, &sloppy), Ok(some().root), "{sloppy}");
        }
    }

    /// Every digit of every line by every other, left out, and exchanged with its neighbour.
    #[test]
    fn every_single_error_is_found_in_its_line() {
        let right: Vec<String> = lines(&some()).iter().map(|line| line.replace(' ', "")).collect();
        for (at, line) in right.iter().enumerate() {
            let mut wrongs = Vec::new();
            for place in 0..LINE {
                let (head, tail) = (&line[..place], &line[place + 1..]);
                wrongs.push(format!("{head}{tail}"));
                wrongs.extend(ALPHABET.iter().map(|letter| format!("{head}{}{tail}", char::from(*letter))));
                let mut letters = line.clone().into_bytes();
                letters.swap(place, (place + 1) % LINE);
                wrongs.push(String::from_utf8(letters).unwrap());
            }
            for wrong in wrongs.iter().filter(|wrong| *wrong != line) {
                let mut typed = right.clone();
                typed[at].clone_from(wrong);
                assert_eq!(root(3_204, &typed.join("\n")), Err(Unread::Lines(vec![at + 1])), "{typed:?}");
            }
        }
        let mut typed = right.clone();
        typed.swap(1, 2);
        assert_eq!(root(3_204, &typed.join("\n")), Err(Unread::Lines(vec![2, 3])));
    }

    /// The first share of the vectors in `docs/seal.md`.
    #[test]
    fn a_share_is_no_slip() {
        let share =
            "0435 VB9W 7Y50 3C8Q HS\n9EB9 ARY9 JEY0 9MP7 8J\nKRC8 NSZ5 8533 8G9T M9\nBV65 9PDW SN6J QMT9 K5";
        assert_eq!(root(1, share), Err(Unread::Shape));
        for other in ["", "hello", "1\n2\n3\n4"] {
            assert_eq!(root(1, other), Err(Unread::Shape), "{other}");
        }
    }

    #[test]
    fn the_code_is_read_as_scanners_type_it() {
        let code = code(&some());
        assert!(code.starts_with("JINGUI-CHECKPOINT/1 jingui/0123456789abcdef 3204 00JMMVWM"), "{code}");
        assert_eq!(scanned(&format!("{code}\n")), Some(some()));
        for other in ["", "JINGUI-CHECKPOINT/1 a 1", &format!("{code}0"), &format!("{code} x"), "a b c d"] {
            assert_eq!(scanned(other), None, "{other}");
        }
        let modules = modules(&code);
        assert!(modules.len() > 20 && modules.iter().all(|row| row.len() == modules.len()));
        assert!(modules[0].starts_with("1111111") && modules[1].starts_with("1000001"));
    }
}
