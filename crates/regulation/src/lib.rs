//! The ground floor: levels, markings, clauses, parameters, working days, and the folding of sloppy input.
//!
//! Owns the words and numbers of the regulation, as data of the rule pack. No I/O: texts are handed in. Knows no
//! record, no store, no person.

pub mod calendar;
pub mod clause;
pub mod fold;
pub mod level;
pub mod marking;
pub mod pack;
pub mod parameter;
mod reader;
pub mod role;
pub mod time;
pub mod words;

pub use calendar::{Calendar, Deadline, YearCalendar};
pub use clause::{Clause, Clauses};
pub use level::Level;
pub use marking::{Limits, Marking, MarkingError, Period, PeriodUnit};
pub use pack::{Problem, RulePack};
pub use parameter::{BoundError, Param, Parameter, Parameters, Source};
pub use role::{PersonClass, Role};
pub use time::{Date, Moment};
pub use words::{Category, Channel, Urgency};
