//! What is on the disk: kept before it is answered, whole after every stop, not believed when damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jingui_ledger::TreeSuite;
use jingui_witness::{Answer, Witness, WitnessError, WitnessKey};

use crate::log::{Log, NOW, open, witness};

fn record(dir: &Path) -> PathBuf {
    let mut files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "log")).unwrap()
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let first = witness(dir.path(), &log);
    first.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    let newest = first.newest(&log.origin).unwrap();
    drop(first);
    let second = open(dir.path());
    assert_eq!(second.newest(&log.origin).unwrap(), newest);
    assert_eq!(second.add_checkpoint(&log.body(0, 50), NOW).unwrap(), Answer::Conflict { size: 100 });
}

/// Stopped while the new record was being written, or before it was renamed: the old one holds, whatever lies about.
#[test]
fn a_stop_before_the_rename_leaves_the_old_record() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let first = witness(dir.path(), &log);
    first.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    let old = fs::read(record(dir.path())).unwrap();
    first.add_checkpoint(&log.body(100, 150), NOW).unwrap();
    let new = fs::read(record(dir.path())).unwrap();
    drop(first);
    for length in [0, 1, new.len() / 2, new.len()] {
        fs::write(record(dir.path()), &old).unwrap();
        fs::write(record(dir.path()).with_extension("unfinished"), &new[..length]).unwrap();
        let again = open(dir.path());
        assert_eq!(again.add_checkpoint(&log.body(50, 120), NOW).unwrap(), Answer::Conflict { size: 100 });
        assert!(matches!(again.add_checkpoint(&log.body(100, 120), NOW).unwrap(), Answer::Cosigned(_)));
        assert!(!record(dir.path()).with_extension("unfinished").exists());
    }
}

#[test]
fn what_cannot_be_kept_is_not_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    witness.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    // Nothing can be written where a directory stands.
    let unfinished = record(dir.path()).with_extension("unfinished");
    fs::create_dir(&unfinished).unwrap();
    assert!(matches!(witness.add_checkpoint(&log.body(100, 150), NOW), Err(WitnessError::Io { .. })));
    fs::remove_dir(&unfinished).unwrap();
    assert_eq!(witness.add_checkpoint(&log.body(0, 150), NOW).unwrap(), Answer::Conflict { size: 100 });
}

#[test]
fn a_damaged_record_is_not_signed_on() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let witness = witness(dir.path(), &log);
    witness.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    let path = record(dir.path());
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let answer = witness.add_checkpoint(&log.body(100, 150), NOW);
        assert!(matches!(answer, Err(WitnessError::Damaged { .. })), "{what}: {answer:?}");
        assert!(witness.newest(&log.origin).is_err());
        assert!(witness.enrol(&log.origin, log.suite, vec![log.key()]).is_err(), "would hide it: {what}");
    };
    // A flip in the log's own signature is the log's affair: it was checked before, and the cosignature doesn't cover it.
    let text = String::from_utf8(whole.clone()).unwrap();
    let log_line = text.find("\u{2014} jingui/demo").unwrap();
    let own_line = text.find("\u{2014} auditor/1").unwrap();
    for place in (0..log_line).chain(own_line..whole.len()) {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        refused(&altered, &format!("byte {place}"));
    }
    for length in 0..whole.len() {
        refused(&whole[..length], &format!("cut at {length}"));
    }
    fs::write(&path, &whole).unwrap();
    assert!(matches!(witness.add_checkpoint(&log.body(100, 150), NOW).unwrap(), Answer::Cosigned(_)));
}

#[test]
fn a_record_of_another_witness_or_log_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(TreeSuite::International, 200);
    let first = witness(dir.path(), &log);
    first.add_checkpoint(&log.body(0, 100), NOW).unwrap();
    drop(first);
    let other =
        Witness::open(dir.path(), WitnessKey::new("auditor/1", TreeSuite::International, &[8; 32]).unwrap())
            .unwrap();
    assert!(matches!(other.newest(&log.origin), Err(WitnessError::Damaged { .. })));
    drop(other);
    let mut second = Log::new(TreeSuite::International, 200);
    second.origin = "jingui/second".into();
    let path = record(dir.path());
    let witness = witness(dir.path(), &second);
    let mut files = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let seconds =
        files.find(|file| file.extension().is_some_and(|end| end == "log") && *file != path).unwrap();
    fs::copy(&path, &seconds).unwrap();
    assert!(matches!(witness.newest(&second.origin), Err(WitnessError::Damaged { .. })));
}

#[test]
fn two_witnesses_do_not_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path());
    let key = WitnessKey::new("auditor/2", TreeSuite::International, &[1; 32]).unwrap();
    assert!(matches!(Witness::open(dir.path(), key), Err(WitnessError::Busy { .. })));
    drop(first);
    drop(open(dir.path()));
}

#[test]
fn the_key_is_its_owners() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let key = WitnessKey::new("auditor/1", TreeSuite::International, &[9; 32]).unwrap();
    key.save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(WitnessKey::open(&path).unwrap().public(), key.public());
    assert!(key.save(&path).is_err(), "a key isn't replaced by accident");
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(WitnessKey::open(&path), Err(WitnessError::Open { .. })), "{mode:o}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let whole = fs::read_to_string(&path).unwrap();
    for altered in [
        whole.replace("auditor", "auditos"),
        whole.replace("CQkJ", "CQkK"),
        whole.replace('+', "-"),
        whole.trim_end().to_owned(),
        format!("{whole}\n"),
        String::new(),
    ] {
        fs::write(&path, &altered).unwrap();
        assert!(matches!(WitnessKey::open(&path), Err(WitnessError::Key { .. })), "{altered}");
    }
    assert_eq!(format!("{key:?}"), "WitnessKey(auditor/1)");
}
