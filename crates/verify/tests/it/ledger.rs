//! Exported directories: whole, altered, cut, put back, forked.

use std::fs;
use std::path::Path;

use crate::writer::{Journal, Signer, Suite, broken, segment_name, verify};

const BOTH: [Suite; 2] = [Suite::International, Suite::Guomi];

#[test]
fn a_whole_ledger_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    for (number, suite) in BOTH.into_iter().enumerate() {
        for (cuts, sizes) in
            [(&[0][..], &[13][..]), (&[0, 4, 5], &[0, 1, 1, 4, 7, 13]), (&[0, 0], &[13]), (&[], &[0])]
        {
            if cuts == [0, 0] {
                continue;
            }
            let mut journal = Journal::new(suite, 13);
            if cuts.is_empty() {
                journal.entries.clear();
            }
            let dir = dir.path().join(format!("{number}-{}-{}", cuts.len(), sizes.len()));
            journal.write(&dir, cuts, sizes);
            let (code, said) = verify(&dir, &["--log", &journal.key.vkey()]);
            assert_eq!(code, 0, "{said}");
            assert!(said.contains(&format!("entries: {}\n", journal.entries.len())), "{said}");
            assert!(!said.contains("注意"));
            let (code, said) = verify(&dir, &[]);
            assert_eq!(code, 0, "{said}");
            assert!(said.contains("--log"), "a key from the directory itself proves little: {said}");
        }
    }
}

#[test]
fn every_altered_byte_is_found_and_its_place_named() {
    let dir = tempfile::tempdir().unwrap();
    for suite in BOTH {
        let journal = Journal::new(suite, 3);
        let dir = dir.path().join(suite.name());
        journal.write(&dir, &[0, 2], &[2, 3]);
        let key = journal.key.vkey();
        for (name, places) in [
            (segment_name(0), &["entries", "entry"][..]),
            (segment_name(2), &["entries", "entry"]),
            ("checkpoints".into(), &["checkpoint"]),
        ] {
            let path = dir.join(name);
            let whole = fs::read(&path).unwrap();
            for place in 0..whole.len() {
                for bit in [0x01, 0x80].into_iter().take(if suite == Suite::Guomi { 1 } else { 2 }) {
                    let mut altered = whole.clone();
                    altered[place] ^= bit;
                    fs::write(&path, altered).unwrap();
                    broken(&dir, &["--log", &key], places);
                }
            }
            for length in 0..whole.len() {
                fs::write(&path, &whole[..length]).unwrap();
                broken(&dir, &["--log", &key], places);
            }
            fs::write(&path, [&whole[..], b"\0"].concat()).unwrap();
            broken(&dir, &["--log", &key], places);
            fs::write(&path, &whole).unwrap();
        }
        let path = dir.join("vkey");
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut altered = whole.clone();
            altered[place] ^= 1;
            fs::write(&path, altered).unwrap();
            broken(&dir, &[], &["vkey"]);
        }
    }
}

#[test]
fn the_range_with_the_altered_entry_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::new(Suite::International, 9);
    journal.write(dir.path(), &[0], &[3, 6, 9]);
    let last = journal.entries[4].len() - 1;
    journal.entries[4][last] ^= 1;
    fs::write(dir.path().join(segment_name(0)), journal.segment(0..9)).unwrap();
    broken(dir.path(), &[], &["among entries 4 to 6"]);
}

#[test]
fn entries_that_changed_places_left_or_came_twice_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 6);
    journal.write(dir.path(), &[0, 3], &[6]);
    let changes: [fn(&mut Vec<Vec<u8>>); 6] = [
        |entries| entries.swap(0, 1),
        |entries| entries.reverse(),
        |entries| drop(entries.remove(2)),
        |entries| entries.insert(2, entries[2].clone()),
        |entries| entries[3] = entries[2].clone(),
        |entries| drop(entries.pop()),
    ];
    for change in changes {
        let mut other = Journal::new(Suite::International, 6);
        change(&mut other.entries);
        fs::remove_file(dir.path().join(segment_name(3))).ok();
        fs::write(dir.path().join(segment_name(0)), other.segment(0..other.entries.len())).unwrap();
        broken(dir.path(), &[], &["entries 1 to 6", "entries 6 to 6", "from entry 7"]);
    }
}

#[test]
fn files_that_were_swapped_left_out_or_slipped_in_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 6);
    let write = || journal.write(dir.path(), &[0, 2, 4], &[6]);
    let path = |start| dir.path().join(segment_name(start));
    write();
    fs::rename(path(2), dir.path().join("x")).unwrap();
    broken(dir.path(), &[], &["entry 3 should come here"]);
    fs::rename(path(4), path(2)).unwrap();
    broken(dir.path(), &[], &["begins with entry 5"]);
    fs::rename(dir.path().join("x"), path(4)).unwrap();
    broken(dir.path(), &[], &["begins with entry 5"]);
    write();
    fs::copy(path(0), dir.path().join("x.entries")).unwrap();
    broken(dir.path(), &[], &["x.entries"]);
    fs::remove_file(dir.path().join("x.entries")).unwrap();
    assert_eq!(verify(dir.path(), &[]).0, 0);
    let other = Journal::new(Suite::Guomi, 6);
    fs::write(path(2), other.segment(2..4)).unwrap();
    broken(dir.path(), &[], &["belongs to another ledger"]);
}

#[test]
fn entries_under_no_checkpoint_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 6);
    journal.write(dir.path(), &[0], &[4]);
    broken(dir.path(), &[], &["from entry 5 on there is no checkpoint"]);
    fs::write(dir.path().join("checkpoints"), "").unwrap();
    broken(dir.path(), &[], &["there is no checkpoint"]);
    let later_first = format!("{}{}", journal.checkpoint(6), journal.checkpoint(4));
    fs::write(dir.path().join("checkpoints"), later_first).unwrap();
    broken(dir.path(), &[], &["checkpoint 2 (4): smaller"]);
}

#[test]
fn a_ledger_put_back_is_found_by_a_checkpoint_kept_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::new(Suite::International, 9);
    journal.witnesses.push(Signer::witness("auditor/1", 3));
    let kept = dir.path().join("slip");
    fs::write(&kept, journal.checkpoint(9)).unwrap();
    journal.entries.truncate(6);
    let old = dir.path().join("old");
    journal.write(&old, &[0], &[3, 6]);
    let kept = kept.to_str().unwrap();
    let witness = journal.witnesses[0].vkey();
    assert_eq!(verify(&old, &[]).0, 0, "by itself it is whole");
    broken(&old, &["--checkpoint", kept], &["entries 7 to 9 are missing"]);
    let said = broken(&old, &["--checkpoint", kept, "--witness", &witness], &["entries 7 to 9 are missing"]);
    assert!(said.contains("a witness saw 6 at 2023-11-14T22:13:26Z"), "{said}");
}

/// Whoever stole the log's key can sign a history of his own, but not the one that was seen.
#[test]
fn a_fork_is_found_by_a_checkpoint_kept_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 9);
    let kept = dir.path().join("slips");
    fs::write(&kept, [journal.checkpoint(2), journal.checkpoint(7)].concat()).unwrap();
    let kept = kept.to_str().unwrap();
    let mut forked = Journal::new(Suite::International, 9);
    forked.entries[4][60] ^= 1;
    let fork = dir.path().join("fork");
    forked.write(&fork, &[0], &[5, 7, 9]);
    assert_eq!(verify(&fork, &[]).0, 0, "by itself it is whole");
    let said = broken(&fork, &["--checkpoint", kept], &["slips"]);
    assert!(said.contains("among entries 6 to 7") && said.contains("forked"), "{said}");
    let whole = dir.path().join("whole");
    journal.write(&whole, &[0], &[5, 7, 9]);
    let (code, said) = verify(&whole, &["--checkpoint", kept]);
    assert_eq!((code, said.matches("agrees").count()), (0, 2), "{said}");
}

#[test]
fn a_checkpoint_from_elsewhere_must_be_the_ledgers() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(Suite::International, 4);
    let ledger = dir.path().join("ledger");
    journal.write(&ledger, &[0], &[4]);
    let slip = dir.path().join("slip");
    let path = slip.to_str().unwrap();
    let mut other = Journal::new(Suite::International, 4);
    other.key = Signer::log(Suite::International, 8);
    fs::write(&slip, other.checkpoint(4)).unwrap();
    broken(&ledger, &["--checkpoint", path], &["slip: the ledger's key didn't sign it"]);
    fs::write(&slip, journal.checkpoint(4).replace("jingui/00", "jingui/01")).unwrap();
    broken(&ledger, &["--checkpoint", path], &["slip"]);
    broken(&ledger, &["--log", &other.key.vkey()], &["checkpoint 1 (4): the ledger's key didn't sign it"]);
    fs::write(&slip, "").unwrap();
    assert_eq!(verify(&ledger, &["--checkpoint", path]).0, 2);
}

#[test]
fn witnesses_are_held_to_what_they_signed() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::new(Suite::Guomi, 4);
    journal.witnesses.push(Signer::witness("auditor/1", 3));
    journal.witnesses.push(Signer::guomi_witness("auditor/2", 4));
    journal.write(dir.path(), &[0], &[2, 4]);
    let (one, two) = (journal.witnesses[0].vkey(), journal.witnesses[1].vkey());
    let (code, said) = verify(dir.path(), &["--witness", &one, "--witness", &two]);
    assert_eq!(code, 0, "{said}");
    for name in ["auditor/1", "auditor/2"] {
        assert!(said.contains(&format!("witness: {name} (4, 2023-11-14T22:13:24Z)")), "{said}");
    }
    let absent = Signer::witness("auditor/3", 3).vkey();
    broken(dir.path(), &["--witness", &absent], &["witness auditor/3 signed no checkpoint"]);
    assert_eq!(verify(dir.path(), &["--witness", &journal.key.vkey()]).0, 2, "a log is no witness");

    // The other's key under the witness' name and id: nothing but the signature is wrong.
    let path = dir.path().join("checkpoints");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().filter(|line| line.contains("auditor/1")).collect();
    let swapped = whole.replace(lines[0], "☃").replace(lines[1], lines[0]).replace('☃', lines[1]);
    fs::write(&path, swapped).unwrap();
    broken(dir.path(), &["--witness", &one], &["signature of auditor/1 doesn't fit"]);
    assert_eq!(verify(dir.path(), &["--witness", &two]).0, 0);
}

#[test]
fn a_directory_without_its_files_cannot_be_told_of() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify(dir.path(), &[]).0, 2);
    assert_eq!(verify(Path::new("/nowhere/at/all"), &[]).0, 2);
    for arguments in
        [&["--what"][..], &["--log"], &["--log", "a+b+c"], &["--checkpoint", "/nowhere"], &["more"]]
    {
        assert_eq!(verify(dir.path(), arguments).0, 2, "{arguments:?}");
    }
    let (code, said) = verify(dir.path(), &["--help"]);
    assert!(code == 0 && said.contains("--witness"));
}
