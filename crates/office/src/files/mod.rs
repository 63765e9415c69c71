//! What was written: the files of an item, who may open them, who read which page (clauses 3.1.3.2, 3.1.3.5, 3.3.1.4).
//!
//! Knows names, sizes and states, never a byte of content: that lies in the vault, and the edge brings both together.
//! A file is read page by page and never leaves.

pub mod ceiling;
pub mod destroyed;
pub mod file;
pub mod knew;
pub mod print;
pub mod reading;
pub mod views;
pub mod whole;
pub mod words;

pub use ceiling::ContentApproval;
pub use file::{File, FileState};
pub use print::{Print, PrintState};
pub use reading::{PageRead, Reading};
