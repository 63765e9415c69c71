//! The child's side.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::confine::confine;
use super::frame::{self, Answer, Ask};
use crate::{Bounds, Document, Fault, Fonts, recognise};

/// Confines this process and answers through its standard input and output until nobody asks any more. Never call it
/// in a process that has anything else to do.
///
/// # Errors
/// When a limit can't be set or the pipe breaks.
pub fn run() -> io::Result<()> {
    let fonts = Fonts::of_this_machine();
    fonts.load_substitutes();
    // What a damaged file makes a library say belongs to nobody's log: it may hold pieces of the file.
    std::panic::set_hook(Box::new(|_| {}));
    let filtered = confine()?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    frame::write(&mut output, &Answer::Ready { filtered }, &[])?;
    answer_all(&fonts, &mut input, &mut output)
}

fn answer_all(fonts: &Fonts, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut open: Option<Box<dyn Document>> = None;
    loop {
        let (ask, body) = match frame::read::<Ask>(input) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        };
        let answered = catch_unwind(AssertUnwindSafe(|| answer(&ask, body, &mut open, fonts)));
        let (head, body) = match answered {
            Ok(Ok(answered)) => answered,
            Ok(Err(fault)) => (Answer::Fault(fault), Vec::new()),
            Err(_) => {
                let fault = Fault::damaged("file", "the reader stumbled over it");
                (Answer::Fault(fault), Vec::new())
            }
        };
        frame::write(output, &head, &body)?;
    }
}

fn answer(
    ask: &Ask,
    body: Vec<u8>,
    open: &mut Option<Box<dyn Document>>,
    fonts: &Fonts,
) -> Result<(Answer, Vec<u8>), Fault> {
    if let Ask::Open = ask {
        let kind = recognise(&body)?;
        let document = crate::open(body, Bounds::default(), fonts)?;
        let size = |page| document.size(page).map(|size| (size.width, size.height));
        let sizes = (0..document.page_count()).map(size).collect::<Result<Vec<_>, _>>()?;
        *open = Some(document);
        return Ok((Answer::Opened { kind, sizes }, Vec::new()));
    }
    let document = open.as_mut().ok_or_else(|| Fault::damaged("file", "none is open"))?;
    match ask {
        Ask::Open => Err(Fault::damaged("file", "another is open")),
        Ask::Draw { page, dpi } => {
            let drawn = document.draw(*page, *dpi)?;
            Ok((Answer::Drawn { width: drawn.width, height: drawn.height }, drawn.rgb))
        }
        Ask::Text { page } => {
            let text = document.text(*page)?;
            let json = serde_json::to_vec(&text).map_err(|error| Fault::damaged("text", error))?;
            Ok((Answer::Text, json))
        }
        Ask::Notices => {
            Ok((Answer::Notices(document.notices().into_iter().map(Into::into).collect()), Vec::new()))
        }
    }
}
