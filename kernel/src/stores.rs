//! The log of stores to shared memory: from it reports learn which store dropped the last reference to a block.
//!
//! In an experiment each participant has a list of its own, with room for a whole round. Elsewhere, while kmemleak is on,
//! each CPU has a ring: the last [`STORES_TRACED`](crate::param::STORES_TRACED) stores of its tasks.

use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use kcore::event::{Access, Op, Outcome, Site};
use kcore::leak::{Event, Hidden, Span, StoreLog, Trace};
use kcore::ledger::{Ledger, Record};
use kcore::machine::{Context, Cpu, Sched, TaskId};
use kcore::settings::MAX_WRITERS;

use crate::machine::{Kernel, SpinLock};
use crate::mm::{heap, stacks};
use crate::param::MAX_CPUS;
use crate::task::shortage;
use crate::{context, layout, task};

/// Lists with room: one for each participant, or one for each CPU.
const LISTS: usize = if MAX_CPUS > MAX_WRITERS as usize { MAX_CPUS } else { MAX_WRITERS as usize };
/// The list of those who have none: it has no room, so what they store counts as forgotten.
pub(crate) const NO_ROOM: usize = LISTS;

/// Where memory is freed, which the log has as well: what was stored there is gone.
pub(crate) static FREE: Site = Site::new("free");

/// A store to shared memory, or a run of bytes that was cleared or freed. What is kept of addresses keeps no block alive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Where it was stored.
    pub address: Hidden,
    /// To how many bytes.
    pub bytes: usize,
    /// What was stored.
    pub value: Hidden,
    /// The location's name.
    pub site: &'static str,
    /// The source line.
    pub at: &'static Location<'static>,
    /// The task.
    pub task: TaskId,
    /// Whether it was the task itself, or what interrupted it.
    pub context: Context,
    /// The CPU.
    pub cpu: u32,
    /// The moment before it, on the time-stamp counter.
    pub cycles: u64,
    /// The moment after it; [`u64::MAX`] while that has not come.
    pub over: u64,
    /// What was there before it and after it, once it is over.
    pub saw: [Hidden; 2],
    /// The two locks that the task had taken last and still held, the last one first; empty for none. An [`Option`] without
    /// a value would leave half of itself unwritten, and there whatever address its register held last.
    pub held: [&'static str; 2],
}

impl Trace for Stored {
    fn location(&self) -> usize {
        self.address.address()
    }

    fn event(&self) -> Event {
        match self.bytes {
            bytes if self.site == FREE.name => Event::Free(bytes),
            WORD => {
                let saw = (self.over != u64::MAX).then(|| self.saw.map(Hidden::address));
                Event::Store { value: self.value.address(), saw }
            }
            bytes => Event::Clear(bytes),
        }
    }

    fn span(&self) -> Span {
        Span { from: self.cycles, to: self.over }
    }
}

/// Bytes of a location.
const WORD: usize = size_of::<usize>();

/// The stores of one participant, or of one CPU.
struct List {
    stores: Vec<Stored>,
    /// When the list is full, the place of the oldest, which the next one takes.
    next: usize,
    /// Whether it does.
    wraps: bool,
    /// The moment at which the last store was over that is not in it any more, or never came in.
    forgotten: u64,
    /// Such stores that are not over.
    open: u32,
}

impl List {
    const fn new(stores: Vec<Stored>, wraps: bool) -> Self {
        List { stores, next: 0, wraps, forgotten: 0, open: 0 }
    }

    /// Allocating here would disturb what is observed.
    fn add(&mut self, stored: Stored) {
        if self.stores.len() < self.stores.capacity() {
            self.stores.push(stored);
        } else if let Some(oldest) = self.stores.get_mut(self.next).filter(|_| self.wraps) {
            let over = core::mem::replace(oldest, stored).over;
            self.next = (self.next + 1) % self.stores.len();
            self.forget(over);
        } else {
            self.open += 1;
        }
    }

    fn forget(&mut self, over: u64) {
        match over {
            u64::MAX => self.open += 1,
            over => self.forgotten = self.forgotten.max(over),
        }
    }

    /// The store that `task` has begun last and not finished, if it is here. Handlers on top of the task finish theirs first.
    fn unfinished(&self, task: TaskId, address: usize) -> Option<usize> {
        // This one did not find room either.
        if !self.wraps && self.open > 0 {
            return None;
        }
        let is_it = |stored: &Stored| {
            stored.over == u64::MAX && stored.task == task && stored.address.address() == address
        };
        let newest_first = (0..self.next).rev().chain((self.next..self.stores.len()).rev());
        { newest_first }.find(|&place| is_it(&self.stores[place]))
    }

    fn complete_since(&self) -> u64 {
        if self.open > 0 { u64::MAX } else { self.forgotten }
    }
}

static LISTS_OF_STORES: [SpinLock<List>; LISTS + 1] =
    [const { SpinLock::new(List::new(Vec::new(), false)) }; LISTS + 1];

/// When the log was begun.
static BEGAN: AtomicU64 = AtomicU64::new(u64::MAX);

/// All lists together take at most one in so many of the bytes of the heap.
const PART: usize = 8;

/// Makes room for `each` stores in the first `lists` lists, or for fewer on a machine with little memory; returns for how many
/// in each. Full ones forget their oldest store if they `wrap`, else the newest.
pub(crate) fn make_room(lists: usize, each: usize, wraps: bool) -> usize {
    let most = heap::room().size() / PART / lists.max(1) / size_of::<Stored>();
    let mut each = each.min(most);
    for list in &LISTS_OF_STORES[..lists] {
        let stores = shortage::with_room_for(each).unwrap_or_default();
        each = each.min(stores.capacity());
        // What was there is freed after the lock is given back: nothing is freed or allocated under it.
        let before = core::mem::replace(&mut *list.lock_irqsave(), List::new(stores, wraps));
        drop(before);
    }
    *LISTS_OF_STORES[NO_ROOM].lock_irqsave() = List::new(Vec::new(), false);
    BEGAN.store(Kernel::cycles(), Relaxed);
    each
}

/// How many lists have room for any.
pub fn lists() -> u64 {
    LISTS_OF_STORES.iter().filter(|list| list.lock_irqsave().stores.capacity() > 0).count() as u64
}

/// Forgets what is in the first `lists` lists; the room stays.
pub(crate) fn clear(lists: usize) {
    for list in LISTS_OF_STORES[..lists].iter().chain([&LISTS_OF_STORES[NO_ROOM]]) {
        let mut list = list.lock_irqsave();
        list.stores.clear();
        (list.next, list.forgotten, list.open) = (0, 0, 0);
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

/// Takes note in list `list` that the caller is about to make `access`, if that stores anything.
pub(crate) fn begin(list: usize, access: &Access, at: &'static Location<'static>) {
    let value = match access.op {
        Op::Store(value) | Op::Swap(value) => value,
        Op::Clear => 0,
        Op::Load | Op::Point => return,
    };
    let task = Kernel::task();
    let stored = Stored {
        address: Hidden::new(access.address),
        bytes: access.size,
        value: Hidden::new(value),
        site: access.site.name,
        at,
        task,
        context: context::current(),
        cpu: Kernel::cpu().0,
        cycles: Kernel::cycles(),
        over: u64::MAX,
        saw: [Hidden::new(0); 2],
        held: innermost(),
    };
    LISTS_OF_STORES[list].lock_irqsave().add(stored);
}

/// The two locks that the running task has taken last and still holds, the last one first; empty names for none.
fn innermost() -> [&'static str; 2] {
    let mut names = task::schedule::this_task().held.observed().map(|lock| lock.name);
    [names.next().unwrap_or_default(), names.next().unwrap_or_default()]
}

/// Takes note that it has done so at `address`, and what it found before and after; or that it has stored nothing after all.
///
/// The lock is taken by a locked instruction, and before that is done all CPUs see the store (SDM vol. 3A, 9.2.3.9): so the
/// stamp that is taken then is no earlier than the moment at which it took effect.
pub(crate) fn finish(list: usize, address: usize, outcome: Outcome) {
    let mut list = LISTS_OF_STORES[list].lock_irqsave();
    let over = Kernel::cycles();
    let Some(place) = list.unfinished(Kernel::task(), address) else {
        list.open = list.open.saturating_sub(1);
        return list.forget(over);
    };
    let stored = &mut list.stores[place];
    stored.over = over;
    match outcome {
        Outcome::Stored { before, after } => stored.saw = [before, after].map(Hidden::new),
        // A run of no bytes: it concerns no location.
        Outcome::Saw(_) | Outcome::Failed => stored.bytes = 0,
    }
}

/// The moment since which nothing was forgotten; [`None`] while nothing is logged.
pub fn complete_since() -> Option<u64> {
    let began = BEGAN.load(Relaxed);
    let forgotten = LISTS_OF_STORES.iter().map(|list| list.lock_irqsave().complete_since()).max();
    (began != u64::MAX).then(|| began.max(forgotten.unwrap_or(0)))
}

/// All stores in the log, and the heap as `ledger` knows it.
#[derive(Debug)]
pub struct Log<'l, 'm>(pub &'l Ledger<'m>);

impl StoreLog for Log<'_, '_> {
    type Store = Stored;

    fn each(&self, visit: &mut dyn FnMut(&Stored)) {
        for list in &LISTS_OF_STORES {
            list.lock_irqsave().stores.iter().for_each(&mut *visit);
        }
    }

    fn complete_since(&self) -> u64 {
        complete_since().unwrap_or(u64::MAX)
    }

    fn now(&self, location: usize) -> Option<usize> {
        let is_in = |record: &&Record| {
            let start = record.allocation.address;
            record.is_live() && (start..start + record.allocation.size).contains(&location)
        };
        let address = location as u64;
        let is_fixed = layout::data().contains(&address) || stacks::contains(address, WORD as u64);
        if !is_fixed && !self.0.since(0).any(|record| is_in(&record)) {
            return None;
        }
        let word = core::ptr::with_exposed_provenance::<AtomicUsize>(location);
        // SAFETY: a task has stored a word there, so it is mapped and aligned, and stays so: no mapping is ever taken back
        // (I2). All others access it by atomics, too.
        Some(unsafe { &*word }.load(Relaxed))
    }
}
