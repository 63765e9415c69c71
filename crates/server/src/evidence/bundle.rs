//! One bundle, as the bytes of a ZIP: the page for people, the evidence that `jingui-verify` reads, the ledger's key, how to
//! check it, and a list of digests. All entries are read in one transaction, so that every proof leads to the one checkpoint.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use data_encoding::{BASE64, HEXLOWER};
use jingui_ledger::{Checkpoint, EvidenceWriter, LedgerError};
use jingui_office::Office;
use jingui_office::supervision::evidence::disclosed::{Disclosing, Disclosure};
use jingui_office::supervision::evidence::listed::{self, Listed};
use jingui_office::supervision::evidence::{Choice, Evidence, chosen};
use jingui_press::{Fault, Form, Press};
use jingui_store::StoreError;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::words::{self, Titles};

/// Entries after which progress is told.
const TELL: u64 = 50;

/// What was made.
pub(super) struct Bundle {
    pub(super) entries: u64,
    pub(super) opened: u64,
    pub(super) bytes: Vec<u8>,
}

/// Why a bundle can't be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the journal can't be read")]
    Store(#[from] StoreError),
    #[error("the page can't be printed")]
    Press(#[from] Fault),
    #[error("the archive can't be written")]
    Archive(#[from] zip::result::ZipError),
    #[error("the evidence can't be written")]
    Written(#[from] std::io::Error),
    #[error("the maker has left, or no entry is left to show; ask for it again")]
    Gone,
}

impl From<LedgerError> for Broken {
    fn from(error: LedgerError) -> Self {
        Self::Store(error.into())
    }
}

impl Broken {
    /// What the console says of it.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Press(Fault::NoFont) => "no_font",
            Self::Press(_) => "form",
            _ => "failed",
        }
    }
}

/// What the page says.
#[derive(Serialize)]
struct Page {
    number: String,
    about: String,
    period: String,
    why: String,
    made_by: String,
    made_at: String,
    origin: String,
    entries: usize,
    opened: usize,
    closed: usize,
    /// Highest level of what is opened, in words; empty where it concerns no item.
    level: String,
    /// Whether entries may have been left out because the maker may not know of their items.
    hidden: bool,
    size: u64,
    checkpoint_at: String,
    checkpoint: String,
    root: String,
    key: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    seq: u64,
    at: String,
    who: String,
    action: String,
    result: String,
    refused: bool,
    changed: String,
    opened: bool,
}

/// Makes the bundle of what was journaled as `made` in entry `at`; what came before that entry is in it.
pub(super) fn make(
    office: &Office,
    made: &Evidence,
    at: u64,
    told: impl Fn(u64, u64),
) -> Result<Bundle, Broken> {
    let store = office.store();
    let (page, evidence, key) = store.read(|conn| -> Result<_, Broken> {
        let asker = office.asker(conn, &made.made_by)?.ok_or(Broken::Gone)?;
        let seqs = chosen::entries(store, conn, &made.of, at.saturating_sub(1))?.map_err(|_| Broken::Gone)?;
        let checkpoint = store.checkpoint(conn)?;
        let text = checkpoint.to_string();
        let Checkpoint { origin, size, root } = Checkpoint::parse(checkpoint.text())?;
        let mut writer = EvidenceWriter::begin(Vec::new(), store.tree(), &checkpoint)?;
        let mut disclosing = Disclosing::to(conn, &asker);
        let mut rows: Vec<Listed> = Vec::with_capacity(seqs.len());
        let total = seqs.len() as u64;
        let mut hidden = false;
        for (done, seq) in (1..).zip(seqs) {
            if done % TELL == 0 {
                told(done, total);
            }
            let found = store.disclosed(conn, seq)?.ok_or(Broken::Gone)?;
            let disclosure = disclosing.of(&found.entry)?;
            if disclosure == Disclosure::Absent {
                hidden = true;
                continue;
            }
            let proof = store.inclusion(conn, seq, size)?;
            let opening = (disclosure == Disclosure::Opened).then(|| found.opening.expose());
            writer.entry(&jingui_ledger::Evidence { seq, sealed: &found.sealed, opening, proof: &proof })?;
            rows.push(listed::list(conn, &asker, &found.entry, disclosure)?);
        }
        if rows.is_empty() {
            return Err(Broken::Gone);
        }
        told(total, total);
        let opened = rows.iter().filter(|row| row.opened).count();
        let key = store.note_key()?.to_string();
        let name = listed::named(conn, &made.of)?;
        let maker = office.person(conn, &made.made_by)?.ok_or(Broken::Gone)?;
        let titles = Titles::new();
        let page = Page {
            number: made.number.clone(),
            about: about(&made.of, name),
            period: period(&made.of),
            why: made.why.clone(),
            made_by: maker.name,
            made_at: made.made_at.local(),
            origin,
            entries: rows.len(),
            opened,
            closed: rows.len() - opened,
            level: disclosing.highest().map(|level| level.zh().to_owned()).unwrap_or_default(),
            hidden,
            size,
            checkpoint_at: store.now().local(),
            checkpoint: text,
            root: BASE64.encode(&root),
            key: key.clone(),
            rows: rows.iter().map(|row| printed(office, &titles, row)).collect(),
        };
        Ok((page, writer.into_inner(), key))
    })?;
    // The page takes longest and needs no connection.
    let pdf = Press::of_this_machine()?.pdf(Form::Evidence, &page)?;
    let (entries, opened) = (page.entries as u64, page.opened as u64);
    let read_me = read_me(&page);
    let members = [
        ("证据.pdf", pdf),
        ("evidence", evidence),
        ("vkey", format!("{key}\n").into_bytes()),
        ("说明.txt", read_me.into_bytes()),
    ];
    Ok(Bundle { entries, opened, bytes: packed(&members)? })
}

fn printed(office: &Office, titles: &Titles, row: &Listed) -> Row {
    Row {
        seq: row.seq,
        at: row.at.local(),
        who: words::who(row),
        action: titles.of(&row.action).to_owned(),
        result: words::result(office, row),
        refused: row.refused.is_some(),
        changed: words::changed(row),
        opened: row.opened,
    }
}

fn about(choice: &Choice, name: Option<String>) -> String {
    let name = name.unwrap_or_default();
    match choice {
        Choice { item: Some(_), .. } => format!("文件 {name}（含其各份、借阅、阅读和电子件）"),
        Choice { person: Some(_), .. } => format!("人员 {name}（本人所办和涉及本人的）"),
        Choice { incident: Some(_), .. } => format!("事件 {name}（含所涉记录）"),
        _ => "一段时期的全部账目".to_owned(),
    }
}

fn period(choice: &Choice) -> String {
    match (choice.from, choice.to) {
        (None, None) => "自建账起，至制作时".to_owned(),
        (Some(from), None) => format!("自 {from} 起，至制作时"),
        (None, Some(to)) => format!("自建账起，至 {to}"),
        (Some(from), Some(to)) => format!("{from} 至 {to}"),
    }
}

fn read_me(page: &Page) -> String {
    let mut text = format!(
        "金匮证据 {}{}\n\n证明对象：{}\n起止：{}\n用途：{}\n制作：{}，{}\n条目：{} 笔，其中公开内容 {} 笔\n\n",
        page.number,
        if page.level.is_empty() { String::new() } else { format!("（{}）", page.level) },
        page.about,
        page.period,
        page.why,
        page.made_by,
        page.made_at,
        page.entries,
        page.opened
    );
    text.push_str(concat!(
        "本目录中：\n",
        "  证据.pdf      供人阅读的清单；以 evidence 为准\n",
        "  evidence      条目的密封原文、证明和检查点；公开的条目附有只打开这一条的密钥\n",
        "  vkey          账本的公钥\n",
        "  清单.sha256   以上各文件和本说明的摘要\n\n",
        "离线核对（不需要联网，不需要密钥）：\n",
        "  1. 取得 jingui-verify：随金匮安装包提供，也可按公开的格式说明（docs/ledger-format.md）另行编写。\n",
        "  2. 在本目录中运行：jingui-verify evidence --log vkey --show\n",
        "     退出码 0 为完整，1 为破损，2 为无法判断。\n",
        "  3. 把 vkey 与另处保存的公钥比对；有另处保存的检查点的，加 --checkpoint 文件，有见证方的，加 --witness 公钥。\n",
        "     vkey 随证据而来，只说明自称是谁。\n",
        "  4. 核对各文件未被改动：sha256sum -c 清单.sha256\n\n",
        "证明说明的是：所列条目确在账本中、未被改动。它不说明没有别的条目：按时期制作的，条目编号应当连续。\n",
        "不公开内容的条目可以核对，不能读出。本证据能读出公开条目的内容，按所标密级保管。\n",
    ));
    text
}

/// The members in one archive, and a list of their digests as `sha256sum` reads it.
fn packed(members: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, Broken> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut digests = String::new();
    for (name, bytes) in members {
        archive.start_file(*name, options)?;
        archive.write_all(bytes)?;
        let _ = writeln!(digests, "{}  {name}", HEXLOWER.encode(&Sha256::digest(bytes)));
    }
    archive.start_file("清单.sha256", options)?;
    archive.write_all(digests.as_bytes())?;
    Ok(archive.finish()?.into_inner())
}
