//! Files of entries in the exported ledger's form (`docs/ledger-format.md`), read back.

use jingui_ledger::{LONGEST_ENTRY, TreeSuite};

use crate::error::BackupError;

const MAGIC: &[u8; 4] = b"JGLG";
const VERSION: u8 = 1;

/// Hands out the entries of a segment in their order; refuses one that is another's, or isn't of this form to its last
/// byte. `name` is what it is called where it lies.
pub(crate) fn entries<'a>(
    name: &str,
    bytes: &'a [u8],
    suite: TreeSuite,
    log: &str,
    first: u64,
    mut sink: impl FnMut(&'a [u8]) -> Result<(), BackupError>,
) -> Result<u64, BackupError> {
    let altered = || BackupError::altered(name);
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&[VERSION, suite.byte()]);
    head.extend_from_slice(&u16::try_from(log.len()).map_err(|_| altered())?.to_be_bytes());
    head.extend_from_slice(log.as_bytes());
    head.extend_from_slice(&first.to_be_bytes());
    let mut rest = bytes.strip_prefix(head.as_slice()).ok_or_else(altered)?;
    let mut count = 0;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk().ok_or_else(altered)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| altered())?;
        if length == 0 || length > LONGEST_ENTRY {
            return Err(altered());
        }
        let (entry, after) = after.split_at_checked(length).ok_or_else(altered)?;
        sink(entry)?;
        count += 1;
        rest = after;
    }
    Ok(count)
}
