//! Kernel timers: a function that a softirq calls at a moment (LDD3 ch. 7, "Kernel Timers"; LKD ch. 11).
//!
//! A timer runs on the CPU that it was added on. It runs once; its function may add it anew.

use core::fmt;
use core::sync::atomic::{
    AtomicU64, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use heapless::Vec;

use super::softirq::{self, Softirq};
use super::under_way::touches;
use crate::arch::{cpu, percpu, smp};
use crate::machine::{Kernel, SpinIrqGuard, SpinLock};
use crate::param::{MAX_CPUS, MAX_TIMERS};
use crate::task::quiet;
use crate::time::NEVER;
use kcore::class;
use kcore::event::{Events, Op, Site};

/// A function that can be called at a moment.
///
/// It is a static, so that a CPU which runs it never finds it gone. What its argument means is the owner's:
/// an object that the function uses must live until [`delete_sync`](Timer::delete_sync) has returned.
pub struct Timer {
    action: fn(usize),
    argument: AtomicUsize,
}

/// A timer that is to run.
struct Pending {
    timer: &'static Timer,
    cpu: u32,
    moment: u64,
    /// Counts up: of two timers with one moment, the one that was added first runs first.
    serial: u64,
}

/// All timers of the machine.
struct Timers {
    /// Those that are to run, each once, in no order.
    pending: Vec<Pending, MAX_TIMERS>,
    /// Whose function runs on each CPU.
    running: [Option<&'static Timer>; MAX_CPUS],
    serial: u64,
}

static TIMERS: SpinLock<Timers> = SpinLock::new(
    class!("timers", "The clock is armed without it."),
    Timers { pending: Vec::new(), running: [None; MAX_CPUS], serial: 0 },
);

/// All timers, as a word that is changed under their lock.
static WORD: Site = Site::new("timers");

/// Locks the timers to look at them, or to change them.
fn lock(op: Op) -> SpinIrqGuard<'static, Timers> {
    touches(&WORD, op, (&raw const TIMERS).addr(), 1);
    TIMERS.lock_irqsave()
}

/// The next moment at which each CPU has a timer to run: the earliest of `TIMERS`, or [`NEVER`] from the
/// interrupt that has raised the softirq until that runs. Written under the lock of `TIMERS`, and by that
/// interrupt.
static NEXT: [AtomicU64; MAX_CPUS] = [const { AtomicU64::new(NEVER) }; MAX_CPUS];

impl Timer {
    /// A timer that calls `action`. It must not sleep.
    #[doc(alias = "timer_setup")]
    pub const fn new(action: fn(usize)) -> Self {
        Timer { action, argument: AtomicUsize::new(0) }
    }

    /// The function is called with `argument` on this CPU at `moment`, in cycles of the time-stamp counter,
    /// or soon after. The timer must not be pending.
    #[doc(alias = "add_timer")]
    pub fn add(&'static self, moment: u64, argument: usize) {
        self.add_on(percpu::this_cpu(), moment, argument);
    }

    /// [`add`](Timer::add) on `cpu`.
    #[doc(alias = "add_timer_on")]
    pub fn add_on(&'static self, cpu: u32, moment: u64, argument: usize) {
        assert!(cpu < smp::cpus(), "a timer on a CPU that is not there would never run");
        let mut timers = lock(Op::Update);
        assert!(timers.find(self).is_none(), "a timer that is pending was added again");
        self.argument.store(argument, Relaxed);
        timers.insert(self, cpu, moment);
        arm(timers, cpu);
    }

    /// Changes the moment of a timer that is pending, or adds it again on this CPU with its last argument.
    /// Returns whether it was pending.
    #[doc(alias = "mod_timer")]
    pub fn modify(&'static self, moment: u64) -> bool {
        let mut timers = lock(Op::Update);
        let cpu = timers.remove(self);
        let home = cpu.unwrap_or(percpu::this_cpu());
        timers.insert(self, home, moment);
        arm(timers, home);
        cpu.is_some()
    }

    /// It is not to run. Returns whether it was pending. Its function may be running on another CPU, now and
    /// for a while after.
    #[doc(alias = "del_timer")]
    pub fn delete(&'static self) -> bool {
        lock(Op::Update).remove(self).is_some()
    }

    /// [`delete`](Timer::delete), and waits, spinning, until its function does not run anywhere. The function
    /// itself must not call this, nor a task that holds a lock which the function takes.
    #[doc(alias = "del_timer_sync")]
    pub fn delete_sync(&'static self) -> bool {
        let mut was_pending = false;
        loop {
            let mut timers = lock(Op::Update);
            // Its function may add it again as long as it runs.
            was_pending |= timers.remove(self).is_some();
            let running = timers.running.iter().position(|other| is(*other, self));
            drop(timers);
            match running {
                None => return was_pending,
                Some(cpu) => assert!(cpu != percpu::this_cpu() as usize, "a timer waits for its own end"),
            }
            Kernel::spinning();
            cpu::pause();
        }
    }

    /// Whether it is to run.
    pub fn is_pending(&'static self) -> bool {
        lock(Op::Look).find(self).is_some()
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

fn is(one: Option<&'static Timer>, other: &'static Timer) -> bool {
    one.is_some_and(|one| core::ptr::eq(one, other))
}

impl Timers {
    fn find(&self, timer: &'static Timer) -> Option<usize> {
        self.pending.iter().position(|pending| core::ptr::eq(pending.timer, timer))
    }

    fn insert(&mut self, timer: &'static Timer, cpu: u32, moment: u64) {
        self.serial += 1;
        let full = self.pending.push(Pending { timer, cpu, moment, serial: self.serial }).is_err();
        assert!(!full, "more than {MAX_TIMERS} timers");
        self.note_next(cpu);
        quiet::news();
    }

    /// Returns where it was pending.
    #[inline]
    fn remove(&mut self, timer: &'static Timer) -> Option<u32> {
        let index = self.find(timer)?;
        let cpu = self.pending.swap_remove(index).cpu;
        self.note_next(cpu);
        Some(cpu)
    }

    #[inline]
    fn note_next(&self, cpu: u32) {
        let moments = self.pending.iter().filter(|pending| pending.cpu == cpu).map(|pending| pending.moment);
        NEXT[cpu as usize].store(moments.min().unwrap_or(NEVER), SeqCst);
    }

    /// Takes out the first timer of `cpu` that is due at `now` and was added by `serial`, and notes that it
    /// runs.
    fn begin(&mut self, cpu: u32, now: u64, serial: u64) -> Option<&'static Timer> {
        let due =
            |pending: &&Pending| pending.cpu == cpu && pending.moment <= now && pending.serial <= serial;
        let first = self.pending.iter().filter(due).min_by_key(|pending| (pending.moment, pending.serial))?;
        let timer = first.timer;
        self.remove(timer);
        self.running[cpu as usize] = Some(timer);
        Some(timer)
    }
}

/// Gives the lock back and has the clock of `cpu` set to what is next.
fn arm(timers: SpinIrqGuard<'static, Timers>, cpu: u32) {
    drop(timers);
    if cpu == percpu::this_cpu() {
        crate::task::queue::arm();
    } else {
        smp::kick(cpu);
    }
}

/// The softirq: calls what is due on this CPU, in the order of the moments. What is added meanwhile waits for
/// its own interrupt, so a timer that adds itself for now does not keep the CPU.
pub(super) fn run() {
    let this = percpu::this_cpu();
    let now = cpu::cycles();
    let serial = lock(Op::Look).serial;
    loop {
        let mut timers = lock(Op::Update);
        timers.running[this as usize] = None;
        let Some(timer) = timers.begin(this, now, serial) else {
            timers.note_next(this);
            return arm(timers, this);
        };
        let argument = timer.argument.load(Relaxed);
        drop(timers);
        (timer.action)(argument);
    }
}

/// The function that runs on this CPU will not go on. The other timers will.
pub(super) fn abandoned() {
    let this = percpu::this_cpu() as usize;
    let left = TIMERS.lock_irqsave().running[this].take();
    if left.is_some() {
        softirq::raise(Softirq::Timer);
    }
}

/// The next moment at which the calling CPU has a timer to run.
#[inline]
pub(crate) fn next() -> u64 {
    NEXT[percpu::this_cpu() as usize].load(SeqCst)
}

/// Whether `cpu` has a timer that will run.
pub(crate) fn is_pending(cpu: u32) -> bool {
    NEXT[cpu as usize].load(SeqCst) != NEVER
}

/// Raises the softirq if a timer of the calling CPU is due, in the handler of its clock.
pub(crate) fn raise_if_due(now: u64) {
    let next = &NEXT[percpu::this_cpu() as usize];
    let moment = next.load(SeqCst);
    if moment <= now {
        softirq::raise(Softirq::Timer);
        // Else the clock would be set to this moment, which is past, over and over until the softirq runs. A
        // CPU that has just stored another moment has armed, or will arm, the clock for it.
        let _ = next.compare_exchange(moment, NEVER, SeqCst, SeqCst);
    }
}
