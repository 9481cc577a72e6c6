//! The ring of one CPU.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr;
use core::sync::atomic::{
    AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use super::stored::Stored;
use crate::event::{Actor, Outcome, Site, Ticket};
use crate::holds::NameWord;
use crate::leak::Hidden;
use crate::machine::{Context, CpuId, TaskId};
use crate::place::AtomicPlace;

/// An entry's place. Each word is stored and loaded as a whole; that they belong together is what `state`
/// says.
#[derive(Debug, Default)]
struct Slot {
    /// Which entry this is, from 1, in the upper bits; the lowest is set when it is over. 0 while it is
    /// written. Each value comes once: a reader that finds the same before and after has read what was
    /// written together.
    state: AtomicU64,
    address: AtomicUsize,
    bytes: AtomicUsize,
    value: AtomicUsize,
    site: AtomicPtr<Site>,
    at: AtomicPlace,
    task: AtomicU32,
    context: AtomicU8,
    cycles: AtomicU64,
    over: AtomicU64,
    saw: [AtomicUsize; 2],
    held: [NameWord; 2],
}

const CONTEXTS: [Context; 3] = [Context::Task, Context::Softirq, Context::Hardirq];

impl Slot {
    /// Which entry this is; 0 for none, or while it is written.
    fn serial(&self) -> u64 {
        self.state.load(Relaxed) >> 1
    }

    /// Makes it entry `serial`, which `write` writes.
    fn become_entry(&self, serial: u64, is_over: bool, write: impl FnOnce(&Slot)) {
        self.state.store(0, Relaxed);
        // A reader that sees one of the words that follow sees the 0 as well, and repeats. No instruction on
        // x86-64.
        fence(Release);
        write(self);
        self.state.store(serial << 1 | u64::from(is_over), Release);
    }

    fn set(&self, stored: &Stored) {
        self.address.store(stored.address.word(), Relaxed);
        self.bytes.store(stored.bytes, Relaxed);
        self.value.store(stored.value.word(), Relaxed);
        self.site.store(ptr::from_ref(stored.site).cast_mut(), Relaxed);
        self.at.store(Some(stored.at));
        self.task.store(stored.actor.task.0, Relaxed);
        self.context.store(stored.actor.context as u8, Relaxed);
        self.cycles.store(stored.cycles, Relaxed);
        self.over.store(stored.over, Relaxed);
        self.saw.iter().zip(stored.saw).for_each(|(to, from)| to.store(from.word(), Relaxed));
        self.held.iter().zip(stored.held).for_each(|(to, from)| to.set(from));
    }

    /// What is in it, if that is a whole entry; with its number.
    fn get(&self, cpu: CpuId) -> Option<(u64, Stored)> {
        let state = self.state.load(Acquire);
        if state == 0 {
            return None;
        }
        let saw = self.saw.each_ref().map(|word| Hidden::of_word(word.load(Relaxed)));
        let context = *CONTEXTS.get(usize::from(self.context.load(Relaxed)))?;
        // SAFETY: null, or what was made from a reference that lives for ever.
        let site = unsafe { self.site.load(Relaxed).as_ref() }?;
        let at = self.at.load()?;
        let stored = Stored {
            address: Hidden::of_word(self.address.load(Relaxed)),
            bytes: self.bytes.load(Relaxed),
            value: Hidden::of_word(self.value.load(Relaxed)),
            site,
            at,
            actor: Actor { task: TaskId(self.task.load(Relaxed)), context },
            cpu,
            cycles: self.cycles.load(Relaxed),
            over: self.over.load(Relaxed),
            saw,
            held: self.held.each_ref().map(NameWord::get),
        };
        fence(Acquire);
        (self.state.load(Relaxed) == state).then_some((state >> 1, stored))
    }
}

/// The entries of one CPU, which alone writes it.
#[derive(Debug)]
pub(super) struct Ring {
    /// Null until there is room.
    slots: AtomicPtr<Slot>,
    length: AtomicUsize,
    /// Entries so far.
    written: AtomicU64,
    /// The era of which the following speak.
    era: AtomicU32,
    /// Entries before it.
    before: AtomicU64,
    /// The moment at which the last store was over that is not in the ring any more, or never came in.
    forgotten: AtomicU64,
    /// Such stores that are not over.
    open: AtomicU32,
}

impl Ring {
    /// Without room.
    pub(super) const fn new() -> Self {
        Ring {
            slots: AtomicPtr::new(ptr::null_mut()),
            length: AtomicUsize::new(0),
            written: AtomicU64::new(0),
            era: AtomicU32::new(0),
            before: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            open: AtomicU32::new(0),
        }
    }

    /// Gives it room for `length` entries, for ever, if there is memory and it has none yet. One caller at a
    /// time.
    pub(super) fn make_room(&self, length: usize) {
        let mut slots = Vec::new();
        if self.room() > 0 || length == 0 || slots.try_reserve_exact(length).is_err() {
            return;
        }
        slots.resize_with(length, Slot::default);
        let slots: &'static mut [Slot] = Box::leak(slots.into_boxed_slice());
        self.length.store(slots.len(), Relaxed);
        self.slots.store(slots.as_mut_ptr(), Release);
    }

    /// How many entries there is room for.
    pub(super) fn room(&self) -> usize {
        self.slots().len()
    }

    fn slots(&self) -> &'static [Slot] {
        let slots = self.slots.load(Acquire);
        if slots.is_null() {
            return &[];
        }
        // SAFETY: what is not null was leaked with this length, which was stored before.
        unsafe { core::slice::from_raw_parts(slots, self.length.load(Relaxed)) }
    }

    /// Adds an entry; when there is no room the oldest goes if the ring `wraps`, else this one is forgotten.
    /// The CPU alone calls this, with interrupts off.
    pub(super) fn begin(&self, stored: &Stored, era: u32, wraps: bool) -> Ticket {
        if self.era.load(Relaxed) != era {
            self.before.store(self.written.load(Relaxed), Relaxed);
            self.forgotten.store(0, Relaxed);
            self.open.store(0, Relaxed);
            self.era.store(era, Release);
        }
        let (slots, written) = (self.slots(), self.written.load(Relaxed));
        let is_full = written - self.before.load(Relaxed) >= slots.len() as u64;
        if is_full && (!wraps || slots.is_empty()) {
            self.open.store(self.open.load(Relaxed) + 1, Relaxed);
            return Ticket { serial: 0, era };
        }
        let slot = &slots[(written % slots.len() as u64) as usize];
        if is_full {
            self.forget(slot.over.load(Relaxed));
        }
        let serial = written + 1;
        slot.become_entry(serial, false, |slot| slot.set(stored));
        self.written.store(serial, Release);
        Ticket { serial, era }
    }

    /// What was begun with `ticket` is over since the moment `over`. As [`begin`](Ring::begin).
    pub(super) fn finish(&self, ticket: Ticket, over: u64, outcome: Outcome) {
        if ticket.era != self.era.load(Relaxed) {
            return;
        }
        let slots = self.slots();
        let slot = ticket.serial.checked_sub(1).map(|index| &slots[(index % slots.len() as u64) as usize]);
        let Some(slot) = slot.filter(|slot| slot.serial() == ticket.serial) else {
            self.open.store(self.open.load(Relaxed).saturating_sub(1), Relaxed);
            return self.forget(over);
        };
        slot.become_entry(ticket.serial, true, |slot| {
            slot.over.store(over, Relaxed);
            match outcome {
                Outcome::Stored { before, after } => {
                    let saw = [before, after].map(|word| Hidden::new(word).word());
                    slot.saw.iter().zip(saw).for_each(|(to, from)| to.store(from, Relaxed));
                }
                // A run of no bytes: it concerns no location.
                Outcome::Saw(_) | Outcome::Failed => slot.bytes.store(0, Relaxed),
            }
        });
    }

    fn forget(&self, over: u64) {
        match over {
            u64::MAX => self.open.store(self.open.load(Relaxed) + 1, Relaxed),
            over => self.forgotten.store(self.forgotten.load(Relaxed).max(over), Relaxed),
        }
    }

    /// Visits the entries of `era`; `relax` passes time while one of them is written.
    pub(super) fn each(&self, cpu: CpuId, era: u32, relax: &dyn Fn(), visit: &mut dyn FnMut(&Stored)) {
        if self.era.load(Acquire) != era {
            return;
        }
        let (slots, before) = (self.slots(), self.before.load(Relaxed));
        let written = (self.written.load(Acquire) - before).min(slots.len() as u64) as usize;
        // Those behind the last are older than the era, or were never written.
        let first = (before % slots.len().max(1) as u64) as usize;
        for index in (first..first + written).map(|index| index % slots.len()) {
            loop {
                if let Some((serial, stored)) = slots[index].get(cpu) {
                    if serial > before {
                        visit(&stored);
                    }
                    break;
                }
                relax();
            }
        }
    }

    /// The moment since which none of `era` was forgotten; 0 if none ever was.
    pub(super) fn complete_since(&self, era: u32) -> u64 {
        match self.era.load(Acquire) == era {
            true if self.open.load(Relaxed) > 0 => u64::MAX,
            true => self.forgotten.load(Relaxed),
            false => 0,
        }
    }
}
