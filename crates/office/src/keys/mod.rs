//! The office's own keys: when it was opened and by whose shares, when it was backed up, and
//! whether it went on behind what others saw (clauses 1.3.1, 3.3.1.4). Owns what the journal says of
//! keys; the keys themselves never come here.

pub mod backup;
pub mod go_on;
pub mod opening;
pub mod upkeep;
