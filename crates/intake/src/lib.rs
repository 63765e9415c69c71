//! An office's old receipt ledger becomes typed rows with reasons. No I/O beyond the bytes handed in; knows no store.
//!
//! First the file becomes a book of sheets of text ([`open`]), then header rows and columns are recognised
//! ([`recognise`], which a person may correct), then each row is read by itself ([`read`]). A row that can't be taken
//! refuses itself only.

mod book;
mod recognise;
mod row;
mod rows;

pub use book::{Book, IntakeError, Sheet, SheetRow, open};
pub use recognise::{Field, SheetPlan, recognise};
pub use row::{LedgerRow, Outcome, RefusedRow};
pub use rows::read;
