//! The machine's fonts: which stands in for one that a file names without carrying it.

use skrifa::MetadataProvider as _;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A font's bytes, and which of the file's fonts it is.
#[derive(Clone, Debug)]
pub struct Face {
    pub data: Arc<Vec<u8>>,
    pub index: u32,
}

/// Families with Song strokes, in which official documents are set; then whatever else has Chinese.
const SERIF: &[&str] = &[
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Source Han Serif CN",
    "SimSun",
    "NSimSun",
    "STSong",
    "FZShuSong-Z01",
    "AR PL UMing CN",
];

/// Families with Hei strokes.
const SANS: &[&str] = &[
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
];

/// Families whose Latin letters are half as wide as their Chinese characters.
const MONOSPACED: &[&str] =
    &["Noto Sans Mono CJK SC", "Source Han Mono SC", "WenQuanYi Zen Hei Mono", "NSimSun"];

/// How a Chinese font should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Serif,
    Sans,
}

/// The font of this name, however its name is written (`Sim Sun`, `SIMSUN,Bold`).
pub fn named(name: &str) -> Option<Face> {
    let wanted = plain(name.split(',').next().unwrap_or(name));
    let bold = name.contains("Bold");
    let mut faces: Vec<&fontdb::FaceInfo> = database()
        .faces()
        .filter(|face| {
            plain(&face.post_script_name) == wanted
                || face.families.iter().any(|(family, _)| plain(family) == wanted)
        })
        .collect();
    faces.sort_by_key(|face| (plain(&face.post_script_name) != wanted, (face.weight.0 >= 600) != bold));
    faces.first().and_then(|face| load(face.id))
}

/// A font with Chinese characters.
pub fn chinese(look: Look, bold: bool) -> Option<Face> {
    let order = match look {
        Look::Serif => [SERIF, SANS, MONOSPACED],
        Look::Sans => [SANS, SERIF, MONOSPACED],
    };
    let weight = if bold { fontdb::Weight::BOLD } else { fontdb::Weight::NORMAL };
    order
        .into_iter()
        .flatten()
        .find_map(|family| {
            let families = [fontdb::Family::Name(family)];
            database().query(&fontdb::Query { families: &families, weight, ..fontdb::Query::default() })
        })
        .or_else(any_chinese)
        .and_then(load)
}

/// Any font that has the character 中: slow, for machines with none of the known families.
fn any_chinese() -> Option<fontdb::ID> {
    static FOUND: OnceLock<Option<fontdb::ID>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        database()
            .faces()
            .find(|face| {
                let has = |data: &[u8], index| {
                    skrifa::FontRef::from_index(data, index)
                        .is_ok_and(|font| font.charmap().map('中').is_some())
                };
                database().with_face_data(face.id, has).unwrap_or(false)
            })
            .map(|face| face.id)
    })
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect()
}

fn database() -> &'static fontdb::Database {
    static DATABASE: OnceLock<fontdb::Database> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let mut database = fontdb::Database::new();
        database.load_system_fonts();
        database
    })
}

/// Files of Chinese fonts are large, and several faces share one.
fn load(id: fontdb::ID) -> Option<Face> {
    static FILES: Mutex<Option<HashMap<PathBuf, Arc<Vec<u8>>>>> = Mutex::new(None);
    let (source, index) = database().face_source(id)?;
    let path = match source {
        fontdb::Source::File(path) | fontdb::Source::SharedFile(path, _) => path,
        fontdb::Source::Binary(data) => {
            return Some(Face { data: Arc::new((*data).as_ref().to_vec()), index });
        }
    };
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let files = files.get_or_insert_default();
    if let Some(data) = files.get(&path) {
        return Some(Face { data: data.clone(), index });
    }
    let data = Arc::new(std::fs::read(&path).ok()?);
    files.insert(path, data.clone());
    Some(Face { data, index })
}
