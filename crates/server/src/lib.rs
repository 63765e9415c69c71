//! The HTTP edge: sign-in, sessions, routes, live updates, the embedded console.
//!
//! Owns what only a server needs: cookies, headers, limits, wording of problems, the API document. Must never decide
//! who may do what (the office's pipeline does), hold SQL, or let an inner error text out.

mod actions;
mod as_of;
mod backups;
mod console;
mod content;
mod differences;
mod edge;
mod evidence;
mod form;
mod guard;
mod held;
mod imports;
mod input;
mod keys;
mod language;
mod ledger;
mod live;
mod openapi;
mod people_sheets;
mod people_views;
mod problem;
mod router;
mod routes;
mod rules;
mod schemas;
mod sealed;
mod serve;
mod session;
mod sheets;
mod sign_in;
mod slip;
mod throttle;
mod timer;
mod told;
mod verification;
mod view;
mod views;
mod witness;
mod wording;

pub use backups::{Commands, PLACE, quoted};
pub use content::{Content, mark_key};
pub use held::{Decided, Lacking, hold};
pub use keys::{Keeper, Write};
pub use live::Live;
pub use openapi::document;
pub use sealed::{Attempt, Opened, wait};
pub use serve::{Config, Running, ServeError, Tls, serve};
pub use witness::{Answered, WitnessAt, newest, offer};
