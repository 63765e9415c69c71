//! What was written in the items, as far as the edge deals with it: files on their way in, the look into them, and pages
//! on their way to a screen. Here the vault, the confined readers and the office's pipeline come together.

pub(crate) mod desk;
pub(crate) mod inspect;
pub(crate) mod page;
pub(crate) mod rebuild;
pub(crate) mod room;
pub(crate) mod search;
pub(crate) mod spare;
pub(crate) mod upload;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use jingui_crypto::{Key, Keyring};
use jingui_office::files::{File, FileState, views};
use jingui_store::{Id, StoreError};
use jingui_vault::{Kept, Part, Place, Vault, VaultError};
use jingui_watermark::{Font, WatermarkError};
use zeroize::Zeroizing;

use crate::edge::Edge;

/// Largest file that is opened for reading, bytes: it has to fit the reader's memory, with room for its pages.
pub(crate) const MOST: u64 = 512 << 20;

/// What the edge needs to take files in and to show them.
pub struct Content {
    pub(crate) vault: Vault,
    /// The program that becomes a confined reader when told `read-pages`.
    pub(crate) program: PathBuf,
    mark: Key,
    font: OnceLock<Result<Font, WatermarkError>>,
}

impl Content {
    /// The vault at `place` (a directory or an address such as `s3://bucket/prefix`), with uploads under way in the
    /// local directory `spool`; refuses a place that is none. `program` becomes a confined reader.
    pub fn open(keys: &Keyring, place: &str, spool: &Path, program: PathBuf) -> Result<Self, VaultError> {
        let vault = Vault::open(keys, place, spool)?;
        Ok(Self { vault, program, mark: mark_key(keys), font: OnceLock::new() })
    }

    /// The font of watermarks, looked for when first needed.
    fn font(&self) -> Result<&Font, &WatermarkError> {
        self.font.get_or_init(Font::installed).as_ref()
    }
}

/// The key of the invisible marks; who has it finds them in a picture.
pub fn mark_key(keys: &Keyring) -> Key {
    keys.derive("files/marks")
}

/// Where a file belongs, as its seal knows it.
pub(crate) fn place(file: &File) -> Place {
    Place { file: file.id.to_string(), item: file.item.to_string(), level: file.level.number() }
}

/// A file's own key, wrapped.
fn key_of(edge: &Edge, file: &Id) -> Result<Option<Vec<u8>>, StoreError> {
    let store = edge.office.store();
    store.read(|conn| store.file_key(conn, file))
}

/// Why the content of a file can't be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unavailable {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The bytes of a file, every one authenticated.
async fn bytes_of(edge: &Edge, file: &File) -> Result<Zeroizing<Vec<u8>>, Unavailable> {
    let sealed = file.state.sealed().ok_or(VaultError::Missing)?;
    let wrapped = key_of(edge, &file.id)?.ok_or(VaultError::Missing)?;
    let kept = Kept { name: sealed.name.clone(), bytes: file.bytes, sealed_bytes: sealed.bytes };
    Ok(edge.content.vault.open_whole(&place(file), &kept, &wrapped, MOST).await?)
}

/// Says of a file that its pages were made by another program.
pub(crate) const CONVERTED: &str = "converted";

/// The bytes of what a file is read from: the file itself, or the pages that another program made of it.
async fn pages_of(edge: &Edge, file: &File) -> Result<Zeroizing<Vec<u8>>, Unavailable> {
    match &file.state {
        FileState::Ready { sealed, notices, .. } if notices.iter().any(|notice| notice == CONVERTED) => {
            let wrapped = key_of(edge, &file.id)?.ok_or(VaultError::Missing)?;
            Ok(edge.content.vault.part(&place(file), &sealed.name, &wrapped, Part::Pages).await?)
        }
        _ => bytes_of(edge, file).await,
    }
}

/// The file that an action's input names.
pub(crate) fn file_named(input: &str) -> Option<Id> {
    let input: serde_json::Value = serde_json::from_str(input).ok()?;
    input.get("file")?.as_str()?.parse().ok()
}

/// Where the sealed bytes of a file lie, asked before it is removed.
pub(crate) fn lies_at(edge: &Edge, input: &str) -> Option<String> {
    let file = file_named(input)?;
    let file = edge.office.store().read(|conn| views::file(conn, &file)).ok()??;
    file.state.sealed().map(|sealed| sealed.name.clone())
}

/// Takes away the sealed bytes of a file whose key was destroyed. Nobody could open them any more; they only take space.
pub(crate) async fn sweep_away(edge: &Edge, name: &str) {
    if let Err(error) = edge.content.vault.remove(name).await {
        tracing::warn!(%error, "the sealed bytes of a removed file stay in the vault; nothing opens them");
    }
}
