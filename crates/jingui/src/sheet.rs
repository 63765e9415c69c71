//! Share sheets: what each key holder takes away on paper. Written once when an office is sealed, to a place that the
//! operator names; never kept in the data directory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use jingui_crypto::Share;
use qrcode::QrCode;
use qrcode::render::svg;
use zeroize::Zeroizing;

use crate::data::write_private;

/// Makes the directory for sheets, or takes one that is empty: nobody's file is written over, and no earlier sheet lies
/// among them.
pub fn empty(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("can't make {}", directory.display()))?;
    if fs::read_dir(directory)?.next().is_some() {
        bail!("{} isn't empty; choose an empty directory for the sheets", directory.display());
    }
    Ok(())
}

/// Writes a holder's sheet: a page to print, and the same four lines as text for a medium of their own.
pub fn write(directory: &Path, share: &Share, holder: &str, needed: u8, of: usize) -> anyhow::Result<()> {
    let number = share.number();
    let code = QrCode::new(share.code().as_bytes()).context("the share doesn't fit into a code")?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    // The picture is a document of its own; on the page only its element belongs.
    let picture = picture.find("<svg").and_then(|at| picture.get(at..)).unwrap_or_default();
    let lines = share.lines();
    let (mut typed, mut text) = (Zeroizing::new(String::new()), Zeroizing::new(String::new()));
    for (at, line) in (1..).zip(&lines) {
        let _ = write!(typed, "<li><span>{at}</span><code>{}</code></li>", **line);
        let _ = writeln!(text, "{}", **line);
    }
    let page = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>密钥份额 {number}</title><style>{STYLE}</style>
<h1>密钥份额 <small>Key share</small></h1>
<dl><dt>持有人</dt><dd>{holder}</dd><dt>编号</dt><dd>第 {number} 份，共 {of} 份，任意 {needed} 份可启封</dd><dt>批次</dt><dd>{set}</dd></dl>
<ol>{typed}</ol>{picture}
<p>本页仅由持有人本人保管，不复印、不拍照、不存入联网设备。启封时在启封页面逐行输入，或用扫码枪扫描二维码；每行末两位为校验位，输错时会指出是哪一行。遗失、疑似被他人看到的，立即报告安全保密管理员重新分割密钥。</p>
<p>Keep this sheet yourself. When the office is unsealed, type the lines or scan the code. Report a loss at once.</p>
<p class=\"sign\">持有人签收：______________　　日期：______________</p></html>
",
        typed = *typed,
        holder = escaped(holder),
        set = share.set(),
    );
    let name = format!("份额-{number}");
    write_private(&directory.join(format!("{name}.html")), &page)?;
    write_private(&directory.join(format!("{name}.txt")), &text)
}

const STYLE: &str = "@page{size:A5;margin:14mm}body{font-family:'Noto Serif CJK SC',serif;color:#1a1a1a;max-width:120mm;margin:auto}h1{font-size:20pt;border-bottom:2px solid #8c1d18}h1 small{font-size:10pt;color:#666}dl{display:grid;grid-template-columns:4em 1fr;gap:2mm;font-size:11pt}dt{color:#666}dd{margin:0}ol{list-style:none;padding:0}ol li{display:flex;gap:4mm;margin:2mm 0;align-items:baseline}ol span{color:#666}code{font:bold 14pt 'Noto Sans Mono CJK SC',monospace;letter-spacing:.5pt}svg{width:42mm;height:42mm;display:block;margin:4mm auto}p{font-size:9pt;line-height:1.6}.sign{margin-top:8mm;font-size:11pt}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
