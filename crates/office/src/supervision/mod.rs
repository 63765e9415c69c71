//! What is asked of the whole: workbench, journal, evidence, saved filters.

pub mod differences;
pub mod evidence;
pub mod filters;
pub mod journal;
pub mod workbench;
