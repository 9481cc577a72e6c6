//! `ioctl`: any command to any driver.

use kcore::dev::{OpenFlags, UserBytes, UserMemory, ioctl};
use kcore::errno::Errno;
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
);

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
    let Some(argument) = integer(argument) else {
        return misuse(me, format_args!("'{argument}' is no number"));
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

/// Commands that name a size find their argument in memory, and leave their answer there; the others take it as it is.
fn send(me: &Process, file: &str, command: u32, argument: i64) -> Result<i64, Errno> {
    let descriptor = me.open(file, OpenFlags::READ_WRITE).or_else(|_| me.open(file, OpenFlags::READ))?;
    let by_address = ioctl::size(command) == size_of::<i32>() && ioctl::direction(command) != 0;
    if !by_address {
        return me.ioctl(descriptor, command, argument as usize).map(|answer| answer as i64);
    }
    me.memory().put_int(ADDRESS, argument as i32)?;
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
        None => u32::try_from(integer(word)?).ok(),
    }
}

/// A number, decimal or `0x...`.
fn integer(word: &str) -> Option<i64> {
    match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}
