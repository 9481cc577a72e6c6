//! What the CPUs are doing, asked through non-maskable interrupts: these come also where interrupts are off.

use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::list::List;
use kcore::machine::TaskId;

use crate::arch::smp::Patience;
use crate::arch::traps::TrapFrame;
use crate::arch::{percpu, smp};
use crate::mm::backtrace;
use crate::param::MAX_CPUS;
use crate::{println, task};

/// Return addresses of a backtrace.
pub(super) const DEPTH: usize = 12;
/// How long a CPU may take to answer: its host thread may have to wait for a core.
const PATIENCE_CYCLES: u64 = 300_000_000;

/// A CPU and where it was.
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    /// The CPU.
    pub cpu: u32,
    /// Its running task.
    pub task: TaskId,
    /// Return addresses, innermost first; zeros behind the last. All zero when the CPU did not answer.
    pub backtrace: [u64; DEPTH],
}

impl Witness {
    /// Prints where each CPU was, with the name of its running task. One that was where the one before was
    /// has a line.
    pub fn say_all<N: AsRef<str>>(all: impl IntoIterator<Item = (Witness, N)>) {
        let mut before = [0; DEPTH];
        for (witness, task) in all {
            let (cpu, task) = (witness.cpu, task.as_ref());
            if witness.backtrace == before {
                println!("CPU {cpu}, {task}: at the same place");
            } else {
                println!("CPU {cpu}, {task}:");
                witness.say();
            }
            before = witness.backtrace;
        }
    }

    fn say(&self) {
        for address in self.backtrace.iter().filter(|&&address| address != 0) {
            println!("    [<{address:016x}>]");
        }
    }
}

struct Answer {
    task: AtomicU32,
    addresses: [AtomicU64; DEPTH],
    /// 1 while the question is open.
    open: AtomicU32,
}

static ANSWERS: [Answer; MAX_CPUS] = [const {
    Answer {
        task: AtomicU32::new(0),
        addresses: [const { AtomicU64::new(0) }; DEPTH],
        open: AtomicU32::new(0),
    }
}; MAX_CPUS];

/// Asks every CPU, first those that do something; the caller answers for itself.
pub(super) fn ask<const N: usize>() -> List<Witness, N> {
    let mut witnesses = List::new();
    let this = percpu::this_cpu();
    let mut is_idle = [false; MAX_CPUS];
    // Asked once: one that begins meanwhile to do something would come twice, and one that ends not at all.
    (0..smp::cpus()).for_each(|cpu| is_idle[cpu as usize] = task::queue::is_idle(cpu));
    for idle in [false, true] {
        for cpu in (0..smp::cpus()).filter(|cpu| is_idle[*cpu as usize] == idle) {
            witnesses.push(if cpu == this { myself() } else { other(cpu) });
        }
    }
    witnesses
}

fn myself() -> Witness {
    let mut addresses = [0_usize; DEPTH];
    backtrace::capture(&mut addresses);
    Witness {
        cpu: percpu::this_cpu(),
        task: task::current(),
        backtrace: addresses.map(|address| address as u64),
    }
}

fn other(number: u32) -> Witness {
    let answer = &ANSWERS[number as usize];
    answer.addresses.iter().for_each(|address| address.store(0, Relaxed));
    answer.task.store(task::queue::current_of(number).0, Relaxed);
    answer.open.store(1, Release);
    smp::interrupt_unmasked(number);
    let mut patience = Patience::new(PATIENCE_CYCLES);
    // Pairs with the Release in `answer`.
    while answer.open.load(Acquire) == 1 && !patience.is_over() {}
    Witness {
        cpu: number,
        task: TaskId(answer.task.load(Relaxed)),
        backtrace: core::array::from_fn(|index| answer.addresses[index].load(Relaxed)),
    }
}

/// The answer, in the handler of the non-maskable interrupt, if it came for that.
pub(crate) fn answer(frame: &TrapFrame) {
    let answer = &ANSWERS[percpu::this_cpu() as usize];
    if answer.open.load(Acquire) == 0 {
        return;
    }
    let mut addresses = [0_usize; DEPTH - 1];
    backtrace::walk(frame.rbp, &mut addresses);
    answer.addresses[0].store(frame.rip, Relaxed);
    for (to, from) in answer.addresses[1..].iter().zip(addresses) {
        to.store(from as u64, Relaxed);
    }
    // A CPU in the middle of a switch says that it runs the next task, and is still where the last one was.
    let task = task::table::owner_of(frame.rsp).unwrap_or(task::current());
    answer.task.store(task.0, Relaxed);
    answer.open.store(0, Release);
}
