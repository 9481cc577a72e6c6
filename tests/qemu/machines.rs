//! Kinds and sizes of machines.

use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{holds, same};

use crate::races::clean;

const RACE: &str = "run scull-leak lock=none probe=rendezvous quanta=4 rounds=1";

pub(crate) fn trials() -> Vec<Trial> {
    let mut cases: Vec<Case> = [1, 2, 3, 4, 8, 16, 64].map(cpus).into();
    cases.extend(["microvm", "q35", "pc"].iter().flat_map(|machine| [1, 4].map(|cpus| kind(machine, cpus))));
    cases.extend(["16M", "17M", "32M", "1G", "3G"].map(memory));
    cases.push(too_small("16M", 64));
    cases.extend(["tcg", "tcg-single", "icount"].map(accelerator));
    cases.extend([mute(1, 4), mute(2, 4), mute(3, 4), mute(1, 2), mute_and_locked()]);
    cases.extend(["microvm", "pc"].map(without_acpi));
    cases.extend(["qemu64", "max,-smap", "Skylake-Server"].map(model));
    cases.extend([(1, 8), (2, 7), (4, 64), (16, 3)].map(|(cpus, writers)| crowd(cpus, writers)));
    cases.extend(["spinlock", "semaphore", "completion"].map(locked_crowd));
    cases.into_iter().map(Case::trial).collect()
}

/// Every CPU is there and writes.
fn cpus(cpus: u32) -> Case {
    Case::new(format!("machines::cpus::{cpus}"), format!("{RACE} cpus={cpus}"))
        .boot(move |boot| {
            same("CPUs", boot.cpus, cpus)?;
            same("expected CPUs", boot.cpus_expected, cpus)
        })
        .run(move |run| {
            same("writers", run.writers, cpus)?;
            same("leaked quanta", run.leaked.quantum, u64::from(cpus - 1) * 4)
        })
}

fn kind(machine: &'static str, cpus: u32) -> Case {
    Case::new(format!("machines::{machine}::{cpus}-cpus"), format!("{RACE} machine={machine} cpus={cpus}"))
        .boot(move |boot| {
            same("machine", boot.machine.as_str(), machine)?;
            same("door", boot.door.as_str(), "pvh")?;
            same("CPUs", boot.cpus, cpus)
        })
        .run(move |run| same("leaked quanta", run.leaked.quantum, u64::from(cpus - 1) * 4))
}

/// Nearly all of the memory is found, and half of what is free becomes the heap.
fn memory(size: &'static str) -> Case {
    let (number, unit) = size.split_at(size.len() - 1);
    let mib = number.parse::<u64>().expect("a number") * if unit == "G" { 1024 } else { 1 };
    Case::new(format!("machines::memory::{size}"), format!("{RACE} memory={size}"))
        .boot(move |boot| {
            let found = boot.memory_bytes;
            holds("at most what was given is found", found <= mib << 20)?;
            holds("all but one MiB is found", found >= (mib - 1) << 20)?;
            holds("the heap takes at most half", boot.heap_bytes <= found / 2)
        })
        .run(|run| same("leaked quanta", run.leaked.quantum, 12))
}

/// Not even the boot has room for so many CPUs, whatever was to be done with them.
fn too_small(memory: &str, cpus: u32) -> Case {
    const SAYS: &str =
        "\nnot enough memory for this machine; give it more with --memory, fewer --cpus, or less --heap\n";
    Case::new(format!("machines::too-small::{memory}-{cpus}"), format!("tour memory={memory} cpus={cpus}"))
        .ends(Status::Usage)
        .says(SAYS)
        .check(|outcome| same("lines", outcome.com1.lines().count(), 2))
}

fn accelerator(accel: &'static str) -> Case {
    Case::new(format!("machines::accel::{accel}"), format!("{RACE} accel={accel}"))
        .boot(move |boot| same("accelerator", boot.accel.as_str(), accel))
        .run(|run| same("leaked quanta", run.leaked.quantum, 12))
}

/// A CPU that never answers is named; the others work.
fn mute(which: u32, cpus: u32) -> Case {
    Case::new(format!("machines::mute::{which}-of-{cpus}"), format!("{RACE} cpus={cpus} mute-cpu={which}"))
        .says(format!("the CPU with APIC id {which} does not answer; going on without it"))
        .boot(move |boot| {
            same("CPUs", boot.cpus, cpus - 1)?;
            same("expected CPUs", boot.cpus_expected, cpus)
        })
        .run(move |run| {
            same("writers", run.writers, cpus - 1)?;
            same("leaked quanta", run.leaked.quantum, u64::from(cpus - 2) * 4)
        })
}

fn mute_and_locked() -> Case {
    Case::new("machines::mute::locked", "run scull-leak lock=spinlock cpus=4 mute-cpu=2 quanta=50").run(clean)
}

/// Another model of CPUs. QEMU does not speak of what it cannot give to it.
fn model(cpu: &'static str) -> Case {
    Case::new(format!("machines::cpu::{cpu}"), format!("{RACE} cpu={cpu}"))
        .says(format!("--cpu {cpu}\n"))
        .check(|outcome| same("complaints of QEMU", outcome.stderr.as_str(), ""))
        .run(|run| same("leaked quanta", run.leaked.quantum, 12))
}

/// The kernel is not told of the other CPUs: it goes on with the one that it runs on.
fn without_acpi(machine: &'static str) -> Case {
    let words = format!("run scull-leak lock=spinlock machine={machine} acpi=off cpus=4 quanta=4 rounds=1");
    Case::new(format!("machines::without-acpi::{machine}"), words)
        .says("one CPU only: ")
        .boot(|boot| {
            same("CPUs", boot.cpus, 1)?;
            same("expected CPUs", boot.cpus_expected, 1)
        })
        .run(|run| same("writers", run.writers, 1))
        .run(clean)
}

/// More writers than CPUs, or fewer.
fn crowd(cpus: u32, writers: u32) -> Case {
    Case::new(
        format!("machines::crowd::{writers}-writers-on-{cpus}"),
        format!("{RACE} cpus={cpus} writers={writers}"),
    )
    .run(move |run| {
        same("writers", run.writers, writers)?;
        same("leaked quanta", run.leaked.quantum, u64::from(writers - 1) * 4)
    })
}

/// Tasks that share a CPU with the holder of a lock can neither run nor be waited for.
fn locked_crowd(lock: &str) -> Case {
    let words = format!("run scull-leak lock={lock} probe=rendezvous cpus=2 writers=8 quanta=10 rounds=2");
    Case::new(format!("machines::crowd::{lock}"), words).run(clean)
}
