//! Signed notes, keys and cosignatures, against other implementations and published examples.

use data_encoding::BASE64;
use ed25519_dalek::Signer as _;
use jingui_ledger::{Checkpoint, InclusionProof, LedgerError, Note, NoteKey, NoteKeyKind, NoteSignature};
use proptest::prelude::*;

fn ed25519(kind: NoteKeyKind, name: &str) -> (NoteKey, ed25519_dalek::SigningKey) {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    (NoteKey::new(name, kind, secret.verifying_key().as_bytes()).unwrap(), secret)
}

fn sm2_key(kind: NoteKeyKind, name: &str) -> (NoteKey, sm2::dsa::SigningKey) {
    let secret = sm2::dsa::SigningKey::from_slice("1234567812345678", &[7; 32]).unwrap();
    let point =
        sm2::elliptic_curve::sec1::ToSec1Point::to_sec1_point(secret.verifying_key().as_affine(), false);
    (NoteKey::new(name, kind, point.as_bytes()).unwrap(), secret)
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "jingui/demo".into(), size: 12, root: [9; 32] }
}

fn signed() -> (Note, NoteKey) {
    let (key, secret) = ed25519(NoteKeyKind::Ed25519, "jingui/demo");
    let mut note = Note::new(checkpoint().to_text()).unwrap();
    note.add(key.sign(note.text(), 0, |message| secret.sign(message).to_bytes().to_vec())).unwrap();
    (note, key)
}

/// The note and the cosigned checkpoint that stand in C2SP signed-note and tlog-cosignature. Their keys aren't
/// published, so only the form is tried.
#[test]
fn published_notes_are_read_and_written() {
    for text in [
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
         — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n",
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
         — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
         — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n",
    ] {
        assert_eq!(Note::parse(text).unwrap().to_string(), text);
    }
}

/// The key, the text and the signature of the Go project's documentation of its package for notes.
#[test]
fn the_published_signature_of_the_go_project_is_verified() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let note = Note::parse(
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
         — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
    )
    .unwrap();
    let parsed = NoteKey::parse(key).unwrap();
    assert_eq!(
        (parsed.name(), parsed.kind(), parsed.to_string()),
        ("PeterNeumann", NoteKeyKind::Ed25519, key.into())
    );
    assert_eq!(parsed.verify(&note), Ok(None));
}

#[test]
fn our_checkpoints_are_accepted_by_other_implementations() {
    use signed_note::{Note as Theirs, StandardVerifier, VerifierList};
    let (note, key) = signed();
    let theirs = Theirs::from_bytes(note.to_string().as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    let (verified, others) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), others.len()), (1, 0));
    let read = tlog_tiles::checkpoint::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((read.origin(), read.size(), read.hash().0), ("jingui/demo", 12, [9; 32]));
}

#[test]
fn what_other_implementations_sign_is_verified() {
    use signed_note::{Note as Theirs, Signer, StandardSigner};
    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let key = NoteKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let signer = StandardSigner::new(skey).unwrap();
    let mut theirs = Theirs::new(checkpoint().to_text().as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer as &dyn Signer]).unwrap();
    let note = Note::parse(std::str::from_utf8(&theirs.to_bytes()).unwrap()).unwrap();
    assert_eq!(key.verify(&note), Ok(None));
    assert_eq!(Checkpoint::parse(note.text()), Ok(checkpoint()));
}

#[test]
fn every_kind_of_key_signs_what_it_verifies_and_nothing_else() {
    let text = checkpoint().to_text();
    for kind in [NoteKeyKind::Ed25519, NoteKeyKind::CosignEd25519, NoteKeyKind::Sm2, NoteKeyKind::CosignSm2] {
        let (key, line) = if matches!(kind, NoteKeyKind::Sm2 | NoteKeyKind::CosignSm2) {
            let (key, secret) = sm2_key(kind, "w");
            let line = key.sign(&text, 1_700_000_000, |message| {
                sm2::dsa::signature::Signer::<sm2::dsa::Signature>::sign(&secret, message).to_bytes().to_vec()
            });
            (key, line)
        } else {
            let (key, secret) = ed25519(kind, "w");
            let line = key.sign(&text, 1_700_000_000, |message| secret.sign(message).to_bytes().to_vec());
            (key, line)
        };
        let mut note = Note::new(text.clone()).unwrap();
        assert_eq!(key.verify(&note), Err(LedgerError::Unsigned { name: "w".into() }));
        note.add(line.clone()).unwrap();
        assert_eq!(key.verify(&note), Ok(kind.cosigns().then_some(1_700_000_000)));
        assert_eq!(NoteKey::parse(&key.to_string()), Ok(key.clone()));

        let note = note.to_string();
        let mut refused = 0;
        for place in 0..note.len() {
            let mut altered = note.clone().into_bytes();
            altered[place] ^= 1;
            let Ok(altered) = String::from_utf8(altered) else { continue };
            let outcome = Note::parse(&altered).and_then(|note| key.verify(&note));
            assert!(outcome.is_err(), "{kind:?} byte {place}: {altered}");
            refused += 1;
        }
        assert!(refused > 100);
        // Two lines of one key: both have to be right.
        let wrong = key.sign(&text, 1, |_| vec![3; 64]);
        let mut both = Note::parse(&note).unwrap();
        both.add(wrong).unwrap();
        assert_eq!(key.verify(&both), Err(LedgerError::Signature { name: "w".into() }));
    }
}

/// tlog-cosignature gives the signed bytes of its example.
#[test]
fn a_cosigner_signs_the_published_bytes() {
    let (key, _) = ed25519(NoteKeyKind::CosignEd25519, "witness.example.com/w1");
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let mut message = Vec::new();
    let line = key.sign(text, 1_679_315_147, |bytes| {
        message = bytes.to_vec();
        vec![1; 64]
    });
    assert_eq!(message, format!("cosignature/v1\ntime 1679315147\n{text}").into_bytes());
    let encoded = line.to_string();
    let bytes = BASE64.decode(encoded.rsplit(' ').next().unwrap().as_bytes()).unwrap();
    assert_eq!((bytes.len(), &bytes[4..12]), (76, &[0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb][..]));
}

/// Key id and name of the witness key in C2SP's own example belong to type 0x04; one key under two kinds has two ids.
#[test]
fn one_key_under_two_kinds_has_two_ids() {
    let (plain, _) = ed25519(NoteKeyKind::Ed25519, "a");
    let (cosigner, _) = ed25519(NoteKeyKind::CosignEd25519, "a");
    assert_ne!(plain.id(), cosigner.id());
    assert!(plain.verify(&signed().0).is_err());
}

/// GB/T 32918.5-2017, appendix A.2: its key and signature through the form of our keys.
#[test]
fn the_published_signature_of_sm2_is_verified() {
    let hex = |text: &str| data_encoding::HEXUPPER.decode(text.as_bytes()).unwrap();
    let public = hex(concat!(
        "04",
        "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020",
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    ));
    let signature = hex(concat!(
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3",
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    ));
    // The published message has no line break at its end, so that the library is asked beside the note.
    let key = sm2::dsa::VerifyingKey::from_sec1_bytes("1234567812345678", &public).unwrap();
    let parsed = sm2::dsa::Signature::from_slice(&signature).unwrap();
    assert!(sm2::dsa::signature::Verifier::verify(&key, b"message digest", &parsed).is_ok());
    assert!(NoteKey::new("a", NoteKeyKind::Sm2, &public).is_ok());
    assert!(NoteKey::new("a", NoteKeyKind::Sm2, &public[..33]).is_err());
}

#[test]
fn keys_that_are_not_whole_are_refused() {
    let (key, _) = ed25519(NoteKeyKind::Ed25519, "jingui/demo");
    let text = key.to_string();
    for altered in [
        text.replace("jingui/demo", "jingui/demx"),
        text.replace("jingui/demo", "jingui demo"),
        text.replace("jingui/demo", ""),
        text.to_uppercase(),
        format!("{text}\n"),
        format!("{text}="),
        text.replace('+', "-"),
        text.replace("+Ae", "+Ce"),
        String::new(),
        "a+b+c".into(),
    ] {
        assert_eq!(NoteKey::parse(&altered), Err(LedgerError::NoteKey), "{altered}");
    }
    // A key under which everything can be signed for.
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(NoteKey::new("a", NoteKeyKind::Ed25519, &identity), Err(LedgerError::NoteKey));
}

#[test]
fn notes_that_are_not_canonical_are_refused() {
    let note = signed().0.to_string();
    let (text, line) = note.split_once("\n\n").unwrap();
    for altered in [
        note.trim_end().to_owned(),
        format!("{note}\n"),
        note.replace('\n', "\r\n"),
        note.replace("\n\n", "\n"),
        format!("{text}\n\n"),
        format!("\n\n{line}"),
        format!("{text}\n\n{line}{line}"),
        note.replace("— ", "- "),
        note.replace("— ", "—  "),
        note.replace("=\n", "\n"),
        note.replace("— jingui/demo", "— jingui+demo"),
        note.replace("— jingui/demo", "— "),
        format!("{text}\u{7}\n\n{line}"),
        format!("{}\n\n{line}", "x".repeat(70_000)),
        format!("{text}\n\n— a AAAA\n"),
        format!("{text}\n\n— a AAAAAA==\n"),
    ] {
        assert!(Note::parse(&altered).is_err(), "{altered}");
    }
    let many: String = (0..65).map(|number| format!("— a{number} AAAAAAA=\n")).collect();
    assert!(Note::parse(&format!("{text}\n\n{many}")).is_err());
    let some: String = (0..16).map(|number| format!("— a{number} AAAAAAA=\n")).collect();
    assert!(Note::parse(&format!("{text}\n\n{some}")).is_ok(), "C2SP asks for 16");
}

/// A library may read several pieces of base 64, each padded, as one; then there would be many texts of one meaning.
#[test]
fn base_64_in_pieces_is_refused() {
    let pieces = |encoded: &str| {
        let bytes = BASE64.decode(encoded.as_bytes()).unwrap();
        BASE64.encode(&bytes[..1]) + &BASE64.encode(&bytes[1..])
    };
    let note = signed().0;
    let proof = InclusionProof { index: 3, hashes: vec![[1; 32]], checkpoint: note.clone() }.to_string();
    let hash = BASE64.encode(&[1; 32]);
    assert!(InclusionProof::parse(&proof).is_ok());
    assert!(InclusionProof::parse(&proof.replace(&hash, &pieces(&hash))).is_err());
    let root = note.text().lines().nth(2).unwrap();
    assert!(Checkpoint::parse(&note.text().replace(root, &pieces(root))).is_err());
    let line = note.signatures()[0].to_string();
    let encoded = line.rsplit(' ').next().unwrap();
    assert!(NoteSignature::parse(&line.replace(encoded, &pieces(encoded))).is_err());
    let key = ed25519(NoteKeyKind::Ed25519, "jingui/demo").0.to_string();
    let encoded = key.splitn(3, '+').nth(2).unwrap();
    assert!(NoteKey::parse(&key.replace(encoded, &pieces(encoded))).is_err());
}

#[test]
fn proofs_are_read_back_and_nothing_else() {
    let proof = InclusionProof { index: 3, hashes: vec![[1; 32], [2; 32]], checkpoint: signed().0 };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 3\nAQEB"));
    assert_eq!(InclusionProof::parse(&text), Ok(proof));
    for altered in [
        text.replace("index 3", "index 03"),
        text.replace("index 3", "index +3"),
        text.replace("index 3", "index"),
        text.replace("@v1", "@v2"),
        text.replace("AQEB", "AQE"),
        text.replace("\n\n", "\n"),
        text.replace("\n12\n", "\n012\n"),
        text.replacen(
            "index 3\n",
            &format!("index 3\n{}", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n".repeat(63)),
            1,
        ),
    ] {
        assert!(InclusionProof::parse(&altered).is_err(), "{altered}");
    }
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_back_the_same(
        text in "[a-zé\n ]{0,30}\n{1,3}(— [a-z+]{0,3} [A-Za-z0-9+/]{6,7}[=]{0,2}\n{0,2}){0,3}",
    ) {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text);
        }
    }

    #[test]
    fn lines_are_read_back(name in "[^ +\u{0}-\u{20}]{1,20}", id: [u8; 4], bytes in prop::collection::vec(any::<u8>(), 1..90)) {
        prop_assume!(!name.chars().any(|letter| letter.is_whitespace() || letter.is_control()));
        let line = format!("— {name} {}", BASE64.encode(&[&id[..], &bytes].concat()));
        prop_assert_eq!(NoteSignature::parse(&line).unwrap().to_string(), line);
    }
}
