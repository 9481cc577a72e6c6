//! A driver's fault ends its caller, and no other task.

use tests::ensure::{Answer, contains, same};

use crate::terminal::Terminal;

const DRIVER: &str = "kernel/src/dev/family/faulty.rs:";

/// A panic names its line; the module stays in use by the dead, and goes by force.
pub(crate) fn panic(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod faulty"])?;
    let oops = terminal.line("cat /dev/faulty")?;
    contains(&oops, "oops #1 on CPU ")?;
    contains(&oops, "(cat): panic: range end index 4096 out of range for slice of length 4\n")?;
    contains(&oops, &format!("\n  at {DRIVER}"))?;
    contains(&oops, "FileOperations<kernel::machine::Kernel>>::read+0x")?;
    contains(&oops, "(cat) ends with -EFAULT: Bad address; the machine goes on\nOops\n")?;
    goes_on(terminal, "139\n")
}

/// A page fault names its line as well.
pub(crate) fn null_pointer(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod faulty"])?;
    let oops = terminal.line("echo x > /dev/faulty")?;
    contains(&oops, "oops #1 on CPU ")?;
    contains(&oops, "(echo): page fault")?;
    contains(&oops, DRIVER)?;
    contains(&oops, "FileOperations<kernel::machine::Kernel>>::write+0x")?;
    contains(&oops, "\nOops\n")?;
    goes_on(terminal, "139\n")
}

/// The shell calls no driver itself, neither for a builtin nor in the background.
pub(crate) fn builtins(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod faulty"])?;
    let builtins = [
        "history > /dev/faulty",
        "kill abc 2> /dev/faulty",
        "wait 77 2> /dev/faulty",
        "exit 300 2> /dev/faulty",
        "true && jobs x > /dev/faulty 2>&1",
    ];
    for line in builtins {
        let oops = terminal.line(line)?;
        contains(&oops, "page fault")?;
        contains(&oops, "ends with -EFAULT: Bad address; the machine goes on\nOops\n")?;
        terminal.says("echo $?", "139\n")?;
    }
    terminal.line("true && history > /dev/faulty &")?;
    terminal.line("wait $!; echo status $?")?;
    terminal.until("status 139\n")?;
    let refused = "rmmod: faulty: Device or resource busy\nrmmod: faulty: in use by 6 open files\n";
    terminal.says("rmmod faulty", refused)?;
    terminal.lines(&["rmmod -f faulty"])
}

/// What the kernel says for a program that has died is said to the screen, and its hooks are free for the
/// next.
pub(crate) fn run(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod faulty"])?;
    let oops = terminal.line("run counter > /dev/faulty")?;
    contains(&oops, "(run): page fault")?;
    contains(&oops, "\nOops\n")?;
    terminal.says("echo $?", "139\n")?;
    contains(&terminal.line("run counter lock=spinlock")?, "verdict: clean (as expected: clean)\n")
}

fn goes_on(terminal: &mut Terminal, status: &str) -> Answer {
    terminal.says("echo $?", status)?;
    contains(&terminal.line("lsmod")?, "\nfaulty                 1  major=0\n")?;
    let refused = "rmmod: faulty: Device or resource busy\nrmmod: faulty: in use by 1 open file\n";
    terminal.says("rmmod faulty", refused)?;
    // A reader that wants no more than there is gets it, from the same device.
    terminal.says("head -c 4 /dev/zero | wc -c", "4\n")?;
    terminal.lines(&["rmmod -f faulty", "insmod faulty", "rmmod faulty"])?;
    let ps = terminal.line("ps")?;
    same("what is left of the dead", ps.matches("/dev/faulty").count(), 0)
}

/// The task that unplugs the device does not wait for one that dies in it meanwhile.
pub(crate) fn in_the_way(terminal: &mut Terminal) -> Answer {
    terminal.lines(&["insmod faulty"])?;
    terminal.line("cat /dev/faulty & echo x > /dev/faulty & rmmod -f faulty")?;
    terminal.line("wait")?;
    terminal.says("lsmod", "Module           Used by  Parameters\n")
}
