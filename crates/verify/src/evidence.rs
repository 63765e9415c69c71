//! A file of evidence, or a single C2SP tlog-proof: entries that are under a checkpoint, some of them opened.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use crate::arguments::Arguments;
use crate::checkpoint::Checkpoint;
use crate::ledger::is_log;
use crate::lines::{Lines, NoLine, base64, hash, number, open};
use crate::opening;
use crate::suite::{Hash, Suite};
use crate::tree::root_from;
use crate::verdict::{Failure, broken, time, unclear, unreadable};

/// Bytes of a line with the longest entry in base 64.
const LONGEST_LINE: u64 = 23 << 20;
const LONGEST_ENTRY: u64 = 16 << 20;
const MOST_HASHES: usize = 64;
const PROOF: &str = "c2sp.org/tlog-proof@v1";

pub fn verify(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let mut file = Reader { lines: Lines::open(&arguments.path)?, path: &arguments.path };
    if arguments.log.is_empty() {
        return Err(unclear(
            "证据须用账本的公钥核对，请用 --log 给出",
            "evidence is checked with the ledger's key; give it with --log",
        ));
    }
    match file.take()?.as_deref() {
        Some("jingui/evidence/1") => entries(file, arguments, out),
        Some(PROOF) => proof(file, arguments, out),
        _ => Err(file.malformed()),
    }
}

fn entries(mut file: Reader<'_>, arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let suite = file.take()?.as_deref().and_then(|line| Suite::from_name(line.strip_prefix("suite ")?));
    let suite = suite.ok_or_else(|| file.malformed())?;
    file.empty_line()?;
    let checkpoint = file.checkpoint(arguments)?;
    let log = checkpoint.origin.strip_prefix("jingui/").filter(|log| is_log(log));
    let log = log.ok_or_else(|| file.malformed())?;
    let (mut last, mut count, mut opened) = (0, 0_u64, 0_u64);
    while file.follows(|_| true)? {
        file.empty_line()?;
        let entry = file.entry()?;
        let seq = entry.seq;
        if seq <= last {
            return Err(file.malformed());
        }
        last = seq;
        let root = root_from(suite, suite.leaf(&entry.sealed), seq - 1, checkpoint.size, &entry.proof);
        if root != Some(checkpoint.root) {
            return Err(unproven(seq));
        }
        count += 1;
        if let Some(opening) = &entry.opening {
            let plain = opening::open(suite, opening, log, seq, &entry.sealed).ok_or_else(|| {
                broken(
                    format!("第 {seq} 条：所附密钥打不开它"),
                    format!("entry {seq}: the key that came with it doesn't open it"),
                )
            })?;
            opened += 1;
            if arguments.show {
                writeln!(out, "第 {seq} 条 / entry {seq}: {}", printable(&plain))?;
            }
        }
    }
    if count == 0 {
        return Err(broken("证据中没有条目", "the evidence has no entry"));
    }
    say(arguments, &checkpoint, out)?;
    writeln!(out, "已证条目 / entries proven: {count}")?;
    Ok(writeln!(out, "已开启 / opened: {opened}")?)
}

fn proof(mut file: Reader<'_>, arguments: &Arguments, out: &mut dyn Write) -> Result<(), Failure> {
    let path = arguments.entry.as_deref().ok_or_else(|| {
        unclear("请用 --entry 给出条目的密封字节", "give the entry's sealed bytes with --entry")
    })?;
    let mut sealed = Vec::new();
    open(path)?.take(LONGEST_ENTRY + 1).read_to_end(&mut sealed).map_err(|error| unreadable(path, &error))?;
    let index = file.take()?.as_deref().and_then(|line| number(line.strip_prefix("index ")?));
    let index = index.ok_or_else(|| file.malformed())?;
    let hashes = file.hashes()?;
    file.empty_line()?;
    let checkpoint = file.checkpoint(arguments)?;
    if file.follows(|_| true)? {
        return Err(file.malformed());
    }
    // The text doesn't name its suite, and a hash of one is none of the other.
    let proven = [Suite::International, Suite::Guomi].into_iter().any(|suite| {
        root_from(suite, suite.leaf(&sealed), index, checkpoint.size, &hashes) == Some(checkpoint.root)
    });
    if !proven {
        return Err(unproven(index.saturating_add(1)));
    }
    say(arguments, &checkpoint, out)?;
    Ok(writeln!(out, "已证条目 / entry proven: {}", index.saturating_add(1))?)
}

fn unproven(seq: u64) -> Failure {
    broken(
        format!("第 {seq} 条：证明不成立"),
        format!("entry {seq}: isn't proven to be under the checkpoint"),
    )
}

fn say(arguments: &Arguments, checkpoint: &Checkpoint, out: &mut dyn Write) -> Result<(), Failure> {
    let mut witnessed = Vec::new();
    for witness in &arguments.witnesses {
        let seen = checkpoint.witnessed(witness, "检查点 / checkpoint")?;
        let seen = seen.ok_or_else(|| {
            let name = &witness.name;
            broken(
                format!("见证方 {name} 没有签署此检查点"),
                format!("witness {name} didn't sign the checkpoint"),
            )
        })?;
        witnessed.push((&witness.name, seen));
    }
    let (origin, size) = (&checkpoint.origin, checkpoint.size);
    writeln!(out, "完整 / whole: {origin} ({size})")?;
    for (name, seen) in witnessed {
        writeln!(out, "见证 / witness: {name} ({})", time(seen))?;
    }
    for (place, other) in arguments.presented.iter().filter(|(_, other)| other.size != size) {
        writeln!(
            out,
            "注意：{place} 的条数不同 ({})，无法由证据比较。 / note: {place} has another size ({}); evidence alone \
             can't be compared with it.",
            other.size, other.size
        )?;
    }
    Ok(())
}

/// Text of a hostile entry must not steer the terminal.
fn printable(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for letter in String::from_utf8_lossy(bytes).chars() {
        if letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

struct Entry {
    seq: u64,
    sealed: Vec<u8>,
    opening: Option<[u8; 32]>,
    proof: Vec<Hash>,
}

/// A file of evidence, read line by line.
struct Reader<'a> {
    lines: Lines<BufReader<File>>,
    path: &'a Path,
}

impl Reader<'_> {
    fn take(&mut self) -> Result<Option<String>, Failure> {
        self.lines.take(LONGEST_LINE).map_err(|error| self.no_line(error))
    }

    /// Whether there is another line, and it is such a one.
    fn follows(&mut self, such: impl FnOnce(&str) -> bool) -> Result<bool, Failure> {
        match self.lines.peek(LONGEST_LINE) {
            Ok(line) => Ok(line.is_some_and(such)),
            Err(error) => Err(self.no_line(error)),
        }
    }

    /// The next line after these letters.
    fn after(&mut self, prefix: &str) -> Result<String, Failure> {
        let line = self.take()?.and_then(|line| line.strip_prefix(prefix).map(str::to_owned));
        line.ok_or_else(|| self.malformed())
    }

    fn empty_line(&mut self) -> Result<(), Failure> {
        if self.take()?.is_some_and(|line| line.is_empty()) { Ok(()) } else { Err(self.malformed()) }
    }

    /// The checkpoint, signed by the log and in agreement with those from elsewhere.
    fn checkpoint(&mut self, arguments: &Arguments) -> Result<Checkpoint, Failure> {
        let read = Checkpoint::read(&mut self.lines, self.path)?;
        let checkpoint = read.ok_or_else(|| self.malformed())?;
        checkpoint.signed_by_the_log(&arguments.log, "检查点 / checkpoint")?;
        for (place, other) in &arguments.presented {
            other.signed_by_the_log(&arguments.log, place)?;
            if other.origin != checkpoint.origin {
                return Err(broken(
                    format!("{place}：属于另一个账本"),
                    format!("{place}: belongs to another ledger"),
                ));
            }
            if other.size == checkpoint.size && other.root != checkpoint.root {
                return Err(broken(
                    format!("{place}：条数相同而根不同，账本已分叉"),
                    format!("{place}: same size, other root; the ledger forked"),
                ));
            }
        }
        Ok(checkpoint)
    }

    fn entry(&mut self) -> Result<Entry, Failure> {
        let seq = number(&self.after("entry ")?).filter(|seq| *seq > 0);
        let seq = seq.ok_or_else(|| self.malformed())?;
        let sealed = base64(&self.after("sealed ")?).filter(|sealed| !sealed.is_empty());
        let sealed = sealed.ok_or_else(|| self.malformed())?;
        let opening = if self.follows(|line| line.starts_with("opening "))? {
            let opening = hash(&self.after("opening ")?);
            Some(opening.ok_or_else(|| self.malformed())?)
        } else {
            None
        };
        Ok(Entry { seq, sealed, opening, proof: self.hashes()? })
    }

    /// Hashes up to an empty line or the end, both of which are left there.
    fn hashes(&mut self) -> Result<Vec<Hash>, Failure> {
        let mut hashes = Vec::new();
        while self.follows(|line| !line.is_empty())? {
            let next = hash(&self.after("")?).filter(|_| hashes.len() < MOST_HASHES);
            hashes.push(next.ok_or_else(|| self.malformed())?);
        }
        Ok(hashes)
    }

    fn no_line(&self, error: NoLine) -> Failure {
        match error {
            NoLine::Malformed => self.malformed(),
            NoLine::Unreadable(error) => unreadable(self.path, &error),
        }
    }

    fn malformed(&self) -> Failure {
        let (path, line) = (self.path.display(), self.lines.number);
        broken(
            format!("{path} 第 {line} 行附近不合格式"),
            format!("{path}: not of the form around line {line}"),
        )
    }
}
