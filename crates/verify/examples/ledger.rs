//! How many entries of 1 KiB `jingui-verify` reads a second, in a directory given as the first argument.
//!
//! `cargo run --release -p jingui-verify --example ledger -- DIRECTORY [ENTRIES [guomi]]`

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement that fails has nobody to tell but its caller"
)]

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use ed25519_dalek::{Signer as _, SigningKey};
use jingui_ledger::{
    Checkpoint, Frontier, Note, NoteKey, NoteKeyKind, SegmentWriter, TreeSuite, origin, segment_name,
};

const LOG: &str = "measure";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let directory = Path::new(arguments.get(1).unwrap());
    let entries: u64 = arguments.get(2).map_or(400_000, |text| text.parse().unwrap());
    let guomi = arguments.iter().any(|text| text == "guomi");
    let tree = if guomi { TreeSuite::Guomi } else { TreeSuite::International };
    fs::create_dir_all(directory).unwrap();
    let mut frontier = Frontier::with(tree);
    let out = BufWriter::with_capacity(1 << 20, File::create(directory.join(segment_name(1))).unwrap());
    let mut writer = SegmentWriter::begin(out, tree, LOG, 1).unwrap();
    let mut entry = vec![7; 1024];
    for seq in 1..=entries {
        entry.splice(..8, seq.to_be_bytes());
        frontier.append(&entry);
        writer.entry(&entry).unwrap();
    }
    writer.into_inner().into_inner().unwrap().sync_all().unwrap();
    // The verifier takes either suite's tree under any key; what is measured is the tree.
    let secret = SigningKey::from_bytes(&[5; 32]);
    let key = NoteKey::new(&origin(LOG), NoteKeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
    let said = Checkpoint { origin: origin(LOG), size: frontier.size(), root: frontier.root() };
    let mut note = Note::new(said.to_text()).unwrap();
    note.add(key.sign(&said.to_text(), 0, |message| secret.sign(message).to_bytes().to_vec())).unwrap();
    fs::write(directory.join("checkpoints"), note.to_string()).unwrap();
    fs::write(directory.join("vkey"), format!("{key}\n")).unwrap();
    println!("load {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    for _ in 0..3 {
        let (begun, busy) = (Instant::now(), processor());
        let code = jingui_verify::run([directory.as_os_str().to_owned()], &mut Vec::new());
        assert_eq!(code, 0);
        let (wall, busy) = (begun.elapsed().as_secs_f64(), processor() - busy);
        let count = entries as f64;
        println!("{:.0} entries/s of 1 KiB; {:.0}/s a core of processor time", count / wall, count / busy);
    }
}

/// Seconds of this process' processor time.
fn processor() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields.iter().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
