//! How fast a backup is taken, verified and restored: 1 GiB in 10,000 files and 100,000 entries, in a directory given as the
//! first argument; where `restic` is installed, the same files by it in the same run.
//!
//! `cargo run --release -p jingui-backup --example places -- DIRECTORY [FILES [ENTRIES [guomi]]]`

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement that fails has nobody to tell but its caller"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use jingui_backup::{Filed, Known, Office, Place, Stage, Target, restore, run, verify};
use jingui_crypto::{Keyring, Suite};
use jingui_store::{Draft, Id, Kind, Options, Outcome, Record, Store, StoreError};
use jingui_vault::Vault;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Leaf {
    id: Id,
    name: String,
    bytes: u64,
}

impl Record for Leaf {
    const KIND: Kind = Kind { name: "leaf", columns: &[], indexes: &[], side: None };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

fn registers(conn: &Connection) -> Result<Vec<Filed>, StoreError> {
    let mut statement = conn.prepare("SELECT body FROM leaf WHERE body ->> '$.bytes' > 0")?;
    let bodies = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let kept = |body: &String| {
        let Leaf { id, name, bytes } = serde_json::from_str(body)?;
        Ok(Filed::Kept { id: id.to_string(), name, bytes })
    };
    bodies.iter().map(kept).collect()
}

fn options(directory: &Path) -> Options {
    Options::new(directory.join("office.db"), vec![Leaf::KIND])
}

fn put(store: &Store, leaf: Leaf, wrapped: Vec<u8>) {
    let job = move |unit: &mut jingui_store::Unit<'_>| {
        unit.put(&leaf)?;
        if !wrapped.is_empty() {
            unit.keep_file_key(&leaf.id, &wrapped)?;
        }
        Ok((draft(), ()))
    };
    store.submit(job, |done| {
        done.unwrap();
    });
}

fn draft() -> Draft {
    Draft {
        actor: "01kb000000000000000000000a".into(),
        terminal: "measure".into(),
        action: "file.keep".into(),
        outcome: Outcome::Done,
        clauses: vec!["3.3.1.4".into()],
        subject: None,
    }
}

fn timed<T>(what: &str, bytes: u64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what:32}{seconds:8.2} s{:10.0} MB/s", bytes as f64 / 1e6 / seconds);
    done
}

fn restic(directory: &Path, arguments: &[&str]) -> bool {
    let repository = directory.join("restic");
    let mut command = Command::new("restic");
    command.args(["--quiet", "--no-cache", "--repo"]).arg(repository).args(arguments);
    command.env("RESTIC_PASSWORD", "measure").stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize, or: usize| arguments.get(at).map_or(or, |text| text.parse().unwrap());
    let (files, entries) = (number(2, 10_000), number(3, 100_000));
    let suite =
        if arguments.iter().any(|text| text == "guomi") { Suite::Guomi } else { Suite::International };
    let root = Path::new(arguments.get(1).unwrap());
    let office = root.join("office");
    std::fs::create_dir_all(&office).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys = Keyring::generate(suite, &mut rng);
    let store = Store::create(&keys, options(&office)).unwrap();
    let vault = Vault::open(&keys, office.join("files").to_str().unwrap(), &office.join("uploads")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mut content, mut bytes) = (vec![0; 107_374], 0);
    for number in 0..files.max(entries) {
        let id = Id::generate(store.now(), &mut rng);
        if number >= files {
            put(&store, Leaf { id, name: "x".repeat(300), bytes: 0 }, Vec::new());
            continue;
        }
        rng.fill_bytes(&mut content);
        let place = jingui_vault::Place { file: id.to_string(), item: "item".into(), level: 2 };
        let mut upload = vault.begin(place).unwrap();
        upload.push(&content).unwrap();
        let wrapped = vault.wrap(&upload).unwrap();
        let kept = runtime.block_on(vault.keep(upload)).unwrap();
        bytes += kept.sealed_bytes;
        put(&store, Leaf { id, name: kept.name, bytes: kept.sealed_bytes }, wrapped);
    }
    // Waits for all that was queued before.
    store.act(|unit| Ok((draft(), unit.now()))).unwrap();
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let progress = |_: Stage, _: u64, _: u64| {};
    let medium = Place::open(root.join("backup").to_str().unwrap()).unwrap();
    let source = Office { store: &store, vault: &vault, keys: &keys, seal: None, registers };
    let report = timed("backup, read back from disk", bytes, || run(&source, &medium, &progress).unwrap());
    println!("{} entries, {} files, {} bytes", report.entries.0, report.files.0, report.bytes);
    timed("backup again, nothing new", bytes, || run(&source, &medium, &progress).unwrap());
    let verdict = timed("verify", bytes, || verify(&medium, Some(&keys), &progress).unwrap());
    assert!(verdict.findings.is_empty());
    let again = root.join("again");
    std::fs::create_dir_all(&again).unwrap();
    let into = Place::open(again.join("files").to_str().unwrap()).unwrap();
    let target = Target { options: options(&again), vault: &into, registers, terms: |pages| pages.concat() };
    let begun = Instant::now();
    let replayed = std::sync::Mutex::new(0.0);
    let (restored, _) = timed("restore, entries replayed", bytes, || {
        let told = |stage: Stage, done: u64, total: u64| {
            if stage == Stage::Entries && done == total {
                *replayed.lock().unwrap() = begun.elapsed().as_secs_f64();
            }
        };
        restore(&medium, &keys, target, &Known::default(), &told).unwrap()
    });
    let replayed = *replayed.lock().unwrap();
    println!("{:.0} entries/s in {replayed:.2} s of it", report.entries.0 as f64 / replayed);
    let found = timed("the restored store verified", bytes, || restored.verify(|_, _| {}).unwrap());
    assert!(found.finding.is_none() && found.entries == report.entries.0);
    if restic(root, &["init"]) {
        let vault = office.join("files");
        let back = root.join("restic-again");
        timed("restic backup", bytes, || assert!(restic(root, &["backup", vault.to_str().unwrap()])));
        timed("restic check --read-data", bytes, || assert!(restic(root, &["check", "--read-data"])));
        let restore = ["restore", "latest", "--target", back.to_str().unwrap()];
        timed("restic restore", bytes, || assert!(restic(root, &restore)));
    }
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
}
