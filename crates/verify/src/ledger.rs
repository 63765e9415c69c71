//! A directory: all entries read once, in order, and compared with every checkpoint on the way.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use crate::arguments::{Arguments, read_keys};
use crate::checkpoint::Checkpoint;
use crate::lines::{Lines, open};
use crate::note_key::NoteKey;
use crate::suite::Suite;
use crate::tree::Tree;
use crate::verdict::{Failure, broken, time, unclear, unreadable};

/// Bytes of the longest entry.
const LONGEST_ENTRY: u32 = 16 << 20;
/// Bytes read from the disk at once.
const BLOCK: usize = 1 << 20;
/// Bytes of the longest id of a log.
const LONGEST_LOG: u16 = 64;

pub fn verify(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let dir = &arguments.path;
    let own = arguments.log.is_empty();
    let keys = if own { read_keys(&dir.join("vkey"))? } else { arguments.log.clone() };
    for (place, checkpoint) in &arguments.presented {
        checkpoint.signed_by_the_log(&keys, place)?;
    }
    let mut walk = Walk::new(dir, arguments)?;
    let mut witnesses: Vec<Witness<'_>> =
        arguments.witnesses.iter().map(|key| Witness { key, newest: None }).collect();
    let count = against_own_checkpoints(dir, &keys, &mut walk, &mut witnesses)?;
    let since = witnesses.iter().filter_map(|witness| witness.newest).max();
    walk.finish(since)?;
    let size = walk.tree.as_ref().map_or(0, Tree::size);
    for (place, checkpoint) in &arguments.presented {
        for witness in &mut witnesses {
            witness.look(checkpoint, place)?;
        }
    }
    for witness in &witnesses {
        witness.newest.ok_or_else(|| {
            let name = &witness.key.name;
            broken(
                format!("见证方 {name} 没有签署任何检查点"),
                format!("witness {name} signed no checkpoint"),
            )
        })?;
    }

    writeln!(out, "完整 / whole: {}", walk.origin.as_deref().unwrap_or("-"))?;
    writeln!(out, "条目 / entries: {size}")?;
    if let Some(tree) = &walk.tree {
        writeln!(out, "根 / root: {}", BASE64.encode(&tree.root()))?;
    }
    if let Some(suite) = walk.suite {
        writeln!(out, "算法 / suite: {}", suite.name())?;
    }
    writeln!(out, "检查点 / checkpoints: {count}")?;
    for (place, checkpoint) in &arguments.presented {
        writeln!(out, "相符 / agrees: {place} ({})", checkpoint.size)?;
    }
    for witness in &witnesses {
        if let Some((size, seen)) = witness.newest {
            writeln!(out, "见证 / witness: {} ({size}, {})", witness.key.name, time(seen))?;
        }
    }
    if own {
        writeln!(
            out,
            "注意：公钥取自目录本身，请与另处所存核对 (--log)。 / note: the key was taken from the directory itself; \
             compare it with one kept elsewhere (--log)."
        )?;
    }
    Ok(())
}

/// A witness and the newest checkpoint it signed: size and time.
struct Witness<'a> {
    key: &'a NoteKey,
    newest: Option<(u64, u64)>,
}

impl Witness<'_> {
    fn look(&mut self, checkpoint: &Checkpoint, place: &str) -> Result<(), Failure> {
        let seen = checkpoint.witnessed(self.key, place)?.map(|time| (checkpoint.size, time));
        self.newest = self.newest.max(seen);
        Ok(())
    }
}

/// Compares with the directory's own checkpoints; answers how many there are.
fn against_own_checkpoints(
    dir: &Path,
    keys: &[NoteKey],
    walk: &mut Walk<'_>,
    witnesses: &mut [Witness<'_>],
) -> Result<u64, Failure> {
    let path = dir.join("checkpoints");
    let mut lines = Lines::open(&path)?;
    let (mut count, mut last) = (0_u64, 0);
    while let Some(checkpoint) = Checkpoint::read(&mut lines, &path)? {
        count += 1;
        let place = format!("检查点 / checkpoint {count} ({})", checkpoint.size);
        checkpoint.signed_by_the_log(keys, &place)?;
        for witness in &mut *witnesses {
            witness.look(&checkpoint, &place)?;
        }
        if checkpoint.size < last {
            return Err(broken(
                format!("{place}：比前一个小，次序不对"),
                format!("{place}: smaller than the one before it; out of order"),
            ));
        }
        last = checkpoint.size;
        walk.compare(&checkpoint, &place)?;
    }
    if count == 0 {
        return Err(broken("没有检查点", "there is no checkpoint"));
    }
    Ok(count)
}

/// The entries on their way into the tree.
struct Walk<'a> {
    /// Files still to be read, last first.
    files: Vec<PathBuf>,
    file: Option<(PathBuf, BufReader<File>)>,
    /// Checkpoints from elsewhere still to be met, largest first.
    presented: Vec<&'a (String, Checkpoint)>,
    suite: Option<Suite>,
    origin: Option<String>,
    tree: Option<Tree>,
    /// Size at the checkpoint that agreed last.
    agreed: u64,
    entry: Vec<u8>,
}

impl<'a> Walk<'a> {
    fn new(dir: &Path, arguments: &'a Arguments) -> Result<Self, Failure> {
        let mut files = Vec::new();
        for file in dir.read_dir().map_err(|error| unreadable(dir, &error))? {
            let path = file.map_err(|error| unreadable(dir, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "entries") {
                files.push(path);
            }
        }
        files.sort_unstable_by(|one, other| other.cmp(one));
        Ok(Self {
            files,
            file: None,
            presented: arguments.presented.iter().rev().collect(),
            suite: None,
            origin: None,
            tree: None,
            agreed: 0,
            entry: Vec::new(),
        })
    }

    fn size(&self) -> u64 {
        self.tree.as_ref().map_or(0, Tree::size)
    }

    /// Reads up to a checkpoint and compares, with those from elsewhere that come before it.
    fn compare(&mut self, checkpoint: &Checkpoint, place: &str) -> Result<(), Failure> {
        while let Some((place, other)) = self.presented.pop_if(|(_, other)| other.size <= checkpoint.size) {
            self.compare_one(other, place)?;
        }
        self.compare_one(checkpoint, place)
    }

    fn compare_one(&mut self, checkpoint: &Checkpoint, place: &str) -> Result<(), Failure> {
        if *self.origin.get_or_insert_with(|| checkpoint.origin.clone()) != checkpoint.origin {
            return Err(broken(
                format!("{place}：属于另一个账本"),
                format!("{place}: belongs to another ledger"),
            ));
        }
        while self.size() < checkpoint.size {
            if !self.step()? {
                let (first, last) = (self.size() + 1, checkpoint.size);
                return Err(broken(
                    format!("缺第 {first} 至 {last} 条，{place} 记有它们"),
                    format!("entries {first} to {last} are missing; {place} knows of them"),
                ));
            }
        }
        // Without an entry the suite isn't known, and both empty roots are as good.
        let agrees = match &self.tree {
            Some(tree) => tree.root() == checkpoint.root,
            None => [Suite::International, Suite::Guomi].iter().any(|suite| suite.empty() == checkpoint.root),
        };
        if !agrees {
            let (first, last) = (self.agreed + 1, checkpoint.size);
            return Err(broken(
                format!("{place} 的根不符：第 {first} 至 {last} 条中有改动，或账本已分叉"),
                format!(
                    "the root differs from {place}: among entries {first} to {last} one was altered, or the ledger forked"
                ),
            ));
        }
        self.agreed = checkpoint.size;
        Ok(())
    }

    /// Nothing may follow the newest checkpoint, and no checkpoint from elsewhere may know of more. `since` is size and
    /// time of what a witness saw last.
    fn finish(&mut self, since: Option<(u64, u64)>) -> Result<(), Failure> {
        let covered = self.size();
        let more = self.step()?;
        if let Some((place, newer)) = self.presented.last() {
            let (first, last) = (covered + 1, newer.size);
            let seen = since.map(|(size, seconds)| (size, time(seconds)));
            let (zh, en) = seen.map_or_else(Default::default, |(size, when)| {
                (format!("；见证方于 {when} 见到 {size} 条"), format!("; a witness saw {size} at {when}"))
            });
            return Err(broken(
                format!("账本被退回：缺第 {first} 至 {last} 条，{place} 记有它们{zh}"),
                format!(
                    "the ledger was put back: entries {first} to {last} are missing, {place} knows of them{en}"
                ),
            ));
        }
        if more {
            let first = covered + 1;
            return Err(broken(
                format!("第 {first} 条起没有检查点"),
                format!("from entry {first} on there is no checkpoint"),
            ));
        }
        Ok(())
    }

    /// Puts the next entry into the tree; false when there is none.
    fn step(&mut self) -> Result<bool, Failure> {
        loop {
            let seq = self.size() + 1;
            let Some((path, reader)) = &mut self.file else {
                let Some(path) = self.files.pop() else { return Ok(false) };
                let reader = BufReader::with_capacity(BLOCK, open(&path)?);
                self.begin(path, reader, seq)?;
                continue;
            };
            let mut length = [0; 4];
            match fill(reader, &mut length).map_err(|error| unreadable(path, &error))? {
                0 => {
                    self.file = None;
                    continue;
                }
                4 => {}
                _ => return Err(cut(path, seq)),
            }
            let length = u32::from_be_bytes(length);
            if length == 0 || length > LONGEST_ENTRY {
                return Err(cut(path, seq));
            }
            let (Some(tree), Some(suite)) = (&mut self.tree, self.suite) else {
                return Err(unclear("内部错误", "internal error"));
            };
            // Most entries lie in what was read from the disk already, and are hashed where they lie.
            let whole = usize::try_from(length).unwrap_or(usize::MAX);
            let leaf = if let Some(entry) = reader.buffer().get(..whole) {
                let leaf = suite.leaf(entry);
                reader.consume(whole);
                leaf
            } else {
                // Not more than is there, whatever the length says: the buffer grows as bytes come.
                self.entry.clear();
                reader
                    .take(u64::from(length))
                    .read_to_end(&mut self.entry)
                    .map_err(|error| unreadable(path, &error))?;
                if self.entry.len() as u64 != u64::from(length) {
                    return Err(cut(path, seq));
                }
                suite.leaf(&self.entry)
            };
            tree.push(leaf);
            return Ok(true);
        }
    }

    /// Reads a file's header and holds it against its name, its predecessors and what comes next.
    fn begin(&mut self, path: PathBuf, mut reader: BufReader<File>, seq: u64) -> Result<(), Failure> {
        let unread = |error| unreadable(&path, &error);
        let no_header = || {
            let path = path.display();
            broken(format!("{path} 的文件头不对"), format!("{path}: its header isn't one"))
        };
        let mut head = [0; 8];
        let found = fill(&mut reader, &mut head).map_err(unread)?;
        let [b'J', b'G', b'L', b'G', 1, suite, high, low] = head else { return Err(no_header()) };
        let length = u16::from_be_bytes([high, low]);
        if found < head.len() || length > LONGEST_LOG {
            return Err(no_header());
        }
        let mut rest = vec![0; usize::from(length) + 8];
        let found = fill(&mut reader, &mut rest).map_err(unread)?;
        let (log, first) = rest.split_last_chunk::<8>().ok_or_else(no_header)?;
        let log = std::str::from_utf8(log).ok().filter(|log| is_log(log)).ok_or_else(no_header)?;
        let suite = Suite::from_byte(suite).filter(|_| found == rest.len()).ok_or_else(no_header)?;
        let first = u64::from_be_bytes(*first);
        let name = format!("{first:020}.entries");
        if path.file_name().is_none_or(|own| own != name.as_str()) || first != seq {
            let path = path.display();
            return Err(broken(
                format!("此处应是第 {seq} 条，{path} 从第 {first} 条开始"),
                format!("entry {seq} should come here; {path} begins with entry {first}"),
            ));
        }
        let origin = format!("jingui/{log}");
        if *self.suite.get_or_insert(suite) != suite
            || *self.origin.get_or_insert_with(|| origin.clone()) != origin
        {
            let path = path.display();
            return Err(broken(
                format!("{path} 属于另一个账本"),
                format!("{path} belongs to another ledger"),
            ));
        }
        self.tree.get_or_insert_with(|| Tree::new(suite));
        self.file = Some((path, reader));
        Ok(())
    }
}

/// Whether a log may have that id: it stands in names of files and on the screen.
pub fn is_log(log: &str) -> bool {
    !log.is_empty() && log.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Reads until the buffer is full or the file ends; answers how much there was.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut rest = buffer;
    let whole = rest.len();
    while !rest.is_empty() {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => rest = rest.get_mut(read..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(whole - rest.len())
}

fn cut(path: &Path, seq: u64) -> Failure {
    let path = path.display();
    broken(format!("{path} 中第 {seq} 条不完整"), format!("{path}: entry {seq} is cut or its length altered"))
}
