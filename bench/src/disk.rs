//! What files cost on the disk, as the file system counts it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Header of a sealed file, and tag of each chunk of 64 KiB, bytes.
const HEADER: u64 = 72;
const TAG: u64 = 16;
const CHUNK: u64 = 65_536 + TAG;

/// Bytes of a vault.
#[derive(Debug, Default)]
pub struct Disk {
    /// Of the files themselves, before they were sealed.
    pub content: f64,
    /// Of the disk's blocks they take.
    pub originals: f64,
    /// Of the blocks that words and pages beside them take.
    pub beside: f64,
}

/// Adds up a vault in a directory. Files of less than 64 KiB are left out: they came before the measure.
pub fn of_vault(vault: &Path) -> anyhow::Result<Disk> {
    let mut disk = Disk::default();
    for directory in fs::read_dir(vault)? {
        for file in fs::read_dir(directory?.path())? {
            let file = file?;
            let (meta, name) = (file.metadata()?, file.file_name());
            let blocks = u32::try_from(meta.blocks() * 512).map(f64::from)?;
            if name.to_string_lossy().contains('.') {
                disk.beside += blocks;
            } else if meta.len() >= 65_536 {
                let sealed = meta.len() - HEADER;
                disk.content += u32::try_from(sealed - sealed.div_ceil(CHUNK) * TAG).map(f64::from)?;
                disk.originals += blocks;
            }
        }
    }
    Ok(disk)
}
