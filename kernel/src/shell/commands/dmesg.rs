//! `dmesg`: the last lines of the kernel.

use core::fmt::Write;

use kcore::errno::Errno;

use super::command::{Command, unexpected};
use crate::console::log;
use crate::mm::Text;
use crate::process::Process;
use crate::process::process::STDOUT;
use crate::shell::state::machine;

pub(super) const COMMAND: Command =
    Command::program("dmesg", "", "the last lines of the kernel, with their times", main);

fn main(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    let hz = machine().boot.tsc_hz.max(1);
    let mut gone = 0;
    let text = Text::written(|text| {
        gone = log::visit(|cycles, line| {
            let microseconds = u128::from(cycles) * 1_000_000 / u128::from(hz);
            let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
            write!(text, "[{seconds:>5}.{rest:06}] {line}").map_err(|_| Errno::ENOSPC)
        })?;
        Ok(())
    });
    if gone > 0 {
        me.print(format_args!("... {gone} earlier lines are not kept\n"));
    }
    match text.and_then(|text| me.write_all(STDOUT, text.as_bytes())) {
        Ok(()) => 0,
        Err(errno) => {
            me.lose_output(errno);
            1
        }
    }
}
