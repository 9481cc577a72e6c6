//! Models of CPUs: each works, or is refused by the name of what it lacks.

use std::process::Command;

use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::same;

use crate::races::clean;

/// The models that have no 64-bit mode, and what is missed first.
const TOO_OLD: [(&str, &str); 10] = [
    ("486", MSR),
    ("athlon", LM),
    ("base", MSR),
    ("coreduo", LM),
    ("kvm32", LM),
    ("n270", LM),
    ("pentium", "physical address extension (pae)"),
    ("pentium2", LM),
    ("pentium3", LM),
    ("qemu32", LM),
];
const MSR: &str = "model-specific registers (msr)";
const LM: &str = "64-bit mode (lm)";

/// What a CPU may be without, and what is missed then.
const LACKS: [(&str, &str); 13] = [
    ("max,-apic", "a local APIC (apic)"),
    ("max,-cmov", "conditional moves (cmov)"),
    ("max,-lm", LM),
    ("max,-msr", MSR),
    ("max,-nx", "no-execute pages (nx)"),
    ("max,-pae", "physical address extension (pae)"),
    ("max,-pge", "global pages (pge)"),
    ("max,-sse", "memory fences (sse, sse2)"),
    ("max,-sse2", "memory fences (sse, sse2)"),
    ("max,-tsc", "a time-stamp counter (tsc)"),
    ("qemu64,-apic", "a local APIC (apic)"),
    ("qemu64,-lm", LM),
    ("qemu64,-nx", "no-execute pages (nx)"),
];

/// What is not missed.
const SPARE: [&str; 8] = [
    "max,-clflush",
    "max,-cx16",
    "max,-cx8",
    "max,-fxsr",
    "max,-pdpe1gb",
    "max,-pse",
    "max,-rdtscp",
    "max,-syscall,-sep",
];

pub(crate) fn trials() -> Vec<Trial> {
    let refused = TOO_OLD
        .into_iter()
        .chain(LACKS)
        .flat_map(|(cpu, feature)| [1, 4].map(|cpus| refused(cpu, cpus, feature)));
    let models = models();
    let works = models.iter().map(String::as_str).filter(|model| TOO_OLD.iter().all(|(old, _)| old != model));
    let works = works.chain(SPARE).map(preempts);
    refused.chain(works).map(Case::trial).collect()
}

/// The models that this QEMU has, without their versions; `host` is one with KVM only.
fn models() -> Vec<String> {
    let Ok(output) = Command::new("qemu-system-x86_64").args(["-cpu", "help"]).output() else {
        return Vec::new();
    };
    let listed = String::from_utf8_lossy(&output.stdout);
    let names = listed.lines().filter_map(|line| line.strip_prefix("x86 ")?.split_whitespace().next());
    let is_version =
        |name: &str| name.rsplit_once("-v").is_some_and(|(_, number)| number.parse::<u32>().is_ok());
    names.filter(|name| !is_version(name) && *name != "host").map(str::to_string).collect()
}

/// One line, whatever was to be run.
fn refused(cpu: &str, cpus: u32, feature: &str) -> Case {
    let line = format!("Scullery needs a CPU that has {feature}\n");
    Case::new(format!("cpu-models::{cpu}::{cpus}"), format!("run preempt lock=none cpu={cpu} cpus={cpus}"))
        .ends(Status::Usage)
        .check(move |outcome| same("what is said", &outcome.com1, &line))
}

/// A task loses its CPU in the middle of a store, by the clock, and a lock keeps that from doing harm.
fn preempts(cpu: &str) -> Case {
    let words = format!("run preempt lock=spinlock cpu={cpu} cpus=2 quanta=20 rounds=1");
    Case::new(format!("cpu-models::{cpu}"), words).run(clean)
}
