//! `/proc/interrupts`, `/proc/uptime`, `/proc/cpuinfo`.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use raw_cpuid::CpuId;

use crate::arch::traps::vector;
use crate::arch::{cpu, smp};
use crate::irq::counts;
use crate::task::{listing, table};
use crate::time;

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
pub(super) fn interrupts() -> String {
    let mut text = String::from("     ");
    // Nothing that is written to a string fails.
    (0..smp::cpus()).for_each(|cpu| _ = write!(text, " {:>10}", format!("CPU{cpu}")));
    text.push('\n');
    for (vector, name) in VECTORS {
        let _ = write!(text, "0x{vector:x}:");
        (0..smp::cpus()).for_each(|cpu| _ = write!(text, " {:>10}", counts::of(cpu, vector)));
        let _ = writeln!(text, "  {name}");
    }
    text
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
pub(super) fn cpuinfo() -> String {
    let cpuid = CpuId::new();
    let vendor = cpuid.get_vendor_info();
    let vendor = vendor.as_ref().map_or("unknown", |vendor| vendor.as_str());
    let brand = cpuid.get_processor_brand_string();
    let brand = brand.as_ref().map_or("unknown", |brand| brand.as_str().trim());
    let megahertz = time::microseconds(1);
    let entry = |cpu| {
        format!(
            "processor\t: {cpu}\nvendor_id\t: {vendor}\nmodel name\t: {brand}\ncpu MHz\t\t: {megahertz}\n\n"
        )
    };
    (0..smp::cpus()).map(entry).collect()
}
