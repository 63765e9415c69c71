//! The witness' own key, Ed25519, in a file that only its owner may read. Its form is the one of the Go project's notes,
//! `PRIVATE+KEY+name+id+key`, with the kind of a cosigner.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer as _, SigningKey};
use jingui_ledger::{NoteKey, NoteKeyKind, NoteSignature};
use zeroize::Zeroizing;

use crate::WitnessError;
use crate::record::failed;

const PREFIX: &str = "PRIVATE+KEY+";
const COSIGNER: u8 = 4;
/// Bytes of the longest file that is read as a key.
const LONGEST: u64 = 1024;

/// Signs for the witness; wiped from memory when dropped.
pub struct WitnessKey {
    secret: SigningKey,
    public: NoteKey,
}

impl WitnessKey {
    /// A key of that name from 32 bytes that must be fit for keys; refuses names that keys can't have.
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, WitnessError> {
        let secret = SigningKey::from_bytes(seed);
        let public = NoteKey::new(name, NoteKeyKind::CosignEd25519, secret.verifying_key().as_bytes())?;
        Ok(Self { secret, public })
    }

    /// Writes the key into a new file of mode 0600, and onto the disk; refuses to replace one.
    pub fn save(&self, path: &Path) -> Result<(), WitnessError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        bytes.push(COSIGNER);
        bytes.extend_from_slice(self.secret.as_bytes());
        let encoded = Zeroizing::new(BASE64.encode(&bytes));
        let text = Zeroizing::new(format!(
            "{PREFIX}{}+{}+{}\n",
            self.public.name(),
            HEXLOWER.encode(&self.public.id()),
            *encoded
        ));
        let write = || {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
        };
        write().map_err(|error| failed(path, error))
    }

    /// Reads a key; refuses a file that others may read, and anything that [`Self::save`] didn't write.
    pub fn open(path: &Path) -> Result<Self, WitnessError> {
        let file = File::open(path).map_err(|error| failed(path, error))?;
        let mode = file.metadata().map_err(|error| failed(path, error))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(WitnessError::Open { path: path.to_owned() });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(LONGEST).read_to_string(&mut text).map_err(|error| failed(path, error))?;
        Self::parse(&text).ok_or_else(|| WitnessError::Key { path: path.to_owned() })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.strip_suffix('\n')?.splitn(3, '+');
        let (name, id, encoded) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = Zeroizing::new(BASE64.decode(encoded.as_bytes()).ok()?);
        let (kind, seed) = bytes.split_first()?;
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.try_into().ok()?);
        let key = Self::new(name, &seed).ok()?;
        (*kind == COSIGNER && HEXLOWER.encode(&key.public.id()) == id).then_some(key)
    }

    /// The public key, for those who check what the witness signed.
    pub const fn public(&self) -> &NoteKey {
        &self.public
    }

    /// A cosignature of the text at that time, in seconds since 1970.
    pub(crate) fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        self.public.sign(text, time, |message| self.secret.sign(message).to_bytes().to_vec())
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({})", self.public.name())
    }
}
