//! Machines that break: each says what broke, where, and leaves with the status for it.

use kcore::settings::Config;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, lacks, same};

pub(crate) fn trials() -> Vec<Trial> {
    let told = [
        ("panic", "*** panic on CPU 0, task 1 (main)\na panic that was asked for\n  at kernel/src/"),
        (
            "page-fault",
            "*** exception on CPU 0, task 1 (main)\npage fault: read of 00000deadbeef000, where nothing is mapped",
        ),
        ("write-text", "page fault: write to ffffffff80200000, the kernel's code, which is read-only"),
        ("write-window", "page fault: write to ffff800000200000, physical memory that nobody writes"),
        ("write-idt", ", the table of interrupts, which is read-only"),
        ("execute-data", ", the kernel's data, which is not executable"),
        ("stack-overflow", "stack overflow: double fault at guard page "),
        ("invalid-opcode", "invalid opcode (vector 6)"),
        ("divide", "divide error (vector 0)"),
        (
            "forgotten-guards",
            "preemption is off more often than can be counted: guards of locks were forgotten",
        ),
    ];
    let one_cpu = told.into_iter().flat_map(|(fault, says)| {
        [1, 4].map(|cpus| {
            let case =
                Case::new(format!("faults::{fault}::{cpus}-cpus"), format!("fault {fault} cpus={cpus}"));
            case.ends(Status::Panic).says(says).check(|outcome| frames(&outcome.com1))
        })
    });
    one_cpu
        .chain(others())
        .chain(alone())
        .chain(with_the_machine())
        .chain(symbols())
        .map(Case::trial)
        .collect()
}

fn others() -> [Case; 5] {
    [
        Case::new("faults::panic-other", "fault panic-other cpus=4")
            .ends(Status::Panic)
            .says("*** panic on CPU 3, task ")
            .says("(victim)\na panic that was asked for, on another CPU\n")
            .check(|outcome| same("panics", outcome.com1.matches("***").count(), 1)),
        Case::new("faults::triple-fault", "fault triple-fault").ends(Status::Dead).never_says("***"),
        Case::new("faults::hang", "fault hang timeout=2").ends(Status::TimeLimit).never_says("***"),
        Case::new("faults::hang-of-one-cpu", "fault hang timeout=2 cpus=1").ends(Status::TimeLimit),
        // Without experiments nothing else owes a summary: a machine that broke reports its boot and no more.
        Case::new("faults::no-summary", "fault panic").ends(Status::Panic).check(|outcome| {
            same("records", outcome.report.lines.len(), 1)?;
            holds("no summary", outcome.report.summary().is_none())
        }),
    ]
}

/// A task that may die alone does so, and says what Linux would say. The in-kernel cases show that nothing is
/// lost.
fn alone() -> impl Iterator<Item = Case> {
    let told = [1, 4].map(|cpus| {
        let words = format!("test oops::says-where cpus={cpus}");
        Case::new(format!("faults::oops::says-where::{cpus}-cpus"), words)
            .says("\noops #1 on CPU 0, task ")
            .says("(victim): page fault: read of 0000000000000000, a null pointer\nrip ffffffff8")
            .says("] kernel::cases::oops::null+0x")
            .says("  kernel/src/fault.rs:")
            .says("ends with -EFAULT: Bad address; the machine goes on\n")
            .never_says("***")
            .check(|outcome| lacks(&outcome.com1, env!("CARGO_MANIFEST_DIR").trim_end_matches("tests")))
    });
    let bare = Case::new("faults::oops::without-symbols", "test oops::says-where").without_symbols();
    let bare = bare.says("backtrace:\n    rip [<ffffffff8").never_says("kernel/src/");
    let thousand = Case::new("faults::oops::a-thousand", "test oops::a-thousand");
    let kinds = Config::ALL
        .iter()
        .map(|config| Case::new(format!("faults::oops::{config}"), "test oops::each-kind").config(*config));
    told.into_iter().chain([bare, thousand]).chain(kinds)
}

/// Where something of the kernel's own is left half done, a fault ends the machine, whatever the task.
fn with_the_machine() -> impl Iterator<Item = Case> {
    let cases = [
        ("interrupts-off", "page fault: read of 0000000000000000"),
        ("lock-of-the-kernel", "page fault: read of 0000000000000000"),
        ("in-a-handler", "page fault: read of 0000000000000000"),
        ("not-mortal", "page fault: read of 0000000000000000"),
        ("no-stack-left", "page fault: read of 0000000000000000"),
        ("stack-overflow", "stack overflow: double fault at guard page "),
    ];
    cases.into_iter().map(|(name, says)| {
        let case = Case::new(format!("faults::oops::{name}"), format!("test oops::{name}"));
        case.ends(Status::Panic).says("*** exception on CPU ").says(says).never_says("goes on")
    })
}

/// The kernel knows its own functions where it was handed its ELF, and does without elsewhere.
fn symbols() -> impl Iterator<Item = Case> {
    let there = ["microvm", "q35", "pc"].map(|machine| {
        let words = format!("test symbols::are-there machine={machine}");
        Case::new(format!("faults::symbols::{machine}"), words)
    });
    let without = Case::new("faults::symbols::none", "test symbols::are-not-there").without_symbols();
    let elsewhere = Case::new("faults::symbols::of-no-use-elsewhere", "test symbols::are-not-there");
    there.into_iter().chain([without, elsewhere.disk("bios")])
}

/// A backtrace of the kernel's code, from the fault up to where the kernel was entered.
pub(crate) fn frames(com1: &str) -> Answer {
    let addresses = com1.lines().filter_map(|line| line.trim().strip_prefix("[<")?.strip_suffix(">]"));
    let addresses: Vec<u64> = addresses.map_while(|address| u64::from_str_radix(address, 16).ok()).collect();
    let several = addresses.len() >= 3 || com1.contains("... and again, ");
    holds("the backtrace has several frames", several)?;
    let text = 0xffff_ffff_8020_0000..0xffff_ffff_8100_0000;
    holds("they lie in the kernel", addresses.iter().all(|address| text.contains(address)))
}
