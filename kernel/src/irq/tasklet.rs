//! Tasklets: a function that runs soon, in a softirq, and never on two CPUs at once (LDD3 ch. 7, "Tasklets";
//! LKD ch. 8).
//!
//! Two bits say where a tasklet stands. Each is taken by test-and-set, and that is all there is to "never on
//! two CPUs":
//!
//! ```text
//!   scheduled    it stands in a queue, of one CPU; to schedule it again changes nothing
//!   runs         its function runs, on one CPU; another one that finds it so puts it back into its own queue
//! ```
//!
//! `scheduled` is cleared before the function begins: a caller that schedules the tasklet from then on makes
//! it run once more.

use core::fmt;
use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

use heapless::Deque;
use kcore::class;
use kcore::event::{Events, Op, Site, might_sleep};
use kcore::sync::Tas;

use super::softirq::{self, Softirq};
use super::under_way::touches;
use crate::arch::{cpu, percpu};
use crate::machine::{Kernel, SpinLock};
use crate::param::{MAX_CPUS, MAX_TASKLETS};
use crate::{context, task};

/// A function that an interrupt handler can have done later.
///
/// It is a static, so that a CPU which runs it never finds it gone.
pub struct Tasklet {
    action: fn(usize),
    argument: usize,
    /// It is in a queue, or set aside.
    scheduled: Tas<AtomicBool>,
    /// Its function runs.
    runs: Tas<AtomicBool>,
    /// Times that it was disabled; its function begins only at 0.
    disabled: AtomicU32,
    /// It was to run while it was disabled, and is in no queue: the caller that enables it puts it into one.
    aside: AtomicBool,
    times: AtomicU64,
    deferrals: AtomicU64,
}

/// The bits of tasklets.
static SCHEDULED: Site = Site::new("scheduled");
static RUNS: Site = Site::new("runs");

/// The tasklets that are to run on each CPU. An interrupt handler puts them in.
static QUEUES: [SpinLock<Deque<&'static Tasklet, MAX_TASKLETS>>; MAX_CPUS] =
    [const { SpinLock::new(class!("tasklets", "The function is called without it."), Deque::new()) };
        MAX_CPUS];

/// Whose function runs on each CPU.
static RUNNING: [SpinLock<Option<&'static Tasklet>>; MAX_CPUS] =
    [const { SpinLock::new(class!("running tasklet"), None) }; MAX_CPUS];

impl Tasklet {
    /// A tasklet that calls `action(argument)`. It must not sleep.
    #[doc(alias = "tasklet_init")]
    pub const fn new(action: fn(usize), argument: usize) -> Self {
        Tasklet {
            action,
            argument,
            scheduled: Tas::from_flag(AtomicBool::new(false)),
            runs: Tas::from_flag(AtomicBool::new(false)),
            disabled: AtomicU32::new(0),
            aside: AtomicBool::new(false),
            times: AtomicU64::new(0),
            deferrals: AtomicU64::new(0),
        }
    }

    /// It is to run on this CPU. May be called anywhere. Returns false if it was to run already, here or on
    /// another CPU.
    #[doc(alias = "tasklet_schedule")]
    pub fn schedule(&'static self) -> bool {
        touch(&SCHEDULED, Op::Update, &self.scheduled);
        let new = self.scheduled.try_acquire();
        if new {
            self.enqueue();
        }
        new
    }

    /// Into the queue of this CPU. The caller has `scheduled`.
    fn enqueue(&'static self) {
        // With interrupts off throughout, so that the queue and the softirq are of the same CPU also for a
        // caller to come.
        let were_on = cpu::irq_save();
        let full = QUEUES[percpu::this_cpu() as usize].lock_irqsave().push_back(self).is_err();
        assert!(!full, "more than {MAX_TASKLETS} tasklets on one CPU");
        softirq::raise(Softirq::Tasklet);
        cpu::irq_restore(were_on);
    }

    /// Its function does not begin until it is [enabled](Tasklet::enable) as often. Waits, spinning, until it
    /// does not run; so the function itself must not call this.
    #[doc(alias = "tasklet_disable")]
    pub fn disable(&self) {
        // Pairs with the load in `run_here`: either that sees the number, or this sees that it runs.
        let before = self.disabled.fetch_add(1, SeqCst);
        assert!(before < u32::MAX, "a tasklet is disabled more often than can be counted");
        while self.runs.is_set() {
            task::doom::check();
            cpu::pause();
        }
    }

    /// The reverse. If it was to run meanwhile it runs now, on this CPU.
    #[doc(alias = "tasklet_enable")]
    pub fn enable(&'static self) {
        if self.disabled.fetch_sub(1, SeqCst) == 1 && self.aside.swap(false, SeqCst) {
            self.enqueue();
        }
    }

    /// Waits until it is neither running nor to run. It must not be disabled, and no caller must go on
    /// scheduling it. For tasks only: it may take turns with others.
    #[doc(alias = "tasklet_kill")]
    #[track_caller]
    pub fn kill(&self) {
        might_sleep::<Kernel>();
        while !self.scheduled.try_acquire() {
            task::yield_now();
        }
        while self.runs.is_set() {
            task::yield_now();
        }
        self.scheduled.clear();
    }

    /// Whether it is to run.
    pub fn is_scheduled(&self) -> bool {
        self.scheduled.is_set()
    }

    /// Whether its function runs at this moment, somewhere.
    pub fn is_running(&self) -> bool {
        self.runs.is_set()
    }

    /// How often its function was called.
    pub fn times(&self) -> u64 {
        self.times.load(Relaxed)
    }

    /// How often a CPU had to put it back, since it was running on another one.
    pub fn deferrals(&self) -> u64 {
        self.deferrals.load(Relaxed)
    }

    /// Runs it, unless it runs elsewhere or is disabled. It was just taken out of this CPU's queue.
    fn run_here(&'static self) {
        if !self.begins() {
            self.deferrals.fetch_add(1, Relaxed);
            self.enqueue();
            return Kernel::spinning();
        }
        if self.disabled.load(SeqCst) != 0 {
            self.aside.store(true, SeqCst);
            // It may have been enabled between the two: one of the two then finds it set aside.
            if self.disabled.load(SeqCst) != 0 || !self.aside.swap(false, SeqCst) {
                return self.ends();
            }
        }
        touch(&SCHEDULED, Op::Put(0), &self.scheduled);
        self.scheduled.clear();
        let this = percpu::this_cpu() as usize;
        *RUNNING[this].lock_irqsave() = Some(self);
        self.times.fetch_add(1, Relaxed);
        (self.action)(self.argument);
        *RUNNING[this].lock_irqsave() = None;
        self.ends();
    }

    /// Takes `runs`, unless it runs elsewhere.
    fn begins(&self) -> bool {
        touch(&RUNS, Op::Look, &self.runs);
        if self.runs.is_set() {
            return false;
        }
        touch(&RUNS, Op::Update, &self.runs);
        self.runs.try_acquire()
    }

    /// Gives `runs` back.
    fn ends(&self) {
        touch(&RUNS, Op::Put(0), &self.runs);
        self.runs.clear();
    }
}

/// Tells of a use of one of its bits.
fn touch(site: &'static Site, op: Op, bit: &Tas<AtomicBool>) {
    touches(site, op, core::ptr::from_ref(bit).addr(), size_of::<Tas<AtomicBool>>());
}

impl fmt::Debug for Tasklet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasklet").field("times", &self.times()).finish_non_exhaustive()
    }
}

/// The softirq: runs the tasklets that are in this CPU's queue now. Those that come meanwhile have raised it
/// anew.
pub(super) fn run() {
    debug_assert!(context::in_interrupt(), "tasklets run in a softirq");
    let queue = &QUEUES[percpu::this_cpu() as usize];
    let number = queue.lock_irqsave().len();
    for _ in 0..number {
        let next = queue.lock_irqsave().pop_front();
        if let Some(tasklet) = next {
            tasklet.run_here();
        }
    }
}

/// The function that runs on this CPU will not go on. The others in the queue will.
pub(super) fn abandoned() {
    let this = percpu::this_cpu() as usize;
    let left = RUNNING[this].lock_irqsave().take();
    if let Some(tasklet) = left {
        tasklet.runs.clear();
    }
    let more = !QUEUES[this].lock_irqsave().is_empty();
    if more {
        softirq::raise(Softirq::Tasklet);
    }
}
