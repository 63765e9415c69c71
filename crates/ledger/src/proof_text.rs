//! Proofs as texts: that one entry is under a checkpoint, in the form of C2SP tlog-proof, without its `extra` line; and
//! what is sent to a witness. Under the guomi suite the hashes are SM3's.

use std::fmt;

use data_encoding::BASE64;

use crate::hash::Hash;
use crate::note::Note;
use crate::{Checkpoint, LedgerError};

const FIRST: &str = "c2sp.org/tlog-proof@v1";
/// No tree has more levels than a size has bits.
const MOST_HASHES: usize = 64;

/// Proof that one leaf is under a checkpoint, with the checkpoint. Read doesn't mean verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf, from 0.
    pub index: u64,
    /// From its sibling upwards.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl InclusionProof {
    /// Reads what [`fmt::Display`] writes; refuses everything else with the line, and a checkpoint that isn't one.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let wrong = |line, expected| LedgerError::ProofText { line, expected };
        let (head, note) = text.split_once("\n\n").ok_or(wrong(1, "a proof, an empty line, a checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST) {
            return Err(wrong(1, FIRST));
        }
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(plain_number)
            .ok_or(wrong(2, "\u{201c}index\u{201d} and a number"))?;
        let hashes =
            read_hashes(lines, MOST_HASHES).map_err(|place| wrong(place + 3, "32 bytes in base 64"))?;
        let checkpoint = Note::parse(note)?;
        Checkpoint::parse(checkpoint.text())?;
        Ok(Self { index, hashes, checkpoint })
    }
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST}\nindex {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// What a log sends to a witness (C2SP tlog-witness, `add-checkpoint`): the size that the witness saw last, the proof from
/// there, the signed checkpoint. The answer is lines that [`crate::NoteSignature::parse`] reads.
pub fn witness_request(old: u64, proof: &[Hash], checkpoint: &Note) -> String {
    let lines: Vec<String> = proof.iter().map(|hash| BASE64.encode(hash) + "\n").collect();
    format!("old {old}\n{}\n{checkpoint}", lines.concat())
}

/// A number as C2SP texts have it: digits, no sign, no zero in front.
pub(crate) fn plain_number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// Bytes as C2SP texts have them, in base 64 of one form: the library would also read several padded pieces as one.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}

/// Hashes in base 64, one a line; the place of the first line, from 0, that isn't one or is one too many.
pub(crate) fn read_hashes<'a>(lines: impl Iterator<Item = &'a str>, most: usize) -> Result<Vec<Hash>, usize> {
    let mut hashes = Vec::new();
    for (place, line) in lines.enumerate() {
        let hash = base64(line).and_then(|bytes| bytes.try_into().ok());
        hashes.push(hash.filter(|_| place < most).ok_or(place)?);
    }
    Ok(hashes)
}
