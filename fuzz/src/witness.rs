//! What anybody might send to a witness that has seen a checkpoint: it cosigns what continues that one, and nothing else.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jingui_ledger::{Note, NoteKey, NoteSignature, TreeSuite};
use jingui_witness::{Answer, Witness, WitnessKey};
use libfuzzer_sys::fuzz_target;

const ORIGIN: &str = "jingui/00112233445566778899aabbccddeeff";
const KEY: &str = include_str!("../../docs/ledger-vectors/international/vkey");
const SIGNED: &str = include_str!("../../docs/ledger-vectors/international/checkpoints");
const TIME: u64 = 1_700_000_000;

struct Desk {
    witness: Witness,
    /// The witness' own file, and what stands in it after the first checkpoint.
    record: PathBuf,
    kept: Vec<u8>,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let dir = std::env::temp_dir().join(format!("jingui-fuzz-witness-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let witness = Witness::open(&dir, WitnessKey::new("witness.example/fuzz", TreeSuite::International, &[5; 32]).unwrap()).unwrap();
    let keys = vec![NoteKey::parse(KEY.trim_end()).unwrap()];
    witness.enrol(ORIGIN, TreeSuite::International, keys).unwrap();
    let first = witness.add_checkpoint(include_bytes!("../seeds/witness/first"), TIME).unwrap();
    assert!(matches!(first, Answer::Cosigned(_)));
    let records = fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path());
    let record = records.into_iter().find(|path| path.extension().is_some_and(|end| end == "log")).unwrap();
    let kept = fs::read(&record).unwrap();
    Desk { witness, record, kept }
});

fuzz_target!(|bytes: &[u8]| {
    let Desk { witness, record, kept } = &*DESK;
    // Only its own files keep a witness from answering.
    let Answer::Cosigned(line) = witness.add_checkpoint(bytes, TIME).unwrap() else { return };
    let newest = Note::parse(&witness.newest(ORIGIN).unwrap().unwrap()).unwrap();
    assert!(SIGNED.contains(&format!("{}\n", newest.text())));
    let mut note = Note::new(newest.text().to_owned()).unwrap();
    note.add(NoteSignature::parse(line.strip_suffix('\n').unwrap()).unwrap()).unwrap();
    assert_eq!(witness.public().verify(&note), Ok(Some(TIME)));
    // Every input meets the same witness.
    fs::write(record, kept).unwrap();
});
