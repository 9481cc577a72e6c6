//! Wait queues (`linux/wait.h`).

use alloc::boxed::Box;
use core::ffi::{c_char, c_int, c_long};
use core::ptr;

use kcore::errno::Errno;
use kcore::event::{LockStep, Mode, Waiting};
use kcore::machine::{Cpu, Sched};
use kcore::place::Place;
use kcore::sync::wait_queue::Standing;
use kcore::sync::{WaitQueue, Watch, Watched};

use super::bug::may_sleep;
use super::sched::sleep_of;
use super::time::{cycles, jiffies_in};
use crate::machine::Kernel;
use crate::module::call::{self, Call};
use crate::module::lock::{Lock, OfDriver};
use crate::time::NEVER;

type Inner = WaitQueue<Kernel, OfDriver>;
/// `struct wait_queue_head`.
pub(in crate::module) type Queue = Lock<Inner>;
type Queued = Standing<'static, Kernel, OfDriver>;

const _: () = assert!(size_of::<Queue>() <= 24 + 8 * 20, "linux/wait.h has more room");

/// `struct wait_queue_entry`: a place in a queue. INVARIANT: `place` is null or a box; while it is one, the
/// entry is in the list of the call of its task.
#[repr(C)]
pub(in crate::module) struct Entry {
    place: *mut Queued,
    queue: *const Queue,
    next: *mut Entry,
    is_exclusive: c_int,
}

/// The queue at `at`.
pub(super) fn queue<'a>(at: *const Queue) -> &'a Inner {
    // SAFETY: the driver says that it is a wait queue (I23).
    let lock = unsafe { &*at };
    lock.get("wait queue", Waiting::Event, |(), watch| WaitQueue::new(watch))
}

fn entry<'a>(at: *mut Entry) -> &'a mut Entry {
    // SAFETY: it is a variable of the task that makes the call, in no other use (I23).
    unsafe { &mut *at }
}

impl Entry {
    fn is_woken(&self) -> bool {
        // SAFETY: it is null or a box of this entry's.
        unsafe { self.place.as_ref() }.is_some_and(Standing::is_woken)
    }

    /// Stands in the queue, anew if it was woken since.
    fn stand(&mut self, at: *const Queue) {
        if !self.place.is_null() && !self.is_woken() {
            return;
        }
        self.leave();
        self.queue = at;
        let queue = queue(at);
        let place = if self.is_exclusive == 0 { queue.stand() } else { queue.stand_exclusive() };
        self.place = Box::into_raw(Box::new(place));
        let places = &call::here().places;
        self.next = places.replace(self);
    }

    /// Leaves the queue, if it stands there.
    fn leave(&mut self) {
        if self.place.is_null() {
            return;
        }
        let places = &call::here().places;
        let mut link = places.get();
        if ptr::eq(link, self) {
            places.set(self.next);
        } else {
            while let Some(before) = (!link.is_null()).then(|| entry(link)) {
                if ptr::eq(before.next, self) {
                    before.next = self.next;
                    break;
                }
                link = before.next;
            }
        }
        // SAFETY: it is a box of this entry's, which is not used again.
        drop(unsafe { Box::from_raw(self.place) });
        self.place = ptr::null_mut();
    }
}

/// Whether a waker of one of its queues has woken the task that makes the call.
pub(super) fn has_woken(call: &Call<'_>) -> bool {
    let first = call.places.get();
    let mut all = core::iter::successors((!first.is_null()).then(|| entry(first)), |place| {
        (!place.next.is_null()).then(|| entry(place.next))
    });
    all.any(|place| place.is_woken())
}

pub(in crate::module) unsafe extern "C" fn __init_waitqueue_head(
    at: *const Queue,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    // SAFETY: the driver says that there is room for a queue (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), Waiting::Event, WaitQueue::new) };
}

pub(in crate::module) extern "C" fn add_wait_queue(at: *const Queue, place: *mut Entry) {
    entry(place).stand(at);
}

pub(in crate::module) extern "C" fn add_wait_queue_exclusive(at: *const Queue, place: *mut Entry) {
    entry(place).is_exclusive = 1;
    entry(place).stand(at);
}

pub(in crate::module) extern "C" fn remove_wait_queue(_at: *const Queue, place: *mut Entry) {
    entry(place).leave();
}

pub(in crate::module) extern "C" fn prepare_to_wait(at: *const Queue, place: *mut Entry, state: c_int) {
    entry(place).stand(at);
    call::here().task.state.set(state as u32);
}

pub(in crate::module) extern "C" fn prepare_to_wait_exclusive(
    at: *const Queue,
    place: *mut Entry,
    state: c_int,
) {
    entry(place).is_exclusive = 1;
    prepare_to_wait(at, place, state);
}

pub(in crate::module) extern "C" fn finish_wait(_at: *const Queue, place: *mut Entry) {
    call::here().task.state.set(0);
    entry(place).leave();
}

/// Wakes all, or of those that wait exclusively so many.
pub(in crate::module) extern "C" fn __wake_up(at: *const Queue, most: c_int) {
    let most = if most <= 0 { usize::MAX } else { most as usize };
    queue(at).wake_up_nr(most);
}

pub(in crate::module) extern "C" fn waitqueue_active(at: *const Queue) -> bool {
    queue(at).is_active()
}

/// Says that the caller sleeps in the queue, or does so no more.
fn announce(at: *const Queue, step: LockStep) {
    let queue = queue(at);
    Watch::<Kernel>::announce(queue.watch(), step, Mode::Exclusive, queue.address(), Place::caller());
}

/// Sleeps once, unless it was woken: 0 when the condition is to be tested again.
pub(in crate::module) unsafe extern "C" fn __scullery_wait(
    at: *const Queue,
    place: *mut Entry,
    state: c_int,
    left: *mut c_long,
) -> c_int {
    may_sleep("wait_event");
    let place = entry(place);
    if place.is_woken() {
        // The next wake-up is not lost: it stands there before the condition is tested.
        place.stand(at);
        return 0;
    }
    if Kernel::interrupted(sleep_of(state as u32)) {
        return Errno::ERESTARTSYS.code();
    }
    // SAFETY: it is null or a variable of the macro's (I23).
    let left = unsafe { left.as_mut() };
    if left.as_ref().is_some_and(|left| **left <= 0) {
        return Errno::ETIME.code();
    }
    let end = left.as_ref().map_or(NEVER, |left| Kernel::cycles().saturating_add(cycles(**left)));
    announce(at, LockStep::Wait);
    // Once more, as what was said may have used up the wake-up.
    if !place.is_woken() {
        Kernel::block_until(end);
    }
    if let Some(left) = left {
        *left = jiffies_in(end.saturating_sub(Kernel::cycles())) as c_long;
    }
    0
}

/// The wait is over: the condition is true, or `waited` is not 0. Then a wake-up that came for an exclusive
/// waiter is for the next.
pub(in crate::module) extern "C" fn __scullery_wait_end(at: *const Queue, place: *mut Entry, waited: c_int) {
    announce(at, LockStep::GaveUp);
    let place = entry(place);
    let is_unused = waited != 0 && place.is_exclusive != 0 && place.is_woken();
    place.leave();
    if is_unused {
        queue(at).wake_up_nr(1);
    }
}
