//! Files of evidence and single proofs.

use std::fs;

use data_encoding::BASE64;

use crate::writer::{Journal, Signer, Suite, broken, sealed, verify};

#[test]
fn entries_are_proven_and_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evidence");
    for suite in [Suite::International, Suite::Guomi] {
        let mut journal = Journal::new(suite, 11);
        journal.witnesses.push(Signer::witness("auditor/1", 3));
        fs::write(&path, journal.evidence(&[(1, true), (7, false), (11, true)])).unwrap();
        let key = journal.key.vkey();
        let (code, said) = verify(&path, &["--log", &key]);
        assert_eq!(code, 0, "{said}");
        assert!(
            said.contains("proven: 3\n") && said.contains("opened: 2\n") && !said.contains("content"),
            "{said}"
        );
        let (code, said) =
            verify(&path, &["--log", &key, "--show", "--witness", &journal.witnesses[0].vkey()]);
        assert_eq!((code, said.matches(": content\n").count()), (0, 2), "{said}");
        assert!(said.contains("witness: auditor/1 (2023-11-14T22:13:31Z)"), "{said}");
        assert_eq!(verify(&path, &[]).0, 2, "without a key nothing can be told");
        broken(
            &path,
            &["--log", &key, "--witness", &Signer::witness("b", 3).vkey()],
            &["witness b didn't sign"],
        );
    }
}

#[test]
fn every_altered_byte_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evidence");
    for suite in [Suite::International, Suite::Guomi] {
        let journal = Journal::new(suite, 5);
        let whole = journal.evidence(&[(2, true), (5, true)]).into_bytes();
        let key = journal.key.vkey();
        for place in 0..whole.len() {
            for bit in [0x01, 0x20] {
                let mut altered = whole.clone();
                altered[place] ^= bit;
                fs::write(&path, altered).unwrap();
                broken(&path, &["--log", &key], &["line", "entry", "checkpoint"]);
            }
        }
        // Cut between two entries it is a smaller file of evidence, whole in itself; anywhere else it is none.
        let second = std::str::from_utf8(&whole).unwrap().find("\nentry 5").unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(verify(&path, &["--log", &key]).0, u8::from(length != second), "{length}");
        }
    }
}

#[test]
fn an_entry_opens_only_with_its_key_and_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evidence");
    let mut journal = Journal::new(Suite::International, 4);
    // Sealed for place 1, in place 2: in the tree, and yet not what it claims to be.
    journal.entries[1] = sealed(Suite::International, 1, &[2; 32], b"content");
    let key = journal.key.vkey();
    fs::write(&path, journal.evidence(&[(2, true)])).unwrap();
    broken(&path, &["--log", &key], &["entry 2: the key that came with it doesn't open it"]);
    fs::write(&path, journal.evidence(&[(2, false)])).unwrap();
    assert_eq!(verify(&path, &["--log", &key]).0, 0);
    let wrong = journal.evidence(&[(3, true)]).replace(&BASE64.encode(&[3; 32]), &BASE64.encode(&[4; 32]));
    fs::write(&path, wrong).unwrap();
    broken(&path, &["--log", &key], &["entry 3: the key that came with it doesn't open it"]);
}

#[test]
fn entries_out_of_order_or_twice_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evidence");
    let journal = Journal::new(Suite::International, 4);
    for entries in [&[(2, false), (2, false)][..], &[(3, false), (1, false)], &[]] {
        fs::write(&path, journal.evidence(entries)).unwrap();
        broken(&path, &["--log", &journal.key.vkey()], &["line", "no entry"]);
    }
}

#[test]
fn evidence_of_a_fork_is_found_by_a_checkpoint_kept_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (path, slip) = (dir.path().join("evidence"), dir.path().join("slip"));
    let journal = Journal::new(Suite::International, 4);
    let mut forked = Journal::new(Suite::International, 4);
    forked.entries[0] = sealed(Suite::International, 1, &[1; 32], b"another");
    fs::write(&path, forked.evidence(&[(1, true)])).unwrap();
    let key = journal.key.vkey();
    assert_eq!(verify(&path, &["--log", &key]).0, 0, "by itself it is whole");
    fs::write(&slip, journal.checkpoint(4)).unwrap();
    broken(&path, &["--log", &key, "--checkpoint", slip.to_str().unwrap()], &["the ledger forked"]);
    fs::write(&slip, journal.checkpoint(3)).unwrap();
    let (code, said) = verify(&path, &["--log", &key, "--checkpoint", slip.to_str().unwrap()]);
    assert!(code == 0 && said.contains("another size (3)"), "{said}");
}

#[test]
fn what_an_entry_says_does_not_steer_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evidence");
    let mut journal = Journal::new(Suite::International, 1);
    journal.entries[0] = sealed(Suite::International, 1, &[1; 32], "金匮\u{1b}[2J\u{202e}".as_bytes());
    fs::write(&path, journal.evidence(&[(1, true)])).unwrap();
    let (_, said) = verify(&path, &["--log", &journal.key.vkey(), "--show"]);
    assert!(said.contains("金匮\\u{1b}[2J\\u{202e}\n"), "{said}");
}

#[test]
fn a_single_proof_is_checked_with_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    let (path, entry) = (dir.path().join("5.tlog-proof"), dir.path().join("entry"));
    let entry_path = entry.to_str().unwrap();
    for suite in [Suite::International, Suite::Guomi] {
        let journal = Journal::new(suite, 7);
        let mut whole = "c2sp.org/tlog-proof@v1\nindex 4\n".to_owned();
        for hash in suite.path(4, &journal.entries) {
            whole += &format!("{}\n", BASE64.encode(&hash));
        }
        whole += &format!("\n{}", journal.checkpoint(7));
        fs::write(&path, &whole).unwrap();
        fs::write(&entry, &journal.entries[4]).unwrap();
        let key = journal.key.vkey();
        let options = ["--log", &key, "--entry", entry_path];
        let (code, said) = verify(&path, &options);
        assert!(code == 0 && said.contains("proven: 5"), "{said}");
        assert_eq!(verify(&path, &options[..2]).0, 2, "without the entry nothing can be told");
        for place in 0..whole.len() {
            let mut altered = whole.clone().into_bytes();
            altered[place] ^= 1;
            fs::write(&path, altered).unwrap();
            broken(&path, &options, &["line", "entry", "checkpoint"]);
        }
        fs::write(&path, &whole).unwrap();
        fs::write(&entry, &journal.entries[3]).unwrap();
        broken(&path, &options, &["entry 5: isn't proven"]);
    }
}
