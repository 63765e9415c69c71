//! Pages put together: layers, templates, composite objects, annotations, seals, several documents.

use super::fixture::*;
use crate::ofd::seal::tests::seal;
use crate::{Document, Fault, Size};

#[test]
fn layers_are_drawn_from_back_to_front_whatever_their_order() {
    let layer = |kind: &str, colour: &str| {
        format!("<ofd:Layer Type='{kind}'>{}</ofd:Layer>", filled("0 0 100 100", colour))
    };
    let layers = layer("Foreground", "255 0 0") + &layer("Background", "0 255 0") + &layer("Body", "0 0 255");
    let drawn = Package::page(&format!("<ofd:Content>{layers}</ofd:Content>")).draw();
    assert_eq!(drawn.at(50, 50), RED);
}

fn templated(order: &str) -> Package {
    let body =
        format!("<ofd:Content><ofd:Layer>{}</ofd:Layer></ofd:Content>", filled("0 0 50 100", "255 0 0"));
    let mut package = Package::page(&format!("<ofd:Template TemplateID='3' {order}/>{body}"));
    package.common += "<ofd:TemplatePage ID='3' BaseLoc='Tpls/T.xml'/>";
    let template =
        format!("<ofd:Content><ofd:Layer>{}</ofd:Layer></ofd:Content>", filled("20 0 60 100", "0 0 255"));
    package.xml("Doc_0/Tpls/T.xml", "Page", &template)
}

#[test]
fn templates_stand_behind_or_in_front() {
    for (order, expected) in [("", RED), ("ZOrder='Background'", RED), ("ZOrder='Foreground'", BLUE)] {
        let drawn = templated(order).draw();
        assert_eq!((drawn.at(30, 50), drawn.at(70, 50)), (expected, BLUE), "{order}");
    }
}

#[test]
fn a_missing_template_is_told() {
    let package = Package::page("<ofd:Template TemplateID='3'/>");
    assert_eq!(package.draw().notices, ["content_left_out"]);
}

#[test]
fn blocks_nest() {
    let inside = filled("0 0 10 10", "255 0 0");
    let nested = format!("<ofd:PageBlock><ofd:PageBlock>{inside}</ofd:PageBlock></ofd:PageBlock>");
    assert_eq!(Package::of(&nested).draw().at(5, 5), RED);
}

#[test]
fn composite_objects_are_drawn_in_their_place() {
    let unit = format!(
        "<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID='4' Width='10' Height='10'><ofd:Content>{}</ofd:Content>\
         </ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>",
        filled("0 0 10 10", "0 0 0")
    );
    let object = "<ofd:CompositeObject ResourceID='4' Boundary='20 20 20 10' CTM='2 0 0 2 0 0' Alpha='128'/>";
    let drawn = Package::of(object).resources(&unit).draw();
    assert!(drawn.at(21, 21)[0].abs_diff(127) < 2);
    assert_eq!((drawn.at(39, 29)[0] < 200, drawn.at(39, 31), drawn.at(41, 25)), (true, WHITE, WHITE));
}

#[test]
fn page_resources_come_before_the_documents() {
    let object = "<ofd:PathObject Boundary='0 0 100 100' DrawParam='5' Stroke='false' Fill='true'>\
                  <ofd:AbbreviatedData>M 0 0 L 100 0 L 100 100 C</ofd:AbbreviatedData></ofd:PathObject>";
    let parameters = |colour: &str| {
        format!(
            "<ofd:DrawParams><ofd:DrawParam ID='5'><ofd:FillColor Value='{colour}'/></ofd:DrawParam></ofd:DrawParams>"
        )
    };
    let page = format!(
        "<ofd:PageRes>PageRes.xml</ofd:PageRes><ofd:Content><ofd:Layer>{object}</ofd:Layer></ofd:Content>"
    );
    let package = Package::page(&page).resources(&parameters("255 0 0"));
    let package = package.xml("Doc_0/Pages/Page_0/PageRes.xml", "Res", &parameters("0 0 255"));
    assert_eq!(package.draw().at(80, 20), BLUE);
}

#[test]
fn annotations_are_drawn_where_they_appear() {
    let mut package = Package::of("");
    package.document += "<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>";
    let annotation = |attributes: &str, boundary: &str, colour: &str| {
        format!(
            "<ofd:Annot {attributes}><ofd:Appearance Boundary='{boundary}'>{}</ofd:Appearance></ofd:Annot>",
            filled("0 0 50 50", colour)
        )
    };
    let all = annotation("Type='Watermark'", "20 20 10 10", "255 0 0")
        + &annotation("Type='Link' Visible='false'", "60 60 10 10", "0 0 255")
        + "<ofd:Annot Type='Link'/>";
    let list = "<ofd:Page PageID='1'><ofd:FileLoc>Page_0/A.xml</ofd:FileLoc></ofd:Page>";
    let package = package.xml("Doc_0/Annots/Annotations.xml", "Annotations", list);
    let drawn = package.xml("Doc_0/Annots/Page_0/A.xml", "PageAnnot", &all).draw();
    assert_eq!(drawn.dark(), Some([20, 20, 29, 29]));
}

fn sealed(kind: &str, picture: &[u8], attributes: &str) -> Package {
    let mut package = Package::of("");
    package.body += "<Signatures>/Doc_0/Signs/Signatures.xml</Signatures>";
    let info = format!(
        "<ofd:SignedInfo><ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal>\
         <ofd:StampAnnot ID='1' PageRef='1' Boundary='30 30 20 20' {attributes}/></ofd:SignedInfo>\
         <ofd:SignedValue>SignedValue.dat</ofd:SignedValue>"
    );
    package
        .xml("Doc_0/Signs/Signatures.xml", "Signatures", "<ofd:Signature BaseLoc='Sign_0/Signature.xml'/>")
        .xml("Doc_0/Signs/Sign_0/Signature.xml", "Signature", &info)
        .file("Doc_0/Signs/Sign_0/SignedValue.dat", seal(kind, picture))
}

#[test]
fn seals_show_their_picture_and_signatures_are_told_of() {
    let drawn = sealed("PNG", &plain(255, 0, 0, 255), "").draw();
    assert_eq!(drawn.dark(), Some([30, 30, 49, 49]));
    assert_eq!(drawn.notices, ["signatures_not_checked"]);
    let strip = sealed("PNG", &plain(255, 0, 0, 255), "Clip='0 0 5 20'").draw();
    assert_eq!(strip.dark(), Some([30, 30, 34, 49]));
}

#[test]
fn a_seal_file_comes_before_the_signed_value() {
    let package = sealed("PNG", &plain(255, 0, 0, 255), "");
    let package = package.file("Doc_0/Signs/Sign_0/Seal.esl", seal("png", &plain(0, 0, 255, 255)));
    assert_eq!(package.draw().at(40, 40), BLUE);
}

#[test]
fn a_seal_may_be_an_ofd_but_not_one_with_another_in_it() {
    let inner = Package::of(&filled("0 0 100 50", "255 0 0")).bytes();
    let drawn = sealed("OFD", &inner, "").draw();
    assert_eq!((drawn.at(40, 35), drawn.at(40, 45)), (RED, WHITE));
    let twice = sealed("OFD", &sealed("OFD", &inner, "").bytes(), "").draw();
    assert_eq!(twice.ink(), 0);
    assert_eq!(twice.notices, ["picture_not_shown", "signatures_not_checked"]);
}

#[test]
fn a_seal_that_cannot_be_read_is_told() {
    let drawn = sealed("PNG", b"nothing", "").draw();
    assert_eq!(drawn.notices, ["picture_not_shown", "signatures_not_checked"]);
    let package = sealed("PNG", b"", "").file("Doc_0/Signs/Sign_0/SignedValue.dat", "no DER");
    assert_eq!(package.draw().notices, ["picture_not_shown", "signatures_not_checked"]);
}

#[test]
fn attachments_are_told_of() {
    let mut package = Package::of("");
    package.document += "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>";
    assert_eq!(package.draw().notices, ["attachments_not_shown"]);
}

#[test]
fn a_page_has_its_own_size_or_the_documents() {
    let size = |package: Package| package.open().size(0);
    assert_eq!(size(Package::of("")), Ok(Size { width: 100.0, height: 100.0 }));
    let own = Package::page("<ofd:Area><ofd:PhysicalBox>0 0 50 25</ofd:PhysicalBox></ofd:Area>");
    assert_eq!(size(own), Ok(Size { width: 50.0, height: 25.0 }));
    assert_eq!(Package::of("").open().size(1), Err(Fault::NoSuchPage { page: 1, pages: 1 }));
}

#[test]
fn a_page_may_start_elsewhere() {
    let content =
        format!("<ofd:Content><ofd:Layer>{}</ofd:Layer></ofd:Content>", filled("10 10 10 10", "255 0 0"));
    let page = format!("<ofd:Area><ofd:PhysicalBox>10 10 50 50</ofd:PhysicalBox></ofd:Area>{content}");
    assert_eq!(Package::page(&page).draw().dark(), Some([0, 0, 9, 9]));
}

#[test]
fn the_pages_of_all_documents_count_on() {
    let mut package = Package::of("");
    package.body += "</DocBody><DocBody><DocRoot>Doc_1/Document.xml</DocRoot>";
    let pages = "<ofd:Pages><ofd:Page ID='1' BaseLoc='P1.xml'/><ofd:Page ID='2' BaseLoc='/Doc_1/P2.xml'/></ofd:Pages>";
    let package = package
        .xml("Doc_1/Document.xml", "Document", pages)
        .xml("Doc_1/P1.xml", "Page", "<ofd:Area><ofd:PhysicalBox>0 0 10 10</ofd:PhysicalBox></ofd:Area>")
        .xml("Doc_1/P2.xml", "Page", "");
    let ofd = package.open();
    let widths: Vec<f64> = (0..ofd.page_count()).map(|page| ofd.size(page).unwrap().width).collect();
    assert_eq!(widths, [100.0, 10.0, 210.0]);
}

#[test]
fn locations_in_another_case_or_in_chinese_are_found() {
    let picture = "<ofd:ImageObject ResourceID='7' Boundary='0 0 100 100'/>";
    let resource = |location: &str| {
        format!(
            "<ofd:MultiMedias><ofd:MultiMedia ID='7'><ofd:MediaFile>{location}</ofd:MediaFile></ofd:MultiMedia>\
             </ofd:MultiMedias>"
        )
    };
    for (location, file) in [
        ("P.PNG", "Doc_0/Res/p.png"),
        ("/Doc_0/other/p.png", "Doc_0/other/p.png"),
        ("图片/印章.png", "Doc_0/Res/图片/印章.png"),
        ("Doc_0/Res/p.png", "Doc_0/Res/p.png"),
        ("..\\p.png", "Doc_0/p.png"),
    ] {
        let package = Package::of(picture).resources(&resource(location)).file(file, plain(255, 0, 0, 255));
        assert_eq!(package.draw().at(50, 50), RED, "{location}");
    }
}

#[test]
fn a_locked_package_is_told_from_a_damaged_one() {
    let mut package = Package::of("").file("Encryptions.xml", "<x/>");
    package.body += "</DocBody><DocBody><DocRoot>Doc_1/Document.xml</DocRoot>";
    let opened = super::super::open(package.bytes(), package.bounds, &package.fonts);
    assert_eq!(opened.err(), Some(Fault::Locked));
}
