//! A shell on a terminal.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use crate::fake;

/// A QEMU that is killed leaves the terminal raw, and one can be wider than the kernel takes.
#[test]
fn the_terminal_is_as_it_was_and_as_wide_as_it_may_be() {
    let (_master, terminal) = pair();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 20_000, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let modes = || tcgetattr(&terminal).unwrap().local_modes;
    let before = modes();
    let mut shell = fake::scullery(&["shell"]);
    shell.env("FAKE_RAW", "1").env("FAKE_SIGNAL", "KILL").env("FAKE_ARGUMENTS", "1");
    let output = shell.stdin(terminal.try_clone().unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(modes(), before);
    let arguments = String::from_utf8(output.stdout).unwrap();
    assert!(arguments.contains("columns=10000\n"), "{arguments}");
}

/// A terminal, and what is behind it.
fn pair() -> (OwnedFd, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).and_then(|()| unlockpt(&master)).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    (master, File::options().read(true).write(true).open(name).unwrap())
}

/// What the program shows on a terminal of so many columns.
fn shown(columns: u16, arguments: &[&str]) -> String {
    let (master, terminal) = pair();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let mut program = fake::scullery(arguments);
    program
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .env("FAKE_COM1", REPORT)
        .env("FAKE_COM2", fake::SUMMARY);
    program.stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let mut child = program.spawn().unwrap();
    drop(program);
    let mut bytes = Vec::new();
    // Without a program at its other end it says so with an error.
    let _ = File::from(master).read_to_end(&mut bytes);
    child.wait().unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Lines of a kernel that are longer than a terminal.
const REPORT: &str = "Scullery\n\
    \x20 writer-B (CPU 1) stored over it at kcore/src/scull/follow.rs:75: that was the last reference, and more\n\
    verdict: raced (as expected: raced)\n\
    again: cargo run -- run scull-leak --lock none --probe script=A.slot.load,B.slot.load --writers 2 --quanta 1\n";

/// What goes on in the next line is said in the same words, and a command is still one.
#[test]
fn no_word_of_a_report_is_broken() {
    let text = anstream::adapter::strip_str(&shown(80, &["tour"])).to_string().replace('\r', "");
    assert_eq!(text.replace(" \\\n  ", " ").replace("\n    ", " "), REPORT, "{text}");
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}

/// No line is longer than the terminal, but for the commands that are to be copied; where there is room, more
/// than 80 columns are used, and no more than 100.
#[test]
fn nothing_is_wider_than_the_terminal() {
    for (columns, most) in [(80, 80), (100, 100), (200, 100)] {
        for arguments in [
            &["--help"][..],
            &["list"],
            &["explain", "scull-leak"],
            &["explain", "R1"],
            &["run", "--help"],
            &["run", "nothing"],
        ] {
            let text = shown(columns, arguments);
            assert!(text.contains('\x1b'), "{arguments:?} has colours: {text}");
            let text = anstream::adapter::strip_str(&text).to_string();
            let widths =
                text.lines().filter(|line| !line.contains("cargo run -- ")).map(|line| line.chars().count());
            let widest = widths.max().unwrap();
            assert!(
                widest <= most && (columns == 80 || widest > 80),
                "{columns} {arguments:?}: {widest}\n{text}"
            );
        }
    }
}
