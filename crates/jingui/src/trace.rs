//! Naming the reading that a picture of a page comes from.

use std::path::Path;

use anyhow::{Context as _, bail};
use jingui_office::files::views::traced;
use jingui_store::{Store, StoreError};
use jingui_watermark::{Raster, find};

use crate::data::{DataDirectory, Secret, unlock};

/// Looks for the invisible mark in a picture and prints whose reading it names.
pub fn run(data: &Path, secret: &Secret, image: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(image).with_context(|| format!("can't read {}", image.display()))?;
    let picture = Raster::decode(&bytes)?;
    let unsealed = unlock(data, secret)?;
    let Some(found) = find(&picture, jingui_server::mark_key(unsealed.keyring()).expose()) else {
        bail!(
            "图中没有找到本单位的隐形标记 / no mark of this office was found in {}; a larger piece of the page, unscaled, is found best",
            image.display()
        );
    };
    let mark = format!("{:016x}", found.payload);
    let Ok(directory) = DataDirectory::open(data) else {
        println!("标记 / mark {mark}");
        println!(
            "本单位正在提供服务：请在控制台“谁知悉”按标记追溯 / the office is being served: look the mark up in the console."
        );
        return Ok(());
    };
    let mut options = directory.options();
    options.rebuild = false;
    let store = Store::open(unsealed.keyring(), options)?;
    let traced = store.read(|conn| -> Result<_, StoreError> { traced(conn, &mark) })?;
    match traced {
        None => bail!("标记 {mark} 不属于任何一次阅读 / the mark {mark} belongs to no reading"),
        Some(one) => {
            println!("标记 / mark      {mark}");
            println!("阅读人 / reader  {} {}", one.person_name, one.staff_number);
            if let Some(reading) = &one.reading {
                println!("终端 / terminal  {}", reading.terminal);
                println!("打开 / opened    {}", reading.opened_at.local());
            }
            if let Some(print) = &one.print {
                println!("打印 / print     {} 份 / copies, {}", print.copies, print.applied_at.local());
            }
            println!("文件 / file      {} {}", one.register_number, one.file_name);
            println!("阅读页 / pages   {}", one.pages);
            Ok(())
        }
    }
}
