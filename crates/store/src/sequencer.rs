//! The one writer: takes queued actions in order, runs a batch of them in one transaction with a savepoint each,
//! commits once, then answers all of them. No answer leaves before the commit is on disk.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use jingui_crypto::EntrySealer;
use jingui_ledger::{Frontier, TreeSuite};
use jingui_regulation::Moment;
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, params};

use crate::entry::{Draft, Entry, Outcome, Put};
use crate::error::StoreError;
use crate::ledger::Ledger;
use crate::open::Clock;
use crate::record::Kind;
use crate::schema;
use crate::unit::Unit;

/// Most actions in one transaction: enough to share an fsync, few enough that nobody waits long.
const BATCH: usize = 128;
/// How long a connection that writes waits for another one's lock.
pub(crate) const BUSY: Duration = Duration::from_mins(1);

/// What is known of an action once it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Number of its entry.
    pub seq: u64,
    /// When it ran.
    pub at: Moment,
}

/// Told to subscribers after each commit: which entries are new and which kinds of records changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Number of the newest entry.
    pub seq: u64,
    /// Kinds of records that changed, sorted, each once.
    pub kinds: Vec<String>,
}

/// Runs inside the transaction; hands back the entry's head and what to do once all is on disk.
pub(crate) type Job = Box<dyn FnOnce(Result<&mut Unit<'_>, StoreError>) -> Option<(Draft, Answer)> + Send>;
/// Tells the asker.
pub(crate) type Answer = Box<dyn FnOnce(Result<Committed, StoreError>) + Send>;

pub(crate) struct Sequencer {
    pub conn: Connection,
    pub kinds: BTreeMap<&'static str, Kind>,
    pub log_id: String,
    pub sealer: EntrySealer,
    pub ledger: Ledger,
    pub last: Moment,
    pub wal: Wal,
    pub clock: Arc<dyn Clock>,
    pub rng: ChaCha20Rng,
    pub notify: Option<Box<dyn Fn(Notice) + Send>>,
}

/// The write-ahead log's file. Pages move into the database off the writer's path, but under steady writing that never
/// reaches the log's end, and the log grows without bound: the disk fills, and every read looks through all of it. So
/// the writer itself empties the log between two batches once it is long.
pub(crate) struct Wal {
    path: PathBuf,
    /// Bytes from which on the log is emptied.
    limit: u64,
    /// Not before then: somebody was still reading from the log.
    again: Instant,
}

impl Wal {
    /// How long readers are waited for.
    const PATIENCE: Duration = Duration::from_millis(50);

    pub(crate) fn new(database: &Path, limit: u64) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self { path: path.into(), limit, again: Instant::now() }
    }

    fn keep_short(&mut self, conn: &Connection) {
        let long = std::fs::metadata(&self.path).is_ok_and(|file| file.len() > self.limit);
        if !long || Instant::now() < self.again {
            return;
        }
        let _ = conn.busy_timeout(Self::PATIENCE);
        let busy = empty(conn, "TRUNCATE");
        let _ = conn.busy_timeout(BUSY);
        if busy {
            self.again = Instant::now() + Duration::from_secs(1);
        }
    }
}

/// Moves pages from the write-ahead log into the database; answers whether some had to stay because somebody reads them.
/// A disk that fails meanwhile ends the process, as it does in a commit: what it kept of the database nobody knows.
pub(crate) fn empty(conn: &Connection, mode: &str) -> bool {
    let moved = conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0));
    if let Err(error) = &moved
        && error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure)
    {
        tracing::error!(%error, "the disk failed while the write-ahead log was emptied; stopping");
        std::process::abort();
    }
    moved != Ok(0)
}

impl Sequencer {
    /// Runs until every sender is gone.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            self.commit(batch);
            self.wal.keep_short(&self.conn);
        }
    }

    fn commit(&mut self, batch: Vec<Job>) {
        let mut answers = Vec::with_capacity(batch.len());
        let mut kinds = Vec::new();
        let before = self.ledger.mark();
        if let Err(error) = self.conn.execute_batch("BEGIN IMMEDIATE") {
            tracing::error!(%error, "can't begin a transaction");
            for job in batch {
                job(Err(StoreError::Stopped));
            }
            return;
        }
        for job in batch {
            if let Some((committed, answer)) = self.run_one(job, &mut kinds) {
                answers.push((committed, answer));
            }
        }
        let done = self.save_root().and_then(|()| Ok(self.conn.execute_batch("COMMIT")?));
        if let Err(error) = done {
            // After a failed fsync nobody knows what is on disk, and SQLite would carry on as if it did.
            if is_io_failure(&error) {
                tracing::error!(%error, "the disk failed while committing; stopping so that nothing false is answered");
                std::process::abort();
            }
            tracing::error!(%error, "a commit failed; nothing of the batch was kept");
            let _ = self.conn.execute_batch("ROLLBACK");
            self.ledger.back_to(before);
            for (_, answer) in answers {
                answer(Err(StoreError::BrokeOff));
            }
            return;
        }
        kinds.sort_unstable();
        kinds.dedup();
        if let Some(notify) = &self.notify
            && let Some((last, _)) = answers.last()
        {
            notify(Notice { seq: last.seq, kinds });
        }
        for (committed, answer) in answers {
            answer(Ok(committed));
        }
    }

    /// Runs one job in its savepoint and writes its entry.
    fn run_one(&mut self, job: Job, kinds: &mut Vec<String>) -> Option<(Committed, Answer)> {
        // A clock that was set back must not make the journal say that an effect came before its cause.
        let at = self.clock.now().max(self.last);
        let seq = self.ledger.frontier.size() + 1;
        if let Err(error) = self.savepoint() {
            job(Err(error));
            return None;
        }
        let mut unit = Unit::new(&self.conn, &self.kinds, seq, at, &mut self.rng);
        let ran = catch_unwind(AssertUnwindSafe(|| job(Ok(&mut unit))));
        let puts = unit.into_puts();
        let Ok(Some((draft, answer))) = ran else {
            // The job has answered its asker itself, or broke off and dropped the answer; either way nothing stays.
            self.undo();
            return None;
        };
        let refused = matches!(draft.outcome, Outcome::Refused { .. });
        if refused {
            self.undo();
        }
        let puts = if refused { Vec::new() } else { puts };
        let touched: Vec<String> = puts.iter().map(|put| put.kind.clone()).collect();
        match self.write_entry(seq, at, draft, puts) {
            Ok(()) => {
                if !refused
                    && self.conn.prepare_cached("RELEASE act").and_then(|mut s| s.execute([])).is_err()
                {
                    tracing::error!("a savepoint could not be released");
                }
                self.last = at;
                kinds.extend(touched);
                Some((Committed { seq, at }, answer))
            }
            Err(error) => {
                self.undo();
                answer(Err(error));
                None
            }
        }
    }

    fn savepoint(&self) -> Result<(), StoreError> {
        self.conn.prepare_cached("SAVEPOINT act")?.execute([])?;
        Ok(())
    }

    fn undo(&self) {
        // Fails only where no savepoint is left, and then there is nothing to undo.
        let _ = self.conn.execute_batch("ROLLBACK TO act; RELEASE act");
    }

    fn write_entry(&mut self, seq: u64, at: Moment, draft: Draft, puts: Vec<Put>) -> Result<(), StoreError> {
        let entry = Entry {
            seq,
            at,
            actor: draft.actor,
            terminal: draft.terminal,
            action: draft.action,
            outcome: draft.outcome,
            clauses: draft.clauses,
            subject: draft.subject,
            puts,
        };
        let sealed = entry.seal(&self.log_id, &self.sealer, &mut self.rng)?;
        insert_entry(&self.conn, &entry, &sealed)?;
        self.ledger.append(&self.conn, &sealed)
    }

    fn save_root(&mut self) -> Result<(), StoreError> {
        self.ledger.checkpoint(&self.conn, self.last)?;
        save_root(&self.conn, &self.ledger.frontier, self.ledger.checkpoints)
    }
}

/// Writes an entry's row: the sealed bytes, and beside them what lists are made of.
pub(crate) fn insert_entry(conn: &Connection, entry: &Entry, sealed: &[u8]) -> Result<(), StoreError> {
    let refused = matches!(entry.outcome, Outcome::Refused { .. });
    conn.prepare_cached(
        "INSERT INTO entry (seq, at, actor, action, refused, subject, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        entry.seq,
        entry.at.to_string(),
        entry.actor,
        entry.action,
        refused,
        entry.subject.as_ref().map(|subject| &subject.key),
        sealed
    ])?;
    Ok(())
}

/// Writes the ledger's state (size, peaks, root, and how many checkpoints are kept) so that it changes in the same
/// transaction as the entries.
pub(crate) fn save_root(
    conn: &Connection,
    frontier: &Frontier<TreeSuite>,
    checkpoints: u64,
) -> Result<(), StoreError> {
    let hex = |hash: &[u8]| data_encoding::HEXLOWER.encode(hash);
    let peaks: Vec<String> = frontier.peaks().iter().map(|peak| hex(peak)).collect();
    let text = serde_json::json!({
        "size": frontier.size(), "peaks": peaks, "root": hex(&frontier.root()), "checkpoints": checkpoints,
    });
    schema::set_meta(conn, "ledger", &text.to_string())
}

fn is_io_failure(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(error) if matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::SystemIoFailure | rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::DatabaseCorrupt)
    ))
}
