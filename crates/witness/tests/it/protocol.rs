//! What tlog-witness asks for, answer by answer.

use jingui_ledger::{Note, NoteKeyKind, NoteSignature, TreeSuite};
use jingui_witness::{Answer, WitnessError, WitnessKey};

use crate::log::{Log, NOW, witness};

#[test]
fn a_log_that_grows_is_cosigned() {
    for suite in [TreeSuite::International, TreeSuite::Guomi] {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::new(suite, 200);
        let witness = witness(dir.path(), &log);
        assert_eq!(witness.newest(&log.origin).unwrap(), None);
        let mut old = 0;
        for size in [0, 1, 1, 2, 7, 64, 65, 128, 200, 200] {
            let Answer::Cosigned(line) = witness.add_checkpoint(&log.body(old, size), NOW + size).unwrap()
            else {
                panic!("{old} to {size}");
            };
            let mut note = log.note(size);
            note.add(NoteSignature::parse(line.strip_suffix('\n').unwrap()).unwrap()).unwrap();
            assert_eq!(witness.public().verify(&note), Ok(Some(NOW + size)));
            assert_eq!(witness.newest(&log.origin).unwrap(), Some(note.to_string()));
            old = size;
        }
    }
}

#[test]
fn a_step_back_is_refused_with_the_size_that_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    assert!(matches!(witness.add_checkpoint(&log.body(0, 100), NOW).unwrap(), Answer::Cosigned(_)));
    let before = witness.newest(&log.origin).unwrap();
    for (old, size) in [(0, 50), (50, 50), (0, 100), (50, 150), (99, 100), (101, 120)] {
        let answer = witness.add_checkpoint(&log.body(old, size), NOW).unwrap();
        assert_eq!(answer, Answer::Conflict { size: 100 }, "{old} to {size}");
    }
    assert_eq!(witness.newest(&log.origin).unwrap(), before);
}

#[test]
fn a_fork_is_refused_and_kept_as_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    witness.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    let forked = Log::new(TreeSuite::International, 60);
    assert_eq!(
        witness.add_checkpoint(&forked.body(100, 150), NOW).unwrap(),
        Answer::Inconsistent,
        "with the log's own key, its proof leads from another tree"
    );
    assert_eq!(witness.add_checkpoint(&forked.body(100, 100), NOW).unwrap(), Answer::Conflict { size: 100 });
    let kept: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "fork"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(kept, [forked.note(100).to_string()]);
    assert!(matches!(witness.add_checkpoint(&log.body(100, 150), NOW).unwrap(), Answer::Cosigned(_)));
}

#[test]
fn a_proof_that_proves_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    let body = |old: u64, proof: &str, size| format!("old {old}\n{proof}\n{}", log.note(size)).into_bytes();
    let first = log.proof(3, 100);
    assert_eq!(
        witness.add_checkpoint(&body(0, &first, 100), NOW).unwrap(),
        Answer::Inconsistent,
        "from nothing there is nothing to prove"
    );
    witness.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    let right = log.proof(100, 150);
    let altered = right.replacen(&right[..2], "zz", 1);
    for proof in ["", &altered, &format!("{right}{right}"), &log.proof(99, 150), &log.proof(100, 151)] {
        assert_eq!(
            witness.add_checkpoint(&body(100, proof, 150), NOW).unwrap(),
            Answer::Inconsistent,
            "{proof}"
        );
    }
    assert!(matches!(witness.add_checkpoint(&body(100, &right, 150), NOW).unwrap(), Answer::Cosigned(_)));
}

#[test]
fn strangers_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    let mut other = Log::new(TreeSuite::International, 200);
    other.origin = "jingui/other".into();
    assert_eq!(witness.add_checkpoint(&other.body(0, 5), NOW).unwrap(), Answer::Unknown);
    let mut thief = Log::new(TreeSuite::International, 200);
    thief.secret = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    assert_eq!(witness.add_checkpoint(&thief.body(0, 5), NOW).unwrap(), Answer::Untrusted);
    // The log's line, with the signature of another checkpoint.
    let (five, six) = (log.body(0, 5), log.body(0, 6));
    let (five, six) = (String::from_utf8(five).unwrap(), String::from_utf8(six).unwrap());
    let moved = format!(
        "{}\u{2014}{}",
        five.split('\u{2014}').next().unwrap(),
        six.split('\u{2014}').nth(1).unwrap()
    );
    assert_eq!(witness.add_checkpoint(moved.as_bytes(), NOW).unwrap(), Answer::Untrusted);
}

#[test]
fn signatures_of_strangers_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    let mut note = log.note(5);
    // Calls itself the witness, with its id, and isn't.
    note.add(witness.public().sign(note.text(), NOW, |_| vec![1; 64])).unwrap();
    for number in 0..62 {
        note.add(NoteSignature::parse(&format!("\u{2014} jingui/demo {number:04}AAA=")).unwrap()).unwrap();
    }
    let body = format!("old 0\n\n{note}");
    assert!(matches!(witness.add_checkpoint(body.as_bytes(), NOW).unwrap(), Answer::Cosigned(_)));
    assert!(matches!(witness.add_checkpoint(&log.body(5, 6), NOW).unwrap(), Answer::Cosigned(_)));
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    let right = String::from_utf8(log.body(0, 5)).unwrap();
    let hash = format!("{}=\n", "A".repeat(43));
    for body in [
        right.replace("old 0", "old 00"),
        right.replace("old 0", "old +0"),
        right.replace("old 0", "old 18446744073709551616"),
        right.replace("old 0", "old 6"),
        right.replace("old 0", "older 0"),
        right.replace("old 0\n\n", "old 0\n"),
        right.replace("old 0\n", ""),
        right.replace("old 0\n", "old 0\r\n"),
        right.replace("old 0\n", "old 0\nAAAA\n"),
        right.replace("old 0\n", &format!("old 0\nAA=={}\n", "A".repeat(40) + "AA==")),
        right.replace("old 0\n", &format!("old 0\n{}", hash.repeat(64))),
        right.replace("\n5\n", "\n5\n5\n"),
        right.replace("\n5\n", "\nfive\n"),
        right.trim_end().to_owned(),
        format!("{right}\n"),
        String::new(),
    ] {
        assert_eq!(witness.add_checkpoint(body.as_bytes(), NOW).unwrap(), Answer::Malformed, "{body}");
    }
    assert_eq!(witness.add_checkpoint(&[0xff, 0xfe], NOW).unwrap(), Answer::Malformed);
    assert!(matches!(witness.add_checkpoint(right.as_bytes(), NOW).unwrap(), Answer::Cosigned(_)));
}

/// Of many requests from the same size one is cosigned: the others would fork what it made of the record.
#[test]
fn of_concurrent_requests_one_is_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    let mut old = 0;
    for round in 1..10_u64 {
        let bodies: Vec<(u64, Vec<u8>)> =
            (1..=8).map(|step| round * 10 + step).map(|size| (size, log.body(old, size))).collect();
        let cosigned: Vec<u64> = std::thread::scope(|scope| {
            let posts: Vec<_> = bodies
                .iter()
                .map(|(size, body)| scope.spawn(|| (*size, witness.add_checkpoint(body, NOW).unwrap())))
                .collect();
            posts
                .into_iter()
                .map(|post| post.join().unwrap())
                .filter(|(_, answer)| matches!(answer, Answer::Cosigned(_)))
                .map(|(size, _)| size)
                .collect()
        });
        assert_eq!(cosigned.len(), 1);
        old = cosigned[0];
        let newest = Note::parse(&witness.newest(&log.origin).unwrap().unwrap()).unwrap();
        assert!(newest.text().contains(&format!("\n{old}\n")));
    }
}

#[test]
fn keys_of_a_log_can_change_and_what_was_seen_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    witness.add_checkpoint(&log.body(0, 5), NOW).unwrap();
    let before = log.key();
    log.secret = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    assert_eq!(witness.add_checkpoint(&log.body(5, 6), NOW).unwrap(), Answer::Untrusted);
    witness.enrol(&log.origin, log.suite, vec![before, log.key()]).unwrap();
    assert!(matches!(witness.add_checkpoint(&log.body(5, 6), NOW).unwrap(), Answer::Cosigned(_)));
    assert_eq!(witness.add_checkpoint(&log.body(0, 4), NOW).unwrap(), Answer::Conflict { size: 6 });
}

#[test]
fn what_cannot_be_witnessed_is_not_enrolled() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    let key = log.key();
    let cosigner = WitnessKey::new("b", TreeSuite::International, &[1; 32]).unwrap();
    let own_name =
        jingui_ledger::NoteKey::new("auditor/1", NoteKeyKind::Ed25519, log.secret.verifying_key().as_bytes());
    for (origin, keys) in [
        ("a", vec![]),
        ("a", vec![key.clone(); 17]),
        ("a", vec![cosigner.public().clone()]),
        ("a", vec![own_name.unwrap()]),
        ("", vec![key.clone()]),
        ("a\nb", vec![key.clone()]),
    ] {
        assert!(matches!(witness.enrol(origin, log.suite, keys), Err(WitnessError::Keys)), "{origin:?}");
    }
    witness.add_checkpoint(&log.body(0, 5), NOW).unwrap();
    assert!(matches!(witness.enrol(&log.origin, TreeSuite::Guomi, vec![key]), Err(WitnessError::Keys)));
}
