//! Public keys of those who sign notes, in the form `name+id+key` of C2SP signed-note, and what each of them signs.
//!
//! Verifies, and puts a signature made elsewhere into its line. Never holds a secret key.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use sha2::Digest as _;
use sm2::dsa::signature::Verifier as _;

use crate::LedgerError;
use crate::hash::Hash;
use crate::note::{Note, NoteSignature, is_name};
use crate::proof_text::base64;

/// How a key signs. C2SP has no numbers for SM2; its byte for signatures without one is followed by a name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKeyKind {
    /// Ed25519 (RFC 8032) over the text: a log's signature (0x01).
    Ed25519,
    /// Ed25519 over time and text: a witness' `cosignature/v1` (0x04).
    CosignEd25519,
    /// SM2 with SM3 (GB/T 32918.2, the standard's default id) over the text (0xff `jingui/sm2/1`).
    Sm2,
    /// SM2 with SM3 over time and text, as in `cosignature/v1` (0xff `jingui/sm2-cosignature/1`).
    CosignSm2,
}

use NoteKeyKind::{CosignEd25519, CosignSm2, Ed25519, Sm2};

/// GB/T 32918 names this id for signers without one of their own. Libraries differ in what they take when none is
/// given, so it is given always.
const SM2_ID: &str = "1234567812345678";

impl NoteKeyKind {
    const ALL: [Self; 4] = [Ed25519, CosignEd25519, Sm2, CosignSm2];

    /// What stands before the bytes of a key of this kind.
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Ed25519 => b"\x01",
            CosignEd25519 => b"\x04",
            Sm2 => b"\xffjingui/sm2/1",
            CosignSm2 => b"\xffjingui/sm2-cosignature/1",
        }
    }

    /// Whether a time is signed with the text.
    pub const fn cosigns(self) -> bool {
        matches!(self, CosignEd25519 | CosignSm2)
    }
}

/// A public key with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: NoteKeyKind,
    public: Vec<u8>,
}

impl NoteKey {
    /// A key of that name: 32 bytes for Ed25519, for SM2 the 65 bytes of an uncompressed point (SEC 1). Refuses names
    /// with spaces or a plus, and bytes that are no such key.
    pub fn new(name: &str, kind: NoteKeyKind, public: &[u8]) -> Result<Self, LedgerError> {
        let key = Self { name: name.to_owned(), kind, public: public.to_vec() };
        let sound = match kind {
            Ed25519 | CosignEd25519 => key.ed25519().is_some_and(|public| !public.is_weak()),
            Sm2 | CosignSm2 => key.sm2().is_some(),
        };
        if sound && is_name(name) { Ok(key) } else { Err(LedgerError::NoteKey) }
    }

    /// Reads `name+id+key`; refuses an id that isn't the key's.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(LedgerError::NoteKey);
        };
        let bytes = base64(encoded).ok_or(LedgerError::NoteKey)?;
        let key = NoteKeyKind::ALL
            .into_iter()
            .find_map(|kind| Some(Self::new(name, kind, bytes.strip_prefix(kind.prefix())?)))
            .ok_or(LedgerError::NoteKey)??;
        if HEXLOWER.encode(&key.id()) == id { Ok(key) } else { Err(LedgerError::NoteKey) }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    pub const fn kind(&self) -> NoteKeyKind {
        self.kind
    }

    /// The key's id: it finds the line, it proves nothing. SHA-256 for every kind, as C2SP has it.
    pub fn id(&self) -> [u8; 4] {
        let digest = sha2::Sha256::new_with_prefix(self.name.as_bytes())
            .chain_update("\n")
            .chain_update(self.kind.prefix())
            .chain_update(&self.public)
            .finalize();
        let [a, b, c, d, ..] = Hash::from(digest);
        [a, b, c, d]
    }

    /// The line for a signature that `sign` makes with the secret key. `time`, in seconds since 1970, is signed by keys
    /// that cosign; others leave it out.
    pub fn sign(&self, text: &str, time: u64, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> NoteSignature {
        let mut bytes = if self.kind.cosigns() { time.to_be_bytes().to_vec() } else { Vec::new() };
        bytes.extend(sign(&self.message(text, time)));
        NoteSignature { name: self.name.clone(), id: self.id(), bytes }
    }

    /// Verifies every line under the note that bears this key's name and id; answers the newest time that a cosigner
    /// signed, in seconds since 1970, nothing for a key that signs without one. Refuses a note without such a line, and
    /// one where any such line is wrong.
    pub fn verify(&self, note: &Note) -> Result<Option<u64>, LedgerError> {
        let id = self.id();
        let mut signed = false;
        let mut newest = None;
        for signature in note.signatures().iter().filter(|line| line.id == id && line.name == self.name) {
            let wrong = || LedgerError::Signature { name: self.name.clone() };
            let (time, bytes) = if self.kind.cosigns() {
                let (time, bytes) = signature.bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
                (Some(u64::from_be_bytes(*time)), bytes)
            } else {
                (None, &*signature.bytes)
            };
            // C2SP: the time must not exceed 2⁶³ - 1.
            let far = time.is_some_and(|time| i64::try_from(time).is_err());
            if far || !self.fits(&self.message(note.text(), time.unwrap_or_default()), bytes) {
                return Err(wrong());
            }
            newest = newest.max(time);
            signed = true;
        }
        if signed { Ok(newest) } else { Err(LedgerError::Unsigned { name: self.name.clone() }) }
    }

    fn message(&self, text: &str, time: u64) -> Vec<u8> {
        if self.kind.cosigns() {
            format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
        } else {
            text.as_bytes().to_vec()
        }
    }

    fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.kind {
            // Strict: what one verifier accepts every verifier accepts.
            Ed25519 | CosignEd25519 => self
                .ed25519()
                .zip(ed25519_dalek::Signature::from_slice(signature).ok())
                .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok()),
            Sm2 | CosignSm2 => self
                .sm2()
                .zip(sm2::dsa::Signature::from_slice(signature).ok())
                .is_some_and(|(key, signature)| key.verify(message, &signature).is_ok()),
        }
    }

    fn ed25519(&self) -> Option<ed25519_dalek::VerifyingKey> {
        ed25519_dalek::VerifyingKey::try_from(&*self.public).ok()
    }

    fn sm2(&self) -> Option<sm2::dsa::VerifyingKey> {
        let whole = self.public.len() == 65;
        whole.then(|| sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_ID, &self.public).ok()).flatten()
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [self.kind.prefix(), &self.public].concat();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&key))
    }
}
