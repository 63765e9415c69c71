//! The fonts of this machine, and which of them stands in for a font that a file names but doesn't
//! bring along. Chinese documents name the same few faces in Chinese or English; where none of them
//! is installed, the free fonts of the same style are what people will have.

use skrifa::MetadataProvider as _;
use skrifa::font::Blob;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The fonts of this machine; copies share what was loaded.
#[derive(Clone)]
pub struct Fonts(Arc<Inner>);

struct Inner {
    faces: fontdb::Database,
    /// Faces by all names of their family and their own.
    names: HashMap<String, Vec<fontdb::ID>>,
    files: Mutex<HashMap<PathBuf, Option<Bytes>>>,
}

/// The bytes of a font file, shared by all that draw with it.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A font that might draw a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: fontdb::ID,
    /// Whether it is the font that was asked for, rather than one like it.
    pub same: bool,
    /// Whether it is bold of its own.
    pub bold: bool,
    /// Whether it leans of its own.
    pub italic: bool,
}

/// How a font looks, as far as it matters for choosing another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Song,
    Hei,
    Kai,
    FangSong,
    Serif,
    Sans,
    Mono,
}

/// Parts of names by which a style is told, in small letters without spaces.
const STYLES: [(Style, &[&str]); 7] = [
    (Style::FangSong, &["仿宋", "fangsong", "fzfs"]),
    (Style::Kai, &["楷", "kai", "fzkt"]),
    (Style::Hei, &["黑", "雅黑", "等线", "hei", "yahei", "dengxian", "圆", "gothic", "fzht"]),
    (Style::Song, &["宋", "song", "simsun", "明体", "ming", "mincho", "fzss", "fzxbs"]),
    (Style::Mono, &["courier", "mono", "consolas"]),
    (Style::Serif, &["times", "serif", "roman", "georgia", "cambria", "garamond", "palatino"]),
    (Style::Sans, &["arial", "helvetica", "calibri", "tahoma", "verdana", "sans", "segoe"]),
];

const SONG: &[&str] = &[
    "SimSun",
    "NSimSun",
    "STSong",
    "FZShuSong-Z01",
    "Source Han Serif SC",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "AR PL UMing CN",
];
const HEI: &[&str] = &[
    "SimHei",
    "Microsoft YaHei",
    "DengXian",
    "STHeiti",
    "Source Han Sans SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
];
const KAI: &[&str] = &["KaiTi", "KaiTi_GB2312", "STKaiti", "FZKai-Z03", "AR PL UKai CN", "LXGW WenKai"];
const FANG_SONG: &[&str] = &["FangSong", "FangSong_GB2312", "STFangsong", "FZFangSong-Z02"];
const SERIF: &[&str] =
    &["Times New Roman", "Liberation Serif", "Tinos", "Nimbus Roman", "Noto Serif", "DejaVu Serif"];
const SANS: &[&str] =
    &["Arial", "Liberation Sans", "Arimo", "Carlito", "Nimbus Sans", "Noto Sans", "DejaVu Sans"];
const MONO: &[&str] = &["Courier New", "Liberation Mono", "Cousine", "Noto Sans Mono", "DejaVu Sans Mono"];

impl Style {
    fn of(name: &str) -> Self {
        let known = STYLES.iter().find(|(_, parts)| parts.iter().any(|part| name.contains(part)));
        known.map_or(Self::Song, |(style, _)| *style)
    }

    /// Families in the order in which they stand in.
    fn families(self) -> impl Iterator<Item = &'static str> {
        let lists: [&[&str]; 7] = match self {
            Self::Song => [SONG, FANG_SONG, KAI, HEI, SERIF, SANS, MONO],
            Self::Hei => [HEI, SONG, KAI, FANG_SONG, SANS, SERIF, MONO],
            Self::Kai => [KAI, FANG_SONG, SONG, HEI, SERIF, SANS, MONO],
            Self::FangSong => [FANG_SONG, KAI, SONG, HEI, SERIF, SANS, MONO],
            Self::Serif => [SERIF, SONG, SANS, HEI, FANG_SONG, KAI, MONO],
            Self::Sans => [SANS, HEI, SERIF, SONG, KAI, FANG_SONG, MONO],
            Self::Mono => [MONO, SANS, HEI, SONG, SERIF, KAI, FANG_SONG],
        };
        lists.into_iter().flatten().copied()
    }
}

impl Fonts {
    /// Looks for the fonts of this machine. They are listed now and read when first needed.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let mut faces = fontdb::Database::new();
        faces.load_system_fonts();
        Self::of(faces)
    }

    /// No fonts but those given, as the bytes of their files.
    #[must_use]
    pub fn only(files: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut faces = fontdb::Database::new();
        for bytes in files {
            faces.load_font_data(bytes);
        }
        Self::of(faces)
    }

    fn of(faces: fontdb::Database) -> Self {
        let mut names: HashMap<String, Vec<fontdb::ID>> = HashMap::new();
        for face in faces.faces() {
            let families = face.families.iter().map(|(family, _)| family);
            for name in families.chain([&face.post_script_name]) {
                names.entry(plain(name)).or_default().push(face.id);
            }
        }
        Self(Arc::new(Inner { faces, names, files: Mutex::default() }))
    }

    /// Reads now what may have to stand in for any font, so that the disk isn't needed later.
    pub fn load_substitutes(&self) {
        for style in
            [Style::Song, Style::Hei, Style::Kai, Style::FangSong, Style::Serif, Style::Sans, Style::Mono]
        {
            for bold in [false, true] {
                let known = style.families().find_map(|family| self.family(family, bold, false));
                if let Some(candidate) = known {
                    let _ = self.bytes(candidate.id);
                }
            }
        }
    }

    /// The font of exactly this name, if the machine has it and it can be read.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<(Bytes, u32)> {
        let bold = name.contains("Bold");
        self.family(name.split(',').next().unwrap_or(name), bold, false).and_then(|face| self.bytes(face.id))
    }

    /// A font with Chinese characters: with the strokes of Song or of Hei, or whatever there is.
    #[must_use]
    pub fn chinese(&self, hei: bool, bold: bool) -> Option<(Bytes, u32)> {
        let style = if hei { Style::Hei } else { Style::Song };
        style.families().filter_map(|family| self.family(family, bold, false)).find_map(|face| {
            let (bytes, index) = self.bytes(face.id)?;
            let font = skrifa::FontRef::from_index((*bytes).as_ref(), index).ok()?;
            font.charmap().map('中').is_some().then(|| (Arc::clone(&bytes), index))
        })
    }

    /// Fonts for a text in the first of `names` that is known, best first. No font is read for it.
    #[must_use]
    pub fn candidates(&self, names: &[&str], bold: bool, italic: bool) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        for name in names {
            if let Some(same) = self.family(name, bold, italic) {
                found.push(Candidate { same: true, ..same });
            }
        }
        let name = names.first().map(|name| plain(name)).unwrap_or_default();
        // The face of red headings is a Song as heavy as other faces' bold.
        let bold = bold || name.contains("小标宋") || name.contains("xiaobiaosong") || name.contains("fzxbs");
        for family in Style::of(&name).families() {
            if let Some(candidate) = self.family(family, bold, italic)
                && !found.iter().any(|known| known.id == candidate.id)
            {
                found.push(candidate);
            }
        }
        found
    }

    /// The face of a family that comes closest, by any of the family's names.
    fn family(&self, name: &str, bold: bool, italic: bool) -> Option<Candidate> {
        let leans = |face: &fontdb::FaceInfo| face.style != fontdb::Style::Normal;
        let weight: u16 = if bold { 700 } else { 400 };
        let faces = self.0.names.get(&plain(name))?.iter().filter_map(|id| self.0.faces.face(*id));
        let closest = faces.min_by_key(|face| (leans(face) != italic, face.weight.0.abs_diff(weight)))?;
        let (bold, italic) = (closest.weight.0 >= 600, leans(closest));
        Some(Candidate { id: closest.id, same: false, bold, italic })
    }

    /// Reads a font.
    #[must_use]
    pub fn load(&self, id: fontdb::ID) -> Option<skrifa::Font> {
        let (bytes, index) = self.bytes(id)?;
        skrifa::Font::new(Blob::Shared(bytes), index)
    }

    /// The bytes of a font's file, and which of the file's fonts it is.
    fn bytes(&self, id: fontdb::ID) -> Option<(Bytes, u32)> {
        let (source, index) = self.0.faces.face_source(id)?;
        let bytes = match source {
            fontdb::Source::Binary(bytes) => bytes,
            fontdb::Source::File(path) | fontdb::Source::SharedFile(path, _) => {
                // One file often holds the faces of several languages.
                let mut files = self.0.files.lock().unwrap_or_else(PoisonError::into_inner);
                let read = || std::fs::read(&path).ok().map(|bytes| Arc::new(bytes) as Bytes);
                files.entry(path.clone()).or_insert_with(read).clone()?
            }
        };
        Some((bytes, index))
    }
}

/// A name without what writers add or leave out: subset marks, spaces, dashes, capitals.
fn plain(name: &str) -> String {
    let name = match name.split_once('+') {
        Some((mark, rest)) if mark.len() == 6 && mark.chars().all(|c| c.is_ascii_uppercase()) => rest,
        _ => name,
    };
    name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_told_in_chinese_and_english() {
        for (name, style) in [
            ("仿宋_GB2312", Style::FangSong),
            ("ABCDEF+FangSong", Style::FangSong),
            ("楷体", Style::Kai),
            ("KaiTi_GB2312", Style::Kai),
            ("方正小标宋简体", Style::Song),
            ("SimSun", Style::Song),
            ("微软雅黑", Style::Hei),
            ("SimHei", Style::Hei),
            ("Times New Roman", Style::Serif),
            ("Arial", Style::Sans),
            ("Courier New", Style::Mono),
            ("whatever", Style::Song),
        ] {
            assert!(Style::of(&plain(name)) == style, "{name}");
        }
    }

    #[test]
    fn without_fonts_there_is_no_candidate() {
        let none = Fonts::only([]);
        assert_eq!(none.candidates(&["宋体"], false, false), []);
        none.load_substitutes();
    }
}
