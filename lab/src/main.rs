//! `scullery`: the command behind `cargo run`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    lab::app::main(std::env::args_os())
}
