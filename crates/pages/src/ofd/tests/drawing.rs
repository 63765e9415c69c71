//! Paths, colours, gradients, patterns, clips and pictures.

use super::fixture::*;
use image::ImageFormat;

fn path(attributes: &str, inside: &str, data: &str) -> String {
    format!(
        "<ofd:PathObject {attributes}>{inside}<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )
}

/// A rectangle of 40 millimetres filled with the colour element's content.
fn coloured(colour: &str) -> Package {
    Package::of(&path(
        "Boundary='10 10 40 40' Stroke='false' Fill='true'",
        colour,
        "M 0 0 L 40 0 L 40 40 L 0 40 C",
    ))
}

#[test]
fn a_path_is_filled_where_it_stands_and_clipped_to_its_boundary() {
    let drawn = Package::of(&filled("10 20 30 40", "255 0 0")).draw();
    assert_eq!(drawn.at(10, 20), RED);
    assert_eq!(drawn.at(39, 59), RED);
    assert_eq!(drawn.dark(), Some([10, 20, 39, 59]));
}

#[test]
fn a_line_is_black_and_an_inside_nothing_without_a_colour() {
    let data = "M 2 2 L 38 2 L 38 38 L 2 38 C";
    let drawn = Package::of(&path("Boundary='10 10 40 40' Fill='true' LineWidth='2'", "", data)).draw();
    assert_eq!(drawn.at(30, 11), BLACK);
    assert_eq!(drawn.at(30, 30), WHITE);
}

#[test]
fn rules_decide_about_holes() {
    let data = "M 0 0 L 40 0 L 40 40 L 0 40 C M 10 10 L 30 10 L 30 30 L 10 30 C";
    let colour = "<ofd:FillColor Value='0 0 255'/>";
    let of = |rule: &str| {
        let attributes = format!("Boundary='0 0 40 40' Stroke='false' Fill='true' Rule='{rule}'");
        Package::of(&path(&attributes, colour, data)).draw().at(20, 20)
    };
    assert_eq!(of("NonZero"), BLUE);
    assert_eq!(of("Even-Odd"), WHITE);
}

#[test]
fn matrices_move_turn_and_stretch() {
    let colour = "<ofd:FillColor Value='255 0 0'/>";
    let attributes = "Boundary='10 10 80 80' CTM='0 2 -2 0 60 0' Stroke='false' Fill='true'";
    let drawn = Package::of(&path(attributes, colour, "M 0 0 L 20 0 L 20 10 L 0 10 C")).draw();
    assert_eq!(drawn.dark(), Some([50, 10, 69, 49]));
}

#[test]
fn lines_have_dashes_caps_and_widths() {
    let line = |attributes: &str| {
        let attributes = format!("Boundary='0 0 100 20' LineWidth='4' {attributes}");
        Package::of(&path(&attributes, "", "M 20 10 L 80 10")).draw()
    };
    assert_eq!(line("").dark(), Some([20, 8, 79, 11]));
    assert_eq!(line("Cap='Square'").dark(), Some([18, 8, 81, 11]));
    let dashed = line("DashPattern='10 10'");
    assert_eq!((dashed.at(25, 10), dashed.at(35, 10), dashed.at(45, 10)), (BLACK, WHITE, BLACK));
    let shifted = line("DashPattern='10 10' DashOffset='10'");
    assert_eq!((shifted.at(25, 10), shifted.at(35, 10)), (WHITE, BLACK));
}

#[test]
fn joins_are_mitred_or_cut() {
    let corner = |join: &str| {
        let attributes = format!("Boundary='0 0 100 100' LineWidth='10' Join='{join}'");
        Package::of(&path(&attributes, "", "M 20 80 L 20 20 L 80 20")).draw().at(15, 15)
    };
    assert_eq!(corner("Miter"), BLACK);
    assert_eq!(corner("Bevel"), WHITE);
}

#[test]
fn alpha_and_visibility_are_heeded() {
    let half = Package::of(&path(
        "Boundary='0 0 100 100' Stroke='false' Fill='true' Alpha='128'",
        "<ofd:FillColor Value='0 0 0'/>",
        "M 0 0 L 100 0 L 100 100 L 0 100 C",
    ));
    assert!(half.draw().at(50, 50)[0].abs_diff(127) < 2);
    let hidden = filled("0 0 100 100", "0 0 0").replace("Boundary", "Visible='false' Boundary");
    assert_eq!(Package::of(&hidden).draw().ink(), 0);
    assert!(coloured("<ofd:FillColor Value='0 0 0' Alpha='128'/>").draw().at(30, 30)[0].abs_diff(127) < 2);
}

#[test]
fn colours_are_read_in_every_space() {
    let spaces = "<ofd:ColorSpaces><ofd:ColorSpace ID='1' Type='GRAY'/><ofd:ColorSpace ID='2' Type='CMYK'/>\
                  <ofd:ColorSpace ID='3' Type='RGB'><ofd:Palette><ofd:CV>0 255 0</ofd:CV><ofd:CV>0 0 255</ofd:CV>\
                  </ofd:Palette></ofd:ColorSpace><ofd:ColorSpace ID='4' Type='GRAY' BitsPerComponent='4'/></ofd:ColorSpaces>";
    for (colour, expected) in [
        ("Value='255 0 0'", RED),
        ("Value='#FF #00 #00'", RED),
        ("ColorSpace='1' Value='255'", WHITE),
        ("ColorSpace='4' Value='15'", WHITE),
        ("ColorSpace='2' Value='0 255 255 0'", RED),
        ("ColorSpace='2' Value='0 0 0 255'", BLACK),
        ("ColorSpace='3' Index='1'", BLUE),
        ("ColorSpace='3' Index='99'", BLACK),
        ("ColorSpace='77' Value='0 255 0'", GREEN),
        ("", BLACK),
    ] {
        let package = coloured(&format!("<ofd:FillColor {colour}/>")).resources(spaces);
        assert_eq!(package.draw().at(30, 30), expected, "{colour}");
    }
}

#[test]
fn drawing_parameters_are_inherited_until_they_turn_in_a_circle() {
    let parameters = "<ofd:DrawParams><ofd:DrawParam ID='5' Relative='6' LineWidth='10'/>\
                      <ofd:DrawParam ID='6' Relative='5' LineWidth='2'><ofd:StrokeColor Value='255 0 0'/></ofd:DrawParam>\
                      </ofd:DrawParams>";
    let line =
        |attributes: &str| path(&format!("Boundary='0 0 100 100' {attributes}"), "", "M 0 50 L 100 50");
    let drawn = Package::of(&line("DrawParam='5'")).resources(parameters).draw();
    assert_eq!((drawn.at(50, 46), drawn.at(50, 44)), (RED, WHITE));
    let layer = format!("<ofd:Content><ofd:Layer DrawParam='6'>{}</ofd:Layer></ofd:Content>", line(""));
    let drawn = Package::page(&layer).resources(parameters).draw();
    assert_eq!((drawn.at(50, 49), drawn.at(50, 47)), (RED, WHITE));
    let own = Package::of(&line("DrawParam='6' LineWidth='20'")).resources(parameters).draw();
    assert_eq!(own.at(50, 41), RED);
}

#[test]
fn gradients_run_along_a_line() {
    let shade = |attributes: &str| {
        let shade = format!(
            "<ofd:FillColor><ofd:AxialShd StartPoint='10 0' EndPoint='30 0' {attributes}><ofd:Segment Position='0'>\
             <ofd:Color Value='255 0 0'/></ofd:Segment><ofd:Segment Position='1'><ofd:Color Value='0 0 255'/>\
             </ofd:Segment></ofd:AxialShd></ofd:FillColor>"
        );
        coloured(&shade).draw()
    };
    let plain = shade("");
    assert_eq!((plain.at(15, 30), plain.at(45, 30)), (WHITE, WHITE));
    assert!(plain.at(21, 30)[0] > 230 && plain.at(38, 30)[2] > 230);
    let middle = plain.at(30, 30);
    assert!(middle[0].abs_diff(middle[2]) < 20 && middle[1] == 0);
    let extended = shade("Extend='3'");
    assert_eq!((extended.at(15, 30), extended.at(45, 30)), (RED, BLUE));
    let repeated = shade("MapType='Repeat'");
    assert!(repeated.at(42, 30)[0] > 200);
    let reflected = shade("MapType='Reflect' MapUnit='20'");
    assert!(reflected.at(42, 30)[2] > 200);
}

#[test]
fn gradients_run_between_circles() {
    let shade = "<ofd:FillColor><ofd:RadialShd StartPoint='20 20' EndPoint='20 20' StartRadius='0' EndRadius='10' \
                 Extend='2'><ofd:Segment><ofd:Color Value='255 0 0'/></ofd:Segment><ofd:Segment>\
                 <ofd:Color Value='0 0 255'/></ofd:Segment></ofd:RadialShd></ofd:FillColor>";
    let drawn = coloured(shade).draw();
    assert!(drawn.at(30, 30)[0] > 220);
    assert_eq!(drawn.at(48, 48), BLUE);
    assert_eq!(drawn.at(55, 55), WHITE);
    let flat = coloured(&shade.replace("Extend='2'", "Eccentricity='0.98'")).draw();
    assert_eq!(flat.at(30, 36), WHITE);
    assert_ne!(flat.at(36, 30), WHITE);
}

#[test]
fn a_mesh_is_one_of_its_colours_and_told() {
    let mesh = "<ofd:FillColor><ofd:GouraudShd><ofd:Point X='0' Y='0'><ofd:Color Value='0 255 0'/></ofd:Point>\
                </ofd:GouraudShd></ofd:FillColor>";
    let drawn = coloured(mesh).draw();
    assert_eq!(drawn.at(30, 30), GREEN);
    assert_eq!(drawn.notices, ["shading_simplified"]);
}

#[test]
fn patterns_repeat_their_cell() {
    let cell = |attributes: &str| {
        let object = filled("0 0 5 5", "255 0 0");
        let pattern = format!(
            "<ofd:FillColor><ofd:Pattern Width='5' Height='5' XStep='10' YStep='10' {attributes}>\
             <ofd:CellContent>{object}</ofd:CellContent></ofd:Pattern></ofd:FillColor>"
        );
        coloured(&pattern).draw()
    };
    let drawn = cell("");
    assert_eq!(
        (drawn.at(12, 12), drawn.at(17, 12), drawn.at(22, 12), drawn.at(22, 17)),
        (RED, WHITE, RED, WHITE)
    );
    let moved = cell("CTM='1 0 0 1 5 0'");
    assert_eq!((moved.at(12, 12), moved.at(17, 12)), (WHITE, RED));
}

#[test]
fn clips_meet_and_their_areas_join() {
    let area = |x: u32| {
        format!(
            "<ofd:Area><ofd:Path Boundary='{x} 0 10 100'><ofd:AbbreviatedData>M 0 0 L 10 0 L 10 100 L 0 100 C\
             </ofd:AbbreviatedData></ofd:Path></ofd:Area>"
        )
    };
    let clip = |areas: &[u32]| {
        format!("<ofd:Clip>{}</ofd:Clip>", areas.iter().map(|x| area(*x)).collect::<String>())
    };
    let of = |clips: &str| {
        let object = filled("0 0 100 100", "255 0 0");
        let object = object.replacen('>', &format!("><ofd:Clips>{clips}</ofd:Clips>"), 1);
        Package::of(&object).draw()
    };
    let joined = of(&clip(&[10, 30]));
    assert_eq!((joined.at(15, 50), joined.at(25, 50), joined.at(35, 50)), (RED, WHITE, RED));
    let met = of(&(clip(&[10, 30]) + &clip(&[30, 50])));
    assert_eq!((met.at(15, 50), met.at(35, 50), met.at(55, 50)), (WHITE, RED, WHITE));
    assert_eq!(of("<ofd:Clip/>").ink(), 0);
}

#[test]
fn texts_clip_too() {
    let clips = "<ofd:Clips><ofd:Clip><ofd:Area><ofd:Text Font='9' Size='20'><ofd:TextCode X='20' Y='40'>一</ofd:TextCode>\
                 </ofd:Text></ofd:Area></ofd:Clip></ofd:Clips>";
    let object = filled("0 0 100 100", "255 0 0").replacen('>', &format!(">{clips}"), 1);
    let drawn = Package::of(&object)
        .resources("<ofd:Fonts><ofd:Font ID='9' FontName='f'><ofd:FontFile>f.ttf</ofd:FontFile></ofd:Font></ofd:Fonts>")
        .file("Doc_0/Res/f.ttf", font("f"))
        .draw();
    assert_eq!(drawn.dark(), Some([20, 20, 39, 39]));
}

fn pictured(attributes: &str, bytes: Vec<u8>) -> Package {
    Package::of(&format!("<ofd:ImageObject ResourceID='7' {attributes}/>"))
        .resources(
            "<ofd:MultiMedias><ofd:MultiMedia ID='7' Type='Image'><ofd:MediaFile>p.bin</ofd:MediaFile>\
                    </ofd:MultiMedia><ofd:MultiMedia ID='8' Type='Image'><ofd:MediaFile>m.bin</ofd:MediaFile>\
                    </ofd:MultiMedia></ofd:MultiMedias>",
        )
        .file("Doc_0/Res/p.bin", bytes)
}

#[test]
fn pictures_of_all_formats_are_drawn() {
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Gif, ImageFormat::WebP]
    {
        let bytes = if format == ImageFormat::WebP { picture(ImageFormat::Png) } else { picture(format) };
        let drawn = pictured("Boundary='10 10 40 40' CTM='40 0 0 40 0 0'", bytes).draw();
        assert_eq!((drawn.at(12, 12), drawn.at(47, 12)), (RED, GREEN), "{format:?}");
        assert_eq!((drawn.at(12, 47), drawn.at(47, 47)), (BLUE, BLACK), "{format:?}");
        assert_eq!(drawn.at(52, 52), WHITE);
    }
    let drawn = pictured("Boundary='10 10 40 40' CTM='40 0 0 40 0 0'", picture(ImageFormat::Jpeg)).draw();
    assert_ne!(drawn.at(30, 30), WHITE);
}

#[test]
fn black_and_white_pictures_are_drawn() {
    // JBIG2: a page of 8 × 8 pixels and a region coded as fax, all of it black.
    let mut bytes = vec![0, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19];
    bytes.extend([0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend([0, 0, 0, 1, 38, 0, 1, 0, 0, 0, 22]);
    bytes.extend([0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0x26, 0xA2, 0xFF, 0xFE]);
    let drawn = pictured("Boundary='10 10 40 40' CTM='40 0 0 40 0 0'", bytes).draw();
    assert_eq!(drawn.notices, [] as [&str; 0]);
    assert_eq!((drawn.at(30, 30), drawn.at(52, 30)), (BLACK, WHITE));
}

#[test]
fn a_picture_without_a_matrix_fills_its_boundary() {
    let drawn = pictured("Boundary='10 10 40 40'", plain(255, 0, 0, 255)).draw();
    assert_eq!(drawn.dark(), Some([10, 10, 49, 49]));
}

#[test]
fn pictures_are_as_transparent_as_they_say() {
    let drawn = pictured("Boundary='0 0 100 100' Alpha='128'", plain(0, 0, 0, 255)).draw();
    assert!(drawn.at(50, 50)[0].abs_diff(127) < 2);
    let drawn = pictured("Boundary='0 0 100 100'", plain(0, 0, 0, 128)).draw();
    assert!(drawn.at(50, 50)[0].abs_diff(127) < 2);
    let masked = pictured("Boundary='0 0 100 100' ImageMask='8'", plain(255, 0, 0, 255));
    let drawn = masked.file("Doc_0/Res/m.bin", plain(0, 0, 0, 255)).draw();
    assert_eq!(drawn.ink(), 0);
}

#[test]
fn a_large_picture_is_shrunk_evenly() {
    let image = image::GrayImage::from_fn(1000, 1000, |x, _| image::Luma([if x % 2 == 0 { 0 } else { 255 }]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let drawn = pictured("Boundary='0 0 100 100'", bytes.into_inner()).draw();
    assert!(drawn.at(50, 50)[0].abs_diff(127) < 30, "{:?}", drawn.at(50, 50));
}

#[test]
fn a_picture_that_cannot_be_read_is_told() {
    for bytes in [b"".to_vec(), b"nonsense".to_vec(), picture(ImageFormat::Png)[..40].to_vec()] {
        let drawn = pictured("Boundary='0 0 100 100'", bytes).draw();
        assert_eq!((drawn.ink(), drawn.notices.as_slice()), (0, ["picture_not_shown"].as_slice()));
    }
}
