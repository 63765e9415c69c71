//! Keys, signed notes, checkpoints and proofs as anybody might send them: what is read is written back as it was, what
//! verifies is what was signed. Fed with the vectors of the ledger.
#![no_main]

use std::sync::LazyLock;

use jingui_ledger::{
    Checkpoint, InclusionProof, Note, NoteKey, NoteSignature, TreeHash, TreeSuite, verify_consistency,
    verify_inclusion,
};
use libfuzzer_sys::fuzz_target;

struct Ledger {
    suite: TreeSuite,
    keys: [NoteKey; 2],
    /// Texts of the signed checkpoints, one after another.
    signed: &'static str,
    /// Entry number 2, which the proof among the vectors is about.
    entry: &'static [u8],
}

macro_rules! ledger {
    ($suite:expr, $dir:literal) => {
        Ledger {
            suite: $suite,
            keys: [
                include_str!(concat!("../../docs/ledger-vectors/", $dir, "/vkey")),
                include_str!(concat!("../../docs/ledger-vectors/", $dir, "/witness-vkey")),
            ]
            .map(|key| NoteKey::parse(key.trim_end()).unwrap()),
            signed: include_str!(concat!("../../docs/ledger-vectors/", $dir, "/checkpoints")),
            entry: include_bytes!(concat!("../../docs/ledger-vectors/", $dir, "/2.entry")),
        }
    };
}

static LEDGERS: LazyLock<[Ledger; 2]> = LazyLock::new(|| {
    [ledger!(TreeSuite::International, "international"), ledger!(TreeSuite::Guomi, "guomi")]
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines().take(100) {
        if let Ok(key) = NoteKey::parse(line) {
            assert_eq!(key.to_string(), line);
        }
        if let Ok(signature) = NoteSignature::parse(line) {
            assert_eq!(signature.to_string(), line);
        }
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
        let _ = Checkpoint::parse(note.text());
        for ledger in &*LEDGERS {
            let _ = verified(ledger, &note);
        }
    }
    if let Ok(proof) = InclusionProof::parse(text) {
        assert_eq!(proof.to_string(), text);
        prove(&proof);
    }
});

/// Whether the log or its witness signed it: nothing but their checkpoints.
fn verified(ledger: &Ledger, note: &Note) -> bool {
    let verified = ledger.keys.iter().any(|key| key.verify(note).is_ok());
    if verified {
        assert!(ledger.signed.contains(&format!("{}\n", note.text())));
    }
    verified
}

fn prove(proof: &InclusionProof) {
    let InclusionProof { index, hashes, checkpoint } = proof;
    let Checkpoint { size, root, .. } = Checkpoint::parse(checkpoint.text()).unwrap();
    for ledger in &*LEDGERS {
        let leaf = ledger.suite.leaf(ledger.entry);
        let proven = verify_inclusion(ledger.suite, &leaf, *index, size, hashes, &root).is_ok();
        if proven && verified(ledger, checkpoint) {
            assert_eq!(*index, 1);
        }
        // An old tree of one leaf begins its proof itself: the first place is the second hash's too.
        let _ = verify_consistency(ledger.suite, (*index, &leaf), (size, &root), hashes);
    }
}
