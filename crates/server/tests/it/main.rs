//! The edge as browsers and scripts meet it: a real port, a real office behind it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "a test that can't go on has failed; helpers outside of test functions say so the same way"
)]

mod as_of;
mod bad_input;
mod differences;
mod evidence;
mod harness;
mod headers;
mod imports;
mod keys;
mod ledger;
mod openapi;
mod refusals;
mod serving;
mod sign_in;
mod timer;
mod views;
