//! What is asked of the whole: workbench, journal, saved filters.

pub mod differences;
pub mod filters;
pub mod journal;
pub mod workbench;
