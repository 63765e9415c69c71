//! ZIP archives read with care: OFD and the office formats are ZIPs of XML.

use crate::{Bounds, Fault};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

/// An archive whose entries are read by name, never unpacked to disk: a path in it is only a name.
pub struct Archive<'a> {
    zip: zip::ZipArchive<Cursor<Cow<'a, [u8]>>>,
    /// Normalised name → index.
    names: BTreeMap<String, usize>,
    bounds: Bounds,
    unpacked: u64,
    /// Entries that `unpacked` counts already: reading a page twice is no larger file.
    counted: BTreeSet<usize>,
}

/// An entry's bytes.
pub type Entry = Vec<u8>;

impl<'a> Archive<'a> {
    /// Reads the archive's directory; the bytes may be borrowed or owned.
    ///
    /// # Errors
    /// When it is damaged or has too many entries.
    pub fn open(bytes: impl Into<Cow<'a, [u8]>>, bounds: Bounds) -> Result<Self, Fault> {
        let mut zip =
            zip::ZipArchive::new(Cursor::new(bytes.into())).map_err(|error| Fault::damaged("zip", error))?;
        if zip.len() > bounds.entries {
            return Err(Fault::TooLarge {
                what: "entries".into(),
                found: zip.len() as u64,
                allowed: bounds.entries as u64,
            });
        }
        let names = (0..zip.len())
            .filter_map(|index| Some((normalise(&entry_name(&mut zip, index)?), index)))
            .collect();
        Ok(Self { zip, names, bounds, unpacked: 0, counted: BTreeSet::new() })
    }

    /// Whether there is an entry of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains_key(&normalise(name))
    }

    /// The names of all entries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Unpacks one entry.
    ///
    /// # Errors
    /// When there is none of this name, it is damaged or locked, or it exceeds the bounds.
    pub fn read(&mut self, name: &str) -> Result<Entry, Fault> {
        let wanted = normalise(name);
        let index = *self.names.get(&wanted).ok_or_else(|| Fault::damaged(&wanted, "is missing"))?;
        let rest = if self.counted.contains(&index) {
            self.bounds.archive_bytes
        } else {
            self.bounds.archive_bytes.saturating_sub(self.unpacked)
        };
        let allowed = self.bounds.entry_bytes.min(rest);
        let file = self.zip.by_index(index).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
                Fault::Locked
            }
            other => Fault::damaged(&wanted, other),
        })?;
        let mut bytes = Vec::new();
        // The size in the directory is only a claim: what counts is what comes out.
        file.take(allowed + 1).read_to_end(&mut bytes).map_err(|error| Fault::damaged(&wanted, error))?;
        let found = bytes.len() as u64;
        if found > allowed {
            return Err(Fault::TooLarge { what: wanted, found, allowed });
        }
        if self.counted.insert(index) {
            self.unpacked += found;
        }
        Ok(bytes)
    }
}

/// An entry's name. Chinese programs of old write names in GBK without saying so, which the ZIP
/// standard takes for code page 437.
fn entry_name(zip: &mut zip::ZipArchive<Cursor<Cow<'_, [u8]>>>, index: usize) -> Option<String> {
    let name = zip.name_for_index(index)?.ok()?;
    if name.is_ascii() {
        return Some(name.into_owned());
    }
    let entry = zip.by_index_raw(index).ok()?;
    let raw = entry.name_raw();
    Some(match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(raw).0.into_owned(),
    })
}

/// A name without leading slashes, `.` and `..`, so that all ways to write it are one.
fn normalise(name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn entries_are_found_however_their_path_is_written() {
        let bytes = archive(&[("Doc_0/Pages/../Document.xml", b"<a/>")]);
        let mut opened = Archive::open(&bytes, Bounds::default()).unwrap();
        assert_eq!(opened.read("/Doc_0/./Document.xml"), Ok(b"<a/>".to_vec()));
        assert_eq!(opened.read("other"), Err(Fault::damaged("other", "is missing")));
    }

    #[test]
    fn an_entry_that_unpacks_to_too_much_is_refused() {
        let bytes = archive(&[("big", &vec![0; 100_000])]);
        let bounds = Bounds { entry_bytes: 10_000, ..Bounds::default() };
        let mut opened = Archive::open(&bytes, bounds).unwrap();
        assert!(matches!(opened.read("big"), Err(Fault::TooLarge { allowed: 10_000, .. })));
    }

    #[test]
    fn reading_an_entry_again_counts_once() {
        let bytes = archive(&[("one", &vec![0; 6_000])]);
        let bounds = Bounds { archive_bytes: 10_000, ..Bounds::default() };
        let mut opened = Archive::open(bytes, bounds).unwrap();
        assert!((0..3).all(|_| opened.read("one").is_ok()));
    }

    #[test]
    fn entries_together_are_bounded_too() {
        let bytes = archive(&[("one", &vec![0; 6_000]), ("two", &vec![0; 6_000])]);
        let bounds = Bounds { archive_bytes: 10_000, ..Bounds::default() };
        let mut opened = Archive::open(&bytes, bounds).unwrap();
        assert!(opened.read("one").is_ok());
        assert!(matches!(opened.read("two"), Err(Fault::TooLarge { .. })));
    }
}
