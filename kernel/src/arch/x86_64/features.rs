//! What the kernel cannot do without. What it takes to come here at all, `boot/pvh.s` has looked for.

use core::fmt::Write;

use raw_cpuid::{CpuId, FeatureInfo};

use super::exit::{Exit, exit};
use super::raw_serial::RawSerial;

/// Ends the machine where the CPU lacks something, and says what. Called before anything else, without a
/// lock: they count cycles. The other CPUs of a machine are taken to be like its first.
pub fn demand() {
    if let Some(feature) = missing() {
        // A write to the port does not fail.
        let _ = writeln!(RawSerial, "Scullery needs a CPU that has {feature}");
        exit(Exit::Usage)
    }
}

/// The first feature that this CPU lacks, and what QEMU calls it, as in `-cpu qemu64,-nx`.
fn missing() -> Option<&'static str> {
    let cpuid = CpuId::new();
    let basic = cpuid.get_feature_info();
    let extended = cpuid.get_extended_processor_and_feature_identifiers();
    // MFENCE and LFENCE, in `cpu::store_fence`, are of the second; QEMU wants the first for them.
    let has_fences = basic.as_ref().is_some_and(|basic| basic.has_sse() && basic.has_sse2());
    let needs: [(&str, bool); 5] = [
        ("a time-stamp counter (tsc)", basic.as_ref().is_some_and(FeatureInfo::has_tsc)),
        // Wake-ups, time slices, sleeps, and most of what experiments are about.
        ("a local APIC (apic)", basic.as_ref().is_some_and(FeatureInfo::has_apic)),
        ("global pages (pge)", basic.as_ref().is_some_and(FeatureInfo::has_pge)),
        ("memory fences (sse, sse2)", has_fences),
        ("no-execute pages (nx)", extended.is_some_and(|extended| extended.has_execute_disable())),
    ];
    needs.into_iter().find(|(_, has)| !has).map(|(feature, _)| feature)
}
