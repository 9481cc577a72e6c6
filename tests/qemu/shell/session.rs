//! What a reader of LDD3, chapters 3 to 6, types: sixty lines, none of which is refused.

use lab::status::Status;
use libtest_mimic::Trial;
use tests::ensure::{Answer, same};

use super::load::{LOAD, UNLOAD, beside};

/// The lines.
const LINES: &str = include_str!("session.sh");
/// How many they are.
const COUNT: usize = 60;

/// With which words a line is refused.
const REFUSALS: &[&str] =
    &["command not found", "is not offered", "usage:", "unknown parameter", "cannot be"];

/// Some of what is said, in this order.
const SAYS: &[&str] = &[
    "scull has major 254",
    "crw-rw-rw-  root  staff   254, 0  /dev/scullx",
    "10+0 records in",
    "0010240",
    "10240",
    "write(4, \"\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\"..., 4096) = 4000",
    "5+0 records out",
    "4000",
    "8000",
    "0.1.0",
    "8\t4\t1\t7",
    "ended with 130",
    "out",
    "device 0",
    "device 3",
    "<0>",
    "<2>",
    "uid=1000 euid=1000 terminal=0",
    "echo: /dev/scullsingle: Device or resource busy",
    "1",
    "x",
    "/dev/console",
    "139",
    "there",
    "gone",
    "parm: quantum=",
];

pub(super) fn trial() -> Trial {
    Trial::test("shell::session", || Ok(session()?))
}

fn session() -> Answer {
    same("the lines of the session", LINES.lines().count(), COUNT)?;
    let said = beside(&[("load", LOAD), ("unload", UNLOAD)], LINES, Status::Expected, SAYS)?;
    let refused: Vec<&str> =
        said.lines().filter(|line| REFUSALS.iter().any(|refusal| line.contains(refusal))).collect();
    same("what is refused", refused, Vec::new())
}
