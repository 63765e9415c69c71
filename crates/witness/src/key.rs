//! The witness' own key, Ed25519 or SM2, in a file that only its owner may read. Its form is the one of the Go project's
//! notes, `PRIVATE+KEY+name+id+key`, with the kind of a cosigner.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use jingui_crypto::{SigningKey, Suite};
use jingui_ledger::{LedgerError, NoteKey, NoteKeyKind, NoteSignature, TreeSuite};
use zeroize::Zeroizing;

use crate::WitnessError;
use crate::record::failed;

const PREFIX: &str = "PRIVATE+KEY+";
/// Bytes of the longest file that is read as a key.
const LONGEST: u64 = 1024;

/// Signs for the witness; wiped from memory when dropped.
pub struct WitnessKey {
    secret: SigningKey,
    public: NoteKey,
}

impl WitnessKey {
    /// A key of that name, which signs as ledgers of that suite do, from 32 bytes that must be fit for keys; refuses names
    /// that keys can't have, and the one in four thousand million seeds that is no key of SM2.
    pub fn new(name: &str, suite: TreeSuite, seed: &[u8; 32]) -> Result<Self, WitnessError> {
        let (suite, kind) = match suite {
            TreeSuite::International => (Suite::International, NoteKeyKind::CosignEd25519),
            TreeSuite::Guomi => (Suite::Guomi, NoteKeyKind::CosignSm2),
        };
        let secret = SigningKey::from_bytes(suite, seed).map_err(|_| LedgerError::NoteKey)?;
        let public = NoteKey::new(name, kind, &secret.verifying().to_bytes())?;
        Ok(Self { secret, public })
    }

    /// Writes the key into a new file of mode 0600, and onto the disk; refuses to replace one.
    pub fn save(&self, path: &Path) -> Result<(), WitnessError> {
        let kind = self.public.kind().prefix();
        let mut bytes = Zeroizing::new(Vec::with_capacity(kind.len() + 32));
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(self.secret.to_bytes().as_ref());
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
        let seed = |kind: NoteKeyKind| bytes.strip_prefix(kind.prefix())?.try_into().ok().map(Zeroizing::new);
        let (suite, seed): (_, Zeroizing<[u8; 32]>) = match seed(NoteKeyKind::CosignEd25519) {
            Some(seed) => (TreeSuite::International, seed),
            None => (TreeSuite::Guomi, seed(NoteKeyKind::CosignSm2)?),
        };
        let key = Self::new(name, suite, &seed).ok()?;
        (HEXLOWER.encode(&key.public.id()) == id).then_some(key)
    }

    /// The public key, for those who check what the witness signed.
    pub const fn public(&self) -> &NoteKey {
        &self.public
    }

    /// A cosignature of the text at that time, in seconds since 1970.
    pub(crate) fn cosign(&self, text: &str, time: u64) -> NoteSignature {
        self.public.sign(text, time, |message| self.secret.sign(message))
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({})", self.public.name())
    }
}
