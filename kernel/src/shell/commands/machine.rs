//! `uname`, `uptime`, `free`, `sync`, `dmesg`: the machine.

use core::fmt::Write;

use kcore::errno::Errno;
use kcore::machine::Cpu;
use kcore::report::Boot;
use kcore::settings::Config;
use kcore::tools::System;

use crate::console::log;
use crate::machine::Kernel;
use crate::mm::{Text, heap};
use crate::process::Process;
use crate::process::process::STDOUT;
use crate::shell::state::machine;
use crate::task::listing;
use crate::{frames, print_to};

use super::command::{Command, unexpected};

pub(super) const UNAME: Command = Command::program("uname", "[-a]", "what kernel and machine this is", uname);
pub(super) const UPTIME: Command = Command::program("uptime", "", "how long it is up", uptime);
pub(super) const FREE: Command = Command::program("free", "", "memory, used and free, in bytes", memory);
pub(super) const SYNC: Command = Command::program("sync", "", "nothing: all there is, is in memory", sync);

fn uname(me: &Process, arguments: &[&str]) -> i32 {
    let Boot { version, machine, accel, cpus, .. } = machine().boot;
    match arguments {
        [] => print_to!(me, "Scullery\n"),
        ["-a"] => {
            print_to!(me, "Scullery {version} {} {machine} ({accel}) {cpus} CPUs x86_64\n", Config::OURS)
        }
        [word, ..] => return unexpected(me, word),
    }
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

pub(super) const DMESG: Command =
    Command::program("dmesg", "", "the last lines of the kernel, with their times", dmesg);

fn dmesg(me: &Process, arguments: &[&str]) -> i32 {
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
