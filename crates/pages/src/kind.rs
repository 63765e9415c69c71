//! What kind of file it is, by its bytes; a name only decides between kinds that look the same.

use crate::{Archive, Bounds, Fault};

/// The kinds of files that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Pdf,
    /// GB/T 33190.
    Ofd,
    Docx,
    Xlsx,
    Pptx,
    /// Old Office and WPS files (a compound file): only through `LibreOffice`.
    OldOffice,
    Picture,
    Text,
}

/// What kind of file these bytes are.
///
/// # Errors
/// When they are of no known kind, or a ZIP that is damaged.
pub fn recognise(bytes: &[u8]) -> Result<Kind, Fault> {
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    // Readers accept a PDF whose header stands a little way in.
    if head.windows(5).any(|window| window == b"%PDF-") {
        return Ok(Kind::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") {
        return zipped(bytes);
    }
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        return Ok(Kind::OldOffice);
    }
    if image::guess_format(head).is_ok() {
        return Ok(Kind::Picture);
    }
    if is_text(bytes) { Ok(Kind::Text) } else { Err(Fault::UnknownKind) }
}

fn zipped(bytes: &[u8]) -> Result<Kind, Fault> {
    let archive = Archive::open(bytes, Bounds::default())?;
    let known = [
        ("OFD.xml", Kind::Ofd),
        ("word/document.xml", Kind::Docx),
        ("xl/workbook.xml", Kind::Xlsx),
        ("ppt/presentation.xml", Kind::Pptx),
    ];
    known.iter().find(|(name, _)| archive.contains(name)).map(|(_, kind)| *kind).ok_or(Fault::UnknownKind)
}

/// Text has no control characters but white space, in UTF-8, UTF-16 with a mark, or GB18030.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return true;
    }
    !bytes.is_empty()
        && !bytes.iter().any(|byte| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_bytes() {
        assert_eq!(recognise(b"%PDF-1.7\n"), Ok(Kind::Pdf));
        assert_eq!(recognise(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), Ok(Kind::OldOffice));
        assert_eq!(recognise(b"II*\0\x08\0\0\0"), Ok(Kind::Picture));
        assert_eq!(recognise("关于会议的通知\n".as_bytes()), Ok(Kind::Text));
        assert_eq!(recognise(b""), Err(Fault::UnknownKind));
        assert_eq!(recognise(b"\x7fELF\0\0\0"), Err(Fault::UnknownKind));
    }
}
