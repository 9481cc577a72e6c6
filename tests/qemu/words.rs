//! Mistakes on the kernel's own command line: exit status 2 and one line that helps.

use std::path::Path;

use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{contains, same};

pub(crate) fn trials() -> Vec<Trial> {
    let kernel = [
        ("bogus", "unknown command 'bogus'; valid: tour, run, explore, replay, test, bench, fault"),
        ("run", "run needs the name of an experiment"),
        ("run nothing", "unknown experiment 'nothing'; valid: scull-leak, "),
        ("run scull-leak again", "unexpected word 'again'"),
        ("tour extra", "unexpected word 'extra'"),
        ("run scull-leak lokc=none", "unknown key 'lokc'; did you mean 'lock'? valid: lock, "),
        ("run scull-leak lock=futex", "unknown lock 'futex'; did you mean 'mutex'? valid: none, spinlock, "),
        ("run scull-leak lock=broken", "scull-leak cannot be run with lock=broken; valid: "),
        ("run scull-leak lock=", "unknown lock ''"),
        ("run scull-leak probe=maybe", "unknown probe mode 'maybe'; valid: off, pause, "),
        ("run scull-leak probe=delay", "delay=N"),
        ("run scull-leak probe=rendezvous=nowhere", "unknown probe point of scull-leak 'nowhere'; valid: "),
        ("run scull-leak probe=script=A.nowhere", "nowhere"),
        ("run scull-leak probe=script=slot.load", "slot.load"),
        ("run counter probe=replay=counter:none:2x1x1:16x2:A1B3A2:4741", "the host makes a script of it"),
        ("run scull-leak writers=0", "writers '0' is not a whole number from 1 to 64"),
        ("run scull-leak writers=65", "writers '65' is not a whole number from 1 to 64"),
        ("run scull-leak quanta=-1", "quanta '-1' is not a whole number"),
        ("run scull-leak rounds=1e3", "rounds '1e3' is not a whole number"),
        ("run scull-leak seed=x", "seed 'x' is not a whole number"),
        ("run scull-leak expect=luck", "unknown expectation 'luck'; valid: raced, clean, "),
        ("run scull-leak object=qset", "unknown object 'qset'; valid: quantum, array, node, all"),
        ("run counter object=node", "object= is for scull-leak only"),
        ("run scull-leak object=node quanta=2", "a list has one head"),
        ("run scull-leak probe=script writers=1", "needs writers=2 at least"),
        ("run scull-leak heap=1K", "heap '1K' is not a size from 64K to"),
        ("run scull-leak heap=64G", "heap: this machine has room for at most "),
        ("run scull-leak mute-cpu=0", "mute-cpu '0' is not a whole number from 1 to 63"),
        ("run scull-leak lock=\"none", "quote"),
        ("run scull-leak lock=nöne", "nöne"),
        ("fault", "fault needs a kind: panic, "),
        ("fault nothing", "unknown fault 'nothing'; valid: panic, "),
        ("test no-case-has-this-name", "no-case-has-this-name"),
    ];
    let kernel = kernel.into_iter().map(|(words, line)| {
        Case::new(format!("words::{}", words.replace(' ', "-")), words)
            .ends(Status::Usage)
            .says(line)
            .check(|outcome| same("complaints of the script", outcome.stderr.as_str(), ""))
            .check(|outcome| same("runs", outcome.report.runs().count(), 0))
    });
    kernel.map(Case::trial).chain(script()).chain([whole(), too_long("pvh"), too_long("bios")]).collect()
}

/// The line that repeats a run is whole, however long it is.
fn whole() -> Trial {
    let probe = format!("rendezvous={}", ["counter.store"; 200].join(","));
    let words = format!("run counter probe={probe} quanta=1 rounds=1 expect=any");
    Case::new("words::long-line", words)
        .says(format!("again: cargo run -- run counter --lock none --probe {probe} --writers 4 "))
        .trial()
}

/// A kernel that gets a longer command line than it keeps does none of it, however it was started: here a
/// QEMU that makes the line longer than its script has.
fn too_long(door: &'static str) -> Trial {
    let longer = Path::new(env!("CARGO_MANIFEST_DIR")).join("qemu/longer");
    let case = Case::new(format!("words::too-long::{door}"), "run counter quanta=1 rounds=1")
        .word(format!("qemu={}", longer.display()))
        .ends(Status::Usage)
        .says("the command line is longer than 4096 bytes: none of it is done\n");
    if door == "pvh" { case.trial() } else { case.disk(door).trial() }
}

/// Words that `qemu-run.sh` refuses before there is a machine to greet.
fn script() -> impl Iterator<Item = Trial> {
    let table = [
        ("tour cpus=0", "cpus '0' is not a whole number from 1 to 64"),
        ("tour cpus=65", "cpus '65' is not a whole number from 1 to 64"),
        ("tour cpus=two", "cpus 'two' is not a whole number from 1 to 64"),
        ("tour memory=8M", "memory '8M' is not a size of 16M or more"),
        ("tour timeout=0", "timeout '0' is not a whole number from 1 to 86400"),
        ("tour machine=vax", "unknown machine 'vax'; valid: microvm, q35, pc"),
        ("tour accel=fast", "unknown accel 'fast'; valid: tcg, tcg-single, icount, kvm"),
        (
            "tour cpu=vax",
            "cpu 'vax': unable to find CPU model 'vax' ('qemu-system-x86_64 -cpu help' lists them)",
        ),
        ("tour cpu=max,+wings", "not found ('qemu-system-x86_64 -cpu help' lists them)"),
        ("tour acpi=maybe", "unknown acpi 'maybe'; valid: on, off"),
        ("tour acpi=off machine=q35", "acpi=off does not go with machine 'q35'; valid: microvm, pc"),
        (
            "tour acpi=off machine=pc boot=uefi",
            "acpi=off does not go with UEFI firmware; valid: boot=pvh, boot=bios",
        ),
        ("tour boot=grub", "unknown boot 'grub'; valid: pvh, bios, uefi"),
    ];
    table.into_iter().map(|(words, line)| {
        Trial::test(format!("words::script::{}", words.replace(' ', "-")), move || {
            let outcome = Case::new("", words).boot_it()?;
            let all = || {
                same("the exit status", outcome.status, Status::Usage)?;
                same("lines", outcome.stderr.lines().count(), 1)?;
                contains(&outcome.stderr, line)?;
                same("COM1", outcome.com1.as_str(), "")
            };
            all().map_err(|why| format!("{why}\n{outcome}").into())
        })
    })
}
