//! A fictional official letter as an OFD file (GB/T 33190), set like GB/T 9704: 22 lines of 28 characters.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a letter says.
pub struct Letter {
    pub source: String,
    pub number: String,
    pub title: String,
    pub marking: String,
    pub dated: String,
    pub paragraphs: Vec<String>,
}

const SPACE: &str = "xmlns:ofd=\"http://www.ofdspec.org/2016\"";
/// The text area of GB/T 9704, millimetres: left and top margins, its width.
const LEFT: f64 = 28.0;
const TOP: f64 = 37.0;
const WIDTH: f64 = 156.0;
const CHARACTERS: usize = 28;
const LINES: u32 = 22;
/// Size 3 (16 points), and the distance of lines that fills the area with 22.
const SIZE: f64 = 5.57;
const LINE: f64 = 10.22;
const HEAD: u32 = 3;
const TITLE: u32 = 1;
const BODY: u32 = 2;

/// How many characters, as a measure.
fn long(text: &str) -> f64 {
    u32::try_from(text.chars().count()).map_or(0.0, f64::from)
}

struct Sheet {
    objects: String,
    next: u32,
}

impl Sheet {
    fn text(&mut self, font: u32, size: f64, (x, y): (f64, f64), colour: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let count = text.chars().count().saturating_sub(1);
        let id = self.next;
        self.next += 1;
        let width = size * long(&text).max(1.0);
        let delta = if count > 0 { format!(" DeltaX=\"g {count} {size:.2}\"") } else { String::new() };
        let _ = write!(
            self.objects,
            "<ofd:TextObject ID=\"{id}\" Boundary=\"{x:.2} {y:.2} {width:.2} {size:.2}\" Font=\"{font}\" Size=\"{size:.2}\">\
             <ofd:FillColor Value=\"{colour}\"/><ofd:TextCode X=\"0\" Y=\"{:.2}\"{delta}>{text}</ofd:TextCode></ofd:TextObject>",
            size * 0.86
        );
    }

    fn centred(&mut self, font: u32, size: f64, y: f64, colour: &str, text: &str) {
        let x = LEFT + (WIDTH - size * long(text)) / 2.0;
        self.text(font, size, (x, y), colour, text);
    }

    fn red_line(&mut self, y: f64) {
        let id = self.next;
        self.next += 1;
        let _ = write!(
            self.objects,
            "<ofd:PathObject ID=\"{id}\" Boundary=\"{LEFT} {y} {WIDTH} 1\" LineWidth=\"0.6\" Stroke=\"true\" Fill=\"false\">\
             <ofd:StrokeColor Value=\"204 0 0\"/><ofd:AbbreviatedData>M 0 0.5 L {WIDTH} 0.5</ofd:AbbreviatedData></ofd:PathObject>"
        );
    }
}

/// Writes a letter.
pub fn ofd(letter: &Letter) -> anyhow::Result<Vec<u8>> {
    let mut sheets = vec![Sheet { objects: String::new(), next: 100 }];
    let mut row: u32 = 9;
    if let Some(first) = sheets.first_mut() {
        first.text(HEAD, SIZE, (LEFT, TOP), "0 0 0", &letter.marking);
        let size = (WIDTH / (long(&letter.source) + 2.0)).min(17.0);
        first.centred(TITLE, size, TOP + 22.0, "204 0 0", &format!("{}文件", letter.source));
        first.centred(BODY, SIZE, TOP + 52.0, "0 0 0", &letter.number);
        first.red_line(TOP + 61.0);
        let mut y = TOP + 70.0;
        for line in wrapped(&letter.title, 20) {
            first.centred(TITLE, 7.76, y, "0 0 0", &line);
            y += 12.0;
            row += 1;
        }
    }
    let mut lines: Vec<String> = vec![String::new()];
    for paragraph in &letter.paragraphs {
        lines.extend(wrapped(&format!("　　{paragraph}"), CHARACTERS));
    }
    lines.extend([String::new(), String::new()]);
    let right =
        |text: &str| format!("{}{text}", "　".repeat((CHARACTERS - 4).saturating_sub(text.chars().count())));
    lines.push(right(&letter.source));
    lines.push(right(&letter.dated));
    for line in lines {
        if row >= LINES {
            let next = 10_000 * (u32::try_from(sheets.len())? + 1);
            sheets.push(Sheet { objects: String::new(), next });
            row = 0;
        }
        if let (Some(sheet), false) = (sheets.last_mut(), line.is_empty()) {
            sheet.text(BODY, SIZE, (LEFT, TOP + LINE * f64::from(row)), "0 0 0", &line);
        }
        row += 1;
    }
    packed(&sheets)
}

fn wrapped(text: &str, most: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(most).map(|line| line.iter().collect()).collect()
}

fn packed(sheets: &[Sheet]) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, body: &str| -> anyhow::Result<()> {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        Ok(zip.write_all(body.as_bytes())?)
    };
    put(
        "OFD.xml",
        &format!(
            "<ofd:OFD {SPACE} DocType=\"OFD\" Version=\"1.0\"><ofd:DocBody><ofd:DocInfo><ofd:DocID>0</ofd:DocID></ofd:DocInfo>\
             <ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
        ),
    )?;
    let mut pages = String::new();
    for (number, sheet) in sheets.iter().enumerate() {
        let _ =
            write!(pages, "<ofd:Page ID=\"{}\" BaseLoc=\"Pages/Page_{number}/Content.xml\"/>", number + 10);
        put(
            &format!("Doc_0/Pages/Page_{number}/Content.xml"),
            &format!(
                "<ofd:Page {SPACE}><ofd:Content><ofd:Layer ID=\"{}\">{}</ofd:Layer></ofd:Content></ofd:Page>",
                number + 50,
                sheet.objects
            ),
        )?;
    }
    put(
        "Doc_0/Document.xml",
        &format!(
            "<ofd:Document {SPACE}><ofd:CommonData><ofd:MaxUnitID>99999</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox>\
             </ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages>{pages}</ofd:Pages></ofd:Document>"
        ),
    )?;
    put(
        "Doc_0/PublicRes.xml",
        &format!(
            "<ofd:Res {SPACE} BaseLoc=\"Res\"><ofd:Fonts><ofd:Font ID=\"{TITLE}\" FontName=\"方正小标宋简体\"/>\
             <ofd:Font ID=\"{BODY}\" FontName=\"仿宋_GB2312\"/><ofd:Font ID=\"{HEAD}\" FontName=\"黑体\"/></ofd:Fonts></ofd:Res>"
        ),
    )?;
    Ok(zip.finish()?.into_inner())
}
