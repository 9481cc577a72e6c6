//! The table of keys: an option of a run or of a machine is a row here, and where it is used.

use alloc::string::String;

use super::key::Otherwise::{Text, Word};
use super::key::{Key, Scope, Value, Values};
use super::probe::Probe;
use super::usage::Usage;
use super::words::{Accel, Acpi, Door, Expect, Form, Input, MachineType, Object, With};
use crate::scull::Geometry;

/// Most CPUs of a machine.
pub const MAX_CPUS: u32 = 64;
/// Most writers of an experiment.
pub const MAX_WRITERS: u32 = 64;

const fn number(least: u64, most: u64) -> Values {
    Values::Number { least, most }
}

const fn size(least: u64, most: u64) -> Values {
    Values::Size { least, most }
}

/// The commands that make one run.
const RUN: &[&str] = &["run"];
/// Those that make an experiment in a form.
const FORMED: &[&str] = &["run", "explore", "replay"];
/// Those whose work has sizes.
const SIZED: &[&str] = &["tour", "run", "explore", "replay"];
/// Those that make devices.
const DEVICES: &[&str] = &["tour", "run", "explore", "replay", "matrix"];
/// Those that make all orders.
const ORDERS: &[&str] = &["explore"];
/// Those that start a machine.
pub const BOOTING: &[&str] =
    &["tour", "run", "explore --on kernel", "check", "test", "bench", "fault", "matrix", "shell"];
/// Those that start one, which may lack a CPU or come from a disk image: the others have their own.
pub const SINGLE: &[&str] = &["tour", "run", "explore --on kernel", "check", "test", "fault", "shell"];
/// Those at which a user types.
const TYPED: &[&str] = &["shell"];

/// Rows of `field: type = key: scope, values, what takes it, what holds otherwise`. Of them a struct is
/// made, with a field for each, and the keys. The comment of a row is its help.
macro_rules! settings {
    (
        $(#[$meta:meta])* $name:ident,
        $($(#[doc = $help:literal])+
        $field:ident: $type:ty = $key:literal: $scope:ident, $values:expr, $takers:expr,
            $otherwise:expr;)+
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[doc = $help])+ pub $field: $type,)+ }

        impl $name {
            /// The rows, in the order of the documentation.
            pub const KEYS: &'static [Key] = &[$(Key {
                name: $key,
                scope: Scope::$scope,
                values: $values,
                otherwise: $otherwise,
                takers: $takers,
                comment: concat!($($help),+),
            }),+];

            /// Takes `key=word`; whether there is this key here.
            pub fn set(&mut self, key: &str, word: &str) -> Result<bool, Usage> {
                let Some(key) = Self::KEYS.iter().find(|row| row.name == key) else { return Ok(false) };
                match key.name {
                    $($key => self.$field = Value::read(key, word)?,)+
                    _ => unreachable!("each row has a field"),
                }
                Ok(true)
            }

            /// The keys that say something, with their values.
            pub fn told(&self) -> impl Iterator<Item = (&'static Key, String)> {
                let words = [$(self.$field.write()),+];
                let told = Self::KEYS.iter().zip(words).filter_map(|(key, word)| Some((key, word?)));
                told.filter(|(key, word)| !key.otherwise.is(word))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                let mut rows = Self::KEYS.iter();
                $(let $field = Value::otherwise(rows.next().expect("each field has a row"));)+
                $name { $($field,)+ }
            }
        }
    };
}

settings! {
    /// What a run is told. `None` leaves the choice to the experiment.
    RunSettings,
    /// The form, of those that `list --long` shows for the experiment
    lock: Option<Form> = "lock": Run, Form::VALUES, FORMED,
        Text("the first of them, without a cure");
    /// How tasks pass the points where they touch shared memory (`list --long` names the points)
    probe: Option<Probe> = "probe": Run, Probe::VALUES, RUN,
        Text("the experiment knows: off, or what forces its race");
    /// What the writers of scull-leak find missing
    object: Option<Object> = "object": Run, Object::VALUES, &["run", "explore"],
        Text("quantum");
    /// Tasks
    writers: Option<u32> = "writers": Run, number(1, MAX_WRITERS as u64), SIZED,
        Text("the experiment knows; else one for each CPU, two for a script");
    /// Work of each task in a round
    quanta: Option<u32> = "quanta": Run, number(1, 10_000_000), SIZED,
        Text("the experiment knows");
    /// Rounds
    rounds: Option<u32> = "rounds": Run, number(1, 1_000_000), &["tour", "run", "explore", "replay", "test --fail-allocations"],
        Text("the experiment knows");
    /// Make rounds for so long, however many that are; give --timeout, too
    seconds: Option<u32> = "seconds": Run, number(1, 86_400), &["tour", "run"],
        Text("rounds are counted");
    /// Make no more rounds when this is the verdict, and say which was the last: how long a race takes to
    /// happen by itself
    until: Option<Expect> = "until": Run, Expect::VALUES, RUN,
        Text("all rounds are made");
    /// Where chance starts: how long each task waits before it begins; with --accel icount a seed repeats its
    /// run exactly
    seed: u64 = "seed": Run, number(0, u64::MAX), &["tour", "run", "test", "matrix"],
        Word("1");
    /// The verdict that counts as success
    expect: Option<Expect> = "expect": Run, Expect::VALUES, &["run", "explore", "replay", "merge"],
        Text("the catalogue knows");
    /// What may happen besides the steps of tasks, for `explore`: the experiment's own interrupt, once in a
    /// round, wherever interrupts are on, the end of a slice wherever a task can lose its CPU to another, a
    /// signal or the deadline of each task that waits, or that an allocation of each task fails
    with: Option<With> = "with": Run, With::VALUES, ORDERS,
        Text("what the experiment is about");
    /// Make so many executions at most, for `explore`
    limit: Option<u64> = "limit": Run, number(1, u64::MAX), ORDERS,
        Text("all are made; in the kernel some thousands, once one has gone wrong");
    /// Make only executions in which tasks that could go on are kept from it so many times at most, for
    /// `explore`: those with fewer first, up to the first number with which something goes wrong
    preemptions: Option<u32> = "preemptions": Run, number(0, 1000), ORDERS,
        Text("all are made");
    // 0 and absurd sizes are let through: the device itself refuses them, as its users would see.
    /// Bytes of a quantum (LDD3: scull_quantum)
    quantum: u64 = "quantum": Run, size(0, u64::MAX), DEVICES,
        Word("4000");
    /// Pointers in a quantum set (LDD3: scull_qset)
    qset: u64 = "qset": Run, size(0, u64::MAX), DEVICES,
        Word("1000");
}

settings! {
    /// What the machine is told, and what the host was told to make of it. The kernel does not act upon all
    /// of it: the report states the machine, and the line that repeats a run has it whole.
    MachineSettings,
    /// CPUs of the machine
    cpus: Option<u32> = "cpus": Machine, number(1, MAX_CPUS as u64), BOOTING,
        Text("4");
    /// Bytes of the kernel's heap
    heap: Option<u64> = "heap": Machine, size(64 << 10, 1 << 40), BOOTING,
        Text("half of the free memory");
    /// The kind of machine
    machine: Option<MachineType> = "machine": Machine, MachineType::VALUES, BOOTING,
        Word("microvm");
    /// What executes its instructions
    accel: Option<Accel> = "accel": Machine, Accel::VALUES, BOOTING,
        Word("tcg");
    /// The model of its CPUs, as QEMU knows it, and what it is to have or to lack: qemu64, max,-smap
    cpu: Option<String> = "cpu": Machine, CPU, BOOTING,
        Text("max");
    /// The QEMU to run
    qemu: Option<String> = "qemu": Machine, QEMU, BOOTING,
        Text("qemu-system-x86_64");
    /// Memory of the machine
    memory: Option<String> = "memory": Machine, size(16 << 20, 1 << 40), BOOTING,
        Text("128M");
    /// Seconds until the machine is given up, without those in which the host does not let it run; of a test,
    /// for each case
    timeout: Option<u32> = "timeout": Machine, number(1, 86_400), &[
            "tour", "run", "explore", "check", "replay", "test", "bench", "fault", "matrix", "shell",
        ],
        Text("60; a shell without a script has no limit");
    /// How the kernel is entered
    boot: Option<Door> = "boot": Machine, Door::VALUES, SINGLE,
        Word("pvh");
    /// Whether there are ACPI tables, without which the kernel finds one CPU only; q35 always has them
    acpi: Option<Acpi> = "acpi": Machine, Acpi::VALUES, BOOTING,
        Text("on");
    /// A CPU that is never started, to see what the kernel says about it
    mute_cpu: Option<u32> = "mute-cpu": Machine, number(1, MAX_CPUS as u64 - 1), SINGLE,
        Text("all are started");
    /// Columns of the terminal, for the shell
    columns: Option<u32> = "columns": Terminal, number(1, 10_000), TYPED,
        Text("asked of stdin");
    /// What a shell's COM1 is connected with
    input: Option<Input> = "input": Terminal, Input::VALUES, TYPED,
        Text("asked of stdin");
}

impl RunSettings {
    /// Refuses what contradicts itself.
    pub fn check(&self) -> Result<(), Usage> {
        match (self.rounds, self.seconds) {
            (Some(_), Some(_)) => {
                Err(Usage::new("rounds= and seconds= exclude each other: so many rounds, or for so long"))
            }
            _ => Ok(()),
        }
    }

    /// How a device is divided that is made for a run.
    pub fn geometry(&self) -> Geometry {
        Geometry { quantum: self.quantum as usize, qset: self.qset as usize }
    }
}

/// The same letters as in `qemu-run.sh`. Which models there are, QEMU knows.
const CPU: Values = Values::Text {
    stands_for: "MODEL",
    noun: "model of a CPU",
    valid: "max, qemu64, max,-smap, ...",
    fits: |word| {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || "_.,=+-".contains(c);
        word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(is_fit)
    },
};

/// The same as in `qemu-run.sh`, which finds out whether it is there.
const QEMU: Values = Values::Text {
    stands_for: "PROGRAM",
    noun: "program",
    valid: "a name, or a path without quotes",
    fits: |word| !word.is_empty() && !word.contains(['"', '\n']),
};
