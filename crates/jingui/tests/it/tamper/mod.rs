//! Whatever somebody alters who owns the machine and its disks: refused, found, or without meaning; nothing silent.
//!
//! A small sample runs with the tests; `ENDURANCE=1` runs 20,000 bits and 1,000 replays (or as many as `BITS` and
//! `REPLAYS` say) and writes `docs/tamper.md`. Where
//! is tampered is drawn from the seed, so that a case can be looked at again; the office itself is made anew each time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

mod flips;
mod house;
mod replays;
mod verdict;
mod witness;

use flips::Target;
use house::House;
pub use house::{copied, scratch};
use replays::Replay;
use verdict::Verdict;

const SEED: u64 = 2026;

/// A row of the table.
pub struct Class {
    pub name: String,
    pub cases: u32,
}

/// One thing that was tampered with, and what was said of it.
pub struct Case {
    pub what: String,
    pub file: String,
    pub verdict: Verdict,
}

/// How often each verdict came.
#[derive(Default, Clone)]
struct Tally {
    refused: u32,
    verified: u32,
    outside: u32,
    nothing: u32,
    example: String,
    /// Cases that nobody noticed, or noticed without saying where.
    failed: Vec<String>,
}

#[test]
fn clause_1_3_1_nothing_that_is_tampered_with_stays_silent() {
    let whole = std::env::var_os("ENDURANCE").is_some();
    let asked = |name: &str, or: u32| std::env::var(name).map_or(or, |number| number.parse().unwrap());
    let (bits, replays) = if whole { (asked("BITS", 20_000), asked("REPLAYS", 1_000)) } else { (400, 80) };
    let house = House::new();
    let mut table = Vec::new();
    for target in Target::all(&house) {
        table.push(run(target.class(bits), |at, rng| target.case(&house, at, rng)));
    }
    for replay in Replay::ALL {
        table.push(run(replay.class(replays), |at, rng| replay.case(&house, at, rng)));
    }
    let page = page(&table);
    println!("{page}");
    let failed: Vec<&String> = table.iter().flat_map(|(_, tally)| &tally.failed).collect();
    assert!(failed.is_empty(), "{} cases: {failed:#?}", failed.len());
    if whole {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tamper.md"), page).unwrap();
    }
}

/// Runs all cases of a class by two threads, each in a directory of its own.
fn run(class: Class, case: impl Fn(&Path, &mut ChaCha20Rng) -> Case + Sync) -> (Class, Tally) {
    let (next, tally) = (AtomicU32::new(0), Mutex::new(Tally::default()));
    let salt =
        class.name.bytes().fold(SEED, |salt, byte| salt.wrapping_mul(31).wrapping_add(u64::from(byte)));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= class.cases {
                        break;
                    }
                    let mut rng = ChaCha20Rng::seed_from_u64(salt.wrapping_add(u64::from(number)));
                    let place = house::scratch();
                    let Case { what, file, verdict } = case(&place.path().join("copy"), &mut rng);
                    let told = verdict.told();
                    let unplaced = !verdict.names_the_place(&file);
                    let mut tally = tally.lock().unwrap();
                    match &verdict {
                        Verdict::Refused(_) => tally.refused += 1,
                        Verdict::Verified(_) => tally.verified += 1,
                        Verdict::Outside(_) => tally.outside += 1,
                        Verdict::Nothing => tally.nothing += 1,
                        Verdict::Silent(_) => {}
                    }
                    if unplaced || matches!(verdict, Verdict::Silent(_)) {
                        tally.failed.push(format!("case {number}, {what}: {verdict:?}"));
                    }
                    if tally.example.is_empty() && !told.is_empty() {
                        let line = told.lines().next_back().unwrap_or_default();
                        tally.example = line.replace(&place.path().display().to_string(), "…");
                    }
                }
            });
        }
    });
    (class, tally.into_inner().unwrap())
}

fn page(table: &[(Class, Tally)]) -> String {
    let mut page = format!(
        "# What becomes of what is tampered with\n\n\
         Written by `make endurance`; seed {SEED}. An office made by the real program through HTTP, with files, backups, checkpoints, a witness \
         and a killed process; each case alters a copy of it and asks the programs that an operator has: `jingui verify --checkpoint`, \
         with `--files` for the vault, `jingui verify-backup`, `jingui-verify`, the witness. A case that nobody notices ends the run; \
         so does one that is noticed without its place.\n\n\
         - **refused**: it doesn't open, or isn't taken for what it was\n\
         - **verify**: found by verification, which names a page, entry, record, index or file\n\
         - **outside**: whole in itself, found by a checkpoint kept outside or a witness\n\
         - **without meaning**: what was altered says nothing (a log's bytes beyond its end, a comment of white space); every row of every \
         table, every place of every word, or every byte was compared and is as before; so does the log's own signature in the record of a witness, which decides by its own\n\n\
         | altered | cases | refused | verify | outside | without meaning | silent |\n|---|---|---|---|---|---|---|\n"
    );
    let (mut sum, mut examples) = (BTreeMap::new(), String::new());
    for (class, tally) in table {
        let Tally { refused, verified, outside, nothing, example, .. } = tally;
        let kind = class.name.split(':').next().unwrap_or_default().to_owned();
        *sum.entry(kind).or_insert(0) += class.cases;
        let _ = writeln!(
            page,
            "| {} | {} | {refused} | {verified} | {outside} | {nothing} | 0 |",
            class.name, class.cases
        );
        if !example.is_empty() {
            let _ = writeln!(examples, "- {}: `{example}`", class.name);
        }
    }
    let sums: Vec<String> = sum.iter().map(|(kind, cases)| format!("{cases} {kind}")).collect();
    let _ = writeln!(page, "\nIn all: {}. What is said, one of each:\n\n{examples}", sums.join(", "));
    page
}

/// All files below a directory, by name.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    fn walk(directory: &Path, under: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let name = under.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &name, found);
            } else {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(directory, Path::new(""), &mut found);
    found.sort();
    found
}
