//! The confined reader between two looks into files. Starting one means reading the fonts of the machine, which takes a
//! hundred times longer than a short letter; so one reader looks into several files of one level, one after the other.
//!
//! A file that got the better of its reader could lie about what is in the next ones. So only files of one level share,
//! a few at most, nobody reads pages through it (each reading has a reader of its own), and whatever goes wrong in a
//! reader that has seen other files is tried again in a fresh one.

use jingui_pages::{Fault, Reader};
use jingui_regulation::Level;

use super::Content;

/// Most files that one reader looks into.
const MOST: u32 = 16;

/// A reader that waits for the next file, and what it has seen.
#[derive(Default)]
pub(crate) struct Spare(Option<Used>);

/// A reader, and what it has seen.
pub(crate) struct Used {
    pub(crate) reader: Reader,
    level: Level,
    files: u32,
}

impl Used {
    /// A new one.
    pub(crate) async fn fresh(content: &Content, level: Level) -> Result<Self, Fault> {
        Ok(Self { reader: Reader::start_in_background(&content.program).await?, level, files: 0 })
    }

    /// Whether it has seen no other file.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.files == 0
    }
}

impl Spare {
    /// The waiting reader, where it suits that level, or a new one.
    pub(crate) async fn take(&mut self, content: &Content, level: Level) -> Result<Used, Fault> {
        match self.0.take() {
            Some(used) if used.level == level => Ok(used),
            _ => Used::fresh(content, level).await,
        }
    }

    /// Takes a reader back after a file that it read without a fault.
    pub(crate) fn give(&mut self, used: Used) {
        let files = used.files + 1;
        self.0 = (files < MOST).then_some(Used { files, ..used });
    }

    /// Ends the waiting reader: it holds the memory of its fonts.
    pub(crate) fn end(&mut self) {
        self.0 = None;
    }
}
