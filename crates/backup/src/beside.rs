//! What stands beside the journal, sealed as a whole for one backup: the ids of destroyed files, wrapped keys, words, kept
//! checkpoints. Each backup has a key of its own for it, so that the one before is gone with its manifest.

use jingui_crypto::{Binding, FileKey, FileOpener, FileSealer, HEADER, Keyring, Sealer};
use jingui_store::Beside;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::BackupError;
use crate::manifest::{BESIDE, Manifest};
use crate::place::{Object, Place, Writing};

const LABEL: &str = "backup/beside/1";
/// Sealed bytes that are collected before they are written.
const PIECE: usize = 1 << 20;

fn wrapping(keys: &Keyring) -> Sealer {
    Sealer::new(keys.suite(), keys.derive("backup"))
}

/// Writes the sealed file: lines of JSON, the first a list of the ids of destroyed files, then a row a line.
pub(crate) struct SealedRows<'a> {
    writing: Writing<'a>,
    sealer: FileSealer,
    out: Vec<u8>,
    wrapped: Vec<u8>,
}

impl<'a> SealedRows<'a> {
    pub(crate) fn begin(
        place: &'a Place,
        keys: &Keyring,
        log: &str,
        number: u64,
        destroyed: &[&str],
    ) -> Result<Self, BackupError> {
        let mut rng = ChaCha20Rng::from_os_rng();
        let key = FileKey::generate(&mut rng);
        let item = number.to_string();
        let binding = Binding { file: log, item: &item, label: LABEL };
        let mut out = Vec::with_capacity(PIECE);
        let sealer = FileSealer::begin(keys.suite(), &key, &binding, &mut rng, &mut out);
        let wrapped = key.wrap(&wrapping(keys), &binding, &mut rng);
        let writing = place.write(&format!("{BESIDE}/{number:08}"), keys.suite())?;
        let mut rows = Self { writing, sealer, out, wrapped };
        rows.line(&destroyed)?;
        Ok(rows)
    }

    pub(crate) fn row(&mut self, row: &Beside) -> Result<(), BackupError> {
        self.line(row)
    }

    fn line(&mut self, value: &impl serde::Serialize) -> Result<(), BackupError> {
        let mut line = Zeroizing::new(serde_json::to_vec(value)?);
        line.push(b'\n');
        self.sealer.push(&line, &mut self.out);
        if self.out.len() >= PIECE {
            self.writing.push(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }

    /// The sealed file as it lies there, and its wrapped key.
    pub(crate) fn finish(mut self) -> Result<(Object, Vec<u8>), BackupError> {
        self.sealer.finish(&mut self.out);
        self.writing.push(&self.out)?;
        Ok((self.writing.finish()?, self.wrapped))
    }
}

/// Opens the sealed file of a backup and hands out its rows; answers the ids of destroyed files, which are known to
/// `sink` from the first row on. Every chunk is authenticated before any of it is handed out.
pub(crate) fn open(
    place: &Place,
    keys: &Keyring,
    manifest: &Manifest,
    mut sink: impl FnMut(&[String], Beside) -> Result<(), BackupError>,
) -> Result<Vec<String>, BackupError> {
    let object = &manifest.beside;
    let altered = || BackupError::altered(&object.name);
    let item = manifest.number.to_string();
    let binding = Binding { file: &manifest.log, item: &item, label: LABEL };
    let wrapped = data_encoding::BASE64.decode(manifest.wrapped.as_bytes()).map_err(|_| altered())?;
    let key = FileKey::unwrap(&wrapping(keys), &binding, &wrapped).map_err(|_| altered())?;
    let mut opener: Option<FileOpener> = None;
    let (mut waiting, mut line, mut number) = (Vec::new(), Zeroizing::new(Vec::new()), 0);
    let mut destroyed: Option<Vec<String>> = None;
    let mut take = |plain: &[u8]| -> Result<(), BackupError> {
        for piece in plain.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            let Some(json) = line.strip_suffix(b"\n") else { return Ok(()) };
            match &destroyed {
                None => destroyed = Some(serde_json::from_slice(json).map_err(|_| altered())?),
                Some(ids) => sink(ids, serde_json::from_slice(json).map_err(|_| altered())?)?,
            }
            line.zeroize();
        }
        Ok(())
    };
    let bytes = place.read(&object.name, false, &mut vec![0; PIECE], |piece| {
        waiting.extend_from_slice(piece);
        if opener.is_none() && waiting.len() >= HEADER {
            let header: Vec<u8> = waiting.drain(..HEADER).collect();
            let begun = FileOpener::begin(keys.suite(), &key, &binding, &header, object.bytes);
            opener = Some(begun.map_err(|_| altered())?);
        }
        let mut used: usize = 0;
        while let Some(chunk) = opener.as_ref().and_then(|opener| opener.place(number)) {
            let size = usize::try_from(chunk.end - chunk.start).unwrap_or(usize::MAX);
            let Some(chunk) = used.checked_add(size).and_then(|end| waiting.get(used..end)) else { break };
            let mut chunk = chunk.to_vec();
            if let Some(opener) = &opener {
                opener.open(number, &mut chunk).map_err(|_| altered())?;
            }
            let taken = take(&chunk);
            chunk.zeroize();
            taken?;
            used += size;
            number += 1;
        }
        waiting.drain(..used);
        Ok(())
    })?;
    let whole = opener.is_some_and(|opener| opener.count() == number) && waiting.is_empty();
    match destroyed {
        Some(ids) if whole && bytes == object.bytes && line.is_empty() => Ok(ids),
        _ => Err(altered()),
    }
}
