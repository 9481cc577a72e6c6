//! The boot chart: how long each phase of the boot took.

use alloc::string::ToString;

use kcore::class;
use kcore::report::{Boot, Phase};
use kcore::settings::{Accel, Config, MachineSettings, MachineType};

use crate::arch::{cpu, pit, smp};
use crate::frames;
use crate::machine::SpinLock;

/// Most phases.
const PHASES: usize = 12;

/// Where the command line does not tell.
const UNKNOWN: &str = "unknown";

struct Chart {
    last: u64,
    phases: heapless::Vec<(&'static str, u64), PHASES>,
}

static CHART: SpinLock<Chart> = SpinLock::new(
    class!("boot chart", "The first CPU, while it boots."),
    Chart { last: 0, phases: heapless::Vec::new() },
);

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

/// Milliseconds since the start; 0 where nothing tells how long a cycle is.
pub fn milliseconds() -> u64 {
    let chart = CHART.lock();
    let before: u64 = chart.phases.iter().map(|&(_, cycles)| cycles).sum();
    let cycles = before + cpu::cycles() - chart.last;
    pit::tsc_hz().and_then(|hz| (cycles * 1000).checked_div(hz)).unwrap_or(0)
}

/// The report of the boot, which ends here.
pub fn report(told: &MachineSettings, door: &str, cpus_expected: u32, heap_bytes: u64) -> Boot {
    let chart = CHART.lock();
    Boot {
        version: env!("CARGO_PKG_VERSION").to_string(),
        door: door.to_string(),
        machine: told.machine.map_or(UNKNOWN, MachineType::word).to_string(),
        accel: told.accel.map_or(UNKNOWN, Accel::word).to_string(),
        config: Config::OURS.to_string(),
        cpus: smp::cpus(),
        cpus_expected,
        memory_bytes: frames::memory().iter().map(|range| range.end - range.start).sum(),
        heap_bytes,
        tsc_hz: pit::tsc_hz().unwrap_or(0),
        phases: chart.phases.iter().map(|&(name, cycles)| Phase { name: name.to_string(), cycles }).collect(),
    }
}
