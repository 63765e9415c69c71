//! A small office with files, backed up, damaged, and restored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jingui_crypto::{Keyring, Lock, PassphraseCost, Seal, Suite, Unsealed};
use jingui_ledger::Note;
use jingui_store::{Column, Draft, FileText, Id, Kind, Options, Outcome, Record, Store, StoreError};
use jingui_vault::{Kept, Part, Vault};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::error::BackupError;
use crate::place::Place;
use crate::{
    Damage, Filed, Known, Listed, Manifest, Office, Report, Restored, Stage, Target, restore, run, verify,
};

/// A file, as an office might keep it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Leaf {
    id: Id,
    name: String,
    bytes: u64,
    sealed_bytes: u64,
    removed: bool,
}

impl Record for Leaf {
    const KIND: Kind = Kind {
        name: "leaf",
        columns: &[Column::new("removed", "$.removed")],
        indexes: &["removed"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

fn registers(conn: &Connection) -> Result<Vec<Filed>, StoreError> {
    let mut statement = conn.prepare("SELECT body FROM leaf ORDER BY key")?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let filed = |body: &String| {
        let Leaf { id, name, sealed_bytes, removed, .. } = serde_json::from_str(body)?;
        let id = id.to_string();
        Ok(if removed { Filed::Destroyed { id } } else { Filed::Kept { id, name, bytes: sealed_bytes } })
    };
    bodies.iter().map(filed).collect()
}

fn terms(pages: &[String]) -> String {
    pages.concat()
}

fn draft(action: &str) -> Draft {
    Draft {
        actor: "clock".into(),
        terminal: "test".into(),
        action: action.into(),
        outcome: Outcome::Done,
        clauses: Vec::new(),
        subject: None,
    }
}

struct House {
    directory: PathBuf,
    keys: Keyring,
    store: Store,
    vault: Vault,
    seal: String,
    read: Box<dyn Fn() -> zeroize::Zeroizing<String> + Send + Sync>,
}

impl House {
    fn new(directory: &Path, suite: Suite) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let keys = Keyring::generate(suite, &mut rng);
        let cost = PassphraseCost { memory_kib: 64, passes: 1, lanes: 1 };
        let lock = Lock::Passphrase { passphrase: "金匮", cost };
        let seal =
            Unsealed::new("office", keys.clone(), &lock, &mut rng).unwrap().0.seal().to_text().to_string();
        std::fs::create_dir_all(directory).unwrap();
        let store = Store::create(&keys, options(directory)).unwrap();
        let vault = vault(directory, &keys);
        let text = zeroize::Zeroizing::new(seal.clone());
        let read = Box::new(move || text.clone());
        Self { directory: directory.to_owned(), keys, store, vault, seal, read }
    }

    fn office(&self) -> Office<'_> {
        Office {
            store: &self.store,
            vault: &self.vault,
            keys: &self.keys,
            seal: Some(&*self.read),
            registers,
        }
    }

    fn back_up(&self, place: &Place) -> Report {
        run(&self.office(), place, &|_, _, _| {}).unwrap()
    }

    /// Takes a file in, as an office does: its bytes first, then the action that says so.
    fn add(&self, content: &[u8]) -> Leaf {
        let (_, id) = self.store.act(|unit| Ok((draft("begin"), unit.new_id()))).unwrap();
        let mut upload = self.vault.begin(at(&id)).unwrap();
        upload.push(content).unwrap();
        let wrapped = self.vault.wrap(&upload).unwrap();
        let kept = wait(self.vault.keep(upload)).unwrap();
        wait(self.vault.keep_part(&at(&id), &kept.name, &wrapped, Part::Text, b"words")).unwrap();
        let Kept { name, bytes, sealed_bytes } = kept;
        let leaf = Leaf { id, name, bytes, sealed_bytes, removed: false };
        let put = leaf.clone();
        self.store
            .act(move |unit| {
                unit.put(&put)?;
                unit.keep_file_key(&put.id, &wrapped)?;
                let pages = [format!("机密 \"{}\"\n", put.id)];
                let item = i64::try_from(put.bytes).unwrap();
                let text = FileText { item, level: 2, salt: "salt", pages: &pages };
                unit.keep_file_text(&put.id, &text, terms)?;
                Ok((draft("keep"), ()))
            })
            .unwrap();
        leaf
    }

    fn destroy(&self, leaf: &Leaf) {
        let gone = Leaf { removed: true, ..leaf.clone() };
        self.store
            .act(move |unit| {
                unit.put(&gone)?;
                unit.destroy_file_key(&gone.id)?;
                unit.remove_file_text(&gone.id, terms)?;
                Ok((draft("destroy"), ()))
            })
            .unwrap();
        wait(self.vault.remove(&leaf.name)).unwrap();
    }

    fn open(&self, leaf: &Leaf) -> Option<Vec<u8>> {
        let wrapped = self.store.read(|conn| self.store.file_key(conn, &leaf.id)).unwrap()?;
        let kept = Kept { name: leaf.name.clone(), bytes: leaf.bytes, sealed_bytes: leaf.sealed_bytes };
        let opened = wait(self.vault.open_whole(&at(&leaf.id), &kept, &wrapped, 1 << 30));
        opened.ok().map(|plain| plain.to_vec())
    }

    /// All rows of a table, as text.
    fn rows(&self, sql: &str) -> Vec<String> {
        self.store
            .read(|conn| -> Result<_, StoreError> {
                let mut statement = conn.prepare(sql)?;
                let columns = statement.column_count();
                let row = |row: &rusqlite::Row<'_>| {
                    (0..columns)
                        .map(|at| Ok(format!("{:?}", row.get_ref(at)?)))
                        .collect::<Result<Vec<_>, _>>()
                };
                Ok(statement.query_map([], row)?.map(|row| row.unwrap().join("|")).collect())
            })
            .unwrap()
    }

    fn checkpoint(&self) -> Note {
        self.store.read(|conn| self.store.checkpoint(conn)).unwrap()
    }
}

fn options(directory: &Path) -> Options {
    Options { cache_mib: 16, readers: 2, ..Options::new(directory.join("office.db"), vec![Leaf::KIND]) }
}

fn vault(directory: &Path, keys: &Keyring) -> Vault {
    Vault::open(keys, directory.join("files").to_str().unwrap(), &directory.join("uploads")).unwrap()
}

fn at(id: &Id) -> jingui_vault::Place {
    jingui_vault::Place { file: id.to_string(), item: "item".into(), level: 2 }
}

fn wait<T>(asked: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(asked)
}

fn place(path: &Path) -> Place {
    Place::open(path.to_str().unwrap()).unwrap()
}

fn try_restore(
    place: &Place,
    keys: &Keyring,
    directory: &Path,
    known: &Known,
) -> Result<(House, Restored), BackupError> {
    std::fs::create_dir_all(directory).unwrap();
    let vault = vault(directory, keys);
    let into = Place::of(vault.depot().clone()).unwrap();
    let target = Target { options: options(directory), vault: &into, registers, terms };
    let (store, restored) = restore(place, keys, target, known, &|_, _, _| {})?;
    let directory = directory.to_owned();
    Ok((
        House {
            directory,
            keys: keys.clone(),
            store,
            vault,
            seal: String::new(),
            read: Box::new(zeroize::Zeroizing::default),
        },
        restored,
    ))
}

/// Files in a directory and below, by their names.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

fn clone(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, target).unwrap();
    }
}

const TABLES: [&str; 5] = [
    "SELECT * FROM entry ORDER BY seq",
    "SELECT * FROM file_key ORDER BY file",
    "SELECT * FROM file_text ORDER BY serial",
    "SELECT id FROM file_words_docsize ORDER BY id",
    "SELECT * FROM checkpoint ORDER BY size",
];

#[test]
fn clause_3_3_1_4_an_office_comes_back_as_it_was_in_both_suites() {
    for suite in [Suite::International, Suite::Guomi] {
        let temp = tempfile::tempdir().unwrap();
        let house = House::new(&temp.path().join("office"), suite);
        let leaves: Vec<Leaf> = (1..8_u8).map(|n| house.add(&vec![n; usize::from(n) * 40_000])).collect();
        house.destroy(&leaves[0]);
        let medium = place(&temp.path().join("backup"));
        let report = house.back_up(&medium);
        assert_eq!((report.number, report.entries, report.files), (1, (15, 15), (12, 12)));
        assert!(report.sealed && report.missing.is_empty(), "{report:?}");
        for keys in [None, Some(&house.keys)] {
            let verdict = verify(&medium, keys, &|_, _, _| {}).unwrap();
            assert_eq!((verdict.findings, verdict.looked_at.0), (vec![], 15));
        }
        // The machine is gone; what opens the office is the medium and the passphrase.
        let manifest = Manifest::read(&medium).unwrap();
        let seal = manifest.seal(&medium).unwrap().unwrap();
        assert_eq!(seal, house.seal);
        let keys = Seal::parse(&seal).unwrap().open(Some("金匮")).unwrap().keyring().clone();
        let (again, restored) =
            try_restore(&medium, &keys, &temp.path().join("again"), &Known::default()).unwrap();
        assert_eq!((restored.entries, restored.files.0), (15, 12));
        assert!(restored.missing.is_empty() && restored.behind.is_none());
        assert_eq!(again.store.head().unwrap(), house.store.head().unwrap());
        assert_eq!(again.store.verify(|_, _| {}).unwrap().finding, None);
        for sql in TABLES {
            assert_eq!(again.rows(sql), house.rows(sql), "{sql}");
        }
        assert_eq!(again.open(&leaves[0]), None);
        for (n, leaf) in (1..).zip(&leaves).skip(1) {
            assert_eq!(again.open(leaf), Some(vec![n; usize::from(n) * 40_000]));
        }
        // Work goes on, and so do its backups: nothing is copied again for having another inode.
        again.add(b"new");
        let read = || zeroize::Zeroizing::new(seal.clone());
        let report = run(&Office { seal: Some(&read), ..again.office() }, &medium, &|_, _, _| {}).unwrap();
        assert_eq!((report.number, report.entries, report.files), (2, (17, 2), (14, 2)));
    }
}

#[test]
fn clause_3_3_1_4_a_second_backup_writes_only_what_is_new() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    let first: Vec<Leaf> = (1..5).map(|n| house.add(&vec![n; 50_000])).collect();
    let root = temp.path().join("backup");
    let medium = place(&root);
    house.back_up(&medium);
    let report = house.back_up(&medium);
    assert_eq!((report.number, report.entries, report.files), (2, (8, 0), (8, 0)));
    house.add(&vec![9; 50_000]);
    let report = house.back_up(&medium);
    assert_eq!((report.number, report.entries, report.files), (3, (10, 2), (10, 2)));
    // What was lost in the place comes back.
    let lost = files(&root.join("files")).remove(0);
    std::fs::remove_file(&lost).unwrap();
    let segment = files(&root.join("ledger")).remove(0);
    std::fs::write(&segment, b"cut").unwrap();
    let report = house.back_up(&medium);
    assert_eq!((report.entries, report.files), ((10, 10), (10, 1)));
    assert_eq!(verify(&medium, Some(&house.keys), &|_, _, _| {}).unwrap().findings, []);
    assert!(first.iter().all(|leaf| house.open(leaf).is_some()));
}

#[test]
fn clause_3_3_1_4_what_the_vault_lost_stays_in_the_backup() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    let leaves: Vec<Leaf> = (1..6).map(|n| house.add(&vec![n; 50_000])).collect();
    let medium = place(&temp.path().join("backup"));
    house.back_up(&medium);
    let lying = |leaf: &Leaf| house.directory.join("files").join(Vault::path(&leaf.name));
    std::fs::remove_file(lying(&leaves[0])).unwrap();
    std::fs::write(lying(&leaves[1]), b"cut").unwrap();
    let mut altered = std::fs::read(lying(&leaves[2])).unwrap();
    altered[30_000] ^= 1;
    std::fs::write(lying(&leaves[2]), altered).unwrap();
    // Lost before any backup had it.
    let never = house.add(&vec![9; 50_000]);
    std::fs::remove_file(lying(&never)).unwrap();
    for _ in 0..2 {
        let mut missing = house.back_up(&medium).missing;
        missing.sort();
        let mut expected: Vec<_> = leaves[..3].iter().chain([&never]).map(|leaf| leaf.name.clone()).collect();
        expected.sort();
        assert_eq!(missing, expected);
    }
    let verdict = verify(&medium, Some(&house.keys), &|_, _, _| {}).unwrap();
    assert_eq!((verdict.findings.len(), verdict.manifest.missing.len()), (0, 4));
    let (again, restored) =
        try_restore(&medium, &house.keys, &temp.path().join("again"), &Known::default()).unwrap();
    assert_eq!(restored.missing, std::slice::from_ref(&never.name));
    for (n, leaf) in (1..).zip(&leaves) {
        assert_eq!(again.open(leaf), Some(vec![n; 50_000]));
    }
}

#[test]
fn clause_3_3_1_4_what_was_destroyed_leaves_the_place_and_stays_destroyed() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    let (kept, gone) = (house.add(&vec![1; 90_000]), house.add(&vec![2; 90_000]));
    let (root, older) = (temp.path().join("backup"), temp.path().join("older"));
    let medium = place(&root);
    house.back_up(&medium);
    clone(&root, &older);
    house.destroy(&gone);
    let report = house.back_up(&medium);
    assert!(report.removed >= 5, "the older manifest, keys, seal and both parts of the file: {report:?}");
    let left = files(&root);
    assert!(left.iter().all(|path| !path.to_str().unwrap().contains(&gone.name)));
    assert_eq!(left.iter().filter(|path| path.starts_with(root.join("beside"))).count(), 1);
    assert_eq!(left.iter().filter(|path| path.extension().is_some_and(|end| end == "manifest")).count(), 1);
    // From a medium that was in the safe meanwhile.
    let older = place(&older);
    let mut known = Known::default();
    known.learn(&medium, &house.keys).unwrap();
    let refused = try_restore(&older, &house.keys, &temp.path().join("x"), &known).err().unwrap();
    assert!(matches!(refused, BackupError::Older { backup: 4, known: 5, .. }), "{refused}");
    assert_eq!(files(&temp.path().join("x")), Vec::<PathBuf>::new());
    known.go_on = true;
    let (again, restored) = try_restore(&older, &house.keys, &temp.path().join("again"), &known).unwrap();
    assert_eq!(
        (restored.behind, restored.destroyed),
        (Some(5), vec![(gone.id.to_string(), Listed { backup: 2, place: 1 })])
    );
    assert_eq!(again.open(&gone), None);
    assert!(again.rows("SELECT pages FROM file_text").iter().all(|row| !row.contains(gone.id.as_str())));
    assert!(files(&again.directory).iter().all(|path| !path.to_str().unwrap().contains(&gone.name)));
    assert_eq!(again.open(&kept), Some(vec![1; 90_000]));
    assert_eq!(again.store.verify(|_, _| {}).unwrap().finding, None);
    // What was put back doesn't go over what the newer backup has.
    let refused = run(&again.office(), &medium, &|_, _, _| {}).unwrap_err();
    assert!(matches!(refused, BackupError::NotContinued { backup: 5, journal: 4 }), "{refused}");
}

#[test]
fn clause_1_3_1_whatever_is_altered_cut_missing_or_swapped_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    for n in 1..4 {
        house.add(&vec![n; 70_000]);
    }
    let root = temp.path().join("backup");
    let medium = place(&root);
    house.back_up(&medium);
    house.add(&[7; 100]);
    house.back_up(&medium);
    let all = files(&root);
    let mut tried = 0;
    for (at, path) in all.iter().enumerate() {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        // For programs that know no backups; not part of one.
        if matches!(name.as_str(), "lock" | "ledger/checkpoints" | "ledger/vkey") {
            continue;
        }
        let whole = std::fs::read(path).unwrap();
        for damage in 0..5 {
            let mut bytes = whole.clone();
            match damage {
                0 => bytes[whole.len() / 2] ^= 1,
                1 => bytes.truncate(whole.len() - 1),
                2 => bytes.push(b'\n'),
                3 => bytes = std::fs::read(&all[(at + 1) % all.len()]).unwrap(),
                _ => std::fs::remove_file(path).unwrap(),
            }
            if damage < 4 {
                std::fs::write(path, &bytes).unwrap();
            }
            for keys in [None, Some(&house.keys)] {
                match verify(&medium, keys, &|_, _, _| {}) {
                    Ok(verdict) => {
                        let expected = if damage == 4 { Damage::Missing } else { Damage::Altered };
                        let found: Vec<_> = verdict
                            .findings
                            .iter()
                            .map(|found| (found.name.as_str(), found.damage))
                            .collect();
                        assert_eq!(found, [(name.as_str(), expected)], "{damage}");
                    }
                    Err(BackupError::Altered { name: named }) => assert_eq!(named, name),
                    Err(BackupError::None) => assert!(damage == 4 && name.ends_with(".manifest")),
                    Err(error) => panic!("{name}, {damage}: {error}"),
                }
            }
            let again = temp.path().join(format!("again-{tried}"));
            // The seal is read by itself, before there are keys.
            if name.starts_with("seal/") {
                assert!(Manifest::read(&medium).unwrap().seal(&medium).is_err());
            } else {
                let refused = try_restore(&medium, &house.keys, &again, &Known::default()).err().unwrap();
                let told = refused.to_string();
                let named = told.contains(&name) || matches!(refused, BackupError::None);
                assert!(named, "{name}, {damage}: {told}");
                assert_eq!(files(&again), Vec::<PathBuf>::new(), "{name}, {damage}");
            }
            std::fs::write(path, &whole).unwrap();
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
    assert_eq!(verify(&medium, Some(&house.keys), &|_, _, _| {}).unwrap().findings, []);
}

#[test]
fn clause_1_3_1_a_manifest_of_other_keys_or_of_another_history_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    house.add(b"one");
    let root = temp.path().join("backup");
    let medium = place(&root);
    house.back_up(&medium);
    let other = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(2));
    assert!(matches!(verify(&medium, Some(&other), &|_, _, _| {}), Err(BackupError::OtherOffice)));
    let refused = try_restore(&medium, &other, &temp.path().join("x"), &Known::default()).err().unwrap();
    assert!(matches!(refused, BackupError::OtherOffice));
    // The same keys, another journal: into the same place it may not go.
    let twin = House::new(&temp.path().join("twin"), Suite::International);
    assert!(matches!(run(&twin.office(), &medium, &|_, _, _| {}), Err(BackupError::OtherOffice)));
    // A history that went another way after the same beginning.
    let (fork, _) = try_restore(&medium, &house.keys, &temp.path().join("fork"), &Known::default()).unwrap();
    fork.add(b"this way");
    house.add(b"that way");
    house.back_up(&medium);
    assert!(matches!(run(&fork.office(), &medium, &|_, _, _| {}), Err(BackupError::NotContinued { .. })));
    let known = Known { checkpoints: vec![fork.checkpoint()], ..Known::default() };
    let refused = try_restore(&medium, &house.keys, &temp.path().join("y"), &known).err().unwrap();
    assert!(matches!(refused, BackupError::Forked { size: 4 }), "{refused}");
    let known = Known { checkpoints: vec![house.checkpoint()], ..Known::default() };
    assert!(try_restore(&medium, &house.keys, &temp.path().join("z"), &known).is_ok());
    // Where a database or files are, nothing is restored.
    let refused = try_restore(&medium, &house.keys, &temp.path().join("z"), &known).err().unwrap();
    assert!(matches!(refused, BackupError::NotEmpty), "{refused}");
}

#[test]
fn clause_3_3_1_4_a_backup_under_work_is_one_committed_state() {
    let temp = tempfile::tempdir().unwrap();
    let house = Arc::new(House::new(&temp.path().join("office"), Suite::International));
    let medium = place(&temp.path().join("backup"));
    house.add(b"before");
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let working = {
        let (house, stop) = (Arc::clone(&house), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut n = 0_u32;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                let leaf = house.add(&n.to_be_bytes().repeat(5_000));
                if n.is_multiple_of(3) {
                    house.destroy(&leaf);
                }
                n += 1;
            }
        })
    };
    let rounds = if std::env::var_os("ENDURANCE").is_some() { 60 } else { 6 };
    let mut last = 0;
    for round in 0..rounds {
        let report = house.back_up(&medium);
        assert_eq!(report.missing, Vec::<String>::new());
        assert!(report.entries.0 >= last);
        last = report.entries.0;
        let (again, restored) =
            try_restore(&medium, &house.keys, &temp.path().join(format!("again-{round}")), &Known::default())
                .unwrap();
        assert_eq!(restored.entries, last);
        assert_eq!(again.store.verify(|_, _| {}).unwrap().finding, None);
        // Keys and registers are of the same moment; files destroyed since then may lack their bytes.
        let kept = again.rows("SELECT key FROM leaf WHERE removed = 0 ORDER BY key");
        assert_eq!(again.rows("SELECT file FROM file_key ORDER BY file"), kept);
        assert_eq!(again.rows("SELECT file FROM file_text ORDER BY file"), kept);
        assert!(restored.missing.len() <= 1, "{restored:?}");
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    working.join().unwrap();
    assert!(last > 10);
}

#[test]
fn clause_3_3_1_4_a_file_destroyed_while_copying_is_no_error() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    let (kept, gone) = (house.add(&vec![1; 90_000]), house.add(&vec![2; 90_000]));
    let medium = place(&temp.path().join("backup"));
    // Entries are copied after the state was read and before files are looked for.
    let once = std::sync::Once::new();
    let destroy = |stage, _, _| {
        if stage == Stage::Entries {
            once.call_once(|| house.destroy(&gone));
        }
    };
    let report = run(&house.office(), &medium, &destroy).unwrap();
    assert_eq!((report.entries.0, report.files.0, report.missing), (4, 2, vec![]));
    let (again, restored) =
        try_restore(&medium, &house.keys, &temp.path().join("again"), &Known::default()).unwrap();
    assert_eq!(restored.missing, std::slice::from_ref(&gone.name));
    assert_eq!((again.open(&kept), again.open(&gone)), (Some(vec![1; 90_000]), None));
    house.back_up(&medium);
    assert_eq!(Manifest::read(&medium).unwrap().checked_checkpoint().unwrap().size, 5);
}

#[test]
fn clause_3_3_1_4_a_backup_broken_off_anywhere_leaves_the_one_before() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    house.add(&vec![1; 60_000]);
    let root = temp.path().join("backup");
    let medium = place(&root);
    house.back_up(&medium);
    let (before, at) = (files(&root), temp.path().join("before"));
    clone(&root, &at);
    house.add(&vec![2; 60_000]);
    house.back_up(&medium);
    // Whatever of the new backup has come so far, without its manifest or with part of it.
    let new: Vec<PathBuf> = files(&root).into_iter().filter(|path| !before.contains(path)).collect();
    let (manifest, rest): (Vec<_>, Vec<_>) =
        new.iter().partition(|path| path.extension().is_some_and(|end| end == "manifest"));
    for count in 0..=rest.len() + 1 {
        let broken = temp.path().join(format!("broken-{count}"));
        clone(&at, &broken);
        for (nth, path) in rest.iter().take(count).enumerate() {
            let target = broken.join(path.strip_prefix(&root).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            let bytes = std::fs::read(path).unwrap();
            // The last one was being written.
            let so_far = if nth + 1 == count { bytes.len() / 2 } else { bytes.len() };
            std::fs::write(target, &bytes[..so_far]).unwrap();
        }
        if count > rest.len() {
            std::fs::write(broken.join("00000002.manifest.part"), &std::fs::read(manifest[0]).unwrap()[..9])
                .unwrap();
        }
        let broken = place(&broken);
        let verdict = verify(&broken, Some(&house.keys), &|_, _, _| {}).unwrap();
        assert_eq!((verdict.manifest.number, verdict.findings), (1, vec![]));
        let report = house.back_up(&broken);
        assert_eq!((report.number, report.entries), (2, (4, 2)));
        assert_eq!(verify(&broken, Some(&house.keys), &|_, _, _| {}).unwrap().findings, []);
        let names = |root: &Path| -> Vec<PathBuf> {
            files(root).iter().map(|path| path.strip_prefix(root).unwrap().to_owned()).collect()
        };
        assert_eq!(names(&temp.path().join(format!("broken-{count}"))), names(&root));
    }
    let held = medium.lock().unwrap();
    assert!(matches!(run(&house.office(), &medium, &|_, _, _| {}), Err(BackupError::Busy)));
    drop(held);
}

#[test]
fn clause_3_3_1_4_a_key_in_the_clear_isnt_copied() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let plain =
        Unsealed::new("office", house.keys.clone(), &Lock::Plain, &mut rng).unwrap().0.seal().to_text();
    let root = temp.path().join("backup");
    let medium = place(&root);
    let report =
        run(&Office { seal: Some(&|| plain.clone()), ..house.office() }, &medium, &|_, _, _| {}).unwrap();
    assert!(!report.sealed && !root.join("seal").exists());
    assert_eq!(Manifest::read(&medium).unwrap().seal(&medium).unwrap(), None);
}

#[test]
fn clause_3_3_1_4_a_drill_proves_and_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::Guomi);
    house.add(&vec![5; 70_000]);
    let medium = place(&temp.path().join("backup"));
    house.back_up(&medium);
    let scratch = temp.path().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let options = |path: &Path| Options { path: path.to_owned(), ..options(&scratch) };
    let drilled =
        crate::drill(&medium, &house.keys, &scratch, options, (registers, terms), &|_, _, _| {}).unwrap();
    assert_eq!((drilled.entries, drilled.files.0), (2, 2));
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn clause_3_3_1_4_a_store_that_isnt_a_directory_serves_as_well() {
    let temp = tempfile::tempdir().unwrap();
    let house = House::new(&temp.path().join("office"), Suite::International);
    let leaf = house.add(&vec![3; 9_000_000]);
    let gone = house.add(&[4; 10]);
    let medium = Place::open("memory:///office/backup").unwrap();
    house.back_up(&medium);
    house.destroy(&gone);
    let report = house.back_up(&medium);
    assert_eq!((report.entries, report.files), ((5, 1), (2, 0)));
    assert!(medium.list("").unwrap().keys().all(|name| !name.contains(&gone.name)));
    assert_eq!(verify(&medium, Some(&house.keys), &|_, _, _| {}).unwrap().findings, []);
    let (again, _) =
        try_restore(&medium, &house.keys, &temp.path().join("again"), &Known::default()).unwrap();
    assert_eq!(again.open(&leaf), Some(vec![3; 9_000_000]));
    medium.remove(&Manifest::read(&medium).unwrap().files[0].object.name).unwrap();
    let verdict = verify(&medium, None, &|_, _, _| {}).unwrap();
    assert_eq!(verdict.findings[0].damage, Damage::Missing);
}
