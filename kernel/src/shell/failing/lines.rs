//! The lines that are tried: each command, each file whose text is made, each module and what its devices do,
//! what stands between commands; and each experiment. `kmemleak-test` is not among them: it is made to lose
//! memory.

use alloc::format;
use alloc::string::String;

use kcore::experiment::{self, Experiment};

/// A line to be tried.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// What is done before.
    pub(super) before: &'a str,
    /// The line.
    pub(super) line: &'a str,
    /// What is done afterwards, whatever came of it.
    pub(super) after: &'a str,
    /// Whether it prints the same each time.
    pub(super) is_exact: bool,
}

/// A line that prints the same each time.
const fn exact(line: &'static str) -> Line<'static> {
    Line { before: "", line, after: "", is_exact: true }
}

/// One that does not: there are times, addresses or numbers of tasks in it, or which task comes first is
/// luck.
const fn varies(line: &'static str) -> Line<'static> {
    Line { is_exact: false, ..exact(line) }
}

/// One that needs something `before`, and something to be done `after` it.
const fn between(before: &'static str, line: &'static str, after: &'static str) -> Line<'static> {
    Line { before, after, ..varies(line) }
}

/// All but the experiments, by what they are about.
pub(super) static LINES: &[Line<'static>] = &[
    // Commands.
    exact("awk '$2==\"mem\" {print $1}' /proc/devices"),
    between("mknod /dev/other c 1 3", "chgrp staff /dev/other; chmod 600 /dev/other", "rm /dev/other"),
    exact("grep -q ^staff: /etc/group"),
    between("", "ln -sf null /dev/other", "rm -f /dev/other"),
    exact("cat /proc/version /proc/mounts /proc/devices /proc/modules nope"),
    between("", "cd /dev", "cd /"),
    exact("clear"),
    exact("cp /proc/version /dev/null"),
    varies("dd if=/dev/zero of=/dev/null bs=512 count=3"),
    varies("dmesg"),
    exact("echo one 'two three' $?"),
    exact("exit 0"),
    exact("explain counter"),
    exact("false"),
    between("sleep 0.001 &", "fg", "wait"),
    varies("free"),
    exact("head -n 1 /proc/version"),
    exact("help"),
    exact("help cat nope"),
    exact("hexdump /proc/version"),
    varies("history"),
    exact("id"),
    exact("ioctl /dev/null 0x5401"),
    between("sleep 0.001 &", "jobs", "wait"),
    exact("kill 99999"),
    exact("list"),
    exact("ls -l /dev /nope"),
    varies("ls /proc /sys/kernel/debug"),
    exact("lsmod"),
    between("", "mknod /dev/other c 1 3", "rm /dev/other"),
    exact("mount"),
    exact("poll /dev/zero in 0"),
    between("", "probe rendezvous=slot.store 2", "probe off"),
    exact("probe"),
    exact("probe off"),
    varies("ps"),
    exact("printf '%5s|%x|%b' one 255 two"),
    exact("pwd"),
    between("mknod /dev/other c 1 3", "rm /dev/other", "rm /dev/other"),
    exact("rmmod nope"),
    exact("run nope"),
    exact("seq -w 8 11"),
    exact("sleep 0"),
    between("", "su 1000", "su"),
    exact("sync"),
    exact("tail -n 1 /proc/version"),
    exact("cat /proc/version | tee /dev/null"),
    exact("touch /dev/null"),
    exact("true"),
    exact("tty"),
    exact("uname -a"),
    varies("uptime"),
    between("sleep 0.001 &", "wait", "wait"),
    exact("wc /proc/version /proc/mounts"),
    // What stands between commands.
    exact("cat /proc/version | head -n 1 | wc"),
    exact("help | tail -n 2"),
    exact("history | cat > /dev/null"),
    exact("true && echo yes || echo no ; echo end"),
    exact("echo hidden > /dev/null"),
    exact("cat < /proc/version 2>&1"),
    exact("pwd 2>&1"),
    varies("time true"),
    between("", "sleep 0 &", "wait"),
    between("", "true && sleep 0 &", "wait"),
    exact("a=1; b=$a; echo \"$b\" ${b:-x} /dev/n* $((a + 1))"),
    exact("echo $(echo one; echo two) `pwd`"),
    exact("for i in 1 2; do if [ $i = 2 ]; then echo yes; fi; done"),
    exact("( cd /dev; pwd ); { echo a; echo b; } | cat"),
    exact("echo a b | { read x y; echo $y; }"),
    exact("{ echo a; pwd; } > /dev/null"),
    between("", "set -- a b; shift", "set --"),
    exact("sh /proc/nope"),
    exact("nope"),
    exact("echo 'open"),
    exact("| cat"),
    // Texts that are made.
    varies("cat /proc/cpuinfo /proc/interrupts /proc/meminfo /proc/uptime"),
    varies("cat /proc/slabinfo"),
    varies("cat /proc/lock_stat"),
    varies("cat /proc/self/status /proc/1/stack"),
    varies("echo scan > /sys/kernel/debug/kmemleak"),
    varies("cat /sys/kernel/debug/kmemleak"),
    // Modules, and what their devices do.
    between("", "insmod scull", "rmmod scull"),
    between("", "insmod scull edition=book lock=none quantum=64 qset=4", "rmmod scull"),
    between("", "insmod complete", "rmmod complete"),
    between("", "insmod faulty", "rmmod faulty"),
    between("", "insmod sleepy", "rmmod sleepy"),
    exact("insmod nope"),
    exact("insmod scull lock=nope"),
    between("insmod scull", "rmmod scull", "rmmod scull"),
    between("insmod scull", "lsmod", "rmmod scull"),
    between("insmod scull quantum=16 qset=2", "dd if=/dev/zero of=/dev/scull0 bs=16 count=6", "rmmod scull"),
    between("insmod scull", "echo hello > /dev/scull0 ; cat /dev/scull0", "rmmod scull"),
    between("insmod scull", "echo hello > /dev/scullpipe0", "rmmod -f scull"),
    between("insmod scull", "cat /dev/scullsingle /dev/sculluid /dev/scullwuid", "rmmod scull"),
    between("insmod scull", "echo mine > /dev/scullpriv ; cat /dev/scullpriv", "rmmod scull"),
    between("insmod scull ; echo hello > /dev/scull0", "cat /proc/scullmem /proc/scullseq", "rmmod scull"),
    between("insmod scull", "cat /proc/scullpipe /proc/lock_stat", "rmmod scull"),
    between("insmod scull", "ioctl /dev/scull0 SCULL_IOCGQUANTUM", "rmmod scull"),
    between("insmod complete", "echo x > /dev/complete", "rmmod -f complete"),
    between("insmod complete ; echo x > /dev/complete", "cat /dev/complete", "rmmod -f complete"),
];

/// The lines that run `entry`, a little of it: as it is unguarded, and as it is guarded first.
pub(super) fn of(entry: &'static Experiment) -> impl Iterator<Item = String> {
    entry.locks().take(2).map(move |lock| format!("run {} lock={lock} quanta=2 rounds=1", entry.name))
}

/// All experiments.
pub(super) fn experiments() -> impl Iterator<Item = &'static Experiment> {
    experiment::ALL.iter().copied()
}
