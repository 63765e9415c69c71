//! Lines of a file, each bounded before it is read, and the small forms that stand in them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use data_encoding::BASE64;

use crate::suite::Hash;
use crate::verdict::{Failure, unreadable};

/// Reads a file line by line.
pub struct Lines<R> {
    reader: R,
    ahead: Option<String>,
    /// Number of the line that was taken last, from 1.
    pub number: u64,
}

impl Lines<BufReader<File>> {
    /// Opens a file; anything but a file is refused, for a pipe may never end.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self::new(BufReader::new(open(path)?)))
    }
}

/// Opens a regular file for reading.
pub fn open(path: &Path) -> Result<File, Failure> {
    let regular = path
        .metadata()
        .and_then(|meta| if meta.is_file() { Ok(()) } else { Err(io::Error::other("not a regular file")) });
    regular.and_then(|()| File::open(path)).map_err(|error| unreadable(path, &error))
}

/// Why there is no line.
pub enum NoLine {
    /// Longer than it may be, not UTF-8, with characters that don't print, or cut off before its line break.
    Malformed,
    Unreadable(io::Error),
}

impl<R: BufRead> Lines<R> {
    pub const fn new(reader: R) -> Self {
        Self { reader, ahead: None, number: 0 }
    }

    /// The next line without its break, of at most `most` bytes; nothing at the end of the file.
    pub fn take(&mut self, most: u64) -> Result<Option<String>, NoLine> {
        let line = match self.ahead.take() {
            Some(line) => Some(line),
            None => self.read(most)?,
        };
        self.number += 1;
        Ok(line)
    }

    /// Looks at the next line and leaves it there.
    pub fn peek(&mut self, most: u64) -> Result<Option<&str>, NoLine> {
        if self.ahead.is_none() {
            self.ahead = self.read(most)?;
        }
        Ok(self.ahead.as_deref())
    }

    fn read(&mut self, most: u64) -> Result<Option<String>, NoLine> {
        let mut bytes = Vec::new();
        let mut bounded = self.reader.by_ref().take(most + 1);
        bounded.read_until(b'\n', &mut bytes).map_err(NoLine::Unreadable)?;
        match bytes.pop() {
            None => Ok(None),
            Some(b'\n') => String::from_utf8(bytes)
                .ok()
                .filter(|line| !line.chars().any(char::is_control))
                .map(Some)
                .ok_or(NoLine::Malformed),
            Some(_) => Err(NoLine::Malformed),
        }
    }
}

/// A number as it stands in these files: digits, no sign, no zero in front.
pub fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// Bytes in base 64, of one form: padded pieces one after another are none.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}

/// A hash in base 64.
pub fn hash(text: &str) -> Option<Hash> {
    base64(text)?.try_into().ok()
}
