//! A journal in memory that keeps what a store keeps: the leaves, and the roots of complete subtrees of every eighth
//! height. Counts what is read.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use jingui_ledger::{Frontier, Hash, LedgerError, Source, TreeHash};

pub struct Journal<H> {
    pub frontier: Frontier<H>,
    leaves: Vec<Hash>,
    subtrees: BTreeMap<(u8, u64), Hash>,
    pub read: Cell<u64>,
}

impl<H: TreeHash> Journal<H> {
    pub fn new(hash: H) -> Self {
        Self {
            frontier: Frontier::with(hash),
            leaves: Vec::new(),
            subtrees: BTreeMap::new(),
            read: Cell::new(0),
        }
    }

    pub fn of(hash: H, entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut journal = Self::new(hash);
        entries.into_iter().for_each(|entry| journal.append(&entry));
        journal
    }

    pub fn append(&mut self, entry: &[u8]) {
        let kept = &mut self.subtrees;
        let leaf = self.frontier.append_with(entry, |height, number, root| {
            assert!(kept.insert((height, number), *root).is_none(), "reported twice: {height} {number}");
        });
        self.leaves.push(leaf);
    }

    pub fn leaf(&self, index: u64) -> Hash {
        self.leaves[usize::try_from(index).unwrap()]
    }
}

impl<H: TreeHash> Source for Journal<H> {
    type Error = LedgerError;

    fn leaves(&self, range: Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        self.read.set(self.read.get() + range.end - range.start);
        Ok(range.map(|index| self.leaf(index)).collect())
    }

    fn subtrees(&self, height: u8, range: Range<u64>) -> Result<Vec<Hash>, LedgerError> {
        self.read.set(self.read.get() + range.end - range.start);
        Ok(range.map(|number| self.subtrees[&(height, number)]).collect())
    }
}
