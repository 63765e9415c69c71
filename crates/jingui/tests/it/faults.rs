//! A scripted day, in which one call to the disk fails, the disk is full, or the process is killed in that very call: at each
//! write, sync, rename, truncation and removal. What was acknowledged is there afterwards, what wasn't is there wholly or
//! not at all, the book and its files are whole, and after a failed sync of the database the process has ended.
//!
//! A sample runs with the tests; `ENDURANCE=1` takes every call. The faults are injected by `strace` into the real program.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jingui_crypto::Seal;
use jingui_store::{Options, Outcome, Store};
use rand::SeedableRng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};

use crate::program::{Founded, PASSWORD, Served, Session, command, err, jingui, people, text};
use crate::tamper::{copied, scratch};

/// Calls by which the disk is written.
const CALLS: [&str; 8] =
    ["pwrite64", "write", "fsync", "fdatasync", "syncfs", "rename", "ftruncate", "unlink"];
const FAULTS: [&str; 3] = ["error=EIO", "error=ENOSPC", "signal=SIGKILL"];
/// Days that run at once: each waits more than it computes.
const THREADS: usize = 4;
/// Cases of the sample.
const SAMPLE: usize = 60;
const SEED: u64 = 2026;

/// A fault: which call, which one of it in each thread, what happens.
#[derive(Debug, Clone, Copy)]
struct Fault {
    call: &'static str,
    number: u32,
    what: &'static str,
}

#[test]
fn a_fault_in_any_call_to_the_disk_loses_nothing_that_was_acknowledged() {
    let founded = Founded::new();
    let served = founded.serve();
    people(&served, &founded);
    assert!(served.end());
    let day = Day { founded: &founded };
    let undisturbed = day.run(None);
    assert!(undisturbed.acknowledged.len() >= 30 && !undisturbed.ended, "{undisturbed:?}");
    let mut faults: Vec<Fault> = CALLS
        .iter()
        .flat_map(|call| {
            let most = undisturbed.calls.get(*call).copied().unwrap_or(0);
            (1..=most).flat_map(move |number| FAULTS.map(|what| Fault { call, number, what }))
        })
        .collect();
    let all = faults.len();
    if std::env::var_os("ENDURANCE").is_none() {
        faults = sample(&faults);
    }
    let (next, reached) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<String, u32>::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let seen = day.run(Some(*fault));
                    let name = format!("{} {}", fault.call, fault.what);
                    let name = if seen.hit.is_empty() { "not reached".to_owned() } else { name };
                    *reached.lock().unwrap().entry(name).or_default() += 1;
                }
            });
        }
    });
    let reached = reached.into_inner().unwrap();
    println!(
        "{} of {all} faults, a day of {} acknowledged actions: {reached:#?}",
        faults.len(),
        undisturbed.acknowledged.len()
    );
    let missed = reached.get("not reached").copied().unwrap_or(0);
    assert!(missed as usize * 2 < faults.len(), "most faults weren't reached: {reached:?}");
}

/// Every rare call, and a choice of the frequent ones.
fn sample(faults: &[Fault]) -> Vec<Fault> {
    let mut rng = ChaCha20Rng::seed_from_u64(SEED);
    let each = SAMPLE / CALLS.len();
    CALLS
        .iter()
        .flat_map(|call| {
            let of: Vec<Fault> = faults.iter().filter(|fault| fault.call == *call).copied().collect();
            of.choose_multiple(&mut rng, each).copied().collect::<Vec<_>>()
        })
        .collect()
}

struct Day<'a> {
    founded: &'a Founded,
}

/// What was seen of a day.
#[derive(Debug, Default)]
struct Seen {
    /// Entries that were acknowledged: number, and the key of the record that each put.
    acknowledged: Vec<(u64, String)>,
    /// Files that were acknowledged.
    files: Vec<String>,
    /// How often each call came, in the thread that made most of it.
    calls: HashMap<String, u32>,
    /// The calls that were disturbed, as strace tells them.
    hit: Vec<String>,
    /// Whether the process had ended before it was told to.
    ended: bool,
    /// When it was told to end, in seconds since 1970.
    told: f64,
}

impl Day<'_> {
    /// Runs the day in a copy of the office, with that fault, and looks at what is left.
    fn run(&self, fault: Option<Fault>) -> Seen {
        let place = scratch();
        let data = place.path().join("office");
        copied(&self.founded.data, &data).unwrap();
        let (backup, log) = (place.path().join("backup"), place.path().join("calls"));
        let mut seen = Seen::default();
        match self.start(&data, &backup, &log, fault) {
            Ok(mut served) => {
                Self::work(&served, &backup, &mut seen);
                std::thread::sleep(Duration::from_millis(200));
                seen.told = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
                seen.ended = served.child.try_wait().unwrap().is_some();
                seen.killed(end(&mut served));
            }
            Err(status) => {
                seen.ended = true;
                seen.killed(status);
            }
        }
        read_calls(&log, &mut seen);
        self.look(&data, &backup, fault, &seen);
        seen
    }

    /// Starts the office under `strace`; how it ended where it did before it listened.
    fn start(
        &self,
        data: &Path,
        backup: &Path,
        log: &Path,
        fault: Option<Fault>,
    ) -> Result<Served, ExitStatus> {
        let trace = format!("trace={}", CALLS.join(","));
        let mut strace = Command::new("strace");
        // Threads, but not the programs that read files: they can't reach the data directory.
        strace.args([
            "-f",
            "-b",
            "execve",
            "-y",
            "-q",
            "-s",
            "0",
            "-ttt",
            "-e",
            &trace,
            "-e",
            "signal=none",
            "-o",
            text(log),
        ]);
        if let Some(Fault { call, number, what }) = fault {
            strace.args(["-e", &format!("inject={call}:{what}:when={number}")]);
        }
        let arguments = ["serve", "--data", text(data), "--key-file", text(&self.founded.key)];
        let inner =
            command(&[&arguments[..], &["--listen", "127.0.0.1:0", "--backup", text(backup)]].concat());
        strace.arg(inner.get_program()).args(inner.get_args());
        strace.env_remove("JINGUI_PASSPHRASE").env_remove("JINGUI_RULES");
        let begun = Instant::now();
        let mut child = strace
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("strace is installed");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.split_whitespace().next()?.parse().ok()
        });
        let Some(address) = address else { return Err(child.wait().unwrap()) };
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Served { child, address, took: begun.elapsed() })
    }

    /// The day. Whatever isn't answered ends it.
    fn work(served: &Served, backup: &Path, seen: &mut Seen) {
        let Some(registrar) = signed_in(served) else { return };
        for number in 0..9 {
            let receipt = json!({
                "source": "省委办公厅", "channel": "confidential_courier", "envelope": format!("{number:06}"), "seal": "intact", "pieces": 1,
            });
            seen.act(&registrar, "receipt.sign", &receipt, "/outcome/id");
            for name in ["常用", "待办"] {
                let filter =
                    json!({ "page": "items", "name": name, "query": format!("level={}", number % 4 + 1) });
                seen.act(&registrar, "filter.save", &filter, "/outcome/id");
            }
        }
        for number in 0..2 {
            let item = json!({
                "title": format!("关于第{number}号事项的通知"), "source": "岳重集团党委", "category": "decision", "level": 1,
                "scope": { "kind": "everyone" }, "copies": 2,
            });
            let Some(item) =
                seen.act(&registrar, "item.register", &json!({ "item": item }), "/outcome/item/id")
            else {
                continue;
            };
            let media = "application/octet-stream\r\nx-file-name: letter.txt";
            let words = format!("第{number}号预案。").repeat(2_000);
            let sent = registrar.raw("POST", &format!("/api/items/{item}/files"), media, words.as_bytes());
            if let Some((201, _, body)) = sent {
                let file: Value = serde_json::from_slice(&body).unwrap();
                seen.files.push(file["id"].as_str().unwrap().to_owned());
            }
        }
        for number in 0..2 {
            let filter = json!({ "page": "items", "name": "末了", "query": format!("level={}", number + 1) });
            seen.act(&registrar, "filter.save", &filter, "/outcome/id");
        }
        // The backup was begun when the office opened.
        let patience = Instant::now() + Duration::from_secs(3);
        while Instant::now() < patience && !backup.join("00000001.manifest").exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What is left after the day.
    fn look(&self, data: &Path, backup: &Path, fault: Option<Fault>, seen: &Seen) {
        let why = || format!("{fault:?}: {:?}", seen.hit);
        let order = ["verify", "--data", text(data), "--key-file", text(&self.founded.key), "--files"];
        let verified = jingui(&order);
        assert!(verified.status.success(), "{}: {}", why(), err(&verified));
        let seal = Seal::parse(&fs::read_to_string(&self.founded.key).unwrap()).unwrap().open(None).unwrap();
        let mut options = Options::new(data.join("office.db"), jingui_office::kinds());
        options.cache_mib = 32;
        let store = Store::open(seal.keyring(), options).unwrap();
        store
            .read(|conn| -> Result<(), jingui_store::StoreError> {
                for (seq, key) in &seen.acknowledged {
                    let entry =
                        store.entry(conn, *seq)?.unwrap_or_else(|| panic!("entry {seq} is lost, {}", why()));
                    assert_eq!(entry.outcome, Outcome::Done, "{}", why());
                    assert!(
                        entry.puts.iter().any(|put| put.key == *key),
                        "entry {seq} is another one, {}",
                        why()
                    );
                }
                for file in &seen.files {
                    let there = conn
                        .prepare("SELECT 1 FROM file WHERE key = ?1 AND sealed IS NOT NULL")?
                        .exists([file])?;
                    assert!(there, "file {file} is lost, {}", why());
                }
                Ok(())
            })
            .unwrap();
        if fs::read_dir(backup).is_ok_and(|mut names| {
            names.any(|name| name.unwrap().path().extension().is_some_and(|ending| ending == "manifest"))
        }) {
            let whole = jingui(&["verify-backup", text(backup)]);
            assert!(whole.status.success(), "{}: {}", why(), err(&whole));
        }
        let survived = |line: &&String| {
            (line.contains("fsync(") || line.contains("fdatasync("))
                && line.contains("office.db")
                && line.contains("INJECTED")
                && at(line) + 0.2 < seen.told
        };
        if let Some(line) = seen.hit.iter().find(survived) {
            assert!(seen.ended, "a failed sync was survived: {line}");
        }
    }
}

impl Seen {
    /// A process that is killed in a call doesn't live to have it written down.
    fn killed(&mut self, status: ExitStatus) {
        self.hit.extend((status.signal() == Some(9)).then(|| "killed".to_owned()));
    }

    fn act(&mut self, session: &Session, action: &str, input: &Value, record: &str) -> Option<String> {
        let answer = session.send("POST", &format!("/api/actions/{action}"), Some(input))?;
        if answer.status != 200 {
            return None;
        }
        let answer = answer.json();
        let key = answer.pointer(record)?.as_str()?.to_owned();
        self.acknowledged.push((answer["entry"].as_u64()?, key.clone()));
        Some(key)
    }
}

/// The moment of a line of strace's, in seconds since 1970.
fn at(line: &str) -> f64 {
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or_default()
}

fn signed_in(served: &Served) -> Option<Session> {
    let mut session = served.visitor();
    let body = json!({ "account": "zhoumin", "password": PASSWORD });
    let answer = session.send("POST", "/api/sign-in", Some(&body)).filter(|answer| answer.status == 200)?;
    session.take_cookie(&answer);
    Some(session)
}

/// Tells the program under `strace` to end, and waits; `strace` ends as it does.
fn end(served: &mut Served) -> ExitStatus {
    let id = served.child.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    for child in children.split_whitespace() {
        let _ = Command::new("kill").args(["-TERM", child]).stderr(Stdio::null()).status();
    }
    served.child.wait().unwrap()
}

/// Counts calls by thread, and finds those that were disturbed.
fn read_calls(log: &Path, seen: &mut Seen) {
    let mut counts: HashMap<(String, String), u32> = HashMap::new();
    // A call that another thread's came in between is told in two lines; the first names the file.
    let mut begun: HashMap<String, String> = HashMap::new();
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(thread), Some(rest)) = (words.next(), words.nth(1)) else { continue };
        if let Some((call, _)) = rest.split_once('(')
            && CALLS.contains(&call)
        {
            *counts.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
            begun.insert(thread.to_owned(), line.to_owned());
        }
        if line.contains("INJECTED") && line.contains(" resumed>") {
            let first = begun.remove(thread).unwrap_or_default();
            seen.hit.push(format!("{first} {line}"));
        } else if line.contains("INJECTED") {
            seen.hit.push(line.to_owned());
        }
    }
    for ((call, _), count) in counts {
        let most = seen.calls.entry(call).or_default();
        *most = (*most).max(count);
    }
}
