//! The words that a command line chooses from, each list in one place.

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::key::{Key, Value, Values};
use super::usage::Usage;

/// A value that is written as its word, and read from it.
macro_rules! written {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
        impl Value for $name {
            fn read(_: &Key, word: &str) -> Result<Self, Usage> {
                word.parse()
            }
            fn write(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    };
}

/// A word list: an enum whose variants each have one word.
macro_rules! words {
    (
        $(#[$meta:meta])* $name:ident, $what:literal,
        { $($(#[doc = $meaning:literal])+ $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $meaning])+ $variant,)+ }
        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word of each value.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// What each of them means.
            const MEANINGS: &'static [&'static str] = &[$(concat!($($meaning),+)),+];
            /// The words, and what each of them means.
            pub const VALUES: Values = Values::Words { words: Self::WORDS, meanings: Self::MEANINGS };
            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }
        written!($name);
        impl FromStr for $name {
            type Err = Usage;
            fn from_str(word: &str) -> Result<Self, Usage> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err(Usage::unknown($what, word, Self::WORDS)),
                }
            }
        }
    };
}

words!(
    /// The form of an experiment: the guard of its critical section, or what else makes it right or wrong.
    Form, "lock", {
    /// No guard: the race is on.
    None = "none",
    /// A spinlock.
    Spinlock = "spinlock",
    /// A spinlock whose waiters enter in the order in which they came.
    Ticket = "ticket",
    /// A semaphore initialised to 1.
    Semaphore = "semaphore",
    /// The same, whose waiters go to sleep at once, and are served one after the other.
    Convoy = "convoy",
    /// A completion used as a token that is handed on.
    Completion = "completion",
    /// A mutex: a lock that sleeps and knows its owner.
    Mutex = "mutex",
    /// A reader/writer spinlock; a task that changes something takes it for writing.
    RwLock = "rwlock",
    /// A reader/writer semaphore, as above.
    RwSem = "rwsem",
    /// A spinlock taken with interrupts off on this CPU (`spin_lock_irqsave`).
    Irqsave = "irqsave",
    /// A spinlock taken with softirqs off on this CPU (`spin_lock_bh`).
    Bh = "bh",
    /// No lock, preemption off on this CPU (`preempt_disable`).
    PreemptOff = "preempt-off",
    /// No lock, interrupts off on this CPU (`local_irq_save`).
    IrqOff = "irq-off",
    /// A spinlock whose owner is a CPU: whatever runs on the owner's CPU passes.
    CpuOwned = "cpu-owned",
    /// The exhibit's own primitive with a mistake in it (R22: a spinlock made of a load and a store).
    Broken = "broken",
    /// The reader's own lock, in `kcore/src/sync/student.rs`: it must cure what a spinlock cures.
    Student = "student",
    /// A bit that is tested and set in one step.
    TestAndSet = "test-and-set",
    /// Two locks, always taken in the same order.
    Ordered = "ordered",
    /// The inner function assumes that the lock is held, as LDD3 advises.
    Helper = "helper",
    /// A guard that gives the lock back on every way out.
    Guarded = "guarded",
    /// `wait_event`: the condition is tested again after each wake-up.
    WaitEvent = "wait-event",
    /// Pointers with a serial number beside them.
    Tagged = "tagged",
    /// A sequence number that is odd while a task writes: readers take no lock and repeat.
    SeqLock = "seqlock",
    /// A ring with two counters, each of which one task writes.
    Ring = "ring",
    /// Counted references.
    Counted = "counted",
    /// A timer that is deleted synchronously: after it has run to its end.
    Synchronous = "synchronous",
    /// Peterson's algorithm with a full fence.
    Fenced = "fenced",
    /// One tasklet, which never runs on two CPUs at once.
    Tasklet = "tasklet",
    /// The driver as the book prints it, with its lock and its mistakes.
    Book = "book",
    /// The same driver, with the mistake repaired.
    Repaired = "repaired",
});

words!(
    /// What may happen besides the steps of tasks.
    With, "transition", {
    /// The experiment's own interrupt comes, once in a round, at every point where interrupts are on.
    Irq = "irq",
    /// Where all tasks share a CPU, the running one may lose it at every point, as at the end of its slice.
    Preempt = "preempt",
    /// A signal comes for each task that waits, at every moment of the wait; on the host.
    Signal = "signal",
    /// The deadline of each wait passes, at every moment of the wait; on the host.
    Timeout = "timeout",
    /// Of each task one allocation fails, once in a round, whichever it is; on the host.
    Enomem = "enomem",
});

words!(
    /// How an execution goes on where it is not told.
    Policy, "policy", {
    /// The task that made the last step goes on as long as it can, and then the first that can.
    NonPreemptive = "non-preemptive",
    /// The first task that can, by its letter.
    FixedPriority = "fixed-priority",
    /// The tasks take turns, a step each.
    RoundRobin = "round-robin",
});

words!(
    /// How a kernel is built.
    Config, "configuration", {
    /// For several CPUs, preemptible.
    Full = "smp+preempt",
    /// For several CPUs.
    Smp = "smp",
    /// For one CPU, preemptible.
    Preempt = "preempt",
    /// For one CPU.
    Up = "up",
});

impl Config {
    /// How this program is built.
    pub const OURS: Config = match (cfg!(feature = "smp"), cfg!(feature = "preempt")) {
        (true, true) => Config::Full,
        (true, false) => Config::Smp,
        (false, true) => Config::Preempt,
        (false, false) => Config::Up,
    };

    /// Whether it uses more than one CPU.
    pub fn smp(self) -> bool {
        matches!(self, Config::Full | Config::Smp)
    }

    /// Whether a task can lose its CPU between any two instructions.
    pub fn preempt(self) -> bool {
        matches!(self, Config::Full | Config::Preempt)
    }

    /// The cargo features that make it.
    pub fn features(self) -> &'static [&'static str] {
        match self {
            Config::Full => &["smp", "preempt"],
            Config::Smp => &["smp"],
            Config::Preempt => &["preempt"],
            Config::Up => &[],
        }
    }
}

words!(
    /// What came of a run.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    Verdict, "verdict", {
    /// At least one update, block or byte went wrong.
    Raced = "raced",
    /// Nothing did.
    Clean = "clean",
    /// Tasks wait for each other in a circle, or one waits for itself.
    Deadlock = "deadlock",
    /// CPUs are busy and nothing gets done.
    Livelock = "livelock",
    /// A task sleeps and none is left that would wake it.
    Stuck = "stuck",
    /// A task slept, or was about to, where none may.
    InvalidContext = "invalid-context",
    /// A task died of an exception or a panic.
    Oops = "oops",
    /// Some of the work could not be done, for want of memory, and what was done went well: that says
    /// nothing.
    NotTried = "not-tried",
});

/// Nothing was done yet.
impl Default for Verdict {
    fn default() -> Self {
        Verdict::NotTried
    }
}

/// A list of as many as there are verdicts, and one more.
const fn and(list: &[&'static str], last: &'static str) -> [&'static str; Verdict::ALL.len() + 1] {
    let mut all = [last; Verdict::ALL.len() + 1];
    let mut index = 0;
    while index < list.len() {
        all[index] = list[index];
        index += 1;
    }
    all
}

/// Which verdict is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Expect {
    /// This one.
    Only(Verdict),
    /// Whatever comes of work that was done.
    #[default]
    Any,
}

impl Expect {
    /// The word of each value.
    pub const WORDS: &'static [&'static str] = &and(Verdict::WORDS, "any");
    /// The words, and what each of them means.
    pub const VALUES: Values = Values::Words {
        words: Self::WORDS,
        meanings: &and(Verdict::MEANINGS, " Whatever comes of work that was done."),
    };

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Expect::Only(verdict) => verdict.word(),
            Expect::Any => "any",
        }
    }
}

written!(Expect);

impl FromStr for Expect {
    type Err = Usage;
    fn from_str(word: &str) -> Result<Self, Usage> {
        match word.parse() {
            Ok(verdict) => Ok(Expect::Only(verdict)),
            Err(_) if word == "any" => Ok(Expect::Any),
            Err(_) => Err(Usage::unknown("expectation", word, Self::WORDS)),
        }
    }
}

impl From<Verdict> for Expect {
    fn from(verdict: Verdict) -> Self {
        Expect::Only(verdict)
    }
}

impl From<Expect> for &'static str {
    fn from(expect: Expect) -> Self {
        expect.word()
    }
}

impl TryFrom<String> for Expect {
    type Error = Usage;
    fn try_from(word: String) -> Result<Self, Usage> {
        word.parse()
    }
}

words!(
    /// What the writers of `scull-leak` find missing.
    Object, "object", {
    /// The quantum: node and array exist already.
    Quantum = "quantum",
    /// The array: the node exists already.
    Array = "array",
    /// The node: a fresh device, one slot.
    Node = "node",
    /// Everything: a fresh device.
    All = "all",
});

words!(
    /// How to break the machine.
    Fault, "fault", {
    /// A Rust panic.
    Panic = "panic",
    /// A panic on a CPU that did not boot the machine.
    PanicOther = "panic-other",
    /// A load from an address that nothing is mapped at.
    PageFault = "page-fault",
    /// A store into the kernel's text.
    WriteText = "write-text",
    /// A store into the kernel's text, by its place in the window of physical memory.
    WriteWindow = "write-window",
    /// A store into the table of interrupts.
    WriteIdt = "write-idt",
    /// A jump into data.
    ExecuteData = "execute-data",
    /// Endless recursion.
    StackOverflow = "stack-overflow",
    /// An undefined instruction.
    InvalidOpcode = "invalid-opcode",
    /// A division by zero.
    Divide = "divide",
    /// Three faults in one: the CPU gives up and the machine dies.
    TripleFault = "triple-fault",
    /// Guards of a lock that are forgotten, until what they keep off is off more often than can be counted.
    ForgottenGuards = "forgotten-guards",
    /// A CPU that spins for ever.
    Hang = "hang",
});

words!(
    /// What COM1 of a shell is connected with.
    Input, "input", {
    /// A terminal, at which a person types.
    Terminal = "terminal",
    /// A pipe or a file, which has an end.
    Pipe = "pipe",
    /// Nothing: what would be read is at its end.
    None = "none",
});

words!(
    /// The kind of a machine.
    MachineType, "machine", {
    /// The least that QEMU can be: it starts fastest.
    Microvm = "microvm",
    /// QEMU's newer PC.
    Q35 = "q35",
    /// QEMU's older PC.
    Pc = "pc",
});

words!(
    /// What executes the machine's instructions.
    Accel, "accel", {
    /// Emulation, one host thread for each CPU: races by luck.
    Tcg = "tcg",
    /// Emulation, all CPUs take turns on one host thread.
    TcgSingle = "tcg-single",
    /// The same, with a clock that counts instructions: a run can be repeated to the last byte.
    Icount = "icount",
    /// The host's own CPUs. It is tried out first.
    Kvm = "kvm",
});

impl Accel {
    /// Whether one CPU runs at a time.
    pub fn is_sequential(self) -> bool {
        matches!(self, Accel::TcgSingle | Accel::Icount)
    }
}

words!(
    /// How the kernel is entered.
    Door, "boot", {
    /// The loader reads the ELF itself.
    Pvh = "pvh",
    /// From a disk image, by a BIOS.
    Bios = "bios",
    /// From a disk image, by UEFI firmware.
    Uefi = "uefi",
});

words!(
    /// Whether a machine has ACPI tables.
    Acpi, "acpi", {
    /// It has.
    On = "on",
    /// It has none.
    Off = "off",
});
