//! `ls`: names.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::shell::edit::editor::in_columns;
use kcore::tools::options;

use super::command::{Command, misuse};
use super::terminal;
use crate::fs::{self, Entry, Kind};
use crate::print_to;
use crate::process::Process;

pub(super) const COMMAND: Command = Command::program(
    "ls",
    "[-l] [-a] [PATH]...",
    "names in directories; -l with all there is to know (no name is hidden)",
    main,
)
.of_ours();

fn main(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "la") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let is_long = options.has('l');
    let paths = if options.operands.is_empty() { &["."] } else { &options.operands[..] };
    let mut status = 0;
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    for path in paths {
        match find(me, path) {
            Ok(Found::File(entry)) => files.push(entry),
            Ok(Found::Directory(entries)) => directories.push((path, entries)),
            Err(errno) => {
                me.complain(path, errno);
                status = 1;
            }
        }
    }
    show(me, &files, is_long);
    let mut gap = if files.is_empty() { "" } else { "\n" };
    for (path, entries) in directories {
        if paths.len() > 1 {
            print_to!(me, "{gap}{path}:\n");
        }
        show(me, &entries, is_long);
        gap = "\n";
    }
    status
}

/// What is at a path.
enum Found {
    File(Entry),
    Directory(Vec<Entry>),
}

fn find(me: &Process, path: &str) -> Result<Found, Errno> {
    let whole = me.absolute(path);
    let arguments = format_args!("AT_FDCWD, \"{path}\", AT_SYMLINK_NOFOLLOW");
    match me.makes("newfstatat", arguments, || fs::lstat(&whole))? {
        Entry { kind: Kind::Directory, .. } => {
            me.makes("getdents64", format_args!("\"{path}\""), || fs::list(&whole)).map(Found::Directory)
        }
        entry => Ok(Found::File(Entry { name: path.into(), ..entry })),
    }
}

fn show(me: &Process, entries: &[Entry], is_long: bool) {
    if is_long {
        print_to!(me, "{}", entries.iter().map(line).collect::<String>());
        return;
    }
    let name = |entry: &Entry| {
        let mark = match entry.kind {
            Kind::Directory => "/",
            Kind::Link(_) => "@",
            _ => "",
        };
        alloc::format!("{}{mark}", entry.name)
    };
    let names: Vec<String> = entries.iter().map(name).collect();
    // A reader that takes it line by line is no terminal.
    let width = if terminal::is_output(me) { terminal::width() } else { 1 };
    print_to!(me, "{}", in_columns(&names, width));
}

/// `crw-rw-rw-  root  staff  250,   0  scull0`
fn line(entry: &Entry) -> String {
    let mut target = String::new();
    let (letter, numbers) = match &entry.kind {
        Kind::Directory => ('d', String::new()),
        Kind::Device(number) => ('c', alloc::format!("{}, {}", number.major, number.minor)),
        Kind::Generated => ('-', String::new()),
        Kind::Link(to) => {
            target = alloc::format!(" -> {to}");
            ('l', String::new())
        }
    };
    let mut mode = String::from(letter);
    for bit in (0..9).rev() {
        let is_set = entry.mode >> bit & 1 != 0;
        mode.push(if is_set { ['x', 'w', 'r'][bit % 3] } else { '-' });
    }
    let group = fs::groups::name(entry.group);
    alloc::format!("{mode}  root  {group:<5} {numbers:>8}  {}{target}\n", entry.name)
}
