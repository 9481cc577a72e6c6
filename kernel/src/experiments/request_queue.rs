//! R30: requests are added at the tail and removed at the head.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::experiment::{HEAD, NEXT, Role, TAIL};
use kcore::shared::Shared;

use crate::machine::{Guard, Kernel};
use crate::task::shortage;

use super::trial::{Refusal, Trial};

/// A link that leads nowhere. Requests count from 1.
const NONE: usize = 0;
/// The request that is in the queue when a round begins.
const FIRST: usize = 1;

/// One round: writers add `quanta` requests each, readers ask for as many. Then each request must be somewhere, once.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let quanta = resolved.quanta as usize;
    let guard = Guard::new(resolved.lock, "queue.lock", "queue.lock");
    let queue = Queue::with_room_for(FIRST + resolved.writers as usize * quanta)?;
    queue.begin();
    trial.race(&|who| {
        for index in 0..quanta {
            let _held = guard.enter();
            match resolved.role(who) {
                Role::Write => queue.add(FIRST + 1 + who as usize * quanta + index),
                _ => queue.remove(),
            }
        }
    })?;
    trial.add_lock(guard.stats());
    let tail_is_right = queue.drain();
    let added = |request: &usize| *request == FIRST || resolved.role(adder(*request, quanta)) == Role::Write;
    let amiss: u64 = (FIRST..queue.requests.len()).filter(added).map(|request| queue.amiss(request)).sum();
    trial.run.lost_updates += amiss;
    trial.run.torn += u64::from(!tail_is_right);
    Ok(())
}

/// Which task adds `request`, of `quanta` each.
fn adder(request: usize, quanta: usize) -> u32 {
    ((request - FIRST - 1) / quanta) as u32
}

/// A queue of requests that are numbered.
struct Queue {
    head: Shared<usize>,
    tail: Shared<usize>,
    requests: Vec<Request>,
}

struct Request {
    next: Shared<usize>,
    /// How often it was handed out.
    removed: AtomicU64,
}

impl Queue {
    /// An empty queue for the requests 1 to `requests`. [`Errno::ENOMEM`] when there is no memory.
    fn with_room_for(requests: usize) -> Result<Self, Errno> {
        let mut all = shortage::with_room_for(requests + 1)?;
        all.resize_with(requests + 1, || Request { next: Shared::new(NONE), removed: AtomicU64::new(0) });
        Ok(Queue { head: Shared::new(NONE), tail: Shared::new(NONE), requests: all })
    }

    /// Puts the first request into it, before there is anybody else.
    fn begin(&self) {
        self.head.poke(FIRST);
        self.tail.poke(FIRST);
    }

    /// Adds `request` behind the tail, in three accesses.
    fn add(&self, request: usize) {
        match self.tail.load::<Kernel>(&TAIL) {
            NONE => self.head.store::<Kernel>(&HEAD, request),
            last => self.requests[last].next.store::<Kernel>(&NEXT, request),
        }
        self.tail.store::<Kernel>(&TAIL, request);
    }

    /// Takes the first request, if there is one.
    fn remove(&self) {
        let first = self.head.load::<Kernel>(&HEAD);
        if first == NONE {
            return;
        }
        let next = self.requests[first].next.load::<Kernel>(&NEXT);
        self.head.store::<Kernel>(&HEAD, next);
        if next == NONE {
            self.tail.store::<Kernel>(&TAIL, NONE);
        }
        self.requests[first].removed.fetch_add(1, Relaxed);
    }

    /// Counts every request that the head leads to as removed; says whether the tail is the last of them. Nobody else uses
    /// the queue any more. A list that bites its own tail is followed until it cannot but have come round.
    fn drain(&self) -> bool {
        let (mut last, mut request) = (NONE, self.head.peek());
        for _ in 0..self.requests.len() {
            if request == NONE {
                break;
            }
            self.requests[request].removed.fetch_add(1, Relaxed);
            (last, request) = (request, self.requests[request].next.peek());
        }
        last == self.tail.peek()
    }

    /// Acknowledged changes that are not there: a request that is nowhere was added for nothing, and one that is in two
    /// places was removed for nothing.
    fn amiss(&self, request: usize) -> u64 {
        self.requests[request].removed.load(Relaxed).abs_diff(1)
    }
}
