//! `uname`, `uptime`, `free`, `sync`, `dmesg`: the machine.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use kcore::counted::Counted;
use kcore::errno::Errno;
use kcore::machine::Cpu;
use kcore::report::Boot;
use kcore::settings::Config;
use kcore::tools::{Options, System, options};

use crate::console::log;
use crate::machine::Kernel;
use crate::mm::{Text, heap};
use crate::process::Process;
use crate::process::process::STDOUT;
use crate::shell::state::machine;
use crate::task::listing;
use crate::{frames, print_to, time};

use super::command::{Command, misuse, unexpected};

pub(super) const UNAME: Command =
    Command::program("uname", "[-asnrvm]", "what kernel and machine this is", uname);
pub(super) const UPTIME: Command = Command::program("uptime", "", "how long it is up", uptime);
pub(super) const FREE: Command = Command::program("free", "", "memory, used and free, in bytes", memory);
pub(super) const SYNC: Command = Command::program("sync", "", "nothing: all there is, is in memory", sync);

fn uname(me: &Process, arguments: &[&str]) -> i32 {
    let Boot { version, machine, accel, cpus, .. } = machine().boot;
    let options = match options(arguments, "asnrvm") {
        Ok(Options { operands, .. }) if !operands.is_empty() => return unexpected(me, operands[0]),
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let parts = [
        ('s', "Scullery".into()),
        ('n', "(none)".into()),
        ('r', version.clone()),
        ('v', format!("{} {machine} ({accel}) {}", Config::OURS, Counted((*cpus).into(), "CPU"))),
        ('m', "x86_64".to_string()),
    ];
    let is_wanted = |letter| match options.found.is_empty() {
        true => letter == 's',
        // The machine has no name.
        false => options.has(letter) || options.has('a') && letter != 'n',
    };
    let wanted: Vec<String> =
        parts.into_iter().filter(|(letter, _)| is_wanted(*letter)).map(|(_, part)| part).collect();
    print_to!(me, "{}\n", wanted.join(" "));
    0
}

fn uptime(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    let ms = u128::from(Kernel::cycles()) * 1000 / u128::from(machine().boot.tsc_hz.max(1));
    print_to!(me, "up {}.{:03} s, {} tasks\n", ms / 1000, ms % 1000, listing::list().count());
    0
}

fn memory(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    let Boot { memory_bytes, heap_bytes, .. } = *machine().boot;
    let heap::Room { used, free, .. } = heap::room();
    print_to!(me, "{:<8}{:>14}{:>14}{:>14}\n", "", "total", "used", "free");
    let frames = frames::free_bytes();
    print_to!(me, "{:<8}{memory_bytes:>14}{:>14}{frames:>14}\n", "frames", memory_bytes - frames);
    print_to!(me, "{:<8}{heap_bytes:>14}{used:>14}{free:>14}\n", "heap");
    0
}

fn sync(_me: &Process, _arguments: &[&str]) -> i32 {
    0
}

pub(super) const DMESG: Command = Command::program(
    "dmesg",
    "[-w]",
    "the last lines of the kernel, with their times; -w waits for more",
    dmesg,
);

/// How often `dmesg -w` looks for more, in microseconds.
const PAUSE: u64 = 100_000;

fn dmesg(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "w") {
        Ok(Options { operands, .. }) if !operands.is_empty() => return unexpected(me, operands[0]),
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let mut seen = 0;
    loop {
        match show_log(me, seen) {
            Ok(lines) => seen = lines,
            Err(errno) => {
                me.lose_output(errno);
                return 1;
            }
        }
        // What ends the wait ends the process.
        if !options.has('w') || me.pause(PAUSE).is_err() {
            return 0;
        }
    }
}

/// Shows the lines of the kernel but the first `seen`; how many there were up to now.
fn show_log(me: &Process, seen: u64) -> Result<u64, Errno> {
    let (mut gone, mut all) = (0, 0);
    let text = Text::written(|text| {
        gone = log::visit(|number, cycles, line| {
            all = number + 1;
            if number < seen {
                return Ok(());
            }
            let micro = time::in_microseconds(cycles);
            let (seconds, rest) = (micro / 1_000_000, micro % 1_000_000);
            write!(text, "[{seconds:>5}.{rest:06}] {line}").map_err(|_| Errno::ENOSPC)
        })?;
        Ok(())
    })?;
    if gone > seen {
        me.print(format_args!("... {} earlier lines are not kept\n", gone - seen));
    }
    me.write_all(STDOUT, text.as_bytes()).map(|()| all)
}
