//! A checkpoint on paper: its digits as people compare and type them, and the square code for a scanner. Owns their form;
//! what a checkpoint says about the ledger is `ledger`'s. A slip has no signature but the two that people put on it.
//!
//! Size (eight bytes, big-endian) and root are 40 bytes: the form is that of a key holder's share (`docs/seal.md`), four
//! lines of 16 digits and two check digits. The lines' places count from 5 instead of 1, so that no line of a share, which
//! is secret, is ever taken for one of a slip.

use jingui_crypto::typed;
use jingui_ledger::Checkpoint;
use qrcode::{EcLevel, QrCode};

/// The first word of a slip's code.
const CODE: &str = "JINGUI-CHECKPOINT/1";
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
    let mut bytes = [0; typed::BYTES];
    for (place, byte) in bytes.iter_mut().zip(checkpoint.size.to_be_bytes().iter().chain(&checkpoint.root)) {
        *place = *byte;
    }
    typed::lines(&bytes, FIRST).iter().map(|line| (**line).clone()).collect()
}

/// The root that was typed from a slip over so many entries, however sloppily.
pub(crate) fn root(size: u64, text: &str) -> Result<[u8; 32], Unread> {
    let bytes = typed::read(text, FIRST).map_err(|unread| match unread {
        typed::Unread::Shape => Unread::Shape,
        typed::Unread::Lines(lines) => Unread::Lines(lines),
    })?;
    let (counted, root) = bytes.split_at_checked(SIZE).ok_or(Unread::Shape)?;
    if counted != size.to_be_bytes() {
        return Err(Unread::Size);
    }
    root.try_into().map_err(|_| Unread::Shape)
}

/// What the square code says: name of the log, number of entries, root in base 32.
pub(crate) fn code(checkpoint: &Checkpoint) -> String {
    format!("{CODE} {} {} {}", checkpoint.origin, checkpoint.size, typed::plain(&checkpoint.root))
}

/// Reads what a scanner read from the code; nothing for any other text.
pub(crate) fn scanned(read: &str) -> Option<Checkpoint> {
    let mut words = read.split_whitespace();
    let (word, origin, size, root) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !word.eq_ignore_ascii_case(CODE) {
        return None;
    }
    let root = typed::unplain(root)?.try_into().ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const LINE: usize = 18;

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
