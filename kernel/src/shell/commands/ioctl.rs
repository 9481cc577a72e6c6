//! `ioctl`: any command to any driver.

use kcore::dev::{OpenFlags, UserBytes, UserMemory, ioctl};
use kcore::errno::Errno;
use kcore::number;
use kcore::scull::ioctl as scull;

use super::command::{Command, misuse};
use crate::print_to;
use crate::process::Process;
use crate::process::process::MEMORY;

pub(super) const COMMAND: Command = Command::program(
    "ioctl",
    "FILE COMMAND [ARGUMENT]",
    "send a driver a command: its number, or a name like SCULL_IOCQQUANTUM",
    main,
)
.of_ours();

/// The names of the book.
const NAMES: &[(&str, u32)] = &[
    ("SCULL_IOCRESET", scull::IOCRESET),
    ("SCULL_IOCSQUANTUM", scull::IOCSQUANTUM),
    ("SCULL_IOCSQSET", scull::IOCSQSET),
    ("SCULL_IOCTQUANTUM", scull::IOCTQUANTUM),
    ("SCULL_IOCTQSET", scull::IOCTQSET),
    ("SCULL_IOCGQUANTUM", scull::IOCGQUANTUM),
    ("SCULL_IOCGQSET", scull::IOCGQSET),
    ("SCULL_IOCQQUANTUM", scull::IOCQQUANTUM),
    ("SCULL_IOCQQSET", scull::IOCQQSET),
    ("SCULL_IOCXQUANTUM", scull::IOCXQUANTUM),
    ("SCULL_IOCXQSET", scull::IOCXQSET),
    ("SCULL_IOCHQUANTUM", scull::IOCHQUANTUM),
    ("SCULL_IOCHQSET", scull::IOCHQSET),
    ("SCULL_P_IOCTSIZE", scull::P_IOCTSIZE),
    ("SCULL_P_IOCQSIZE", scull::P_IOCQSIZE),
];

/// Where the argument of a command that wants an address is.
const ADDRESS: usize = UserBytes::<MEMORY>::BASE;

fn main(me: &Process, arguments: &[&str]) -> i32 {
    let (file, command, argument) = match arguments {
        [file, command] => (file, command, "0"),
        [file, command, argument] => (file, command, *argument),
        _ => return misuse(me, format_args!("a file and a command are needed")),
    };
    let Some(command) = self::command(command) else {
        return misuse(me, format_args!("'{command}' is no command"));
    };
    let Some(number) = number::integer(argument) else {
        return misuse(me, format_args!("'{argument}' is no number"));
    };
    let argument = match (is_by_address(command), i32::try_from(number)) {
        (false, _) => Argument::Value(number as usize),
        (true, Ok(int)) => Argument::Pointed(int),
        (true, Err(_)) => return misuse(me, format_args!("'{argument}' is no int")),
    };
    match send(me, file, command, argument) {
        Ok(answer) => {
            print_to!(me, "{answer}\n");
            0
        }
        Err(errno) => {
            me.complain(file, errno);
            1
        }
    }
}

/// How a command takes its argument.
#[derive(Clone, Copy)]
enum Argument {
    /// As it is.
    Value(usize),
    /// In memory, where it leaves its answer, too.
    Pointed(i32),
}

/// Commands that name a size want an address.
fn is_by_address(command: u32) -> bool {
    ioctl::size(command) == size_of::<i32>() && ioctl::direction(command) != 0
}

fn send(me: &Process, file: &str, command: u32, argument: Argument) -> Result<i64, Errno> {
    let descriptor = me.open(file, OpenFlags::READ_WRITE).or_else(|_| me.open(file, OpenFlags::READ))?;
    let int = match argument {
        Argument::Value(value) => return me.ioctl(descriptor, command, value).map(|answer| answer as i64),
        Argument::Pointed(int) => int,
    };
    me.memory().put_int(ADDRESS, int)?;
    let answer = me.ioctl(descriptor, command, ADDRESS)?;
    if ioctl::direction(command) & ioctl::READ != 0 {
        me.memory().get_int(ADDRESS).map(i64::from)
    } else {
        Ok(answer as i64)
    }
}

fn command(word: &str) -> Option<u32> {
    let named = NAMES.iter().find(|(name, _)| *name == word || name.strip_prefix("SCULL_") == Some(word));
    match named {
        Some((_, command)) => Some(*command),
        None => u32::try_from(number::integer(word)?).ok(),
    }
}
