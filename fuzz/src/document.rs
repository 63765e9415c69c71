//! A file of any kind as somebody might upload it: opened, its first pages read and drawn. Fed with the seeds of one kind
//! at a time. It may be refused; it must not panic, hang or eat the machine.
#![no_main]

use std::sync::OnceLock;

use jingui_pages::{Bounds, Fonts};
use libfuzzer_sys::fuzz_target;

fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| {
        let fonts = Fonts::of_this_machine();
        fonts.load_substitutes();
        fonts
    })
}

fuzz_target!(|bytes: &[u8]| {
    let bounds = Bounds {
        pages: 50,
        pixels: 1_000_000,
        entry_bytes: 4 << 20,
        archive_bytes: 16 << 20,
        entries: 200,
        ..Bounds::default()
    };
    let Ok(mut document) = jingui_pages::open(bytes.to_vec(), bounds, fonts()) else { return };
    for page in 0..document.page_count().min(2) {
        let _ = document.size(page);
        let _ = document.text(page);
        let _ = document.draw(page, 36.0);
    }
    let _ = document.notices();
});
