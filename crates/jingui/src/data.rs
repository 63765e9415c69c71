//! The data directory: database, key file, certificate, and the lock that lets one process in.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jingui_crypto::{Assembly, Needs, Seal, Unsealed};
use jingui_store::Options;

/// What opens the office.
pub enum Secret {
    /// The passphrase of the key file in the data directory.
    Passphrase(String),
    /// A plain key file elsewhere.
    KeyFile(PathBuf),
    /// Shares of the key holders, as they were typed or read.
    Shares(Vec<zeroize::Zeroizing<String>>),
}

/// A data directory, locked for this process.
pub struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Makes an empty directory for a new office.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        if path.exists() && fs::read_dir(path)?.next().is_some() {
            bail!("{} isn't empty; choose an empty directory", path.display());
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("can't make {}", path.display()))?;
        // A directory that was there already is closed to others too.
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).with_context(|| {
            format!("can't close {} to others; it must be this account's own", path.display())
        })?;
        Self::lock(path)
    }

    /// Opens the directory of an office that was set up.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Self::is_there(path)?;
        Self::lock(path)
    }

    fn is_there(path: &Path) -> anyhow::Result<()> {
        let there = path.join("office.db").try_exists().with_context(|| {
            format!("can't look into {}; run as the account that owns it", path.display())
        })?;
        if !there {
            bail!("{} holds no office; run `jingui init --data {}` first", path.display(), path.display());
        }
        Ok(())
    }

    /// The directory of an office that was set up; nothing while another process has it open.
    pub fn idle(path: &Path) -> anyhow::Result<Option<Self>> {
        Self::is_there(path)?;
        Self::try_lock(path)
    }

    fn lock(path: &Path) -> anyhow::Result<Self> {
        Self::try_lock(path)?
            .with_context(|| format!("another process has {} open; stop it first", path.display()))
    }

    fn try_lock(path: &Path) -> anyhow::Result<Option<Self>> {
        let lock =
            File::create(path.join("lock")).with_context(|| format!("can't write in {}", path.display()))?;
        Ok(lock.try_lock().is_ok().then(|| Self { path: path.to_owned(), _lock: lock }))
    }

    /// Empties the directory of an office whose set-up failed; it was empty before.
    pub fn clear(&self) {
        for path in fs::read_dir(&self.path).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }

    /// A file of the directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Store options for this directory.
    pub fn options(&self) -> Options {
        Options::new(self.file("office.db"), jingui_office::kinds())
    }

    /// Writes a file that only the owner reads.
    pub fn write_private(&self, name: &str, text: &str) -> anyhow::Result<()> {
        write_private(&self.file(name), text)
    }

    /// The keys, opened by the secret.
    pub fn unlock(&self, secret: &Secret) -> anyhow::Result<Unsealed> {
        unlock(&self.path, secret)
    }
}

/// The file that holds an office's keys, sealed.
pub const KEY: &str = "key.json";

/// Reads a seal: the one in the data directory, or a plain key file elsewhere.
pub fn seal(path: &Path) -> anyhow::Result<Seal> {
    let text =
        fs::read_to_string(path).with_context(|| format!("can't read the key file {}", path.display()))?;
    Ok(Seal::parse(&zeroize::Zeroizing::new(text))?)
}

/// The keys of the office in `data`, opened by the secret.
pub fn unlock(data: &Path, secret: &Secret) -> anyhow::Result<Unsealed> {
    match secret {
        Secret::KeyFile(path) => Ok(seal(path)?.open(None)?),
        Secret::Passphrase(_) | Secret::Shares(_) => open(&seal(&data.join(KEY))?, secret),
    }
}

/// Opens a seal with a passphrase or shares.
pub fn open(seal: &Seal, secret: &Secret) -> anyhow::Result<Unsealed> {
    match secret {
        Secret::KeyFile(path) => Ok(self::seal(path)?.open(None)?),
        Secret::Passphrase(passphrase) => Ok(seal.open(Some(passphrase))?),
        Secret::Shares(shares) => {
            let Some(mut assembly) = Assembly::new(seal) else {
                bail!("this office opens without shares; give its passphrase or key file");
            };
            for share in shares {
                assembly.add(share)?;
            }
            Ok(assembly.open()?)
        }
    }
}

/// What the office in `data` needs to be opened; nothing where its key file lies elsewhere.
pub fn needs(data: &Path) -> anyhow::Result<Option<Needs>> {
    let path = data.join(KEY);
    if path.exists() { Ok(Some(seal(&path)?.needs())) } else { Ok(None) }
}

/// Puts a text in the place of a file that only the owner reads. When this answers, the new file is on the disk; cut off
/// anywhere, the old one is whole.
pub fn replace_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What an earlier try left is no longer anybody's, and might be open to others.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Writes a new file that only the owner reads; never over an existing one.
pub fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("can't write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}
