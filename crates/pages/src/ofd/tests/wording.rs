//! Texts: which glyphs stand where, and which words are read.

use super::fixture::*;
use crate::{Document, Run};

const FONT: &str =
    "<ofd:Fonts><ofd:Font ID='9' FontName='宋体'><ofd:FontFile>f.ttf</ofd:FontFile></ofd:Font></ofd:Fonts>";

fn text(attributes: &str, code: &str) -> String {
    format!("<ofd:TextObject Boundary='0 0 100 100' Font='9' Size='10' {attributes}>{code}</ofd:TextObject>")
}

/// A page with a text in a font that it brings along.
fn embedded(attributes: &str, code: &str) -> Package {
    Package::of(&text(attributes, code)).resources(FONT).file("Doc_0/Res/f.ttf", font("own"))
}

fn runs(package: &Package) -> Vec<Run> {
    package.open().text(0).unwrap().runs
}

#[test]
fn glyphs_stand_on_the_base_line_at_their_offsets() {
    let drawn = embedded("", "<ofd:TextCode X='20' Y='30' DeltaX='20'>一二</ofd:TextCode>").draw();
    assert_eq!(drawn.dark(), Some([20, 20, 49, 29]));
    assert_eq!(
        (drawn.at(25, 22), drawn.at(35, 25), drawn.at(45, 22), drawn.at(45, 27)),
        (BLACK, WHITE, WHITE, BLACK)
    );
    assert_eq!(drawn.notices, [] as [&str; 0]);
}

#[test]
fn glyph_numbers_are_those_of_the_embedded_font() {
    let code = "<ofd:CGTransform CodePosition='0' CodeCount='1' GlyphCount='1'><ofd:Glyphs>2</ofd:Glyphs></ofd:CGTransform>\
                <ofd:TextCode X='20' Y='30'>密</ofd:TextCode>";
    let package = embedded("", code);
    let drawn = package.draw();
    assert_eq!((drawn.dark(), drawn.notices.as_slice()), (Some([20, 25, 29, 29]), [].as_slice()));
    assert_eq!(runs(&package)[0].text, "密");
}

#[test]
fn glyphs_are_stretched_turned_and_coloured() {
    let one = "<ofd:TextCode X='20' Y='30'>一</ofd:TextCode>";
    assert_eq!(embedded("HScale='0.5'", one).draw().dark(), Some([20, 20, 24, 29]));
    assert_eq!(embedded("CharDirection='90'", one).draw().dark(), Some([20, 30, 29, 39]));
    assert_eq!(embedded("CTM='2 0 0 1 0 0'", one).draw().dark(), Some([40, 20, 59, 29]));
    let red = format!("<ofd:FillColor Value='255 0 0'/>{one}");
    assert_eq!(embedded("", &red).draw().at(25, 25), RED);
    let line = format!("<ofd:StrokeColor Value='0 0 255'/>{one}");
    let drawn = embedded("Fill='false' Stroke='true' LineWidth='2'", &line).draw();
    assert_eq!((drawn.at(25, 20), drawn.at(25, 25)), (BLUE, WHITE));
}

#[test]
fn boldness_and_slant_are_made_where_a_font_has_none() {
    let one = "<ofd:TextCode X='20' Y='30'>一</ofd:TextCode>";
    let plain = embedded("", one).draw().ink();
    assert!(embedded("Weight='800'", one).draw().ink() > plain);
    let leaning = embedded("Italic='true'", one).draw();
    assert_eq!((leaning.at(20, 21), leaning.at(30, 21)), (WHITE, BLACK));
}

#[test]
fn without_offsets_the_font_moves_on_in_the_direction_of_reading() {
    let two = "<ofd:TextCode X='20' Y='30'>一一</ofd:TextCode>";
    assert_eq!(embedded("", two).draw().dark(), Some([20, 20, 39, 29]));
    assert_eq!(embedded("ReadDirection='90'", two).draw().dark(), Some([20, 20, 29, 39]));
}

#[test]
fn a_text_over_its_boundary_is_clipped_with_some_grace() {
    let object = text("", "<ofd:TextCode X='0' Y='10' DeltaX='g 9 10'>一一一一一一一一一一</ofd:TextCode>");
    let object = object.replace("0 0 100 100", "20 20 30 10");
    let drawn = Package::of(&object).resources(FONT).file("Doc_0/Res/f.ttf", font("own")).draw();
    assert_eq!(drawn.dark(), Some([20, 20, 54, 29]));
}

#[test]
fn a_broken_font_is_substituted_by_name() {
    let code = "<ofd:CGTransform CodePosition='0'><ofd:Glyphs>2</ofd:Glyphs></ofd:CGTransform>\
                <ofd:TextCode X='20' Y='30'>一</ofd:TextCode>";
    for bytes in [b"broken".to_vec(), font("own")[..200].to_vec()] {
        let package = embedded("", code).file("Doc_0/Res/f.ttf", bytes).fonts([font("SimSun")]);
        let drawn = package.draw();
        // The number of a glyph means nothing here: the character's own glyph is drawn.
        assert_eq!(
            (drawn.dark(), drawn.notices.as_slice()),
            (Some([20, 20, 29, 29]), ["font_substituted"].as_slice())
        );
    }
}

#[test]
fn a_font_of_the_same_name_is_no_substitute() {
    let object = text("", "<ofd:TextCode X='20' Y='30'>一</ofd:TextCode>");
    let package = Package::of(&object).resources(FONT).fonts([font("宋体")]);
    let drawn = package.draw();
    assert_eq!((drawn.dark(), drawn.notices.as_slice()), (Some([20, 20, 29, 29]), [].as_slice()));
}

#[test]
fn a_substitute_is_fitted_to_the_room_there_is() {
    let object = text("", "<ofd:TextCode X='20' Y='30' DeltaX='5 5'>AAA</ofd:TextCode>");
    let drawn = Package::of(&object).resources(FONT).fonts([font("SimSun")]).draw();
    // The last one has as much room as it likes.
    assert_eq!(drawn.dark(), Some([20, 20, 39, 29]));
}

#[test]
fn without_any_font_there_is_a_box_and_a_notice() {
    let object = text("", "<ofd:TextCode X='20' Y='30' DeltaX='10'>密 级</ofd:TextCode>");
    let package = Package::of(&object);
    let drawn = package.draw();
    assert_eq!(drawn.notices, ["font_missing"]);
    assert!(drawn.ink() > 0);
    assert_eq!((drawn.at(25, 26), drawn.at(35, 26)), (WHITE, WHITE));
    assert_eq!(runs(&package)[0].text, "密 级");
}

#[test]
fn words_are_read_with_their_places() {
    let found = runs(&embedded("", "<ofd:TextCode X='20' Y='30' DeltaX='10'>一二</ofd:TextCode>"));
    let [run] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(run.text, "一二");
    assert!((run.x - 20.0).abs() < 0.01 && (run.width - 20.0).abs() < 0.01);
    assert!((run.y - 21.5).abs() < 0.01 && (run.height - 10.0).abs() < 0.01);
}

#[test]
fn words_of_templates_annotations_and_composite_objects_are_read() {
    let at = |y: u32, words: &str| {
        text("", &format!("<ofd:TextCode X='0' Y='{y}' DeltaX='10'>{words}</ofd:TextCode>"))
    };
    let content = |words: String| format!("<ofd:Content><ofd:Layer>{words}</ofd:Layer></ofd:Content>");
    let object = "<ofd:CompositeObject ResourceID='4' Boundary='0 0 100 100'/>";
    let body = content(at(30, "正文") + object);
    let mut package = Package::page(&format!("<ofd:Template TemplateID='3'/>{body}"));
    package.common += "<ofd:TemplatePage ID='3' BaseLoc='T.xml'/>";
    package.document += "<ofd:Annotations>A.xml</ofd:Annotations>";
    let unit = format!(
        "<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID='4'>{}</ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>",
        content(at(50, "复合"))
    );
    let note = format!(
        "<ofd:Annot><ofd:Appearance Boundary='0 0 100 100'>{}</ofd:Appearance></ofd:Annot>",
        at(70, "批注")
    );
    let package = package
        .resources(&unit)
        .xml("Doc_0/T.xml", "Page", &content(at(10, "模板")))
        .xml("Doc_0/A.xml", "Annotations", "<ofd:Page PageID='1'><ofd:FileLoc>N.xml</ofd:FileLoc></ofd:Page>")
        .xml("Doc_0/N.xml", "PageAnnot", &note);
    assert_eq!(package.open().text(0).unwrap().plain(), "模板\n正文\n复合\n批注");
}

#[test]
fn words_down_the_page_fill_a_column() {
    let package =
        embedded("ReadDirection='90'", "<ofd:TextCode X='20' Y='30' DeltaY='10 10'>一二一</ofd:TextCode>");
    let found = runs(&package);
    assert_eq!(found[0].text, "一二一");
    assert!((found[0].width - 10.0).abs() < 0.01 && (found[0].height - 30.0).abs() < 0.01, "{found:?}");
}

#[test]
fn words_kept_of_a_page_are_bounded() {
    let mut package = embedded("", "<ofd:TextCode X='0' Y='30' DeltaX='1'>一二一二一二</ofd:TextCode>");
    package.bounds.page_characters = 4;
    let mut ofd = package.open();
    assert_eq!(ofd.text(0).unwrap().plain(), "一二一二");
    assert_eq!(ofd.notices(), ["text_cut_short"]);
}
