//! Incoming mail: signing for it, registering what was inside, and the old ledgers that come in as files
//! (clause 3.1.1.1).

pub mod import;
pub mod receipt;
pub mod register;
pub mod series;
pub mod source;
pub mod take_in;
pub mod views;

pub use receipt::Receipt;
pub use register::DocumentNumber;
