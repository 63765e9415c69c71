//! Reads the files of a rule pack and knows on which line of them each key stands.
//!
//! Must never judge a value: what is allowed in a pack is decided in `pack`.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::pack::Problem;

/// The files of a pack, and what was found wrong in them so far.
pub(crate) struct Reader<'f> {
    files: &'f [(String, String)],
    pub(crate) problems: Vec<Problem>,
}

impl<'f> Reader<'f> {
    pub(crate) fn new(files: &'f [(String, String)]) -> Self {
        Self { files, problems: Vec::new() }
    }

    pub(crate) fn tell(&mut self, file: &str, line: usize, what: String, allowed: &str) {
        let what = what.trim().replace('\n', " ");
        self.problems.push(Problem { file: file.to_owned(), line, what, allowed: allowed.to_owned() });
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'f str> {
        self.files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str())
    }

    /// Reads a file that must be there. Nothing when it isn't or can't be read, which then has been told.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let Some(text) = self.text(name) else {
            self.tell(name, 1, "the file is missing".to_owned(), "a rule pack with this file");
            return None;
        };
        self.parse(name, text)
    }

    pub(crate) fn parse<T: DeserializeOwned>(&mut self, name: &str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_at(text, span.start));
                self.tell(name, line, error.message().to_owned(), "the keys and values of the shipped pack");
                None
            }
        }
    }

    /// The line on which that key of that file stands.
    pub(crate) fn line(&self, file: &str, path: &[&str]) -> usize {
        self.text(file).map_or(1, |text| line_of(text, path))
    }
}

/// The line on which the key stands that the path leads to; as far as the path goes.
pub(crate) fn line_of(text: &str, path: &[&str]) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 1 };
    let mut table = document.get_ref();
    let mut offset = 0;
    for name in path {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
        offset = key.span().start;
        let DeValue::Table(inner) = value.get_ref() else { break };
        table = inner;
    }
    line_at(text, offset)
}

/// The last line on which those words stand: of a day that stands twice, the second.
pub(crate) fn line_with(text: &str, words: &str) -> usize {
    text.rfind(words).map_or(1, |offset| line_at(text, offset))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
