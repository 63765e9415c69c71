//! What the store does by itself, in a directory given as the first argument: bare entries made durable by eight writers, their
//! full replay, and proofs in a tree of ten million.
//!
//! `cargo run --release -p jingui-store --example entries -- DIRECTORY [ENTRIES [LEAVES]]`

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement that fails has nobody to tell but its caller"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use jingui_crypto::{Keyring, Suite};
use jingui_ledger::{Frontier, Hash, TreeHash as _, TreeSuite, verify_inclusion};
use jingui_store::{Draft, Options, Outcome, Store};
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, params};

/// Threads that write, and how many of their entries each leaves under way before it waits for the oldest.
const WRITERS: u64 = 8;
const UNDER_WAY: usize = 64;
/// Leaves under the lowest subtree whose root is kept.
const BLOCK: u64 = 256;

fn draft() -> Draft {
    Draft {
        actor: "01kb000000000000000000000a".into(),
        terminal: "measure".into(),
        action: "item.read".into(),
        outcome: Outcome::Done,
        clauses: vec!["3.3.1.4".into()],
        subject: None,
    }
}

/// Seconds of this process' processor time.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields.iter().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

fn timed<T>(what: &str, count: u64, work: impl FnOnce() -> T) -> T {
    let (begun, busy) = (Instant::now(), processor());
    let done = work();
    let (wall, busy) = (begun.elapsed().as_secs_f64(), processor() - busy);
    let count = count as f64;
    println!(
        "{what}: {:.0}/s in {wall:.2} s; {:.1} µs of processor each, {:.0}/s a core",
        count / wall,
        busy / count * 1e6,
        count / busy
    );
    done
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize, or: u64| arguments.get(at).map_or(or, |text| text.parse().unwrap());
    let (entries, leaves) = (number(2, 400_000), number(3, 10_000_000));
    let root = Path::new(arguments.get(1).unwrap());
    std::fs::create_dir_all(root).unwrap();
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(1));
    let store = Store::create(&keys, Options::new(root.join("bare.db"), Vec::new())).unwrap();
    timed("durable entries, 8 writers", entries, || write(&store, entries));
    let verdict = timed("full replay", entries, || store.verify(|_, _| {}).unwrap());
    assert!(verdict.finding.is_none() && verdict.entries == entries);
    drop(store);
    proofs(&root.join("tall.db"), &keys, leaves);
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
}

fn write(store: &Store, entries: u64) {
    let left = Arc::new(AtomicU64::new(entries));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let left = Arc::clone(&left);
            scope.spawn(move || {
                let (told, heard) = bounded(UNDER_WAY);
                let mut under_way = 0;
                let one_less = |left: u64| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
                    if under_way == UNDER_WAY {
                        heard.recv().unwrap();
                        under_way -= 1;
                    }
                    let told = told.clone();
                    store.submit(|_| Ok((draft(), ())), move |done| told.send(done.unwrap().0.seq).unwrap());
                    under_way += 1;
                }
                for _ in 0..under_way {
                    heard.recv().unwrap();
                }
            });
        }
    });
}

/// What stands for the sealed bytes of an entry: as long as a bare one.
fn sealed(seq: u64) -> Vec<u8> {
    let mut bytes = vec![0; 300];
    ChaCha20Rng::seed_from_u64(seq).fill_bytes(&mut bytes);
    bytes
}

/// A tree of that many leaves in the store's own tables. All roots of subtrees are there; of the entries those of every 20th
/// block and of the last one, from which the proofs are asked: as many rows as a proof reads, in a table that is smaller.
fn proofs(path: &Path, keys: &Keyring, leaves: u64) {
    drop(Store::create(keys, Options::new(path, Vec::new())).unwrap());
    let tree = TreeSuite::International;
    let mut frontier = Frontier::with(tree);
    let kept = |seq: u64| ((seq - 1) / BLOCK).is_multiple_of(20) || seq > leaves / BLOCK * BLOCK;
    let conn = Connection::open(path).unwrap();
    let hex = data_encoding::HEXLOWER.encode(keys.derive("database").expose());
    conn.execute_batch(&format!("PRAGMA key = \"x'{hex}'\"; BEGIN")).unwrap();
    {
        let mut subtree =
            conn.prepare("INSERT INTO subtree (height, place, root) VALUES (?1, ?2, ?3)").unwrap();
        let mut entry = conn
            .prepare(
                "INSERT INTO entry (seq, at, actor, action, refused, sealed) VALUES (?1, '', '', '', 0, ?2)",
            )
            .unwrap();
        for seq in 1..=leaves {
            let bytes = sealed(seq);
            frontier.append_with(&bytes, |height, place, root| {
                subtree.execute(params![height, place, root]).unwrap();
            });
            if kept(seq) {
                entry.execute(params![seq, bytes]).unwrap();
            }
        }
    }
    let peaks: Vec<String> =
        frontier.peaks().iter().map(|peak| data_encoding::HEXLOWER.encode(peak)).collect();
    let ledger = serde_json::json!({
        "size": leaves, "peaks": peaks, "root": data_encoding::HEXLOWER.encode(&frontier.root()), "checkpoints": 0,
    });
    conn.execute("UPDATE meta SET value = ?1 WHERE name = 'ledger'", [ledger.to_string()]).unwrap();
    conn.execute_batch("COMMIT").unwrap();
    drop(conn);
    let store = Store::open(keys, Options::new(path, Vec::new())).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let root: Hash = frontier.root();
    let mut times: Vec<Duration> = (0..2_000)
        .map(|_| {
            let block = rng.random_range(0..leaves / BLOCK / 20) * 20;
            let seq = block * BLOCK + rng.random_range(1..=BLOCK);
            let begun = Instant::now();
            let proof = store.read(|conn| store.inclusion(conn, seq, leaves)).unwrap();
            let took = begun.elapsed();
            let leaf = tree.leaf(&sealed(seq));
            verify_inclusion(tree, &leaf, seq - 1, leaves, &proof, &root).unwrap();
            took
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).unwrap().as_secs_f64() * 1e3;
    println!("inclusion proof in {leaves} entries: p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));
}
