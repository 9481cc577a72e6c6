//! Seats: tasks that come by themselves meet at a point, and none waits for ever.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;

use kcore::errno::Errno;
use kcore::machine::Kind;
use kcore::probe::Plan;
use kcore::scull::{Device, Geometry, Mode};
use kcore::settings::Form;

use super::Answer;
use super::case::{holds, same};
use super::crew::start;
use crate::arch::smp;
use crate::machine::Kernel;
use crate::mm::heap;
use crate::observe::run;
use crate::task::table::State;
use crate::task::{self, JoinHandle, Signal, listing, signal};

crate::case! {
    "seats::two-that-come-meet" => meet;
    "seats::a-lock-lets-one-through" => locked;
    "seats::one-alone-waits" => alone;
    "seats::a-signal-ends-the-wait" => interrupted;
    "seats::nobody-waits-with-a-lock-in-hand" => lock_in_hand;
}

/// Quanta that each task writes.
const QUANTA: usize = 10;
/// Bytes of each.
const QUANTUM: usize = 100;

fn at_the_store() -> Plan {
    Plan::Rendezvous { points: vec!["slot.store".to_string()] }
}

fn text(errno: Errno) -> String {
    errno.to_string()
}

/// A device whose array is there, and all of whose quanta are missing.
fn device(lock: Form) -> Result<Arc<Device<Kernel>>, String> {
    let device = Device::new(0, lock, Geometry { quantum: QUANTUM, qset: QUANTA }).map_err(text)?;
    device.prepare_arrays(1).map_err(text)?;
    Ok(Arc::new(device))
}

/// A task on CPU `cpu` that writes all quanta of the device, from the first.
fn writer(cpu: u32, device: &Arc<Device<Kernel>>) -> Result<JoinHandle, String> {
    let device = Arc::clone(device);
    start(cpu, move || {
        let mut file = device.open(Mode::ReadWrite).expect("to open for both takes no lock");
        (0..QUANTA).for_each(|_| {
            file.write(&[7; QUANTUM]).expect("there is memory for a few quanta");
        });
    })
}

/// Quanta that were lost when two tasks came.
fn lost(lock: Form) -> Result<u64, String> {
    // SAFETY: the device goes, and the tasks are joined, before this does.
    let experiment = unsafe { heap::Experiment::begin() }.expect("no device lives on while the cases run");
    let device = device(lock)?;
    run::offer(&at_the_store(), 2);
    let tasks = [writer(0, &device)?, writer(smp::cpus() - 1, &device)?];
    task::join_all(tasks);
    let (seats, taken) = run::seats();
    run::withdraw();
    same("seats", (seats, taken), (2, 2))?;
    let mut reachable = 0;
    device.walk(|kind, _| reachable += u64::from(kind == Kind::Quantum));
    let so_far = experiment.so_far();
    Ok(so_far.allocated[Kind::Quantum] - so_far.freed[Kind::Quantum] - reachable)
}

fn meet() -> Answer {
    same("lost quanta", lost(Form::None)?, QUANTA as u64)
}

fn locked() -> Answer {
    same("lost quanta under a semaphore", lost(Form::Semaphore)?, 0)?;
    same("lost quanta under a spinlock", lost(Form::Spinlock)?, 0)
}

/// Lets one task come where two are expected, and waits until it sleeps.
fn one_of_two(device: &Arc<Device<Kernel>>) -> Result<JoinHandle, String> {
    run::offer(&at_the_store(), 2);
    let task = writer(smp::cpus() - 1, device)?;
    while listing::state_of(task.id()) != Some(State::Blocked) {
        task::yield_now();
    }
    Ok(task)
}

fn alone() -> Answer {
    let device = device(Form::None)?;
    let task = one_of_two(&device)?;
    same("bytes written while it waits", device.size(), 0)?;
    holds("nothing is left of no script", run::withdraw().is_empty())?;
    task.join();
    same("bytes written", device.size(), QUANTA * QUANTUM)
}

fn interrupted() -> Answer {
    let device = device(Form::None)?;
    let task = one_of_two(&device)?;
    signal::send(task.id(), Signal::Interrupt);
    task.join();
    let seats = run::seats();
    run::withdraw();
    same("seats, and those that one task took", seats, (2, 1))?;
    same("bytes written", device.size(), QUANTA * QUANTUM)
}

/// Whose first access is to take a spinlock does not wait for the beginning of the script: with the lock it
/// would keep its CPU, and all others from the lock.
fn lock_in_hand() -> Answer {
    let device = device(Form::Spinlock)?;
    let steps = ["B.slot.store", "A.slot.store"].map(|step| step.parse().map_err(|usage| format!("{usage}")));
    run::offer(&Plan::Script(steps.into_iter().collect::<Result<_, _>>()?), 2);
    let lock = Arc::clone(&device);
    // Ends only if it need not wait.
    start(smp::cpus() - 1, move || drop(lock.guard().enter()))?.join();
    let seats = run::seats();
    run::withdraw();
    same("seats, and how many are taken", seats, (2, 1))
}
