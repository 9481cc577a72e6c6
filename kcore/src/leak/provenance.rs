//! From a log of stores: which task published a block, and what took its last reference away.
//!
//! A store takes effect at some moment of a span: from just before it to just after it. Two of which the
//! spans overlap may have come in either order, so which is named rests on these alone:
//!
//! - spans that do not overlap, and of two CPUs are some way apart, for a store may wait in its CPU's buffer;
//! - what a store's task found in the location just before it and just after it, and what is there now: a
//!   value that one logged store alone has put there.
//!
//! Where they do not settle it, that is said: [`Fate::Unknown`]. A wrong name is never given.

use core::fmt;

/// When something took effect: at one of these moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The last; [`u64::MAX`] while it is not known to be over.
    pub to: u64,
}

/// What is in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A store of a word.
    Store {
        /// What was stored.
        value: usize,
        /// What was in the location just before it and just after it; [`None`] while the store is not known
        /// to be over.
        saw: Option<[usize; 2]>,
    },
    /// So many bytes were cleared: what was stored there is gone.
    Clear(usize),
    /// So many bytes were freed: that is gone, too.
    Free(usize),
}

/// An entry of a log. No two are equal.
pub trait Trace: Copy + PartialEq {
    /// The address of the location, or of the block that was freed.
    fn location(&self) -> usize;
    /// What happened to it.
    fn event(&self) -> Event;
    /// When, on a clock that all CPUs share.
    fn span(&self) -> Span;
    /// Which CPU did it. Those of one CPU take effect in the order of their spans.
    fn cpu(&self) -> u32;
}

/// A log, in any order.
pub trait StoreLog {
    /// What it holds.
    type Store: Trace;
    /// Calls `visit` with each of them. The log may be locked meanwhile: `visit` asks it for nothing.
    fn each(&self, visit: &mut dyn FnMut(&Self::Store));
    /// All that took effect at this moment or later is in it.
    fn complete_since(&self) -> u64;
    /// What is at a location now; [`None`] where that is not the memory any more that it was.
    fn now(&self, location: usize) -> Option<usize>;
}

/// How the last reference was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<S> {
    /// This store, or clearing, put something else there.
    Overwritten(S),
    /// This free took the location away.
    Freed(S),
    /// It was not: it is still there, so that the location itself must have been lost.
    Held,
    /// The log cannot tell.
    Unknown(Doubt),
}

/// Why the log cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Stores came so close together that nothing says which was the last.
    Close,
    /// The log does not go back to the allocation, or has no room for all.
    Forgotten,
    /// Something else is there, and no store of it was logged.
    Unlogged,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::Close => "the stores came too close together to tell which",
            Doubt::Forgotten => "the log does not have all stores since it was allocated",
            Doubt::Unlogged => "something was stored there that the log does not have",
        })
    }
}

/// How a block came to be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provenance<S> {
    /// A store that put its address into a location: the one where it was last to be found, if its fate is
    /// known.
    pub published: S,
    /// What became of that.
    pub fate: Fate<S>,
}

/// Locations in which one block was published that are looked at.
const LOCATIONS: usize = 4;
/// Stores to one location of which the order matters.
const RIVALS: usize = 16;

impl<S: Trace> Provenance<S> {
    /// What `log` knows of the block at `address` that was allocated at `since`: what was stored of that
    /// address before belongs to another block. `None` when no store of it is known. A block that was
    /// published in several locations is lost when the last of them is gone: that one is named.
    pub fn find<L: StoreLog<Store = S>>(log: &L, address: usize, since: u64) -> Option<Self> {
        let (latest, places, all) = publications(log, address, since)?;
        let doubt = |doubt| Some(Provenance { published: latest, fate: Fate::Unknown(doubt) });
        let before = entries(log);
        let found = Self::last_of(log, address, since, places);
        match found {
            // Also while it was looked for.
            _ if log.complete_since() > since || !all => doubt(Doubt::Forgotten),
            Err(why) => doubt(why),
            // Something was stored meanwhile, and what is there now may be that.
            Ok(_) if entries(log) != before => doubt(Doubt::Close),
            Ok(found) => found,
        }
    }

    /// Of the `places` in which the block was published that from which it went last.
    fn last_of<L: StoreLog<Store = S>>(
        log: &L,
        address: usize,
        since: u64,
        places: [Option<S>; LOCATIONS],
    ) -> Result<Option<Self>, Doubt> {
        let mut last: Option<Self> = None;
        for published in places.into_iter().flatten() {
            let found = Provenance { published, fate: At::new(log, address, since, published).fate() };
            match (found.fate, last.map(|last| last.fate)) {
                (Fate::Unknown(why), _) => return Err(why),
                (_, None) | (Fate::Held, _) => last = Some(found),
                (_, Some(Fate::Held)) => {}
                (Fate::Overwritten(end) | Fate::Freed(end), Some(before)) => match before {
                    Fate::Overwritten(other) | Fate::Freed(other) if is_before(&other, &end) => {
                        last = Some(found)
                    }
                    Fate::Overwritten(other) | Fate::Freed(other) if is_before(&end, &other) => {}
                    _ => return Err(Doubt::Close),
                },
            }
        }
        Ok(last)
    }
}

fn entries<L: StoreLog>(log: &L) -> usize {
    let mut entries = 0;
    log.each(&mut |_| entries += 1);
    entries
}

/// Cycles that a store may wait in its CPU's store buffer after the moment that the CPU took for its end
/// (Intel SDM vol. 3A, 13.10: the buffer is drained as soon as the memory allows, and by each interrupt). No
/// manual says how many; these are a hundred times what a cache line takes that other CPUs fight for.
const BUFFERED: u64 = 100_000;

/// Whether `one` was over before `other` began.
fn is_before<S: Trace>(one: &S, other: &S) -> bool {
    let buffered = if one.cpu() == other.cpu() { 0 } else { BUFFERED };
    one.span().to.saturating_add(buffered) < other.span().from
}

fn is_free<S: Trace>(entry: &S) -> bool {
    matches!(entry.event(), Event::Free(_))
}

fn value<S: Trace>(entry: &S) -> Option<usize> {
    match entry.event() {
        Event::Store { value, .. } => Some(value),
        Event::Clear(_) | Event::Free(_) => None,
    }
}

fn saw<S: Trace>(entry: &S) -> Option<[usize; 2]> {
    match entry.event() {
        Event::Store { saw, .. } => saw,
        Event::Clear(_) | Event::Free(_) => None,
    }
}

/// Of each location in which the block was published the store that began last; the last of these; and
/// whether there was room for all.
#[expect(clippy::type_complexity, reason = "three answers of one walk through the log")]
fn publications<L: StoreLog>(
    log: &L,
    address: usize,
    since: u64,
) -> Option<(L::Store, [Option<L::Store>; LOCATIONS], bool)> {
    let mut places: [Option<L::Store>; LOCATIONS] = [None; LOCATIONS];
    let mut all = true;
    log.each(&mut |store| {
        if value(store) != Some(address) || store.span().to < since {
            return;
        }
        let is_its = |place: &&mut Option<L::Store>| {
            place.is_none_or(|known: L::Store| known.location() == store.location())
        };
        match places.iter_mut().find(is_its) {
            Some(place) if place.is_some_and(|known| known.span().from >= store.span().from) => {}
            Some(place) => *place = Some(*store),
            None => all = false,
        }
    });
    let latest = places.iter().flatten().max_by_key(|store| store.span().from)?;
    Some((*latest, places, all))
}

/// One location in which the block was published.
struct At<'l, L: StoreLog> {
    log: &'l L,
    address: usize,
    since: u64,
    /// The last store of the address there.
    published: L::Store,
    /// What may have come after that, as far as spans tell, but for what came after the first of these for
    /// certain.
    near: [Option<L::Store>; RIVALS],
    /// How many these are, those without room included.
    count: usize,
}

impl<'l, L: StoreLog> At<'l, L> {
    fn new(log: &'l L, address: usize, since: u64, published: L::Store) -> Self {
        let mut at = At { log, address, since, published, near: [None; RIVALS], count: 0 };
        let mut first_over = u64::MAX;
        at.here(&mut |entry| {
            if is_before(&published, entry) {
                first_over = first_over.min(entry.span().to);
            }
        });
        // Filled in place: the stack that has it is a task's, and small.
        let At { near, count, .. } = &mut at;
        here(log, published.location(), &mut |entry| {
            let is_near = entry.span().from <= first_over && !is_before(entry, &published);
            if is_near && *entry != published {
                if let Some(place) = near.get_mut(*count) {
                    *place = Some(*entry);
                }
                *count += 1;
            }
        });
        at
    }

    fn fate(&self) -> Fate<L::Store> {
        let Span { from, to } = self.published.span();
        let precedes = self.near.each_ref().map(|place| match place {
            Some(entry) => self.precedes(entry, &self.published),
            None => true,
        });
        let rivals = || {
            self.near
                .iter()
                .zip(precedes)
                .filter(|(_, precedes)| !precedes)
                .filter_map(|(place, _)| place.as_ref())
        };
        // If the address is stored once more, that must have been before, or it is not this store that
        // counts.
        let is_again = |rival: &L::Store| value(rival) == Some(self.address);
        if self.count > RIVALS || from < self.since || to == u64::MAX || rivals().any(is_again) {
            return Fate::Unknown(Doubt::Close);
        }
        if rivals().next().is_none() {
            return match self.log.now(self.published.location()) {
                Some(word) if word == self.address => Fate::Held,
                _ => Fate::Unknown(Doubt::Unlogged),
            };
        }
        let is_next = |rival: &&L::Store| {
            let is_first = |other: &L::Store| other == *rival || self.precedes(rival, other);
            self.precedes(&self.published, rival) && rivals().all(is_first)
        };
        match rivals().find(is_next).filter(|rival| rival.span().to != u64::MAX) {
            Some(rival) if self.is_short_of_one(rival) => Fate::Unknown(Doubt::Unlogged),
            Some(rival) if is_free(rival) => Fate::Freed(*rival),
            Some(rival) => Fate::Overwritten(*rival),
            None => Fate::Unknown(Doubt::Close),
        }
    }

    /// Whether `next`, which began when the address was here and nothing else in the log had come, has found
    /// something else.
    fn is_short_of_one(&self, next: &L::Store) -> bool {
        is_before(&self.published, next) && saw(next).is_some_and(|[before, _]| before != self.address)
    }

    /// Visits what happened to this location.
    fn here(&self, visit: &mut dyn FnMut(&L::Store)) {
        here(self.log, self.published.location(), visit);
    }

    fn any(&self, wanted: &dyn Fn(&L::Store) -> bool) -> bool {
        let mut any = false;
        self.here(&mut |entry| any = any || wanted(entry));
        any
    }

    /// Whether `one` took effect before `other`, for certain.
    fn precedes(&self, one: &L::Store, other: &L::Store) -> bool {
        is_before(one, other)
            || self.was_seen_before(one, other)
            || self.was_seen_after(one, other)
            || self.was_over_when_seen(one, other)
    }

    /// `other` found what `one` has stored.
    fn was_seen_before(&self, one: &L::Store, other: &L::Store) -> bool {
        let (Some(value), Some([before, _])) = (value(one), saw(other)) else { return false };
        before == value && self.is_sole(one) && self.is_from_log(value, other)
    }

    /// Behind its own store, `one` found what `other` has stored.
    fn was_seen_after(&self, one: &L::Store, other: &L::Store) -> bool {
        let (Some(own), Some(value), Some([_, after])) = (value(one), value(other), saw(one)) else {
            return false;
        };
        after == value && value != own && self.is_sole(other)
    }

    /// `one` was over when a task looked, and what that found is what `other` has stored.
    fn was_over_when_seen(&self, one: &L::Store, other: &L::Store) -> bool {
        let Some(found) = value(other).filter(|_| value(one).is_some() && self.is_sole(other)) else {
            return false;
        };
        let is_now = || one.span().to != u64::MAX && self.log.now(one.location()) == Some(found);
        let by_another = |witness: &L::Store| {
            is_before(one, witness)
                && witness != other
                && saw(witness).is_some_and(|[before, after]| before == found || after == found)
        };
        is_now() || self.any(&by_another)
    }

    /// Whether `store` alone has put its value here, as far as the log goes: no zero, which clearing puts
    /// there, too.
    fn is_sole(&self, store: &L::Store) -> bool {
        let stored = value(store);
        stored != Some(0) && !self.any(&|other| value(other) == stored && other != store)
    }

    /// Whether `word`, found by `finder` before its store, cannot have been here before the log began: a task
    /// has stored something else, or has found here what no store in the log has put here.
    fn is_from_log(&self, word: usize, finder: &L::Store) -> bool {
        let is_put = |word: usize| {
            self.any(&|entry| match entry.event() {
                Event::Store { value, .. } => value == word,
                Event::Clear(_) => word == 0,
                Event::Free(_) => false,
            })
        };
        let put_another =
            |other: &L::Store| is_before(other, finder) && value(other).is_some_and(|value| value != word);
        let found_another =
            |other: &L::Store| saw(other).is_some_and(|[before, _]| before != word && !is_put(before));
        let mut known = self.near.iter().flatten().chain([&self.published]);
        // What is found in memory that was freed meanwhile was not there before.
        self.any(&put_another) || !self.any(&is_free) && known.any(found_another)
    }
}

/// Visits what happened to `location`.
fn here<L: StoreLog>(log: &L, location: usize, visit: &mut dyn FnMut(&L::Store)) {
    log.each(&mut |entry| {
        let is_here = match entry.event() {
            Event::Store { .. } => entry.location() == location,
            Event::Clear(bytes) | Event::Free(bytes) => {
                (entry.location()..entry.location() + bytes).contains(&location)
            }
        };
        if is_here {
            visit(entry);
        }
    });
}
