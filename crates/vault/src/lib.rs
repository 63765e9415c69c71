//! The vault: what was written in the items, sealed file by file, in a directory or an S3-compatible store.
//!
//! Owns where sealed bytes lie and the keys of levels that wrap the keys of files. Knows names and bytes, never what an
//! item or a reader is: who may read is decided before anybody asks here. Plain text is never written to a disk.

mod depot;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use depot::Depot;
use futures_util::StreamExt as _;
use jingui_crypto::{
    Binding, ContentDigest, CryptoError, FileKey, FileOpener, FileSealer, HEADER, Keyring, Names, Sealer,
    Suite, open_file, seal_file,
};
use object_store::buffered::BufWriter;
use object_store::path::Path as Name;
use object_store::{ObjectStoreExt as _, PutPayload};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use tokio::io::AsyncWriteExt as _;
use zeroize::Zeroizing;

/// What can go wrong with the vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The sealed bytes were altered, cut, exchanged, or belong to another file.
    #[error("the sealed file doesn't open: it was altered, cut or exchanged; restore it from a backup")]
    Sealed(#[from] CryptoError),
    /// The store has no such file.
    #[error("the sealed file is missing from the vault; restore it from a backup")]
    Missing,
    /// The file is too large for what is asked.
    #[error("the file has {found} bytes, more than the {most} that can be opened at once")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Most bytes.
        most: u64,
    },
    /// The store can't be read or written.
    #[error("the vault can't be read or written")]
    Store(#[source] object_store::Error),
    /// The disk can't be read or written.
    #[error("the vault's disk can't be read or written")]
    Disk(#[from] std::io::Error),
    /// The setting names no store.
    #[error("{0:?} is no place for a vault; give a directory or an address such as s3://bucket/prefix")]
    Place(String),
}

impl From<object_store::Error> for VaultError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            error => Self::Store(error),
        }
    }
}

/// A sealed file as the registers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Name in the vault.
    pub name: String,
    /// Bytes of the file itself.
    pub bytes: u64,
    /// Bytes of the sealed file.
    pub sealed_bytes: u64,
}

/// What a file is and whom it belongs to; bound into its seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Id of the file.
    pub file: String,
    /// Id of the item.
    pub item: String,
    /// Level of the item when it was sealed, 1 to 4.
    pub level: u8,
}

impl Place {
    fn label(&self, part: Part) -> String {
        format!("{}/{}", part.name(), self.level)
    }
}

/// What is kept of a file, sealed under its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The file itself.
    Original,
    /// Its words and where they stand.
    Text,
    /// A PDF made of it, for files whose pages only another program knows.
    Pages,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Text => "text",
            Self::Pages => "pages",
        }
    }
}

/// The vault of an office.
#[derive(Clone)]
pub struct Vault {
    depot: Depot,
    spool: PathBuf,
    suite: Suite,
    names: Arc<Names>,
    levels: Arc<[Sealer]>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("depot", &self.depot).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault at `place`: a directory, or an address such as `s3://bucket/prefix` whose credentials come from
    /// the environment (`AWS_…`). `spool` is a local directory for uploads under way; what an earlier run left there
    /// is removed.
    ///
    /// # Errors
    /// When the place can't be made or is none.
    pub fn open(keys: &Keyring, place: &str, spool: &Path) -> Result<Self, VaultError> {
        let _ = std::fs::remove_dir_all(spool);
        std::fs::create_dir_all(spool)?;
        let depot = Depot::open(place)?;
        let suite = keys.suite();
        let levels: Option<Vec<_>> = (1..=4).map(|level| keys.level_sealer(level)).collect();
        Ok(Self {
            depot,
            spool: spool.to_owned(),
            suite,
            names: Arc::new(Names::in_suite(suite, keys.derive("files/names"))),
            levels: levels.unwrap_or_default().into(),
        })
    }

    /// Wraps keys of files under the newest epoch of this newer state of the keyring from here on. Only once it is on the
    /// disk.
    pub fn renew(&self, keys: &Keyring) {
        for (level, sealer) in (1..).zip(self.levels.iter()) {
            if let Some(newer) = keys.level_sealer(level) {
                sealer.renew(&newer);
            }
        }
    }

    /// The key of a file wrapped anew, under the newest epoch of its level.
    ///
    /// # Errors
    /// When what is there doesn't open.
    pub fn rewrap(&self, place: &Place, wrapped: &[u8]) -> Result<Vec<u8>, VaultError> {
        let label = place.label(Part::Original);
        let binding = Binding { file: &place.file, item: &place.item, label: &label };
        let level = self.level(place)?;
        let key = FileKey::unwrap(level, &binding, wrapped)?;
        Ok(key.wrap(level, &binding, &mut ChaCha20Rng::from_os_rng()))
    }

    fn level(&self, place: &Place) -> Result<&Sealer, VaultError> {
        let at = usize::from(place.level).checked_sub(1);
        at.and_then(|at| self.levels.get(at)).ok_or(VaultError::Sealed(CryptoError::Sealed))
    }

    /// Where the sealed files lie, for whoever copies them as they are.
    pub const fn depot(&self) -> &Depot {
        &self.depot
    }

    /// Where a sealed file lies in the depot. Two first digits make a directory, so that none grows beyond what file
    /// systems like.
    #[must_use]
    pub fn path(name: &str) -> String {
        format!("{}/{name}", name.get(..2).unwrap_or("00"))
    }

    /// Names of the parts that may lie beside a file.
    pub fn beside_names(name: &str) -> impl Iterator<Item = String> {
        [Part::Text, Part::Pages].map(|part| Self::beside(name, part)).into_iter()
    }

    fn at(&self, name: &str) -> Name {
        self.depot.at(&Self::path(name))
    }

    fn beside(name: &str, part: Part) -> String {
        format!("{name}.{}", part.name())
    }

    /// Begins to take a file in. Bytes go sealed into the spool as they come.
    ///
    /// # Errors
    /// When the spool can't be written.
    pub fn begin(&self, place: Place) -> Result<Upload, VaultError> {
        let mut rng = ChaCha20Rng::from_os_rng();
        let key = FileKey::generate(&mut rng);
        let path = self.spool.join(&place.file);
        let mut header = Vec::new();
        let label = place.label(Part::Original);
        let binding = Binding { file: &place.file, item: &place.item, label: &label };
        let sealer = FileSealer::begin(self.suite, &key, &binding, &mut rng, &mut header);
        let mut file = File::create(&path)?;
        file.write_all(&header)?;
        let sealed_bytes = header.len() as u64;
        Ok(Upload {
            place,
            key,
            sealer: Some(sealer),
            digest: ContentDigest::new(self.suite),
            file,
            path,
            received: 0,
            sealed_bytes,
            sealed: Vec::new(),
        })
    }

    /// The key of an upload, wrapped for the registers.
    ///
    /// # Errors
    /// When the level isn't one.
    pub fn wrap(&self, upload: &Upload) -> Result<Vec<u8>, VaultError> {
        let label = upload.place.label(Part::Original);
        let binding = Binding { file: &upload.place.file, item: &upload.place.item, label: &label };
        Ok(upload.key.wrap(self.level(&upload.place)?, &binding, &mut ChaCha20Rng::from_os_rng()))
    }

    /// The name under which an upload, as it came so far, is or would be kept.
    #[must_use]
    pub fn name(&self, upload: &Upload) -> String {
        self.names.name(&upload.place.item, &upload.digest.clone().finish())
    }

    /// Keeps a whole upload: it lies in the vault and is on disk when this answers.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn keep(&self, mut upload: Upload) -> Result<Kept, VaultError> {
        let name = self.name(&upload);
        upload.finish()?;
        let kept = Kept { name, bytes: upload.received, sealed_bytes: upload.sealed_bytes };
        if let Some(root) = self.depot.local() {
            // In a directory files are moved, not copied.
            let target = root.join(Self::path(&kept.name));
            let path = upload.path.clone();
            tokio::task::spawn_blocking(move || move_in(&path, &target))
                .await
                .map_err(std::io::Error::other)??;
            return Ok(kept);
        }
        let mut reader = tokio::fs::File::open(&upload.path).await?;
        let mut writer = BufWriter::new(Arc::clone(self.depot.store()), self.at(&kept.name));
        tokio::io::copy(&mut reader, &mut writer).await?;
        writer.shutdown().await?;
        Ok(kept)
    }

    /// Opens a file whole, every chunk authenticated before any is answered. At most `most` bytes.
    ///
    /// # Errors
    /// When it is missing, larger, altered, or the key isn't its.
    pub async fn open_whole(
        &self,
        place: &Place,
        kept: &Kept,
        wrapped: &[u8],
        most: u64,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        if kept.bytes > most {
            return Err(VaultError::TooLarge { found: kept.bytes, most });
        }
        let label = place.label(Part::Original);
        let binding = Binding { file: &place.file, item: &place.item, label: &label };
        let key = FileKey::unwrap(self.level(place)?, &binding, wrapped)?;
        let found = self.depot.store().get(&self.at(&kept.name)).await?;
        let length = found.meta.size;
        if length != kept.sealed_bytes {
            return Err(CryptoError::Sealed.into());
        }
        let mut stream = found.into_stream();
        let mut plain = Zeroizing::new(Vec::with_capacity(usize::try_from(kept.bytes).unwrap_or(0)));
        let mut waiting = Vec::new();
        let mut opener: Option<FileOpener> = None;
        let mut number = 0;
        loop {
            let piece = stream.next().await.transpose()?;
            let ended = piece.is_none();
            waiting.extend_from_slice(&piece.unwrap_or_default());
            if opener.is_none() && waiting.len() >= HEADER {
                let header: Vec<u8> = waiting.drain(..HEADER).collect();
                opener = Some(FileOpener::begin(self.suite, &key, &binding, &header, length)?);
            }
            while let Some(place) = opener.as_ref().and_then(|opener| opener.place(number)) {
                let size = usize::try_from(place.end - place.start).unwrap_or(usize::MAX);
                if waiting.len() < size {
                    break;
                }
                let mut chunk: Vec<u8> = waiting.drain(..size).collect();
                if let Some(opener) = &opener {
                    opener.open(number, &mut chunk)?;
                }
                plain.append(&mut chunk);
                number += 1;
            }
            if ended {
                break;
            }
        }
        let whole = opener.is_some_and(|opener| opener.count() == number) && waiting.is_empty();
        if whole { Ok(plain) } else { Err(CryptoError::Sealed.into()) }
    }

    /// Keeps a part beside a file, sealed under the file's own key; it goes when that key goes.
    ///
    /// # Errors
    /// When the key doesn't open or the store can't be written.
    pub async fn keep_part(
        &self,
        place: &Place,
        name: &str,
        wrapped: &[u8],
        part: Part,
        content: &[u8],
    ) -> Result<(), VaultError> {
        let sealed = {
            let (original, label) = (place.label(Part::Original), place.label(part));
            let own = Binding { file: &place.file, item: &place.item, label: &original };
            let key = FileKey::unwrap(self.level(place)?, &own, wrapped)?;
            let binding = Binding { label: &label, ..own };
            seal_file(self.suite, &key, &binding, content, &mut ChaCha20Rng::from_os_rng())
        };
        self.depot.store().put(&self.at(&Self::beside(name, part)), PutPayload::from(sealed)).await?;
        Ok(())
    }

    /// What is kept beside a file.
    ///
    /// # Errors
    /// When there is none, or it doesn't open.
    pub async fn part(
        &self,
        place: &Place,
        name: &str,
        wrapped: &[u8],
        part: Part,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealed = self.depot.store().get(&self.at(&Self::beside(name, part))).await?.bytes().await?;
        let (original, label) = (place.label(Part::Original), place.label(part));
        let own = Binding { file: &place.file, item: &place.item, label: &original };
        let key = FileKey::unwrap(self.level(place)?, &own, wrapped)?;
        Ok(Zeroizing::new(open_file(self.suite, &key, &Binding { label: &label, ..own }, &sealed)?))
    }

    /// Whether a file lies there with as many bytes as the registers say.
    ///
    /// # Errors
    /// When the store can't be asked.
    pub async fn is_there(&self, kept: &Kept) -> Result<bool, VaultError> {
        match self.depot.store().head(&self.at(&kept.name)).await {
            Ok(found) => Ok(found.size == kept.sealed_bytes),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file and what is beside it; those that aren't there are no error.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn remove(&self, name: &str) -> Result<(), VaultError> {
        for name in std::iter::once(name.to_owned()).chain(Self::beside_names(name)) {
            match self.depot.store().delete(&self.at(&name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Moves a file into the vault so that it is there after a power cut: its bytes, its name, its directory.
fn move_in(path: &Path, target: &Path) -> Result<(), std::io::Error> {
    let directory = target.parent().unwrap_or(target);
    let fresh = !directory.exists();
    std::fs::create_dir_all(directory)?;
    std::fs::rename(path, target)?;
    File::open(directory)?.sync_all()?;
    if let (true, Some(above)) = (fresh, directory.parent()) {
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

/// A file on its way in. Dropped before it is kept, it leaves nothing behind.
pub struct Upload {
    place: Place,
    key: FileKey,
    sealer: Option<FileSealer>,
    digest: ContentDigest,
    file: File,
    path: PathBuf,
    received: u64,
    sealed_bytes: u64,
    sealed: Vec<u8>,
}

impl Upload {
    /// Bytes received so far; the next ones go on from here.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// What it is to become.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Takes more of the file.
    ///
    /// # Errors
    /// When the spool can't be written; the upload can't go on then.
    pub fn push(&mut self, plain: &[u8]) -> Result<(), VaultError> {
        self.digest.update(plain);
        self.sealed.clear();
        if let Some(sealer) = &mut self.sealer {
            sealer.push(plain, &mut self.sealed);
        }
        self.file.write_all(&self.sealed)?;
        self.sealed_bytes += self.sealed.len() as u64;
        self.received += plain.len() as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), VaultError> {
        self.sealed.clear();
        if let Some(sealer) = self.sealer.take() {
            sealer.finish(&mut self.sealed);
        }
        self.file.write_all(&self.sealed)?;
        self.sealed_bytes += self.sealed.len() as u64;
        Ok(self.file.sync_all()?)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(directory: &tempfile::TempDir) -> Vault {
        let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(1));
        let place = directory.path().join("files");
        Vault::open(&keys, place.to_str().unwrap(), &directory.path().join("uploads")).unwrap()
    }

    fn place(file: &str, item: &str) -> Place {
        Place { file: file.into(), item: item.into(), level: 2 }
    }

    async fn kept(vault: &Vault, at: &Place, content: &[u8]) -> (Kept, Vec<u8>) {
        let mut upload = vault.begin(at.clone()).unwrap();
        for piece in content.chunks(100_000) {
            upload.push(piece).unwrap();
        }
        let wrapped = vault.wrap(&upload).unwrap();
        (vault.keep(upload).await.unwrap(), wrapped)
    }

    #[tokio::test]
    async fn a_file_is_kept_sealed_and_comes_back_whole() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(&directory);
        let content = "机密内容".repeat(50_000).into_bytes();
        let at = place("f1", "i1");
        let (kept, wrapped) = kept(&vault, &at, &content).await;
        assert!(kept.sealed_bytes < kept.bytes + 400 && vault.is_there(&kept).await.unwrap());
        let most = 1 << 30;
        assert_eq!(*vault.open_whole(&at, &kept, &wrapped, most).await.unwrap(), content);
        assert!(matches!(
            vault.open_whole(&at, &kept, &wrapped, 10).await,
            Err(VaultError::TooLarge { most: 10, .. })
        ));
        assert!(vault.open_whole(&place("f2", "i1"), &kept, &wrapped, most).await.is_err());
        assert!(vault.open_whole(&Place { level: 3, ..at.clone() }, &kept, &wrapped, most).await.is_err());

        vault.keep_part(&at, &kept.name, &wrapped, Part::Text, b"words").await.unwrap();
        assert_eq!(*vault.part(&at, &kept.name, &wrapped, Part::Text).await.unwrap(), b"words");
        assert!(matches!(vault.part(&at, &kept.name, &wrapped, Part::Pages).await, Err(VaultError::Missing)));

        // No plain byte anywhere on the disk, and nothing left of the upload.
        let mut files = 0;
        for entry in std::fs::read_dir(directory.path().join("files")).unwrap() {
            for file in std::fs::read_dir(entry.unwrap().path()).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                assert!(!bytes.windows(12).any(|window| window == "机密内容".as_bytes()));
                files += 1;
            }
        }
        assert_eq!(files, 2);
        assert_eq!(std::fs::read_dir(directory.path().join("uploads")).unwrap().count(), 0);

        vault.remove(&kept.name).await.unwrap();
        vault.remove(&kept.name).await.unwrap();
        assert!(matches!(vault.open_whole(&at, &kept, &wrapped, most).await, Err(VaultError::Missing)));
    }

    #[tokio::test]
    async fn a_file_that_was_altered_cut_or_exchanged_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(&directory);
        let content = vec![7; 200_000];
        let (first, second) = (place("f1", "i1"), place("f2", "i1"));
        let (kept_first, wrapped) = kept(&vault, &first, &content).await;
        let (kept_second, _) = kept(&vault, &second, &vec![8; 200_000]).await;
        let path = |kept: &Kept| directory.path().join("files").join(&kept.name[..2]).join(&kept.name);
        let sealed = std::fs::read(path(&kept_first)).unwrap();
        let open = || vault.open_whole(&first, &kept_first, &wrapped, 1 << 30);
        for damage in 0..4 {
            let mut bytes = sealed.clone();
            match damage {
                0 => bytes[100_000] ^= 1,
                1 => bytes.truncate(150_000),
                2 => bytes.extend_from_slice(&sealed),
                _ => bytes = std::fs::read(path(&kept_second)).unwrap(),
            }
            std::fs::write(path(&kept_first), bytes).unwrap();
            assert!(matches!(open().await, Err(VaultError::Sealed(_))), "{damage}");
        }
        std::fs::write(path(&kept_first), &sealed).unwrap();
        assert!(open().await.is_ok());
    }

    #[tokio::test]
    async fn the_same_content_has_one_name_within_an_item_and_none_in_common_between_items() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(&directory);
        let (one, _) = kept(&vault, &place("f1", "i1"), b"same").await;
        let (again, _) = kept(&vault, &place("f2", "i1"), b"same").await;
        let (other, _) = kept(&vault, &place("f3", "i2"), b"same").await;
        assert_eq!(one.name, again.name);
        assert_ne!(one.name, other.name);
    }

    #[tokio::test]
    async fn an_upload_that_is_given_up_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(&directory);
        let mut upload = vault.begin(place("f1", "i1")).unwrap();
        upload.push(&vec![1; 300_000]).unwrap();
        assert_eq!(upload.received(), 300_000);
        drop(upload);
        assert_eq!(std::fs::read_dir(directory.path().join("uploads")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn keys_are_wrapped_anew_after_a_rotation_and_open_before_and_after() {
        let directory = tempfile::tempdir().unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut keys = Keyring::generate(Suite::International, &mut rng);
        let vault = vault(&directory);
        let at = place("f1", "i1");
        let (kept, wrapped) = kept(&vault, &at, b"content").await;
        keys.rotate_levels(&mut rng);
        vault.clone().renew(&keys);
        let open = async |wrapped: &[u8]| {
            vault.open_whole(&at, &kept, wrapped, 100).await.map(|plain| plain.to_vec())
        };
        assert_eq!(open(&wrapped).await.unwrap(), b"content");
        let again = vault.rewrap(&at, &wrapped).unwrap();
        assert_eq!((Sealer::epoch(&wrapped), Sealer::epoch(&again)), (Some(0), Some(1)));
        assert_eq!(open(&again).await.unwrap(), b"content");
        assert!(vault.rewrap(&place("f2", "i1"), &wrapped).is_err(), "another file's");
    }

    #[test]
    fn a_place_that_is_none_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let keys = Keyring::generate(Suite::International, &mut ChaCha20Rng::seed_from_u64(1));
        let refused = Vault::open(&keys, "nonsense://x", directory.path()).unwrap_err();
        assert!(refused.to_string().contains("nonsense://x"), "{refused}");
    }
}
