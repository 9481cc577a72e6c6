//! Devices in which tasks sleep: which task is woken, what Ctrl-C leaves behind, and what becomes of them
//! when the module goes.

use tests::ensure::{Answer, contains, lacks, same};

use crate::terminal::Terminal;

const READER: &str = "cat /dev/complete";

/// Tasks that sleep in a read of `/dev/complete`.
fn sleepers(ps: &str) -> usize {
    ps.lines()
        .filter(|line| line.contains(" S ") && line.contains("complete::read") && line.ends_with(READER))
        .count()
}

fn put_to_sleep(terminal: &mut Terminal, readers: usize) -> Answer {
    for _ in 0..readers {
        terminal.line(&format!("{READER} &"))?;
    }
    terminal.ask("ps", |ps| sleepers(ps) == readers).map(drop)
}

/// A write wakes one of three; an interrupted reader leaves nothing behind.
pub(crate) fn three_readers(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod complete"])?;
    put_to_sleep(terminal, 3)?;
    terminal.line("echo hello > /dev/complete")?;
    terminal.until("awoken ")?;
    same("those that sleep on", sleepers(&terminal.line("ps")?), 2)?;
    terminal.ask("jobs", |jobs| jobs.matches("Running").count() == 2)?;
    terminal.begin(READER, READER)?;
    terminal.until("going to sleep")?;
    terminal.keys("\x03")?;
    contains(&terminal.rest()?, "going to sleep\n^C\n")?;
    terminal.says("echo $?", "130\n")?;
    let ps = terminal.line("ps")?;
    same("those that sleep now", sleepers(&ps), 2)?;
    same("readers that there are", ps.matches(READER).count(), 2)?;
    let refused = "rmmod: complete: Device or resource busy\nrmmod: complete: in use by 2 open files\n";
    terminal.says("rmmod complete", refused)?;
    terminal.line("echo bye > /dev/complete")?;
    terminal.line("echo bye > /dev/complete")?;
    terminal.line("wait")?;
    same("those that were woken", terminal.shown().matches("awoken ").count(), 3)?;
    terminal.lines(&["jobs", "rmmod complete"])
}

/// A module stays while a file of it is open, and what it does goes on.
pub(crate) fn in_use(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod scull"])?;
    terminal.line("cat /dev/scullpipe0 &")?;
    let refused = "rmmod: scull: Device or resource busy\nrmmod: scull: in use by 1 open file\n";
    // To ask by rmmod would take the module away before the job has opened the device.
    terminal.ask("lsmod", |said| said.contains("\nscull                  1  lock="))?;
    terminal.says("rmmod scull; echo $?", &format!("{refused}1\n"))?;
    terminal.line("echo still here > /dev/scullpipe0")?;
    terminal.until("still here\n")?;
    terminal.line("kill %1")?;
    terminal.line("wait")?;
    terminal.lines(&["rmmod scull"])?;
    terminal.says("ls /dev/scull0", "ls: /dev/scull0: No such file or directory\n")
}

/// Forced out, it takes its devices along: a task that sleeps in one is woken with `-ENODEV`.
pub(crate) fn unplugged(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod complete"])?;
    put_to_sleep(terminal, 3)?;
    terminal.line("rmmod -f complete; echo $?")?;
    terminal.line("wait")?;
    let shown = terminal.shown();
    same("complaints", shown.matches("cat: /dev/complete: No such device\n").count(), 3)?;
    same("jobs that failed", shown.matches("  Exit 1      cat /dev/complete\n").count(), 3)?;
    lacks(shown, "awoken ")?;
    lacks(&terminal.line("lsmod")?, "complete")?;
    terminal.says("cat /dev/complete", "cat: /dev/complete: No such file or directory\n")?;
    terminal.lines(&["insmod complete", "rmmod complete", "jobs"])
}
