//! Plain text in the encodings that are met: UTF-8, UTF-16 with its mark, and otherwise GB 18030.

use super::Sections;

pub(super) fn read(bytes: &[u8]) -> Sections {
    let text = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding.decode(bytes).0,
        None => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => encoding_rs::GB18030.decode(bytes).0,
        },
    };
    // A form feed begins a page.
    text.split('\u{c}').map(|page| page.lines().map(str::to_owned).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let wanted = vec![vec!["密级：机密".to_owned(), "第二行".to_owned()], vec!["下页".to_owned()]];
        let text = "密级：机密\r\n第二行\n\u{c}下页";
        assert_eq!(read(text.as_bytes()), wanted);
        assert_eq!(read(&encoding_rs::GB18030.encode(text).0), wanted);
        let utf16: Vec<u8> =
            std::iter::once(0xfeff_u16).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&utf16), wanted);
    }
}
