//! The journal's Merkle tree as the store keeps it: roots of complete subtrees beside the entries, signed checkpoints, and
//! proofs made from both. Never decides whether a checkpoint from outside is to be believed: it says how the two stand.

use std::ops::Range;

use jingui_crypto::{Keyring, Opening, SigningKey, Suite};
use jingui_ledger::{
    Checkpoint, Frontier, Hash, LedgerError, Note, NoteKey, NoteKeyKind, Source, TreeHash as _, TreeSuite,
    consistency, inclusion, origin, root_at,
};
use jingui_regulation::Moment;
use rusqlite::{Connection, OptionalExtension, params};

use crate::entry::Entry;
use crate::error::StoreError;
use crate::open::{Store, saved_frontier};

/// Milliseconds after which a commit signs a checkpoint and keeps it.
const EVERY: i64 = 60_000;

/// The writer's side of the tree: its growing edge, and the key that signs.
pub(crate) struct Ledger {
    pub frontier: Frontier<TreeSuite>,
    signer: Signer,
    /// When a checkpoint was last kept.
    kept: Option<Moment>,
    /// How many are kept. Saved with the root: a table of checkpoints that was put back to an older state shows.
    pub checkpoints: u64,
}

/// The writer's side as it was before a batch.
pub(crate) type Mark = (Frontier<TreeSuite>, Option<Moment>, u64);

impl Ledger {
    pub(crate) fn new(
        frontier: Frontier<TreeSuite>,
        checkpoints: u64,
        log_id: &str,
        signing: SigningKey,
    ) -> Result<Self, StoreError> {
        Ok(Self { frontier, signer: Signer::new(log_id, signing)?, kept: None, checkpoints })
    }

    /// Where it stands, to go back to when a commit fails.
    pub(crate) fn mark(&self) -> Mark {
        (self.frontier.clone(), self.kept, self.checkpoints)
    }

    pub(crate) fn back_to(&mut self, mark: Mark) {
        (self.frontier, self.kept, self.checkpoints) = mark;
    }

    /// Appends an entry and keeps the roots of the subtrees it completes; on a failure nothing was appended.
    pub(crate) fn append(&mut self, conn: &Connection, sealed: &[u8]) -> Result<(), StoreError> {
        let before = self.frontier.clone();
        append(conn, &mut self.frontier, sealed).inspect_err(|_| self.frontier = before)
    }

    /// Signs a checkpoint and keeps it with the commit under way, when the last one is a minute old.
    pub(crate) fn checkpoint(&mut self, conn: &Connection, now: Moment) -> Result<(), StoreError> {
        if self.kept.is_some_and(|kept| now.millis() - kept.millis() < EVERY) {
            return Ok(());
        }
        let note = self.signer.sign(&self.frontier)?;
        let fresh = conn
            .prepare_cached("INSERT OR IGNORE INTO checkpoint (size, at, note) VALUES (?1, ?2, ?3)")?
            .execute(params![self.frontier.size(), now.to_string(), note.to_string()])?;
        self.checkpoints += fresh as u64;
        self.kept = Some(now);
        Ok(())
    }
}

/// Checkpoints that there are.
pub(crate) fn checkpoints_kept(conn: &Connection) -> Result<u64, StoreError> {
    Ok(conn.query_row("SELECT count(*) FROM checkpoint", [], |row| row.get(0))?)
}

/// Appends an entry to the tree, and the roots of the subtrees it completes to their table.
pub(crate) fn append(
    conn: &Connection,
    frontier: &mut Frontier<TreeSuite>,
    sealed: &[u8],
) -> Result<(), StoreError> {
    let mut complete = Vec::new();
    frontier.append_with(sealed, |height, place, root| complete.push((height, place, *root)));
    for (height, place, root) in complete {
        conn.prepare_cached("INSERT INTO subtree (height, place, root) VALUES (?1, ?2, ?3)")?
            .execute(params![height, place, root])?;
    }
    Ok(())
}

/// The public key that verifies the checkpoints of the journal `log_id`, where no store is open.
pub fn note_key(log_id: &str, keys: &Keyring) -> Result<NoteKey, StoreError> {
    key_of(log_id, keys.signing())
}

fn key_of(log_id: &str, signing: &SigningKey) -> Result<NoteKey, StoreError> {
    let public = signing.verifying();
    let kind = match public.suite() {
        Suite::International => NoteKeyKind::Ed25519,
        Suite::Guomi => NoteKeyKind::Sm2,
    };
    Ok(NoteKey::new(&origin(log_id), kind, &public.to_bytes())?)
}

/// Signs checkpoints of one journal.
pub(crate) struct Signer {
    key: NoteKey,
    signing: SigningKey,
}

impl Signer {
    pub(crate) fn new(log_id: &str, signing: SigningKey) -> Result<Self, StoreError> {
        Ok(Self { key: key_of(log_id, &signing)?, signing })
    }

    fn sign(&self, frontier: &Frontier<TreeSuite>) -> Result<Note, StoreError> {
        let (size, root) = (frontier.size(), frontier.root());
        let text = Checkpoint { origin: self.key.name().to_owned(), size, root }.to_text();
        let signature = self.key.sign(&text, 0, |message| self.signing.sign(message));
        let mut note = Note::new(text)?;
        note.add(signature)?;
        Ok(note)
    }
}

/// How a checkpoint from outside stands to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The journal continues it.
    Continued,
    /// The journal is shorter: what came after its end is missing.
    Ahead {
        /// Entries of the journal.
        journal: u64,
        /// Entries there were.
        known: u64,
    },
    /// The journal had another root at that size: two histories.
    Forked {
        /// The size.
        size: u64,
    },
}

/// An entry and the key that opens it and no other.
pub struct Disclosed {
    /// Its sealed bytes.
    pub sealed: Vec<u8>,
    /// What opens it.
    pub opening: Opening,
    /// What it says.
    pub entry: Entry,
}

/// The stored hashes of one read transaction.
struct Stored<'a> {
    conn: &'a Connection,
    tree: TreeSuite,
}

impl Source for Stored<'_> {
    type Error = StoreError;

    fn leaves(&self, range: Range<u64>) -> Result<Vec<Hash>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT sealed FROM entry WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")?;
        let mut rows = statement.query([range.start, range.end])?;
        let mut leaves = Vec::new();
        while let Some(row) = rows.next()? {
            leaves.push(self.tree.leaf(row.get_ref(0)?.as_blob().map_err(|_| StoreError::Ledger)?));
        }
        Ok(leaves)
    }

    fn subtrees(&self, height: u8, range: Range<u64>) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT root FROM subtree WHERE height = ?1 AND place >= ?2 AND place < ?3 ORDER BY place",
        )?;
        let rows = statement.query_map(params![height, range.start, range.end], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Store {
    const fn stored<'a>(&self, conn: &'a Connection) -> Stored<'a> {
        Stored { conn, tree: self.tree }
    }

    /// The hash function of the journal's tree.
    pub const fn tree(&self) -> TreeSuite {
        self.tree
    }

    /// The public key that verifies this journal's checkpoints, with its name.
    pub fn note_key(&self) -> Result<NoteKey, StoreError> {
        key_of(&self.log_id, &self.signing)
    }

    /// A signed checkpoint over all that is committed.
    pub fn checkpoint(&self, conn: &Connection) -> Result<Note, StoreError> {
        Signer::new(&self.log_id, self.signing.clone())?.sign(&saved_frontier(conn, self.tree)?)
    }

    /// The newest checkpoints kept by the writer: size, when, the signed note.
    pub fn checkpoints(
        &self,
        conn: &Connection,
        limit: u32,
    ) -> Result<Vec<(u64, Moment, String)>, StoreError> {
        let mut statement =
            conn.prepare_cached("SELECT size, at, note FROM checkpoint ORDER BY size DESC LIMIT ?1")?;
        let mut rows = statement.query([limit])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let at: String = row.get(1)?;
            found.push((row.get(0)?, serde_json::from_value(at.into())?, row.get(2)?));
        }
        Ok(found)
    }

    /// Proof that entry `seq` (from 1) is in the tree of `size` entries. Refuses one that isn't.
    pub fn inclusion(&self, conn: &Connection, seq: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        self.within(conn, size)?;
        inclusion(&self.stored(conn), self.tree, seq.wrapping_sub(1), size)
    }

    /// Proof that the tree of `size` entries continues the one of `old` entries.
    pub fn consistency(&self, conn: &Connection, old: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        self.within(conn, size)?;
        consistency(&self.stored(conn), self.tree, old, size)
    }

    /// How a checkpoint that was kept outside stands to this journal. Its signature isn't looked at here.
    pub fn standing(&self, conn: &Connection, known: &Checkpoint) -> Result<Standing, StoreError> {
        let journal = saved_frontier(conn, self.tree)?.size();
        if known.origin != origin(&self.log_id) {
            return Ok(Standing::Forked { size: known.size });
        }
        if known.size > journal {
            return Ok(Standing::Ahead { journal, known: known.size });
        }
        let root = root_at(&self.stored(conn), self.tree, known.size)?;
        Ok(if root == known.root { Standing::Continued } else { Standing::Forked { size: known.size } })
    }

    /// Entry `seq` with what discloses it and nothing else. It is opened before: what doesn't open isn't disclosed.
    pub fn disclosed(&self, conn: &Connection, seq: u64) -> Result<Option<Disclosed>, StoreError> {
        let Some(sealed) = self.sealed(conn, seq)? else { return Ok(None) };
        let entry = Entry::open(seq, &sealed, &self.log_id, &self.sealer)?;
        let opening = self.sealer.opening(&self.log_id, seq, &sealed).ok_or(StoreError::Ledger)?;
        Ok(Some(Disclosed { sealed, opening, entry }))
    }

    /// The sealed bytes of entry `seq`.
    pub fn sealed(&self, conn: &Connection, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(conn
            .prepare_cached("SELECT sealed FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))
            .optional()?)
    }

    fn within(&self, conn: &Connection, size: u64) -> Result<(), StoreError> {
        let journal = saved_frontier(conn, self.tree)?.size();
        if size > journal {
            return Err(LedgerError::Range { asked: size, size: journal }.into());
        }
        Ok(())
    }
}
