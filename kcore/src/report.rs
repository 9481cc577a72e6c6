//! The wire format: one JSON object a line, on COM2 of the machine and on the standard output of `--json -`.
//!
//! The kernel writes it and the lab reads it through these same types, so they cannot drift.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{AddAssign, Index, IndexMut, Sub};

use serde::{Deserialize, Serialize};

use crate::explore::sheet::Sheet;
use crate::machine::Kind;
use crate::place::Place;
use crate::settings::{Expect, Verdict};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Record {
    /// The machine is up.
    Boot(Boot),
    /// An experiment has ended.
    Run(Run),
    /// A block that nothing points to any more.
    Leak(Leak),
    /// The counters of a lock.
    Lock(LockStats),
    /// A step of a script that could not happen, and why.
    Step(Step),
    /// Which task waited for which when the watchdog stepped in.
    Wait(Wait),
    /// A task of an experiment died of an exception or a panic.
    Oops(Oops),
    /// All executions of an experiment, or as many as were made.
    Explore(Explore),
    /// The execution that `explore` shows, or that `replay` makes.
    Execution(Sheet),
    /// Something that `check` finds wrong with a driver.
    Finding(Finding),
    /// One measurement of `bench`.
    Bench(Bench),
    /// One in-kernel test case.
    Case(Case),
    /// A class of locks, and what was held when one of them was taken (feature `lock-order`).
    Order(Order),
    /// The last line of every program.
    Summary(Summary),
}

/// What came up and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// The version of Scullery.
    pub version: String,
    /// How the kernel was entered: `pvh`, `bios` or `uefi`.
    pub door: String,
    /// The machine type, as the command line told it.
    pub machine: String,
    /// The accelerator, as the command line told it.
    pub accel: String,
    /// How the kernel was built: `smp+preempt`, `smp`, `preempt`, `up`.
    pub config: String,
    /// CPUs that run.
    pub cpus: u32,
    /// CPUs that the firmware lists as usable.
    pub cpus_expected: u32,
    /// Usable memory.
    pub memory_bytes: u64,
    /// Bytes of the heap.
    pub heap_bytes: u64,
    /// Cycles a second of the time-stamp counter; 0 when it could not be measured.
    pub tsc_hz: u64,
    /// The boot chart.
    pub phases: Vec<Phase>,
}

/// One bar of the boot chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// What was done.
    pub name: String,
    /// How long it took.
    pub cycles: u64,
}

/// A number for each kind of block that makes up a scull device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// List items.
    pub node: u64,
    /// Arrays of quantum pointers.
    pub array: u64,
    /// Quanta.
    pub quantum: u64,
}

impl Counts {
    /// The sum over all kinds.
    pub fn total(&self) -> u64 {
        self.node + self.array + self.quantum
    }
}

impl Index<Kind> for Counts {
    type Output = u64;
    /// The count of `kind`. Panics for [`Kind::Other`], which no device is made of.
    fn index(&self, kind: Kind) -> &u64 {
        match kind {
            Kind::Node => &self.node,
            Kind::Array => &self.array,
            Kind::Quantum => &self.quantum,
            Kind::Other => panic!("a scull device has no blocks of kind other"),
        }
    }
}

impl IndexMut<Kind> for Counts {
    fn index_mut(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Node => &mut self.node,
            Kind::Array => &mut self.array,
            Kind::Quantum => &mut self.quantum,
            Kind::Other => panic!("a scull device has no blocks of kind other"),
        }
    }
}

impl Sub for Counts {
    type Output = Counts;
    fn sub(self, other: Counts) -> Counts {
        Counts {
            node: self.node - other.node,
            array: self.array - other.array,
            quantum: self.quantum - other.quantum,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.node += other.node;
        self.array += other.array;
        self.quantum += other.quantum;
    }
}

/// What a run found. Invariants: `allocated - freed = live` and `live - reachable = leaked`, for each kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The experiment.
    pub experiment: String,
    /// The guard.
    pub lock: String,
    /// The probe mode, as given: `off`, `rendezvous=slot.store`.
    pub probe: String,
    /// How the kernel was built: `smp+preempt`, `smp`, `preempt`, `up`.
    pub config: String,
    /// CPUs that run.
    pub cpus: u32,
    /// Writer tasks (whatever the experiment's tasks do).
    pub writers: u32,
    /// Work of each writer in a round; what it counts is the experiment's own (slots, increments, ...).
    pub quanta: u32,
    /// Rounds.
    pub rounds: u32,
    /// The seed.
    pub seed: u64,
    /// Blocks allocated.
    pub allocated: Counts,
    /// Blocks freed in time, by the device itself.
    pub freed: Counts,
    /// Blocks alive at the end of their round.
    pub live: Counts,
    /// Blocks that the walk of the device's own structure found.
    pub reachable: Counts,
    /// Blocks alive and not reachable.
    pub leaked: Counts,
    /// Bytes of the leaked blocks.
    pub leaked_bytes: u64,
    /// Acknowledged updates that are not there afterwards.
    pub lost_updates: u64,
    /// Quanta, or other things that belong together, with parts of more than one write in them.
    pub torn: u64,
    /// Accesses to freed or never initialised memory.
    pub use_after_free: u64,
    /// Blocks freed twice.
    pub double_free: u64,
    /// Accesses past the end of a block, and divisions by the size of one, which was 0.
    #[serde(default)]
    pub out_of_bounds: u64,
    /// The most tasks that were inside the critical section at once, where the experiment counts them; else
    /// 0.
    pub owners: u64,
    /// Calls that failed with `-ENOMEM`, and tasks that had no memory to make one.
    #[serde(default)]
    pub out_of_memory: u64,
    /// Bytes that `write` acknowledged.
    pub bytes_written: u64,
    /// Cycles between the start of the first writer and the end of the last, summed over the rounds.
    pub cycles: u64,
    /// What the watchdog called it when it stopped the tasks: `deadlock`, ...; else empty.
    #[serde(with = "verdict_or_empty")]
    pub stopped: Option<Verdict>,
    /// `clean`, `raced`, ...
    pub verdict: Verdict,
    /// `clean`, `raced`, `any`.
    pub expected: Expect,
    /// Whether the verdict is the expected one.
    pub ok: bool,
}

/// A verdict that may be missing, as a word that may be empty.
mod verdict_or_empty {
    use alloc::string::String;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::settings::Verdict;

    pub(super) fn serialize<S: Serializer>(verdict: &Option<Verdict>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(verdict.map_or("", Verdict::word))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Verdict>, D::Error> {
        match String::deserialize(from)?.as_str() {
            "" => Ok(None),
            word => word.parse().map(Some).map_err(D::Error::custom),
        }
    }
}

/// A leaked block, in the manner of kmemleak.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// Where the block starts.
    pub address: u64,
    /// Its size in bytes.
    pub size: u64,
    /// `node`, `array`, `quantum`.
    pub kind: String,
    /// The CPU that allocated it.
    pub cpu: u32,
    /// The task that allocated it.
    pub task: String,
    /// The how-manieth allocation it was.
    pub serial: u64,
    /// When, on the time-stamp counter.
    pub cycles: u64,
    /// Its first bytes.
    pub first_bytes: Vec<u8>,
    /// Return addresses, innermost first.
    pub backtrace: Vec<u64>,
    /// The source line of the allocation.
    pub allocated_at: String,
    /// The store that published it, if the log has it.
    pub stored: Option<Store>,
    /// The store that overwrote the last reference, if the log can tell.
    pub overwritten: Option<Store>,
    /// The free that took the last reference away, if the log can tell.
    #[serde(default)]
    pub freed: Option<Store>,
    /// Why the log cannot tell. If there is none of the three, the reference is still there, in a block that
    /// is lost itself.
    #[serde(default)]
    pub doubt: Option<String>,
}

/// An entry of the log of stores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// Task.
    pub task: String,
    /// CPU.
    pub cpu: u32,
    /// The location's name: `slot`.
    pub site: String,
    /// Source line.
    pub at: String,
    /// When, on the time-stamp counter.
    pub cycles: u64,
}

// No name is allocated: a run may have used all memory up.
/// The counters of a lock, in xv6's words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LockStats {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Acquisitions: `#acquire()`.
    pub acquire: u64,
    /// Test-and-sets that found the lock taken: `#test-and-set`.
    pub test_and_set: u64,
    /// Cycles it was held, all holders together.
    pub hold_cycles: u64,
    /// Cycles spent waiting for it, all waiters together.
    pub wait_cycles: u64,
}

/// A step of a script that could not happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which, from 1.
    pub step: u32,
    /// As the script says it: `B.slot.load`.
    pub point: String,
    /// A sentence.
    pub reason: String,
}

impl fmt::Display for Step {
    /// The line for people: `step 2: B cannot load slot: it waits for scull0.lock, held by A`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.reason)
    }
}

/// A source line, as every record has it: `kcore/src/experiment/abba.rs:63`.
pub fn place(location: Place) -> String {
    format!("{}:{}", location.file(), location.line())
}

/// One edge of the wait-for graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// The waiter: `writer-A`, or `writer-A (hardirq)` for an interrupt handler on top of it.
    pub waiter: String,
    /// Its CPU.
    pub cpu: u32,
    /// What it waits for: the name of a lock, `CPU 1`, ...
    pub lock: String,
    /// The source line where it waits.
    pub at: String,
    /// The task that has that, if one does.
    pub holder: Option<String>,
    /// The source line where the holder took it.
    pub held_since: Option<String>,
    /// Whether this edge is part of the cycle.
    pub in_cycle: bool,
}

/// A task that died, and the machine went on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Oops {
    /// Its name.
    pub task: String,
    /// Its CPU.
    pub cpu: u32,
    /// What it died of: `page fault: read of 0000000000000000, a null pointer`, or the words of the panic.
    pub what: String,
    /// The source line of a panic; empty for an exception, whose place is the first of `backtrace`.
    pub at: String,
    /// The instruction of an exception, then return addresses, innermost first.
    pub backtrace: Vec<u64>,
}

/// Something wrong with a driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What: `leak`, `death`, `memory`, `deadlock`, `invalid-context`, `left-behind`, `sleeps-for-ever`,
    /// `data-race`, or `wrong`.
    pub kind: String,
    /// The file of the driver that it is about; empty when no line is known.
    pub file: String,
    /// The line in it; 0 when none is known.
    pub line: u32,
    /// What happens.
    pub what: String,
    /// What tasks did, a line of the shell each.
    pub tasks: Vec<String>,
    /// The command that makes the execution again.
    pub replay: String,
}

/// What the executions of an experiment come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explore {
    /// The experiment.
    pub experiment: String,
    /// The form.
    pub lock: String,
    /// Tasks.
    pub writers: u32,
    /// Work of each task in a round.
    pub quanta: u32,
    /// Rounds.
    pub rounds: u32,
    /// Which stores other tasks see, and when: `sc`, all at once; `tso`, when they leave their task's buffer.
    pub memory_model: String,
    /// What may happen besides the steps of tasks.
    pub with: Vec<String>,
    /// Executions that were made, no two of them equivalent.
    pub executions: u64,
    /// Executions that were begun in vain.
    pub blocked: u64,
    /// Executions that did not end clean.
    pub raced: u64,
    /// Whether there is no other.
    pub complete: bool,
    /// All with no more preemptions than this were made; null when not even all with none, or without
    /// `--preemptions`.
    #[serde(default)]
    pub preemptions: Option<u32>,
    /// Steps of the longest.
    pub deepest: u64,
    /// How long it took.
    pub seconds: f64,
    /// What was found.
    pub verdict: Verdict,
    /// What the catalogue, or the user, says that is to be found.
    pub expected: Expect,
    /// Whether it is that.
    pub ok: bool,
    /// Switches between tasks in the counterexample; null when there is none.
    pub switches: Option<u64>,
    /// What makes the counterexample again; empty when there is none.
    pub replay: String,
    /// How the executions ended.
    pub outcomes: Vec<Outcome>,
}

/// Executions that ended alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Blocks that were leaked.
    pub leaked: u64,
    /// Updates that were lost.
    pub lost_updates: u64,
    /// Reads that mixed what two tasks wrote.
    pub torn: u64,
    /// Uses of memory that was freed, or is none.
    pub use_after_free: u64,
    /// Blocks that were freed twice.
    pub double_free: u64,
    /// Uses past the end of a block.
    pub out_of_bounds: u64,
    /// The most that were in the critical section at once.
    pub owners: u64,
    /// Why the tasks were stopped; empty if they were not.
    #[serde(with = "verdict_or_empty")]
    pub stopped: Option<Verdict>,
    /// How many ended so.
    pub executions: u64,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// What was measured.
    pub name: String,
    /// Operations.
    pub operations: u64,
    /// Cycles for all of them: the median of several measurements.
    pub cycles: u64,
    /// The least of these.
    #[serde(default)]
    pub least: u64,
    /// The most.
    #[serde(default)]
    pub most: u64,
}

/// What was observed of a class of locks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The class.
    pub class: String,
    /// What cannot be observed of it.
    pub rule: String,
    /// The file that makes its locks.
    pub file: String,
    /// In what one of them was taken: `task`, `softirq`, `hardirq`, each with its interrupts on or off.
    pub taken: Vec<String>,
    /// The classes of which one was held then by the same task, softirq or handler.
    pub under: Vec<String>,
}

/// One in-kernel test case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Whether it held.
    pub ok: bool,
    /// What did not hold; empty when it held.
    pub message: String,
}

/// The last line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Runs, cases or measurements as expected.
    pub passed: u32,
    /// The others.
    pub failed: u32,
}
