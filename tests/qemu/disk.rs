//! The other doors: the same kernel from a disk image, by BIOS and by UEFI.
//!
//! Images need a toolchain of their own and are made only when asked for: `cargo run -- image`. Where they
//! are missing, or older than the kernel, the tests are shown as ignored.

use kcore::settings::Verdict;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::same;

use crate::faults::frames;
use crate::kernel_cases::all_hold;
use crate::races::clean;

pub(crate) fn trials() -> Vec<Trial> {
    ["bios", "uefi"].into_iter().flat_map(cases).map(Case::trial).collect()
}

fn cases(door: &'static str) -> [Case; 5] {
    [
        case(door, "kernel-cases", "test", 4).check(all_hold),
        locked(door, 1),
        locked(door, 4),
        case(door, "rendezvous", "run scull-leak lock=none probe=rendezvous quanta=100 rounds=3", 4).run(
            |run| {
                same("the verdict", run.verdict, Verdict::Raced)?;
                same("leaked quanta", run.leaked.quantum, 3 * 100 * 3)?;
                same("leaked nodes and arrays", run.leaked.node + run.leaked.array, 0)
            },
        ),
        case(door, "stack-overflow", "fault stack-overflow", 4)
            .ends(Status::Panic)
            .says("stack overflow: double fault at guard page ")
            .check(|outcome| frames(&outcome.com1)),
    ]
}

fn locked(door: &'static str, cpus: u32) -> Case {
    case(door, &format!("locked::{cpus}-cpus"), "run scull-leak lock=spinlock", cpus)
        .run(move |run| same("writers", run.writers, cpus))
        .run(clean)
}

/// The kernel came in by this door, and all its CPUs are there.
fn case(door: &'static str, name: &str, words: &str, cpus: u32) -> Case {
    Case::new(format!("disk::{door}::{name}"), format!("{words} cpus={cpus}")).disk(door).boot(move |boot| {
        same("door", boot.door.as_str(), door)?;
        same("CPUs", boot.cpus, cpus)?;
        same("expected CPUs", boot.cpus_expected, cpus)
    })
}
