//! Files made to do harm: they are refused, or drawn as far as they go, in bounded time and memory.

use super::fixture::*;
use crate::{Bounds, Document, Fault};

fn opened(package: &Package) -> Result<super::super::Ofd, Fault> {
    super::super::open(package.bytes(), package.bounds, &package.fonts)
}

#[test]
fn files_outside_are_never_read() {
    let page = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><Page><Content>&e;</Content></Page>";
    let mut ofd = opened(&Package::of("").file("Doc_0/Pages/Page_0/Content.xml", page)).unwrap();
    assert!(matches!(ofd.draw(0, 96.0), Err(Fault::Damaged { .. })));
    assert!(matches!(ofd.text(0), Err(Fault::Damaged { .. })));
    assert!(matches!(ofd.size(0), Err(Fault::Damaged { .. })));
    let laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><OFD>&b;</OFD>";
    assert!(matches!(opened(&Package::of("").file("OFD.xml", laughs)), Err(Fault::Damaged { .. })));
}

#[test]
fn what_is_missing_or_torn_is_a_fault_and_no_more() {
    for name in ["OFD.xml", "Doc_0/Document.xml", "Doc_0/Pages/Page_0/Content.xml"] {
        for bytes in ["", "<", "<OFD>", "<OFD/>", "\u{0}\u{0}"] {
            if let Ok(mut ofd) = opened(&Package::of("").file(name, bytes)) {
                let _ = (ofd.size(0), ofd.draw(0, 25.4), ofd.text(0));
            }
        }
    }
    let bytes = Package::of(&filled("0 0 9 9", "1 2 3")).bytes();
    for end in (0..bytes.len()).step_by(7) {
        let _ = super::super::open(bytes[..end].to_vec(), Bounds::default(), &crate::Fonts::only([]));
    }
}

#[test]
fn blocks_nested_beyond_bounds_are_refused() {
    let deep = "<ofd:PageBlock>".repeat(5000) + &"</ofd:PageBlock>".repeat(5000);
    let mut ofd = opened(&Package::of(&deep)).unwrap();
    assert!(matches!(ofd.draw(0, 25.4), Err(Fault::TooLarge { .. })));
}

#[test]
fn composite_objects_in_a_circle_end() {
    let unit = |id: u32, inside: &str| {
        format!(
            "<ofd:CompositeGraphicUnit ID='{id}'><ofd:Content>{inside}</ofd:Content></ofd:CompositeGraphicUnit>"
        )
    };
    let object = |id: u32| format!("<ofd:CompositeObject ResourceID='{id}' Boundary='0 0 100 100'/>");
    // Twice itself: without a bound on objects that would be 2 to the power of 64 of them.
    let units = unit(1, &(object(2) + &object(2))) + &unit(2, &(object(1) + &object(1)));
    let resources = format!("<ofd:CompositeGraphicUnits>{units}</ofd:CompositeGraphicUnits>");
    let package = Package::of(&object(1)).resources(&resources);
    assert_eq!(package.draw().notices, ["content_left_out"]);
    assert_eq!(package.open().text(0), Ok(crate::PageText::default()));
}

#[test]
fn patterns_in_patterns_end() {
    let pattern = |inside: &str| {
        format!(
            "<ofd:PathObject Boundary='0 0 100 100' Fill='true'><ofd:FillColor><ofd:Pattern Width='9' Height='9'>\
             <ofd:CellContent>{inside}</ofd:CellContent></ofd:Pattern></ofd:FillColor>\
             <ofd:AbbreviatedData>M 0 0 L 100 0 L 100 100 C</ofd:AbbreviatedData></ofd:PathObject>"
        )
    };
    let drawn = Package::of(&pattern(&pattern(&filled("0 0 9 9", "255 0 0")))).draw();
    assert_eq!(drawn.notices, ["content_left_out"]);
}

#[test]
fn counts_that_lie_cost_nothing() {
    let text = "<ofd:TextObject Boundary='0 0 100 100' Font='1' Size='5'>\
                <ofd:CGTransform CodePosition='0' CodeCount='4000000000' GlyphCount='4000000000'><ofd:Glyphs>1</ofd:Glyphs>\
                </ofd:CGTransform><ofd:TextCode X='0' Y='5' DeltaX='g 4000000000 1' DeltaY='g 18446744073709551615 1'>ab\
                </ofd:TextCode></ofd:TextObject>";
    let mut ofd = opened(&Package::of(text)).unwrap();
    assert!(ofd.draw(0, 25.4).is_ok());
    assert_eq!(ofd.text(0).unwrap().plain(), "ab");
}

#[test]
fn numbers_beyond_sense_do_no_harm() {
    let numbers =
        ["NaN", "inf", "-inf", "1e38", "1e6", "-1e6", "1e-30", "0", "-1", "999999", "2147483648", "x", ""];
    for number in numbers {
        let objects = format!(
            "<ofd:PathObject Boundary='0 0 {number} {number}' Fill='true' LineWidth='{number}' MiterLimit='{number}' \
             DashPattern='{number} {number}' DashOffset='{number}' CTM='{number} 0 0 {number} {number} 0' Alpha='{number}'>\
             <ofd:FillColor Value='{number}'/>\
             <ofd:AbbreviatedData>M 0 {number} L {number} {number} B {number} 0 0 {number} 5 5 A {number} {number} \
             {number} 1 1 {number} 0 Q 0 {number} 0 0 C</ofd:AbbreviatedData></ofd:PathObject>\
             <ofd:PathObject Boundary='0 0 100 100' Fill='true' DashPattern='0.00001 {number}'>\
             <ofd:FillColor><ofd:RadialShd StartPoint='{number} 0' EndPoint='0 {number}' StartRadius='{number}' \
             EndRadius='{number}' Eccentricity='{number}' Angle='{number}' MapType='Repeat' MapUnit='{number}'>\
             <ofd:Segment Position='{number}'><ofd:Color Value='1 2 3'/></ofd:Segment>\
             <ofd:Segment Position='1'><ofd:Color/></ofd:Segment></ofd:RadialShd></ofd:FillColor>\
             <ofd:AbbreviatedData>M 0 0 L {number} 0 L {number} {number} L -1e6 1e6 C</ofd:AbbreviatedData></ofd:PathObject>\
             <ofd:PathObject Boundary='0 0 100 100' Fill='true'><ofd:FillColor><ofd:Pattern Width='{number}' \
             Height='{number}' XStep='{number}' YStep='{number}' CTM='{number} 0 0 {number} 0 0' RelativeTo='Page'>\
             <ofd:CellContent/></ofd:Pattern></ofd:FillColor>\
             <ofd:AbbreviatedData>M 0 0 L 100 0 L 100 100 C</ofd:AbbreviatedData></ofd:PathObject>\
             <ofd:TextObject Boundary='{number} 0 100 100' Size='{number}' HScale='{number}' CharDirection='{number}' \
             ReadDirection='{number}' Weight='{number}'><ofd:TextCode X='{number}' Y='{number}' DeltaX='{number}'>一一\
             </ofd:TextCode></ofd:TextObject>\
             <ofd:TextObject Size='1' CTM='{number} {number} {number} 0 0 0'><ofd:TextCode>一一</ofd:TextCode></ofd:TextObject>\
             <ofd:ImageObject ResourceID='7' Boundary='0 0 100 100' CTM='{number} 0 0 {number} 0 0'/>"
        );
        let package = Package::of(&objects)
            .resources("<ofd:MultiMedias><ofd:MultiMedia ID='7'><ofd:MediaFile>p</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>")
            .file("Doc_0/Res/p", plain(1, 2, 3, 4))
            .fonts([font("SimSun")]);
        let mut ofd = opened(&package).unwrap();
        assert!(ofd.draw(0, 25.4).is_ok(), "{number}");
        assert!(ofd.text(0).is_ok(), "{number}");
    }
}

#[test]
fn matrices_that_multiply_beyond_numbers_do_no_harm() {
    let units: Vec<String> = (1..30)
        .map(|id| {
            format!(
                "<ofd:CompositeGraphicUnit ID='{id}'><ofd:Content><ofd:CompositeObject ResourceID='{}' \
                 CTM='1e6 0 0 1e6 1e6 0'/>{}</ofd:Content></ofd:CompositeGraphicUnit>",
                id + 1,
                filled("0 0 9 9", "1 1 1")
            )
        })
        .collect();
    let package = Package::of("<ofd:CompositeObject ResourceID='1'/>")
        .resources(&format!("<ofd:CompositeGraphicUnits>{}</ofd:CompositeGraphicUnits>", units.concat()));
    let _ = package.draw();
}

#[test]
fn pages_too_large_to_draw_are_refused() {
    let page = |size: &str| {
        Package::page(&format!("<ofd:Area><ofd:PhysicalBox>0 0 {size}</ofd:PhysicalBox></ofd:Area>"))
    };
    let mut large = page("20000 20000").open();
    assert!(large.size(0).is_ok());
    assert!(matches!(large.draw(0, 300.0), Err(Fault::TooLarge { .. })));
    for size in ["0 0", "20001 5", "900000 900000"] {
        assert!(matches!(page(size).open().size(0), Err(Fault::Damaged { .. })), "{size}");
    }
    for dpi in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        let _ = Package::of(&filled("0 0 9 9", "1 1 1")).open().draw(0, dpi);
    }
}

#[test]
fn too_many_pages_are_refused() {
    let mut package = Package::of("");
    package.bounds.pages = 3;
    let pages = "<ofd:Pages>".to_owned() + &"<ofd:Page ID='1' BaseLoc='p'/>".repeat(4) + "</ofd:Pages>";
    let package = package.xml("Doc_0/Document.xml", "Document", &pages);
    let expected = Fault::TooLarge { what: "pages".into(), found: 4, allowed: 3 };
    assert_eq!(opened(&package).err(), Some(expected));
}

#[test]
fn a_picture_that_would_grow_beyond_bounds_is_left_out() {
    let mut package = Package::of("<ofd:ImageObject ResourceID='7' Boundary='0 0 100 100'/>")
        .resources("<ofd:MultiMedias><ofd:MultiMedia ID='7'><ofd:MediaFile>p</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>");
    let image = image::GrayImage::new(200, 200);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    package = package.file("Doc_0/Res/p", bytes.into_inner());
    package.bounds.pixels = 200 * 200 - 1;
    assert_eq!(package.draw().notices, ["picture_not_shown"]);
}

#[test]
fn bytes_changed_at_random_never_do_harm() {
    let objects = "<ofd:TextObject Boundary='5 5 90 20' Font='9' Size='9'><ofd:CGTransform CodePosition='0'><ofd:Glyphs>1\
                   </ofd:Glyphs></ofd:CGTransform><ofd:TextCode X='0' Y='9' DeltaX='9'>一二</ofd:TextCode></ofd:TextObject>\
                   <ofd:ImageObject ResourceID='7' Boundary='5 40 50 50'/>";
    let resources = "<ofd:Fonts><ofd:Font ID='9' FontName='f'><ofd:FontFile>f</ofd:FontFile></ofd:Font></ofd:Fonts>\
                     <ofd:MultiMedias><ofd:MultiMedia ID='7'><ofd:MediaFile>p</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>";
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let page = format!("<Page><Content><Layer>{objects}</Layer></Content></Page>").replace("ofd:", "");
    for _ in 0..150 {
        let mut parts = [page.clone().into_bytes(), font("f"), picture(image::ImageFormat::Png)];
        for part in &mut parts {
            for _ in 0..random(4) {
                let at = random(part.len());
                part[at] = u8::try_from(random(256)).unwrap();
            }
        }
        let [page, font, picture] = parts;
        let package = Package::of("")
            .resources(resources)
            .file("Doc_0/Pages/Page_0/Content.xml", page)
            .file("Doc_0/Res/f", font)
            .file("Doc_0/Res/p", picture);
        let mut ofd = opened(&package).unwrap();
        let _ = (ofd.draw(0, 25.4), ofd.text(0));
    }
}
