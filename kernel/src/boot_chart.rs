//! The boot chart: how long each phase of the boot took.

use alloc::string::ToString;
use alloc::vec::Vec;

use kcore::report::Phase;

use crate::arch::cpu;
use crate::machine::SpinLock;

/// Most phases.
const PHASES: usize = 12;

struct Chart {
    last: u64,
    phases: heapless::Vec<(&'static str, u64), PHASES>,
}

static CHART: SpinLock<Chart> = SpinLock::new(Chart { last: 0, phases: heapless::Vec::new() });

/// Starts the clock.
pub fn start() {
    CHART.lock().last = cpu::cycles();
}

/// Says that the phase called `name` ends here.
pub fn phase(name: &'static str) {
    let mut chart = CHART.lock();
    let now = cpu::cycles();
    let took = now - chart.last;
    chart.last = now;
    chart.phases.push((name, took)).expect("PHASES counts every call");
}

/// The chart so far.
pub fn phases() -> Vec<Phase> {
    let chart = CHART.lock();
    chart.phases.iter().map(|&(name, cycles)| Phase { name: name.to_string(), cycles }).collect()
}
