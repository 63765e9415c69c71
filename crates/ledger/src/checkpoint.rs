//! Checkpoints: the size and root of a journal at one moment, in the body form of C2SP tlog-checkpoint. Unsigned.

use data_encoding::BASE64;

use crate::LedgerError;
use crate::hash::Hash;

/// A journal's size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the journal.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Origin, size and root in base 64, each on a line.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root))
    }

    /// Reads what [`Self::to_text`] writes; refuses everything else with the line.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let wrong = |line, expected| LedgerError::Checkpoint { line, expected };
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(wrong(1, "a name"))?;
        let size = lines.next().unwrap_or_default();
        let plain = !size.is_empty()
            && size.bytes().all(|byte| byte.is_ascii_digit())
            && (size == "0" || !size.starts_with('0'));
        let size = size.parse().ok().filter(|_| plain).ok_or(wrong(2, "a number"))?;
        let root = BASE64
            .decode(lines.next().unwrap_or_default().as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(wrong(3, "32 bytes in base 64"))?;
        if lines.next() == Some("") && lines.next().is_none() {
            Ok(Self { origin: origin.to_owned(), size, root })
        } else {
            Err(wrong(4, "the end of the text"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let checkpoint = Checkpoint { origin: "jingui/demo".into(), size: 12, root: [7; 32] };
        let text = checkpoint.to_text();
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint));
        for altered in [
            text.replace("12", "012"),
            text.replace("12", "-1"),
            format!("{text}x"),
            text.replace("jingui/demo", ""),
            String::new(),
        ] {
            assert!(Checkpoint::parse(&altered).is_err(), "{altered:?}");
        }
    }
}
