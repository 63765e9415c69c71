//! An office made anew from a backup, on a machine that has nothing: entries opened and replayed one by one, files compared
//! with what was signed, what was destroyed since left out. Either all of it is there in the end, or nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use jingui_crypto::Keyring;
use jingui_ledger::{Checkpoint, Note};
use jingui_store::{Beside, Options, Restoring, Store, Terms};
use jingui_vault::Vault;

use crate::error::BackupError;
use crate::manifest::{Copied, Manifest};
use crate::place::Place;
use crate::{Filed, Progress, Registers, Stage, beside, segment};

/// What is known of the office from elsewhere: it may be more than the backup holds.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Checkpoints kept outside: with key holders, with the witness, on paper, in newer backups.
    pub checkpoints: Vec<Note>,
    /// Files destroyed since, by id, and which list names them.
    pub destroyed: BTreeMap<String, Listed>,
    /// Go on though the backup holds less than is known.
    pub go_on: bool,
}

/// Where a destroyed file is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Number of the backup that holds the list.
    pub backup: u64,
    /// Place in the list, from 1.
    pub place: u64,
}

impl Known {
    /// Adds what the newest backup in another place knows.
    pub fn learn(&mut self, place: &Place, keys: &Keyring) -> Result<(), BackupError> {
        let manifest = Manifest::read(place)?;
        manifest.is_of(keys)?;
        let listed = |place| Listed { backup: manifest.number, place };
        let ids = beside::open(place, keys, &manifest, |_, _| Ok(()))?;
        self.destroyed.extend(ids.into_iter().zip((1..).map(listed)));
        self.checkpoints.push(manifest.note()?);
        Ok(())
    }
}

/// Where an office is restored to, and what the office must tell of itself.
pub struct Target<'a> {
    /// How the store is opened; its path is where the database will be.
    pub options: Options,
    /// The empty vault.
    pub vault: &'a Place,
    /// Reads all files off the registers.
    pub registers: Registers,
    /// Cuts the words of files as they are found.
    pub terms: Terms,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was taken: what is there is the office as of then.
    pub at: String,
    /// Entries.
    pub entries: u64,
    /// Files and parts of files, and their bytes.
    pub files: (u64, u64),
    /// Names of files that the registers have and the backup hasn't.
    pub missing: Vec<String>,
    /// Files that were destroyed since: the registers have them, their keys and bytes are left out. The office has to say
    /// so before it opens.
    pub destroyed: Vec<(String, Listed)>,
    /// Entries known to have been, where they are more than were restored.
    pub behind: Option<u64>,
}

/// Restores the newest backup in `place`. Refuses a backup that is older than what is known, unless told to go on, and one
/// of another history always; refuses a place where a database or files are. When it fails, nothing is left behind.
pub fn restore(
    place: &Place,
    keys: &Keyring,
    target: Target<'_>,
    known: &Known,
    progress: Progress<'_>,
) -> Result<(Store, Restored), BackupError> {
    let manifest = Manifest::read(place)?;
    manifest.is_of(keys)?;
    let (known_roots, behind) = compare(&manifest, keys, known)?;
    if !target.vault.list("")?.is_empty() {
        return Err(BackupError::NotEmpty);
    }
    let mut restoring = Restoring::begin(keys, target.options, &manifest.log, target.terms)?;
    entries(place, &manifest, &mut restoring, &known_roots, progress)?;
    let mut had = BTreeMap::new();
    beside::open(place, keys, &manifest, |_, row| {
        let file = match &row {
            Beside::Key { file, .. } | Beside::Words { file, .. } => Some(file),
            Beside::Checkpoint { .. } => None,
        };
        if let Some((file, listed)) = file.and_then(|file| known.destroyed.get_key_value(file)) {
            had.insert(file.clone(), *listed);
            return Ok(());
        }
        Ok(restoring.beside(&row)?)
    })?;
    let (wanted, missing) = wanted(&manifest, &(target.registers)(restoring.connection()?)?, known);
    let files = copy(place, target.vault, &manifest, &wanted, progress);
    let finished = files.and_then(|files| {
        target.vault.sync()?;
        Ok((restoring.finish(&manifest.note()?)?, files))
    });
    let (store, bytes) = finished.inspect_err(|_| {
        for copied in &wanted {
            let _ = target.vault.remove(&Vault::path(&copied.file));
        }
    })?;
    let restored = Restored {
        at: manifest.at.clone(),
        entries: manifest.checked_checkpoint()?.size,
        files: (wanted.len() as u64, bytes),
        missing,
        destroyed: had.into_iter().collect(),
        behind,
    };
    Ok((store, restored))
}

/// Restores into an empty directory, verifies every register against the journal, and removes it all again.
pub fn drill(
    place: &Place,
    keys: &Keyring,
    scratch: &Path,
    target: impl FnOnce(&Path) -> Options,
    (registers, terms): (Registers, Terms),
    progress: Progress<'_>,
) -> Result<Restored, BackupError> {
    let directory = scratch.join(format!("drill-{}", std::process::id()));
    std::fs::create_dir(&directory)?;
    let drilled = || {
        let vault = directory.join("files");
        std::fs::create_dir(&vault)?;
        let vault = Place::of(jingui_vault::Depot::open(&vault.to_string_lossy())?)?;
        let target =
            Target { options: target(&directory.join("office.db")), vault: &vault, registers, terms };
        let (store, restored) = restore(place, keys, target, &Known::default(), progress)?;
        let verdict = store.verify(|done, total| progress(Stage::Verifying, done, total))?;
        if verdict.finding.is_none() { Ok(restored) } else { Err(BackupError::Unproven) }
    };
    let answer = drilled();
    std::fs::remove_dir_all(&directory)?;
    answer
}

/// Sizes within the backup at which a root is known, and the largest size known beyond it.
type Compared = (BTreeMap<u64, Checkpoint>, Option<u64>);

fn compare(manifest: &Manifest, keys: &Keyring, known: &Known) -> Result<Compared, BackupError> {
    let key = jingui_store::note_key(&manifest.log, keys)?;
    let held = manifest.checked_checkpoint()?;
    let mut roots: BTreeMap<u64, Checkpoint> = BTreeMap::new();
    let mut behind = None;
    for note in &known.checkpoints {
        key.verify(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != held.origin {
            return Err(BackupError::OtherOffice);
        }
        if checkpoint.size > held.size {
            behind = behind.max(Some(checkpoint.size));
        } else if let Some(before) = roots.insert(checkpoint.size, checkpoint.clone())
            && before != checkpoint
        {
            return Err(BackupError::Forked { size: checkpoint.size });
        }
    }
    match behind {
        Some(known_size) if !known.go_on => {
            Err(BackupError::Older { at: manifest.at.clone(), backup: held.size, known: known_size })
        }
        behind => Ok((roots, behind)),
    }
}

fn entries(
    place: &Place,
    manifest: &Manifest,
    restoring: &mut Restoring,
    known: &BTreeMap<u64, Checkpoint>,
    progress: Progress<'_>,
) -> Result<(), BackupError> {
    let total = manifest.checked_checkpoint()?.size;
    let mut known = known.iter().filter(|(size, _)| **size > 0).peekable();
    for part in &manifest.segments {
        let bytes = place.read_whole(manifest.suite, &part.object)?;
        let name = &part.object.name;
        let count = segment::entries(name, &bytes, manifest.tree(), &manifest.log, part.first, |sealed| {
            restoring.entry(sealed)?;
            if let Some((size, checkpoint)) = known.peek() {
                let (now, root) = restoring.head();
                if now == **size {
                    if root != checkpoint.root {
                        return Err(BackupError::Forked { size: now });
                    }
                    known.next();
                }
            }
            Ok(())
        })?;
        if count != part.entries {
            return Err(BackupError::altered(name));
        }
        progress(Stage::Entries, part.first + part.entries - 1, total);
    }
    Ok(())
}

/// What the registers keep and nobody destroyed since, and what of it the backup hasn't.
fn wanted<'a>(manifest: &'a Manifest, filed: &[Filed], known: &Known) -> (Vec<&'a Copied>, Vec<String>) {
    let held: BTreeMap<&str, &Copied> =
        manifest.files.iter().map(|copied| (copied.file.as_str(), copied)).collect();
    let (mut wanted, mut missing) = (Vec::new(), Vec::new());
    for filed in filed {
        let Filed::Kept { id, name, bytes } = filed else { continue };
        if known.destroyed.contains_key(id) {
            continue;
        }
        if held.get(name.as_str()).is_none_or(|copied| copied.object.bytes != *bytes) {
            missing.push(name.clone());
        }
        let parts = std::iter::once(name.clone()).chain(Vault::beside_names(name));
        wanted.extend(parts.filter_map(|file| held.get(file.as_str()).copied()));
    }
    (wanted, missing)
}

/// Copies files into the vault, each compared with what was signed; answers their bytes.
fn copy(
    place: &Place,
    vault: &Place,
    manifest: &Manifest,
    wanted: &[&Copied],
    progress: Progress<'_>,
) -> Result<u64, BackupError> {
    let (done, total) = (AtomicU64::new(0), wanted.len() as u64);
    let bytes = place.each(vault, wanted, |copied, buffer| {
        let mut writing = vault.write(&Vault::path(&copied.file), manifest.suite)?;
        place.read(&copied.object.name, false, buffer, |piece| writing.push(piece))?;
        let written = writing.finish()?;
        progress(Stage::Files, 1 + done.fetch_add(1, Ordering::Relaxed), total);
        if written.same(&copied.object) {
            Ok(written.bytes)
        } else {
            Err(BackupError::altered(&copied.object.name))
        }
    })?;
    Ok(bytes.into_iter().sum())
}
