//! The office that is tampered with: made by the real program through HTTP, in three generations, with files, a backup of each
//! generation, checkpoints kept outside, a witness, proofs, and a fourth state as a killed process leaves it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jingui_crypto::{Keyring, Seal};
use jingui_office::Connection;
use jingui_store::{Options, Store, StoreError};
use serde_json::json;

use crate::backup::item_with_file;
use crate::program::{Founded, PASSWORD, Served, Session, err, people, text};

/// Generations of the office.
const GENERATIONS: usize = 3;

/// Everything that is tampered with, and what it is held against. Nothing in it is altered: each case works on a copy.
pub struct House {
    _place: tempfile::TempDir,
    pub key: PathBuf,
    pub keys: Keyring,
    /// Data directories, oldest first, each of an office that was ended in order.
    pub generations: Vec<PathBuf>,
    /// Data directories as a killed process left them, with entries that are only in the write-ahead log.
    pub killed: Vec<PathBuf>,
    /// Backups of each generation.
    pub backups: Vec<PathBuf>,
    /// Checkpoints over the newest generation and over the newest killed state.
    pub checkpoint: PathBuf,
    pub killed_checkpoint: PathBuf,
    /// The key of the ledger as `jingui-verify` takes it.
    pub log: String,
    /// A directory with a proof and the entry that it proves.
    pub proof: PathBuf,
    /// An exported ledger.
    pub ledger: PathBuf,
    /// A witness' directory, and what it has seen.
    pub witness: PathBuf,
    pub seen: Option<String>,
    /// All that the newest generation holds, and the newest killed state.
    pub contents: [Vec<String>; 2],
}

impl House {
    pub fn new() -> Self {
        let place = scratch();
        let mut founded = Founded::new();
        let key = place.path().join("office.key");
        fs::copy(&founded.key, &key).unwrap();
        let in_memory = place.path().join("office");
        fs::rename(&founded.data, &in_memory).or_else(|_| copied(&founded.data, &in_memory)).unwrap();
        founded.data = in_memory;
        let at = |name: &str| place.path().join(name);
        let (backup, checkpoint, ledger) = (at("backup"), at("checkpoint"), at("ledger"));
        let (mut generations, mut backups) = (Vec::new(), Vec::new());
        for generation in 0..GENERATIONS {
            let served = founded.serve();
            if generation == 0 {
                people(&served, &founded);
            }
            work(&served, generation);
            assert!(served.end());
            done(&founded, "backup", &[text(&backup)]);
            let kept = at(&format!("generation-{generation}"));
            copied(&founded.data, &kept).unwrap();
            generations.push(kept);
            let kept = at(&format!("backup-{generation}"));
            copied(&backup, &kept).unwrap();
            backups.push(kept);
        }
        done(&founded, "checkpoint", &[text(&checkpoint)]);
        done(&founded, "export-ledger", &[text(&ledger)]);
        let (proof, log) = proof(&founded, &at("proof"));
        let witness = at("witness");
        fs::create_dir(&witness).unwrap();
        let seal = Seal::parse(&fs::read_to_string(&key).unwrap()).unwrap();
        let keys = seal.open(None).unwrap().keyring().clone();
        super::witness::witnessed(&witness, &checkpoint, &log);
        let seen = super::witness::newest(&witness, &log).unwrap();
        let killed = (0..2).map(|number| killed(&founded, &at(&format!("killed-{number}")))).collect();
        let (killed_checkpoint, copies) = (at("killed-checkpoint"), [at("copy-0"), at("copy-1")]);
        let mut house = Self {
            key,
            keys,
            generations,
            killed,
            backups,
            checkpoint,
            killed_checkpoint,
            log,
            proof,
            ledger,
            witness,
            seen,
            contents: [Vec::new(), Vec::new()],
            _place: place,
        };
        // Opening a store writes into its directory: only copies are opened.
        copied(house.newest(), &copies[0]).unwrap();
        copied(house.killed.last().unwrap(), &copies[1]).unwrap();
        house.contents = copies.clone().map(|copy| house.content(&copy));
        let store = house.open(&copies[1]).unwrap();
        let note = store.read(|conn| store.checkpoint(conn)).unwrap();
        fs::write(&house.killed_checkpoint, note.to_string()).unwrap();
        house
    }

    pub fn newest(&self) -> &Path {
        self.generations.last().unwrap()
    }

    pub fn open(&self, data: &Path) -> Result<Store, StoreError> {
        let mut options = Options::new(data.join("office.db"), jingui_office::kinds());
        options.rebuild = false;
        options.cache_mib = 32;
        Store::open(&self.keys, options)
    }

    /// All that the office in `data` holds: every row of every table, every place of every word.
    pub fn content(&self, data: &Path) -> Vec<String> {
        let store = self.open(data).unwrap();
        store.read(|conn| -> Result<_, StoreError> { rows(conn) }).unwrap()
    }
}

/// In memory where that is possible: files are copied thousands of times.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn copied(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copied(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn rows(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let tables: Vec<String> = conn
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
             AND name NOT IN ('words', 'file_words') AND (name LIKE '%_places' OR name LIKE '%_docsize'
             OR (name NOT LIKE 'words_%' AND name NOT LIKE 'file_words_%')) ORDER BY name",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for table in tables {
        let mut statement = conn.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values: Result<Vec<String>, _> =
                (0..columns).map(|column| row.get_ref(column).map(|value| format!("{value:?}"))).collect();
            all.push(format!("{table}: {}", values?.join(", ")));
        }
    }
    Ok(all)
}

fn done(founded: &Founded, order: &str, more: &[&str]) {
    let output = founded.run(order, more);
    assert!(output.status.success(), "{order}: {}", err(&output));
}

/// What an office does in a day: receipts, items with files, searches kept under a name, a file removed.
fn work(served: &Served, generation: usize) {
    let registrar = served.sign_in("zhoumin", PASSWORD);
    let words = ["甲号预案如下。", "乙号预案另行通知。", "丙号预案作废，请各部门收回。"];
    let (_, file) = item_with_file(&registrar, &words[generation].repeat(60));
    item_with_file(&registrar, &format!("第{generation}次检查安排"));
    quick(&registrar, u32::try_from(generation).unwrap());
    if generation == 1 {
        let head = served.sign_in("sunli", PASSWORD);
        head.did("file.remove", &json!({ "file": file, "reason": "传错文件" }));
    }
    // Refused, and journaled all the same.
    let refused = json!({ "item": "0".repeat(26), "reason": "起草方案", "days": 5, "mode": "take_out" });
    let staff = served.sign_in("lilei", PASSWORD);
    assert_ne!(staff.send("POST", "/api/actions/loan.apply", Some(&refused)).unwrap().status, 200);
}

/// Actions that take no time.
fn quick(registrar: &Session, number: u32) {
    let receipt = json!({
        "source": "省委办公厅", "channel": "confidential_courier", "envelope": format!("{number:06}"), "seal": "intact", "pieces": 1,
    });
    registrar.did("receipt.sign", &receipt);
    for name in ["常用", "待办"] {
        let filter = json!({ "page": "items", "name": name, "query": format!("level={}", number % 4 + 1) });
        registrar.did("filter.save", &filter);
    }
}

/// The directory as a process left it that was killed in the midst of work.
fn killed(founded: &Founded, to: &Path) -> PathBuf {
    let served = founded.serve();
    let registrar = served.sign_in("zhoumin", PASSWORD);
    quick(&registrar, 7);
    // Once the log was moved into the database; what comes then is only in the log.
    std::thread::sleep(Duration::from_millis(1_200));
    quick(&registrar, 8);
    served.kill();
    copied(&founded.data, to).unwrap();
    assert!(fs::metadata(to.join("office.db-wal")).unwrap().len() > 0, "nothing is in the log");
    to.to_owned()
}

fn proof(founded: &Founded, to: &Path) -> (PathBuf, String) {
    fs::create_dir(to).unwrap();
    let served = founded.serve();
    let auditor = served.sign_in("auditor", founded.password("auditor"));
    let log = auditor.get("/api/ledger")["key"].as_str().unwrap().to_owned();
    let proven = auditor.get("/api/ledger/proofs/3");
    fs::write(to.join("3.tlog-proof"), proven["proof"].as_str().unwrap()).unwrap();
    let sealed = data_encoding::BASE64.decode(proven["sealed"].as_str().unwrap().as_bytes()).unwrap();
    fs::write(to.join("3.entry"), sealed).unwrap();
    assert!(served.end());
    (to.to_owned(), log)
}
