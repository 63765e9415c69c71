//! People: departments, persons with class, clearance, commitment and review, and the accounts they sign in with.
//!
//! Owns chapter 3.5 of the regulation as far as access depends on it. Must never check a password by itself
//! somewhere else: sign-in goes through [`account::SignIn`].

pub mod account;
pub mod department;
pub mod person;
pub mod rights;
pub mod views;

pub use account::Account;
pub use department::Department;
pub use person::Person;
