//! Commands that are part of the language of scripts, and `sh`, which runs one.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use kcore::class;
use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::shell::{Call, State, builtin, parse, test};
use kcore::sync::{Mutex, Own};

use super::command::{Command, MISUSE, misuse};
use super::terminal;
use crate::fs::{self, Kind};
use crate::machine::Kernel;
use crate::process::Process;
use crate::process::process::STDIN;
use crate::shell::Shell;
use crate::shell::running::Running;
use crate::shell::stage::Stage;

/// A command that is `builtin` of the language.
macro_rules! language {
    ($name:literal, $usage:literal, $summary:literal, $builtin:expr) => {
        Command::builtin($name, $usage, $summary, |shell, me, arguments| {
            let builtin: fn(&mut State, &[&str]) -> builtin::Ended = $builtin;
            ended(me, builtin(&mut shell.state, arguments))
        })
    };
}

pub(super) const COLON: Command = language!(":", "[WORD]...", "end with 0", |_, _| Ok(0));
pub(super) const BREAK: Command =
    language!("break", "[LOOPS]", "leave a loop", |state, words| builtin::leave_loops(state, words, false));
pub(super) const CONTINUE: Command =
    language!("continue", "[LOOPS]", "go on with the next turn of a loop", |state, words| {
        builtin::leave_loops(state, words, true)
    });
pub(super) const EXIT: Command =
    language!("exit", "[STATUS]", "end the shell, and the machine with it", builtin::exit);
pub(super) const EXPORT: Command =
    language!("export", "NAME[=VALUE]...", "give scripts a variable that are started", builtin::export);
pub(super) const SET: Command = language!(
    "set",
    "[-eu | +eu] [--] [WORD]...",
    "-e: end at a failure; words: the arguments",
    builtin::set
);
pub(super) const SHIFT: Command = language!("shift", "[COUNT]", "drop the first arguments", builtin::shift);
pub(super) const UNSET: Command = language!("unset", "NAME...", "take variables away", builtin::unset);
pub(super) const TEST: Command =
    Command::builtin("test", "[EXPRESSION]", "whether it holds: test -e FILE", holds);
pub(super) const BRACKET: Command = Command::builtin("[", "[EXPRESSION] ]", "the same: [ $a = $b ]", holds);
pub(super) const READ: Command = Command::builtin("read", "NAME...", "read a line into variables", read);
pub(super) const SH: Command = Command::builtin("sh", "FILE [ARGUMENT]...", "run a script", sh);

fn ended(me: &Process, ended: builtin::Ended) -> i32 {
    ended.unwrap_or_else(|why| misuse(me, format_args!("{why}")))
}

fn holds(_: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let words = match arguments {
        _ if me.name() != "[" => arguments,
        [words @ .., "]"] => words,
        _ => return misuse(me, format_args!("']' is missing")),
    };
    let holds = test::holds(words, &|letter, path| is_so(me, letter, path));
    ended(me, holds.map(|holds| i32::from(!holds)))
}

/// Whether what `letter` asks is so for a file.
fn is_so(me: &Process, letter: char, path: &str) -> bool {
    if letter == 't' {
        return path == "1" && terminal::is_output(me);
    }
    if "hL".contains(letter) {
        return fs::lstat(&me.absolute(path)).is_ok_and(|entry| matches!(entry.kind, Kind::Link(_)));
    }
    let Ok(entry) = fs::stat(&me.absolute(path)) else { return false };
    let root = me.credentials().euid == 0;
    let may = |bit: u16| if root { bit != 1 || entry.mode & 0o111 != 0 } else { entry.mode & bit != 0 };
    match letter {
        'e' => true,
        'f' => entry.kind == Kind::Generated,
        'd' => entry.kind == Kind::Directory,
        'c' => matches!(entry.kind, Kind::Device(_)),
        'r' => may(4),
        'w' => may(2),
        'x' => may(1),
        _ => false,
    }
}

/// Has a task read as `read` says, of what `me` reads: a driver that it reads from it may die of.
fn in_a_task(
    shell: &Shell,
    me: &Process,
    read: impl FnOnce(&Process, &mut Vec<u8>) -> Result<(), i32> + Send + 'static,
) -> Result<Vec<u8>, i32> {
    let bytes = Arc::new(Mutex::<_, Kernel>::new(Own(class!("what a shell reads")), Vec::new()));
    let into = Arc::clone(&bytes);
    let process = Process::new(me.name(), *me.credentials(), me.directory(), me.files());
    let process = Arc::new(process);
    let group = shell.group.clone().unwrap_or_default();
    let stage = Stage::from(Call { words: vec![me.name().into()], redirections: Vec::new() });
    let started = stage.start_to(&process, &group, move |process| {
        let mut bytes = Vec::new();
        let ended = read(process, &mut bytes);
        *into.lock() = bytes;
        process.close_all();
        process.end_status(ended.err().unwrap_or(0))
    });
    let mut running = Running::of(group);
    running.add(started.map_err(|error| crate::shell::execute::cannot_start(&process, error)));
    match running.wait() {
        0 => Ok(core::mem::take(&mut bytes.lock())),
        status => Err(status),
    }
}

/// As bytes come one by one no more is taken than the line.
fn read(shell: &mut Shell, me: &Process, names: &[&str]) -> i32 {
    let options = names.iter().take_while(|name| **name == "-r").count();
    if names.len() == options {
        return misuse(me, format_args!("which variable?"));
    }
    let line = in_a_task(shell, me, |process, line| {
        let mut byte = [0];
        loop {
            match process.read(STDIN, &mut byte) {
                Ok(1) if byte[0] != b'\n' => line.push(byte[0]),
                Ok(count) => {
                    line.extend((count == 1).then_some(b'\n'));
                    return Ok(());
                }
                Err(errno) => {
                    process.complain("read error", errno);
                    return Err(1);
                }
            }
        }
    });
    let Ok(line) = line else { return line.err().unwrap_or(1) };
    let line = String::from_utf8_lossy(&line);
    let whole = line.strip_suffix('\n');
    let taken = builtin::read(&mut shell.state, &names[options..], whole.unwrap_or(&line));
    ended(me, taken.map(|_| i32::from(whole.is_none())))
}

fn sh(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let (path, arguments) = match arguments {
        [path, arguments @ ..] if !path.starts_with('-') => (*path, arguments),
        _ => return misuse(me, format_args!("which script?")),
    };
    let name = String::from(path);
    let text = in_a_task(shell, me, move |process, text| {
        let mut read = || -> Result<(), Errno> {
            let file = process.open(&name, OpenFlags::READ)?;
            let mut buffer = [0; 512];
            loop {
                match process.read(file, &mut buffer)? {
                    0 => return Ok(()),
                    count => text.extend(&buffer[..count]),
                }
            }
        };
        read().map_err(|errno| {
            process.complain(&name, errno);
            127
        })
    });
    let lists = match text.map(|text| parse(&String::from_utf8_lossy(&text))) {
        Err(status) => return status,
        Ok(Err(error)) => {
            me.say(format_args!("{path}, line {}: {error}", error.line));
            return MISUSE;
        }
        Ok(Ok(lists)) => lists,
    };
    let mut script = shell.fork(me.files());
    script.state = shell.state.started(path, arguments);
    shell.apart(script, &lists)
}
