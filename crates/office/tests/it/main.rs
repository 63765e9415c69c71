//! The office's acceptance tests, through actions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::too_many_lines,
    clippy::unused_self,
    clippy::format_collect,
    reason = "a test that breaks off says where"
)]

mod clauses;
mod equality;
mod files;
mod harness;
mod keys;
mod leaving;
mod loans;
mod past;
mod people;
mod personnel;
mod proposals;
mod receipts;
mod refusal_texts;
mod searching;
mod store;
mod upkeep;
