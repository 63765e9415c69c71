//! What goes through the pipe: a head of JSON and a body of bytes, each with its length in front (four and eight bytes,
//! big-endian).

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Fault, Kind};

/// Longest head: the sizes of ten thousand pages fit.
pub const HEAD: usize = 2 << 20;
/// Longest body.
pub const BODY: usize = 3 << 30;

/// What the child is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Open the file in the body.
    Open,
    /// Draw a page.
    Draw { page: usize, dpi: f64 },
    /// The words of a page.
    Text { page: usize },
    /// What readers must be told, by what was read so far.
    Notices,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is confined and waits; whether the kernel filters its calls.
    Ready { filtered: bool },
    /// The file is open: width and height of its pages in millimetres.
    Opened { kind: Kind, sizes: Vec<(f64, f64)> },
    /// A page; its pixels are the body.
    Drawn { width: u32, height: u32 },
    /// Words; the body is their JSON.
    Text,
    /// What readers must be told.
    Notices(Vec<String>),
    /// It can't be done.
    Fault(Fault),
}

/// The two lengths in front.
pub const LENGTHS: usize = 12;

/// Both lengths and the head, ready to be sent before `body`.
pub fn head_of(head: &impl Serialize, body: &[u8]) -> io::Result<Vec<u8>> {
    let head = serde_json::to_vec(head)?;
    let long = u32::try_from(head.len()).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(LENGTHS + head.len());
    bytes.extend_from_slice(&long.to_be_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_be_bytes());
    bytes.extend_from_slice(&head);
    Ok(bytes)
}

/// How long head and body are.
pub fn lengths(bytes: [u8; LENGTHS]) -> io::Result<(usize, usize)> {
    let [a, b, c, d, rest @ ..] = bytes;
    let (head, body) = (u32::from_be_bytes([a, b, c, d]) as usize, u64::from_be_bytes(rest));
    let body = usize::try_from(body).map_err(io::Error::other)?;
    if head > HEAD || body > BODY {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    Ok((head, body))
}

/// Writes one frame.
pub fn write(to: &mut impl Write, head: &impl Serialize, body: &[u8]) -> io::Result<()> {
    to.write_all(&head_of(head, body)?)?;
    to.write_all(body)?;
    to.flush()
}

/// Reads one frame.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<(T, Vec<u8>)> {
    let mut bytes = [0; LENGTHS];
    from.read_exact(&mut bytes)?;
    let (head, body) = lengths(bytes)?;
    let mut head = vec![0; head];
    from.read_exact(&mut head)?;
    let mut content = vec![0; body];
    from.read_exact(&mut content)?;
    Ok((serde_json::from_slice(&head)?, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_too_long_ones_are_refused() {
        let mut sent = Vec::new();
        write(&mut sent, &Ask::Draw { page: 3, dpi: 150.0 }, b"body").unwrap();
        let (ask, body): (Ask, _) = read(&mut sent.as_slice()).unwrap();
        assert!(matches!(ask, Ask::Draw { page: 3, .. }));
        assert_eq!(body, b"body");
        assert!(lengths([0xff; LENGTHS]).is_err());
        assert!(read::<Ask>(&mut &sent[..sent.len() - 1]).is_err());
    }
}
