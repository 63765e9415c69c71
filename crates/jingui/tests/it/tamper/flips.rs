//! Single bits, turned one at a time.

use std::fs;
use std::path::{Path, PathBuf};

use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use super::house::{House, copied};
use super::verdict::{Look, Verdict};
use super::{Case, Class, files};

/// Where a bit is turned: what is copied, which of its files, what is looked at, and the share of all flips, in percent.
pub struct Target {
    pub name: &'static str,
    model: PathBuf,
    /// Only files whose names contain this.
    only: &'static str,
    look: Look,
    share: u32,
}

impl Target {
    pub fn all(house: &House) -> Vec<Self> {
        let target =
            |name, model: &Path, only, look, share| Self { name, model: model.to_owned(), only, look, share };
        let book = |killed, files| Look::Book { killed, files };
        let killed = house.killed.last().unwrap();
        let parent = house.checkpoint.parent().unwrap();
        vec![
            target("database", house.newest(), "office.db", book(false, false), 34),
            target("database beside a write-ahead log", killed, "office.db", book(true, false), 4),
            target("write-ahead log", killed, "office.db-wal", book(true, false), 18),
            target("index of the write-ahead log", killed, "office.db-shm", book(true, false), 1),
            target("vault", house.newest(), "vault/", book(false, true), 13),
            target("backup", house.backups.last().unwrap(), "", Look::Backup, 12),
            target("exported ledger", &house.ledger, "", Look::Ledger, 6),
            target("proofs", &house.proof, "", Look::Proof, 5),
            target("checkpoints outside", parent, "checkpoint", Look::Checkpoint, 4),
            target("record of the witness", &house.witness, ".log", Look::Witness, 3),
        ]
    }

    pub fn class(&self, all: u32) -> Class {
        Class { name: format!("bits: {}", self.name), cases: (all * self.share / 100).max(4) }
    }

    /// Turns one bit in a copy and asks.
    pub fn case(&self, house: &House, at: &Path, rng: &mut ChaCha20Rng) -> Case {
        let mut names = files(&self.model);
        names.retain(|name| {
            let told = name.to_string_lossy();
            let chosen = match self.only {
                // The database alone, or the one checkpoint, and not what is called alike.
                "office.db" | "checkpoint" => told == self.only,
                only => told.contains(only),
            };
            chosen && fs::metadata(self.model.join(name)).is_ok_and(|file| file.len() > 0)
        });
        let name = &names[rng.random_range(0..names.len())];
        if self.only == "checkpoint" {
            fs::create_dir_all(at).unwrap();
            fs::copy(self.model.join(name), at.join(name)).unwrap();
        } else {
            copied(&self.model, at).unwrap();
        }
        let mut bytes = fs::read(at.join(name)).unwrap();
        let byte = rng.random_range(0..bytes.len());
        let bit = rng.random_range(0..8);
        bytes[byte] ^= 1 << bit;
        fs::write(at.join(name), bytes).unwrap();
        let verdict = house.verdict(self.look, at, &self.model);
        self.judged(verdict, name, byte, bit)
    }

    fn judged(&self, verdict: Verdict, name: &Path, byte: usize, bit: u32) -> Case {
        let name = name.to_string_lossy().into_owned();
        Case { what: format!("{}: byte {byte}, bit {bit} of {name}", self.name), file: name, verdict }
    }
}
