//! Files as they come through the door: drawn, read, and refused where they are hostile.

use image::{ExtendedColorType, ImageEncoder as _};
use jingui_pages::{Bounds, Document, Fault, Fonts, open};

fn opened(bytes: Vec<u8>) -> Result<Box<dyn Document>, Fault> {
    open(bytes, Bounds::default(), &Fonts::of_this_machine())
}

fn refused(bytes: Vec<u8>) -> Fault {
    match opened(bytes) {
        Ok(_) => panic!("it was opened"),
        Err(fault) => fault,
    }
}

/// A PDF of these objects, numbered from 1; the first is the catalogue.
fn pdf(objects: &[String]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        places.push(bytes.len());
        bytes.extend_from_slice(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
    }
    let (table, size) = (bytes.len(), objects.len() + 1);
    bytes.extend_from_slice(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes());
    for place in places {
        bytes.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let end = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    bytes.extend_from_slice(end.as_bytes());
    bytes
}

fn page(content: &str, resources: &str) -> Vec<u8> {
    pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".into(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << {resources} >> /Contents 4 0 R >>"
        ),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".into(),
        "<< /Type /XObject /Subtype /Image /Width 65000 /Height 65000 /ColorSpace /DeviceGray \
         /BitsPerComponent 8 /Length 1 >>\nstream\n0\nendstream"
            .into(),
    ])
}

#[test]
fn a_pdf_is_drawn_and_its_words_are_found_where_they_stand() {
    let bytes =
        page("BT /F 24 Tf 72 742 Td (Jingui 2026) Tj ET 1 0 0 rg 72 72 100 100 re f", "/Font << /F 5 0 R >>");
    let mut document = opened(bytes).unwrap();
    assert_eq!(document.page_count(), 1);
    let size = document.size(0).unwrap();
    assert!((size.width - 209.9).abs() < 0.1 && (size.height - 297.0).abs() < 0.1, "{size:?}");
    let drawn = document.draw(0, 72.0).unwrap();
    assert_eq!((drawn.width, drawn.height), (595, 842));
    let pixel = |x: usize, y: usize| &drawn.rgb[(y * 595 + x) * 3..][..3];
    assert_eq!((pixel(120, 842 - 120), pixel(300, 400)), (&[255, 0, 0][..], &[255, 255, 255][..]));
    let text = document.text(0).unwrap();
    assert_eq!(text.plain(), "Jingui 2026");
    let run = &text.runs[0];
    assert!((run.x - 25.4).abs() < 2.0 && (20.0..40.0).contains(&run.y), "{run:?}");
    assert!(matches!(document.draw(1, 72.0), Err(Fault::NoSuchPage { page: 1, pages: 1 })));
    assert!(matches!(document.draw(0, 40_000.0), Err(Fault::TooLarge { .. })));
}

#[test]
fn hostile_pdfs_end_in_a_fault() {
    // A page tree that is its own child has no end.
    let endless = pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>".into(),
    ]);
    assert!(matches!(refused(endless), Fault::Damaged { .. }));
    let huge = page("/I Do", "/XObject << /I 6 0 R >>");
    assert!(matches!(opened(huge).unwrap().draw(0, 72.0), Err(Fault::TooLarge { .. })));
    let whole = page("0 0 1 1 re f", "");
    for length in [9, 40, 200] {
        assert!(opened(whole[..length].to_vec()).is_err(), "{length}");
    }
    let many = pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        format!("<< /Type /Pages /Kids [{}] /Count 30 >>", "3 0 R ".repeat(30)),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 10] >>".into(),
    ]);
    let bounds = Bounds { pages: 20, ..Bounds::default() };
    if let Ok(document) = open(many, bounds, &Fonts::of_this_machine()) {
        assert!(document.page_count() <= 20);
    }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels: Vec<u8> =
        (0..width * height).flat_map(|at| [u8::try_from(at % 256).unwrap(), 0, 0]).collect();
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

#[test]
fn a_picture_is_a_page() {
    let mut document = opened(png(64, 32)).unwrap();
    assert_eq!(document.page_count(), 1);
    let size = document.size(0).unwrap();
    assert!((size.width / size.height - 2.0).abs() < 0.01, "{size:?}");
    let drawn = document.draw(0, 50.0).unwrap();
    assert_eq!(drawn.rgb.len(), drawn.width as usize * drawn.height as usize * 3);
    assert_eq!(document.text(0).unwrap().plain(), "");
}

/// A TIFF of several pages, each of one grey.
fn tiff(pages: &[u8]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    for grey in pages {
        encoder.write_image::<tiff::encoder::colortype::Gray8>(20, 10, &[*grey; 200]).unwrap();
    }
    bytes.into_inner()
}

#[test]
fn a_tiff_has_all_its_pages() {
    let mut document = opened(tiff(&[0, 128, 255])).unwrap();
    assert_eq!(document.page_count(), 3);
    let shades: Vec<u8> = (0..3).map(|page| document.draw(page, 25.0).unwrap().rgb[0]).collect();
    assert_eq!(shades, [0, 128, 255]);
}

#[test]
fn hostile_pictures_end_in_a_fault_before_they_are_decoded() {
    // 65,000 by 65,000 pixels, by its header alone.
    let mut huge = png(1, 1);
    huge[16..20].copy_from_slice(&65_000_u32.to_be_bytes());
    huge[20..24].copy_from_slice(&65_000_u32.to_be_bytes());
    assert!(matches!(refused(huge), Fault::TooLarge { .. } | Fault::Damaged { .. }));
    let whole = png(50, 50);
    let cut = opened(whole[..whole.len() / 2].to_vec()).and_then(|mut document| document.draw(0, 50.0));
    assert!(cut.is_err());
    assert!(opened(tiff(&[1])[..60].to_vec()).and_then(|mut document| document.draw(0, 50.0)).is_err());
}

#[test]
fn what_is_of_no_kind_is_told() {
    assert_eq!(refused(vec![0, 1, 2, 3]), Fault::UnknownKind);
    assert!(opened(Vec::new()).is_err());
}
