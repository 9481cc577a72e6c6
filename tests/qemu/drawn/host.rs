//! The machine that the runs are made on.

use fastrand::Rng;
use kcore::experiment::Resolved;
use kcore::scull::Geometry;
use kcore::settings::Config;

/// A machine, and what else happens on it.
pub(super) struct Host {
    pub(super) config: Config,
    /// Jobs at the prompt that never rest.
    pub(super) busy: usize,
    /// Of the machine; a kernel for one CPU leaves the others alone.
    cpus: u32,
    /// In MiB.
    memory: u64,
    /// In KiB, if not half of the memory.
    heap: Option<u64>,
    /// Other words: the machine, its accelerator, the model of its CPUs.
    others: String,
}

/// What the kernel takes of the heap for its own lists at most, in KiB, and as much for each CPU.
const OWN: u64 = 512;

impl Host {
    /// One that does at most so many `busy` jobs besides.
    pub(super) fn draw(luck: &mut Rng, busy: usize) -> Self {
        let config = match luck.u32(..10) {
            0 => Config::Smp,
            1 => Config::Preempt,
            2 => Config::Up,
            _ => Config::Full,
        };
        let cpus = match luck.u32(..10) {
            0..3 => 1,
            3..8 => luck.u32(2..=6),
            8 => luck.u32(7..=16),
            _ => luck.u32(17..=64),
        };
        let machine = pick(luck, &["", " machine=q35", " machine=pc"]);
        let model = pick(luck, &["", "", " cpu=qemu64", " cpu=Haswell", " cpu=EPYC", " cpu=max,-smap,-smep"]);
        // One host thread for all CPUs goes round by time slices, so that few of them take long enough.
        let accel = if cpus <= 4 { pick(luck, &["", "", " accel=tcg-single", " accel=icount"]) } else { "" };
        let memory = if cpus > 16 { 256 } else { pick(luck, &[64, 128, 256]) };
        // Below that the kernel itself is what runs out of memory first.
        let least = OWN / 2 * (4 + u64::from(cpus));
        let heap = match luck.u32(..10) {
            0 | 1 => Some(luck.u64(least..2 * least)),
            2 | 3 => Some(luck.u64(least..memory << 9)),
            _ => None,
        };
        // Without preemption a job that never sleeps keeps its CPU for ever, as it is said of these kernels.
        let busy = if config.preempt() { luck.usize(..2 * busy + 2).saturating_sub(busy + 1) } else { 0 };
        // Where instructions are counted, a CPU that sets no clock gives way to the others after 2^31 of them
        // only.
        let busy = if accel.contains("icount") { 0 } else { busy };
        Host { config, busy, cpus, memory, heap, others: format!("{machine}{model}{accel}") }
    }

    /// The words that make it.
    pub(super) fn words(&self) -> String {
        let heap = self.heap.map_or(String::new(), |heap| format!(" heap={heap}K"));
        // One host thread for all CPUs: each PAUSE takes a tenth of a second for each other CPU that is busy.
        let slow = self.busy > 0 && self.others.contains("tcg-single");
        let timeout = if slow { 600 } else { 120 };
        format!("timeout={timeout} cpus={} memory={}M{heap}{}", self.cpus, self.memory, self.others)
    }

    /// As many as the kernel uses.
    pub(super) fn cpus(&self) -> u32 {
        if self.config.smp() { self.cpus } else { 1 }
    }

    /// Whether the heap has room for whatever the run may allocate; where it may have less, memory may run
    /// out. Nothing that a round frees comes back before its end.
    pub(super) fn has_room_for(&self, run: &Resolved, geometry: Geometry) -> bool {
        let heap =
            self.heap.unwrap_or(self.memory << 9).saturating_sub(OWN * (1 + u64::from(self.cpus))) << 10;
        let (tasks, units) = (u64::from(run.writers) + 2, u64::from(run.quanta) + 2);
        // A quantum, an array, perhaps twice as long as others, a node, a buffer of a pipe, and a record of
        // each.
        let each = geometry.quantum as u128 + 16 * geometry.qset as u128 + (16 << 10);
        each * u128::from(2 * tasks * units) <= heap.into()
    }
}

/// One of them.
pub(super) fn pick<T: Copy>(luck: &mut Rng, all: &[T]) -> T {
    all[luck.usize(..all.len())]
}
