//! People: departments and posts, persons with class, clearance, commitment, review and checks, and the accounts they sign
//! in with.
//!
//! Owns chapter 3.5 of the regulation as far as access depends on it. Must never check a password by itself
//! somewhere else: sign-in goes through [`account::SignIn`].

pub mod account;
pub mod check;
pub mod commitment;
pub mod department;
pub mod due;
pub mod holdings;
pub mod leaving;
pub mod person;
pub mod post;
pub mod review;
pub mod rights;
pub mod views;

pub use account::Account;
pub use check::SecrecyCheck;
pub use commitment::CommitmentText;
pub use department::Department;
pub use leaving::Leaving;
pub use person::Person;
pub use post::Post;
