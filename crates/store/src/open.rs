//! Opening and creating the store, and asking it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, bounded, unbounded};
use jingui_crypto::{EntrySealer, Key, Keyring, SigningKey, Suite};
use jingui_ledger::{Frontier, Hash, TreeSuite};
use jingui_regulation::Moment;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rusqlite::{Connection, OptionalExtension};

use crate::entry::{Draft, Entry};
use crate::error::StoreError;
use crate::key::Id;
use crate::ledger::{self, Ledger};
use crate::past::Past;
use crate::reader::Pool;
use crate::record::Kind;
use crate::sequencer::{BUSY, Committed, Job, Notice, Sequencer, Wal, empty};
use crate::unit::Unit;
use crate::{pages, schema};

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that is moved by hand, for simulations and tests.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<std::sync::atomic::AtomicI64>);

impl FixedClock {
    /// Stands at `moment` until it is moved.
    pub fn new(moment: Moment) -> Self {
        Self(Arc::new(moment.millis().into()))
    }

    /// Moves the clock to `moment`.
    pub fn set(&self, moment: Moment) {
        self.0.store(moment.millis(), std::sync::atomic::Ordering::SeqCst);
    }

    /// Where the clock stands.
    pub fn get(&self) -> Moment {
        Moment::from_millis(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        self.get()
    }
}

/// How a store is opened.
pub struct Options {
    /// The database file.
    pub path: PathBuf,
    /// Every kind of record the office keeps.
    pub kinds: Vec<Kind>,
    /// Time, for the writer and for those who read.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids and nonces.
    pub rng: ChaCha20Rng,
    /// Read connections; 0 means 4.
    pub readers: usize,
    /// Page cache in MiB, shared out between the writer and the readers.
    pub cache_mib: u64,
    /// Bytes of the write-ahead log from which on the writer empties it.
    pub wal_limit: u64,
    /// Whether tables of another layout are built anew at opening. What proves must not mend: it opens without.
    pub rebuild: bool,
    /// Called after each commit, from the writer's thread: must return at once.
    pub notify: Option<Box<dyn Fn(Notice) + Send>>,
}

impl Options {
    /// The machine's clock and randomness, 256 MiB of cache.
    pub fn new(path: impl Into<PathBuf>, kinds: Vec<Kind>) -> Self {
        Self {
            path: path.into(),
            kinds,
            clock: Arc::new(SystemClock),
            rng: ChaCha20Rng::from_os_rng(),
            readers: 4,
            cache_mib: 256,
            wal_limit: 64 << 20,
            rebuild: true,
            notify: None,
        }
    }
}

/// The open store. Dropping it ends the writer after what is queued.
pub struct Store {
    pub(crate) path: PathBuf,
    pub(crate) kinds: BTreeMap<&'static str, Kind>,
    pub(crate) log_id: String,
    pub(crate) sealer: EntrySealer,
    pub(crate) tree: TreeSuite,
    pub(crate) signing: SigningKey,
    clock: Arc<dyn Clock>,
    readers: Pool,
    pub(crate) database: Key,
    pub(crate) pasts: Mutex<Vec<Past>>,
    queue: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    checkpointer: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Gives the key to `SQLCipher`.
pub(crate) fn give_key(conn: &Connection, key: &Key) -> Result<(), StoreError> {
    let hex = data_encoding::HEXLOWER.encode(key.expose());
    // A key that doesn't fit is told once, by our error, not by the library on standard error.
    Ok(conn.execute_batch(&format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{hex}'\";"))?)
}

/// Gives the key to `SQLCipher` and checks that it fits.
pub(crate) fn unlock(conn: &Connection, key: &Key) -> Result<(), StoreError> {
    give_key(conn, key)?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(|_| StoreError::Key)
}

/// A connection that writes, set up for durability.
pub(crate) fn writing(path: &Path, key: &Key, cache_kib: u64) -> Result<Connection, StoreError> {
    let conn = Connection::open(path)?;
    unlock(&conn, key)?;
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST;
         PRAGMA cache_size = -{cache_kib}; PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF;"
    ))?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(256);
    Ok(conn)
}

impl Store {
    /// Makes a new, empty store; refuses to touch a file that exists.
    pub fn create(keys: &Keyring, mut options: Options) -> Result<Self, StoreError> {
        if options.path.exists() {
            return Err(StoreError::Open("there is a database already; choose an empty directory".into()));
        }
        let conn = writing(&options.path, &keys.derive("database"), 8 << 10)?;
        conn.execute_batch("BEGIN")?;
        schema::create_journal(&conn)?;
        schema::create_derived(&conn, &options.kinds)?;
        let mut log_id = [0_u8; 16];
        options.rng.fill_bytes(&mut log_id);
        schema::set_meta(&conn, "log", &data_encoding::HEXLOWER.encode(&log_id))?;
        schema::set_meta(&conn, "suite", tree_of(keys.suite()).name())?;
        schema::set_meta(&conn, "layout", &schema::fingerprint(&options.kinds))?;
        crate::sequencer::save_root(&conn, &Frontier::with(tree_of(keys.suite())), 0)?;
        conn.execute_batch("COMMIT")?;
        drop(conn);
        Self::open(keys, options)
    }

    /// Opens an existing store. Tables of an older layout are built anew from the journal first. Names the page that
    /// was altered where one keeps it from opening.
    pub fn open(keys: &Keyring, options: Options) -> Result<Self, StoreError> {
        let path = options.path.clone();
        Self::open_there(keys, options).map_err(|error| pages::named(error, &path, &keys.derive("database")))
    }

    fn open_there(keys: &Keyring, options: Options) -> Result<Self, StoreError> {
        let Options { path, kinds, clock, rng, readers, cache_mib, wal_limit, rebuild, notify } = options;
        if !path.exists() {
            return Err(StoreError::Open("there is no database here; run `jingui init` first".into()));
        }
        let (database_key, sealer, signing) =
            (keys.derive("database"), keys.entry_sealer(), keys.signing().clone());
        let tree = tree_of(keys.suite());
        let readers = if readers == 0 { 4 } else { readers };
        let conn = writing(&path, &database_key, cache_mib * 1024 / 2)?;
        let log_id = schema::meta(&conn, "log")?
            .ok_or_else(|| StoreError::Open("this database holds no journal of Jingui".into()))?;
        if schema::meta(&conn, "layout")?.as_deref() != Some(&schema::fingerprint(&kinds)) {
            // The last page of a long text reads as zeros where it doesn't pass the cipher's check, without an error. So
            // the pages are looked at before the registers are taken for old ones.
            if let Some(page) = pages::altered(&conn)? {
                return Err(StoreError::Page { page });
            }
            if !rebuild {
                return Err(StoreError::Open(
                    "the registers have the layout of another version; verify with the version that wrote them".into(),
                ));
            }
            tracing::info!("the layout of the registers has changed; building them anew from the journal");
            crate::rebuild::rebuild(&conn, &kinds, &log_id, &sealer, tree)?;
        }
        // A database of an earlier release lacks what came in since beside the journal.
        schema::create_journal(&conn)?;
        let (frontier, checkpoints) = saved(&conn, tree)?;
        let checkpoints = match checkpoints {
            Some(checkpoints) => checkpoints,
            None => ledger::checkpoints_kept(&conn)?,
        };
        let last = conn
            .query_row("SELECT at FROM entry ORDER BY seq DESC LIMIT 1", [], |row| row.get::<_, String>(0))
            .optional()?
            .and_then(|text| serde_json::from_value(text.into()).ok())
            .unwrap_or_else(|| Moment::from_millis(0));
        let kinds: BTreeMap<_, _> = kinds.into_iter().map(|kind| (kind.name, kind)).collect();
        let (queue, jobs) = unbounded();
        let sequencer = Sequencer {
            conn,
            kinds: kinds.clone(),
            log_id: log_id.clone(),
            sealer: sealer.clone(),
            ledger: Ledger::new(frontier, checkpoints, &log_id, signing.clone())?,
            last,
            wal: Wal::new(&path, wal_limit),
            clock: Arc::clone(&clock),
            rng,
            notify,
        };
        let pool = Pool::open(&path, &database_key, readers, cache_mib * 1024 / 2 / readers as u64)?;
        let checkpointer = checkpointer(writing(&path, &database_key, 4 << 10)?)?;
        let writer = std::thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || sequencer.run(&jobs))
            .map_err(|_| {
                StoreError::Open("no thread for the writer; the machine is out of resources".into())
            })?;
        Ok(Self {
            path,
            kinds,
            log_id,
            sealer,
            tree,
            signing,
            clock,
            readers: pool,
            database: database_key,
            pasts: Mutex::default(),
            queue: Some(queue),
            writer: Some(writer),
            checkpointer: Some(checkpointer),
        })
    }

    /// Queues an action. `job` runs in the writer's thread against the unit of work; `answer` is called once what it
    /// did is on disk (or with the error that kept it from being so).
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Unit<'_>) -> Result<(Draft, T), StoreError> + Send + 'static,
        answer: impl FnOnce(Result<(Committed, T), StoreError>) + Send + 'static,
    ) {
        let job: Job = Box::new(move |unit| match unit.and_then(job) {
            Ok((draft, value)) => {
                Some((draft, Box::new(move |done| answer(done.map(|committed| (committed, value))))))
            }
            Err(error) => {
                answer(Err(error));
                None
            }
        });
        if let Some(queue) = &self.queue
            && let Err(lost) = queue.send(job)
        {
            (lost.0)(Err(StoreError::Stopped));
        }
    }

    /// Queues an action and waits for its commit.
    pub fn act<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Unit<'_>) -> Result<(Draft, T), StoreError> + Send + 'static,
    ) -> Result<(Committed, T), StoreError> {
        let (sender, receiver) = bounded(1);
        self.submit(job, move |result| {
            let _ = sender.send(result);
        });
        receiver.recv().unwrap_or(Err(StoreError::BrokeOff))
    }

    /// Reads on one of the read connections, inside one read transaction.
    pub fn read<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.with(read)
    }

    /// The entry `seq`, opened.
    pub fn entry(&self, conn: &Connection, seq: u64) -> Result<Option<Entry>, StoreError> {
        let sealed: Option<Vec<u8>> = conn
            .prepare_cached("SELECT sealed FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?;
        sealed.map(|sealed| Entry::open(seq, &sealed, &self.log_id, &self.sealer)).transpose()
    }

    /// Every version of a record: its number, the entry that made it, oldest first.
    pub fn history(&self, conn: &Connection, kind: &str, key: &str) -> Result<Vec<(u64, Entry)>, StoreError> {
        let rows: Vec<(u64, u64)> = conn
            .prepare_cached("SELECT version, seq FROM version WHERE kind = ?1 AND key = ?2 ORDER BY version")?
            .query_map([kind, key], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .filter_map(|(version, seq)| {
                self.entry(conn, seq).transpose().map(|entry| entry.map(|entry| (version, entry)))
            })
            .collect()
    }

    /// The present moment by the store's clock.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Name of this journal: random, fixed at its making.
    pub fn log_id(&self) -> &str {
        &self.log_id
    }

    /// Seals entries under the newest epoch of this newer state of the keyring from here on. Only once it is on the disk.
    pub fn renew(&self, keys: &Keyring) {
        self.sealer.renew(&keys.entry_sealer());
    }

    /// How many keys of files are wrapped under an epoch before `epoch`, and how many there are.
    pub fn count_file_keys(&self, conn: &Connection, epoch: u16) -> Result<(u64, u64), StoreError> {
        // Version, then the epoch in two bytes (docs/seal.md): blobs compare byte by byte.
        let sql = "SELECT count(*) FILTER (WHERE substr(wrapped, 2, 2) < ?1), count(*) FROM file_key";
        Ok(conn
            .prepare_cached(sql)?
            .query_row([epoch.to_be_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The first `limit` keys of files after `after` that are wrapped under an epoch before `epoch`.
    pub fn older_file_keys(
        &self,
        conn: &Connection,
        epoch: u16,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(Id, Vec<u8>)>, StoreError> {
        let mut statement = conn.prepare_cached(
            "SELECT file, wrapped FROM file_key WHERE file > ?2 AND substr(wrapped, 2, 2) < ?1 ORDER BY file LIMIT ?3",
        )?;
        let mut rows = statement.query(rusqlite::params![epoch.to_be_bytes(), after, limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            if let Ok(file) = row.get::<_, String>(0)?.parse() {
                found.push((file, row.get(1)?));
            }
        }
        Ok(found)
    }

    /// The wrapped key of a file; nothing when there is none, or no longer.
    pub fn file_key(&self, conn: &Connection, file: &Id) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(conn
            .prepare_cached("SELECT wrapped FROM file_key WHERE file = ?1")?
            .query_row([file.as_str()], |row| row.get(0))
            .optional()?)
    }

    /// Number of entries and Merkle root (hexadecimal), as committed.
    pub fn head(&self) -> Result<(u64, String), StoreError> {
        self.read(|conn| {
            let frontier = saved_frontier(conn, self.tree)?;
            Ok((frontier.size(), data_encoding::HEXLOWER.encode(&frontier.root())))
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        if let Some((stop, thread)) = self.checkpointer.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// The hash function of a suite's tree.
pub(crate) const fn tree_of(suite: Suite) -> TreeSuite {
    match suite {
        Suite::International => TreeSuite::International,
        Suite::Guomi => TreeSuite::Guomi,
    }
}

/// The ledger's frontier as saved with the last commit.
pub(crate) fn saved_frontier(conn: &Connection, tree: TreeSuite) -> Result<Frontier<TreeSuite>, StoreError> {
    Ok(saved(conn, tree)?.0)
}

/// The ledger's state as saved with the last commit: its frontier, and how many checkpoints were kept, which an earlier
/// release didn't say.
pub(crate) fn saved(
    conn: &Connection,
    tree: TreeSuite,
) -> Result<(Frontier<TreeSuite>, Option<u64>), StoreError> {
    #[derive(serde::Deserialize)]
    struct Saved {
        size: u64,
        peaks: Vec<String>,
        root: String,
        checkpoints: Option<u64>,
    }
    let text = schema::meta(conn, "ledger")?.ok_or(StoreError::Ledger)?;
    let saved: Saved = serde_json::from_str(&text)?;
    let decode = |text: &String| -> Option<Hash> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
    };
    let peaks = saved.peaks.iter().map(decode).collect::<Option<Vec<_>>>().ok_or(StoreError::Ledger)?;
    let frontier = Frontier::restore_with(tree, saved.size, peaks).map_err(|_| StoreError::Ledger)?;
    if decode(&saved.root) == Some(frontier.root()) {
        Ok((frontier, saved.checkpoints))
    } else {
        Err(StoreError::Ledger)
    }
}

/// Moves pages from the write-ahead log into the database off the writer's path, so that commits don't wait for it.
fn checkpointer(conn: Connection) -> Result<(Sender<()>, JoinHandle<()>), StoreError> {
    let (stop, stopped) = bounded::<()>(0);
    let thread = std::thread::Builder::new()
        .name("checkpointer".into())
        .spawn(move || {
            while stopped.recv_timeout(Duration::from_secs(1))
                == Err(crossbeam_channel::RecvTimeoutError::Timeout)
            {
                empty(&conn, "PASSIVE");
            }
            empty(&conn, "TRUNCATE");
        })
        .map_err(|_| StoreError::Open("no thread for checkpoints; the machine is out of resources".into()))?;
    Ok((stop, thread))
}
