//! Who may: the Cedar policies of the rule pack, compiled once and asked for every action.
//!
//! Owns: the facts a policy may see, the schema made from the registered actions, the decision with the clauses it
//! rests on. Default deny; an error while evaluating denies.
//!
//! Must never: read a record, know a state machine, or remember anything between two questions.

mod engine;
mod facts;

pub use engine::{Decision, Engine, PolicyProblem};
pub use facts::{Asker, EVERYONE, Thing, department_token, person_token};
