//! `dd`: bytes in blocks, from anywhere to anywhere.

use alloc::format;
use alloc::string::String;

use kcore::dev::{OpenFlags, Whence};
use kcore::errno::Errno;
use kcore::machine::Cpu;
use kcore::settings::{Usage, bytes, number};

use super::command::{Command, MISUSE};
use crate::machine::Kernel;
use crate::process::Process;
use crate::process::process::{STDERR, STDIN, STDOUT};
use crate::shell::state::machine;
use crate::task::shortage;

pub(super) const COMMAND: Command = Command::program(
    "dd",
    "[if=FILE] [of=FILE] [bs=BYTES] [count=N] [skip=N] [seek=N] [iflag=nonblock] [oflag=nonblock,append] [conv=notrunc] [status=none|noxfer]",
    "copy blocks of bytes, and count them",
    main,
);

/// What Tab makes of the beginning of an operand.
pub(in crate::shell) const WORDS: &[&str] = &[
    "if=",
    "of=",
    "bs=",
    "count=",
    "skip=",
    "seek=",
    "iflag=",
    "oflag=",
    "conv=notrunc",
    "status=none",
    "status=noxfer",
];

/// Largest block, in bytes.
const LARGEST: u64 = 16 << 20;

/// What is asked for.
struct Task<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    block: usize,
    count: Option<u64>,
    skip: u64,
    seek: u64,
    input: OpenFlags,
    output: OpenFlags,
    told: Told,
}

/// What is to be said at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Records,
    All,
}

/// What was done: whole records, and others.
#[derive(Default)]
struct Done {
    read: (u64, u64),
    written: (u64, u64),
    bytes: u64,
}

fn main(me: &Process, arguments: &[&str]) -> i32 {
    let task = match task(arguments) {
        Ok(task) => task,
        Err(usage) => {
            me.say(format_args!("{usage}"));
            return MISUSE;
        }
    };
    let mut done = Done::default();
    let files = open(me, task.from, task.input, STDIN)
        .and_then(|input| Ok((input, open(me, task.to, task.output, STDOUT)?)));
    let Ok((input, output)) = files else { return 1 };
    let began = Kernel::cycles();
    let copied = copy(me, &task, input, output, &mut done);
    let cycles = Kernel::cycles() - began;
    match task.told {
        Told::Nothing => {}
        Told::Records => say(me, &done.records()),
        Told::All => say(me, &(done.records() + &done.speed(cycles))),
    }
    i32::from(copied.is_err())
}

fn task<'a>(arguments: &[&'a str]) -> Result<Task<'a>, Usage> {
    let mut task = Task {
        from: None,
        to: None,
        block: 512,
        count: None,
        skip: 0,
        seek: 0,
        input: OpenFlags::READ,
        output: OpenFlags::WRITE | OpenFlags::TRUNCATE,
        told: Told::All,
    };
    for argument in arguments {
        let (key, value) = argument.split_once('=').unwrap_or((argument, ""));
        match key {
            "if" => task.from = Some(value),
            "of" => task.to = Some(value),
            "bs" => task.block = bytes(key, value, 1, LARGEST)? as usize,
            "count" => task.count = Some(number(key, value, 0, u64::MAX)?),
            "skip" => task.skip = number(key, value, 0, i64::MAX as u64)?,
            "seek" => task.seek = number(key, value, 0, i64::MAX as u64)?,
            "iflag" => flags(key, value, &mut task.input)?,
            "oflag" => flags(key, value, &mut task.output)?,
            "conv" => match value.split(',').find(|word| *word != "notrunc") {
                None => task.output -= OpenFlags::TRUNCATE,
                Some(word) => return Err(Usage::unknown(key, word, &["notrunc"])),
            },
            "status" => match value {
                "none" => task.told = Told::Nothing,
                "noxfer" => task.told = Told::Records,
                _ => return Err(Usage::unknown(key, value, &["none", "noxfer"])),
            },
            _ => {
                let valid = ["if", "of", "bs", "count", "skip", "seek", "iflag", "oflag", "conv", "status"];
                return Err(Usage::unknown("operand", key, &valid));
            }
        }
    }
    Ok(task)
}

fn flags(key: &str, words: &str, flags: &mut OpenFlags) -> Result<(), Usage> {
    for word in words.split(',') {
        match word {
            "nonblock" => *flags |= OpenFlags::NONBLOCK,
            "append" => *flags = (*flags | OpenFlags::APPEND) - OpenFlags::TRUNCATE,
            _ => return Err(Usage::unknown(key, word, &["nonblock", "append"])),
        }
    }
    Ok(())
}

/// Complains about what goes wrong; then there is nothing more to say.
fn copy(me: &Process, task: &Task<'_>, input: usize, output: usize, done: &mut Done) -> Result<(), Errno> {
    let room = shortage::with_room_for(task.block);
    let mut buffer = room.inspect_err(|errno| me.complain("bs", *errno))?;
    buffer.resize(task.block, 0);
    let from = task.from.unwrap_or("standard input");
    let to = task.to.unwrap_or("standard output");
    skip(me, input, task.skip, &mut buffer).inspect_err(|errno| me.complain(from, *errno))?;
    if task.seek > 0 {
        let moved = me.llseek(output, Whence::Set, offset(task.seek, task.block));
        moved.inspect_err(|errno| me.complain(to, *errno))?;
    }
    while task.count.is_none_or(|count| done.read.0 + done.read.1 < count) {
        let count = me.read(input, &mut buffer).inspect_err(|errno| me.complain(from, *errno))?;
        if count == 0 {
            break;
        }
        note(&mut done.read, count == task.block);
        write(me, output, &buffer[..count], task.block, done).inspect_err(|errno| me.complain(to, *errno))?;
    }
    Ok(())
}

fn open(me: &Process, name: Option<&str>, flags: OpenFlags, or: usize) -> Result<usize, Errno> {
    match name {
        None => Ok(or),
        Some(name) => me.open(name, flags).inspect_err(|errno| me.complain(name, *errno)),
    }
}

fn offset(blocks: u64, block: usize) -> i64 {
    i64::try_from(u128::from(blocks) * block as u128).unwrap_or(i64::MAX)
}

/// Goes over blocks of the input: by seeking, or by reading where that is not possible.
fn skip(me: &Process, input: usize, blocks: u64, buffer: &mut [u8]) -> Result<(), Errno> {
    if blocks == 0 {
        return Ok(());
    }
    match me.llseek(input, Whence::Set, offset(blocks, buffer.len())) {
        Err(Errno::ESPIPE) => {}
        moved => return moved.map(drop),
    }
    for _ in 0..blocks {
        if me.read(input, buffer)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Writes a block, in as many calls as the driver makes of it.
fn write(me: &Process, output: usize, mut from: &[u8], block: usize, done: &mut Done) -> Result<(), Errno> {
    let is_whole = from.len() == block;
    while !from.is_empty() {
        let count = me.write(output, from)?;
        if count == 0 {
            return Err(Errno::ENOSPC);
        }
        done.bytes += count as u64;
        from = &from[count..];
    }
    note(&mut done.written, is_whole);
    Ok(())
}

fn note(records: &mut (u64, u64), is_whole: bool) {
    if is_whole { records.0 += 1 } else { records.1 += 1 }
}

impl Done {
    fn records(&self) -> String {
        let Done { read, written, .. } = self;
        format!("{}+{} records in\n{}+{} records out\n", read.0, read.1, written.0, written.1)
    }

    fn speed(&self, cycles: u64) -> String {
        let microseconds = u128::from(cycles) * 1_000_000 / u128::from(machine().boot.tsc_hz.max(1));
        let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
        let noun = if self.bytes == 1 { "byte" } else { "bytes" };
        // A byte in a microsecond is a megabyte in a second.
        let (rate, unit) = match u128::from(self.bytes) * 1000 / microseconds.max(1) {
            kilobytes @ ..1000 => (kilobytes, "kB/s"),
            kilobytes => (kilobytes / 1000, "MB/s"),
        };
        format!("{} {noun} copied, {seconds}.{rest:06} s, {rate} {unit}\n", self.bytes)
    }
}

/// Where no reader listens nothing is to be said.
fn say(me: &Process, text: &str) {
    let _ = me.write_all(STDERR, text.as_bytes());
}
