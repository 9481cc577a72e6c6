//! `clear`, `tty`: the terminal.

use kcore::dev::ioctl::TCGETS;

use super::command::Command;
use crate::print_to;
use crate::process::Process;
use crate::process::process::{STDIN, STDOUT};
use crate::shell::state::machine;
use crate::tty::input;

pub(super) const CLEAR: Command = Command::program("clear", "", "clear the screen", clear);
pub(super) const TTY: Command = Command::program("tty", "", "the terminal's name, if the input is one", tty);

/// Columns of a terminal that did not say.
const USUAL_WIDTH: usize = 80;

fn clear(me: &Process, _arguments: &[&str]) -> i32 {
    print_to!(me, "\x1b[H\x1b[2J");
    0
}

fn tty(me: &Process, _arguments: &[&str]) -> i32 {
    let is_terminal = me.ioctl(STDIN, TCGETS, 0).is_ok();
    print_to!(me, "{}\n", if is_terminal { "/dev/console" } else { "not a tty" });
    i32::from(!is_terminal)
}

/// Whether the output is a terminal.
pub(super) fn is_output(me: &Process) -> bool {
    me.ioctl(STDOUT, TCGETS, 0).is_ok()
}

/// How wide the terminal is that the descriptor leads to, if it does, and has said so.
pub(super) fn room(me: &Process, descriptor: usize) -> Option<usize> {
    let columns = machine().settings.columns?;
    me.ioctl(descriptor, TCGETS, 0).is_ok().then_some(columns as usize)
}

/// How wide the terminal is.
pub(super) fn width() -> usize {
    let told = machine().settings.columns.map(|columns| columns as usize);
    input::columns().or(told).unwrap_or(USUAL_WIDTH)
}
