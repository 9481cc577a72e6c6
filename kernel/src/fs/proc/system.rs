//! The machine: `/proc/version`, `/proc/mounts`, `/proc/interrupts`, `/proc/uptime`, `/proc/cpuinfo`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use kcore::errno::Errno;
use kcore::report::LockStats;
use kcore::settings::Config;
use raw_cpuid::CpuId;

use crate::arch::traps::vector;
use crate::arch::{cpu, smp};
use crate::console::com1;
use crate::irq::counts;
use crate::mm::{Text, heap};
use crate::task::{listing, table};
use crate::{dev, time};

/// Which kernel this is, and in which configuration.
pub(super) fn version() -> String {
    format!("Scullery version {} ({})\n", env!("CARGO_PKG_VERSION"), Config::OURS)
}

/// What lies where: the kind of a file system, and the directory.
pub const MOUNTS: [(&str, &str); 4] =
    [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys"), ("debugfs", "/sys/kernel/debug")];

/// [`MOUNTS`], as text.
pub(super) fn mounts() -> String {
    MOUNTS.map(|(what, place)| format!("{what} {place} {what} rw 0 0\n")).concat()
}

/// The vectors by which interrupts come.
static VECTORS: [(u8, &str); 6] = [
    (vector::DEVICE, "the machine's device"),
    (vector::SOFTIRQ, "softirqs"),
    (vector::COM1, "com1"),
    (vector::WAKE, "wake-ups"),
    (vector::CALL, "function calls"),
    (vector::TICK, "timer"),
];

/// How many interrupts each CPU took, by vector.
pub(super) fn interrupts() -> Result<String, Errno> {
    Text::of(|text| {
        write!(text, "     ")?;
        (0..smp::cpus()).try_for_each(|cpu| write!(text, " {:>10}", format!("CPU{cpu}")))?;
        writeln!(text)?;
        for (vector, name) in VECTORS {
            write!(text, "0x{vector:x}:")?;
            (0..smp::cpus()).try_for_each(|cpu| write!(text, " {:>10}", counts::of(cpu, vector)))?;
            writeln!(text, "  {name}")?;
        }
        Ok(())
    })
}

/// Seconds since the machine was switched on, and seconds for which its CPUs were idle, added up.
pub(super) fn uptime() -> String {
    let idle = listing::list().filter(|task| table::name_of(task.id) == "idle");
    let idle: u64 = idle.map(|task| task.run_time).sum();
    format!("{} {}\n", seconds(cpu::cycles()), seconds(idle))
}

/// Seconds with two decimals.
fn seconds(cycles: u64) -> String {
    let hundredths = cycles / (time::microseconds(10_000)).max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A few lines for each CPU. What CPUID says is what it says of the CPU that asks: they are all the same.
pub(super) fn cpuinfo() -> Result<String, Errno> {
    let cpuid = CpuId::new();
    let vendor = cpuid.get_vendor_info();
    let vendor = vendor.as_ref().map_or("unknown", |vendor| vendor.as_str());
    let brand = cpuid.get_processor_brand_string();
    let brand = brand.as_ref().map_or("unknown", |brand| brand.as_str().trim());
    let megahertz = time::microseconds(1);
    Text::of(|text| {
        (0..smp::cpus()).try_for_each(|cpu| {
            write!(
                text,
                "processor\t: {cpu}\nvendor_id\t: {vendor}\nmodel name\t: {brand}\ncpu MHz\t\t: {megahertz}\n\n"
            )
        })
    })
}

/// The driver of each major.
pub(super) fn devices() -> String {
    let regions = dev::registry().regions().into_iter();
    regions.fold(String::from("Character devices:\n"), |text, region| {
        format!("{text}{:3} {}\n", region.first.major, region.name)
    })
}

/// Name, size, users, which they are (not known), state, address, and the parameters. Size and address are 0:
/// the code of a module is in the kernel.
pub(super) fn modules() -> String {
    let mut text = String::new();
    for module in dev::loaded() {
        let state = if module.is_going { "Unloading" } else { "Live" };
        // Nothing that is written to a string fails.
        let _ = write!(text, "{} 0 {} - {state} 0x0000000000000000", module.name, module.users);
        for (name, value) in &module.parameters {
            let _ = write!(text, " {name}={value}");
        }
        text.push('\n');
    }
    text
}

/// A line for each lock: how often it was taken, how often an attempt failed, and the cycles that it was held
/// and waited for.
pub(super) fn lock_stat() -> String {
    let mut locks: Vec<LockStats> = Vec::from([heap::lock_stats(), com1::lock_stats()]);
    locks.extend(dev::locks());
    let mut text = String::new();
    // Nothing that is written to a string fails.
    let _ = writeln!(
        text,
        "{:<20} {:>12} {:>12} {:>16} {:>16}",
        "lock", "acquisitions", "failed", "held-cycles", "waited-cycles"
    );
    for LockStats { name, acquire, test_and_set, hold_cycles, wait_cycles } in &locks {
        let _ =
            writeln!(text, "{name:<20} {acquire:>12} {test_and_set:>12} {hold_cycles:>16} {wait_cycles:>16}");
    }
    text
}
