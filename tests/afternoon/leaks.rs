//! The leak of the book, found by kmemleak, and gone with the lock.

use tests::ensure::{Answer, contains, holds, same};

use crate::terminal::Terminal;

const KMEMLEAK: &str = "/sys/kernel/debug/kmemleak";
/// Two of these write to the same ten quanta; the file is opened for both, as one for writing alone is
/// emptied.
const WRITER: &str = "dd if=/dev/zero bs=4000 count=10 1<> /dev/scull0 &";

/// Two writers that meet before each store lose one quantum of two, wherever none is: the first is there
/// already.
pub(crate) fn without_a_lock_and_with(terminal: &mut Terminal) -> Answer {
    terminal.line("insmod scull lock=none")?;
    let report = scan_after_writers(terminal)?;
    contains(&report, "9 unreferenced objects, 36000 bytes, from 1 place:\n")?;
    same("objects", report.matches("unreferenced object 0x").count(), 9)?;
    same("their sizes", report.matches("(size 4000):\n  comm \"dd\"").count(), 9)?;
    same("stores that dropped them", report.matches("\n  last reference dropped ").count(), 9)?;
    same("stores that these raced with", report.matches("\n  raced with dd ").count(), 9)?;
    let stores = report.lines().filter(|line| line.contains("store to slot at kcore/src/scull/follow.rs:"));
    same("places of both", stores.count(), 18)?;
    let writes = report.matches("File<M>::write kcore/src/scull/file.rs:").count();
    // A backtrace is told once for all that come one after the other and share it.
    let repeated = report.matches("\n  backtrace: that of the object before\n").count();
    holds("a backtrace tells of scull's write", writes > 0)?;
    same("backtraces of scull's write", writes + repeated, 9)?;
    // A function's path is as long as it is.
    let fits =
        |line: &str| line.len() <= 100 || line.contains(" kcore/src/") || line.contains(" kernel/src/");
    holds("it fits the terminal", report.lines().all(fits))?;
    terminal.lines(&["rmmod scull", &format!("echo clear > {KMEMLEAK}"), "insmod scull lock=semaphore"])?;
    let report = scan_after_writers(terminal)?;
    same("the report behind a lock", report.as_str(), "")?;
    terminal.lines(&["rmmod scull"])
}

fn scan_after_writers(terminal: &mut Terminal) -> Result<String, String> {
    terminal.lines(&["echo prepared 1<> /dev/scull0"])?;
    terminal.line("probe rendezvous=slot.store")?;
    for _ in 0..2 {
        terminal.line(WRITER)?;
    }
    terminal.line("wait")?;
    terminal.line("probe off")?;
    terminal.line(&format!("echo scan > {KMEMLEAK}"))?;
    terminal.line(&format!("cat {KMEMLEAK}"))
}
