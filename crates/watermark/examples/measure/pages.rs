//! Owns the pages that are measured on: A4 at 150 dots per inch, drawn from a seed, of six kinds.

use fontdb::{Database, Family, Query};
use jingui_watermark::Raster;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Rect, Transform};

pub const WIDTH: u32 = 1240;
pub const HEIGHT: u32 = 1754;
pub const KINDS: [&str; 6] = ["dense text", "sparse text", "photo", "blank", "table", "dark"];

const CHARACTERS: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严";

pub struct Drawer {
    font: Vec<u8>,
    index: u32,
}

impl Drawer {
    pub fn new() -> Self {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        let families = [Family::Name("Noto Sans CJK SC"), Family::Name("WenQuanYi Micro Hei")];
        let id = fonts
            .query(&Query { families: &families, ..Query::default() })
            .expect("a font with Chinese characters");
        let (font, index) =
            fonts.with_face_data(id, |bytes, index| (bytes.to_vec(), index)).expect("its bytes");
        Self { font, index }
    }

    pub fn page(&self, kind: &str, seed: u64) -> Raster {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let mut sheet = Pixmap::new(WIDTH, HEIGHT).expect("a sheet");
        sheet.fill(if kind == "dark" { Color::from_rgba8(18, 20, 28, 255) } else { Color::WHITE });
        let ink = if kind == "dark" { Color::from_rgba8(225, 225, 215, 255) } else { Color::BLACK };
        // Between 9 and 16 points.
        let size = 19.0 + (random.next_u32() % 15) as f32;
        let (left, right, top, bottom) = (110.0, 1130.0, 130.0, 1630.0);
        match kind {
            "dense text" | "dark" => {
                let lines = ((bottom - top) / (size * 1.35)) as usize;
                for n in 0..lines {
                    self.line(&mut sheet, &mut random, ink, size, left, right, top + size * 1.35 * n as f32);
                }
            }
            "sparse text" => {
                self.line(&mut sheet, &mut random, ink, size * 1.6, 420.0, 820.0, top + 80.0);
                for n in 0..9 {
                    let end = left + 200.0 + (random.next_u32() % 800) as f32;
                    self.line(&mut sheet, &mut random, ink, size, left, end, 380.0 + size * 2.2 * n as f32);
                }
            }
            "table" => {
                let (rows, columns) = (30, 6);
                let (w, h) = ((right - left) / columns as f32, (bottom - top) / rows as f32);
                let mut paint = Paint::default();
                for n in 0..=rows {
                    let rule = Rect::from_xywh(left, top + h * n as f32, right - left, 1.5).expect("a rule");
                    sheet.fill_rect(rule, &paint, Transform::identity(), None);
                }
                for n in 0..=columns {
                    let rule = Rect::from_xywh(left + w * n as f32, top, 1.5, bottom - top).expect("a rule");
                    sheet.fill_rect(rule, &paint, Transform::identity(), None);
                }
                paint.set_color_rgba8(220, 226, 240, 255);
                let head =
                    Rect::from_xywh(left + 2.0, top + 2.0, right - left - 3.0, h - 3.0).expect("a head");
                sheet.fill_rect(head, &paint, Transform::identity(), None);
                for n in 0..rows * columns {
                    let (x, y) =
                        (left + w * (n % columns) as f32 + 8.0, top + h * (n / columns) as f32 + h * 0.7);
                    let end = x + w * (0.2 + (random.next_u32() % 60) as f32 / 100.0);
                    self.line(&mut sheet, &mut random, ink, 21.0, x, end, y);
                }
            }
            "photo" => scene(&mut sheet, &mut random),
            _ => {}
        }
        let rgb = sheet.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
        Raster::new(WIDTH, HEIGHT, rgb).expect("A4")
    }

    #[expect(clippy::too_many_arguments)]
    fn line(
        &self,
        sheet: &mut Pixmap,
        random: &mut ChaCha20Rng,
        ink: Color,
        size: f32,
        left: f32,
        right: f32,
        y: f32,
    ) {
        let font = FontRef::from_index(&self.font, self.index).expect("the font");
        let characters: Vec<char> = CHARACTERS.chars().collect();
        let mut pen = Pen { path: PathBuilder::new(), x: left, y };
        while pen.x + size < right {
            let character = characters[random.next_u32() as usize % characters.len()];
            if !random.next_u32().is_multiple_of(12) {
                let glyph = font.charmap().map(character).expect("a glyph");
                let settings = DrawSettings::unhinted(Size::new(size), LocationRef::default());
                font.outline_glyphs()
                    .get(glyph)
                    .expect("an outline")
                    .draw(settings, &mut pen)
                    .expect("drawn");
            }
            pen.x += size;
        }
        let mut paint = Paint::default();
        paint.set_color(ink);
        if let Some(path) = pen.path.finish() {
            sheet.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }
}

/// Something like a photograph: soft clouds on five scales, a few hard-edged things, grain.
fn scene(sheet: &mut Pixmap, random: &mut ChaCha20Rng) {
    let mut grey = vec![120.0_f32; (WIDTH * HEIGHT) as usize];
    for (cell, strength) in [(400.0_f32, 90.0), (150.0, 50.0), (60.0, 25.0), (20.0, 12.0), (7.0, 6.0)] {
        let columns = (WIDTH as f32 / cell) as usize + 2;
        let rows = (HEIGHT as f32 / cell) as usize + 2;
        let knots: Vec<f32> =
            (0..columns * rows).map(|_| random.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0).collect();
        for (n, value) in grey.iter_mut().enumerate() {
            let (x, y) = ((n as u32 % WIDTH) as f32 / cell, (n as u32 / WIDTH) as f32 / cell);
            let (fx, fy) = (x.fract(), y.fract());
            let at = |dx: usize, dy: usize| knots[(y as usize + dy) * columns + x as usize + dx];
            let up = at(0, 0) * (1.0 - fx) + at(1, 0) * fx;
            let low = at(0, 1) * (1.0 - fx) + at(1, 1) * fx;
            *value += strength * (up * (1.0 - fy) + low * fy);
        }
    }
    let tint =
        [0.8 + (random.next_u32() % 40) as f32 / 100.0, 1.0, 0.8 + (random.next_u32() % 40) as f32 / 100.0];
    for (pixel, grey) in sheet.data_mut().chunks_exact_mut(4).zip(&grey) {
        let grain = (random.next_u32() % 9) as f32 - 4.0;
        for (value, tint) in pixel.iter_mut().zip(tint) {
            *value = (grey * tint + grain).clamp(0.0, 255.0) as u8;
        }
    }
    for _ in 0..12 {
        let mut paint = Paint::default();
        let [red, green, blue, _] = random.next_u32().to_le_bytes();
        paint.set_color_rgba8(red, green, blue, 255);
        let (x, y) = ((random.next_u32() % WIDTH) as f32, (random.next_u32() % HEIGHT) as f32);
        let circle =
            PathBuilder::from_circle(x, y, 20.0 + (random.next_u32() % 90) as f32).expect("a circle");
        sheet.fill_path(&circle, &paint, FillRule::Winding, Transform::identity(), None);
    }
}

struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, self.y - y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, self.y - y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.x + x1, self.y - y1, self.x + x, self.y - y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(self.x + x1, self.y - y1, self.x + x2, self.y - y2, self.x + x, self.y - y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}
