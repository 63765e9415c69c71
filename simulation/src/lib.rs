//! A seeded office in which people do what people do, plausible or not, and an auditor that shares no code with it.
//!
//! Owns the play and the audit. Must never reach around the office's pipeline, nor take the office's word for what it
//! audits.

pub mod auditor;
pub mod book;
mod people;
pub mod play;
mod steps;

pub use play::Play;
