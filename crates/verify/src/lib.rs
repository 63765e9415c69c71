//! Whether an exported ledger, or a file of evidence, is whole; without a secret key and without a line of the code that
//! wrote it. What it reads is written down in `docs/ledger-format.md`.
//!
//! Trusts nothing that it reads: lengths are bounded before anything is allocated, memory doesn't grow with the ledger,
//! and whatever isn't exactly as the format says is refused with its place.

mod arguments;
mod checkpoint;
mod evidence;
mod ledger;
mod lines;
mod note_key;
mod opening;
mod suite;
mod tree;
mod verdict;

use std::ffi::OsString;
use std::io::Write;

use arguments::Arguments;
use verdict::Failure;

/// Whole.
pub const WHOLE: u8 = 0;
/// Broken, rolled back, forked, or not signed by whom it should be.
pub const BROKEN: u8 = 1;
/// Can't tell: arguments or files that can't be read.
pub const UNCLEAR: u8 = 2;

/// Does what the arguments (without the program's name) ask for, writes the verdict, answers the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> u8 {
    let (code, said) = match check(arguments, out) {
        Ok(()) => (WHOLE, Ok(())),
        Err(Failure::Broken(words)) => (BROKEN, writeln!(out, "破损 / broken: {words}")),
        Err(Failure::Unclear(words)) => (UNCLEAR, writeln!(out, "错误 / error: {words}")),
    };
    // A verdict that nobody could read is none.
    if said.and_then(|()| out.flush()).is_ok() { code } else { code.max(UNCLEAR) }
}

fn check(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<(), Failure> {
    let Some(arguments) = Arguments::read(arguments)? else {
        return Ok(writeln!(out, "{}", arguments::HELP)?);
    };
    if arguments.path.is_dir() { ledger::verify(&arguments, out) } else { evidence::verify(&arguments, out) }
}
