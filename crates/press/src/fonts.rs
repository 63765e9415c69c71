//! The fonts that forms are set in: those of this machine, named in the order in which they stand in for one another.
//! What a chosen font lacks is looked for in the others; what none has is an error, never a box.

use std::collections::HashMap;
use std::sync::Arc;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

use crate::Fault;

/// Families with Chinese characters and strokes of Song, best first. The house style knows them by the same names.
const SONG: &[&str] =
    &["Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "SimSun", "AR PL UMing CN"];
/// The same with strokes of Hei.
const HEI: &[&str] = &[
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
];

/// Families whose characters are all as wide, for keys and digests; without one they are set in Hei.
const MONO: &[&str] = &["Noto Sans Mono CJK SC", "Noto Sans Mono", "DejaVu Sans Mono"];

pub(crate) struct Fonts {
    pub(crate) book: LazyHash<FontBook>,
    pub(crate) fonts: Vec<Font>,
}

impl Fonts {
    pub(crate) fn of_this_machine() -> Result<Self, Fault> {
        let mut faces = fontdb::Database::new();
        faces.load_system_fonts();
        // One file holds the faces of several languages.
        let mut files: HashMap<std::path::PathBuf, Bytes> = HashMap::new();
        let mut fonts = Vec::new();
        for families in [SONG, HEI, MONO] {
            let Some(family) = families.iter().find(|family| has(&faces, family)) else { continue };
            for weight in [fontdb::Weight::NORMAL, fontdb::Weight::BOLD] {
                let query = fontdb::Query {
                    families: &[fontdb::Family::Name(family)],
                    weight,
                    ..fontdb::Query::default()
                };
                let Some((source, index)) = faces.query(&query).and_then(|id| faces.face_source(id)) else {
                    continue;
                };
                let bytes = match source {
                    fontdb::Source::Binary(bytes) | fontdb::Source::SharedFile(_, bytes) => {
                        Bytes::new(Shared(bytes))
                    }
                    fontdb::Source::File(path) => {
                        if !files.contains_key(&path)
                            && let Ok(read) = std::fs::read(&path)
                        {
                            files.insert(path.clone(), Bytes::new(read));
                        }
                        let Some(bytes) = files.get(&path) else { continue };
                        bytes.clone()
                    }
                };
                fonts.extend(Font::new(bytes, index));
            }
        }
        let chinese = |font: &Font| font.info().coverage.contains('中' as u32);
        if !fonts.iter().any(chinese) {
            return Err(Fault::NoFont);
        }
        Ok(Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts })
    }
}

fn has(faces: &fontdb::Database, family: &str) -> bool {
    faces.faces().any(|face| face.families.iter().any(|(name, _)| name == family))
}

/// Bytes that the list of fonts holds.
struct Shared(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}
