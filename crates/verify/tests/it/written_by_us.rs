//! What the ledger's own crate writes is what the verifier reads: the only place where both meet.

use std::fs;

use ed25519_dalek::Signer as _;
use jingui_ledger::{
    Checkpoint, Evidence, EvidenceWriter, Frontier, Hash, InclusionProof, LedgerError, Note, NoteKey,
    NoteKeyKind, SegmentWriter, Source, TreeSuite, inclusion, origin, segment_name,
};

use crate::writer::{LOG, Suite, sealed, verify};

struct Leaves(Vec<Hash>);

impl Source for Leaves {
    type Error = LedgerError;

    fn leaves(&self, range: std::ops::Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        Ok(self.0[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec())
    }

    fn subtrees(&self, _: u8, _: std::ops::Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        Err(LedgerError::Source)
    }
}

#[test]
fn an_export_evidence_and_a_proof_written_by_the_ledger_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    for (tree, suite) in [(TreeSuite::International, Suite::International), (TreeSuite::Guomi, Suite::Guomi)]
    {
        let ledger = dir.path().join(tree.name());
        fs::create_dir(&ledger).unwrap();
        let entries: Vec<Vec<u8>> =
            (1..=100).map(|seq| sealed(suite, seq, &[u8::try_from(seq).unwrap(); 32], b"content")).collect();
        let (mut frontier, mut leaves) = (Frontier::with(tree), Vec::new());
        let secret = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
        let key =
            NoteKey::new(&origin(LOG), NoteKeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        let mut checkpoints = String::new();
        let mut writer = SegmentWriter::begin(Vec::new(), tree, LOG, 1).unwrap();
        let mut note = None;
        for (place, entry) in entries.iter().enumerate() {
            if place == 40 {
                fs::write(ledger.join(segment_name(1)), writer.into_inner()).unwrap();
                writer = SegmentWriter::begin(Vec::new(), tree, LOG, 41).unwrap();
            }
            writer.entry(entry).unwrap();
            leaves.push(frontier.append(entry));
            if place % 33 == 0 {
                let checkpoint =
                    Checkpoint { origin: origin(LOG), size: frontier.size(), root: frontier.root() };
                let mut signed = Note::new(checkpoint.to_text()).unwrap();
                let line = key.sign(signed.text(), 0, |message| secret.sign(message).to_bytes().to_vec());
                signed.add(line).unwrap();
                checkpoints += &signed.to_string();
                note = Some(signed);
            }
        }
        fs::write(ledger.join(segment_name(41)), writer.into_inner()).unwrap();
        fs::write(ledger.join("checkpoints"), checkpoints).unwrap();
        fs::write(ledger.join("vkey"), format!("{key}\n")).unwrap();
        let (code, said) = verify(&ledger, &[]);
        assert_eq!(code, 0, "{said}");

        let (note, key, source) = (note.unwrap(), key.to_string(), Leaves(leaves));
        let mut writer = EvidenceWriter::begin(Vec::new(), tree, &note).unwrap();
        for seq in [1_u8, 64, 65, 100] {
            let proof = inclusion(&source, tree, u64::from(seq) - 1, 100).unwrap();
            let (sealed, opening) = (&*entries[usize::from(seq) - 1], [seq; 32]);
            let entry = Evidence { seq: seq.into(), sealed, opening: Some(&opening), proof: &proof };
            writer.entry(&entry).unwrap();
        }
        let path = dir.path().join("evidence");
        fs::write(&path, writer.into_inner()).unwrap();
        let (code, said) = verify(&path, &["--log", &key]);
        assert!(code == 0 && said.contains("opened: 4"), "{said}");

        let hashes = inclusion(&source, tree, 49, 100).unwrap();
        let proof = InclusionProof { index: 49, hashes, checkpoint: note };
        let (path, entry) = (dir.path().join("proof"), dir.path().join("entry"));
        fs::write(&path, proof.to_string()).unwrap();
        fs::write(&entry, &entries[49]).unwrap();
        let (code, said) = verify(&path, &["--log", &key, "--entry", entry.to_str().unwrap()]);
        assert_eq!(code, 0, "{said}");
    }
}
