//! Draws the pages of a file and writes their words beside them, for one's own eyes and for comparing with another
//! program: `draw_pages FILE OUT_DIR [DPI [PAGES [ppm]]]`. As PPM the words are left out, and nothing is compressed.

use jingui_pages::{Bounds, Fonts};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("draw_pages FILE OUT_DIR [DPI [PAGES [ppm]]]".into());
    };
    let dpi: f64 = arguments.next().map_or(Ok(96.0), |dpi| dpi.parse())?;
    let most: usize = arguments.next().map_or(Ok(usize::MAX), |pages| pages.parse())?;
    let plain = arguments.next().is_some_and(|format| format == "ppm");
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let fonts = Fonts::of_this_machine();
    let mut document = jingui_pages::open(std::fs::read(&file)?, Bounds::default(), &fonts)?;
    for page in 0..document.page_count().min(most) {
        let drawn = document.draw(page, dpi)?;
        let name = folder.join(format!("page-{:03}", page + 1));
        if plain {
            let mut bytes = format!("P6\n{} {}\n255\n", drawn.width, drawn.height).into_bytes();
            bytes.extend_from_slice(&drawn.rgb);
            std::fs::write(name.with_extension("ppm"), bytes)?;
            continue;
        }
        let size = document.size(page)?;
        let text = document.text(page)?;
        let picture =
            image::RgbImage::from_raw(drawn.width, drawn.height, drawn.rgb).ok_or("the raster is cut off")?;
        picture.save(name.with_extension("png"))?;
        std::fs::write(name.with_extension("txt"), text.plain())?;
        println!("{}: {:.1} × {:.1} mm, {} runs of text", page + 1, size.width, size.height, text.runs.len());
    }
    println!("notices: {:?}", document.notices());
    Ok(())
}
