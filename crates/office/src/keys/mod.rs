//! The office's own keys: when it was opened and by whose shares, and when it was backed up (clauses 1.3.1, 3.3.1.4). Owns what the journal says of
//! keys; the keys themselves never come here.

pub mod backup;
pub mod opening;
