//! What Typst sees of the world while it sets one form: the house style, the form's source, the data, the fonts. Nothing
//! else is there: no disk, no network, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use crate::Fault;
use crate::fonts::Fonts;

/// The style that all forms begin with.
const HOUSE: &str = include_str!("../forms/house.typ");

pub(crate) struct Desk<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    form: Source,
    house: Source,
    data: (FileId, Bytes),
}

impl<'a> Desk<'a> {
    pub(crate) fn new(fonts: &'a Fonts, form: &str, data: Vec<u8>) -> Result<Self, Fault> {
        Ok(Self {
            library: LazyHash::new(Library::default()),
            fonts,
            form: Source::new(file("form.typ")?, form.to_owned()),
            house: Source::new(file("house.typ")?, HOUSE.to_owned()),
            data: (file("data.json")?, Bytes::new(data)),
        })
    }
}

fn file(name: &'static str) -> Result<FileId, Fault> {
    let path = VirtualPath::new(name).map_err(|_| Fault::Form(name.to_owned()))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.form.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        [&self.form, &self.house]
            .into_iter()
            .find(|source| source.id() == id)
            .cloned()
            .ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.data.0 { Ok(self.data.1.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
