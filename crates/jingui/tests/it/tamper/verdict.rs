//! What is said of something that was tampered with, by the programs that an operator has.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use jingui_ledger::Note;

use super::house::House;
use super::witness;
use crate::program::{err, jingui, out, text};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Refused when it is opened or read.
    Refused(String),
    /// Found by verification.
    Verified(String),
    /// Found by comparison with a checkpoint or a witness outside.
    Outside(String),
    /// What was altered means nothing: all reads as before, compared piece by piece.
    Nothing,
    /// Nobody noticed. There must be none.
    Silent(String),
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A data directory, and its files where so said.
    Book { killed: bool, files: bool },
    /// A backup.
    Backup,
    /// An exported ledger.
    Ledger,
    /// A proof with its entry.
    Proof,
    /// A checkpoint kept outside.
    Checkpoint,
    /// What a witness keeps.
    Witness,
}

impl House {
    /// What is said of the copy in `at`, whose untouched model lies in `model`.
    pub fn verdict(&self, look: Look, at: &Path, model: &Path) -> Verdict {
        match look {
            Look::Book { killed, files } => {
                let checkpoint = if killed { &self.killed_checkpoint } else { &self.checkpoint };
                let mut arguments = vec!["verify", "--data", text(at), "--key-file", text(&self.key)];
                arguments.extend(["--checkpoint", text(checkpoint)]);
                arguments.extend(files.then_some("--files"));
                program(&arguments).unwrap_or_else(|| {
                    let (now, before) = (self.content(at), &self.contents[usize::from(killed)]);
                    let differs = now.iter().zip(before).find(|(now, before)| now != before);
                    if now == *before {
                        return Verdict::Nothing;
                    }
                    Verdict::Silent(format!("{} and {} rows: {differs:?}", now.len(), before.len()))
                })
            }
            Look::Backup => program(&["verify-backup", text(at)])
                .or_else(|| self.ledger_of(&at.join("ledger")))
                .unwrap_or_else(|| same_bytes(at, model)),
            Look::Ledger => self.ledger_of(at).unwrap_or_else(|| same_bytes(at, model)),
            Look::Proof => {
                let (proof, entry) = (at.join("3.tlog-proof"), at.join("3.entry"));
                let arguments = [text(&proof), "--log", &self.log, "--entry", text(&entry)];
                verifier(&arguments).unwrap_or_else(|| same_bytes(at, model))
            }
            Look::Checkpoint => {
                let data = super::house::scratch();
                super::house::copied(self.newest(), data.path()).unwrap();
                let file = at.join("checkpoint");
                let arguments = [
                    "verify",
                    "--data",
                    text(data.path()),
                    "--key-file",
                    text(&self.key),
                    "--checkpoint",
                    text(&file),
                ];
                let note =
                    |path: &Path| Note::parse(&format!("{}\n", fs::read_to_string(path).ok()?.trim())).ok();
                program(&arguments).unwrap_or_else(|| {
                    // What is accepted is what was signed: the same size, the same root.
                    if note(&file) == note(&self.checkpoint) {
                        return Verdict::Nothing;
                    }
                    Verdict::Silent("another checkpoint was accepted".to_owned())
                })
            }
            Look::Witness => match witness::newest(at, &self.log) {
                Err(told) => Verdict::Refused(told),
                Ok(seen) if said(seen.as_deref()) == said(self.seen.as_deref()) => Verdict::Nothing,
                Ok(seen) => Verdict::Silent(format!("{seen:?}")),
            },
        }
    }

    /// By the key that lies there and by the one kept elsewhere.
    fn ledger_of(&self, at: &Path) -> Option<Verdict> {
        verifier(&[text(at)]).or_else(|| verifier(&[text(at), "--log", &self.log]))
    }
}

/// Runs the program; nothing when it is content.
pub fn program(arguments: &[&str]) -> Option<Verdict> {
    let output = jingui(arguments);
    let told = err(&output);
    match output.status.code() {
        Some(0) => None,
        Some(3) if told.contains("账本被退回") || told.contains("账本分叉") => {
            Some(Verdict::Outside(told))
        }
        Some(3) => Some(Verdict::Verified(told)),
        Some(1) => Some(Verdict::Refused(told)),
        // Neither a signal nor a panic is a verdict.
        other => panic!("{arguments:?} ended with {other:?}: {told} {}", out(&output)),
    }
}

/// Runs `jingui-verify`; nothing when it is content.
fn verifier(arguments: &[&str]) -> Option<Verdict> {
    let mut told = Vec::new();
    let code = jingui_verify::run(arguments.iter().map(OsString::from), &mut told);
    let told = String::from_utf8_lossy(&told).into_owned();
    match code {
        0 => None,
        1 => Some(Verdict::Verified(told)),
        _ => Some(Verdict::Refused(told)),
    }
}

/// What a witness decides by: size, root and its own signature. The log's signature under them isn't read again.
fn said(note: Option<&str>) -> Option<(String, Vec<String>)> {
    let note = Note::parse(note?).ok()?;
    let own = note.signatures().iter().filter(|line| line.name() == "auditor").map(ToString::to_string);
    Some((note.text().to_owned(), own.collect()))
}

fn same_bytes(at: &Path, model: &Path) -> Verdict {
    let mut names: Vec<_> = super::files(model);
    names.retain(|name| fs::read(at.join(name)).ok() != fs::read(model.join(name)).ok());
    match names.first() {
        None => Verdict::Nothing,
        Some(name) => Verdict::Silent(format!("{} was altered", name.display())),
    }
}

impl Verdict {
    /// What was said.
    pub fn told(&self) -> &str {
        match self {
            Self::Refused(told) | Self::Verified(told) | Self::Outside(told) | Self::Silent(told) => told,
            Self::Nothing => "",
        }
    }

    /// Whether it is named where: the file, or a page, an entry, a record, by its number.
    pub fn names_the_place(&self, file: &str) -> bool {
        const PLACES: [&str; 13] = [
            "page ",
            "entry ",
            "entries ",
            "the record ",
            "don't fit together",
            "don't belong together",
            "checkpoint",
            "words kept of file ",
            "the key of file ",
            "in the vault",
            "from the vault",
            "saved root",
            "the first bytes of its file",
        ];
        let name = file.rsplit('/').next().unwrap_or(file);
        let told = self.told();
        *self == Self::Nothing || told.contains(name) || PLACES.iter().any(|place| told.contains(place))
    }
}
