//! Signals: they end the waits that they may end, and an interrupted task holds nothing.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::scull::{Device, Geometry, Mode};
use kcore::settings::Form;

use super::Answer;
use super::case::{holds, same};
use super::crew::start;
use crate::arch::smp;
use crate::machine::Kernel;
use crate::task::table::State;
use crate::task::{self, Signal, listing, signal};

crate::case! {
    "signals::write-is-interrupted" => interrupted;
    "signals::write-is-made-again" => restarted;
    "signals::a-kill-is-not-restarted" => killed;
    "signals::a-spinlock-does-not-listen" => deaf;
}

/// What a write to a device gives whose lock another task has, when `sent` arrives while it sleeps; and what
/// it has written in the end.
fn write_under(lock: Form, restarts: bool, sent: Signal) -> Result<(i32, usize), alloc::string::String> {
    let device = Device::<Kernel>::new(0, lock, Geometry { quantum: 100, qset: 10 }).map_err(text)?;
    let device = Arc::new(device);
    let result = Arc::new(AtomicI32::new(0));
    let held = device.guard().enter();
    let (theirs, told) = (Arc::clone(&device), Arc::clone(&result));
    let writer = start(smp::cpus() - 1, move || {
        let mut file = theirs.open(Mode::ReadWrite).expect("to open for both takes no lock");
        let written = signal::system_call(restarts, || file.write(&[1; 7]));
        told.store(written.map_or_else(Errno::code, |count| count as i32), Relaxed);
    })?;
    while listing::state_of(writer.id()) != Some(State::Blocked) {
        task::yield_now();
    }
    signal::send(writer.id(), sent);
    if restarts && sent == Signal::Interrupt {
        // It sleeps for the lock again, and only the lock helps it now.
        drop(held);
        writer.join();
    } else {
        writer.join();
        drop(held);
    }
    let free = device.guard().enter();
    drop(free);
    Ok((result.load(Relaxed), device.size()))
}

fn text(errno: Errno) -> alloc::string::String {
    alloc::format!("{errno}")
}

const SLEEPING: [Form; 3] = [Form::Semaphore, Form::Mutex, Form::Completion];

fn interrupted() -> Answer {
    SLEEPING.into_iter().try_for_each(|lock| {
        let (result, size) = write_under(lock, false, Signal::Interrupt)?;
        same("what write returns", result, Errno::EINTR.code())?;
        same("bytes in the device", size, 0)
    })
}

fn restarted() -> Answer {
    SLEEPING.into_iter().try_for_each(|lock| {
        let (result, size) = write_under(lock, true, Signal::Interrupt)?;
        same("what write returns", result, 7)?;
        same("bytes in the device", size, 7)
    })
}

fn killed() -> Answer {
    SLEEPING.into_iter().try_for_each(|lock| {
        let (result, size) = write_under(lock, true, Signal::Kill)?;
        same("what write returns", result, Errno::EINTR.code())?;
        same("bytes in the device", size, 0)
    })
}

/// A lock that spins is entered in any case; the signal stays until the task takes it.
fn deaf() -> Answer {
    let device =
        Device::<Kernel>::new(0, Form::Spinlock, Geometry { quantum: 100, qset: 10 }).map_err(text)?;
    signal::send(task::current(), Signal::Interrupt);
    let written = device.open(Mode::ReadWrite).and_then(|mut file| file.write(&[1; 7]));
    let taken = signal::take();
    same("what write returns", written, Ok(7))?;
    holds("the signal has stayed", taken == Some(Signal::Interrupt))?;
    same("a signal after it was taken", signal::take(), None)
}
