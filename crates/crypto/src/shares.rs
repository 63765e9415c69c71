//! Shares of an office's opening key: split among its key holders, given one by one, each checked against what the seal
//! says of it. Owns the splitting (Shamir's scheme over GF(256), from a library) and what a share's bytes say.

use std::convert::Infallible;
use std::fmt;

use rand::CryptoRng;
use vsss_rs::{Gf256, IdentifierGf256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::CryptoError;
use crate::key::Key;
use crate::office_seal::{Seal, SplitKey, Unsealed};
use crate::suite::{Suite, bind};
use crate::typed::{self, BYTES, Unread};

/// Place of a share's first line.
const FIRST_LINE: u32 = 1;
/// Form of a share's bytes.
const FORM: u8 = 1;
/// Bytes of a set's id: two that tell the office, four of one sealing.
pub(crate) const SET: usize = 6;
const OFFICE: usize = 2;
/// Most key holders of an office.
pub(crate) const HOLDERS: usize = 16;

/// Why a share isn't taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// The text isn't a share at all.
    #[error("this isn't a share; enter the four lines of a share sheet, 18 characters each")]
    NotAShare,
    /// These lines, counted from 1, were mistyped.
    #[error("line {} is mistyped; compare it with the sheet character by character", join(.lines))]
    Mistyped {
        /// The lines, from 1.
        lines: Vec<usize>,
    },
    /// A share of another office.
    #[error("this share belongs to another office; enter one of this office's")]
    OtherOffice,
    /// A share of this office, from before or after the sealing in use.
    #[error("this share belongs to another sealing of this office; enter the one that was handed out last")]
    OtherSealing,
    /// The share isn't the one that was handed out: forged, or altered so that its check digits fit.
    #[error("share {number} was altered; ask its holder for the original, and the others go on without it")]
    Altered {
        /// Its number, from 1.
        number: u8,
    },
    /// The same share again.
    #[error("share {number} was entered already; another holder must enter theirs")]
    Twice {
        /// Its number, from 1.
        number: u8,
    },
}

fn join(lines: &[usize]) -> String {
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// One key holder's share; wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Share {
    set: [u8; SET],
    number: u8,
    value: [u8; 32],
}

impl Share {
    /// Its number, from 1.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// The set it belongs to, as it stands at the head of its sheet and in the seal.
    pub fn set(&self) -> String {
        typed::plain(&self.set)
    }

    /// The four lines of its sheet, to be typed: `XXXX XXXX XXXX XXXX XX`, the last two being check digits.
    pub fn lines(&self) -> Vec<Zeroizing<String>> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let parts = [FORM].into_iter().chain(self.set).chain([self.number]).chain(self.value);
        for (place, byte) in bytes.iter_mut().zip(parts) {
            *place = byte;
        }
        typed::lines(&bytes, FIRST_LINE)
    }

    /// The same in one string of 72 characters, which fit the alphanumeric mode of a QR code.
    pub fn code(&self) -> Zeroizing<String> {
        let mut code = Zeroizing::new(String::with_capacity(72));
        for line in self.lines() {
            code.extend(line.split(' '));
        }
        code
    }

    /// Reads lines or code, however sloppily they were typed. Whether the share is genuine only its seal can say.
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let bytes = typed::read(text, FIRST_LINE).map_err(|unread| match unread {
            Unread::Shape => ShareError::NotAShare,
            Unread::Lines(lines) => ShareError::Mistyped { lines },
        })?;
        let parts = || {
            let (form, rest) = bytes.split_first()?;
            let (set, rest) = rest.split_first_chunk()?;
            let (number, value) = rest.split_first()?;
            let value = <&[u8; 32]>::try_from(value).ok()?;
            (*form == FORM).then_some(Self { set: *set, number: *number, value: *value })
        };
        parts().ok_or(ShareError::NotAShare)
    }

    /// What the seal keeps of a share to know it again. The value is as random as a key, so that its hash tells nothing.
    pub(crate) fn commitment(&self, suite: Suite, salt: &[u8]) -> [u8; 32] {
        suite.digest(&[&bind("jingui/share/1", &[salt, &self.set, &[self.number], &self.value])])
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share")
    }
}

/// A new set's id.
pub(crate) fn new_set(suite: Suite, office: &str, rng: &mut impl CryptoRng) -> [u8; SET] {
    let mut set = [0; SET];
    rng.fill_bytes(&mut set);
    for (place, byte) in set.iter_mut().zip(suite.digest(&[office.as_bytes()]).iter().take(OFFICE)) {
        *place = *byte;
    }
    set
}

/// Splits a key into `count` shares, of which any `needed` give it back and fewer tell nothing of it.
///
/// # Errors
/// When the numbers aren't 2 ≤ `needed` ≤ `count` ≤ 16.
pub(crate) fn split(
    key: &Key,
    set: [u8; SET],
    needed: u8,
    count: usize,
    rng: &mut impl CryptoRng,
) -> Result<Vec<Share>, CryptoError> {
    if !(2..=count).contains(&usize::from(needed)) || count > HOLDERS {
        return Err(CryptoError::Holders);
    }
    let numbers = (1..=u8::MAX).map(|number| IdentifierGf256(Gf256(number)));
    let mut parts =
        Gf256::split_bytes_with_participant_ids_iter(needed.into(), count, key.expose(), Next(rng), numbers)
            .map_err(|_| CryptoError::Holders)?;
    let shares = parts.iter().map(|part| {
        let (number, value) = part.split_first()?;
        Some(Share { set, number: *number, value: value.try_into().ok()? })
    });
    let shares = shares.collect::<Option<_>>().ok_or(CryptoError::Holders);
    parts.zeroize();
    shares
}

/// The key that these shares give; of too few, or of others, another key.
fn join_shares<'a>(shares: impl Iterator<Item = &'a Share>) -> Result<Key, CryptoError> {
    let mut parts: Vec<Vec<u8>> =
        shares.map(|share| [share.number].into_iter().chain(share.value).collect()).collect();
    let joined = Gf256::combine_bytes(&parts).map(Zeroizing::new);
    parts.zeroize();
    let key = joined.ok().and_then(|bytes| bytes.as_slice().try_into().ok()).map(Key);
    key.ok_or(CryptoError::Sealed)
}

/// Our generator in the traits of vsss-rs, which stands on the next `rand_core`.
struct Next<'a, R>(&'a mut R);

impl<R: CryptoRng> rand_core::TryRng for Next<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: CryptoRng> rand_core::TryCryptoRng for Next<'_, R> {}

/// How far a seal is with its shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Number of the share that was taken last.
    pub number: u8,
    /// Shares taken so far.
    pub have: usize,
    /// Shares that open.
    pub need: usize,
}

/// A seal on its way to being opened: takes shares one by one, from different people.
#[derive(Clone)]
pub struct Assembly {
    seal: Seal,
    split: SplitKey,
    shares: Vec<Share>,
}

impl Assembly {
    /// Begins without a share; nothing when the seal opens without shares.
    pub fn new(seal: &Seal) -> Option<Self> {
        Some(Self { split: seal.split()?.clone(), seal: seal.clone(), shares: Vec::new() })
    }

    /// Takes a share as it was typed or scanned, or says what is wrong with it; those taken before stay.
    pub fn add(&mut self, text: &str) -> Result<Progress, ShareError> {
        let share = Share::parse(text)?;
        if share.set != self.split.set {
            let office = share.set.first_chunk::<OFFICE>() == self.split.set.first_chunk::<OFFICE>();
            return Err(if office { ShareError::OtherSealing } else { ShareError::OtherOffice });
        }
        let number = share.number;
        let commitment = self.split.holders.iter().find(|holder| holder.number == number);
        let genuine = share.commitment(self.seal.suite(), &self.split.salt);
        if commitment.is_none_or(|holder| holder.commitment != genuine) {
            return Err(ShareError::Altered { number });
        }
        if self.shares.iter().any(|taken| taken.number == number) {
            return Err(ShareError::Twice { number });
        }
        self.shares.push(share);
        Ok(Progress { number, have: self.shares.len(), need: usize::from(self.split.needed) })
    }

    /// Numbers of the shares taken, in the order in which they came.
    pub fn numbers(&self) -> impl Iterator<Item = u8> {
        self.shares.iter().map(|share| share.number)
    }

    /// Opens the seal once there are enough shares.
    ///
    /// # Errors
    /// When there are too few still, or when the seal itself was tampered with.
    pub fn open(&self) -> Result<Unsealed, CryptoError> {
        let needed = usize::from(self.split.needed);
        if self.shares.len() < needed {
            return Err(CryptoError::NeedsShares);
        }
        self.seal.open_with(join_shares(self.shares.iter().take(needed))?)
    }
}

impl fmt::Debug for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assembly")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;
    use crate::office_seal::Lock;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];

    fn office(suite: Suite, needed: u8, count: usize, rng: &mut ChaCha20Rng) -> (Unsealed, Vec<Share>) {
        let holders: Vec<String> = (1..=count).map(|number| format!("holder {number}")).collect();
        let keyring = Keyring::generate(suite, rng);
        Unsealed::new("office", keyring, &Lock::Shares { needed, holders: &holders }, rng).unwrap()
    }

    fn key(unsealed: &Unsealed) -> [u8; 32] {
        *unsealed.keyring().derive("database").expose()
    }

    /// Every set of holders in every office of up to six: it opens when there are enough of them, and else doesn't, nor do
    /// their shares give the key when somebody joins them without asking.
    #[test]
    fn enough_holders_open_and_fewer_never_do() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for (count, needed) in (2..=6).flat_map(|count| (2..=count).map(move |needed| (count, needed))) {
            let suite = SUITES[usize::from(needed % 2)];
            let (unsealed, shares) = office(suite, needed, usize::from(count), &mut rng);
            for set in 1_u32..1 << count {
                let chosen: Vec<&Share> =
                    shares.iter().filter(|share| set >> (share.number() - 1) & 1 == 1).collect();
                let mut assembly = Assembly::new(unsealed.seal()).unwrap();
                for (at, share) in chosen.iter().enumerate() {
                    let progress = assembly.add(&share.code()).unwrap();
                    let need = usize::from(needed);
                    assert_eq!(progress, Progress { number: share.number(), have: at + 1, need });
                }
                if chosen.len() >= usize::from(needed) {
                    assert_eq!(key(&assembly.open().unwrap()), key(&unsealed));
                } else {
                    assert_eq!(assembly.open().unwrap_err(), CryptoError::NeedsShares);
                    let joined = join_shares(chosen.iter().copied());
                    assert!(joined.and_then(|key| unsealed.seal().open_with(key)).is_err());
                }
            }
        }
    }

    #[test]
    fn the_most_holders_all_of_whom_open() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (unsealed, shares) = office(Suite::Guomi, 16, 16, &mut rng);
        let mut assembly = Assembly::new(unsealed.seal()).unwrap();
        for share in shares.iter().rev() {
            assembly.add(&share.code()).unwrap();
        }
        assert_eq!(assembly.numbers().collect::<Vec<_>>(), (1..=16).rev().collect::<Vec<_>>());
        assert_eq!(key(&assembly.open().unwrap()), key(&unsealed));
        for (needed, count) in [(1, 3), (0, 3), (4, 3), (2, 1), (2, 17), (2, 0)] {
            let shares = split(&Key([7; 32]), [0; SET], needed, count, &mut rng);
            assert_eq!(shares.unwrap_err(), CryptoError::Holders, "{needed} of {count}");
        }
    }

    #[test]
    fn a_share_that_isnt_taken_is_named_with_its_reason() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        for suite in SUITES {
            let (unsealed, shares) = office(suite, 2, 3, &mut rng);
            let mut assembly = Assembly::new(unsealed.seal()).unwrap();
            assembly.add(&shares[1].code()).unwrap();
            assert_eq!(assembly.add(&shares[1].code()), Err(ShareError::Twice { number: 2 }));
            assert_eq!(assembly.add("our house is on fire"), Err(ShareError::NotAShare));
            let lines: Vec<String> = shares[0].lines().iter().map(|line| line.to_string()).collect();
            let wrong = if lines[2].starts_with('A') { "B" } else { "A" };
            let mistyped = [&*lines[0], &*lines[1], &format!("{wrong}{}", &lines[2][1..]), &*lines[3]];
            let refused = assembly.add(&mistyped.join("\n")).unwrap_err();
            assert_eq!(refused, ShareError::Mistyped { lines: vec![3] });
            assert!(refused.to_string().starts_with("line 3 is mistyped"), "{refused}");
            let (_, others) = unsealed.reseal(&three(), &mut rng).unwrap();
            assert_eq!(assembly.add(&others[0].code()), Err(ShareError::OtherSealing));
            let keyring = unsealed.keyring().clone();
            let (_, others) = Unsealed::new("another", keyring, &three(), &mut rng).unwrap();
            assert_eq!(assembly.add(&others[0].code()), Err(ShareError::OtherOffice));
            for place in 0..32 {
                let mut altered = shares[0].clone();
                altered.value[place] ^= 1;
                assert_eq!(assembly.add(&altered.code()), Err(ShareError::Altered { number: 1 }), "{place}");
            }
            for number in [0, 2, 3, 4, 255] {
                let mut renumbered = shares[0].clone();
                renumbered.number = number;
                assert_eq!(assembly.add(&renumbered.code()), Err(ShareError::Altered { number }));
            }
            // None of this was in the way of the right one.
            assembly.add(&lines.join("\n")).unwrap();
            assert_eq!(key(&assembly.open().unwrap()), key(&unsealed));
        }
    }

    fn three() -> Lock<'static> {
        static HOLDERS: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| ["甲", "乙", "丙"].map(str::to_owned).to_vec());
        Lock::Shares { needed: 2, holders: &HOLDERS }
    }

    #[test]
    fn a_share_is_read_from_its_lines_and_from_its_code() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let (unsealed, shares) = office(Suite::Guomi, 2, 3, &mut rng);
        for (share, number) in shares.iter().zip(1..) {
            let lines: Vec<String> = share.lines().iter().map(|line| line.to_string()).collect();
            assert!(lines.len() == 4 && lines.iter().all(|line| line.len() == 22), "{lines:?}");
            assert!(share.code().len() == 72 && share.code().chars().all(|c| c.is_ascii_alphanumeric()));
            for text in [lines.join("\n"), share.code().to_string()] {
                let read = Share::parse(&text).unwrap();
                assert_eq!((read.number(), read.value), (number, share.value));
                assert_eq!(Some(read.set()), unsealed.seal().set());
            }
            // A later form of shares isn't taken for this one.
            let mut bytes = typed::read(&share.code(), FIRST_LINE).unwrap();
            bytes[0] = 2;
            let later: Vec<String> =
                typed::lines(&bytes, FIRST_LINE).iter().map(|line| line.to_string()).collect();
            assert_eq!(Share::parse(&later.join("\n")).unwrap_err(), ShareError::NotAShare);
            assert_eq!(format!("{share:?} {:?}", Assembly::new(unsealed.seal()).unwrap()), "Share Assembly");
        }
    }

    /// Earlier libraries never drew a coefficient of nought, so that no share's byte was the secret's own and one learned
    /// what it isn't. Here every byte comes equally often whatever the secret (6σ around 250 of 64,000).
    #[test]
    fn a_share_tells_nothing_of_the_key() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        for secret in [0, 0xA5] {
            let mut seen = [[0_u32; 256]; 2];
            for _ in 0..2000 {
                for share in split(&Key([secret; 32]), [0; SET], 2, 2, &mut rng).unwrap() {
                    for byte in share.value {
                        seen[usize::from(share.number - 1)][usize::from(byte)] += 1;
                    }
                }
            }
            assert!(seen.iter().flatten().all(|count| (150..350).contains(count)), "{secret}: {seen:?}");
        }
    }
}
