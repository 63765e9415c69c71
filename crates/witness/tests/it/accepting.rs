//! The owner's decision to believe a log anew, and a witness that signs as its logs do.

use std::fs;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jingui_ledger::{Checkpoint, Note, NoteKeyKind, TreeSuite};
use jingui_witness::{Answer, Witness, WitnessError, WitnessKey, router};
use tower::ServiceExt as _;

use crate::log::{Log, NOW, open, witness};

#[test]
fn what_was_seen_is_given_up_by_number_and_reason_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (log, forked) = (Log::new(TreeSuite::International, 200), Log::new(TreeSuite::International, 60));
    let first = witness(dir.path(), &log);
    first.add_checkpoint(&log.body(0, 150), NOW).unwrap();
    let before = first.newest(&log.origin).unwrap().unwrap();
    let accept = |witness: &Witness, note: &Note, seen, reason| witness.accept(note, seen, reason, NOW + 5);
    assert!(matches!(
        accept(&first, &log.note(100), 100, "disk"),
        Err(WitnessError::Seen { found: 150, given: 100 })
    ));
    assert!(matches!(accept(&first, &log.note(150), 150, "disk"), Err(WitnessError::Continued)));
    for reason in ["", "  ", "two\nlines"] {
        assert!(matches!(accept(&first, &log.note(100), 150, reason), Err(WitnessError::Reason)));
    }
    let mut other = Log::new(TreeSuite::International, 200);
    other.secret = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    assert!(matches!(accept(&first, &other.note(100), 150, "disk"), Err(WitnessError::Stranger)));
    other.origin = "jingui/unknown".into();
    assert!(matches!(accept(&first, &other.note(100), 150, "disk"), Err(WitnessError::Stranger)));
    assert_eq!(first.newest(&log.origin).unwrap().unwrap(), before, "nothing was given up so far");

    // A step back, then another history: each is kept with what was believed before.
    let accepted = accept(&first, &log.note(100), 150, "the disk failed").unwrap();
    assert_eq!((accepted.seen, accepted.from), (150, 100));
    let kept = fs::read_to_string(&accepted.kept).unwrap();
    assert_eq!(kept, format!("at {}\nreason the disk failed\n\n{before}\n", NOW + 5));
    assert_eq!(first.add_checkpoint(&log.body(150, 160), NOW).unwrap(), Answer::Conflict { size: 100 });
    assert!(matches!(first.add_checkpoint(&log.body(100, 120), NOW).unwrap(), Answer::Cosigned(_)));
    accept(&first, &forked.note(130), 120, "restored elsewhere").unwrap();
    let both = fs::read_to_string(&accepted.kept).unwrap();
    assert!(both.starts_with(&kept) && both.contains("reason restored elsewhere"));
    drop(first);
    let again = open(dir.path());
    assert_eq!(again.add_checkpoint(&log.body(120, 150), NOW).unwrap(), Answer::Conflict { size: 130 });
    assert!(matches!(again.add_checkpoint(&forked.body(130, 140), NOW).unwrap(), Answer::Cosigned(_)));
}

#[tokio::test]
async fn a_witness_of_guomi_signs_in_guomi_and_says_what_it_saw() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    WitnessKey::new("auditor/1", TreeSuite::Guomi, &[9; 32]).unwrap().save(&path).unwrap();
    let witness = Witness::open(dir.path(), WitnessKey::open(&path).unwrap()).unwrap();
    let key = witness.public().clone();
    assert_eq!(key.kind(), NoteKeyKind::CosignSm2);
    let log = Log::new(TreeSuite::Guomi, 200);
    witness.enrol(&log.origin, log.suite, vec![log.key()]).unwrap();
    let Answer::Cosigned(line) = witness.add_checkpoint(&log.body(0, 100), NOW).unwrap() else {
        panic!("not signed");
    };
    let mut note = log.note(100);
    note.add(jingui_ledger::NoteSignature::parse(line.trim_end()).unwrap()).unwrap();
    assert_eq!(key.verify(&note).unwrap(), Some(NOW));
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("auditor", "auditos")).unwrap();
    assert!(matches!(WitnessKey::open(&path), Err(WitnessError::Key { .. })));

    let router = router(std::sync::Arc::new(witness), || NOW);
    let get = async |path: &str| {
        let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        (status, answer.into_body().collect().await.unwrap().to_bytes())
    };
    let (status, text) = get(&format!("/newest/{}", log.origin)).await;
    assert_eq!(status, StatusCode::OK);
    let newest = Note::parse(std::str::from_utf8(&text).unwrap()).unwrap();
    assert_eq!(Checkpoint::parse(newest.text()).unwrap().size, 100);
    assert_eq!((log.key().verify(&newest).unwrap(), key.verify(&newest).unwrap()), (None, Some(NOW)));
    assert_eq!(get("/newest/jingui/unknown").await.0, StatusCode::NOT_FOUND);
}
