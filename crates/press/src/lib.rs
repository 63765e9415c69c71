//! The printer: a form's Typst source and its data become a PDF/A-2u, the same bytes for the same data and fonts.
//!
//! Owns the sources in `forms/` and the fonts they are set in. Knows no register and no store; must never put data into
//! the source of a form (it is read from a file beside it, as data), reach the network or the disk while it sets, or print
//! a box where a character belongs.

mod fonts;
mod world;

use serde::Serialize;
use typst::diag::{SourceDiagnostic, SourceResult};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use world::Desk;

/// The forms there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A bundle of evidence, for people to read.
    Evidence,
}

impl Form {
    /// Its source.
    const fn source(self) -> &'static str {
        match self {
            Self::Evidence => include_str!("../forms/evidence.typ"),
        }
    }
}

/// Why a form can't be printed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No font of this machine has Chinese characters.
    #[error("this machine has no Chinese font; install one, such as the package fonts-noto-cjk")]
    NoFont,
    /// A character that no font has, or data that the form can't take.
    #[error("the form can't be set: {0}; correct the data or install a font that has the character")]
    Form(String),
    /// The data isn't JSON.
    #[error("the data of the form can't be written as JSON; keys of maps must be text")]
    Data(#[from] serde_json::Error),
}

/// Sets forms with the fonts of this machine. Holds their bytes, some 50 MB: made for a piece of work, and dropped after.
pub struct Press {
    fonts: fonts::Fonts,
}

impl Press {
    /// Looks for the fonts of this machine: a Song and a Hei with Chinese characters, regular and bold.
    pub fn of_this_machine() -> Result<Self, Fault> {
        Ok(Self { fonts: fonts::Fonts::of_this_machine()? })
    }

    /// The form with this data, as PDF/A-2u. The form reads the data as the value of `data.json`.
    pub fn pdf(&self, form: Form, data: &impl Serialize) -> Result<Vec<u8>, Fault> {
        let desk = Desk::new(&self.fonts, form.source(), serde_json::to_vec(data)?)?;
        let printed = print(&desk);
        // What was worked out for this form is of no use to the next, and holds what the data said.
        typst::comemo::evict(0);
        printed.map_err(|faults| Fault::Form(told(&faults)))
    }
}

fn print(desk: &Desk<'_>) -> SourceResult<Vec<u8>> {
    let document: PagedDocument = typst::compile(desk).output?;
    let standards = PdfStandards::new(&[PdfStandard::A_2u]).unwrap_or_default();
    typst_pdf::pdf(&document, &PdfOptions { standards, ..PdfOptions::default() })
}

/// What is wrong, the first few.
fn told(faults: &[SourceDiagnostic]) -> String {
    let texts: Vec<String> = faults.iter().take(3).map(|fault| fault.message.to_string()).collect();
    texts.join("; ")
}
