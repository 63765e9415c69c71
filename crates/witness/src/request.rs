//! The body of `add-checkpoint`: what the log believes the witness saw last, a proof from there, the checkpoint.

use data_encoding::BASE64;
use jingui_ledger::{Checkpoint, Hash, Note, witness_request};

/// C2SP: the client must not send more.
const MOST_HASHES: usize = 63;

/// What a log sends. Read doesn't mean verified.
pub(crate) struct Request {
    pub old: u64,
    pub proof: Vec<Hash>,
    pub note: Note,
    pub checkpoint: Checkpoint,
}

impl Request {
    /// Nothing when it isn't to the letter what tlog-witness says.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = std::str::from_utf8(body).ok()?;
        let (head, note) = body.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let proof: Vec<Hash> = lines
            .take(MOST_HASHES + 1)
            .map(|line| BASE64.decode(line.as_bytes()).ok()?.try_into().ok())
            .collect::<Option<_>>()?;
        let note = Note::parse(note).ok().filter(|_| proof.len() <= MOST_HASHES)?;
        // Numbers with zeros in front and base 64 in pieces are read, and not to the letter.
        if witness_request(old, &proof, &note) != body {
            return None;
        }
        let checkpoint = Checkpoint::parse(note.text()).ok()?;
        Some(Self { old, proof, note, checkpoint })
    }
}
