//! Checkpoints: the size and root of a journal at one moment, in the body form of C2SP tlog-checkpoint. Unsigned, so
//! one proves nothing by itself about who wrote it.

use data_encoding::BASE64;

use crate::LedgerError;
use crate::hash::Hash;
use crate::proof_text::base64;

/// A journal's size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the journal: not empty and without a line break, or the text can't be read back.
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

    /// Reads what [`Self::to_text`] writes; refuses everything else with the line, extension lines too: a text has one
    /// meaning and a meaning one text.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let wrong = |line, expected| LedgerError::Checkpoint { line, expected };
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(wrong(1, "a name"))?;
        let size = lines.next().unwrap_or_default();
        let plain = !size.is_empty()
            && size.bytes().all(|byte| byte.is_ascii_digit())
            && (size == "0" || !size.starts_with('0'));
        let size = size.parse().ok().filter(|_| plain).ok_or(wrong(2, "a number"))?;
        let root = base64(lines.next().unwrap_or_default())
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
    use proptest::prelude::*;

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
            text.replace("12", ""),
            text.replace("12", "+12"),
            text.replace("12", "18446744073709551616"),
            text.replace("12\n", "12\r\n"),
            text.replace("Bwc=", "Bwd="),
            text.replace("Bwc=", "Bwc"),
            text.replace("BwcHBwcH", ""),
            format!("{text}an extension\n"),
            text.trim_end().to_owned(),
            String::new(),
        ] {
            assert!(Checkpoint::parse(&altered).is_err(), "{altered:?}");
        }
    }

    /// The body of the example in C2SP tlog-checkpoint.
    #[test]
    fn the_published_example_is_read_and_written() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.size),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.to_text(), text);
    }

    proptest! {
        /// Sizes with signs and zeros in front, and base 64 with loose bits at its end, are what a lax reader lets in.
        #[test]
        fn whatever_is_read_is_written_back_the_same(
            text in "[a-z]{1,2}\n[+0]?[0-9]{1,2}\n[A-Za-z0-9+/]{42}[AEIMB]=\n{1,2}",
        ) {
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.to_text(), text);
            }
        }

        #[test]
        fn every_checkpoint_is_read_back(origin in "[^\n]{1,40}", size: u64, root: Hash) {
            let checkpoint = Checkpoint { origin, size, root };
            prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
        }
    }
}
