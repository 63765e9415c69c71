//! Makes small OFD files, and a font and pictures for them.

use crate::ofd::Ofd;
use crate::{Bounds, Document, Fonts, Raster};
use std::io::{Cursor, Write};

/// A package of one page of 100 × 100 millimetres.
pub struct Package {
    files: Vec<(String, Vec<u8>)>,
    /// Elements added to the document and its common data.
    pub common: String,
    pub document: String,
    pub body: String,
    pub fonts: Fonts,
    pub bounds: Bounds,
}

impl Package {
    /// A page with these objects on one layer.
    pub fn of(objects: &str) -> Self {
        Self::page(&format!("<ofd:Content><ofd:Layer ID='1'>{objects}</ofd:Layer></ofd:Content>"))
    }

    /// A page with these elements.
    pub fn page(elements: &str) -> Self {
        let package = Self {
            files: Vec::new(),
            common: String::new(),
            document: String::new(),
            body: String::new(),
            fonts: Fonts::only([]),
            bounds: Bounds::default(),
        };
        package.xml("Doc_0/Pages/Page_0/Content.xml", "Page", elements)
    }

    /// Adds a file, or puts it in the place of one.
    pub fn file(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.retain(|(known, _)| known != name);
        self.files.push((name.to_owned(), bytes.into()));
        self
    }

    /// Adds a file of XML.
    pub fn xml(self, name: &str, root: &str, elements: &str) -> Self {
        let text = format!("<ofd:{root} xmlns:ofd='http://www.ofdspec.org/2016'>{elements}</ofd:{root}>");
        self.file(name, text)
    }

    /// Adds resources to the document.
    pub fn resources(mut self, elements: &str) -> Self {
        self.common += "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>";
        let root = "<ofd:Res xmlns:ofd='http://www.ofdspec.org/2016' BaseLoc='Res'>";
        self.file("Doc_0/DocumentRes.xml", format!("{root}{elements}</ofd:Res>"))
    }

    pub fn fonts(mut self, fonts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.fonts = Fonts::only(fonts);
        self
    }

    /// The bytes of the package.
    pub fn bytes(&self) -> Vec<u8> {
        let document = format!(
            "<d:Document xmlns:d='http://www.ofdspec.org/2016'><d:CommonData><d:PageArea>\
             <d:PhysicalBox>0 0 100 100</d:PhysicalBox></d:PageArea>{}</d:CommonData>\
             <d:Pages><d:Page ID='1' BaseLoc='Pages/Page_0/Content.xml'/></d:Pages>{}</d:Document>",
            self.common.replace("ofd:", "d:"),
            self.document.replace("ofd:", "d:"),
        );
        let root =
            format!("<OFD><DocBody><DocRoot>Doc_0/Document.xml</DocRoot>{}</DocBody></OFD>", self.body);
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let made = [("Doc_0/Document.xml", document.into_bytes()), ("OFD.xml", root.into_bytes())];
        let own = self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone()));
        for (name, bytes) in own.chain(made.into_iter().filter(|(name, _)| !self.has(name))) {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(&bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|(known, _)| known == name)
    }

    pub fn open(&self) -> Ofd {
        super::super::open(self.bytes(), self.bounds, &self.fonts).unwrap()
    }

    /// Draws the page with a pixel to the millimetre.
    pub fn draw(&self) -> Drawn {
        let mut ofd = self.open();
        let raster = ofd.draw(0, 25.4).unwrap();
        Drawn { raster, notices: ofd.notices() }
    }
}

pub struct Drawn {
    raster: Raster,
    pub notices: Vec<&'static str>,
}

impl Drawn {
    /// The colour of the pixel at so many millimetres.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = (y * self.raster.width as usize + x) * 3;
        self.raster.rgb[start..start + 3].try_into().unwrap()
    }

    /// How many pixels aren't white.
    pub fn ink(&self) -> usize {
        self.raster.rgb.chunks(3).filter(|pixel| *pixel != [255; 3]).count()
    }

    /// The box around all pixels that are rather dark: left, top, right, bottom.
    pub fn dark(&self) -> Option<[usize; 4]> {
        let width = self.raster.width as usize;
        let dark = self.raster.rgb.chunks(3).enumerate().filter(|(_, pixel)| pixel[1] < 128);
        dark.map(|(index, _)| (index % width, index / width)).fold(None, |found, (x, y)| {
            let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
            Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
        })
    }
}

pub const WHITE: [u8; 3] = [255, 255, 255];
pub const BLACK: [u8; 3] = [0, 0, 0];
pub const RED: [u8; 3] = [255, 0, 0];
pub const GREEN: [u8; 3] = [0, 255, 0];
pub const BLUE: [u8; 3] = [0, 0, 255];

/// A filled rectangle.
pub fn filled(boundary: &str, colour: &str) -> String {
    format!(
        "<ofd:PathObject Boundary='{boundary}' Stroke='false' Fill='true'><ofd:FillColor Value='{colour}'/>\
         <ofd:AbbreviatedData>M 0 0 L 100 0 L 100 100 L 0 100 C</ofd:AbbreviatedData></ofd:PathObject>"
    )
}

/// A picture of 2 × 2 pixels: red and green above blue and black.
pub fn picture(format: image::ImageFormat) -> Vec<u8> {
    let pixels = [RED, GREEN, BLUE, BLACK].concat();
    let image = image::DynamicImage::from(image::RgbImage::from_raw(2, 2, pixels).unwrap());
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A picture of one colour.
pub fn plain(red: u8, green: u8, blue: u8, alpha: u8) -> Vec<u8> {
    let image = image::RgbaImage::from_pixel(4, 4, image::Rgba([red, green, blue, alpha]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A TrueType font of an em of 1000. 一 and A are glyph 1, a full square on the base line; 二 is
/// glyph 2, the lower half of one; each is as wide as an em.
pub fn font(family: &str) -> Vec<u8> {
    let glyphs = [Vec::new(), square(1000), square(500)];
    let mut loca = vec![0_u32];
    let mut glyf = Vec::new();
    for glyph in &glyphs {
        glyf.extend(glyph);
        loca.push(u32::try_from(glyf.len()).unwrap());
    }
    let mut head = vec![0; 54];
    head[..4].copy_from_slice(&0x0001_0000_u32.to_be_bytes());
    head[12..16].copy_from_slice(&0x5F0F_3CF5_u32.to_be_bytes());
    head[18..20].copy_from_slice(&1000_u16.to_be_bytes());
    head[50..52].copy_from_slice(&1_u16.to_be_bytes());
    let mut hhea = vec![0; 36];
    hhea[..4].copy_from_slice(&0x0001_0000_u32.to_be_bytes());
    hhea[4..6].copy_from_slice(&1000_i16.to_be_bytes());
    hhea[34..36].copy_from_slice(&3_u16.to_be_bytes());
    let mut maxp = vec![0; 32];
    maxp[..4].copy_from_slice(&0x0001_0000_u32.to_be_bytes());
    maxp[4..6].copy_from_slice(&3_u16.to_be_bytes());
    let hmtx = [1000_u16, 0].map(u16::to_be_bytes).concat().repeat(3);
    let groups = [('A', 1_u32), ('一', 1), ('二', 2)];
    let mut cmap = [0_u16, 1, 3, 10].map(u16::to_be_bytes).concat();
    cmap.extend(12_u32.to_be_bytes());
    cmap.extend([12_u16, 0].map(u16::to_be_bytes).concat());
    cmap.extend([16 + 12 * 3, 0, 3_u32].map(u32::to_be_bytes).concat());
    for (character, glyph) in groups {
        cmap.extend([character as u32, character as u32, glyph].map(u32::to_be_bytes).concat());
    }
    let loca = loca.into_iter().flat_map(u32::to_be_bytes).collect();
    sfnt(&[
        (*b"OS/2", os2()),
        (*b"cmap", cmap),
        (*b"glyf", glyf),
        (*b"head", head),
        (*b"hhea", hhea),
        (*b"hmtx", hmtx),
        (*b"loca", loca),
        (*b"maxp", maxp),
        (*b"name", name(family)),
        (*b"post", [[0, 3, 0, 0].to_vec(), vec![0; 28]].concat()),
    ])
}

fn square(height: i16) -> Vec<u8> {
    let mut bytes = [1, 0, 0, 1000, height, 3, 0].map(i16::to_be_bytes).concat();
    bytes.extend([1; 4]);
    bytes.extend([0, 0, 1000, 0].map(i16::to_be_bytes).concat());
    bytes.extend([0, height, 0, -height].map(i16::to_be_bytes).concat());
    bytes.extend([0; 2]);
    bytes
}

fn os2() -> Vec<u8> {
    let mut bytes = vec![0; 78];
    bytes[4..6].copy_from_slice(&400_u16.to_be_bytes());
    bytes[6..8].copy_from_slice(&5_u16.to_be_bytes());
    bytes
}

fn name(family: &str) -> Vec<u8> {
    let text: Vec<u8> = family.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let length = u16::try_from(text.len()).unwrap();
    let record = |id: u16| [3, 1, 0x409, id, length, 0].map(u16::to_be_bytes).concat();
    [[0, 2, 30].map(u16::to_be_bytes).concat(), record(1), record(6), text].concat()
}

fn sfnt(tables: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let count = u16::try_from(tables.len()).unwrap();
    let mut bytes = [0_u16, 1, 0, 0, 0, 0].map(u16::to_be_bytes).concat();
    bytes[..4].copy_from_slice(&0x0001_0000_u32.to_be_bytes());
    bytes[4..6].copy_from_slice(&count.to_be_bytes());
    let mut offset = 12 + 16 * tables.len();
    for (tag, table) in tables {
        bytes.extend(tag);
        let [length, at] = [table.len(), offset].map(|number| u32::try_from(number).unwrap().to_be_bytes());
        bytes.extend([[0; 4], at, length].concat());
        offset += table.len().next_multiple_of(4);
    }
    for (_, table) in tables {
        bytes.extend(table);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}
