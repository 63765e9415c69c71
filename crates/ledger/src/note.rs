//! Signed notes (C2SP signed-note): a text, an empty line, and lines of signatures. Owns the form only: who signed is
//! known when a [`crate::NoteKey`] has verified it.

use std::fmt;

use data_encoding::BASE64;

use crate::LedgerError;
use crate::proof_text::base64;

/// Bytes of the longest note that is read.
const LONGEST: usize = 64 << 10;
/// Signatures that a note may carry; C2SP asks for at least 16.
const MOST_SIGNATURES: usize = 64;
/// An em dash and a space begin a line with a signature.
const DASH: &str = "\u{2014} ";

/// A text with the signatures under it, verified or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One line under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key, as it calls itself.
    pub(crate) name: String,
    /// First four bytes of the hash of name, kind and public key.
    pub(crate) id: [u8; 4],
    /// What the key made: a signature, in a cosignature with the time before it.
    pub(crate) bytes: Vec<u8>,
}

impl Note {
    /// A note of this text without a signature yet; refuses a text that isn't whole lines of printable characters.
    pub fn new(text: String) -> Result<Self, LedgerError> {
        let printable = text.chars().all(|letter| letter == '\n' || !letter.is_ascii_control());
        if text.ends_with('\n') && text != "\n" && printable && text.len() <= LONGEST {
            Ok(Self { text, signatures: Vec::new() })
        } else {
            Err(LedgerError::Note { expected: "lines of printable text" })
        }
    }

    /// Reads what [`fmt::Display`] writes; refuses everything else, a note without a signature too.
    pub fn parse(note: &str) -> Result<Self, LedgerError> {
        if note.len() > LONGEST {
            return Err(LedgerError::Note { expected: "at most 64 KiB" });
        }
        // The last empty line divides: a text may have some of its own, lines of signatures have none.
        let divided = note.rfind("\n\n").and_then(|place| note.split_at_checked(place + 1));
        let (text, rest) =
            divided.ok_or(LedgerError::Note { expected: "a text, an empty line, signatures" })?;
        let mut read = Self::new(text.to_owned())?;
        let lines = rest.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        for line in lines.ok_or(LedgerError::Note { expected: "a line break at its end" })?.split('\n') {
            read.add(NoteSignature::parse(line)?)?;
        }
        Ok(read)
    }

    /// Adds a signature; refuses one that is there already, or more than a note may carry.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), LedgerError> {
        if self.signatures.len() >= MOST_SIGNATURES || self.signatures.contains(&signature) {
            return Err(LedgerError::Note { expected: "each signature once, at most 64" });
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// What is signed, with its last line break.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines under it, verified or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// Reads one line, without its line break.
    pub fn parse(line: &str) -> Result<Self, LedgerError> {
        let wrong =
            LedgerError::Note { expected: "signatures of the form \u{201c}\u{2014} name base64\u{201d}" };
        let Some((name, encoded)) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')) else {
            return Err(wrong);
        };
        let decoded = base64(encoded).unwrap_or_default();
        match decoded.split_first_chunk::<4>() {
            Some((id, bytes)) if !bytes.is_empty() && is_name(name) => {
                Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
            }
            _ => Err(wrong),
        }
    }

    /// Name of the key, as it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id, &*self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, BASE64.encode(&bytes))
    }
}

/// Whether a key may be called so: not empty, no space, no plus, nothing that doesn't print.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(|letter| letter == '+' || letter.is_whitespace() || letter.is_control())
}
