//! Incidents: what went wrong, who answers, how it ended (clauses 3.1.3.6, 5.1.3).

pub mod incident;
pub mod views;
