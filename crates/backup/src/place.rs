//! Where a backup lies, or files are copied from and to: a directory, or an S3-compatible store, read and written by
//! threads that wait. Knows names and bytes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use jingui_crypto::{ContentDigest, Suite};
use jingui_vault::{Depot, VaultError};
use object_store::buffered::BufWriter;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use rustix::fs::{Advice, fadvise, syncfs};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Runtime;

use crate::error::BackupError;

/// Bytes handled at a time by each thread.
const PIECE: usize = 256 << 10;
/// Requests under way at once to a store that isn't on this machine.
const REMOTE: usize = 16;
/// Threads on this machine's own disk: they wait for it more than they compute.
const LOCAL: usize = 8;
/// Keeps a second backup out of a directory; not part of any backup.
const LOCK: &str = "lock";
/// Ending of a file that is not yet whole.
pub(crate) const PART: &str = ".part";

/// A place: names, and bytes under them.
#[derive(Debug)]
pub struct Place {
    depot: Depot,
    /// What waits for a store that isn't on this machine.
    runtime: Option<Runtime>,
}

/// What lies under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub bytes: u64,
    /// Another one whenever it was written anew.
    pub tag: String,
}

impl Place {
    /// Opens a directory, or an address such as `s3://bucket/prefix` (credentials from `AWS_…` in the environment).
    pub fn open(place: &str) -> Result<Self, BackupError> {
        Self::of(Depot::open(place)?)
    }

    /// A depot that is open already, such as a vault's.
    pub fn of(depot: Depot) -> Result<Self, BackupError> {
        let remote = depot.local().is_none();
        let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Ok(Self { depot, runtime: remote.then(runtime).transpose()? })
    }

    /// Keeps others out of a directory until the answer is dropped. A store elsewhere has no such lock.
    pub(crate) fn lock(&self) -> Result<Option<File>, BackupError> {
        let Some(root) = self.depot.local() else { return Ok(None) };
        let lock = File::create(root.join(LOCK))?;
        lock.try_lock().map_err(|_| BackupError::Busy)?;
        Ok(Some(lock))
    }

    fn remote<T>(
        &self,
        asked: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, VaultError> {
        let nowhere = || VaultError::Disk(std::io::ErrorKind::Unsupported.into());
        Ok(self.runtime.as_ref().ok_or_else(nowhere)?.block_on(asked)?)
    }

    /// All that lies under a name that others begin with; the empty one for everything.
    pub(crate) fn list(&self, under: &str) -> Result<BTreeMap<String, Found>, BackupError> {
        let mut found = BTreeMap::new();
        if let Some(root) = self.depot.local() {
            walk(&root.join(under), under, &mut found)?;
            found.remove(LOCK);
            return Ok(found);
        }
        let prefix = self.depot.at(under);
        let strip = self.depot.at("");
        let mut listed = self.depot.store().list(Some(&prefix));
        let nowhere = || BackupError::Disk(std::io::ErrorKind::Unsupported.into());
        let runtime = self.runtime.as_ref().ok_or_else(nowhere)?;
        while let Some(object) = runtime.block_on(listed.next()).transpose().map_err(VaultError::from)? {
            let name = object.location.as_ref().strip_prefix(strip.as_ref()).unwrap_or_default();
            let tag = object.e_tag.unwrap_or_else(|| object.last_modified.to_string());
            found.insert(name.trim_start_matches('/').to_owned(), Found { bytes: object.size, tag });
        }
        Ok(found)
    }

    /// Reads it piece by piece; answers its bytes. `from_disk` reads what the disk has and not what memory still has.
    pub(crate) fn read(
        &self,
        name: &str,
        from_disk: bool,
        buffer: &mut [u8],
        mut piece: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<u64, BackupError> {
        let mut bytes = 0;
        if let Some(root) = self.depot.local() {
            let mut file = File::open(root.join(name)).map_err(|error| told(error, name))?;
            if from_disk {
                // Advice: where the system doesn't follow it, what is read is what memory has.
                let _ = fadvise(&file, 0, None, Advice::DontNeed);
            }
            loop {
                match file.read(buffer) {
                    Ok(0) => return Ok(bytes),
                    Ok(some) => {
                        piece(buffer.get(..some).unwrap_or_default())?;
                        bytes += some as u64;
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let nowhere = || BackupError::Disk(std::io::ErrorKind::Unsupported.into());
        let runtime = self.runtime.as_ref().ok_or_else(nowhere)?;
        let got = runtime.block_on(self.depot.store().get(&self.depot.at(name)));
        let mut stream = got.map_err(|error| absent(error, name))?.into_stream();
        while let Some(some) = runtime.block_on(stream.next()).transpose().map_err(VaultError::from)? {
            piece(&some)?;
            bytes += some.len() as u64;
        }
        Ok(bytes)
    }

    /// Reads all of it; refuses what has another size or digest.
    pub(crate) fn read_whole(&self, suite: Suite, object: &Object) -> Result<Vec<u8>, BackupError> {
        let mut whole = Vec::with_capacity(usize::try_from(object.bytes).unwrap_or(0).min(PIECE << 10));
        self.read(&object.name, false, &mut vec![0; PIECE], |piece| {
            // What has grown is refused below; it isn't read to an end that may never come.
            if (whole.len() + piece.len()) as u64 > object.bytes {
                return Err(BackupError::altered(&object.name));
            }
            whole.extend_from_slice(piece);
            Ok(())
        })?;
        let mut digest = ContentDigest::new(suite);
        digest.update(&whole);
        if object.is(whole.len() as u64, digest) {
            Ok(whole)
        } else {
            Err(BackupError::altered(&object.name))
        }
    }

    /// Reads a small text whole.
    pub(crate) fn read_text(&self, name: &str) -> Result<String, BackupError> {
        let mut whole = Vec::new();
        self.read(name, false, &mut vec![0; PIECE], |piece| {
            whole.extend_from_slice(piece);
            Ok(())
        })?;
        String::from_utf8(whole).map_err(|_| BackupError::altered(name))
    }

    /// Whether it lies there as it was written.
    pub(crate) fn check(
        &self,
        suite: Suite,
        object: &Object,
        from_disk: bool,
        buffer: &mut [u8],
    ) -> Result<(), BackupError> {
        let mut digest = ContentDigest::new(suite);
        let bytes = self.read(&object.name, from_disk, buffer, |piece| {
            digest.update(piece);
            Ok(())
        })?;
        if object.is(bytes, digest) { Ok(()) } else { Err(BackupError::altered(&object.name)) }
    }

    /// Begins to write. Nothing is sure before [`Self::sync`].
    pub(crate) fn write(&self, name: &str, suite: Suite) -> Result<Writing<'_>, BackupError> {
        let to = if let Some(root) = self.depot.local() {
            To::Local(create(&root.join(name))?)
        } else {
            let store = Arc::clone(self.depot.store());
            To::Remote(Box::new(BufWriter::new(store, self.depot.at(name))))
        };
        Ok(Writing { place: self, name: name.to_owned(), to, bytes: 0, digest: ContentDigest::new(suite) })
    }

    /// Writes all of it.
    pub(crate) fn put(&self, name: &str, suite: Suite, bytes: &[u8]) -> Result<Object, BackupError> {
        let mut writing = self.write(name, suite)?;
        writing.push(bytes)?;
        writing.finish()
    }

    /// Writes all of it so that under this name there is never a part of it, and it is sure when this answers.
    pub(crate) fn put_at_once(&self, name: &str, suite: Suite, bytes: &[u8]) -> Result<Object, BackupError> {
        let Some(root) = self.depot.local() else { return self.put(name, suite, bytes) };
        let part = self.put(&format!("{name}{PART}"), suite, bytes)?;
        self.sync()?;
        fs::rename(root.join(&part.name), root.join(name))?;
        self.sync()?;
        Ok(Object { name: name.to_owned(), ..part })
    }

    /// All that was written is on the disk when this answers. A store elsewhere has said so already.
    pub(crate) fn sync(&self) -> Result<(), BackupError> {
        if let Some(root) = self.depot.local() {
            syncfs(File::open(root)?).map_err(std::io::Error::from)?;
        }
        Ok(())
    }

    /// Removes it; one that isn't there is no error.
    pub(crate) fn remove(&self, name: &str) -> Result<(), BackupError> {
        if let Some(root) = self.depot.local() {
            return match fs::remove_file(root.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            };
        }
        match self.remote(self.depot.store().delete(&self.depot.at(name))) {
            Ok(()) | Err(VaultError::Missing) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Does the same work on many things, by as many threads as serve both places; answers in their order. Ends with the
    /// first error.
    pub(crate) fn each<T: Sync, R: Send>(
        &self,
        other: &Self,
        things: &[T],
        work: impl Fn(&T, &mut [u8]) -> Result<R, BackupError> + Sync,
    ) -> Result<Vec<R>, BackupError> {
        let remote = self.runtime.is_some() || other.runtime.is_some();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let run = || -> Result<Vec<(usize, R)>, BackupError> {
            let (mut buffer, mut done) = (vec![0; PIECE], Vec::new());
            while !stop.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(thing) = things.get(at) else { break };
                let answer = work(thing, &mut buffer).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                done.push((at, answer));
            }
            Ok(done)
        };
        let threads = if remote { REMOTE } else { LOCAL }.min(things.len());
        let answers: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let mut all = Vec::with_capacity(things.len());
        for answer in answers {
            all.extend(answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        all.sort_by_key(|(at, _)| *at);
        Ok(all.into_iter().map(|(_, answer)| answer).collect())
    }
}

/// A name in a place, and what must lie under it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Object {
    pub name: String,
    pub bytes: u64,
    /// By the suite's hash, hexadecimal.
    pub digest: String,
}

impl Object {
    /// Whether both hold the same.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.digest == other.digest
    }

    pub(crate) fn is(&self, bytes: u64, digest: ContentDigest) -> bool {
        self.bytes == bytes && self.digest == data_encoding::HEXLOWER.encode(&digest.finish())
    }
}

/// Something being written.
pub(crate) struct Writing<'a> {
    place: &'a Place,
    name: String,
    to: To,
    bytes: u64,
    digest: ContentDigest,
}

enum To {
    Local(File),
    Remote(Box<BufWriter>),
}

impl Writing<'_> {
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        match (&mut self.to, &self.place.runtime) {
            (To::Local(file), _) => file.write_all(bytes)?,
            (To::Remote(writer), Some(runtime)) => runtime.block_on(writer.write_all(bytes))?,
            (To::Remote(_), None) => return Err(BackupError::Disk(std::io::ErrorKind::Unsupported.into())),
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Object, BackupError> {
        if let (To::Remote(writer), Some(runtime)) = (&mut self.to, &self.place.runtime) {
            runtime.block_on(writer.shutdown())?;
        }
        let digest = data_encoding::HEXLOWER.encode(&self.digest.finish());
        Ok(Object { name: self.name, bytes: self.bytes, digest })
    }
}

/// Makes a file, and its directory where there is none.
fn create(path: &Path) -> Result<File, std::io::Error> {
    match File::create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            File::create(path)
        }
        made => made,
    }
}

fn walk(directory: &Path, under: &str, found: &mut BTreeMap<String, Found>) -> Result<(), std::io::Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = if under.is_empty() { name } else { format!("{under}/{name}") };
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &name, found)?;
            continue;
        }
        match entry.metadata() {
            Ok(data) => {
                let tag =
                    format!("{:x}-{:x}.{:x}-{:x}", data.ino(), data.mtime(), data.mtime_nsec(), data.len());
                found.insert(name, Found { bytes: data.len(), tag });
            }
            // Gone since the directory was read.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn told(error: std::io::Error, name: &str) -> BackupError {
    if error.kind() == std::io::ErrorKind::NotFound { BackupError::missing(name) } else { error.into() }
}

fn absent(error: object_store::Error, name: &str) -> BackupError {
    match VaultError::from(error) {
        VaultError::Missing => BackupError::missing(name),
        error => error.into(),
    }
}
