//! The office's own keys: when it was opened and by whose shares, when it was backed up, whether it went on behind what
//! others saw, and how two people change keys and key holders (clauses 1.3.1, 3.3.1.4, 3.3.2.1). Owns what the journal
//! says of keys; the keys themselves never come here.

pub mod backup;
pub mod carried;
pub mod change;
pub mod go_on;
pub mod opening;
pub mod upkeep;
pub mod views;

pub use change::{ChangeState, KeyChange, Wanted};
