//! A task that dies alone: of an exception or a panic, and the machine goes on (LDD3 ch. 4, "Oops Messages"; Linux: `die`,
//! `make_task_dead`).
//!
//! That is for tasks that were started as [mortal](crate::task::spawn_mortal): the crews of experiments, the jobs of the
//! shell. And only where nothing of the kernel's own is left half done:
//!
//! ```text
//! in a task, not in a handler or a softirq on top of it     else whom it interrupted would die
//! with interrupts on                                        off means: a lock of the kernel's own (I7)
//! with no spinlock but observed ones                        those are the experiment's or the driver's: they stay locked
//! with few mutexes of the kernel's own                      so that each is known, and can be given back (`estate`)
//! with 10 KiB of its stack left                             or the report would be a fault of its own
//! not while it dies already                                 a fault in its own report
//! ```
//!
//! Everywhere else a fault ends the machine ([`last_words`]). A stack overflow does as well: it comes as a double
//! fault, which the manual calls an abort. The dead task's stack is abandoned, nothing on it is dropped: what it owned on
//! the heap stays allocated, what it had locked stays locked, as in Linux. Its joiner is told `-EFAULT`.

pub mod exception;
pub mod frames;
pub mod last_words;

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::machine::TaskId;
use kcore::report;
use kcore::wait_for::At;

use crate::arch::traps::vector;
use crate::arch::{cpu, percpu};
use crate::console::cut::Cut;
use crate::machine::SpinLock;
use crate::mm::backtrace;
use crate::mm::stacks;
use crate::process::output;
use crate::task::{queue, schedule, table};
use crate::{context, estate, println, task, watchdog};

use exception::Exception;

/// Addresses of a backtrace that are kept.
const DEPTH: usize = 16;
/// Bytes of its stack that the report wants, and giving its crew up.
pub(crate) const ROOM: u64 = 10 << 10;
/// What is cut to fit.
type Text = Cut<96>;

/// The death of a task.
#[derive(Clone, Debug)]
pub struct Oops {
    /// Whose.
    pub task: TaskId,
    /// On which CPU.
    pub cpu: u32,
    /// Of what.
    what: Text,
    /// Where, if it is a source line.
    at: Text,
    /// The instruction of an exception, then return addresses, innermost first; zeros behind the last.
    backtrace: [u64; DEPTH],
    /// Whether the first of them is that instruction.
    is_exact: bool,
}

/// How many there were, and the right to report one: reports do not mix.
static COUNT: SpinLock<u32> = SpinLock::new(0);

/// How many there were.
pub fn count() -> u32 {
    *COUNT.lock()
}

/// An exception has come. Ends the running task, if it may die alone; else returns.
pub fn exception(exception: &Exception<'_>) {
    let of_the_machine = matches!(
        exception.frame.vector,
        vector::DEBUG | vector::NMI | vector::DOUBLE_FAULT | vector::MACHINE_CHECK
    );
    if of_the_machine || !begin(exception.frame.interrupts_were_on()) {
        return;
    }
    let mut oops = Oops::here();
    // A text that does not fit is cut.
    let _ = exception.say_cause(&mut oops.what);
    oops.backtrace[0] = exception.frame.rip;
    oops.is_exact = true;
    oops.walk(exception.frame.rbp, 1);
    die(oops, Some(exception))
}

/// A panic has come. Ends the running task, if it may die alone; else returns.
pub fn panic(info: &PanicInfo<'_>) {
    if !begin(cpu::irq_are_on()) {
        return;
    }
    let mut oops = Oops::here();
    let _ = write!(oops.what, "panic: {}", info.message());
    if let Some(place) = info.location() {
        let _ = write!(oops.at, "{}:{}", place.file(), place.line());
    }
    oops.walk(backtrace::frame_pointer(), 0);
    die(oops, None)
}

/// Whether the running task may die alone. If so, it begins to: the next fault in it is one in the report.
fn begin(interrupts_were_on: bool) -> bool {
    may_die(interrupts_were_on) && schedule::this_task().mortal.swap(false, Relaxed)
}

/// Whether the running task would die alone of a panic here and now.
pub(crate) fn may_die_here() -> bool {
    may_die(cpu::irq_are_on())
}

fn may_die(interrupts_are_on: bool) -> bool {
    let Some(task) = table::find(queue::current()) else { return false };
    let only_observed = || context::depth().is_some_and(|depth| u64::from(depth) <= task.held.spinlocks());
    let room = || stacks::left(backtrace::frame_pointer()).is_some_and(|left| left >= ROOM);
    task.mortal.load(Relaxed)
        && interrupts_are_on
        && !last_words::stopping()
        && only_observed()
        && task.held.own_are_known()
        && room()
}

/// Whether the running task may end alone at the place where an interrupt has come: so interrupts were on.
/// What else runs on top of it ends with it.
pub(crate) fn may_be_ended() -> bool {
    let task = schedule::this_task();
    let only_observed = u64::from(context::depth_below()) <= task.held.spinlocks();
    only_observed && task.held.own() == 0 && task.mortal.load(Relaxed)
}

fn die(oops: Oops, exception: Option<&Exception<'_>>) -> ! {
    // The task is one like any other again: an interrupt finds no lock taken that it wants.
    cpu::irq_on();
    output::died();
    oops.report(exception);
    task::remember_death(oops.task);
    watchdog::died(oops);
    estate::settle(Errno::EFAULT.code())
}

impl Oops {
    fn here() -> Self {
        Oops {
            task: task::current(),
            cpu: percpu::this_cpu(),
            what: Text::new(),
            at: Text::new(),
            backtrace: [0; DEPTH],
            is_exact: false,
        }
    }

    /// Return addresses from `rbp` on, behind the first `kept`.
    fn walk(&mut self, rbp: u64, kept: usize) {
        let mut addresses = [0_usize; DEPTH];
        backtrace::walk(rbp, &mut addresses[kept..]);
        for (to, from) in self.backtrace[kept..].iter_mut().zip(&addresses[kept..]) {
            *to = *from as u64;
        }
    }

    fn addresses(&self) -> &[u64] {
        let end = self.backtrace.iter().position(|address| *address == 0).unwrap_or(DEPTH);
        &self.backtrace[..end]
    }

    /// The report on COM1, in the manner of Linux.
    fn report(&self, exception: Option<&Exception<'_>>) {
        let mut count = COUNT.lock();
        *count += 1;
        let name = task::name_of(self.task);
        println!();
        println!(
            "oops #{} on CPU {}, task {} ({name}): {}",
            *count,
            self.cpu,
            self.task.0,
            self.what.as_str()
        );
        if !self.at.as_str().is_empty() {
            println!("  at {}", self.at.as_str());
        }
        if let Some(exception) = exception {
            // The console takes everything.
            let _ = exception.say_registers(&mut frames::Lines::default());
        }
        println!("backtrace:");
        frames::print(self.addresses(), self.is_exact);
        for lock in schedule::this_task().held.observed() {
            println!("it has {}{}: nobody will give that back", lock.name, At(" since ", Some(lock.at)));
        }
        println!("task {} ({name}) ends with {}; the machine goes on", self.task.0, Errno::EFAULT);
    }

    /// For whoever reports a run, later. `name` is that of the task, which has ended by now.
    pub(crate) fn say(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oops: {name} (CPU {}) died of this: {}", self.cpu, self.what.as_str())?;
        match self.addresses() {
            [rip, ..] if self.is_exact => write!(f, "\n  at rip [<{rip:016x}>]"),
            _ => write!(f, "\n  at {}", self.at.as_str()),
        }
    }

    /// For machines.
    pub(crate) fn record(&self, name: &str) -> report::Oops {
        report::Oops {
            task: name.into(),
            cpu: self.cpu,
            what: self.what.as_str().into(),
            at: self.at.as_str().into(),
            backtrace: self.addresses().to_vec(),
        }
    }
}
