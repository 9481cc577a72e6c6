//! Tasks that die alone, and where the machine has to die with them.

use alloc::format;
use alloc::string::String;
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Events, LockName};
use kcore::machine::Kind;
use kcore::probe::Plan;
use kcore::settings::Verdict;
use kcore::sync::{Observed, SpinLock};

use super::Answer;
use super::case::{holds, same};
use crate::arch::{cpu, smp};
use crate::experiments::crew;
use crate::fault;
use crate::frames;
use crate::irq::device;
use crate::machine;
use crate::machine::Kernel;
use crate::mm::backtrace;
use crate::mm::{heap, stacks};
use crate::observe::{run, watchdog};
use crate::task::{self, Name, SpawnError, listing};

crate::case! {
    "oops::each-kind" => each_kind;
    "oops::on-each-cpu" => on_each_cpu;
    "oops::nothing-is-lost" => nothing_is_lost;
    "oops::at-the-end-of-a-stack" => at_the_end;
    "oops::with-a-driver's-lock" => with_a_lock;
    "oops::ends-a-round" => ends_a_round;
    "oops::ends-a-round-that-nobody-watches" => unwatched;
    "oops::says-where" => says_where, hidden = true;
    // It takes its time, and the others end the machine.
    "oops::a-thousand" => a_thousand, hidden = true;
    "oops::interrupts-off" => interrupts_off, hidden = true;
    "oops::lock-of-the-kernel" => kernel_lock, hidden = true;
    "oops::in-a-handler" => in_a_handler, hidden = true;
    "oops::stack-overflow" => overflow, hidden = true;
    "oops::no-stack-left" => no_stack_left, hidden = true;
    "oops::not-mortal" => not_mortal, hidden = true;
}

/// What a task can die of.
const KINDS: [(&str, fn()); 5] = [
    ("a null pointer", null),
    ("a store to the kernel's code, by a way of its own", wild),
    ("a division", cpu::divide_by_zero),
    ("an undefined instruction", cpu::undefined_instruction),
    ("a panic", || panic!("a panic that was asked for")),
];

/// As a driver's wild store might.
fn wild() {
    // SAFETY: the window lets no code write there.
    unsafe { fault::write(fault::text_in_window()) };
}

fn null() {
    black_box(fault::read(black_box(0)));
}

/// What a task on `cpu` that does `what` ends with.
fn dies(cpu: u32, what: fn()) -> Result<i32, String> {
    let task = task::spawn_mortal("victim", cpu, what);
    task.map(task::JoinHandle::join).map_err(|error| format!("a task could not be started: {error:?}"))
}

fn each_kind() -> Answer {
    for (kind, what) in KINDS {
        same(&format!("what is told of {kind}"), dies(smp::cpus() - 1, what)?, Errno::EFAULT.code())?;
    }
    same("what is told of a task that lives", dies(0, || ())?, 0)
}

/// At the same time.
fn on_each_cpu() -> Answer {
    let started: Result<heapless::Vec<_, 64>, SpawnError> =
        (0..smp::cpus()).map(|cpu| task::spawn_mortal("victim", cpu, null)).collect();
    for task in started.map_err(|error| format!("{error:?}"))? {
        same("what is told", task.join(), Errno::EFAULT.code())?;
    }
    Ok(())
}

fn nothing_is_lost() -> Answer {
    many(8)
}

fn a_thousand() -> Answer {
    many(1000)
}

/// The dead leave no stack, no slot and no block behind that was not theirs.
fn many(tasks: u32) -> Answer {
    // The first one of each kind makes what stays: a stack, the line tables.
    let mut before = None;
    for number in 0..tasks + KINDS.len() as u32 {
        let kind = number as usize % KINDS.len();
        if number as usize == KINDS.len() {
            before = Some(leftovers());
        }
        let cpu = number / KINDS.len() as u32 % smp::cpus();
        same("what is told", dies(cpu, KINDS[kind].1)?, Errno::EFAULT.code())?;
    }
    same("tasks, free frames, live blocks", Some(leftovers()), before)
}

fn leftovers() -> (usize, u64, u64) {
    (listing::list().count(), frames::free_bytes(), heap::live()[Kind::Other])
}

static LOCK: SpinLock<(), Kernel, Observed> =
    SpinLock::new(Observed::new(LockName::spins("victim.lock", class!("test"))), ());

/// Holding a driver's spinlock is no reason to end the machine, if the hooks keep account of it. It stays
/// locked.
fn with_a_lock() -> Answer {
    run::follow_locks(true);
    let told = dies(smp::cpus() - 1, || {
        let _held = LOCK.lock();
        null();
    });
    run::follow_locks(false);
    same("what is told", told?, Errno::EFAULT.code())?;
    // Without `smp` a spinlock has no word that could be locked.
    holds("the lock is still locked", !cfg!(feature = "smp") || LOCK.is_locked())?;
    // SAFETY: its holder is dead, and its guard will never be dropped.
    unsafe { LOCK.force_unlock() };
    Ok(())
}

/// One dies with the lock, the other spins for it and is given up.
fn ends_a_round() -> Answer {
    let found = round(true, |who| {
        let held = LOCK.lock();
        if who == 0 {
            null();
        }
        drop(held);
    })?;
    // SAFETY: as above.
    unsafe { LOCK.force_unlock() };
    same("what it is called", found, Some(Verdict::Oops))
}

/// One dies, the other sleeps for ever and is given up.
fn unwatched() -> Answer {
    let found = round(false, |who| match who {
        0 => panic!("a panic that was asked for"),
        _ => loop {
            task::block();
        },
    })?;
    same("what it is called", found, Some(Verdict::Oops))
}

/// However much of its stack a task has used, as long as there is room for the report.
fn at_the_end() -> Answer {
    const LEFT: [(u64, fn()); 4] =
        [(22, || deep(22)), (20, || deep(20)), (18, || deep(18)), (16, || deep(16))];
    for (left, what) in LEFT {
        same(&format!("what is told where {left} KiB are left"), dies(0, what)?, Errno::EFAULT.code())?;
    }
    Ok(())
}

#[expect(unconditional_recursion, reason = "it ends where it dies")]
/// Dies when about `left` KiB of the stack are left.
fn deep(left: u64) {
    let room = black_box([left; 16]);
    if stacks::left(backtrace::frame_pointer()).is_some_and(|rest| rest < left << 10) {
        null();
    }
    deep(room[7]);
    black_box(room[3]);
}

/// What two tasks that run `body` come to.
fn round(watched: bool, body: impl Fn(u32) + Sync) -> Result<Option<Verdict>, String> {
    run::begin(&Plan::Pass, 2, false, watched).map_err(|errno| format!("{errno}"))?;
    let run = crew::run_on(2, &crew::spread, &|_| Name::new(), &body);
    let found = watchdog::take();
    run::end();
    run.map_err(|error| format!("{error:?}"))?;
    Ok(found.map(|stop| stop.cause.verdict()))
}

/// For a test that reads the report.
fn says_where() -> Answer {
    same("what is told", dies(0, null)?, Errno::EFAULT.code())
}

fn interrupts_off() -> Answer {
    survived(|| {
        cpu::irq_save();
        null();
    })
}

fn kernel_lock() -> Answer {
    static OURS: machine::SpinLock<()> = machine::SpinLock::new(class!("test"), ());
    survived(|| {
        let _held = OURS.lock();
        null();
    })
}

fn in_a_handler() -> Answer {
    static HANDLED: AtomicBool = AtomicBool::new(false);
    device::open(|| {
        HANDLED.store(true, Relaxed);
        null();
    });
    survived(|| {
        device::fire();
        while !HANDLED.load(Relaxed) {
            Kernel::spinning();
        }
    })
}

fn overflow() -> Answer {
    survived(|| _ = black_box(fault::recurse(black_box(1))))
}

fn no_stack_left() -> Answer {
    survived(|| deep(8))
}

fn not_mortal() -> Answer {
    task::spawn("immortal", 0, null).map_err(|error| format!("{error:?}"))?.join();
    Err("the machine survived".into())
}

fn survived(what: fn()) -> Answer {
    dies(0, what)?;
    Err("the machine survived".into())
}
