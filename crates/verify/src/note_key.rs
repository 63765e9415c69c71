//! Public keys in the form `name+id+key` of C2SP signed-note, and whether a signature is theirs.

use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;
use sha2_next::{Digest, Sha256};
use sm2::dsa::signature::Verifier;

use crate::lines::base64;

/// A public key that is trusted, because the caller gave it or the directory it checks says so.
#[derive(Clone)]
pub struct NoteKey {
    pub name: String,
    id: [u8; 4],
    /// Whether it signs a time with the text (`cosignature/v1`), as witnesses do.
    pub cosigns: bool,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Ed25519(VerifyingKey),
    Sm2(Box<sm2::dsa::VerifyingKey>),
}

/// A line under a note, read and not yet verified.
#[derive(PartialEq)]
pub struct Signature {
    pub name: String,
    pub id: [u8; 4],
    pub bytes: Vec<u8>,
}

/// What a key says of a note.
pub enum Signed {
    /// No line is the key's.
    No,
    /// A line bears the key's name and id and isn't its signature.
    Wrong,
    /// Every line of the key's is right; with the newest time, in seconds since 1970: 0 when the key signs none.
    Yes(u64),
}

impl NoteKey {
    /// Reads the key; nothing when it isn't one, or its id isn't its own.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, encoded) = rest.split_once('+')?;
        let bytes = base64(encoded)?;
        let digest: [u8; 32] = Sha256::digest([name.as_bytes(), b"\n", &bytes].concat()).into();
        let own = digest.first_chunk::<4>()?;
        if HEXLOWER.encode(own) != id || !is_name(name) {
            return None;
        }
        let (cosigns, public) = match bytes.split_first()? {
            (1, key) => (false, ed25519(key)?),
            (4, key) => (true, ed25519(key)?),
            (0xff, rest) => match rest.split_at_checked(rest.len().checked_sub(65)?)? {
                (b"jingui/sm2/1", key) => (false, sm2(key)?),
                (b"jingui/sm2-cosignature/1", key) => (true, sm2(key)?),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { name: name.to_owned(), id: *own, cosigns, public })
    }

    /// Looks for this key's signatures of a text.
    pub fn check(&self, text: &str, signatures: &[Signature]) -> Signed {
        let mut found = Signed::No;
        for line in signatures.iter().filter(|line| line.id == self.id && line.name == self.name) {
            let Some(time) = self.fits(text, &line.bytes) else { return Signed::Wrong };
            found = match found {
                Signed::Yes(newest) => Signed::Yes(newest.max(time)),
                Signed::No | Signed::Wrong => Signed::Yes(time),
            };
        }
        found
    }

    fn fits(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let (time, message, signature) = if self.cosigns {
            let (time, signature) = bytes.split_first_chunk::<8>()?;
            let time = u64::from_be_bytes(*time);
            i64::try_from(time).ok()?;
            (time, format!("cosignature/v1\ntime {time}\n{text}"), signature)
        } else {
            (0, text.to_owned(), bytes)
        };
        match &self.public {
            Public::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
                key.verify_strict(message.as_bytes(), &signature).ok()?;
            }
            Public::Sm2(key) => {
                let signature = sm2::dsa::Signature::from_slice(signature).ok()?;
                key.verify(message.as_bytes(), &signature).ok()?;
            }
        }
        Some(time)
    }
}

/// Keys under which anything can be signed for are none.
fn ed25519(bytes: &[u8]) -> Option<Public> {
    let key = VerifyingKey::try_from(bytes).ok()?;
    (!key.is_weak()).then_some(Public::Ed25519(key))
}

/// The id is the default of GB/T 32918.
fn sm2(point: &[u8]) -> Option<Public> {
    let key = sm2::dsa::VerifyingKey::from_sec1_bytes("1234567812345678", point).ok()?;
    Some(Public::Sm2(Box::new(key)))
}

/// Whether a key may be called so.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(|letter| letter == '+' || letter.is_whitespace() || letter.is_control())
}
