//! What the caller asks for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::lines::{Lines, NoLine};
use crate::note_key::NoteKey;
use crate::verdict::{Failure, broken, unclear, unreadable};

pub const HELP: &str = "\
用法 / usage: jingui-verify 目录或证据文件 / DIRECTORY-OR-EVIDENCE [选项 / OPTIONS]

  --log VKEY         账本的公钥，或存有它的文件 / the ledger's public key, or a file that holds it
  --checkpoint FILE  另处保存的检查点，可多次 / checkpoints kept elsewhere; repeatable
  --witness VKEY     见证方的公钥，或存有它的文件，可多次 / a witness' public key, or a file that holds it; repeatable
  --entry FILE       单条证明 (.tlog-proof) 所证条目的密封字节 / the sealed bytes that a .tlog-proof is about
  --show             显示证据中已开启的内容 / print what the evidence opens

退出码 / exit code: 0 完整 / whole, 1 破损 / broken, 2 无法判断 / can't tell";

/// Keys that a file of keys may hold: a log has had a few.
const MOST_KEYS: usize = 64;
/// Checkpoints that may be presented: one a minute for a month.
const MOST_PRESENTED: usize = 50_000;

pub struct Arguments {
    pub path: PathBuf,
    /// Keys of the log; none when the caller gave none.
    pub log: Vec<NoteKey>,
    /// Checkpoints kept elsewhere, with where they stand.
    pub presented: Vec<(String, Checkpoint)>,
    pub witnesses: Vec<NoteKey>,
    pub entry: Option<PathBuf>,
    pub show: bool,
}

impl Arguments {
    /// Reads the command line and the files it names; nothing when help was asked for.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, Failure> {
        let mut arguments = arguments.into_iter();
        let mut path = None;
        let mut read = Self {
            path: PathBuf::new(),
            log: Vec::new(),
            presented: Vec::new(),
            witnesses: Vec::new(),
            entry: None,
            show: false,
        };
        while let Some(argument) = arguments.next() {
            let name = argument.to_str().unwrap_or_default();
            let mut value = || {
                arguments.next().ok_or_else(|| {
                    unclear(format!("{name} 之后缺少内容"), format!("{name} wants something after it"))
                })
            };
            match name {
                "--help" | "-h" => return Ok(None),
                "--log" => read.log.extend(keys(&value()?)?),
                "--witness" => {
                    let keys = keys(&value()?)?;
                    if keys.iter().any(|key| !key.cosigns) {
                        return Err(unclear("这不是见证方的公钥", "this isn't the key of a witness"));
                    }
                    read.witnesses.extend(keys);
                }
                "--checkpoint" => present(Path::new(&value()?), &mut read.presented)?,
                "--entry" => read.entry = Some(value()?.into()),
                "--show" => read.show = true,
                _ if name.starts_with("--") => {
                    return Err(unclear(
                        format!("未知选项 {name}；见 --help"),
                        format!("unknown option {name}; see --help"),
                    ));
                }
                _ if path.is_none() => path = Some(argument.into()),
                _ => return Err(unclear("只能给出一个目录或文件", "give one directory or file only")),
            }
        }
        read.path = path.ok_or_else(|| {
            unclear("请给出目录或文件；见 --help", "give a directory or a file; see --help")
        })?;
        read.presented.sort_by_key(|(_, checkpoint)| checkpoint.size);
        Ok(Some(read))
    }
}

/// A key, or a file of keys.
fn keys(argument: &OsString) -> Result<Vec<NoteKey>, Failure> {
    match argument.to_str().and_then(NoteKey::parse) {
        Some(key) => Ok(vec![key]),
        None => read_keys(Path::new(argument)),
    }
}

/// A file of keys, one a line.
pub fn read_keys(path: &Path) -> Result<Vec<NoteKey>, Failure> {
    let mut lines = Lines::open(path)?;
    let mut keys = Vec::new();
    loop {
        match lines.take(4096) {
            Ok(None) if !keys.is_empty() => return Ok(keys),
            Ok(Some(line)) if keys.len() < MOST_KEYS => match NoteKey::parse(&line) {
                Some(key) => keys.push(key),
                None => break,
            },
            Err(NoLine::Unreadable(error)) => return Err(unreadable(path, &error)),
            _ => break,
        }
    }
    let (path, line) = (path.display(), lines.number);
    Err(broken(format!("{path} 第 {line} 行不是公钥"), format!("{path}: line {line} isn't a public key")))
}

fn present(path: &Path, presented: &mut Vec<(String, Checkpoint)>) -> Result<(), Failure> {
    let mut lines = Lines::open(path)?;
    let before = presented.len();
    while let Some(checkpoint) = Checkpoint::read(&mut lines, path)? {
        if presented.len() >= MOST_PRESENTED {
            return Err(unclear("给出的检查点过多", "too many checkpoints are presented"));
        }
        presented.push((path.display().to_string(), checkpoint));
    }
    if presented.len() == before {
        return Err(unclear(format!("{} 是空的", path.display()), format!("{} is empty", path.display())));
    }
    Ok(())
}
