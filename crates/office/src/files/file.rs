//! A file of an item: begun, received, kept, prepared for reading, removed.

use jingui_access::Thing;
use jingui_regulation::{Level, Moment, Role};
use jingui_store::{Column, Id, Kind, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ceiling, words};
use crate::action::{About, Action, Stop};
use crate::field::{Line, Paragraph};
use crate::items::Item;
use crate::refusal::Refusal;
use crate::work::Work;

/// Most bytes of a file: 2 GiB.
pub const LARGEST: u64 = 2 << 30;

/// A file of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Id.
    pub id: Id,
    /// The item.
    pub item: Id,
    /// Level of the item when the file came; bound into its seal.
    pub level: Level,
    /// Name, as it was called where it came from.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// When it was begun.
    pub begun_at: Moment,
    /// By whom.
    pub begun_by: Id,
    /// How far it is.
    pub state: FileState,
}

/// Where sealed bytes lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sealed {
    /// Name in the vault; tells nothing of the content to whoever hasn't the office's keys.
    pub name: String,
    /// Bytes of the sealed file.
    pub bytes: u64,
}

/// How far a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum FileState {
    /// Being uploaded.
    Arriving,
    /// Kept in the vault, not yet looked into.
    Kept {
        /// Where.
        sealed: Sealed,
    },
    /// Can be read.
    Ready {
        /// Where.
        sealed: Sealed,
        /// Kind of file, by its bytes: `pdf`, `ofd`, `picture`, `text`, `docx` …
        kind: String,
        /// Number of pages.
        pages: u32,
        /// What readers must be told, as codes.
        notices: Vec<String>,
        /// Digest of the words that are searched, hexadecimal; nothing where none are.
        words: Option<String>,
    },
    /// Can't be read, and why.
    Faulty {
        /// Where.
        sealed: Sealed,
        /// Code of the fault.
        code: String,
        /// What was found, for an administrator.
        detail: String,
    },
    /// Removed; its key is destroyed.
    Removed {
        /// When.
        at: Moment,
        /// By whom; nothing where it was destroyed after the backup that the office was restored from.
        by: Option<Id>,
        /// Why.
        reason: String,
    },
}

impl FileState {
    /// Where the sealed bytes lie, while they do.
    pub const fn sealed(&self) -> Option<&Sealed> {
        match self {
            Self::Kept { sealed } | Self::Ready { sealed, .. } | Self::Faulty { sealed, .. } => Some(sealed),
            Self::Arriving | Self::Removed { .. } => None,
        }
    }
}

impl Record for File {
    const KIND: Kind = Kind {
        name: "file",
        columns: &[
            Column::fixed("item", "$.item"),
            Column::new("state", "$.state.name"),
            Column::new("sealed", "$.state.sealed.name"),
        ],
        indexes: &["item", "sealed", "state"],
        side: None,
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl File {
    /// An action about this file: level and scope are its item's, or the level it was sealed at when that was higher.
    pub fn about(work: &Work<'_, '_>, id: &Id) -> Result<About, Stop> {
        let file = work.need::<Self>(id)?;
        let item = work.need::<Item>(&file.item)?;
        let thing = Thing { level: item.thing().level.max(file.level.number()), ..item.thing() };
        Ok(About::record("file", id.as_str(), file.version).with(thing))
    }

    /// Its bytes lie sealed in the vault, its wrapped key beside the journal. Refused when the item has the same content
    /// already.
    fn keep(&mut self, work: &mut Work<'_, '_>, sealed: Sealed, wrapped: &[u8]) -> Result<(), Stop> {
        let same = work.find::<Self>(&[("sealed", sealed.name.as_str().into())])?;
        if let Some(same) = same.first() {
            return Err(Refusal::new("file.same", &["3.3.1.4"]).fact("name", same.name.as_str()).into());
        }
        work.keep_file_key(&self.id, wrapped)?;
        self.state = FileState::Kept { sealed };
        work.put(self)?;
        Ok(())
    }

    fn unfit(&self) -> Refusal {
        let state = match self.state {
            FileState::Arriving => "arriving",
            FileState::Kept { .. } => "file_kept",
            FileState::Ready { .. } => "ready",
            FileState::Faulty { .. } => "faulty",
            FileState::Removed { .. } => "removed",
        };
        Refusal::new("file.state", &["3.3.1.4"]).fact("state", state)
    }
}

/// Begins to add a file to an item; its bytes follow. Refused above the level ceiling.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The item.
    pub item: Id,
    /// Name of the file.
    pub name: Line,
    /// Bytes, 1 to 2 GiB.
    #[schemars(range(min = 1, max = 2_147_483_648_u64))]
    pub bytes: u64,
}

impl Action for Begin {
    const NAME: &'static str = "file.begin";
    const TITLE: (&'static str, &'static str) = ("上传文件", "Add a file");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.3.1.4"];
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        Ok(Item::about(&work.need::<Item>(&self.item)?))
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let id = work.new_id();
        let file = self.begun(work, id)?;
        work.put(&file)?;
        Ok(file)
    }
}

impl Begin {
    /// The file as it begins, not yet put. Refused above the level ceiling, empty, and beyond all bounds.
    fn begun(self, work: &mut Work<'_, '_>, id: Id) -> Result<File, Stop> {
        let item = work.need::<Item>(&self.item)?.record;
        item.standing()?;
        if self.bytes == 0 {
            return Err(Refusal::field("bytes", "file.empty").fact("found", 0).into());
        }
        if self.bytes > LARGEST {
            return Err(Refusal::field("bytes", "file.size")
                .fact("found", self.bytes)
                .fact("most", LARGEST)
                .into());
        }
        let level = item.marking.level();
        ceiling::admit(work, level)?;
        Ok(File {
            id,
            item: item.id,
            level,
            name: self.name.into(),
            bytes: self.bytes,
            begun_at: work.now(),
            begun_by: work.person()?.clone(),
            state: FileState::Arriving,
        })
    }
}

/// The whole file has come and lies sealed in the vault. Performed by the edge for the person who uploads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// The file.
    pub file: Id,
    /// Where it lies.
    pub sealed: Sealed,
    /// Its key, wrapped by the key of its level. Kept beside the journal, never in it.
    pub wrapped: Vec<u8>,
}

impl Action for Keep {
    const NAME: &'static str = "file.keep";
    const TITLE: (&'static str, &'static str) = ("文件入库", "Keep a file");
    const CLAUSES: &'static [&'static str] = &["1.3.1", "3.3.1.4"];
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = File::about(work, &self.file)?;
        about.thing.owner = work.need::<File>(&self.file)?.begun_by.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let mut file = work.need::<File>(&self.file)?.record;
        if file.state != FileState::Arriving {
            return Err(file.unfit().into());
        }
        // The item may have risen, or an approval lapsed, while the bytes came.
        ceiling::admit(work, file.level.max(work.need::<Item>(&file.item)?.marking.level()))?;
        file.keep(work, self.sealed, &self.wrapped)?;
        Ok(file)
    }
}

/// A small file that came in one piece with its request: begun and kept in one step. Performed by the edge for the person
/// who uploads, who names the file's id: its bytes are sealed to it before the office is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// The file's id, new.
    pub file: Id,
    /// What is added to which item.
    pub begin: Begin,
    /// Level it was sealed at; refused when that isn't the item's any more.
    pub level: Level,
    /// Where it lies.
    pub sealed: Sealed,
    /// Its key, wrapped by the key of its level.
    pub wrapped: Vec<u8>,
}

impl Action for Add {
    const NAME: &'static str = "file.add";
    const TITLE: (&'static str, &'static str) = ("上传小文件", "Add a small file");
    const CLAUSES: &'static [&'static str] = Begin::CLAUSES;
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        self.begin.about(work)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let Self { file: id, begin, level, sealed, wrapped } = self;
        let mut file = begin.begun(work, id)?;
        if file.level != level || work.get::<File>(file.id.as_str())?.is_some() {
            return Err(file.unfit().into());
        }
        file.keep(work, sealed, &wrapped)?;
        Ok(file)
    }
}

/// What came of looking into a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Found {
    /// It has pages.
    Pages {
        /// Kind of file, by its bytes.
        kind: String,
        /// How many.
        pages: u32,
        /// What readers must be told.
        notices: Vec<String>,
        /// The words of each page. They are kept beside the journal, never in it.
        words: Vec<String>,
    },
    /// It can't be read.
    Fault {
        /// Code.
        code: String,
        /// What was found.
        detail: String,
    },
}

/// Notes what came of looking into a file. Performed by the clock, which asks nobody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The file.
    pub file: Id,
    /// What came of it.
    pub found: Found,
}

impl Action for Note {
    const NAME: &'static str = "file.note";
    const TITLE: (&'static str, &'static str) = ("文件处理结果", "Note what a file holds");
    const CLAUSES: &'static [&'static str] = &["3.3.1.4"];
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        File::about(work, &self.file)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let mut file = work.need::<File>(&self.file)?.record;
        let Some(sealed) = file.state.sealed().cloned() else { return Err(file.unfit().into()) };
        file.state = match self.found {
            Found::Pages { kind, pages, notices, words } => {
                let words = words::keep(work, &file, &words)?;
                FileState::Ready { sealed, kind, pages, notices, words }
            }
            Found::Fault { code, detail } => {
                FileState::Faulty { sealed, code, detail: detail.chars().take(500).collect() }
            }
        };
        work.put(&file)?;
        Ok(file)
    }
}

/// Gives up an upload that wasn't ended. Whoever began it does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveUp {
    /// The file.
    pub file: Id,
}

impl Action for GiveUp {
    const NAME: &'static str = "file.give_up";
    const TITLE: (&'static str, &'static str) = ("放弃上传", "Give up an upload");
    const CLAUSES: &'static [&'static str] = &["3.3.1.4"];
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        let mut about = File::about(work, &self.file)?;
        about.thing.owner = work.need::<File>(&self.file)?.begun_by.to_string();
        Ok(about)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let mut file = work.need::<File>(&self.file)?.record;
        if file.state != FileState::Arriving {
            return Err(file.unfit().into());
        }
        let (at, by) = (work.now(), Some(work.person()?.clone()));
        file.state = FileState::Removed { at, by, reason: GIVEN_UP.to_owned() };
        work.put(&file)?;
        Ok(file)
    }
}

/// The reason that stands for an upload that was given up.
const GIVEN_UP: &str = "上传未完成，已放弃";

/// Removes a file that doesn't belong there: its key is destroyed, and nothing opens it again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The file.
    pub file: Id,
    /// Why.
    pub reason: Paragraph,
}

impl Action for Remove {
    const NAME: &'static str = "file.remove";
    const TITLE: (&'static str, &'static str) = ("移除文件", "Remove a file");
    const CLAUSES: &'static [&'static str] = &["3.3.1.4"];
    type Outcome = File;

    fn about(&self, work: &Work<'_, '_>) -> Result<About, Stop> {
        File::about(work, &self.file)
    }

    fn perform(self, work: &mut Work<'_, '_>) -> Result<File, Stop> {
        let mut file = work.need::<File>(&self.file)?.record;
        if let FileState::Removed { .. } = file.state {
            return Err(file.unfit().cured_by(Role::OfficeHead).into());
        }
        work.destroy_file_key(&file.id)?;
        words::remove(work, &file.id)?;
        file.state = FileState::Removed {
            at: work.now(),
            by: Some(work.person()?.clone()),
            reason: self.reason.into(),
        };
        work.put(&file)?;
        Ok(file)
    }
}
