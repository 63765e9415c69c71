//! The words of office files (ECMA-376): paragraphs and tables of documents, cells of sheets, text of slides.

use std::io::Cursor;
use std::rc::Rc;

use calamine::{Data, Reader as _, Xlsx};

use super::Sections;
use crate::xml::{self, Node};
use crate::{Archive, Bounds, Fault};

/// How deep the elements of office files may be nested; tables in tables go deep.
const DEPTH: usize = 256;
/// Most paragraphs of a file.
const PARAGRAPHS: usize = 500_000;

fn part(archive: &mut Archive<'_>, name: &str) -> Result<Rc<Node>, Fault> {
    xml::parse(name, &archive.read(name)?, DEPTH)
}

fn bounded(paragraphs: &[String]) -> Result<(), Fault> {
    if paragraphs.len() > PARAGRAPHS {
        let found = paragraphs.len() as u64;
        return Err(Fault::TooLarge { what: "paragraphs".into(), found, allowed: PARAGRAPHS as u64 });
    }
    Ok(())
}

/// A document: its body, paragraph by paragraph; a table's row is a line.
pub(super) fn docx(bytes: &[u8], bounds: Bounds) -> Result<Sections, Fault> {
    let mut archive = Archive::open(bytes, bounds)?;
    let root = part(&mut archive, "word/document.xml")?;
    let mut paragraphs = Vec::new();
    if let Some(body) = root.child("body") {
        blocks(body, &mut paragraphs);
    }
    bounded(&paragraphs)?;
    Ok(vec![paragraphs])
}

fn blocks(parent: &Node, paragraphs: &mut Vec<String>) {
    for child in &parent.children {
        match child.name.as_str() {
            "p" => paragraphs.extend(words(child).split('\n').map(str::to_owned)),
            "tr" => {
                let cells = child.all("tc").map(|cell| {
                    let mut inside = Vec::new();
                    blocks(cell, &mut inside);
                    inside.join(" ")
                });
                paragraphs.push(cells.collect::<Vec<_>>().join("\t"));
            }
            _ => blocks(child, paragraphs),
        }
    }
}

/// The words of a paragraph of a document or a slide.
fn words(paragraph: &Node) -> String {
    let mut text = String::new();
    gather(paragraph, &mut text);
    text
}

fn gather(node: &Node, text: &mut String) {
    for child in &node.children {
        match child.name.as_str() {
            "t" => text.push_str(&child.text),
            "tab" => text.push('\t'),
            "br" | "cr" => text.push('\n'),
            // What was deleted under revision, and the second form of what is drawn, isn't there for readers.
            "del" | "delText" | "Fallback" | "pPr" | "rPr" => {}
            _ => gather(child, text),
        }
    }
}

/// A workbook: each sheet begins a page under its name; a row is a line.
pub(super) fn xlsx(bytes: &[u8], bounds: Bounds) -> Result<Sections, Fault> {
    // Its size is looked at before another reader unpacks it.
    let mut archive = Archive::open(bytes, bounds)?;
    let names: Vec<String> = archive.names().map(str::to_owned).collect();
    for name in names {
        archive.read(&name)?;
    }
    let damaged = |error: calamine::XlsxError| Fault::damaged("workbook", error);
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut sections = Vec::new();
    for name in book.sheet_names() {
        let Ok(sheet) = book.worksheet_range(&name) else { continue };
        let mut paragraphs = vec![name, String::new()];
        for row in sheet.rows() {
            let cells: Vec<String> = row.iter().map(cell).collect();
            paragraphs.push(cells.join("\t").trim_end().to_owned());
        }
        bounded(&paragraphs)?;
        sections.push(paragraphs);
    }
    Ok(sections)
}

fn cell(value: &Data) -> String {
    match value {
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            match (hour, minute) {
                (0, 0) => format!("{year}-{month:02}-{day:02}"),
                _ => format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}"),
            }
        }
        _ => value.to_string().replace('\n', " "),
    }
}

/// Slides in the order in which they are shown; each begins a page.
pub(super) fn pptx(bytes: &[u8], bounds: Bounds) -> Result<Sections, Fault> {
    let mut archive = Archive::open(bytes, bounds)?;
    let show = part(&mut archive, "ppt/presentation.xml")?;
    let relations = part(&mut archive, "ppt/_rels/presentation.xml.rels")?;
    let target = |id: &str| {
        let relation = relations.children.iter().find(|one| one.attribute("Id") == Some(id))?;
        relation.attribute("Target").map(|target| match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("ppt/{target}"),
        })
    };
    let slides: Vec<String> = show
        .child("sldIdLst")
        .map(|list| list.children.iter().filter_map(|slide| target(slide.relation()?)).collect())
        .unwrap_or_default();
    let mut sections = Vec::new();
    for slide in slides {
        let root = part(&mut archive, &slide)?;
        let mut paragraphs = Vec::new();
        shapes(&root, &mut paragraphs);
        bounded(&paragraphs)?;
        sections.push(paragraphs);
    }
    Ok(sections)
}

fn shapes(node: &Node, paragraphs: &mut Vec<String>) {
    for child in &node.children {
        if child.name == "p" {
            paragraphs.extend(words(child).split('\n').map(str::to_owned));
        } else {
            shapes(child, paragraphs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;

    fn zipped(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn documents_tell_paragraphs_and_tables() {
        let body = "<w:document xmlns:w='w'><w:body><w:p><w:pPr><w:tab/></w:pPr><w:r><w:t>关于</w:t></w:r><w:r><w:t>会议</w:t><w:br/><w:t>通知</w:t></w:r><w:del><w:r><w:delText>旧</w:delText></w:r></w:del></w:p>\
                    <w:tbl><w:tr><w:tc><w:p><w:r><w:t>甲</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>乙</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>";
        let read = docx(&zipped(&[("word/document.xml", body)]), Bounds::default()).unwrap();
        assert_eq!(read, [["关于会议", "通知", "甲\t乙"]]);
    }

    #[test]
    fn slides_come_in_their_order() {
        let show = "<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst><p:sldId id='257' r:id='r2'/><p:sldId id='256' r:id='r1'/></p:sldIdLst></p:presentation>";
        let relations = "<Relationships><Relationship Id='r1' Target='slides/slide1.xml'/><Relationship Id='r2' Target='/ppt/slides/slide2.xml'/></Relationships>";
        let slide = |text: &str| {
            format!(
                "<p:sld xmlns:p='p' xmlns:a='a'><p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:sld>"
            )
        };
        let bytes = zipped(&[
            ("ppt/presentation.xml", show),
            ("ppt/_rels/presentation.xml.rels", relations),
            ("ppt/slides/slide1.xml", &slide("第一张")),
            ("ppt/slides/slide2.xml", &slide("第二张")),
        ]);
        assert_eq!(pptx(&bytes, Bounds::default()).unwrap(), [["第二张"], ["第一张"]]);
    }

    #[test]
    fn entities_and_damage_are_refused() {
        let evil = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>";
        assert!(docx(&zipped(&[("word/document.xml", evil)]), Bounds::default()).is_err());
        assert!(docx(b"PK\x03\x04", Bounds::default()).is_err());
        assert!(pptx(&zipped(&[("ppt/presentation.xml", "<p/>")]), Bounds::default()).is_err());
    }
}
