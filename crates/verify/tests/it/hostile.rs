//! Files made to do harm: whatever they hold, there is an answer, soon and in little memory.

use std::fs;
use std::io::Write;
use std::path::Path;

use data_encoding::BASE64;
use proptest::prelude::*;

use crate::writer::{Journal, Suite, broken, segment_name, verify};

#[test]
fn lengths_that_are_not_there_are_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 3);
    journal.write(dir.path(), &[0], &[3]);
    let path = dir.path().join(segment_name(0));
    for length in [0_u32, 1 << 24, (1 << 24) + 1, u32::MAX] {
        let mut bytes = journal.segment(0..2);
        bytes.extend(length.to_be_bytes());
        bytes.extend([3, 1]);
        fs::write(&path, bytes).unwrap();
        broken(dir.path(), &[], &["entry 3 is cut"]);
    }
    let mut bytes = journal.segment(0..3);
    bytes[6..8].copy_from_slice(&u16::MAX.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    broken(dir.path(), &[], &["header"]);
}

#[test]
fn sizes_beyond_every_ledger_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 3);
    journal.write(dir.path(), &[0], &[3]);
    let text = format!("{}\n{}\n{}\n", journal.key.name, u64::MAX, "A".repeat(43) + "=");
    let note = format!("{text}\n{}", journal.key.line(&text, 0));
    fs::write(dir.path().join("checkpoints"), &note).unwrap();
    broken(dir.path(), &[], &["entries 4 to 18446744073709551615 are missing"]);

    let path = dir.path().join("evidence");
    let entry = format!("\nentry {}\nsealed AAAA\n", u64::MAX);
    for proof in [0, 63, 64, 65] {
        let hashes = (String::from("A").repeat(43) + "=\n").repeat(proof);
        fs::write(&path, format!("jingui/evidence/1\nsuite guomi\n\n{note}{entry}{hashes}")).unwrap();
        broken(&path, &["--log", &journal.key.vkey()], &["isn't proven", "line"]);
    }
}

#[test]
fn a_line_without_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 3);
    journal.write(dir.path(), &[0], &[3]);
    let mut file = fs::File::options().append(true).open(dir.path().join("checkpoints")).unwrap();
    for _ in 0..64 {
        file.write_all(&vec![b'a'; 1 << 20]).unwrap();
    }
    broken(dir.path(), &[], &["no checkpoint around line"]);
    let (code, _) = verify(&dir.path().join("checkpoints"), &["--log", &journal.key.vkey()]);
    assert_eq!(code, 1);
}

/// A pipe or a device may never end, and reading it may do something.
#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 3);
    journal.write(dir.path(), &[0], &[3]);
    fs::remove_file(dir.path().join("checkpoints")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("checkpoints")).unwrap();
    let (code, said) = verify(dir.path(), &[]);
    assert!(code == 2 && said.contains("not a regular file"), "{said}");
}

/// Each content has one form: no base 64 in several padded pieces, which a library may read as one, no line twice.
#[test]
fn another_form_of_the_same_content_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 3);
    let (key, evidence) = (journal.key.vkey(), journal.evidence(&[(1, true), (2, false)]));
    let path = dir.path().join("evidence");
    let look = |path: &Path, text: &str| {
        fs::write(path, text).unwrap();
        verify(path, &["--log", &key]).0
    };
    assert_eq!(look(&path, &evidence), 0);
    let mut seen = 0;
    for encoded in evidence.split([' ', '\n']) {
        let Ok(bytes) = BASE64.decode(encoded.as_bytes()) else { continue };
        if bytes.len() > 30 {
            let pieces = BASE64.encode(&bytes[..1]) + &BASE64.encode(&bytes[1..]);
            assert_eq!(look(&path, &evidence.replacen(encoded, &pieces, 1)), 1, "{encoded}");
            seen += 1;
        }
    }
    assert_eq!(seen, 9, "root, signature, two entries, an opening, two proofs of two hashes");
    let line = evidence.lines().find(|line| line.starts_with('—')).unwrap();
    assert_eq!(look(&path, &evidence.replace(line, &format!("{line}\n{line}"))), 1);
    let (name, encoded) = key.rsplit_once('+').unwrap();
    let bytes = BASE64.decode(encoded.as_bytes()).unwrap();
    let pieces = format!("{name}+{}{}\n", BASE64.encode(&bytes[..1]), BASE64.encode(&bytes[1..]));
    let keys = dir.path().join("keys");
    fs::write(&keys, pieces).unwrap();
    fs::write(&path, &evidence).unwrap();
    assert_eq!(verify(&path, &["--log", &keys.display().to_string()]).0, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_get_an_answer(
        segment in prop::collection::vec(any::<u8>(), 0..200),
        after in prop::collection::vec(any::<u8>(), 0..200),
        cut: prop::sample::Index,
        which in 0..4,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(Suite::International, 2);
        journal.write(dir.path(), &[0], &[2]);
        let name = match which {
            0 => segment_name(0),
            1 => "checkpoints".into(),
            2 => "vkey".into(),
            _ => "evidence".into(),
        };
        fs::write(dir.path().join("evidence"), journal.evidence(&[(1, true), (2, false)])).unwrap();
        let path = dir.path().join(&name);
        let whole = fs::read(&path).unwrap();
        let kept = &whole[..cut.index(whole.len())];
        fs::write(&path, [kept, &segment, &after].concat()).unwrap();
        let key = journal.key.vkey();
        let (checked, options) = if which == 3 { (&*path, &["--log", &key][..]) } else { (dir.path(), &[][..]) };
        prop_assert!(verify(checked, options).0 == 1 || (segment.is_empty() && after.is_empty()));
    }
}
