//! `cat`: files, one after the other.

use kcore::dev::OpenFlags;
use kcore::errno::Errno;

use super::command::{Command, unexpected};
use crate::process::Process;
use crate::process::process::{STDIN, STDOUT};

pub(super) const COMMAND: Command =
    Command::program("cat", "[FILE]...", "write files, or what is typed, to the output", main);

/// Bytes of a read.
const BUFFER: usize = 4096;

fn main(me: &Process, arguments: &[&str]) -> i32 {
    if let Some(option) = unknown_option(arguments) {
        return unexpected(me, option);
    }
    let names = if arguments.is_empty() { &["-"] } else { arguments };
    let mut buffer = alloc::vec![0; BUFFER];
    let mut status = 0;
    for name in names {
        match each_file(me, name, |descriptor| copy(me, descriptor, &mut buffer)) {
            Ok(Ok(())) => {}
            Ok(Err(errno)) => {
                me.complain("write error", errno);
                return 1;
            }
            Err(errno) => {
                me.complain(name, errno);
                status = 1;
            }
        }
    }
    status
}

/// The inner error is one of writing, the outer one of reading.
fn copy(me: &Process, from: usize, buffer: &mut [u8]) -> Result<Result<(), Errno>, Errno> {
    loop {
        let count = me.read(from, buffer)?;
        let written = me.write_all(STDOUT, &buffer[..count]);
        if count == 0 || written.is_err() {
            return Ok(written);
        }
    }
}

/// What among names is none, but an option that no command has taken.
pub(super) fn unknown_option<'a>(names: &[&'a str]) -> Option<&'a str> {
    names.iter().copied().find(|name| name.starts_with('-') && *name != "-")
}

/// Opens the file called `name`, or takes what is typed for `-`, has `with` read it, and closes it.
pub(super) fn each_file<T>(
    me: &Process,
    name: &str,
    with: impl FnOnce(usize) -> Result<T, Errno>,
) -> Result<T, Errno> {
    if name == "-" {
        return with(STDIN);
    }
    let descriptor = me.open(name, OpenFlags::READ)?;
    let result = with(descriptor);
    me.close(descriptor)?;
    result
}
