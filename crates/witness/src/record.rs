//! What is kept of one log, in one file: its suite, its keys, and the newest checkpoint that was cosigned.
//!
//! A file is replaced as a whole (a new file, synced, renamed, the directory synced), so that whenever the machine stops
//! there is the old record or the new one. The witness' own signature under the checkpoint shows that it is unaltered.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jingui_ledger::{Checkpoint, Hash, Note, NoteKey, TreeHash as _, TreeSuite};
use sha2::Digest as _;

use crate::WitnessError;

const FIRST: &str = "jingui/witness/1";
const SUITES: [TreeSuite; 2] = [TreeSuite::International, TreeSuite::Guomi];
const MOST_KEYS: usize = 16;

/// What is kept of a log.
pub(crate) struct Record {
    pub suite: TreeSuite,
    /// Keys that its checkpoints are trusted under.
    pub keys: Vec<NoteKey>,
    /// The newest cosigned checkpoint, with the cosignature.
    pub newest: Option<Note>,
}

impl Record {
    /// A log of which nothing was seen yet; refuses keys that no log signs with.
    pub fn new(suite: TreeSuite, keys: Vec<NoteKey>) -> Result<Self, WitnessError> {
        let fit = (1..=MOST_KEYS).contains(&keys.len()) && keys.iter().all(|key| !key.kind().cosigns());
        if fit { Ok(Self { suite, keys, newest: None }) } else { Err(WitnessError::Keys) }
    }

    /// Whether one of the log's keys is called so.
    pub fn signs_as(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name() == name)
    }

    /// Size and root of what was cosigned last; those of the empty tree before that.
    pub fn seen(&self) -> Option<(u64, Hash)> {
        match &self.newest {
            None => Some((0, self.suite.empty())),
            Some(note) => Checkpoint::parse(note.text()).ok().map(|newest| (newest.size, newest.root)),
        }
    }

    /// Reads the record of a log; nothing when the log is unknown. Refuses whatever isn't what [`Self::keep`] wrote for
    /// this log and this witness.
    pub fn read(dir: &Path, origin: &str, own: &NoteKey) -> Result<Option<Self>, WitnessError> {
        let path = path(dir, origin);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(WitnessError::Damaged { path });
            }
            Err(error) => return Err(failed(&path, error)),
        };
        let record = Self::parse(&text, origin, own).filter(|record| record.to_text(origin) == text);
        record.map(Some).ok_or(WitnessError::Damaged { path })
    }

    fn parse(text: &str, origin: &str, own: &NoteKey) -> Option<Self> {
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').skip(2);
        let suite = lines.next()?.strip_prefix("suite ")?;
        let suite = SUITES.into_iter().find(|known| known.name() == suite)?;
        let size = lines.next()?.strip_prefix("size ")?;
        let keys: Vec<NoteKey> =
            lines.map(|line| NoteKey::parse(line.strip_prefix("key ")?).ok()).collect::<Option<_>>()?;
        let mut record = Self::new(suite, keys).ok()?;
        if size == "none" {
            return note.is_empty().then_some(record);
        }
        let note = Note::parse(note).ok()?;
        let checkpoint = Checkpoint::parse(note.text()).ok()?;
        own.verify(&note).ok()?;
        record.newest = Some(note);
        (checkpoint.origin == origin).then_some(record)
    }

    /// The size stands at the top too: a file cut before its checkpoint mustn't look like a log never seen.
    fn to_text(&self, origin: &str) -> String {
        let size = self.newest.as_ref().and_then(|note| Checkpoint::parse(note.text()).ok());
        let size = size.map_or_else(|| "none".to_owned(), |checkpoint| checkpoint.size.to_string());
        let mut text = format!("{FIRST}\norigin {origin}\nsuite {}\nsize {size}\n", self.suite.name());
        for key in &self.keys {
            // Writing to a string can't fail.
            let _ = writeln!(text, "key {key}");
        }
        text.push('\n');
        if let Some(note) = &self.newest {
            text.push_str(&note.to_string());
        }
        text
    }

    /// Puts the record in the place of the one before, on the disk.
    pub fn keep(&self, dir: &Path, origin: &str) -> Result<(), WitnessError> {
        replace(dir, &path(dir, origin), self.to_text(origin).as_bytes())
    }

    /// Adds to the decisions about a log what is given up: when, why, and the checkpoint that was believed so far. Answers
    /// the file.
    pub fn keep_decision(
        dir: &Path,
        origin: &str,
        before: Option<&Note>,
        reason: &str,
        now: u64,
    ) -> Result<PathBuf, WitnessError> {
        let path = path(dir, origin).with_extension("accepted");
        let before = before.map_or_else(|| "none\n".to_owned(), Note::to_string);
        let write = || {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
            file.write_all(format!("at {now}\nreason {reason}\n\n{before}\n").as_bytes())?;
            file.sync_all()?;
            File::open(dir)?.sync_all()
        };
        write().map_err(|error| failed(&path, error))?;
        Ok(path)
    }

    /// Keeps a checkpoint of the log that contradicts what was cosigned, both signed by the log: proof against it. The
    /// first one stays.
    pub fn keep_fork(dir: &Path, origin: &str, fork: &Note) -> Result<(), WitnessError> {
        let path = path(dir, origin).with_extension("fork");
        if path.exists() { Ok(()) } else { replace(dir, &path, fork.to_string().as_bytes()) }
    }
}

/// Name of a log where its origin, which may hold any letter, can't stand: the SHA-256 of it.
pub(crate) fn log_name(origin: &str) -> String {
    HEXLOWER.encode(&sha2::Sha256::digest(origin.as_bytes()))
}

fn path(dir: &Path, origin: &str) -> PathBuf {
    dir.join(format!("{}.log", log_name(origin)))
}

fn replace(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), WitnessError> {
    let unfinished = path.with_extension("unfinished");
    let write = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|error| failed(path, error))
}

pub(crate) fn failed(path: &Path, source: io::Error) -> WitnessError {
    WitnessError::Io { path: path.to_owned(), source }
}
