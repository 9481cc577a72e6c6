//! The log of stores to shared memory: from it reports learn which store dropped the last reference to a block.
//!
//! In an experiment each participant has a list of its own, with room for a whole round. Elsewhere, while kmemleak is on,
//! each CPU has a ring: the last [`STORES_TRACED`](crate::param::STORES_TRACED) stores of its tasks.

use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::leak::{Hidden, StoreLog, Trace};
use kcore::machine::{Access, Cpu, Sched, TaskId};
use kcore::settings::MAX_WRITERS;

use crate::held;
use crate::machine::{Kernel, SpinLock};
use crate::param::MAX_CPUS;

/// Lists: one for each participant, or one for each CPU.
const LISTS: usize = if MAX_CPUS > MAX_WRITERS as usize { MAX_CPUS } else { MAX_WRITERS as usize };

/// A store to shared memory. What is kept of addresses keeps no block alive.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Where it was stored.
    pub address: Hidden,
    /// What was stored.
    pub value: Hidden,
    /// The location's name.
    pub site: &'static str,
    /// The source line.
    pub at: &'static Location<'static>,
    /// The task.
    pub task: TaskId,
    /// The CPU.
    pub cpu: u32,
    /// When, on the time-stamp counter.
    pub cycles: u64,
    /// The two locks that the task had taken last and still held, the last one first; empty for none. An [`Option`] without
    /// a value would leave half of itself unwritten, and there whatever address its register held last.
    pub held: [&'static str; 2],
}

impl Trace for Stored {
    fn location(&self) -> usize {
        self.address.address()
    }

    fn value(&self) -> usize {
        self.value.address()
    }

    fn when(&self) -> u64 {
        self.cycles
    }
}

/// The stores of one participant, or of one CPU.
struct List {
    stores: Vec<Stored>,
    /// When the list is full, the place of the oldest, which the next one takes.
    next: usize,
    /// Whether it does.
    wraps: bool,
    /// The moment of the last store that is not in it any more, or never came in.
    forgotten: u64,
}

static LISTS_OF_STORES: [SpinLock<List>; LISTS] =
    [const { SpinLock::new(List { stores: Vec::new(), next: 0, wraps: false, forgotten: 0 }) }; LISTS];

/// When the log was begun.
static BEGAN: AtomicU64 = AtomicU64::new(u64::MAX);

/// Makes room for `each` stores in the first `lists` lists; full ones forget their oldest store if they `wrap`, else the
/// newest. On a machine with little memory stores go unlogged.
pub(crate) fn make_room(lists: usize, each: usize, wraps: bool) {
    for list in &LISTS_OF_STORES[..lists] {
        let mut stores = Vec::new();
        let _ = stores.try_reserve_exact(each);
        // What was there is freed after the lock is given back: nothing is freed or allocated under it.
        let before =
            core::mem::replace(&mut *list.lock_irqsave(), List { stores, next: 0, wraps, forgotten: 0 });
        drop(before);
    }
    BEGAN.store(Kernel::cycles(), Relaxed);
}

/// Forgets what is in the first `lists` lists; the room stays.
pub(crate) fn clear(lists: usize) {
    for list in &LISTS_OF_STORES[..lists] {
        let mut list = list.lock_irqsave();
        list.stores.clear();
        (list.next, list.forgotten) = (0, 0);
    }
    BEGAN.store(Kernel::cycles(), Relaxed);
}

/// Ends the log.
pub(crate) fn end() {
    BEGAN.store(u64::MAX, Relaxed);
    for list in &LISTS_OF_STORES {
        let done = core::mem::take(&mut list.lock_irqsave().stores);
        drop(done);
    }
}

/// Takes note in list `list` that the running task is about to store `value`.
pub(crate) fn log(list: usize, access: &Access, value: usize) {
    let task = Kernel::task();
    let stored = Stored {
        address: Hidden::new(access.address),
        value: Hidden::new(value),
        site: access.site.name,
        at: access.location,
        task,
        cpu: Kernel::cpu().0,
        cycles: Kernel::cycles(),
        held: held::innermost(task),
    };
    let mut list = LISTS_OF_STORES[list].lock_irqsave();
    let list = &mut *list;
    // Allocating here would disturb what is observed.
    if list.stores.len() < list.stores.capacity() {
        list.stores.push(stored);
    } else if let Some(oldest) = list.stores.get_mut(list.next).filter(|_| list.wraps) {
        list.forgotten = oldest.cycles;
        *oldest = stored;
        list.next = (list.next + 1) % list.stores.len();
    } else {
        list.forgotten = stored.cycles;
    }
}

/// The moment since which no store was forgotten; [`None`] while nothing is logged.
pub fn complete_since() -> Option<u64> {
    let began = BEGAN.load(Relaxed);
    let forgotten = LISTS_OF_STORES.iter().map(|list| list.lock_irqsave().forgotten).max();
    (began != u64::MAX).then(|| began.max(forgotten.unwrap_or(0)))
}

/// All stores in the log.
#[derive(Clone, Copy, Debug)]
pub struct Log;

impl StoreLog for Log {
    type Store = Stored;

    fn each(&self, visit: &mut dyn FnMut(&Stored)) {
        for list in &LISTS_OF_STORES {
            list.lock_irqsave().stores.iter().for_each(&mut *visit);
        }
    }
}
