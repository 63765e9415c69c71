//! The obvious writer: it knows `docs/ledger-format.md` and nothing of the crates that write ledgers.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::Signer as _;
use sha2_next::{Digest, Sha256};
use sm3::Sm3;

pub const LOG: &str = "00112233445566778899aabbccddeeff";
const SM2_ID: &str = "1234567812345678";

pub type Hash = [u8; 32];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    International = 1,
    Guomi = 2,
}

impl Suite {
    fn hash(self, bytes: &[u8]) -> Hash {
        match self {
            Self::International => Sha256::digest(bytes).into(),
            Self::Guomi => Sm3::digest(bytes).into(),
        }
    }

    pub fn leaf(self, entry: &[u8]) -> Hash {
        self.hash(&[&[0], entry].concat())
    }

    fn node(self, left: &Hash, right: &Hash) -> Hash {
        self.hash(&[&[1][..], left, right].concat())
    }

    /// MTH of RFC 6962.
    pub fn root(self, entries: &[Vec<u8>]) -> Hash {
        match entries {
            [] => self.hash(&[]),
            [entry] => self.leaf(entry),
            _ => {
                let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
                self.node(&self.root(left), &self.root(right))
            }
        }
    }

    /// PATH of RFC 6962.
    pub fn path(self, index: usize, entries: &[Vec<u8>]) -> Vec<Hash> {
        if entries.len() < 2 {
            return Vec::new();
        }
        let (left, right) = entries.split_at(entries.len().next_power_of_two() / 2);
        let (mut path, beside) = if index < left.len() {
            (self.path(index, left), self.root(right))
        } else {
            (self.path(index - left.len(), right), self.root(left))
        };
        path.push(beside);
        path
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::International => "international",
            Self::Guomi => "guomi",
        }
    }
}

/// Somebody who signs, with the kind of the key as it stands before the public key.
pub struct Signer {
    pub name: String,
    kind: Vec<u8>,
    secret: [u8; 32],
}

impl Signer {
    pub fn log(suite: Suite, secret: u8) -> Self {
        let kind = match suite {
            Suite::International => b"\x01".to_vec(),
            Suite::Guomi => b"\xffjingui/sm2/1".to_vec(),
        };
        Self { name: format!("jingui/{LOG}"), kind, secret: [secret; 32] }
    }

    pub fn witness(name: &str, secret: u8) -> Self {
        Self { name: name.into(), kind: vec![4], secret: [secret; 32] }
    }

    pub fn guomi_witness(name: &str, secret: u8) -> Self {
        Self { name: name.into(), kind: b"\xffjingui/sm2-cosignature/1".to_vec(), secret: [secret; 32] }
    }

    fn public(&self) -> Vec<u8> {
        let bytes = if self.kind.starts_with(&[0xff]) {
            use sm2::elliptic_curve::sec1::ToSec1Point;
            let key = sm2::dsa::SigningKey::from_slice(SM2_ID, &self.secret).unwrap();
            key.verifying_key().as_affine().to_sec1_point(false).as_bytes().to_vec()
        } else {
            ed25519_dalek::SigningKey::from_bytes(&self.secret).verifying_key().as_bytes().to_vec()
        };
        [&self.kind[..], &bytes].concat()
    }

    fn id(&self) -> [u8; 4] {
        Sha256::digest([self.name.as_bytes(), b"\n", &self.public()].concat())[..4].try_into().unwrap()
    }

    pub fn vkey(&self) -> String {
        format!("{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&self.public()))
    }

    pub fn line(&self, text: &str, time: u64) -> String {
        let cosigns = self.kind == [4] || self.kind.ends_with(b"cosignature/1");
        let message = if cosigns { format!("cosignature/v1\ntime {time}\n{text}") } else { text.into() };
        let signature = if self.kind.starts_with(&[0xff]) {
            let key = sm2::dsa::SigningKey::from_slice(SM2_ID, &self.secret).unwrap();
            let signature: sm2::dsa::Signature = sm2::dsa::signature::Signer::sign(&key, message.as_bytes());
            signature.to_bytes().to_vec()
        } else {
            ed25519_dalek::SigningKey::from_bytes(&self.secret).sign(message.as_bytes()).to_bytes().to_vec()
        };
        let time = if cosigns { time.to_be_bytes().to_vec() } else { Vec::new() };
        let bytes = [&self.id()[..], &time, &signature].concat();
        format!("— {} {}\n", self.name, BASE64.encode(&bytes))
    }
}

/// A journal with its key and, when there are any, its witnesses.
pub struct Journal {
    pub suite: Suite,
    pub entries: Vec<Vec<u8>>,
    pub key: Signer,
    pub witnesses: Vec<Signer>,
}

impl Journal {
    pub fn new(suite: Suite, count: u8) -> Self {
        let entries = (1..=count).map(|seq| sealed(suite, u64::from(seq), &[seq; 32], b"content")).collect();
        Self { suite, entries, key: Signer::log(suite, 7), witnesses: Vec::new() }
    }

    /// A signed checkpoint over the first `size` entries.
    pub fn checkpoint(&self, size: usize) -> String {
        let root = BASE64.encode(&self.suite.root(&self.entries[..size]));
        let text = format!("jingui/{LOG}\n{size}\n{root}\n");
        let mut note = format!("{text}\n{}", self.key.line(&text, 0));
        for witness in &self.witnesses {
            note += &witness.line(&text, 1_700_000_000 + size as u64);
        }
        note
    }

    /// The bytes of one file with these entries, numbered from 0.
    pub fn segment(&self, range: std::ops::Range<usize>) -> Vec<u8> {
        let mut bytes = [b"JGLG", &[1, self.suite as u8, 0, 32][..], LOG.as_bytes()].concat();
        bytes.extend((range.start as u64 + 1).to_be_bytes());
        for entry in &self.entries[range] {
            bytes.extend(u32::try_from(entry.len()).unwrap().to_be_bytes());
            bytes.extend(entry);
        }
        bytes
    }

    /// Writes the whole directory: files cut before these entries, checkpoints of these sizes.
    pub fn write(&self, dir: &Path, cuts: &[usize], sizes: &[usize]) {
        fs::create_dir_all(dir).unwrap();
        let ends = cuts.iter().skip(1).copied().chain([self.entries.len()]);
        for (start, end) in cuts.iter().zip(ends) {
            fs::write(dir.join(segment_name(*start)), self.segment(*start..end)).unwrap();
        }
        let checkpoints: String = sizes.iter().map(|size| self.checkpoint(*size)).collect();
        fs::write(dir.join("checkpoints"), checkpoints).unwrap();
        fs::write(dir.join("vkey"), format!("{}\n", self.key.vkey())).unwrap();
    }

    /// A file of evidence for these entries, numbered from 1, with the opening keys of some.
    pub fn evidence(&self, entries: &[(usize, bool)]) -> String {
        let mut text = format!(
            "jingui/evidence/1\nsuite {}\n\n{}",
            self.suite.name(),
            self.checkpoint(self.entries.len())
        );
        for (seq, opened) in entries {
            text += &format!("\nentry {seq}\nsealed {}\n", BASE64.encode(&self.entries[seq - 1]));
            if *opened {
                let opening = [u8::try_from(*seq).unwrap(); 32];
                text += &format!("opening {}\n", BASE64.encode(&opening));
            }
            for hash in self.suite.path(seq - 1, &self.entries) {
                text += &format!("{}\n", BASE64.encode(&hash));
            }
        }
        text
    }
}

pub fn segment_name(start: usize) -> String {
    format!("{:020}.entries", start + 1)
}

/// A sealed entry of the form that `docs/ledger-format.md` describes.
pub fn sealed(suite: Suite, seq: u64, opening: &[u8; 32], plain: &[u8]) -> Vec<u8> {
    let mut derived = [0; 64];
    match suite {
        Suite::International => {
            hkdf::Hkdf::<Sha256>::new(None, opening).expand(b"jingui/entry-keys/1", &mut derived).unwrap();
        }
        Suite::Guomi => {
            hkdf::Hkdf::<Sm3>::new(None, opening).expand(b"jingui/entry-keys/1", &mut derived).unwrap();
        }
    }
    let mut bytes = vec![3, suite as u8, 0, 1];
    let nonce = [u8::try_from(seq).unwrap(); 12];
    bytes.extend(nonce);
    bytes.extend(&derived[32..]);
    let aad = [&bytes[..], &32_u64.to_be_bytes(), LOG.as_bytes(), &seq.to_be_bytes()].concat();
    let payload = Payload { msg: plain, aad: &aad };
    bytes.extend(match suite {
        Suite::International => aes_gcm::Aes256Gcm::new_from_slice(&derived[..32])
            .unwrap()
            .encrypt(&nonce.into(), payload)
            .unwrap(),
        Suite::Guomi => {
            type Sm4Gcm = aes_gcm::AesGcm<sm4::Sm4, aes_gcm::aes::cipher::consts::U12>;
            Sm4Gcm::new_from_slice(&derived[..16]).unwrap().encrypt(&nonce.into(), payload).unwrap()
        }
    });
    bytes
}

/// Runs the verifier; exit code and what it said.
pub fn verify(path: &Path, options: &[&str]) -> (u8, String) {
    let mut out = Vec::new();
    let arguments = std::iter::once(OsString::from(path)).chain(options.iter().map(OsString::from));
    let code = jingui_verify::run(arguments, &mut out);
    (code, String::from_utf8(out).unwrap())
}

/// As [`verify`], and the verdict must be that it is broken, naming one of these places.
#[track_caller]
pub fn broken(path: &Path, options: &[&str], places: &[&str]) -> String {
    let (code, said) = verify(path, options);
    assert_eq!(code, 1, "{said}");
    assert!(places.iter().any(|place| said.contains(place)), "{places:?} isn't in: {said}");
    said
}
