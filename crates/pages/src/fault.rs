//! Why a file could not be read.

/// Why a file could not be read, in words an administrator understands; the code is what the
/// console translates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Fault {
    /// The bytes are of no kind that this product reads.
    #[error("this is no file of a known kind")]
    UnknownKind,
    /// A part of the file doesn't say what its format demands.
    #[error("the file is damaged: {part}: {detail}")]
    Damaged { part: String, detail: String },
    /// The file is larger in some way than what may be read.
    #[error("the file exceeds a bound: {what}: {found}, at most {allowed}")]
    TooLarge { what: String, found: u64, allowed: u64 },
    /// The file is locked with a password.
    #[error("the file is locked with a password")]
    Locked,
    /// The file uses something that this product can't draw.
    #[error("the file uses what can't be read here: {what}")]
    Unsupported { what: String },
    /// There is no such page.
    #[error("there is no page {page}; there are {pages}")]
    NoSuchPage { page: usize, pages: usize },
    /// It took too long; the reader was ended.
    #[error("reading took longer than {seconds} seconds and was ended")]
    OutOfTime { seconds: u64 },
    /// The confined reader ended over it: out of memory, or something it must not do.
    #[error("the file ended its reader: {how}")]
    Ended { how: String },
    /// A program of the machine is needed and isn't there.
    #[error("{program} isn't installed on this machine")]
    MissingProgram { program: String },
}

impl Fault {
    /// The same for people who read Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::UnknownKind => "不是可以阅读的文件种类".into(),
            Self::Damaged { part, detail } => format!("文件损坏（{part}：{detail}）"),
            Self::TooLarge { what, found, allowed } => {
                let what = match what.as_str() {
                    "pixels" => "像素数",
                    "pages" | "page" => "页数",
                    "paragraphs" => "段落数",
                    "entries" => "压缩包内文件数",
                    "file" => "文件字节数",
                    other => other,
                };
                format!("超出限度：{what} {found}，至多 {allowed}")
            }
            Self::Locked => "文件设有打开口令".into(),
            Self::Unsupported { what } => format!("使用了不能显示的内容（{what}）"),
            Self::NoSuchPage { page, pages } => format!("没有第 {page} 页，共 {pages} 页"),
            Self::OutOfTime { seconds } => format!("处理超过 {seconds} 秒，已中止"),
            Self::Ended { how } => format!("文件使阅读程序中止（{how}）"),
            Self::MissingProgram { program } => format!("本机没有安装 {program}"),
        }
    }

    /// A damaged part.
    #[must_use]
    pub fn damaged(part: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::Damaged { part: part.into(), detail: detail.to_string() }
    }
}
