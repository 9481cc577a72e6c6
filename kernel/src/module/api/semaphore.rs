//! Semaphores (`linux/semaphore.h`).

use core::convert::Infallible;
use core::ffi::{c_char, c_int, c_long, c_ulong};
use core::fmt::Write;

use kcore::errno::Errno;
use kcore::event::Waiting;
use kcore::module::Wrong;
use kcore::place::Place;
use kcore::report::place;
use kcore::sync::{Semaphore, Statistics, Watched};

use super::bug::may_sleep;
use super::time::cycles;
use crate::context;
use crate::machine::Kernel;
use crate::module::call::{self, Call};
use crate::module::finding::wrong;
use crate::module::lock::{Lock, OfDriver};
use crate::module::taken::Given;
use crate::symbols::sites;

type Inner = Semaphore<Kernel, OfDriver>;
/// With the units that it begins with.
type CSemaphore = Lock<Inner, c_ulong>;

const _: () = assert!(size_of::<CSemaphore>() <= 32 + 8 * 20, "linux/semaphore.h has more room");

fn semaphore<'a>(at: *const CSemaphore) -> &'a Inner {
    // SAFETY: the driver says that it is a semaphore (I23).
    let lock = unsafe { &*at };
    lock.get("semaphore", waiting(lock.more as usize), |count, watch| Semaphore::new(watch, *count as usize))
}

/// One of one unit is a mutex; any other signals.
fn waiting(count: usize) -> Waiting {
    if count == 1 { Waiting::Sleeps } else { Waiting::Event }
}

pub(in crate::module) unsafe extern "C" fn __sema_init(
    at: *const CSemaphore,
    count: c_int,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    let count = count.max(0) as usize;
    if let Some(call) = call::current() {
        call.note(|taken| taken.forget(at.addr()));
    }
    // SAFETY: the driver says that there is room for a semaphore (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), waiting(count), |watch| Semaphore::new(watch, count)) };
}

pub(in crate::module) extern "C" fn down(at: *const CSemaphore) {
    may_sleep("down");
    let Ok(()) = take(at, |its| {
        its.down();
        Ok::<_, Infallible>(())
    });
}

pub(in crate::module) extern "C" fn down_interruptible(at: *const CSemaphore) -> c_int {
    may_sleep("down_interruptible");
    Errno::answer(take(at, Inner::down_interruptible))
}

pub(in crate::module) extern "C" fn down_killable(at: *const CSemaphore) -> c_int {
    may_sleep("down_killable");
    Errno::answer(take(at, Inner::down_killable))
}

/// 0 when it has taken one, as Linux's.
pub(in crate::module) extern "C" fn down_trylock(at: *const CSemaphore) -> c_int {
    let its = semaphore(at);
    let call = of_mutex(its);
    let has_taken = its.try_down();
    if let (true, Some(call)) = (has_taken, call) {
        call.note(|taken| taken.add(at.addr(), 1));
    }
    (!has_taken).into()
}

pub(in crate::module) extern "C" fn down_timeout(at: *const CSemaphore, jiffies: c_long) -> c_int {
    may_sleep("down_timeout");
    Errno::answer(take(at, |its| its.down_timeout(cycles(jiffies))))
}

pub(in crate::module) extern "C" fn up(at: *const CSemaphore) {
    let its = semaphore(at);
    if of_mutex(its).is_some_and(|call| call.note(|taken| taken.give(at.addr())) == Given::Surplus) {
        let (at, name) = (place(sites::of_driver(Place::caller())), its.watch().name().name);
        wrong(Wrong::Other, |text| {
            write!(
                text,
                "up at {at} of {name}, which this call does not have: it has given back what it took, or its down \
                 has failed"
            )
        });
    }
    its.up();
}

/// The call under way takes a unit, or does not get it.
fn take<E>(at: *const CSemaphore, down: impl FnOnce(&Inner) -> Result<(), E>) -> Result<(), E> {
    let its = semaphore(at);
    let call = of_mutex(its);
    let got = down(its);
    if let Some(call) = call {
        call.note(|taken| taken.add(at.addr(), u32::from(got.is_ok())));
    }
    got
}

/// The call under way, if the semaphore is a mutex, and no handler uses it on top of that call.
fn of_mutex<'a>(its: &Inner) -> Option<&'a Call<'a>> {
    let is_mutex = its.watch().name().waiting == Waiting::Sleeps;
    call::current().filter(|_| is_mutex && !context::in_interrupt())
}
