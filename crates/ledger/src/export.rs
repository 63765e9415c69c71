//! The exported ledger and evidence, as bytes; `docs/ledger-format.md` has both to the byte, with vectors. Writes only:
//! what reads them shares no code with this.

use std::io::{self, Write};

use data_encoding::BASE64;

use crate::hash::{Hash, TreeSuite};
use crate::note::Note;

const MAGIC: &[u8; 4] = b"JGLG";
const VERSION: u8 = 1;

/// Bytes of the longest entry that an exported ledger carries.
pub const LONGEST_ENTRY: usize = 16 << 20;

/// Name of a checkpoint's origin for the journal with that id.
pub fn origin(log: &str) -> String {
    format!("jingui/{log}")
}

/// Name of the file whose first entry has that number. Names in order are entries in order.
pub fn segment_name(first: u64) -> String {
    format!("{first:020}.entries")
}

/// A file of consecutive entries.
#[derive(Debug)]
pub struct SegmentWriter<W> {
    out: W,
}

impl<W: Write> SegmentWriter<W> {
    /// Begins a file of the journal `log`, whose first entry has number `first`, from 1. Refuses an id of more than
    /// 65,535 bytes.
    pub fn begin(mut out: W, suite: TreeSuite, log: &str, first: u64) -> io::Result<Self> {
        let length = u16::try_from(log.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        out.write_all(MAGIC)?;
        out.write_all(&[VERSION, suite.byte()])?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(log.as_bytes())?;
        out.write_all(&first.to_be_bytes())?;
        Ok(Self { out })
    }

    /// Writes the next entry's sealed bytes. Refuses an empty one and one longer than [`LONGEST_ENTRY`].
    pub fn entry(&mut self, sealed: &[u8]) -> io::Result<()> {
        if sealed.is_empty() || sealed.len() > LONGEST_ENTRY {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let length = u32::try_from(sealed.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(sealed)
    }

    /// Gives back what it wrote to, for flushing and syncing.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// One entry in a file of evidence.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Its number in the journal, from 1; its leaf is one less.
    pub seq: u64,
    /// Its sealed bytes.
    pub sealed: &'a [u8],
    /// The key that opens this entry and no other; without it the entry is proven and stays closed.
    pub opening: Option<&'a [u8; 32]>,
    /// Proof that it is under the checkpoint, from its sibling upwards.
    pub proof: &'a [Hash],
}

/// A file of evidence: a checkpoint, then entries under it.
#[derive(Debug)]
pub struct EvidenceWriter<W> {
    out: W,
}

impl<W: Write> EvidenceWriter<W> {
    /// Begins it with the checkpoint that all its proofs lead to.
    pub fn begin(mut out: W, suite: TreeSuite, checkpoint: &Note) -> io::Result<Self> {
        write!(out, "jingui/evidence/1\nsuite {}\n\n{checkpoint}", suite.name())?;
        Ok(Self { out })
    }

    /// Writes an entry. Numbers have to grow.
    pub fn entry(&mut self, entry: &Evidence<'_>) -> io::Result<()> {
        write!(self.out, "\nentry {}\nsealed {}\n", entry.seq, BASE64.encode(entry.sealed))?;
        if let Some(opening) = entry.opening {
            writeln!(self.out, "opening {}", BASE64.encode(opening))?;
        }
        entry.proof.iter().try_for_each(|hash| writeln!(self.out, "{}", BASE64.encode(hash)))
    }

    /// Gives back what it wrote to, for flushing and syncing.
    pub fn into_inner(self) -> W {
        self.out
    }
}
