//! Makes sure that there is a folder to embed: without the built console the binary still builds and says how to
//! build it.

use std::path::Path;
use std::{fs, io};

const PAGE: &str = "<!doctype html>\n<html lang=\"zh-CN\">\n<meta charset=\"utf-8\">\n<title>金匮</title>\n\
<h1>金匮</h1>\n<p>控制台尚未构建。请运行 <code>make run</code>。</p>\n\
<p lang=\"en\">The console isn't built yet. Run <code>make run</code>.</p>\n</html>\n";

fn main() -> io::Result<()> {
    let dist = Path::new("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    if !dist.join("index.html").exists() {
        fs::create_dir_all(dist)?;
        fs::write(dist.join("index.html"), PAGE)?;
    }
    Ok(())
}
