//! The witness itself: one request after another is checked, kept, and only then signed.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jingui_ledger::{Checkpoint, Note, NoteKey, NoteSignature, TreeSuite, verify_consistency};

use crate::WitnessError;
use crate::key::WitnessKey;
use crate::record::{Record, failed};
use crate::request::Request;

/// Lines of the log's that are kept under a checkpoint.
const MOST_LINES: usize = 16;

/// What the witness answers; each is a status of tlog-witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200: it is cosigned; the line of the signature, with its line break.
    Cosigned(String),
    /// 400: not the form, or an old size beyond the checkpoint's.
    Malformed,
    /// 403: none of the log's keys signed it.
    Untrusted,
    /// 404: not a log that this witness knows.
    Unknown,
    /// 409: another size was seen last, or at the same size another root.
    Conflict {
        /// Size that was cosigned last.
        size: u64,
    },
    /// 422: the proof doesn't lead from what was seen to this.
    Inconsistent,
}

/// What was given up when a log was accepted anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Entries that were seen before.
    pub seen: u64,
    /// Entries from which on the log is believed.
    pub from: u64,
    /// The file in which what was seen before is kept, with the reason.
    pub kept: PathBuf,
}

/// A witness at work in its directory.
#[derive(Debug)]
pub struct Witness {
    dir: PathBuf,
    key: WitnessKey,
    /// Checking and keeping are one step: between two requests there is always a newest checkpoint.
    one_at_a_time: Mutex<()>,
    /// Held as long as the witness lives.
    _lock: File,
}

impl Witness {
    /// Begins to work in an existing directory; refuses one in which another witness works.
    pub fn open(dir: &Path, key: WitnessKey) -> Result<Self, WitnessError> {
        let path = dir.join("lock");
        let lock = File::create(&path).map_err(|error| failed(&path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WitnessError::Busy { path: dir.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(failed(&path, error)),
        }
        Ok(Self { dir: dir.to_owned(), key, one_at_a_time: Mutex::new(()), _lock: lock })
    }

    /// The public key, for those who check what the witness signed.
    pub const fn public(&self) -> &NoteKey {
        self.key.public()
    }

    /// Makes a log known, or gives a known one other keys; what was seen of it stays. Refuses another suite for a known
    /// log.
    pub fn enrol(&self, origin: &str, suite: TreeSuite, keys: Vec<NoteKey>) -> Result<(), WitnessError> {
        let _turn = self.turn();
        let mut record = Record::new(suite, keys)?;
        // An origin is a line of a checkpoint, which is a line of the record.
        if origin.is_empty() || origin.chars().any(char::is_control) || record.signs_as(self.public().name())
        {
            return Err(WitnessError::Keys);
        }
        if let Some(known) = Record::read(&self.dir, origin, self.public())? {
            if known.suite != suite && known.newest.is_some() {
                return Err(WitnessError::Keys);
            }
            record.newest = known.newest;
        }
        record.keep(&self.dir, origin)
    }

    /// The newest checkpoint seen of a log, with the signatures under it; nothing when there is none.
    pub fn newest(&self, origin: &str) -> Result<Option<String>, WitnessError> {
        let record = Record::read(&self.dir, origin, self.public())?;
        Ok(record.and_then(|record| record.newest).map(|note| note.to_string()))
    }

    /// Takes a checkpoint: the body of `add-checkpoint`, at that time in seconds since 1970. What is answered as cosigned
    /// is on the disk. Fails, without signing, when the witness' own record is damaged or can't be written.
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Result<Answer, WitnessError> {
        let Some(request) = Request::parse(body) else { return Ok(Answer::Malformed) };
        let Request { old, proof, note, checkpoint } = request;
        let origin = &checkpoint.origin;
        let _turn = self.turn();
        let Some(mut record) = Record::read(&self.dir, origin, self.public())? else {
            return Ok(Answer::Unknown);
        };
        if !record.keys.iter().any(|key| key.verify(&note).is_ok()) {
            return Ok(Answer::Untrusted);
        }
        if old > checkpoint.size {
            return Ok(Answer::Malformed);
        }
        // A record is read with its checkpoint parsed, so that there always is a size.
        let Some((size, root)) = record.seen() else { return Ok(Answer::Unknown) };
        if size == checkpoint.size && root != checkpoint.root {
            Record::keep_fork(&self.dir, origin, &note)?;
            return Ok(Answer::Conflict { size });
        }
        if old != size {
            return Ok(Answer::Conflict { size });
        }
        let continued =
            verify_consistency(record.suite, (size, &root), (checkpoint.size, &checkpoint.root), &proof);
        if continued.is_err() {
            return Ok(Answer::Inconsistent);
        }
        let (kept, cosignature) = self.cosigned(&record, &note, now)?;
        record.newest = Some(kept);
        record.keep(&self.dir, origin)?;
        Ok(Answer::Cosigned(format!("{cosignature}\n")))
    }

    /// Believes a log from this checkpoint on, though it doesn't continue what was seen: the auditor's own decision, with
    /// the reason and the number of entries that were seen. What was seen is kept for good beside the log's record, on the
    /// disk before anything else. Fails for a log that isn't known, a checkpoint that none of its keys signed, another
    /// number of entries seen, and a reason that isn't one line.
    pub fn accept(&self, note: &Note, seen: u64, reason: &str, now: u64) -> Result<Accepted, WitnessError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        let origin = &checkpoint.origin;
        let _turn = self.turn();
        let mut record = Record::read(&self.dir, origin, self.public())?.ok_or(WitnessError::Stranger)?;
        if !record.keys.iter().any(|key| key.verify(note).is_ok()) {
            return Err(WitnessError::Stranger);
        }
        let Some((size, root)) = record.seen() else { return Err(WitnessError::Stranger) };
        if size != seen {
            return Err(WitnessError::Seen { found: size, given: seen });
        }
        if (size, root) == (checkpoint.size, checkpoint.root) {
            return Err(WitnessError::Continued);
        }
        if reason.trim().is_empty() || reason.chars().any(char::is_control) {
            return Err(WitnessError::Reason);
        }
        let kept = Record::keep_decision(&self.dir, origin, record.newest.as_ref(), reason, now)?;
        record.newest = Some(self.cosigned(&record, note, now)?.0);
        record.keep(&self.dir, origin)?;
        Ok(Accepted { seen: size, from: checkpoint.size, kept })
    }

    /// The checkpoint with the log's own lines and a cosignature of now, and that line.
    fn cosigned(
        &self,
        record: &Record,
        note: &Note,
        now: u64,
    ) -> Result<(Note, NoteSignature), WitnessError> {
        let cosignature = self.key.cosign(note.text(), now);
        // The log's lines are kept, those of others are theirs to keep; one that calls itself ours may be anybody's.
        let mut kept = Note::new(note.text().to_owned())?;
        for line in note.signatures().iter().filter(|line| record.signs_as(line.name())).take(MOST_LINES) {
            kept.add(line.clone())?;
        }
        kept.add(cosignature.clone())?;
        Ok((kept, cosignature))
    }

    /// Nothing is left half done in memory by one that panicked: all there is is on the disk.
    fn turn(&self) -> std::sync::MutexGuard<'_, ()> {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
