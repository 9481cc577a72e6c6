//! A shell on a terminal.

use std::fs::File;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use crate::fake;

/// A QEMU that is killed leaves the terminal raw, and one can be wider than the kernel takes.
#[test]
fn the_terminal_is_as_it_was_and_as_wide_as_it_may_be() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).and_then(|()| unlockpt(&master)).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(name).unwrap();
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
