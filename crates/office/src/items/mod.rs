//! Items and their numbered copies: what is registered, who may know of it, and who holds each copy.
//!
//! Owns chapter 2 and clauses 3.1.1.x. A copy's custody changes only through the transitions of [`Custody`]; each
//! of them leaves exactly one holder. Must never decide a loan.

pub mod allowed;
pub mod copy;
pub mod custody;
pub mod entrust;
pub mod held;
pub mod item;
pub mod mend;
pub mod past;
pub mod place;
pub mod reading;
pub mod revise;
pub mod scope;
pub mod search;
mod streams;
pub mod views;

pub use copy::Copy;
pub use custody::{Custody, Purpose};
pub use item::{Item, Void};
pub use scope::Scope;
