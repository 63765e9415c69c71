//! Verifying an office from the command line: the book, and every sealed file.

use std::path::PathBuf;

use jingui_crypto::Keyring;
use jingui_office::files::whole::{self, Odd};
use jingui_office::files::{File, views};
use jingui_store::{Finding, Store, StoreError};
use jingui_vault::{Kept, Part, Place, Vault, VaultError};

use crate::data::DataDirectory;
use crate::{outside, serving};

/// The book was read, and something in it differs.
#[derive(Debug, thiserror::Error)]
#[error("账本不符 / the book is not whole: {0}")]
pub struct NotWhole(String);

impl NotWhole {
    /// What differs.
    pub const fn of(what: String) -> Self {
        Self(what)
    }
}

/// Verifies the book and tells the verdict; fails when something differs, or a checkpoint kept outside knows of more.
pub fn book(directory: &DataDirectory, keys: &Keyring, checkpoints: &[PathBuf]) -> anyhow::Result<Store> {
    let store = serving::unchanged(directory, keys)?;
    // What can't be read for the comparison is named by verification, which knows its page or record.
    let unread = match outside::compare(&store, checkpoints) {
        Err(error) if error.is::<StoreError>() => Some(error),
        compared => {
            compared?;
            None
        }
    };
    let mut told = 0;
    let verdict = store.verify(|done, total| {
        let percent = done * 100 / total.max(1);
        if percent >= told + 10 {
            told = percent;
            eprintln!("{percent}% ({done} / {total})");
        }
    });
    let verdict = match verdict {
        // Something that isn't a page any more is no trouble with the disk's space.
        Err(error) if error.is_damage() => {
            return Err(NotWhole("the database file is damaged or was altered".to_owned()).into());
        }
        other => other?,
    };
    if let Some(finding) = &verdict.finding {
        return Err(NotWhole(describe(finding)).into());
    }
    match whole::verify(&store)? {
        (files, None) => {
            if let Some(error) = unread {
                return Err(error);
            }
            println!(
                "账本完整 / the book is whole: {} entries, {} records, root {}",
                verdict.entries,
                verdict.records + files,
                verdict.root
            );
            Ok(store)
        }
        (_, Some(Odd::Words { file })) => {
            Err(NotWhole(format!("the words kept of file {file} differ from the journal")).into())
        }
        (_, Some(Odd::Key { file })) => Err(NotWhole(format!(
            "the key of file {file} is missing, or is back though the file was removed"
        ))
        .into()),
    }
}

fn describe(finding: &Finding) -> String {
    match finding {
        Finding::EntryMissing { seq } => format!("entry {seq} is missing"),
        Finding::EntryAltered { seq } => format!("entry {seq} was altered or moved"),
        Finding::EntryListing { seq } => {
            format!("the listing of entry {seq} differs from its sealed content")
        }
        Finding::EntryDoesntFollow { seq } => {
            format!("the records of entry {seq} don't follow from those before it")
        }
        Finding::Checkpoint { size } => format!("the checkpoint kept at {size} entries isn't what they give"),
        Finding::Root => "the saved root isn't that of the entries".to_owned(),
        Finding::Record { kind, key } => format!("the record {key} of {kind} differs from the journal"),
        Finding::Checkpoints { kept, found } => {
            format!("{kept} checkpoints were kept and {found} are there")
        }
        Finding::Page { page } => format!("page {page} of the database file was altered or is damaged"),
        Finding::Index { told } => format!("pages of the database don't fit together: {told}"),
    }
}

/// Opens every sealed file and what lies beside it; fails when one is missing or was altered, naming the first.
pub fn files(store: &Store, vault: &Vault) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let all = store.read(views::all)?;
    let (mut looked, mut odd) = (0_u64, Vec::new());
    for file in &all {
        let Some(kept) = kept(file) else { continue };
        let wrapped = store.read(|conn| store.file_key(conn, &file.id))?.unwrap_or_default();
        match runtime.block_on(opens(vault, file, &kept, &wrapped)) {
            Ok(()) => looked += 1,
            Err(VaultError::Missing) => odd.push(format!("{} is missing from the vault", kept.name)),
            Err(VaultError::Sealed(_)) => {
                odd.push(format!("{} in the vault was altered, cut or exchanged", kept.name));
            }
            Err(error) => return Err(error.into()),
        }
    }
    match odd.first() {
        None => {
            println!("电子件完整 / the files are whole: {looked} opened");
            Ok(())
        }
        Some(first) => {
            let told = format!("{} sealed files don't open; the first: {first}", odd.len());
            Err(NotWhole::of(told).into())
        }
    }
}

fn kept(file: &File) -> Option<Kept> {
    let sealed = file.state.sealed()?;
    Some(Kept { name: sealed.name.clone(), bytes: file.bytes, sealed_bytes: sealed.bytes })
}

async fn opens(vault: &Vault, file: &File, kept: &Kept, wrapped: &[u8]) -> Result<(), VaultError> {
    let place = Place { file: file.id.to_string(), item: file.item.to_string(), level: file.level.number() };
    vault.check(&place, kept, wrapped).await?;
    for part in [Part::Text, Part::Pages] {
        match vault.part(&place, &kept.name, wrapped, part).await {
            // Not every file has every part.
            Ok(_) | Err(VaultError::Missing) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
