//! `dmesg`: the last lines of the kernel.

use alloc::string::String;

use super::command::{Command, unexpected};
use crate::console::log;
use crate::process::Process;
use crate::shell::state::machine;

pub(super) const COMMAND: Command =
    Command::program("dmesg", "", "the last lines of the kernel, with their times", main);

fn main(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    let hz = machine().boot.tsc_hz.max(1);
    let line = |line: &log::Line| {
        let microseconds = u128::from(line.cycles) * 1_000_000 / u128::from(hz);
        alloc::format!("[{:>5}.{:06}] {}", microseconds / 1_000_000, microseconds % 1_000_000, line.text)
    };
    let (lines, gone) = log::lines();
    if gone > 0 {
        me.print(format_args!("... {gone} earlier lines are not kept\n"));
    }
    let text: String = lines.iter().map(line).collect();
    me.print(format_args!("{text}"));
    0
}
