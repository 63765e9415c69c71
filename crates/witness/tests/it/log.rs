//! A log to be witnessed.

use std::ops::Range;
use std::path::Path;

use data_encoding::BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use jingui_ledger::{
    Checkpoint, Frontier, Hash, LedgerError, Note, NoteKey, NoteKeyKind, Source, TreeSuite, consistency,
    root_at, witness_request,
};
use jingui_witness::{Witness, WitnessKey};

pub const NOW: u64 = 1_700_000_000;

pub struct Log {
    pub origin: String,
    pub suite: TreeSuite,
    pub secret: SigningKey,
    leaves: Vec<Hash>,
}

impl Source for Log {
    type Error = LedgerError;

    fn leaves(&self, range: Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        Ok(self.leaves[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec())
    }

    fn subtrees(&self, _: u8, _: Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        Err(LedgerError::Source)
    }
}

impl Log {
    /// A log of 200 entries; `turn` is the first that isn't as in other logs.
    pub fn new(suite: TreeSuite, turn: u64) -> Self {
        let mut frontier = Frontier::with(suite);
        let leaves = (0..200)
            .map(|number: u64| {
                frontier.append(&(if number < turn { number } else { number + 1000 }).to_be_bytes())
            })
            .collect();
        Self { origin: "jingui/demo".into(), suite, secret: SigningKey::from_bytes(&[7; 32]), leaves }
    }

    pub fn key(&self) -> NoteKey {
        NoteKey::new(&self.origin, NoteKeyKind::Ed25519, self.secret.verifying_key().as_bytes()).unwrap()
    }

    pub fn note(&self, size: u64) -> Note {
        let root = root_at(self, self.suite, size).unwrap();
        let text = Checkpoint { origin: self.origin.clone(), size, root }.to_text();
        let mut note = Note::new(text).unwrap();
        let line = self.key().sign(note.text(), 0, |message| self.secret.sign(message).to_bytes().to_vec());
        note.add(line).unwrap();
        note
    }

    pub fn proof(&self, old: u64, size: u64) -> String {
        let proof = consistency(self, self.suite, old, size).unwrap();
        proof.iter().map(|hash| format!("{}\n", BASE64.encode(hash))).collect()
    }

    /// The body of `add-checkpoint`.
    pub fn body(&self, old: u64, size: u64) -> Vec<u8> {
        let proof = consistency(self, self.suite, old, size).unwrap();
        witness_request(old, &proof, &self.note(size)).into_bytes()
    }
}

/// A witness of that log in that directory, which may have worked there before.
pub fn witness(dir: &Path, log: &Log) -> Witness {
    let witness = open(dir);
    witness.enrol(&log.origin, log.suite, vec![log.key()]).unwrap();
    witness
}

pub fn open(dir: &Path) -> Witness {
    Witness::open(dir, WitnessKey::new("auditor/1", TreeSuite::International, &[9; 32]).unwrap()).unwrap()
}
