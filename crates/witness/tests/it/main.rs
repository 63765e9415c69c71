//! The witness from outside: a log that behaves, and several that don't.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test that can't go on has failed; helpers outside of test functions say so the same way"
)]

mod accepting;
mod files;
mod log;
mod protocol;
mod serving;
