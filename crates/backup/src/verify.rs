//! Verifying a backup where it lies. Needs no key: whoever has one verifies besides that it is this office's, and that what
//! is sealed opens.

use std::sync::atomic::{AtomicU64, Ordering};

use jingui_crypto::Keyring;
use jingui_ledger::Frontier;

use crate::error::BackupError;
use crate::manifest::Manifest;
use crate::place::{Object, Place};
use crate::{Progress, Stage, beside, segment};

/// What verification found.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The manifest of the backup.
    pub manifest: Manifest,
    /// Things looked at, and their bytes.
    pub looked_at: (u64, u64),
    /// What isn't as it was written; nothing when the backup is whole.
    pub findings: Vec<Finding>,
}

/// One thing that isn't as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name in the place.
    pub name: String,
    /// What is wrong with it.
    pub damage: Damage,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It isn't there.
    Missing,
    /// It is there with other bytes.
    Altered,
}

/// Verifies the newest backup in `place`: every byte that its manifest lists, and that the entries give the root which the
/// office signed. With `keys` also that the manifest is this office's, and that what is sealed for it opens. Refuses a
/// manifest that its own key didn't sign; without `keys`, compare that key with one that was kept elsewhere.
pub fn verify(place: &Place, keys: Option<&Keyring>, progress: Progress<'_>) -> Result<Verdict, BackupError> {
    let manifest = Manifest::read(place)?;
    if let Some(keys) = keys {
        manifest.is_of(keys)?;
    }
    let objects: Vec<&Object> = manifest.objects().collect();
    let total = objects.len() as u64;
    let done = AtomicU64::new(0);
    let found = place.each(place, &objects, |object, buffer| {
        let finding = finding(object, place.check(manifest.suite, object, false, buffer))?;
        progress(Stage::Verifying, 1 + done.fetch_add(1, Ordering::Relaxed), total);
        Ok(finding)
    })?;
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    if findings.is_empty() {
        let own = Object { name: Manifest::name(manifest.number), bytes: 0, digest: String::new() };
        findings.extend(finding(&own, tree(place, &manifest))?);
        if let Some(keys) = keys {
            let opened = beside::open(place, keys, &manifest, |_, _| Ok(()));
            findings.extend(finding(&manifest.beside, opened.map(drop))?);
        }
    }
    let bytes = objects.iter().map(|object| object.bytes).sum();
    Ok(Verdict { looked_at: (total, bytes), findings, manifest: manifest.clone() })
}

/// Damage is what is looked for; everything else is a failure to look.
fn finding(object: &Object, looked: Result<(), BackupError>) -> Result<Option<Finding>, BackupError> {
    let damage = match looked {
        Ok(()) => return Ok(None),
        Err(BackupError::Missing { .. }) => Damage::Missing,
        Err(BackupError::Altered { .. }) => Damage::Altered,
        Err(error) => return Err(error),
    };
    Ok(Some(Finding { name: object.name.clone(), damage }))
}

/// The entries give the size and root that were signed.
fn tree(place: &Place, manifest: &Manifest) -> Result<(), BackupError> {
    let mut frontier = Frontier::with(manifest.tree());
    for part in &manifest.segments {
        let bytes = place.read_whole(manifest.suite, &part.object)?;
        let name = &part.object.name;
        let count = segment::entries(name, &bytes, manifest.tree(), &manifest.log, part.first, |sealed| {
            frontier.append(sealed);
            Ok(())
        })?;
        if count != part.entries {
            return Err(BackupError::altered(name));
        }
    }
    let said = manifest.checked_checkpoint()?;
    if said.size == frontier.size() && said.root == frontier.root() {
        Ok(())
    } else {
        Err(BackupError::altered(&Manifest::name(manifest.number)))
    }
}
