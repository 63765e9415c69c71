//! The manifest of a backup: what it holds, signed with the office's key. Written last; what it doesn't list isn't part of
//! the backup. In the clear, because nothing in it tells of content, and so that a backup can be verified without keys.

use data_encoding::{BASE64, HEXLOWER};
use jingui_crypto::{Keyring, Suite, VerifyingKey};
use jingui_ledger::{Checkpoint, Note, NoteKey, NoteKeyKind, TreeSuite, origin};
use serde::{Deserialize, Serialize};

use crate::error::BackupError;
use crate::place::{Object, Place};

/// Form of the manifest.
const FORM: u32 = 1;
/// Begins what is signed, so that a signature of a manifest is never one of a checkpoint, whose first line is another.
const SIGNED: &str = "jingui-backup/1\n";
/// Ending of a manifest's name.
pub(crate) const ENDING: &str = ".manifest";
/// Where things lie in a place.
pub(crate) const LEDGER: &str = "ledger";
pub(crate) const FILES: &str = "files";
pub(crate) const BESIDE: &str = "beside";
pub(crate) const SEAL: &str = "seal";

/// What a backup holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Form; 1.
    jingui_backup: u32,
    /// Id of the journal.
    pub log: String,
    /// Suite of keys, hashes and signatures.
    pub suite: Suite,
    /// Number of this backup in its place, from 1.
    pub number: u64,
    /// When it was begun; what it holds is the office as of then.
    pub at: String,
    /// The signed checkpoint over all its entries.
    pub checkpoint: String,
    /// The public key that signed, hexadecimal.
    pub key: String,
    /// The seal as it was; nothing where the office's key stands in the clear on a medium of its own.
    pub(crate) seal: Option<Object>,
    /// What stands beside the journal, as a sealed file.
    pub(crate) beside: Object,
    /// The key of that file, wrapped under the key for backups; base 64.
    pub(crate) wrapped: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) files: Vec<Copied>,
    /// Names of files that the registers had and the vault had not, or not as they were. What an earlier backup had of them
    /// is kept.
    pub missing: Vec<String>,
}

/// Consecutive entries in a file of the exported ledger's form.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Segment {
    /// Number of the first one.
    pub first: u64,
    /// How many.
    pub entries: u64,
    #[serde(flatten)]
    pub object: Object,
}

/// A file of the vault, or a part beside one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Copied {
    /// Its name in the vault.
    pub file: String,
    /// Id of the file that it is, or belongs to.
    pub id: String,
    /// What the vault called this state of it when it was copied; another one says that it has to be looked at again.
    pub tag: String,
    #[serde(flatten)]
    pub object: Object,
}

/// What tells the form of a manifest, whatever else it says.
#[derive(Deserialize)]
struct Form {
    jingui_backup: u32,
}

/// What a new manifest says.
pub(crate) struct Contents {
    pub log: String,
    pub number: u64,
    pub at: String,
    pub checkpoint: Note,
    pub seal: Option<Object>,
    pub beside: Object,
    pub wrapped: Vec<u8>,
    pub segments: Vec<Segment>,
    pub files: Vec<Copied>,
    pub missing: Vec<String>,
}

impl Manifest {
    pub(crate) fn new(keys: &Keyring, contents: Contents) -> Self {
        Self {
            jingui_backup: FORM,
            log: contents.log,
            suite: keys.suite(),
            number: contents.number,
            at: contents.at,
            checkpoint: contents.checkpoint.to_string(),
            key: HEXLOWER.encode(&keys.signing().verifying().to_bytes()),
            seal: contents.seal,
            beside: contents.beside,
            wrapped: BASE64.encode(&contents.wrapped),
            segments: contents.segments,
            files: contents.files,
            missing: contents.missing,
        }
    }

    /// Its name in the place.
    pub(crate) fn name(number: u64) -> String {
        format!("{number:08}{ENDING}")
    }

    /// One line of JSON, one of signature.
    pub(crate) fn to_text(&self, keys: &Keyring) -> Result<String, BackupError> {
        let json = serde_json::to_string(self)?;
        let signature = keys.signing().sign(signed(&json).as_bytes());
        Ok(format!("{json}\n{}\n", BASE64.encode(&signature)))
    }

    /// Reads what [`Self::to_text`] wrote; refuses what its own key didn't sign, and what doesn't fit together. Whose key
    /// that is, is for [`Self::is_of`] to say.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, BackupError> {
        let altered = || BackupError::altered(name);
        let (json, rest) = text.split_once('\n').ok_or_else(altered)?;
        let signature = rest.strip_suffix('\n').ok_or_else(altered)?;
        let form: Form = serde_json::from_str(json).map_err(|_| altered())?;
        if form.jingui_backup != FORM {
            return Err(BackupError::Form { name: name.to_owned() });
        }
        let manifest: Self = serde_json::from_str(json).map_err(|_| altered())?;
        let signature = BASE64.decode(signature.as_bytes()).map_err(|_| altered())?;
        manifest.public()?.verify(signed(json).as_bytes(), &signature).map_err(|_| altered())?;
        let whole = name == Self::name(manifest.number)
            && manifest.objects().all(|object| is_path(&object.name))
            && manifest.files.iter().all(|copied| is_path(&copied.file));
        let checkpoint = manifest.checked_checkpoint().map_err(|_| altered())?;
        let ends = manifest.segments.iter().try_fold(1, |next: u64, segment| {
            (segment.first == next && segment.entries > 0).then(|| next.checked_add(segment.entries))?
        });
        if whole && ends == checkpoint.size.checked_add(1) { Ok(manifest) } else { Err(altered()) }
    }

    /// Refuses keys of another office than the one that signed it.
    pub(crate) fn is_of(&self, keys: &Keyring) -> Result<(), BackupError> {
        if self.suite == keys.suite() && self.public().ok() == Some(keys.signing().verifying()) {
            Ok(())
        } else {
            Err(BackupError::OtherOffice)
        }
    }

    /// The newest one in a place.
    pub(crate) fn newest(place: &Place) -> Result<Option<Self>, BackupError> {
        let names = place.list("")?;
        // Numbers have as many digits as they need, at least eight: the longer name is the later one.
        let newest =
            names.keys().filter(|name| name.ends_with(ENDING)).max_by_key(|name| (name.len(), name.as_str()));
        newest.map(|name| Self::parse(name, &place.read_text(name)?)).transpose()
    }

    /// The newest one in a place; refuses a place without.
    pub fn read(place: &Place) -> Result<Self, BackupError> {
        Self::newest(place)?.ok_or(BackupError::None)
    }

    /// The seal as it was when the backup was taken, for key holders to open; nothing where the office has its key in the
    /// clear elsewhere.
    pub fn seal(&self, place: &Place) -> Result<Option<String>, BackupError> {
        let Some(object) = &self.seal else { return Ok(None) };
        let bytes = place.read_whole(self.suite, object)?;
        String::from_utf8(bytes).map(Some).map_err(|_| BackupError::altered(&object.name))
    }

    /// Size and root of the journal it holds.
    pub(crate) fn checked_checkpoint(&self) -> Result<Checkpoint, BackupError> {
        let note = self.note()?;
        let kind = match self.suite {
            Suite::International => NoteKeyKind::Ed25519,
            Suite::Guomi => NoteKeyKind::Sm2,
        };
        let name = origin(&self.log);
        NoteKey::new(&name, kind, &self.public()?.to_bytes())?.verify(&note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin == name { Ok(checkpoint) } else { Err(BackupError::OtherOffice) }
    }

    pub(crate) fn note(&self) -> Result<Note, BackupError> {
        Ok(Note::parse(&self.checkpoint)?)
    }

    pub(crate) const fn tree(&self) -> TreeSuite {
        match self.suite {
            Suite::International => TreeSuite::International,
            Suite::Guomi => TreeSuite::Guomi,
        }
    }

    /// All that it lists.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Object> {
        let segments = self.segments.iter().map(|segment| &segment.object);
        let files = self.files.iter().map(|copied| &copied.object);
        self.seal.iter().chain([&self.beside]).chain(segments).chain(files)
    }

    fn public(&self) -> Result<VerifyingKey, BackupError> {
        let bytes = HEXLOWER.decode(self.key.as_bytes()).unwrap_or_default();
        Ok(VerifyingKey::from_bytes(self.suite, &bytes)?)
    }
}

fn signed(json: &str) -> String {
    format!("{SIGNED}{json}")
}

/// Names that stay inside their place: parts of letters, digits, dots and hyphens, none of them beginning with a dot.
fn is_path(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    })
}
