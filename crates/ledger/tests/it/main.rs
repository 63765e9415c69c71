//! The ledger from outside: proofs, notes and exported forms, against models, published vectors and other houses' code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::format_collect,
    clippy::many_single_char_names,
    clippy::similar_names,
    reason = "a test that can't go on has failed; helpers outside of test functions say so the same way"
)]

mod export;
mod notes;
mod proofs;
mod source;
