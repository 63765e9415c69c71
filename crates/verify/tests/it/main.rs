//! The verifier from outside: what an obvious writer made is whole, and whatever is altered in it is found and named.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test that can't go on has failed; helpers outside of test functions say so the same way"
)]

mod evidence;
mod hostile;
mod ledger;
mod vectors;
mod writer;
mod written_by_us;
