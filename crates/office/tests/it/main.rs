//! The office's acceptance tests, through actions.

mod harness;
mod receipts;
mod loans;
mod people;
mod store;
mod equality;
mod refusal_texts;
