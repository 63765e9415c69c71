//! Reading in a confined process of its own: a child that is handed the bytes of a file through a pipe and hands back
//! pages and words, with no way to the network, to other files or to other programs. A hostile file ends the child.
//!
//! The child reads its fonts first, then gives up every right it doesn't need, and only then asks for the file.

mod child;
mod confine;
mod frame;
mod reader;
pub mod tools;

pub use child::run;
pub use reader::{Opened, Reader};
