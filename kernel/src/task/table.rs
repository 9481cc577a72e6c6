//! The table of tasks.
//!
//! A task's slot is found from its id without a lock: ids count up, and an id belongs in slot `id %
//! MAX_TASKS`. What changes while a task lives is behind the lock of the run queue of its CPU (I5).

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::sync::atomic::{
    AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::holds::Held;
use kcore::machine::TaskId;

use crate::layout;
use crate::machine::SpinLock;
use crate::mm::shortage;
use crate::mm::stacks::{self, Stack};
use crate::param::MAX_TASKS;

use super::names;
use super::queue::QueueGuard;

/// The name of a task, cut to 15 bytes as Linux does.
pub type Name = heapless::String<15>;

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has ended and waits to be joined. The first, and so the one of a table that is all zeros, which
    /// takes no room in the ELF.
    Ended,
    /// It runs, or waits in the queue for its turn.
    Runnable,
    /// It waits for a wake-up.
    Blocked,
}

impl State {
    /// The word for it in a list.
    pub fn word(self) -> &'static str {
        match self {
            State::Ended => "ended",
            State::Runnable => "ready",
            State::Blocked => "sleep",
        }
    }
}

/// What a task runs, once; it returns what the task ends with.
pub type Entry = Box<dyn FnMut() -> i32 + Send>;

/// The part of a task that its CPU's queue lock protects.
pub(super) struct Inner {
    /// What it is doing.
    pub state: State,
    /// A wake-up came while it was not blocked.
    pub token: bool,
    /// Where it goes on, when it does not run.
    pub stack_pointer: u64,
    /// What it runs. It stays here until the task is joined, so that it is freed also when the task does not
    /// return from it.
    pub entry: Option<Entry>,
    /// The task that waits for its end.
    pub joiner: Option<TaskId>,
}

/// A slot of the table.
pub struct Task {
    /// The id; 0 while the slot is free. Written under `ALLOCATION` and by the task that joins this one.
    id: AtomicU32,
    /// The CPU it is pinned to. Written while the slot is free.
    cpu: AtomicU32,
    /// Written while the slot is free; read by any task that knows the id.
    name: SpinLock<Name>,
    /// What was sent to it: a `Signal`.
    pub signal: AtomicU8,
    /// It ends as soon as it waits.
    pub doomed: AtomicBool,
    /// When it is doomed, the clock ends it wherever it finds it.
    pub by_force: AtomicBool,
    /// Another task asks it to end by itself.
    pub should_stop: AtomicBool,
    /// A fault in it ends it, and not the machine: see `oops`. Cleared when it begins to die.
    pub mortal: AtomicBool,
    /// It is of the run of an experiment: the task that runs it, or one that such a task has started.
    pub of_run: AtomicBool,
    /// Time does not end its slices.
    pub untimed: AtomicBool,
    /// What it does is done as in a handler or a softirq, though none has come: that part of the CPU's count.
    pub posed: AtomicU32,
    /// It has died, and sees to what it leaves behind: see `estate`. Written by the task itself.
    pub dying: AtomicBool,
    /// The locks that it has; changed by the task itself.
    pub held: Held,
    /// Nodes on its stack that are in a queue while code of others runs; written by the task itself.
    pub standing: AtomicU32,
    /// One of these nodes stays where it is: the stack is for no other task.
    pub keeps_stack: AtomicBool,
    /// The task that has started it and is to join it; 0 for none, or when another task is.
    pub parent: AtomicU32,
    /// The number of the group with which it is signalled; 0 for none. See `process::Group`.
    pub group: AtomicU64,
    /// Where the call of a driver in C is described that it makes, if it makes one: the room `module` knows.
    pub call: AtomicUsize,
    /// What it ended with.
    pub code: AtomicI32,
    /// Cycles for which it has run, without those since it was switched to.
    pub run_time: AtomicU64,
    /// What that and the rest were when the watchdog looked last.
    pub looked_at: AtomicU64,
    /// The top of its stack; 0 while the slot is free. INVARIANT: that of the boot, for the one task that was
    /// adopted, which is never joined; else what is not 0 was got by [`Stack::into_top`], and is here alone.
    stack_top: AtomicU64,
    /// Accessed under the lock of the run queue of `cpu`, while the slot is taken.
    inner: UnsafeCell<Inner>,
}

// SAFETY: `inner` is behind the queue lock of the task's CPU (see `inner`); the rest synchronises itself.
unsafe impl Sync for Task {}

static TABLE: [Task; MAX_TASKS] = [const {
    Task {
        id: AtomicU32::new(0),
        cpu: AtomicU32::new(0),
        name: SpinLock::new(class!("name of a task", "The panic writer only tries."), Name::new()),
        signal: AtomicU8::new(0),
        doomed: AtomicBool::new(false),
        by_force: AtomicBool::new(false),
        should_stop: AtomicBool::new(false),
        mortal: AtomicBool::new(false),
        of_run: AtomicBool::new(false),
        untimed: AtomicBool::new(false),
        posed: AtomicU32::new(0),
        dying: AtomicBool::new(false),
        held: Held::none(),
        standing: AtomicU32::new(0),
        keeps_stack: AtomicBool::new(false),
        parent: AtomicU32::new(0),
        group: AtomicU64::new(0),
        call: AtomicUsize::new(0),
        code: AtomicI32::new(0),
        run_time: AtomicU64::new(0),
        looked_at: AtomicU64::new(0),
        stack_top: AtomicU64::new(0),
        inner: UnsafeCell::new(Inner {
            state: State::Ended,
            token: false,
            stack_pointer: 0,
            entry: None,
            joiner: None,
        }),
    }
}; MAX_TASKS];

/// The last id that was given out.
static ALLOCATION: SpinLock<u32> = SpinLock::new(class!("task ids"), 0);

/// Claims a free slot for a task on `cpu`. `None` when all are taken, or all numbers: the last one is a
/// mutex's for no owner.
pub(super) fn claim(name: &str, cpu: u32) -> Option<(TaskId, &'static Task)> {
    let mut last = ALLOCATION.lock_irqsave();
    for _ in 0..MAX_TASKS {
        *last = last.checked_add(1).filter(|id| *id < u32::MAX)?;
        let task = &TABLE[*last as usize % MAX_TASKS];
        if task.id.load(Acquire) == 0 {
            // Pairs with the Acquire in `inner`, for a reader that looks between this store and the next.
            task.cpu.store(cpu, Release);
            *task.name.lock() = names::cut(name);
            names::remember(TaskId(*last), name);
            task.signal.store(0, Relaxed);
            task.doomed.store(false, Relaxed);
            task.by_force.store(false, Relaxed);
            task.should_stop.store(false, Relaxed);
            task.mortal.store(false, Relaxed);
            task.of_run.store(false, Relaxed);
            task.untimed.store(false, Relaxed);
            task.posed.store(0, Relaxed);
            task.dying.store(false, Relaxed);
            task.standing.store(0, Relaxed);
            task.keeps_stack.store(false, Relaxed);
            task.parent.store(0, Relaxed);
            task.group.store(0, Relaxed);
            task.call.store(0, Relaxed);
            shortage::begin(TaskId(*last));
            task.held.forget_observed();
            task.code.store(0, Relaxed);
            task.run_time.store(0, Relaxed);
            task.looked_at.store(0, Relaxed);
            // Pairs with the Acquire in `find`.
            task.id.store(*last, Release);
            return Some((TaskId(*last), task));
        }
    }
    None
}

/// The slot of a task that lives.
#[inline]
pub fn find(id: TaskId) -> Option<&'static Task> {
    let task = &TABLE[id.0 as usize % MAX_TASKS];
    (id.0 != 0 && task.id.load(Acquire) == id.0).then_some(task)
}

/// The name of a task, also of one that has ended not long ago; `?` when it is forgotten.
pub fn name_of(id: TaskId) -> Name {
    let name = find(id).map(|task| task.name.lock_irqsave().clone());
    name.or_else(|| names::recall(id)).unwrap_or_else(|| Name::try_from("?").unwrap_or_default())
}

/// The name of a task without waiting for its lock: for the panic writer.
pub fn name_hint(id: TaskId) -> Name {
    let name = find(id).and_then(|task| task.name.try_lock().map(|name| name.clone()));
    name.unwrap_or_default()
}

/// The tasks of the run under way.
pub fn of_run() -> impl Iterator<Item = &'static Task> {
    all().filter(|task| task.of_run.load(Relaxed))
}

/// The task on whose stack this stack pointer lies. In the middle of a switch that is not the one that the
/// CPU says it runs.
pub fn owner_of(stack_pointer: u64) -> Option<TaskId> {
    all().find(|task| task.has_on_its_stack(stack_pointer)).map(Task::id)
}

/// All tasks that live.
pub fn all() -> impl Iterator<Item = &'static Task> {
    TABLE.iter().filter(|task| task.id.load(Acquire) != 0)
}

impl Task {
    /// The id.
    #[inline]
    pub fn id(&self) -> TaskId {
        TaskId(self.id.load(Relaxed))
    }

    /// The CPU it is pinned to.
    #[inline]
    pub fn cpu(&self) -> u32 {
        self.cpu.load(Relaxed)
    }

    /// What the lock of its CPU's queue protects. The guard proves that it is held.
    #[inline]
    pub(super) fn inner<'a>(&'a self, queue: &'a mut QueueGuard) -> &'a mut Inner {
        // In this order: a slot that is found taken moves to another CPU only after a release under this
        // lock.
        assert!(self.id.load(Acquire) != 0, "a free slot belongs to no CPU");
        let cpu = self.cpu.load(Acquire);
        assert!(queue.cpu() == cpu, "the lock of another CPU's queue protects nothing of this task");
        // SAFETY: the slot is taken, and the queue of its CPU is locked by the caller (I5), so it stays both;
        // the guard is borrowed for as long as the result, so there is one such borrow for each lock at a
        // time.
        unsafe { &mut *self.inner.get() }
    }

    /// Gives it its stack; returns the top.
    pub(super) fn give_stack(&self, stack: Stack) -> u64 {
        let top = stack.into_top();
        let before = self.stack_top.swap(top, Relaxed);
        assert!(before == 0, "no task has two stacks");
        top
    }

    /// It is the task that the first CPU's code has become, on the stack of the boot.
    pub(super) fn adopt_stack(&self) {
        self.stack_top.store(layout::bsp_stack().end, Relaxed);
    }

    /// The top of its stack.
    pub(crate) fn stack_top(&self) -> u64 {
        self.stack_top.load(Relaxed)
    }

    /// Where the switch saves the stack pointer: written with interrupts off by this CPU while its queue is
    /// locked.
    #[inline]
    pub(super) fn stack_pointer_cell(&self) -> *mut u64 {
        let inner = self.inner.get();
        // SAFETY: only the address of the field is taken.
        unsafe { &raw mut (*inner).stack_pointer }
    }

    /// Where the task goes on when it does not run; its saved registers are there. [`None`] when it has
    /// ended, or is not set up yet.
    ///
    /// # Safety
    /// No other CPU runs, and the caller has no reference to what `inner` gives.
    pub unsafe fn resting(&self) -> Option<u64> {
        // SAFETY: no other CPU accesses it, as the caller promises.
        let inner = unsafe { &*self.inner.get() };
        (inner.state != State::Ended && self.has_on_its_stack(inner.stack_pointer))
            .then_some(inner.stack_pointer)
    }

    /// Whether this is an address in the task's stack, and not in that of the task that had the slot before:
    /// the task may just have been claimed.
    pub fn has_on_its_stack(&self, stack_pointer: u64) -> bool {
        stacks::top_of(stack_pointer) == Some(self.stack_top.load(Relaxed))
    }

    /// Frees the slot and the stack of a task that has ended and been joined.
    pub(super) fn release(&self, queue: &mut QueueGuard) {
        assert!(self.inner(queue).state == State::Ended, "only a task that has ended is released");
        match self.stack_top.swap(0, Relaxed) {
            0 => {}
            _ if self.keeps_stack.load(Relaxed) => {}
            // SAFETY: the task has ended, and no CPU is on its stack (I6); the field had the top, and has it
            // no more.
            top => stacks::keep(unsafe { Stack::from_top(top) }),
        }
        self.id.store(0, Release);
    }
}
