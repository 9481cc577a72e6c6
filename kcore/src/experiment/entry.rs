//! One entry of the catalogue, and the words it is made of.

use alloc::vec::Vec;

use super::matrix::{C, Cell, Row};
use super::needs::{Ground, Needs};
use crate::settings::{Config, Form, Object, Probe};

/// A race: how it is made, what it does, and what stops it.
#[derive(Debug, PartialEq, Eq)]
pub struct Experiment {
    /// The word on the command line.
    pub name: &'static str,
    /// One line for the list.
    pub title: &'static str,
    /// Where its concurrency comes from, or what else it is about.
    pub cause: Cause,
    /// The races it shows, by their ids: `R1`.
    pub races: &'static [&'static str],
    /// Where the books speak of it.
    pub sources: &'static [&'static str],
    /// First layer: what the reader is to achieve or find out.
    pub goal: &'static str,
    /// Second layer: where to look.
    pub hint: &'static str,
    /// Third layer: the interleaving, the effect, why each cure works, and what the wrong cure would be.
    pub explanation: &'static str,
    /// What it can be run with, and what each gives where the race is forced. The first is the unguarded
    /// form.
    pub rows: &'static [Row],
    /// What `quanta` counts.
    pub unit: &'static str,
    /// Every probe point its tasks pass.
    pub known_points: &'static [&'static str],
    /// Where its tasks meet when the command line names no point.
    pub points: &'static [&'static str],
    /// The same for the forms whose tasks pass points of their own.
    pub points_of: &'static [(Form, &'static [&'static str])],
    /// The order of its tasks when the command line names none.
    pub script: &'static [&'static str],
    /// Where the experiment's interrupt comes when the command line names no point.
    pub fire: &'static [&'static str],
    /// Which of them shows the race for certain.
    pub certain: Certain,
    /// What probes do when the command line does not say.
    pub usually: Usually,
    /// Where its tasks run.
    pub placement: Placement,
    /// How many tasks there are when the command line does not say; one for each CPU, if this is `None`.
    pub tasks: Option<u32>,
    /// What its runs must have at least.
    pub needs: Needs,
    /// The fewest tasks, and the least work of each, in whose executions all is found that it shows.
    pub smallest: Smallest,
    /// How much work each task does when the command line does not say.
    pub defaults: Defaults,
    /// What its tasks do.
    pub roles: Roles,
    /// What the verdict rests on.
    pub invariants: &'static [&'static str],
    /// The answers to the [`QUESTIONS`](super::QUESTIONS), one each.
    pub seven: [&'static str; 7],
    /// Its runs look for what is torn: parts of more than one write in what belongs together.
    pub tears: bool,
    /// Its tasks take locks, or wait, in a way of which a machine hears only if it was made to explore: a
    /// kernel does not.
    pub is_silent: bool,
    /// The cures that it is held against when the command line names no form: all run, with the same work on
    /// the same heap. The first is the book's. Such an entry chooses its work by the size of the heap, unless
    /// it is told.
    pub compared_with: &'static [Form],
    /// What its writers may find missing (`object=`); the first when the command line does not say.
    pub variants: &'static [Variant],
}

/// An experiment whose writers find this object missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The object.
    pub object: Object,
    /// Where its tasks meet: at the store of the object.
    pub points: &'static [&'static str],
    /// The order of two tasks: both find the object missing, both store one.
    pub script: &'static [&'static str],
    /// What its work is done on.
    pub ground: Ground,
    /// How much work there can be.
    pub quanta: Quanta,
}

/// How much work a variant has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quanta {
    /// As much as the entry.
    Usual,
    /// As much as the entry, but not more than this unless the command line says so.
    AtMost(u32),
    /// So much and no more, for this reason.
    Only(u32, &'static str),
}

/// The chapters of the catalogue: the causes of concurrency that the books name (LDD3 5.2; LKD ch. 9, Causes
/// of Concurrency), and what goes wrong with a lock in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Tasks on several CPUs.
    Smp,
    /// A task that loses its CPU.
    Preemption,
    /// Interrupts, and what they put off: softirqs, tasklets, timers, work queues.
    Interrupts,
    /// A task that sleeps, and its waker.
    Sleeping,
    /// Locks that stop their tasks, and locks misused.
    Locks,
    /// How long a device lives, and how long a task waits.
    Life,
    /// What the drivers of the book do wrong with their lock.
    Book,
}

impl Cause {
    /// The heading of the chapter.
    pub fn title(self) -> &'static str {
        match self {
            Cause::Smp => "several CPUs",
            Cause::Preemption => "preemption",
            Cause::Interrupts => "interrupts, and what they put off",
            Cause::Sleeping => "sleeping and waking",
            Cause::Locks => "locks that stop, and locks misused",
            Cause::Life => "what disappears, and who waits",
            Cause::Book => "what the book's drivers do wrong with their lock",
        }
    }
}

/// Which probe modes, with the entry's own points or steps, cannot but show the race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certain {
    /// The rendezvous at the entry's points, of two tasks or more.
    pub rendezvous: bool,
    /// The entry's script, with no other tasks than its own: two, if the entry does not say. It is one
    /// unit's: of the further ones of a round see [`heals`](Certain::heals).
    pub script: bool,
    /// The interrupt at the entry's points, with the entry's own number of tasks.
    pub fire: bool,
    /// Probes off: the entry itself leaves nothing to chance.
    pub off: bool,
    /// What comes after the script in the same round may make the damage good: then it is certain of one unit
    /// only.
    pub heals: bool,
}

impl Certain {
    /// Nothing is certain.
    pub const NEVER: Certain =
        Certain { rendezvous: false, script: false, fire: false, off: false, heals: false };
}

/// What probes do when the command line does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usually {
    /// Nothing: the race is to be seen as it happens.
    Natural,
    /// What shows the race for certain: by itself it would hardly ever happen.
    Forced,
}

/// On which CPUs the tasks of an experiment run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Task n on CPU n, and round again when there are more tasks than CPUs.
    Spread,
    /// All on the same CPU, however many there are.
    OneCpu,
    /// All on the first CPU: something else happens on another one.
    FirstCpu,
}

/// The work of each task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// In one round, in the entry's unit.
    pub quanta: u32,
    /// How often all of it is done.
    pub rounds: u32,
}

/// Work that takes well under a second under emulation, by probe mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Probes off, `pause` and `delay`.
    pub natural: Work,
    /// `rendezvous`.
    pub rendezvous: Work,
    /// `script` and `fire`.
    pub script: Work,
}

impl Defaults {
    /// The same natural work for the usual entry: a rendezvous of 100 x 3, a script once.
    pub(super) const fn natural(quanta: u32, rounds: u32) -> Self {
        Defaults {
            natural: Work { quanta, rounds },
            rendezvous: Work { quanta: 100, rounds: 3 },
            script: Work { quanta: 1, rounds: 1 },
        }
    }

    /// Everything once: what stops the tasks stops them the first time. `quanta` where it is left to chance.
    pub(super) const fn once(quanta: u32) -> Self {
        Defaults {
            natural: Work { quanta, rounds: 1 },
            rendezvous: Work { quanta: 1, rounds: 1 },
            script: Work { quanta: 1, rounds: 1 },
        }
    }

    /// The work under `probe`.
    pub fn under(&self, probe: &Probe) -> Work {
        match probe {
            Probe::Off | Probe::Pause | Probe::Delay(_) => self.natural,
            Probe::Rendezvous(_) => self.rendezvous,
            Probe::Script(_) | Probe::Fire(_) => self.script,
        }
    }
}

/// How much it takes until one order of steps shows what an experiment shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Smallest {
    /// Tasks.
    pub tasks: u32,
    /// Work of each task in a round, in the entry's unit.
    pub quanta: u32,
}

/// What one task of an experiment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It writes to the device, or updates the counter, or takes the lock.
    Write,
    /// It reads.
    Read,
    /// It opens the device write-only, which trims it.
    Trim,
}

/// How the roles are dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// All tasks do the same.
    All(Role),
    /// A, C, E, ... write, and B, D, F, ... trim; but all of them trim when they meet at a rendezvous.
    WriteAndTrim,
    /// A, C, E, ... do the one, and B, D, F, ... the other.
    Alternate(Role, Role),
    /// A does the one, and all others the other.
    FirstAndOthers(Role, Role),
}

impl Roles {
    /// What task `who` (from 0) does under `probe`.
    pub fn of(self, who: u32, probe: &Probe) -> Role {
        match self {
            Roles::All(role) => role,
            Roles::Alternate(even, _) if who.is_multiple_of(2) => even,
            Roles::Alternate(_, odd) => odd,
            Roles::FirstAndOthers(first, _) if who == 0 => first,
            Roles::FirstAndOthers(_, others) => others,
            Roles::WriteAndTrim if matches!(probe, Probe::Rendezvous(_)) => Role::Trim,
            Roles::WriteAndTrim if who.is_multiple_of(2) => Role::Write,
            Roles::WriteAndTrim => Role::Trim,
        }
    }
}

impl Experiment {
    /// What most entries have in common: an entry says what is different.
    pub(super) const USUAL: Experiment = Experiment {
        name: "",
        title: "",
        cause: Cause::Smp,
        races: &[],
        sources: &[],
        goal: "",
        hint: "",
        explanation: "",
        rows: &[],
        unit: "",
        known_points: &[],
        points: &[],
        points_of: &[],
        script: &[],
        fire: &[],
        certain: Certain::NEVER,
        usually: Usually::Forced,
        placement: Placement::Spread,
        tasks: None,
        needs: Needs::on(Ground::Own),
        smallest: Smallest { tasks: 2, quanta: 1 },
        defaults: Defaults::natural(1, 1),
        roles: Roles::All(Role::Write),
        invariants: &[],
        seven: [""; 7],
        tears: false,
        is_silent: false,
        compared_with: &[],
        variants: &[],
    };

    /// What it can be run with; the first is the unguarded form.
    pub fn locks(&self) -> impl Iterator<Item = Form> + use<> {
        self.rows.iter().map(|row| row.lock)
    }

    /// Whether the key called `key` can change its runs: not the sizes of a device where its work is done on
    /// none.
    pub fn takes(&self, key: &str) -> bool {
        let grounds = self.variants.iter().map(|variant| variant.ground).chain([self.needs.ground]);
        !matches!(key, "quantum" | "qset") || grounds.into_iter().any(|ground| ground != Ground::Own)
    }

    /// The form without a guard.
    pub fn unguarded(&self) -> Form {
        self.rows[0].lock
    }

    /// Whether tasks of it may come to a stop: the watchdog is needed.
    pub fn may_stop(&self) -> bool {
        self.rows.iter().any(|row| row.gives.iter().flatten().any(|expect| expect.is_stop()))
    }

    /// What `lock` gives on each machine. A reader's own lock is to cure what a spinlock cures.
    pub fn row(&self, lock: Form) -> Option<&'static Row> {
        static STUDENT: Row = Row::always(Form::Student, C);
        match lock {
            Form::Student => self.row(Form::Spinlock).filter(|row| row.is_cure()).map(|_| &STUDENT),
            _ => self.rows.iter().find(|row| row.lock == lock),
        }
    }

    /// What `lock` gives where the race is forced, on a machine of `cpus` CPUs with a kernel built as
    /// `config`.
    pub fn cell(&self, lock: Form, cpus: u32, config: Config) -> Cell {
        self.row(lock).and_then(|row| row.cell(cpus, config))
    }

    /// The probe mode when the command line does not name one.
    pub fn usual(&self) -> Probe {
        match self.usually {
            Usually::Natural => Probe::Off,
            Usually::Forced => self.forced(),
        }
    }

    /// The probe mode that shows the race for certain.
    pub fn forced(&self) -> Probe {
        match self.certain {
            Certain { off: true, .. } => Probe::Off,
            Certain { fire: true, .. } => Probe::Fire(Vec::new()),
            Certain { rendezvous: true, .. } => Probe::Rendezvous(Vec::new()),
            Certain { script: true, .. } => Probe::Script(Vec::new()),
            _ => Probe::Off,
        }
    }

    /// The variant with this object.
    pub fn variant(&self, object: Option<Object>) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| Some(variant.object) == object)
    }

    /// Where the tasks meet when the command line names no point.
    pub fn points_for(&self, lock: Form, object: Option<Object>) -> &'static [&'static str] {
        let own = self.points_of.iter().find(|(form, _)| *form == lock).map(|(_, points)| *points);
        own.or(self.variant(object).map(|variant| variant.points)).unwrap_or(self.points)
    }

    /// The order of the tasks when the command line names none.
    pub fn script_for(&self, object: Option<Object>) -> &'static [&'static str] {
        self.variant(object).map_or(self.script, |variant| variant.script)
    }
}
