//! Which form gives what on which machine: the rows of the matrix, and its columns.
//!
//! A form can be safe against interrupts, against other CPUs, against preemption, or against some of these
//! only. So what it gives depends on how many CPUs there are and on how the kernel was built.

use crate::settings::{Config, Expect, Form, Verdict};
use crate::sync::LOCKS;

/// A column: a machine and a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// CPUs of the machine.
    pub cpus: u32,
    /// How the kernel was built.
    pub config: Config,
}

/// Every column. A machine of more than one CPU stands for all of them.
pub const COLUMNS: [Column; 6] = [
    Column { cpus: 4, config: Config::Full },
    Column { cpus: 4, config: Config::Smp },
    Column { cpus: 1, config: Config::Full },
    Column { cpus: 1, config: Config::Smp },
    Column { cpus: 1, config: Config::Preempt },
    Column { cpus: 1, config: Config::Up },
];

/// What a form gives where its race is forced; `None` where the form or the exhibit does not fit the machine.
pub type Cell = Option<Expect>;

/// Nothing goes wrong.
pub(super) const C: Cell = Some(Expect::Only(Verdict::Clean));
/// Damage is done.
pub(super) const R: Cell = Some(Expect::Only(Verdict::Raced));
/// A deadlock, named.
pub(super) const D: Cell = Some(Expect::Only(Verdict::Deadlock));
/// A task that is never woken, named.
pub(super) const S: Cell = Some(Expect::Only(Verdict::Stuck));
/// Sleeping where no task may, named.
pub(super) const I: Cell = Some(Expect::Only(Verdict::InvalidContext));
/// Left to chance.
pub(super) const A: Cell = Some(Expect::Any);
/// Does not fit.
pub(super) const N: Cell = None;

/// A form of an experiment and what it gives in each of the [`COLUMNS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The form.
    pub lock: Form,
    /// What it gives.
    pub gives: [Cell; COLUMNS.len()],
}

impl Row {
    /// The same on every machine.
    pub const fn always(lock: Form, cell: Cell) -> Self {
        Row { lock, gives: [cell; COLUMNS.len()] }
    }

    /// One thing on machines of several CPUs, another on those of one.
    pub const fn by_cpus(lock: Form, several: Cell, one: Cell) -> Self {
        Row { lock, gives: [several, several, one, one, one, one] }
    }

    /// Each column for itself.
    pub const fn each(lock: Form, gives: [Cell; COLUMNS.len()]) -> Self {
        Row { lock, gives }
    }

    /// What it gives on a machine of `cpus` CPUs with a kernel built as `config`.
    pub fn cell(&self, cpus: u32, config: Config) -> Cell {
        let cpus = if cpus > 1 && config.smp() { 4 } else { 1 };
        let column = COLUMNS.iter().position(|column| *column == Column { cpus, config });
        column.and_then(|column| self.gives[column])
    }

    /// Whether it never does any damage, wherever it fits.
    pub fn is_cure(&self) -> bool {
        self.gives.iter().flatten().all(|expect| *expect == Expect::Only(Verdict::Clean))
    }
}

/// Without a guard it gives `unguarded`, each of the [`LOCKS`] cures it, and then come `others`. There are
/// `N` rows.
pub(super) const fn guarded<const N: usize>(unguarded: Cell, others: &[Row]) -> [Row; N] {
    let mut rows = [Row::always(Form::None, unguarded); N];
    let mut row = 1;
    while row < N {
        rows[row] = match row.checked_sub(1 + LOCKS.len()) {
            None => Row::always(LOCKS[row - 1], C),
            Some(other) => others[other],
        };
        row += 1;
    }
    rows
}

/// What keeps only one CPU to itself.
const OFF: &[Row] = &[
    Row::by_cpus(Form::CpuOwned, C, R),
    Row::by_cpus(Form::PreemptOff, R, C),
    Row::by_cpus(Form::IrqOff, R, C),
];

/// No guard, or a lock.
pub(super) const ALONE: usize = 1 + LOCKS.len();

/// A race between tasks of several CPUs that may also lose their CPU at its points, and the usual forms.
pub(super) const TASKS: &[Row] = &guarded::<{ ALONE + OFF.len() }>(R, OFF);

/// [`TASKS`], and behind them a cure of the experiment's own.
pub(super) const fn tasks_and(cure: Form) -> [Row; TASKS.len() + 1] {
    let mut rows = [Row::always(cure, C); TASKS.len() + 1];
    rows.split_at_mut(TASKS.len()).0.copy_from_slice(TASKS);
    rows
}
