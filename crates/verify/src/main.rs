//! The program around [`jingui_verify::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    jingui_verify::run(std::env::args_os().skip(1), &mut out).into()
}
