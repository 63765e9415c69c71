//! Taking a backup: of one committed state of the office, while work goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jingui_crypto::{ContentDigest, Keyring, Needs, Seal};
use jingui_ledger::{Checkpoint, Note, SegmentWriter, segment_name};
use jingui_store::{Standing, Store};
use jingui_vault::Vault;
use zeroize::Zeroizing;

use crate::beside::SealedRows;
use crate::error::BackupError;
use crate::manifest::{BESIDE, Contents, Copied, ENDING, FILES, LEDGER, Manifest, SEAL, Segment};
use crate::place::{Found, Object, PART, Place};
use crate::{Filed, Progress, Registers, Stage};

/// Entries read in one transaction; a long one would keep the writer from emptying its log.
const ENTRIES: u64 = 1 << 15;
/// Bytes from which on a file of entries is closed and the next one begun.
const SEGMENT: usize = 64 << 20;

/// Reads the text of the seal.
pub type ReadSeal<'a> = &'a (dyn Fn() -> Zeroizing<String> + Sync);

/// What a backup is taken of.
#[derive(Clone, Copy)]
pub struct Office<'a> {
    /// Records and journal.
    pub store: &'a Store,
    /// The files.
    pub vault: &'a Vault,
    /// The keys.
    pub keys: &'a Keyring,
    /// Reads the text of the seal, `key.json`, as it is at that moment: asked for after the entries, so that it opens all of
    /// them also when keys are rotated meanwhile. One whose key stands in the clear isn't copied.
    pub seal: Option<ReadSeal<'a>>,
    /// Reads all files off the registers.
    pub registers: Registers,
}

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its number in the place.
    pub number: u64,
    /// The signed checkpoint over what it holds.
    pub checkpoint: String,
    /// Entries in all, and how many of them are new in the place.
    pub entries: (u64, u64),
    /// Files and parts of files in all, and how many of them are new in the place.
    pub files: (u64, u64),
    /// Bytes written; every one of them was read back from the disk and is as it was written.
    pub bytes: u64,
    /// Files that the registers have and the vault hasn't, or hasn't as they were: names in the vault. What an earlier
    /// backup has of them stays in the place.
    pub missing: Vec<String>,
    /// Whether the seal lies in the backup. Where not, the office's key file must be kept elsewhere.
    pub sealed: bool,
    /// What was removed from the place: earlier manifests and keys, destroyed files, leftovers.
    pub removed: u64,
    /// How long it took.
    pub took: Duration,
}

/// Takes a backup into `place`, of which only what is new since the last one is written. When this answers, the backup is on
/// the disk and was read back. Broken off anywhere, the one before is whole. Refuses a journal that doesn't continue
/// the last backup.
pub fn run(office: &Office<'_>, place: &Place, progress: Progress<'_>) -> Result<Report, BackupError> {
    let begun = Instant::now();
    let _lock = place.lock()?;
    let Office { store, keys, .. } = *office;
    let suite = keys.suite();
    let last = Manifest::newest(place)?;
    if let Some(last) = &last {
        last.is_of(keys)?;
        if last.log != store.log_id() {
            return Err(BackupError::OtherOffice);
        }
    }
    let number = last.as_ref().map_or(1, |last| last.number + 1);
    let there = place.list("")?;
    let Snapshot { at, note, checkpoint, filed, beside, wrapped } =
        snapshot(office, place, number, last.as_ref())?;
    // Files of entries up to the first one that isn't there any more; what follows is copied again.
    let held = last.iter().flat_map(|last| &last.segments);
    let mut segments: Vec<Segment> = held.take_while(|part| lies(&there, &part.object)).cloned().collect();
    let from = segments.last().map_or(0, |last| last.first + last.entries - 1);
    let mut written = copy_entries(office, place, from, checkpoint.size, progress)?;
    let (files, mut fresh, missing) =
        copy_files(office, place, number, &filed, last.as_ref(), &there, progress)?;
    let new_files = fresh.len() as u64;
    fresh.extend(written.iter().map(|segment| segment.object.clone()));
    segments.append(&mut written);
    let seal = seal(office, place, number)?;
    fresh.extend(seal.iter().cloned());
    fresh.push(beside.clone());
    place.sync()?;
    verify(place, keys, &fresh, progress)?;
    let contents = Contents {
        log: store.log_id().to_owned(),
        number,
        at,
        checkpoint: note.clone(),
        seal,
        beside,
        wrapped,
        segments,
        files,
        missing: missing.clone(),
    };
    let manifest = Manifest::new(keys, contents);
    let name = Manifest::name(number);
    let object = place.put_at_once(&name, suite, manifest.to_text(keys)?.as_bytes())?;
    verify(place, keys, std::slice::from_ref(&object), progress)?;
    let removed = sweep(place, &manifest)?;
    // For `jingui-verify`, which reads a ledger and knows no backups.
    place.put(&format!("{LEDGER}/checkpoints"), suite, note.to_string().as_bytes())?;
    place.put(&format!("{LEDGER}/vkey"), suite, format!("{}\n", store.note_key()?).as_bytes())?;
    place.sync()?;
    Ok(Report {
        number,
        checkpoint: note.to_string(),
        entries: (checkpoint.size, checkpoint.size - from),
        files: (manifest.files.len() as u64, new_files),
        bytes: fresh.iter().map(|object| object.bytes).sum::<u64>() + object.bytes,
        missing,
        sealed: manifest.seal.is_some(),
        removed,
        took: begun.elapsed(),
    })
}

/// One committed state, but for what never changes: entries, and the bytes of files.
struct Snapshot {
    at: String,
    note: Note,
    checkpoint: Checkpoint,
    filed: Vec<Filed>,
    beside: Object,
    wrapped: Vec<u8>,
}

fn snapshot(
    office: &Office<'_>,
    place: &Place,
    number: u64,
    last: Option<&Manifest>,
) -> Result<Snapshot, BackupError> {
    let Office { store, keys, .. } = *office;
    store.read(|conn| {
        let note = store.checkpoint(conn)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if let Some(last) = last {
            let known = last.checked_checkpoint()?;
            // What was put back must not go over what was there before.
            if store.standing(conn, &known)? != Standing::Continued {
                return Err(BackupError::NotContinued { backup: known.size, journal: checkpoint.size });
            }
        }
        let filed = (office.registers)(conn)?;
        let destroyed: Vec<&str> = filed.iter().filter_map(Filed::destroyed).collect();
        let mut rows = SealedRows::begin(place, keys, store.log_id(), number, &destroyed)?;
        store.copy_beside(conn, |row| rows.row(row))?;
        let (beside, wrapped) = rows.finish()?;
        Ok(Snapshot { at: store.now().to_string(), note, checkpoint, filed, beside, wrapped })
    })
}

impl Filed {
    fn destroyed(&self) -> Option<&str> {
        match self {
            Self::Destroyed { id } => Some(id),
            Self::Kept { .. } => None,
        }
    }
}

fn lies(there: &BTreeMap<String, Found>, object: &Object) -> bool {
    there.get(&object.name).is_some_and(|found| found.bytes == object.bytes)
}

fn copy_entries(
    office: &Office<'_>,
    place: &Place,
    from: u64,
    to: u64,
    progress: Progress<'_>,
) -> Result<Vec<Segment>, BackupError> {
    let Office { store, keys, .. } = *office;
    let mut segments = Vec::new();
    let mut done = from;
    while done < to {
        let mut end = (done + ENTRIES).min(to);
        let mut writer = SegmentWriter::begin(Vec::new(), store.tree(), store.log_id(), done + 1)?;
        let mut bytes = 0;
        let copied = store.read(|conn| {
            store.copy_entries(conn, done, end, |seq, sealed| {
                if bytes > 0 && bytes + sealed.len() > SEGMENT {
                    return Err(Full::At(seq - 1));
                }
                bytes += 4 + sealed.len();
                writer.entry(sealed).map_err(|error| Full::Failed(error.into()))
            })
        });
        match copied {
            Ok(()) => {}
            Err(Full::At(last)) => end = last,
            Err(Full::Failed(error)) => return Err(error),
        }
        let name = format!("{LEDGER}/{}", segment_name(done + 1));
        let object = place.put(&name, keys.suite(), &writer.into_inner())?;
        segments.push(Segment { first: done + 1, entries: end - done, object });
        done = end;
        progress(Stage::Entries, done, to);
    }
    Ok(segments)
}

/// Why reading entries ended early.
enum Full {
    /// The file is full; this is the last entry in it.
    At(u64),
    Failed(BackupError),
}

impl From<jingui_store::StoreError> for Full {
    fn from(error: jingui_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A file of the vault to be looked at: its name, whose it is, how it lies there, and how the last backup has it, where it
/// still does.
struct Wanted<'a> {
    file: String,
    id: &'a str,
    /// The file itself, which never changes; parts beside it may be made anew.
    original: bool,
    found: Option<&'a Found>,
    last: Option<&'a Copied>,
}

/// What became of a file.
enum Answer {
    /// It was written into the place now.
    New(Copied),
    /// The place has it as it is.
    Same(Copied),
    /// The vault hasn't it, or not as it was; what the last backup has of it.
    Lost(Option<Copied>),
}

type Files = (Vec<Copied>, Vec<Object>, Vec<String>);

/// Copies what the registers keep: files with their parts, in the state in which they lie in the vault now. Answers all of
/// them, those that were written now, and names of those that aren't there as they should be.
fn copy_files(
    office: &Office<'_>,
    place: &Place,
    number: u64,
    filed: &[Filed],
    last: Option<&Manifest>,
    there: &BTreeMap<String, Found>,
    progress: Progress<'_>,
) -> Result<Files, BackupError> {
    let suite = office.keys.suite();
    let vault = Place::of(office.vault.depot().clone())?;
    let lying = vault.list("")?;
    let before: BTreeMap<&str, &Copied> = last
        .iter()
        .flat_map(|last| &last.files)
        .filter(|copied| lies(there, &copied.object))
        .map(|copied| (copied.file.as_str(), copied))
        .collect();
    let mut wanted = Vec::new();
    for kept in filed {
        let Filed::Kept { id, name, bytes } = kept else { continue };
        for file in std::iter::once(name.clone()).chain(Vault::beside_names(name)) {
            let original = file == *name;
            let found = lying.get(&Vault::path(&file)).filter(|found| !original || found.bytes == *bytes);
            let last = before.get(file.as_str()).copied();
            // Parts are there or not.
            if original || found.is_some() || last.is_some_and(|last| last.id == *id) {
                wanted.push(Wanted { file, id, original, found, last });
            }
        }
    }
    let total = wanted.len() as u64;
    let done = AtomicU64::new(0);
    let answers = vault.each(place, &wanted, |wanted, buffer| {
        let answer = copy_file(&vault, place, number, wanted, suite, buffer);
        progress(Stage::Files, 1 + done.fetch_add(1, Ordering::Relaxed), total);
        answer
    })?;
    let (mut copies, mut fresh, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for (answer, wanted) in answers.into_iter().zip(&wanted) {
        match answer {
            Answer::New(one) => {
                fresh.push(one.object.clone());
                copies.push(one);
            }
            Answer::Same(one) => copies.push(one),
            Answer::Lost(one) => {
                missing.push((wanted.id, wanted.file.clone()));
                copies.extend(one);
            }
        }
    }
    if !missing.is_empty() {
        // What was destroyed meanwhile isn't missing, and goes.
        let now = office.store.read(office.registers)?;
        let gone: BTreeSet<&str> = now.iter().filter_map(Filed::destroyed).collect();
        missing.retain(|(id, _)| !gone.contains(id));
        copies.retain(|one| !gone.contains(one.id.as_str()));
        fresh.retain(|object| copies.iter().any(|one| one.object == *object));
    }
    Ok((copies, fresh, missing.into_iter().map(|(_, file)| file).collect()))
}

/// Copies one file, unless the place has it as it is.
fn copy_file(
    vault: &Place,
    place: &Place,
    number: u64,
    wanted: &Wanted<'_>,
    suite: jingui_crypto::Suite,
    buffer: &mut [u8],
) -> Result<Answer, BackupError> {
    let path = Vault::path(&wanted.file);
    let last = wanted.last.filter(|last| last.id == wanted.id);
    let as_before = || Ok(Answer::Lost(last.cloned()));
    let Some(found) = wanted.found else { return as_before() };
    let gone = |error| match error {
        BackupError::Missing { name } if name == path => as_before(),
        error => Err(error),
    };
    if let Some(last) = last {
        if last.tag == found.tag {
            return Ok(Answer::Same(last.clone()));
        }
        // Written anew, or the same on another machine.
        let mut digest = ContentDigest::new(suite);
        let read = vault.read(&path, false, buffer, |piece| {
            digest.update(piece);
            Ok(())
        });
        match read {
            Ok(bytes) if last.object.is(bytes, digest) => {
                return Ok(Answer::Same(Copied { tag: found.tag.clone(), ..last.clone() }));
            }
            // What somebody altered doesn't take the place of what was there before.
            Ok(_) if wanted.original => return as_before(),
            Ok(_) => {}
            Err(error) => return gone(error),
        }
    }
    let mut writing = place.write(&format!("{FILES}/{number:08}/{path}"), suite)?;
    match vault.read(&path, false, buffer, |piece| writing.push(piece)) {
        Ok(_) => Ok(Answer::New(Copied {
            file: wanted.file.clone(),
            id: wanted.id.to_owned(),
            tag: found.tag.clone(),
            object: writing.finish()?,
        })),
        Err(error) => gone(error),
    }
}

/// Copies the seal, unless it is a key in the clear: whoever had the backup would have the office.
fn seal(office: &Office<'_>, place: &Place, number: u64) -> Result<Option<Object>, BackupError> {
    let Some(read) = office.seal else { return Ok(None) };
    let text = read();
    if Seal::parse(&text)?.needs() == Needs::Nothing {
        return Ok(None);
    }
    place.put(&format!("{SEAL}/{number:08}.json"), office.keys.suite(), text.as_bytes()).map(Some)
}

fn verify(
    place: &Place,
    keys: &Keyring,
    objects: &[Object],
    progress: Progress<'_>,
) -> Result<(), BackupError> {
    let done = AtomicU64::new(0);
    let total = objects.len() as u64;
    place.each(place, objects, |object, buffer| {
        place.check(keys.suite(), object, true, buffer)?;
        progress(Stage::Verifying, 1 + done.fetch_add(1, Ordering::Relaxed), total);
        Ok(())
    })?;
    Ok(())
}

/// Removes what the newest manifest doesn't list: the keys as they were before, first of all.
fn sweep(place: &Place, manifest: &Manifest) -> Result<u64, BackupError> {
    let own = Manifest::name(manifest.number);
    let listed: BTreeSet<&str> =
        manifest.objects().map(|object| object.name.as_str()).chain([own.as_str()]).collect();
    let ours = |name: &str| {
        name.ends_with(ENDING)
            || name.ends_with(PART)
            || [LEDGER, FILES, BESIDE, SEAL]
                .iter()
                .any(|directory| name.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut extra: Vec<String> =
        place.list("")?.into_keys().filter(|name| ours(name) && !listed.contains(name.as_str())).collect();
    extra.sort_by_key(|name| (!name.starts_with(BESIDE), !name.ends_with(ENDING)));
    for name in &extra {
        place.remove(name)?;
    }
    Ok(extra.len() as u64)
}
