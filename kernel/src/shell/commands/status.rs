//! `true`, `false`, `exit`: what things end with.

use super::command::{Command, misuse};
use crate::process::Process;
use crate::shell::Shell;

pub(super) const TRUE: Command = Command::program("true", "", "end with 0", |_, _| 0);
pub(super) const FALSE: Command = Command::program("false", "", "end with 1", |_, _| 1);
pub(super) const EXIT: Command =
    Command::builtin("exit", "[STATUS]", "end the shell, and the machine with it", exit);

fn exit(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let status = match arguments {
        [] => shell.status,
        [word] => match word.parse::<u8>() {
            Ok(status) => status.into(),
            Err(_) => return misuse(me, format_args!("'{word}' is no status from 0 to 255")),
        },
        _ => return misuse(me, format_args!("one status is enough")),
    };
    shell.exit = Some(status);
    status
}
