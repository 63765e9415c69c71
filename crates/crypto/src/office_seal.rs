//! The seal of an office: its keyring, sealed under an opening key that a passphrase wraps, that stands in the clear for a
//! medium of its own, or that key holders share. Owns the text of the file `key.json`; where it lies and who may read it
//! is the caller's. Its form is written down in `docs/seal.md`.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::key::Key;
use crate::keyring::Keyring;
use crate::passphrase::{PassphraseCost, stretch};
use crate::seal::Sealer;
use crate::shares::{HOLDERS, SET, Share, new_set, split};
use crate::suite::{Suite, bind};
use crate::typed;

const FORM: u8 = 1;
const CHECK: usize = 5;

/// What is to open a seal.
#[derive(Clone, Copy)]
pub enum Lock<'a> {
    /// Nothing: the file itself is the key, for a medium that is kept apart.
    Plain,
    /// A passphrase.
    Passphrase {
        /// The passphrase.
        passphrase: &'a str,
        /// How dear a guess is.
        cost: PassphraseCost,
    },
    /// Any `needed` of these key holders, who are named in the file as they are here.
    Shares {
        /// How many of them open, at least 2.
        needed: u8,
        /// Their names, 2 to 16.
        holders: &'a [String],
    },
}

/// What a seal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Its passphrase.
    Passphrase,
    /// Shares.
    Shares {
        /// How many open.
        needed: u8,
        /// How many there are.
        of: usize,
    },
}

/// The sealed keyring of an office, as it lies on the disk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Form of the file; 1.
    #[serde(rename = "jingui_seal")]
    form: u8,
    suite: Suite,
    office: String,
    lock: Locked,
    #[serde(with = "base32")]
    keyring: Vec<u8>,
    /// First bytes of the hash over all the rest: tells damage from a wrong passphrase.
    #[serde(with = "base32")]
    check: Vec<u8>,
}

/// The opening key, as the file holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Locked {
    Plain {
        #[serde(with = "base32")]
        key: Zeroizing<Vec<u8>>,
    },
    Passphrase {
        cost: PassphraseCost,
        #[serde(with = "base32")]
        salt: Vec<u8>,
        #[serde(with = "base32")]
        wrapped: Vec<u8>,
    },
    Shares(SplitKey),
}

/// What the file says of a key that was split.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitKey {
    #[serde(with = "base32")]
    pub(crate) set: [u8; SET],
    pub(crate) needed: u8,
    #[serde(with = "base32")]
    pub(crate) salt: Vec<u8>,
    pub(crate) holders: Vec<Holder>,
}

/// Who holds which share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Holder {
    pub(crate) number: u8,
    name: String,
    #[serde(with = "base32")]
    pub(crate) commitment: [u8; 32],
}

/// Bytes in JSON as base 32, in upper case and without filling.
mod base32 {
    use super::BASE32_NOPAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&zeroize::Zeroizing::new(BASE32_NOPAD.encode(bytes.as_ref())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        T::try_from(bytes).map_err(|_| D::Error::custom("bytes of another length"))
    }
}

impl Locked {
    /// Locks a key; the shares that open it, when it is split.
    fn new(
        office: &str,
        suite: Suite,
        key: &Key,
        lock: &Lock<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<Share>), CryptoError> {
        let mut salt = vec![0; 16];
        rng.fill_bytes(&mut salt);
        match *lock {
            Lock::Plain => Ok((Self::Plain { key: Zeroizing::new(key.expose().to_vec()) }, Vec::new())),
            Lock::Passphrase { passphrase, cost } => {
                let wrapping = Sealer::new(suite, Key(*stretch(passphrase, &salt, cost)?));
                let wrapped =
                    wrapping.seal(&bind("jingui/seal-key/1", &[office.as_bytes()]), key.expose(), rng);
                Ok((Self::Passphrase { cost, salt, wrapped }, Vec::new()))
            }
            Lock::Shares { needed, holders } => {
                let set = new_set(suite, office, rng);
                let shares = split(key, set, needed, holders.len(), rng)?;
                let holders = shares.iter().zip(holders).map(|(share, name)| Holder {
                    number: share.number(),
                    name: name.clone(),
                    commitment: share.commitment(suite, &salt),
                });
                let holders = holders.collect();
                Ok((Self::Shares(SplitKey { set, needed, salt, holders }), shares))
            }
        }
    }

    /// All it says, for the check digits and to bind the keyring to it.
    fn parts(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Plain { key } => bind("plain", &[key]),
            Self::Passphrase { cost, salt, wrapped } => bind("passphrase", &[&cost.bytes(), salt, wrapped]),
            Self::Shares(SplitKey { set, needed, salt, holders }) => {
                let mut parts = bind("shares", &[set, &[*needed], salt]);
                for Holder { number, name, commitment } in holders {
                    parts.extend(bind("holder", &[&[*number], name.as_bytes(), commitment]));
                }
                parts
            }
        })
    }
}

impl Seal {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is no such file, or damaged.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let seal: Self = serde_json::from_str(text).map_err(|_| {
            let ours = text.contains("\"jingui_seal\"");
            if ours { CryptoError::Damaged } else { CryptoError::NotAKeyFile }
        })?;
        let whole = seal.form == FORM && seal.check == seal.digits() && seal.sound();
        if whole { Ok(seal) } else { Err(CryptoError::Damaged) }
    }

    /// Whether numbers of shares are such as are handed out.
    fn sound(&self) -> bool {
        self.split().is_none_or(|split| {
            (2..=split.holders.len()).contains(&usize::from(split.needed)) && split.holders.len() <= HOLDERS
        })
    }

    /// The file's text. Holds the keys themselves when the seal is plain.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Strings and small numbers always serialize; ending here is better than writing an empty file in place of the
        // only keys.
        let Ok(text) = serde_json::to_string_pretty(self) else { std::process::abort() };
        Zeroizing::new(text)
    }

    /// The suite of its keys.
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The office it belongs to.
    pub fn office(&self) -> &str {
        &self.office
    }

    /// What it asks for.
    pub const fn needs(&self) -> Needs {
        match &self.lock {
            Locked::Plain { .. } => Needs::Nothing,
            Locked::Passphrase { .. } => Needs::Passphrase,
            Locked::Shares(split) => Needs::Shares { needed: split.needed, of: split.holders.len() },
        }
    }

    /// The set of its shares, as it stands at the head of each sheet; nothing when it opens without shares.
    pub fn set(&self) -> Option<String> {
        Some(typed::plain(&self.split()?.set))
    }

    /// Numbers and names of its key holders; none when it opens without shares.
    pub fn holders(&self) -> impl Iterator<Item = (u8, &str)> {
        self.split()
            .into_iter()
            .flat_map(|split| split.holders.iter().map(|holder| (holder.number, holder.name.as_str())))
    }

    pub(crate) const fn split(&self) -> Option<&SplitKey> {
        match &self.lock {
            Locked::Shares(split) => Some(split),
            _ => None,
        }
    }

    /// Opens a seal that no shares are needed for.
    ///
    /// # Errors
    /// Tells apart: no passphrase given, a wrong one, one needed in place of shares. Damage that keeps the check digits
    /// right can't be told from a wrong passphrase.
    pub fn open(&self, passphrase: Option<&str>) -> Result<Unsealed, CryptoError> {
        let key = match &self.lock {
            Locked::Plain { key } => Zeroizing::new(key.to_vec()),
            Locked::Passphrase { cost, salt, wrapped } => {
                let passphrase = passphrase.ok_or(CryptoError::NeedsPassphrase)?;
                let wrapping = Sealer::new(self.suite, Key(*stretch(passphrase, salt, *cost)?));
                let place = bind("jingui/seal-key/1", &[self.office.as_bytes()]);
                Zeroizing::new(wrapping.open(&place, wrapped).map_err(|_| CryptoError::WrongPassphrase)?)
            }
            Locked::Shares(_) => return Err(CryptoError::NeedsShares),
        };
        self.open_with(Key(key.as_slice().try_into().map_err(|_| CryptoError::Damaged)?))
    }

    /// Opens it with the opening key itself.
    pub(crate) fn open_with(&self, key: Key) -> Result<Unsealed, CryptoError> {
        let plain = Sealer::new(self.suite, key.clone()).open(&self.place(), &self.keyring);
        let plain = Zeroizing::new(plain.map_err(|_| CryptoError::Damaged)?);
        let keyring = Keyring::from_bytes(&plain)?;
        Ok(Unsealed { seal: self.clone(), key, keyring })
    }

    /// What the keyring is bound to: everything else that the file says, so that nobody renames a holder or lowers the
    /// number that opens without being found.
    fn place(&self) -> Vec<u8> {
        bind("jingui/seal/1", &[&[self.suite.byte()], self.office.as_bytes(), &self.lock.parts()])
    }

    fn digits(&self) -> Vec<u8> {
        let hash = self.suite.digest(&[&Zeroizing::new(self.place()), &self.keyring]);
        hash.into_iter().take(CHECK).collect()
    }
}

impl fmt::Debug for Seal {
    /// The office only: a plain seal's fields are the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({:?})", self.office)
    }
}

/// An office's seal and what was in it, in the memory of a running office; wiped when dropped.
///
/// Whoever changes the keyring writes the file first and seals with the new keys only then: what a lost file alone could
/// open is lost.
#[derive(Clone)]
pub struct Unsealed {
    seal: Seal,
    key: Key,
    keyring: Keyring,
}

impl Unsealed {
    /// Seals a keyring for the first time, under a new opening key; the shares to hand out, when it is split.
    ///
    /// # Errors
    /// When the cost of the passphrase or the numbers of holders are out of range.
    pub fn new(
        office: &str,
        keyring: Keyring,
        lock: &Lock<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<Share>), CryptoError> {
        let (suite, key) = (keyring.suite(), Key::generate(rng));
        let (lock, shares) = Locked::new(office, suite, &key, lock, rng)?;
        let office = office.to_owned();
        // Still empty: what is sealed is bound to the rest.
        let seal = Seal { form: FORM, suite, office, lock, keyring: Vec::new(), check: Vec::new() };
        let unsealed = Self { seal, key, keyring: keyring.clone() };
        Ok((unsealed.update(keyring, rng), shares))
    }

    /// The same seal with another state of its keyring, after a rotation: passphrase and shares stay.
    #[must_use]
    pub fn update(&self, keyring: Keyring, rng: &mut impl CryptoRng) -> Self {
        let mut seal = self.seal.clone();
        seal.keyring =
            Sealer::new(seal.suite, self.key.clone()).seal(&seal.place(), &keyring.to_bytes(), rng);
        seal.check = seal.digits();
        Self { seal, key: self.key.clone(), keyring }
    }

    /// The same keyring under a new opening key: no passphrase and no share from before opens the new file. An old
    /// copy of the file opens as it did, so every copy of it must go.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn reseal(
        &self,
        lock: &Lock<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<Share>), CryptoError> {
        Self::new(&self.seal.office, self.keyring.clone(), lock, rng)
    }

    /// The seal as it is to lie on the disk.
    pub const fn seal(&self) -> &Seal {
        &self.seal
    }

    /// What was in it.
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }
}

impl fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsealed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shares::Assembly;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];
    const CHEAP: PassphraseCost = PassphraseCost { memory_kib: 64, passes: 1, lanes: 1 };
    const PASSPHRASE: Lock<'static> = Lock::Passphrase { passphrase: "金匮石室", cost: CHEAP };

    fn holders() -> Vec<String> {
        ["王芳", "李强", "张敏"].map(str::to_owned).to_vec()
    }

    fn same(one: &Unsealed, other: &Unsealed) -> bool {
        *one.keyring.to_bytes() == *other.keyring.to_bytes()
    }

    fn sealed(suite: Suite, lock: &Lock<'_>, rng: &mut ChaCha20Rng) -> (Unsealed, Vec<Share>) {
        Unsealed::new("0123", Keyring::generate(suite, rng), lock, rng).unwrap()
    }

    #[test]
    fn opens_with_the_passphrase_and_tells_wrong_from_damaged() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for suite in SUITES {
            let (unsealed, shares) = sealed(suite, &PASSPHRASE, &mut rng);
            assert!(shares.is_empty());
            let text = unsealed.seal().to_text();
            let read = Seal::parse(&text).unwrap();
            assert!(read == *unsealed.seal());
            assert_eq!((read.needs(), read.suite(), read.office()), (Needs::Passphrase, suite, "0123"));
            assert!(same(&read.open(Some("金匮石室")).unwrap(), &unsealed));
            assert_eq!(read.open(Some("金匮石屋")).unwrap_err(), CryptoError::WrongPassphrase);
            assert_eq!(read.open(None).unwrap_err(), CryptoError::NeedsPassphrase);
            assert!(Assembly::new(&read).is_none() && read.set().is_none() && read.holders().count() == 0);
            let damaged = text.replace("\"memory_kib\": 64", "\"memory_kib\": 65");
            assert_eq!(Seal::parse(&damaged).unwrap_err(), CryptoError::Damaged);
        }
        assert_eq!(Seal::parse("{}").unwrap_err(), CryptoError::NotAKeyFile);
        let beyond = Lock::Passphrase { passphrase: "x", cost: PassphraseCost { passes: 21, ..CHEAP } };
        let keyring = Keyring::generate(Suite::Guomi, &mut rng);
        assert_eq!(Unsealed::new("0123", keyring, &beyond, &mut rng).unwrap_err(), CryptoError::Cost);
    }

    #[test]
    fn a_plain_seal_opens_by_itself() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for suite in SUITES {
            let (unsealed, _) = sealed(suite, &Lock::Plain, &mut rng);
            let read = Seal::parse(&unsealed.seal().to_text()).unwrap();
            assert_eq!(read.needs(), Needs::Nothing);
            assert!(same(&read.open(None).unwrap(), &unsealed));
        }
    }

    /// Every character of every kind of file, by another: none is read as a seal that opens, nor as another one.
    #[test]
    fn every_altered_character_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let holders = holders();
        for lock in [Lock::Plain, PASSPHRASE, Lock::Shares { needed: 2, holders: &holders }] {
            let (unsealed, _) = sealed(Suite::Guomi, &lock, &mut rng);
            let text: Vec<char> = unsealed.seal().to_text().chars().collect();
            for place in 0..text.len() {
                let mut altered = text.clone();
                altered[place] = if altered[place] == 'A' { 'B' } else { 'A' };
                let altered: String = altered.into_iter().collect();
                let read = Seal::parse(&altered);
                assert!(
                    read.is_err_and(
                        |error| error != CryptoError::NotAKeyFile || !altered.contains("\"jingui_seal\"")
                    ),
                    "{altered}"
                );
            }
        }
    }

    #[test]
    fn shares_open_and_the_file_names_their_holders() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let holders = holders();
        for suite in SUITES {
            let (unsealed, shares) = sealed(suite, &Lock::Shares { needed: 2, holders: &holders }, &mut rng);
            let read = Seal::parse(&unsealed.seal().to_text()).unwrap();
            assert_eq!(read.needs(), Needs::Shares { needed: 2, of: 3 });
            assert_eq!(read.holders().collect::<Vec<_>>(), [(1, "王芳"), (2, "李强"), (3, "张敏")]);
            assert_eq!(read.open(Some("x")).unwrap_err(), CryptoError::NeedsShares);
            let mut assembly = Assembly::new(&read).unwrap();
            assembly.add(&shares[2].code()).unwrap();
            assembly.add(&shares[0].code()).unwrap();
            assert!(same(&assembly.open().unwrap(), &unsealed));
        }
    }

    /// Somebody who can write the file gives it fitting check digits too. What it says is bound to what it seals.
    #[test]
    fn a_file_altered_with_fitting_check_digits_doesnt_open() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let holders = holders();
        let (unsealed, shares) =
            sealed(Suite::International, &Lock::Shares { needed: 2, holders: &holders }, &mut rng);
        let alterations: [fn(&mut Seal, &mut SplitKey); 4] = [
            |_, split| split.holders[1].name = "赵伟".to_owned(),
            |_, split| split.needed = 3,
            |_, split| drop(split.holders.pop()),
            |seal, _| seal.office = "0124".to_owned(),
        ];
        for (which, alter) in alterations.into_iter().enumerate() {
            let mut seal = unsealed.seal().clone();
            let mut split = seal.split().unwrap().clone();
            alter(&mut seal, &mut split);
            seal.lock = Locked::Shares(split);
            seal.check = seal.digits();
            let read = Seal::parse(&seal.to_text()).unwrap();
            let mut assembly = Assembly::new(&read).unwrap();
            for share in &shares {
                let _ = assembly.add(&share.code());
            }
            assert_eq!(assembly.open().unwrap_err(), CryptoError::Damaged, "alteration {which}");
        }
    }

    #[test]
    fn a_rotation_keeps_passphrase_and_shares() {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let holders = holders();
        let (unsealed, shares) =
            sealed(Suite::Guomi, &Lock::Shares { needed: 2, holders: &holders }, &mut rng);
        let mut keyring = unsealed.keyring().clone();
        keyring.rotate_entries(&mut rng);
        keyring.rotate_levels(&mut rng);
        let rotated = unsealed.update(keyring, &mut rng);
        let mut assembly = Assembly::new(&Seal::parse(&rotated.seal().to_text()).unwrap()).unwrap();
        assembly.add(&shares[0].code()).unwrap();
        assembly.add(&shares[1].code()).unwrap();
        let opened = assembly.open().unwrap();
        assert_eq!(opened.keyring().epochs(), (1, 1));
        assert!(same(&opened, &rotated) && !same(&opened, &unsealed));
    }

    #[test]
    fn after_resealing_nothing_from_before_opens() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let holders = holders();
        let shared = Lock::Shares { needed: 2, holders: &holders };
        let (first, old) = sealed(Suite::Guomi, &shared, &mut rng);
        let (second, new) = first.reseal(&shared, &mut rng).unwrap();
        assert!(same(&first, &second) && first.key.expose() != second.key.expose());
        assert_ne!(first.seal().set(), second.seal().set());
        assert!(second.seal().open_with(first.key.clone()).is_err());
        let mut assembly = Assembly::new(second.seal()).unwrap();
        assert!(assembly.add(&old[0].code()).is_err());
        assembly.add(&new[0].code()).unwrap();
        assembly.add(&new[1].code()).unwrap();
        assert!(same(&assembly.open().unwrap(), &first));
        // To a passphrase and back, as when an office grows.
        let (third, _) = second.reseal(&PASSPHRASE, &mut rng).unwrap();
        assert!(same(&third.seal().open(Some("金匮石室")).unwrap(), &first));
    }

    /// The files and shares of docs/seal.md, which an implementation in another language opened too.
    #[test]
    fn published_vectors_of_seals() {
        let page = include_str!("../../../docs/seal.md");
        let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
        let [split, sheets, wrapped] = blocks[..] else { panic!("docs/seal.md has {} blocks", blocks.len()) };
        let mut assembly = Assembly::new(&Seal::parse(split).unwrap()).unwrap();
        for share in sheets.trim().split("\n\n").skip(1) {
            assembly.add(share).unwrap();
        }
        let wrapped = Seal::parse(wrapped).unwrap().open(Some("金匮石室")).unwrap();
        for opened in [assembly.open().unwrap(), wrapped] {
            let database = data_encoding::HEXLOWER.encode(opened.keyring().derive("database").expose());
            assert!(page.contains(&database), "docs/seal.md lacks {database}");
            assert_eq!(opened.keyring().epochs(), (1, 0));
        }
    }

    #[test]
    fn neither_debugging_nor_a_locked_file_shows_a_key() {
        let mut rng = ChaCha20Rng::seed_from_u64(8);
        let (unsealed, _) = sealed(Suite::International, &PASSPHRASE, &mut rng);
        let shown = format!("{unsealed:?} {:?}", unsealed.seal());
        assert_eq!(shown, "Unsealed Seal(\"0123\")");
        let text = unsealed.seal().to_text();
        assert!(!text.contains(&BASE32_NOPAD.encode(unsealed.key.expose())));
    }
}
