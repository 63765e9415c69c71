//! What was true once, put back: pages, rows, sealed files, logs, directories, backups; things exchanged for one another;
//! another history signed with the stolen key.

use std::fs;
use std::path::{Path, PathBuf};

use jingui_ledger::Checkpoint;
use jingui_store::{Draft, Outcome};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha20Rng;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::house::{House, copied};
use super::verdict::{Look, Verdict, program};
use super::{Case, Class, files, witness};
use crate::program::text;

/// Bytes of a page.
const PAGE: usize = 4096;
/// Bytes of the head of a write-ahead log, and of the head of each frame in it.
const LOG_HEAD: usize = 32;
const FRAME: usize = 24 + PAGE;

/// What is put back.
#[derive(Debug, Clone, Copy)]
pub enum Replay {
    Pages,
    Rows,
    Files,
    Logs,
    Directories,
    Backups,
    Labels,
    History,
}

impl Replay {
    pub const ALL: [Self; 8] = [
        Self::Pages,
        Self::Rows,
        Self::Files,
        Self::Logs,
        Self::Directories,
        Self::Backups,
        Self::Labels,
        Self::History,
    ];

    pub fn class(self, all: u32) -> Class {
        let (name, share) = match self {
            Self::Pages => ("replays: older pages, one to eight at once", 40),
            Self::Rows => ("replays: older, removed and missing rows, written with the database's key", 26),
            Self::Files => ("replays: sealed files exchanged, older or missing", 10),
            Self::Logs => ("replays: older, cut and missing write-ahead logs", 10),
            Self::Directories => ("replays: whole directories", 3),
            Self::Backups => ("replays: older backups, whole and in parts", 5),
            Self::Labels => ("replays: keys and files of two files exchanged", 4),
            Self::History => ("replays: another history, signed with the stolen key", 2),
        };
        Class { name: name.to_owned(), cases: (all * share / 100).max(2) }
    }

    pub fn case(self, house: &House, at: &Path, rng: &mut ChaCha20Rng) -> Case {
        let book = |killed, files| Look::Book { killed, files };
        let (what, look) = match self {
            Self::Pages => (pages(house, at, rng), book(false, false)),
            Self::Rows => (rows(house, at, rng), book(false, false)),
            Self::Files => (sealed(house, at, rng), book(false, true)),
            Self::Logs => (logs(house, at, rng), book(true, false)),
            Self::Directories => {
                let older = older(house, rng);
                copied(older, at).unwrap();
                (told(older), book(false, true))
            }
            Self::Backups => return backups(house, at, rng),
            Self::Labels => (labels(house, at, rng), book(false, true)),
            Self::History => return history(house, at, rng),
        };
        let model = if matches!(self, Self::Logs) { house.killed.last().unwrap() } else { house.newest() };
        let verdict = house.verdict(look, at, model);
        Case { what: format!("{self:?}: {what}"), file: "office.db".to_owned(), verdict }
    }
}

fn told(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn older<'a>(house: &'a House, rng: &mut ChaCha20Rng) -> &'a Path {
    house.generations[..house.generations.len() - 1].choose(rng).unwrap()
}

/// Pages as they were in an older generation, in the places of the newer ones.
fn pages(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> String {
    copied(house.newest(), at).unwrap();
    let older = older(house, rng);
    let before = fs::read(older.join("office.db")).unwrap();
    let mut bytes = fs::read(at.join("office.db")).unwrap();
    let differs = |number: &usize| before.chunks(PAGE).nth(*number) != bytes.chunks(PAGE).nth(*number);
    let candidates: Vec<usize> = (0..before.len().min(bytes.len()) / PAGE).filter(differs).collect();
    let count = if rng.random_bool(0.6) { 1 } else { rng.random_range(2..=8) };
    let chosen: Vec<usize> = candidates.choose_multiple(rng, count).copied().collect();
    for number in &chosen {
        let place = number * PAGE..(number + 1) * PAGE;
        bytes[place.clone()].copy_from_slice(&before[place]);
    }
    fs::write(at.join("office.db"), bytes).unwrap();
    let numbers: Vec<usize> = chosen.iter().map(|number| number + 1).collect();
    format!("pages {numbers:?} of {}", told(older))
}

fn keyed(house: &House, path: &Path) -> (Connection, String) {
    let hex = data_encoding::HEXLOWER.encode(house.keys.derive("database").expose());
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(&format!("PRAGMA key = \"x'{hex}'\"")).unwrap();
    (conn, hex)
}

/// A row as it was in an older generation, one that is gone since, or one taken away that is new.
fn rows(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> String {
    copied(house.newest(), at).unwrap();
    let from = older(house, rng);
    let beside = at.with_extension("older");
    fs::copy(from.join("office.db"), &beside).unwrap();
    let (conn, hex) = keyed(house, &at.join("office.db"));
    conn.execute_batch(&format!("ATTACH '{}' AS older KEY \"x'{hex}'\"", text(&beside))).unwrap();
    let mut tables: Vec<String> = conn
        .prepare(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL TABLE%'
             AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'words%' AND name NOT LIKE 'file_words%'",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    while !tables.is_empty() {
        let table = tables.swap_remove(rng.random_range(0..tables.len()));
        let columns: Vec<String> = conn
            .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let list = columns.join(", ");
        let differing = |one: &str, other: &str| -> Vec<Vec<Value>> {
            conn.prepare(&format!(
                "SELECT {list} FROM {one}.{table} EXCEPT SELECT {list} FROM {other}.{table}"
            ))
            .unwrap()
            .query_map([], |row| (0..columns.len()).map(|column| row.get(column)).collect())
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
        };
        let (gone, fresh) = (differing("older", "main"), differing("main", "older"));
        let put_back = !gone.is_empty() && (fresh.is_empty() || rng.random_bool(0.5));
        let Some(row) = (if put_back { gone.choose(rng) } else { fresh.choose(rng) }) else { continue };
        let places: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
        let sql = if put_back {
            format!("INSERT OR REPLACE INTO main.{table} ({list}) VALUES ({})", places.join(", "))
        } else {
            let is = columns.iter().zip(&places).map(|(column, place)| format!("{column} IS {place}"));
            format!("DELETE FROM main.{table} WHERE {}", is.collect::<Vec<_>>().join(" AND "))
        };
        assert!(conn.execute(&sql, rusqlite::params_from_iter(row)).unwrap() > 0, "{sql}");
        return format!("{sql} {:?} from {}", row.first(), told(from));
    }
    panic!("nothing differs between {} and the newest", told(from));
}

/// A file of the vault in the place of another, as it was, cut, or gone.
fn sealed(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> String {
    copied(house.newest(), at).unwrap();
    let names = files(&at.join("vault"));
    let kept: Vec<&PathBuf> = names.iter().filter(|name| name.extension().is_none()).collect();
    let name = at.join("vault").join(kept.choose(rng).unwrap());
    match rng.random_range(0..3) {
        0 => {
            let others: Vec<_> =
                kept.iter().map(|kept| at.join("vault").join(kept)).filter(|kept| *kept != name).collect();
            let other = others.choose(rng).unwrap();
            fs::copy(other, &name).unwrap();
            format!("{} in the place of {}", told(other), told(&name))
        }
        1 => {
            let bytes = fs::read(&name).unwrap();
            fs::write(&name, &bytes[..rng.random_range(0..bytes.len())]).unwrap();
            format!("{} cut", told(&name))
        }
        _ => {
            fs::remove_file(&name).unwrap();
            format!("{} gone", told(&name))
        }
    }
}

/// Another log beside the database than the one that was there, part of it, or none.
fn logs(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> String {
    let newest = house.killed.last().unwrap();
    copied(newest, at).unwrap();
    let log = at.join("office.db-wal");
    let _ = fs::remove_file(at.join("office.db-shm"));
    match rng.random_range(0..4) {
        0 => {
            fs::copy(house.killed[0].join("office.db-wal"), &log).unwrap();
            "the log of another day".to_owned()
        }
        1 => {
            fs::remove_file(&log).unwrap();
            "no log".to_owned()
        }
        2 => {
            let older = house.generations.choose(rng).unwrap();
            fs::copy(older.join("office.db"), at.join("office.db")).unwrap();
            format!("the log beside the database of {}", told(older))
        }
        _ => {
            let bytes = fs::read(&log).unwrap();
            let frames = (bytes.len() - LOG_HEAD) / FRAME;
            let kept = rng.random_range(0..frames);
            fs::write(&log, &bytes[..LOG_HEAD + kept * FRAME]).unwrap();
            format!("{kept} of {frames} frames")
        }
    }
}

/// The backup as it was, restored with what is known outside; or parts of it among those of the newer one.
fn backups(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> Case {
    let newest = house.backups.last().unwrap();
    let older = house.backups[..house.backups.len() - 1].choose(rng).unwrap();
    let case = |what, file: String, verdict| Case { what: format!("Backups: {what}"), file, verdict };
    if rng.random_bool(0.5) {
        copied(older, at).unwrap();
        let data = at.with_extension("restored");
        let order = ["restore", text(at), "--data", text(&data), "--key-file", text(&house.key)];
        let told = program(&[&order[..], &["--checkpoint", text(&house.checkpoint)]].concat());
        // The restored office isn't there at all: the place is told by the numbers of entries.
        let verdict = match told {
            Some(Verdict::Refused(told)) if told.contains("are known") => Verdict::Outside(told),
            Some(other) => other,
            None => Verdict::Silent("an older backup was restored".to_owned()),
        };
        return case(format!("all of {}", super::replays::told(older)), "are known".to_owned(), verdict);
    }
    copied(newest, at).unwrap();
    let mut names = files(older);
    names.retain(|name| fs::read(older.join(name)).ok() != fs::read(newest.join(name)).ok());
    let name = names.choose(rng).unwrap();
    // What the newer one has under that kind of name goes: the older one takes its place.
    if name.extension().is_some_and(|ending| ending == "manifest") {
        for other in files(at).iter().filter(|other| other.extension() == name.extension()) {
            fs::remove_file(at.join(other)).unwrap();
        }
    }
    fs::create_dir_all(at.join(name).parent().unwrap()).unwrap();
    fs::copy(older.join(name), at.join(name)).unwrap();
    let verdict = match house.verdict(Look::Backup, at, newest) {
        // A file beside those that the manifest lists isn't part of the backup.
        Verdict::Silent(_) if !newest.join(name).exists() => Verdict::Nothing,
        Verdict::Nothing if newest.join(name).exists() => Verdict::Silent(name.display().to_string()),
        other => other,
    };
    case(
        format!("{} of {}", name.display(), super::replays::told(older)),
        // An older manifest is found by what it lists and the newer one doesn't: the backup's number says where.
        name.with_extension("").display().to_string(),
        verdict,
    )
}

/// The wrapped keys of two files exchanged, and their sealed bytes with them or not.
fn labels(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> String {
    copied(house.newest(), at).unwrap();
    let (conn, _) = keyed(house, &at.join("office.db"));
    let files: Vec<(String, String)> = conn
        .prepare("SELECT key, sealed FROM file WHERE sealed IS NOT NULL ORDER BY key")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let two: Vec<_> = files.choose_multiple(rng, 2).collect();
    let [one, other] = two[..] else { panic!("fewer than two files") };
    conn.execute(
        "UPDATE file_key SET wrapped = (SELECT wrapped FROM file_key k WHERE k.file = iif(file_key.file = ?1, ?2, ?1))
         WHERE file IN (?1, ?2)",
        [&one.0, &other.0],
    )
    .unwrap();
    let bytes = rng.random_bool(0.5);
    if bytes {
        let path = |name: &str| at.join("vault").join(&name[..2]).join(name);
        let (first, second) = (fs::read(path(&one.1)).unwrap(), fs::read(path(&other.1)).unwrap());
        fs::write(path(&one.1), second).unwrap();
        fs::write(path(&other.1), first).unwrap();
    }
    format!("keys of {} and {}, bytes too: {bytes}", one.0, other.0)
}

/// From an older state another history is written, with every key of the office, to the length that is known or beyond: its
/// tree is right, its signatures are right.
fn history(house: &House, at: &Path, rng: &mut ChaCha20Rng) -> Case {
    copied(older(house, rng), at).unwrap();
    let known = fs::read_to_string(&house.checkpoint).unwrap();
    let known = Checkpoint::parse(jingui_ledger::Note::parse(&known).unwrap().text()).unwrap();
    let store = house.open(at).unwrap();
    let more = rng.random_range(0..20);
    while store.head().unwrap().0 < known.size + more {
        let draft = Draft {
            actor: "clock".into(),
            terminal: "thief".into(),
            action: "item.read".into(),
            outcome: Outcome::Done,
            clauses: Vec::new(),
            subject: None,
        };
        store.act(|_| Ok((draft, ()))).unwrap();
    }
    let refused = store.read(|conn| {
        let note = store.checkpoint(conn).unwrap();
        let proof = store.consistency(conn, known.size, known.size + more).unwrap();
        let copy = at.with_extension("witness");
        copied(&house.witness, &copy).unwrap();
        Ok::<_, jingui_store::StoreError>(witness::refuses(&copy, known.size, &proof, &note))
    });
    drop(store);
    let verdict = match house.verdict(Look::Book { killed: false, files: false }, at, house.newest()) {
        found if refused.unwrap() => found,
        _ => Verdict::Silent("the witness signed another history".to_owned()),
    };
    Case { what: format!("History: {more} entries beyond"), file: "office.db".to_owned(), verdict }
}
