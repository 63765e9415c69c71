//! The witness' own record of the ledger, and what it says of another history.

use std::fs;
use std::path::Path;

use jingui_ledger::{Hash, Note, NoteKey, TreeSuite, witness_request};
use jingui_witness::{Answer, Witness, WitnessError, WitnessKey};

const SEED: [u8; 32] = [9; 32];

fn open(directory: &Path) -> Result<Witness, WitnessError> {
    Witness::open(directory, WitnessKey::new("auditor", TreeSuite::International, &SEED)?)
}

fn origin(log: &str) -> String {
    NoteKey::parse(log).unwrap().name().to_owned()
}

/// The witness has seen the checkpoint.
pub fn witnessed(directory: &Path, checkpoint: &Path, log: &str) {
    let witness = open(directory).unwrap();
    let key = NoteKey::parse(log).unwrap();
    witness.enrol(key.name(), TreeSuite::International, vec![key.clone()]).unwrap();
    let note = Note::parse(&fs::read_to_string(checkpoint).unwrap()).unwrap();
    assert!(matches!(offered(&witness, 0, &[], &note), Answer::Cosigned(_)));
}

fn offered(witness: &Witness, old: u64, proof: &[Hash], note: &Note) -> Answer {
    witness.add_checkpoint(witness_request(old, proof, note).as_bytes(), 1).unwrap()
}

/// What the witness in that directory has seen of the log; the error where its record is damaged.
pub fn newest(directory: &Path, log: &str) -> Result<Option<String>, String> {
    let witness = open(directory).map_err(|error| error.to_string())?;
    witness.newest(&origin(log)).map_err(|error| error.to_string())
}

/// Whether the witness refuses a checkpoint that is signed with the right key.
pub fn refuses(directory: &Path, old: u64, proof: &[Hash], note: &Note) -> bool {
    let witness = open(directory).unwrap();
    !matches!(offered(&witness, old, proof, note), Answer::Cosigned(_))
}
