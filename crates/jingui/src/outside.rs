//! What is kept outside the machine and held against it: checkpoints on key holders' media and in backups, witnesses on
//! other computers, exported ledgers. Owns the refusal to serve a ledger that was put back.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jingui_backup::{BackupError, Manifest, Place};
use jingui_ledger::{Checkpoint, Note, NoteKey, NoteKeyKind, SegmentWriter, TreeSuite, segment_name};
use jingui_office::keys::go_on::{Contradiction, Loss};
use jingui_regulation::Moment;
use jingui_server::{Answered, Lacking, WitnessAt, newest, offer};
use jingui_store::{Standing, Store, StoreError};
use jingui_witness::{Witness, WitnessKey};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

/// Entries in a file of an exported ledger.
const SEGMENT: u64 = 100_000;

/// The ledger isn't the newest that somebody outside knows of.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PutBack(String);

/// Reads the checkpoint in a file: a signed note, whatever stands before or after it.
pub fn note(path: &Path) -> anyhow::Result<Note> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("can't read the checkpoint in {}", path.display()))?;
    let text = format!("{}\n", text.replace("\r\n", "\n").trim());
    Note::parse(&text).with_context(|| format!("{} holds no checkpoint", path.display()))
}

/// Compares the ledger with checkpoints kept outside; fails when one of them knows of entries that the ledger hasn't, or of
/// another history.
pub fn compare(store: &Store, files: &[PathBuf]) -> anyhow::Result<()> {
    refuse(&lacking(store, losses(store, files)?)?)
}

/// What checkpoints kept outside know and the ledger hasn't.
pub fn losses(store: &Store, files: &[PathBuf]) -> anyhow::Result<Vec<Loss>> {
    let mut losses = Vec::new();
    for path in files {
        let kept = fs::metadata(path).and_then(|file| file.modified()).ok().and_then(moment);
        losses.extend(loss(store, &name(path), &note(path)?, kept)?);
    }
    Ok(losses)
}

/// What the newest backup in a place knows and the ledger hasn't. A place that can't be read is said, and no reason to stay
/// closed.
pub fn in_backup(store: &Store, place: &str) -> anyhow::Result<Option<Loss>> {
    let read = Place::open(place).and_then(|place| Manifest::read(&place));
    let manifest = match read {
        Ok(manifest) => manifest,
        Err(BackupError::None) => return Ok(None),
        Err(error) => {
            eprintln!("备份位置 {place} 读不出 / the place of backups can't be read: {error}");
            return Ok(None);
        }
    };
    let note = Note::parse(&manifest.checkpoint)?;
    loss(
        store,
        &format!("备份 {}", name(Path::new(place))),
        &note,
        serde_json::from_value(manifest.at.into()).ok(),
    )
}

fn loss(store: &Store, told_by: &str, note: &Note, at: Option<Moment>) -> anyhow::Result<Option<Loss>> {
    if store.note_key()?.verify(note).is_err() {
        bail!("the checkpoint in {told_by} isn't signed by this office's ledger; give one of its own");
    }
    let known = Checkpoint::parse(note.text())?;
    let how = match store.read(|conn| store.standing(conn, &known))? {
        Standing::Continued => return Ok(None),
        Standing::Ahead { .. } => Contradiction::Ahead,
        Standing::Forked { .. } => Contradiction::Forked,
    };
    let root = Some(data_encoding::HEXLOWER.encode(&known.root));
    Ok(Some(Loss { told_by: told_by.to_owned(), how, size: known.size, root, at }))
}

/// Its name alone: it is told at the door, where nobody has said yet who they are.
pub fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn moment(at: std::time::SystemTime) -> Option<Moment> {
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Moment::from_millis(i64::try_from(since.as_millis()).ok()?))
}

/// Asks witnesses what they know and the ledger hasn't; one that can't be reached is said and no reason to stay closed.
pub fn ask(store: &Store, witnesses: &[WitnessAt]) -> anyhow::Result<Vec<Loss>> {
    let mut losses = Vec::new();
    if witnesses.is_empty() {
        return Ok(losses);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for witness in witnesses {
        let name = witness.key.name();
        let (how, size) = match runtime.block_on(offer(witness, store)) {
            Answered::Signed { size, .. } => {
                println!("见证者 {name} 已签署 {size} 笔 / witnessed.");
                continue;
            }
            Answered::Ahead { known, .. } => (Contradiction::Ahead, known),
            Answered::Forked { size } => (Contradiction::Forked, size),
            Answered::Stranger => bail!("witness {name} doesn't know this ledger; enrol its key there first"),
            Answered::Waiting | Answered::Silent => {
                eprintln!(
                    "见证者 {name} 未应答 / witness {name} doesn't answer; it is asked again every minute."
                );
                continue;
            }
        };
        // What it signed says more than its answer, and can be proven.
        let newest = runtime.block_on(newest(witness, store)).filter(|(seen, _)| seen.size == size);
        let root = newest.as_ref().map(|(seen, _)| data_encoding::HEXLOWER.encode(&seen.root));
        let at = newest.map(|(_, at)| at);
        losses.push(Loss { told_by: format!("见证者 {name}"), how, size, root, at });
    }
    Ok(losses)
}

/// What the ledger lacks, with where it ends itself.
pub fn lacking(store: &Store, losses: Vec<Loss>) -> anyhow::Result<Lacking> {
    Ok(store.read(|conn| -> Result<_, StoreError> {
        let journal = Checkpoint::parse(store.checkpoint(conn)?.text())?.size;
        let since = store.entry(conn, journal)?.map(|last| last.at);
        Ok(Lacking { journal, since, losses })
    })?)
}

/// Fails where the ledger lacks anything.
pub fn refuse(lacking: &Lacking) -> anyhow::Result<()> {
    if lacking.losses.is_empty() { Ok(()) } else { Err(PutBack(told(lacking)).into()) }
}

/// What is missing since when, and who says so, line by line.
pub fn told(lacking: &Lacking) -> String {
    let Lacking { journal, since, losses } = lacking;
    let last = since.map_or_else(|| "—".to_owned(), |at| at.to_string());
    let lines = losses.iter().map(|Loss { told_by: who, how, size, at, .. }| {
        let at = at.map_or_else(String::new, |at| format!("（{at}）"));
        match how {
            Contradiction::Ahead => format!(
                "账本被退回：{who}{at} 见过 {size} 笔，现只有 {journal} 笔，缺第 {} 至 {size} 笔（自 {last} 起）。请从备份恢复 / \
                 the ledger was put back: entries {} to {size} are missing, since {last}; restore the newest backup",
                journal + 1,
                journal + 1
            ),
            Contradiction::Forked => format!(
                "账本分叉：在第 {size} 笔之前与 {who}{at} 所见不同。请勿继续使用，保护现场并报告 / \
                 the ledger isn't the one seen outside: it differs before entry {size}; leave the machine as it is and report it"
            ),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A witness as it is named on the command line: `http://10.1.2.3:8090=name+id+key`.
pub fn witness_at(text: &str) -> Result<WitnessAt, String> {
    let wanted = || "expected http://ADDRESS=NAME+ID+KEY, as `jingui witness` prints it".to_owned();
    let (url, key) = text.split_once('=').ok_or_else(wanted)?;
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(wanted());
    }
    let key = NoteKey::parse(key).map_err(|_| wanted())?;
    if !key.kind().cosigns() {
        return Err(
            "this key signs as a ledger, not as a witness; give the one that `jingui witness` prints"
                .to_owned(),
        );
    }
    Ok(WitnessAt { url: url.to_owned(), key })
}

/// Writes the newest checkpoint into a file outside, in place of an older one; atomically.
pub fn keep_checkpoint(store: &Store, path: &Path) -> anyhow::Result<()> {
    let note = store.read(|conn| store.checkpoint(conn))?;
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside).with_context(|| format!("can't write {}", beside.display()))?;
    file.write_all(note.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

/// Puts the checkpoint of what was given up aside, as evidence, before the newest takes its place on a medium.
pub fn keep_given_up(path: &Path, size: u64) -> anyhow::Result<()> {
    fs::rename(path, path.with_extension(format!("given-up-{size}")))?;
    Ok(())
}

/// Exports the ledger into an empty directory, in the form that `jingui-verify` reads.
pub fn export(store: &Store, directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("can't make {}", directory.display()))?;
    if fs::read_dir(directory)?.next().is_some() {
        bail!("{} isn't empty; choose an empty directory", directory.display());
    }
    let size = store.read(|conn| -> anyhow::Result<u64> {
        let note = store.checkpoint(conn)?;
        let size = Checkpoint::parse(note.text())?.size;
        let mut first = 1;
        while first <= size {
            let last = (first + SEGMENT - 1).min(size);
            let file = fs::File::create(directory.join(segment_name(first)))?;
            let mut writer =
                SegmentWriter::begin(std::io::BufWriter::new(file), store.tree(), store.log_id(), first)?;
            for seq in first..=last {
                let sealed = store.sealed(conn, seq)?.with_context(|| format!("entry {seq} is missing"))?;
                writer.entry(&sealed)?;
            }
            writer.into_inner().into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
            first = last + 1;
        }
        let mut notes: Vec<_> = store.checkpoints(conn, u32::MAX)?;
        notes.reverse();
        let kept: String = notes
            .iter()
            .filter(|(at, ..)| (1..size).contains(at))
            .map(|(_, _, note)| note.as_str())
            .collect();
        fs::write(directory.join("checkpoints"), format!("{kept}{note}"))?;
        fs::write(directory.join("vkey"), format!("{}\n", store.note_key()?))?;
        Ok(size)
    })?;
    println!("已导出 {size} 笔账 / {size} entries exported: jingui-verify {}", directory.display());
    Ok(())
}

/// Runs a witness until the process is told to end: its own key on first use, and the ledgers it is told of.
pub fn serve_witness(
    directory: &Path,
    listen: SocketAddr,
    name: &str,
    logs: &[String],
) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("can't make {}", directory.display()))?;
    let keys =
        logs.iter().map(|log| NoteKey::parse(log).with_context(|| format!("{log} isn't a ledger's key")));
    let keys: Vec<NoteKey> = keys.collect::<Result<_, _>>()?;
    let path = witness_key(directory);
    if !path.exists() {
        // It signs as the ledger does that it is made for.
        let suite = keys.first().map_or(TreeSuite::International, suite);
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        ChaCha20Rng::from_os_rng().fill_bytes(seed.as_mut());
        WitnessKey::new(name, suite, &seed)?.save(&path)?;
    }
    let witness = Witness::open(directory, WitnessKey::open(&path)?)?;
    for key in keys {
        let origin = key.name().to_owned();
        witness.enrol(&origin, suite(&key), vec![key])?;
    }
    let key = witness.public().to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("can't listen on {listen}; choose a free port"))?;
        let address = listener.local_addr()?;
        println!("见证者在 http://{address} 工作 / witnessing. 交给被见证的服务 / for the office:\n--witness http://{address}={key}");
        let router = jingui_witness::router(Arc::new(witness), seconds);
        axum::serve(listener, router).with_graceful_shutdown(told_to_end()).await?;
        Ok(())
    })
}

fn witness_key(directory: &Path) -> PathBuf {
    directory.join("witness.key")
}

const fn suite(key: &NoteKey) -> TreeSuite {
    match key.kind() {
        NoteKeyKind::Sm2 | NoteKeyKind::CosignSm2 => TreeSuite::Guomi,
        NoteKeyKind::Ed25519 | NoteKeyKind::CosignEd25519 => TreeSuite::International,
    }
}

/// Accepts a ledger anew at a witness that saw more, or something else, of it: the auditor's decision, on the auditor's
/// computer, while the witness isn't at work.
pub fn accept(directory: &Path, checkpoint: &Path, seen: u64, reason: &str) -> anyhow::Result<()> {
    let witness = Witness::open(directory, WitnessKey::open(&witness_key(directory))?)?;
    let accepted = witness.accept(&note(checkpoint)?, seen, reason, seconds())?;
    println!(
        "见证者不再以所见的 {} 笔为准，从 {} 笔起重新见证；原检查点和事由留存在 {} / the witness gives up the {} entries it saw and goes on from {}; \
         what it saw is kept in {}",
        accepted.seen,
        accepted.from,
        accepted.kept.display(),
        accepted.seen,
        accepted.from,
        accepted.kept.display()
    );
    Ok(())
}

async fn told_to_end() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminate {
        Ok(mut terminate) => {
            tokio::select! { _ = terminate.recv() => {} _ = tokio::signal::ctrl_c() => {} }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Seconds since 1970.
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
