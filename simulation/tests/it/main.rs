//! Seventy offices, two thousand actions each; and an auditor that is shown to see what is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that breaks off says where"
)]

mod doctored;
mod seeds;
