//! Checkpoints: signed notes of three lines, read one after another from a file.

use std::io::BufRead;
use std::path::Path;

use data_encoding::BASE64;

use crate::lines::{Lines, NoLine, base64, hash, number};
use crate::note_key::{NoteKey, Signature, Signed, is_name};
use crate::suite::Hash;
use crate::verdict::{Failure, broken, unreadable};

/// Bytes of a line with a signature; those of ML-DSA, which are skipped, are the longest there are.
const LONGEST_LINE: u64 = 16 << 10;
const MOST_SIGNATURES: usize = 64;

/// What a journal's key signed about it.
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    pub signatures: Vec<Signature>,
}

impl Checkpoint {
    /// Reads the next one; nothing at the end of the file.
    pub fn read<R: BufRead>(lines: &mut Lines<R>, path: &Path) -> Result<Option<Self>, Failure> {
        let Some(origin) = line(lines, path)? else { return Ok(None) };
        let rest = (line(lines, path)?, line(lines, path)?, line(lines, path)?);
        let (Some(size), Some(root), Some(empty)) = rest else { return Err(malformed(lines, path)) };
        let body = number(&size).zip(hash(&root)).filter(|_| empty.is_empty() && !origin.is_empty());
        let (size, root) = body.ok_or_else(|| malformed(lines, path))?;
        let mut signatures = Vec::new();
        while signature_follows(lines, path)? {
            let line = line(lines, path)?.unwrap_or_default();
            let signature = signature(&line)
                .filter(|next| signatures.len() < MOST_SIGNATURES && !signatures.contains(next));
            signatures.push(signature.ok_or_else(|| malformed(lines, path))?);
        }
        if signatures.is_empty() {
            return Err(malformed(lines, path));
        }
        Ok(Some(Self { origin, size, root, signatures }))
    }

    /// The signed text.
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }

    /// Refuses it unless one of these keys of the log signed it, and where any line of theirs is wrong.
    pub fn signed_by_the_log(&self, keys: &[NoteKey], place: &str) -> Result<(), Failure> {
        let text = self.text();
        let mut signed = false;
        for key in keys {
            match key.check(&text, &self.signatures) {
                Signed::No => {}
                Signed::Wrong => return Err(wrong_signature(&key.name, place)),
                Signed::Yes(_) => signed = true,
            }
        }
        if signed {
            return Ok(());
        }
        Err(broken(
            format!("{place}：没有账本密钥的签名"),
            format!("{place}: the ledger's key didn't sign it"),
        ))
    }

    /// When a witness signed it, in seconds since 1970, if it did; refuses it where the witness' line is wrong.
    pub fn witnessed(&self, witness: &NoteKey, place: &str) -> Result<Option<u64>, Failure> {
        match witness.check(&self.text(), &self.signatures) {
            Signed::No => Ok(None),
            Signed::Wrong => Err(wrong_signature(&witness.name, place)),
            Signed::Yes(time) => Ok(Some(time)),
        }
    }
}

fn wrong_signature(name: &str, place: &str) -> Failure {
    broken(format!("{place}：{name} 的签名不对"), format!("{place}: the signature of {name} doesn't fit"))
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let decoded = base64(encoded)?;
    let (id, bytes) = decoded.split_first_chunk::<4>()?;
    let sound = is_name(name) && !bytes.is_empty();
    sound.then(|| Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

fn signature_follows<R: BufRead>(lines: &mut Lines<R>, path: &Path) -> Result<bool, Failure> {
    match lines.peek(LONGEST_LINE) {
        Ok(next) => Ok(next.is_some_and(|next| next.starts_with("\u{2014} "))),
        Err(error) => Err(no_line(&error, lines, path)),
    }
}

fn line<R: BufRead>(lines: &mut Lines<R>, path: &Path) -> Result<Option<String>, Failure> {
    lines.take(LONGEST_LINE).map_err(|error| no_line(&error, lines, path))
}

fn no_line<R: BufRead>(error: &NoLine, lines: &Lines<R>, path: &Path) -> Failure {
    match error {
        NoLine::Malformed => malformed(lines, path),
        NoLine::Unreadable(error) => unreadable(path, error),
    }
}

fn malformed<R: BufRead>(lines: &Lines<R>, path: &Path) -> Failure {
    let (path, line) = (path.display(), lines.number);
    broken(format!("{path} 第 {line} 行附近不是检查点"), format!("{path}: no checkpoint around line {line}"))
}
