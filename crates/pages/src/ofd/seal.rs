//! Finds the picture in an electronic seal (GB/T 38540, GM/T 0031): DER in which somewhere stands
//! a sequence of the picture's type, its bytes, its width and its height. Nothing else of the seal
//! is read, least of all its signature.

/// How deep a seal is searched; its standards nest less than ten levels.
const DEPTH: usize = 24;

const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0C;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;
const CONSTRUCTED: u8 = 0x20;

/// The bytes of the picture, in whatever format it is.
pub(super) fn picture(der: &[u8]) -> Option<&[u8]> {
    search(der, DEPTH)
}

fn search(der: &[u8], depth: usize) -> Option<&[u8]> {
    let depth = depth.checked_sub(1)?;
    let mut rest = der;
    let mut last = None;
    while let Some((tag, content, after)) = element(rest) {
        if tag == OCTET_STRING && last.is_some_and(names_a_picture) {
            return Some(content);
        }
        if tag & CONSTRUCTED != 0
            && let Some(found) = search(content, depth)
        {
            return Some(found);
        }
        last = Some((tag, content));
        rest = after;
    }
    None
}

fn names_a_picture((tag, content): (u8, &[u8])) -> bool {
    let kinds: [&[u8]; 8] = [b"png", b"jpg", b"jpeg", b"bmp", b"gif", b"tif", b"tiff", b"ofd"];
    matches!(tag, IA5_STRING | UTF8_STRING | PRINTABLE_STRING)
        && kinds.iter().any(|kind| content.trim_ascii().eq_ignore_ascii_case(kind))
}

/// The first element's tag and content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
        // Four bytes of length are more than any entry may have.
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An element of DER.
    pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag, 0x83];
        bytes.extend(&u32::try_from(content.len()).unwrap().to_be_bytes()[1..]);
        bytes.extend(content);
        bytes
    }

    /// A seal as the standard shapes it, as far as it matters here.
    pub fn seal(kind: &str, picture: &[u8]) -> Vec<u8> {
        let header = der(0x30, &[der(IA5_STRING, b"ES"), der(0x02, &[4])].concat());
        let inside =
            [der(IA5_STRING, kind.as_bytes()), der(OCTET_STRING, picture), der(2, &[40]), der(2, &[40])];
        let information = der(0x30, &[header, der(IA5_STRING, b"id"), der(0x30, &inside.concat())].concat());
        der(0x30, &[information, der(OCTET_STRING, b"certificate")].concat())
    }

    #[test]
    fn the_picture_is_found() {
        let sealed = seal("PNG", b"picture");
        assert_eq!(picture(&sealed), Some(b"picture".as_slice()));
        let signed = der(0x30, &[der(0x30, &[der(2, &[4]), sealed].concat()), der(3, b"\0")].concat());
        assert_eq!(picture(&signed), Some(b"picture".as_slice()));
    }

    #[test]
    fn nonsense_holds_no_picture() {
        let sealed = seal("PNG", b"picture");
        for end in 0..sealed.len() {
            let _ = picture(&sealed[..end]);
        }
        assert_eq!(picture(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(picture(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]), None);
        let deep = (0..100).fold(seal("PNG", b"x"), |inner, _| der(0x30, &inner));
        assert_eq!(picture(&deep), None);
    }
}
