//! `poll`: what can be done with a file without sleeping.

use alloc::string::String;

use kcore::dev::{Events, OpenFlags};
use kcore::errno::Errno;

use super::command::{Command, misuse};
use super::status;
use crate::print_to;
use crate::process::Process;

pub(super) const COMMAND: Command = Command::program(
    "poll",
    "FILE [in|out] [SECONDS]",
    "wait until a file can be read or written, and say what it is ready for",
    main,
)
.of_ours();

const NAMES: [(&str, Events); 4] =
    [("in", Events::IN), ("out", Events::OUT), ("error", Events::ERROR), ("hang-up", Events::HANG_UP)];

fn main(me: &Process, arguments: &[&str]) -> i32 {
    let Some((file, options)) = arguments.split_first() else {
        return misuse(me, format_args!("which file?"));
    };
    let mut wanted = Events::empty();
    let mut cycles = None;
    for option in options {
        match (*option, status::cycles(option)) {
            ("in", _) => wanted |= Events::IN,
            ("out", _) => wanted |= Events::OUT,
            (_, Some(time)) => cycles = Some(time),
            _ => return misuse(me, format_args!("'{option}' is not understood")),
        }
    }
    match ask(me, file, wanted, cycles) {
        Ok(events) => {
            let names = NAMES.iter().filter(|(_, event)| events.contains(*event)).map(|(name, _)| *name);
            let words = names.collect::<alloc::vec::Vec<_>>().join(" ");
            print_to!(me, "{}\n", if words.is_empty() { String::from("nothing") } else { words });
            i32::from(events.is_empty())
        }
        Err(errno) => {
            me.complain(file, errno);
            1
        }
    }
}

/// Waits for what is `wanted`; when nothing is said, for whatever the caller may do with the file.
fn ask(me: &Process, file: &str, wanted: Events, cycles: Option<u64>) -> Result<Events, Errno> {
    let open = |flags| me.open(file, flags | OpenFlags::NONBLOCK);
    let (descriptor, wanted) = match (wanted.is_empty(), wanted.contains(Events::OUT)) {
        (true, _) => match open(OpenFlags::READ_WRITE) {
            Err(Errno::EACCES) => (open(OpenFlags::READ)?, Events::IN),
            opened => (opened?, Events::IN | Events::OUT),
        },
        (_, true) => (open(OpenFlags::READ_WRITE)?, wanted),
        // Not for writing where that is not asked for.
        (_, false) => (open(OpenFlags::READ)?, wanted),
    };
    me.poll(descriptor, wanted, cycles)
}
