//! The real binary on the command line, and what is left of an office after it was killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::similar_names,
    reason = "a test that can't go on has failed; helpers outside of test functions say so the same way"
)]

mod backup;
mod cli;
mod content;
mod crash;
mod demo;
mod drills;
mod faults;
mod going_on;
mod keys;
mod program;
mod proof;
mod s3;
mod take_in;
mod tamper;
