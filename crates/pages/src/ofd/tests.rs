//! Tests on small OFD files made here, one per feature: what is drawn where, which words are read,
//! and what hostile files come to.

mod drawing;
mod fixture;
mod hostile;
mod parts;
mod wording;
