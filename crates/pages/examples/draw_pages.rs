//! Draws every page of a file as a PNG and writes its words beside it, for one's own eyes:
//! `draw_pages FILE OUT_DIR [DPI]`.

use jingui_pages::{Bounds, Fonts};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("draw_pages FILE OUT_DIR [DPI]".into());
    };
    let dpi: f64 = arguments.next().map_or(Ok(96.0), |dpi| dpi.parse())?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let fonts = Fonts::of_this_machine();
    let mut document = jingui_pages::open(std::fs::read(&file)?, Bounds::default(), &fonts)?;
    for page in 0..document.page_count() {
        let size = document.size(page)?;
        let drawn = document.draw(page, dpi)?;
        let text = document.text(page)?;
        let name = folder.join(format!("page-{:03}", page + 1));
        let picture =
            image::RgbImage::from_raw(drawn.width, drawn.height, drawn.rgb).ok_or("the raster is cut off")?;
        picture.save(name.with_extension("png"))?;
        std::fs::write(name.with_extension("txt"), text.plain())?;
        println!("{}: {:.1} × {:.1} mm, {} runs of text", page + 1, size.width, size.height, text.runs.len());
    }
    println!("notices: {:?}", document.notices());
    Ok(())
}
