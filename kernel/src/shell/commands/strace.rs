//! `strace`: the calls of a command.

use alloc::string::ToString;
use alloc::vec::Vec;

use kcore::dev::OpenFlags;
use kcore::tools::{options, strace};

use super::command::{Command, Run, misuse};
use crate::process::Process;
use crate::process::process::STDERR;
use crate::process::trace::{DESCRIPTOR, Trace};

pub(super) const COMMAND: Command = Command::program(
    "strace",
    "[-T] [-e CALL,...] [-o FILE] COMMAND [WORD]...",
    "run a command, and show each of its calls; -T: how long it takes; -o: in FILE, not on stderr",
    main,
);

fn main(me: &Process, words: &[&str]) -> i32 {
    let options = match options(words, "+e:o:T") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let Some((name, arguments)) = options.operands.split_first() else {
        return misuse(me, format_args!("which command?"));
    };
    let mut only = Vec::new();
    for (_, calls) in options.found.iter().filter(|(letter, _)| *letter == 'e') {
        for call in calls.strip_prefix("trace=").unwrap_or(calls).split(',') {
            let call = if call == "open" { "openat" } else { call };
            if !strace::CALLS.contains(&call) {
                return misuse(
                    me,
                    format_args!("invalid system call '{call}'; valid: {}", strace::CALLS.join(", ")),
                );
            }
            only.push(call.to_string());
        }
    }
    let Some(command) = super::find(name) else {
        me.say(format_args!("cannot find executable '{name}'"));
        return 1;
    };
    if matches!(command.run, Run::Builtin(_)) || command.cpu.is_some() {
        me.say(format_args!("'{name}' is no process of its own here"));
        return 1;
    }
    let file = options.found.iter().rev().find(|(letter, _)| *letter == 'o');
    let to = match file {
        Some((_, path)) => {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
            me.open_as(DESCRIPTOR, path, flags).map_err(|errno| me.complain(path, errno))
        }
        None => me.file(STDERR).map(|file| me.set_file(DESCRIPTOR, file)).map_err(drop),
    };
    if to.is_err() {
        return 1;
    }
    me.trace(Trace { name: name.to_string(), only, is_timed: options.has('T') });
    let status = me.end_status(me.last_word(command.run_as(me, arguments)));
    me.has_ended(status);
    status
}
