//! Sealed files: a file in chunks, each of them authenticated with its place, under a key that the header commits to.
//! The format is written down to the byte in `docs/sealed-file.md`, with vectors.
//!
//! Nothing is given out before it has been authenticated. Which chunk is the last is sealed with it, so that a file cut
//! short or drawn out doesn't open; the header commits to the key and to what the file is bound to, so that no two keys
//! open the same bytes and no file opens in another's place.

use std::ops::Range;

use rand::RngCore;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::CryptoError;
use crate::seal::Sealer;
use crate::suite::{Cipher, Hash, Suite, TAG, bind};

/// Bytes of plain text in a chunk.
pub const CHUNK: usize = 64 << 10;
/// Bytes of the header.
pub const HEADER: usize = 8 + 32 + 32;
const MAGIC: [u8; 4] = *b"JGSF";
const VERSION: u8 = 1;
/// Base-two logarithm of [`CHUNK`], as it stands in the header.
const CHUNK_LOG: u8 = 16;

/// The key of one file; wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FileKey([u8; 32]);

impl FileKey {
    /// A new key. `rng` must be fit for keys.
    pub fn generate(rng: &mut dyn RngCore) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// The key sealed under its level's key and bound to what the file is bound to.
    pub fn wrap(&self, level: &Sealer, binding: &Binding<'_>, rng: &mut dyn RngCore) -> Vec<u8> {
        level.seal(&binding.encode(), &self.0, rng)
    }

    /// Opens a wrapped key.
    ///
    /// # Errors
    /// When it was wrapped under another level's key, for another file, or altered.
    pub fn unwrap(level: &Sealer, binding: &Binding<'_>, wrapped: &[u8]) -> Result<Self, CryptoError> {
        let mut plain = level.open(&binding.encode(), wrapped)?;
        let key = <[u8; 32]>::try_from(plain.as_slice()).map(Self).map_err(|_| CryptoError::Sealed);
        plain.zeroize();
        key
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey")
    }
}

/// What a sealed file is bound to: it opens as nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The file's id.
    pub file: &'a str,
    /// The item's id.
    pub item: &'a str,
    /// The label: what kind of content at which level, such as `original/3`.
    pub label: &'a str,
}

impl Binding<'_> {
    fn encode(&self) -> Vec<u8> {
        bind("jingui/sealed-file/1", &[self.file.as_bytes(), self.item.as_bytes(), self.label.as_bytes()])
    }
}

/// The cipher of one file, ready for its chunks.
struct Chunks {
    cipher: Cipher,
    header: [u8; HEADER],
}

impl Chunks {
    /// Key and commitment from one HKDF over the suite's hash: salt from the header, binding and head as info.
    fn derive(suite: Suite, key: &FileKey, binding: &Binding<'_>, salt: &[u8; 32]) -> Self {
        let (head, mut keys) = (head(suite), [[0; 32]; 2]);
        suite.hkdf(Some(salt), &key.0, &[&binding.encode(), &head], keys.as_flattened_mut());
        let [enc, commitment] = &keys;
        let cipher = suite.cipher(enc);
        let mut header = [0; HEADER];
        for (place, byte) in header.iter_mut().zip(head.iter().chain(salt).chain(commitment)) {
            *place = *byte;
        }
        keys.zeroize();
        Self { cipher, header }
    }

    /// Eleven bytes of number, one that says whether it is the last. The key serves this file and this salt only, so a
    /// counter never repeats under it.
    fn nonce(number: u64, last: bool) -> [u8; 12] {
        let mut nonce = [0; 12];
        for (place, byte) in nonce.iter_mut().skip(3).zip(number.to_be_bytes()) {
            *place = byte;
        }
        if let Some(flag) = nonce.last_mut() {
            *flag = u8::from(last);
        }
        nonce
    }
}

const fn head(suite: Suite) -> [u8; 8] {
    let [a, b, c, d] = MAGIC;
    [a, b, c, d, VERSION, suite.byte(), CHUNK_LOG, 0]
}

/// Seals a file as it comes, piece by piece.
pub struct FileSealer {
    chunks: Chunks,
    number: u64,
    waiting: Vec<u8>,
}

impl FileSealer {
    /// A sealer for one file; its header comes first in `out`. `rng` must be fit for keys.
    pub fn begin(
        suite: Suite,
        key: &FileKey,
        binding: &Binding<'_>,
        rng: &mut dyn RngCore,
        out: &mut Vec<u8>,
    ) -> Self {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        let chunks = Chunks::derive(suite, key, binding, &salt);
        out.extend_from_slice(&chunks.header);
        Self { chunks, number: 0, waiting: Vec::with_capacity(CHUNK) }
    }

    /// Takes more of the file. Whole chunks are appended to `out`; the last one waits, for it may be the end.
    pub fn push(&mut self, mut plain: &[u8], out: &mut Vec<u8>) {
        while !plain.is_empty() {
            if self.waiting.len() == CHUNK {
                self.chunk(false, out);
            }
            let (now, later) = plain.split_at(plain.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            plain = later;
        }
    }

    /// Seals the end.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.chunk(true, out);
    }

    fn chunk(&mut self, last: bool, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.waiting);
        self.waiting.zeroize();
        let nonce = Chunks::nonce(self.number, last);
        let (_, body) = out.split_at_mut(start);
        let tag = self.chunks.cipher.seal(&nonce, &self.chunks.header, body);
        out.extend_from_slice(&tag);
        self.number += 1;
    }
}

impl Drop for FileSealer {
    fn drop(&mut self) {
        self.waiting.zeroize();
    }
}

/// Opens a sealed file, chunk by chunk and in any order.
pub struct FileOpener {
    chunks: Chunks,
    /// Bytes of all sealed chunks.
    body: u64,
    count: u64,
}

impl FileOpener {
    /// Begins with the header of a file of `length` bytes in all.
    ///
    /// # Errors
    /// When it is no sealed file of this form, its length can't be, or key or binding aren't those it was sealed with.
    pub fn begin(
        suite: Suite,
        key: &FileKey,
        binding: &Binding<'_>,
        header: &[u8],
        length: u64,
    ) -> Result<Self, CryptoError> {
        let header = <[u8; HEADER]>::try_from(header).map_err(|_| CryptoError::Sealed)?;
        let (first, rest) = header.split_first_chunk::<8>().ok_or(CryptoError::Sealed)?;
        let (salt, _) = rest.split_first_chunk::<32>().ok_or(CryptoError::Sealed)?;
        if *first != head(suite) {
            return Err(CryptoError::Sealed);
        }
        let chunks = Chunks::derive(suite, key, binding, salt);
        // The commitment is no secret; comparing it in whatever time gives nothing away.
        if chunks.header != header {
            return Err(CryptoError::Sealed);
        }
        let body = length.checked_sub(HEADER as u64).ok_or(CryptoError::Sealed)?;
        let count = body.div_ceil((CHUNK + TAG) as u64);
        let last = body - (count.max(1) - 1) * (CHUNK + TAG) as u64;
        // Only an empty file has an empty chunk, and that is its only one.
        if last < TAG as u64 || (last == TAG as u64 && count > 1) {
            return Err(CryptoError::Sealed);
        }
        Ok(Self { chunks, body, count })
    }

    /// Number of chunks, at least one.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of the file when opened.
    pub const fn plain_length(&self) -> u64 {
        self.body - self.count * TAG as u64
    }

    /// Where a chunk lies in the sealed file; nothing when there is none of that number.
    pub fn place(&self, number: u64) -> Option<Range<u64>> {
        let start = number.checked_mul((CHUNK + TAG) as u64).filter(|_| number < self.count)?;
        let end = (start + (CHUNK + TAG) as u64).min(self.body);
        Some(HEADER as u64 + start..HEADER as u64 + end)
    }

    /// Opens a chunk in place: `bytes` are those of its place, and afterwards the plain text.
    ///
    /// # Errors
    /// When they were altered, belong to another place, or the file was cut or drawn out.
    pub fn open(&self, number: u64, bytes: &mut Vec<u8>) -> Result<(), CryptoError> {
        let place = self.place(number).ok_or(CryptoError::Sealed)?;
        let length = bytes.len().checked_sub(TAG).ok_or(CryptoError::Sealed)?;
        if bytes.len() as u64 != place.end - place.start {
            return Err(CryptoError::Sealed);
        }
        let nonce = Chunks::nonce(number, number + 1 == self.count);
        let (body, tag) = bytes.split_at_mut(length);
        let tag: [u8; TAG] = (&*tag).try_into().map_err(|_| CryptoError::Sealed)?;
        self.chunks.cipher.open(&nonce, &self.chunks.header, body, &tag)?;
        bytes.truncate(length);
        Ok(())
    }
}

/// Opens a whole sealed file that fits in memory. Every chunk is authenticated before anything is answered.
///
/// # Errors
/// As for [`FileOpener`].
pub fn open_file(
    suite: Suite,
    key: &FileKey,
    binding: &Binding<'_>,
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let header = sealed.get(..HEADER).ok_or(CryptoError::Sealed)?;
    let opener = FileOpener::begin(suite, key, binding, header, sealed.len() as u64)?;
    let mut plain = Vec::with_capacity(sealed.len());
    for number in 0..opener.count() {
        let place = opener.place(number).ok_or(CryptoError::Sealed)?;
        let (start, end) = (usize::try_from(place.start), usize::try_from(place.end));
        let (Ok(start), Ok(end)) = (start, end) else { return Err(CryptoError::Sealed) };
        let mut chunk = sealed.get(start..end).ok_or(CryptoError::Sealed)?.to_vec();
        opener.open(number, &mut chunk)?;
        plain.append(&mut chunk);
    }
    Ok(plain)
}

/// Seals a whole file that is in memory.
pub fn seal_file(
    suite: Suite,
    key: &FileKey,
    binding: &Binding<'_>,
    plain: &[u8],
    rng: &mut dyn RngCore,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + plain.len() + (plain.len() / CHUNK + 1) * TAG);
    let mut sealer = FileSealer::begin(suite, key, binding, rng, &mut out);
    sealer.push(plain, &mut out);
    sealer.finish(&mut out);
    out
}

/// The name under which content is kept: the same content of the same item has one name, and names of two items tell
/// nothing of each other, for each item has a key of its own.
///
/// HKDF over the suite's hash, with the item as salt and the digest of the content as info: HMAC (RFC 2104) twice.
pub struct Names {
    suite: Suite,
    key: crate::Key,
}

impl Names {
    /// Names under this key, in the international suite.
    pub const fn new(key: crate::Key) -> Self {
        Self::in_suite(Suite::International, key)
    }

    /// Names under this key.
    pub const fn in_suite(suite: Suite, key: crate::Key) -> Self {
        Self { suite, key }
    }

    /// The name of content with that digest, within that item.
    pub fn name(&self, item: &str, digest: &[u8; 32]) -> String {
        let mut name = [0; 20];
        self.suite.hkdf(Some(item.as_bytes()), self.key.expose(), &[digest], &mut name);
        data_encoding::HEXLOWER.encode(&name)
    }
}

/// The running digest of content as it comes, by the suite's hash; SHA-256 by default.
#[derive(Clone)]
pub struct ContentDigest(Hash);

impl Default for ContentDigest {
    fn default() -> Self {
        Self::new(Suite::International)
    }
}

impl ContentDigest {
    /// The digest of nothing yet.
    pub fn new(suite: Suite) -> Self {
        Self(suite.hash())
    }

    /// Takes more of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that came.
    pub fn finish(self) -> [u8; 32] {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    const SUITES: [Suite; 2] = [Suite::International, Suite::Guomi];
    const SUITE: Suite = Suite::International;
    const BINDING: Binding<'static> = Binding { file: "f1", item: "i1", label: "original/2" };

    /// Hands out bytes 0, 1, 2 … so that vectors can be made again anywhere.
    struct Counting(u8);

    impl RngCore for Counting {
        fn next_u32(&mut self) -> u32 {
            unreachable!("salts and keys are taken as bytes")
        }

        fn next_u64(&mut self) -> u64 {
            unreachable!("salts and keys are taken as bytes")
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect()
    }

    #[test]
    fn files_of_every_length_come_back() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = FileKey::generate(&mut rng);
        let lengths = [0, 1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7];
        for (suite, length) in SUITES.into_iter().flat_map(|suite| lengths.map(|length| (suite, length))) {
            let plain = content(length);
            let sealed = seal_file(suite, &key, &BINDING, &plain, &mut rng);
            assert_eq!(open_file(suite, &key, &BINDING, &sealed).unwrap(), plain, "{length}");
            let opener =
                FileOpener::begin(suite, &key, &BINDING, &sealed[..HEADER], sealed.len() as u64).unwrap();
            assert_eq!(opener.plain_length(), length as u64);
            // Pieces of any size give the same form.
            let mut pieces = Vec::new();
            let mut by_pieces = FileSealer::begin(suite, &key, &BINDING, &mut rng, &mut pieces);
            for piece in plain.chunks(10_007) {
                by_pieces.push(piece, &mut pieces);
            }
            by_pieces.finish(&mut pieces);
            assert_eq!(open_file(suite, &key, &BINDING, &pieces).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn a_file_opens_in_its_own_suite_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(6);
        let key = FileKey::generate(&mut rng);
        for (suite, other) in [(SUITES[0], SUITES[1]), (SUITES[1], SUITES[0])] {
            let mut sealed = seal_file(suite, &key, &BINDING, b"content", &mut rng);
            assert_eq!(open_file(other, &key, &BINDING, &sealed), Err(CryptoError::Sealed));
            sealed[5] = other.byte();
            assert_eq!(open_file(other, &key, &BINDING, &sealed), Err(CryptoError::Sealed));
        }
    }

    #[test]
    fn a_file_opens_under_its_own_key_and_in_its_own_place_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let key = FileKey::generate(&mut rng);
        let sealed = seal_file(SUITE, &key, &BINDING, b"content", &mut rng);
        let other = FileKey::generate(&mut rng);
        assert_eq!(open_file(SUITE, &other, &BINDING, &sealed), Err(CryptoError::Sealed));
        for binding in [
            Binding { file: "f2", ..BINDING },
            Binding { item: "i2", ..BINDING },
            Binding { label: "original/1", ..BINDING },
            Binding { file: "f1i", item: "1", ..BINDING },
        ] {
            assert_eq!(open_file(SUITE, &key, &binding, &sealed), Err(CryptoError::Sealed), "{binding:?}");
        }
        let level = Sealer::new(SUITE, crate::Key::generate(&mut rng));
        let wrapped = key.wrap(&level, &BINDING, &mut rng);
        let unwrapped = FileKey::unwrap(&level, &BINDING, &wrapped).unwrap();
        assert_eq!(open_file(SUITE, &unwrapped, &BINDING, &sealed).unwrap(), b"content");
        assert!(FileKey::unwrap(&level, &Binding { item: "i2", ..BINDING }, &wrapped).is_err());
        assert_eq!(format!("{key:?}"), "FileKey");
    }

    #[test]
    fn chunks_that_were_moved_dropped_or_put_in_twice_are_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let key = FileKey::generate(&mut rng);
        let sealed = seal_file(SUITE, &key, &BINDING, &content(3 * CHUNK + 9), &mut rng);
        let size = CHUNK + TAG;
        let part =
            |number: usize| &sealed[HEADER + number * size..(HEADER + (number + 1) * size).min(sealed.len())];
        let put = |order: &[usize]| {
            let mut made = sealed[..HEADER].to_vec();
            for number in order {
                made.extend_from_slice(part(*number));
            }
            made
        };
        for order in [&[1, 0, 2, 3][..], &[0, 1, 2], &[0, 1, 3], &[0, 1, 2, 2, 3], &[0, 0, 2, 3], &[3], &[]] {
            assert!(open_file(SUITE, &key, &BINDING, &put(order)).is_err(), "{order:?}");
        }
        // A chunk of another file under the same key, at the same place.
        let other = seal_file(SUITE, &key, &BINDING, &content(3 * CHUNK + 9), &mut rng);
        let mut swapped = sealed.clone();
        swapped[HEADER..HEADER + size].copy_from_slice(&other[HEADER..HEADER + size]);
        assert!(open_file(SUITE, &key, &BINDING, &swapped).is_err());
    }

    /// Ten thousand mutations of sealed files: flips, cuts, insertions, copies within. None opens.
    #[test]
    fn ten_thousand_mutated_files_are_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let key = FileKey::generate(&mut rng);
        for round in 0..10_000 {
            let length = rng.random_range(0..400) + if round % 500 == 0 { CHUNK } else { 0 };
            let suite = SUITES[usize::from(round % 2 == 1)];
            let sealed = seal_file(suite, &key, &BINDING, &content(length), &mut rng);
            let mut mutated = sealed.clone();
            let at = rng.random_range(0..mutated.len());
            match round % 5 {
                0 | 1 => mutated[at] ^= 1 << rng.random_range(0..8),
                2 => mutated.truncate(at),
                3 => mutated.insert(at, rng.random()),
                _ => {
                    let from = rng.random_range(0..mutated.len());
                    let long = rng.random_range(1..=mutated.len() - from.max(at));
                    mutated.copy_within(from..from + long, at);
                }
            }
            if mutated != sealed {
                assert!(open_file(suite, &key, &BINDING, &mutated).is_err(), "round {round}");
            }
        }
    }

    /// The vectors of docs/sealed-file.md: key 00 01 …, salt 20 21 …, content of the place modulo 251.
    #[test]
    fn published_vectors_of_sealed_files() {
        let page = include_str!("../../../docs/sealed-file.md");
        let mut rows = 0;
        let lengths = [0, 1, 64, CHUNK, CHUNK + 1];
        for (suite, length) in SUITES.into_iter().flat_map(|suite| lengths.map(|length| (suite, length))) {
            let mut counting = Counting(0);
            let key = FileKey::generate(&mut counting);
            let sealed = seal_file(suite, &key, &BINDING, &content(length), &mut counting);
            let digest = HEXLOWER.encode(&Suite::International.digest(&[&sealed]));
            let row = format!("| {} | {length} | {} | `{digest}` |", suite.byte(), sealed.len());
            assert!(page.contains(&row), "docs/sealed-file.md lacks {row}");
            if length == 1 {
                assert!(page.contains(&HEXLOWER.encode(&sealed)), "{}", HEXLOWER.encode(&sealed));
            }
            rows += 1;
        }
        assert_eq!(rows, 10);
    }

    #[test]
    fn a_name_tells_equal_content_within_an_item_only() {
        for suite in SUITES {
            let names = Names::in_suite(suite, crate::Key::generate(&mut ChaCha20Rng::seed_from_u64(5)));
            assert_eq!(names.name("i1", &digest(suite, b"same")), names.name("i1", &digest(suite, b"same")));
            assert_ne!(names.name("i1", &digest(suite, b"same")), names.name("i2", &digest(suite, b"same")));
            assert_ne!(names.name("i1", &digest(suite, b"same")), names.name("i1", &digest(suite, b"other")));
        }
    }

    /// Key 00 01 … 1f; worked out apart from this crate, as the vectors of the page.
    #[test]
    fn names_never_change() {
        for (suite, name) in [
            (Suite::International, "4c67dfb8eb2b1be858228e6c18c9c4f6a5e2ad09"),
            (Suite::Guomi, "953578f461c2e6964439dd3db8baf3bed9008706"),
        ] {
            let names = Names::in_suite(suite, crate::Key(FileKey::generate(&mut Counting(0)).0));
            assert_eq!(names.name("i1", &digest(suite, b"same")), name);
        }
        let mut by_default = ContentDigest::default();
        by_default.update(b"same");
        assert_eq!(by_default.finish(), digest(Suite::International, b"same"));
    }

    fn digest(suite: Suite, bytes: &[u8]) -> [u8; 32] {
        let mut digest = ContentDigest::new(suite);
        digest.update(bytes);
        digest.finish()
    }
}
