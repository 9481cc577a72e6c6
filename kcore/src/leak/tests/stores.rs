//! The task that published a block, and what took its last reference away: on histories of which the true
//! order is known.

use core::cell::Cell;
use std::collections::BTreeSet;
use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::fastrand;
use crate::leak::{Doubt, Event, Fate, Provenance, Span, StoreLog, Trace};

const BLOCK: usize = 0x70;
/// What memory holds that was freed.
const POISON: usize = 0x6b;
/// Two locations in blocks of their own.
const LOCATIONS: [usize; 2] = [0x1008, 0x2008];

#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    number: usize,
    location: usize,
    event: Event,
    span: Span,
}

impl Trace for Entry {
    fn location(&self) -> usize {
        self.location
    }
    fn event(&self) -> Event {
        self.event
    }
    fn span(&self) -> Span {
        self.span
    }
    /// Their spans are exact.
    fn cpu(&self) -> u32 {
        0
    }
}

/// A log, since when it is complete, and what is in the locations now.
#[derive(Debug)]
struct Log {
    entries: Vec<Entry>,
    complete_since: u64,
    now: [Option<usize>; 2],
    is_visited: Cell<bool>,
}

impl StoreLog for Log {
    type Store = Entry;
    fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        // Locked meanwhile, as the kernel's is.
        assert!(!self.is_visited.replace(true));
        self.entries.iter().for_each(visit);
        self.is_visited.set(false);
    }
    fn complete_since(&self) -> u64 {
        self.complete_since
    }
    fn now(&self, location: usize) -> Option<usize> {
        self.now[LOCATIONS.iter().position(|&known| known == location).unwrap()]
    }
}

/// What a report would name: the entry that published, and the number of the one that dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    Nothing,
    Dropped(usize, usize),
    Held(usize),
    Unknown(Doubt),
}

impl Log {
    fn named(&self, since: u64) -> Named {
        let Some(Provenance { published, fate }) = Provenance::find(self, BLOCK, since) else {
            return Named::Nothing;
        };
        match fate {
            Fate::Overwritten(end) => {
                assert!(matches!(end.event, Event::Store { .. } | Event::Clear(_)));
                Named::Dropped(published.number, end.number)
            }
            Fate::Freed(end) => {
                assert!(matches!(end.event, Event::Free(_)));
                Named::Dropped(published.number, end.number)
            }
            Fate::Held => Named::Held(published.number),
            Fate::Unknown(doubt) => Named::Unknown(doubt),
        }
    }
}

/// What really happened: in the order of the history, each with the moment at which it took effect.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Which location.
    place: usize,
    /// What was stored; [`None`] for a free of its block.
    value: Option<usize>,
    /// So long before and after it are the stamps, and so long before and after it its task has looked.
    stamps: [u64; 2],
    looks: [u64; 2],
    /// Its task was stopped before it could say that it was done.
    is_open: bool,
    /// It took effect. An open one may not have, yet.
    happened: bool,
    /// Its block was cleared, which is no store of one word.
    is_clear: bool,
}

/// What happened, in its order, and what was in the two locations before.
#[derive(Clone, Debug)]
struct History {
    steps: Vec<Step>,
    initial: [usize; 2],
    /// The block was allocated before this step.
    since: usize,
}

/// The moment of the step with this number.
fn moment(number: usize) -> u64 {
    10 * (number as u64 + 1)
}

impl History {
    /// What a location holds at a moment.
    fn holds(&self, place: usize, at: u64) -> usize {
        let steps = self.steps.iter().enumerate();
        let mut before =
            steps.filter(|(number, step)| step.place == place && step.happened && moment(*number) < at);
        before.next_back().map_or(self.initial[place], |(_, step)| step.value.unwrap_or(POISON))
    }

    fn entry(&self, number: usize) -> Entry {
        let (step, at) = (&self.steps[number], moment(number));
        let to = if step.is_open { u64::MAX } else { at + step.stamps[1] };
        let span = Span { from: at - step.stamps[0].min(at), to };
        let early = step.looks[0].min(step.stamps[0]).min(at);
        let late = step.looks[1].min(step.stamps[1]) + 1;
        let saw = (!step.is_open).then(|| [at - early, at + late].map(|at| self.holds(step.place, at)));
        let block = LOCATIONS[step.place] - 8;
        let (location, event) = match step.value {
            None => (block, Event::Free(16)),
            Some(_) if step.is_clear => (block, Event::Clear(16)),
            Some(value) => (block + 8, Event::Store { value, saw }),
        };
        Entry { number, location, event, span }
    }

    fn log(&self) -> Log {
        let is_freed =
            |place: usize| self.steps.iter().any(|step| step.place == place && step.value.is_none());
        let now = [0, 1].map(|place| (!is_freed(place)).then(|| self.holds(place, u64::MAX)));
        Log {
            entries: (0..self.steps.len()).map(|number| self.entry(number)).collect(),
            complete_since: 0,
            now,
            is_visited: Cell::default(),
        }
    }

    /// What a report would name if it knew all: the last moment at which a location held the block's address.
    fn truth(&self) -> Named {
        let mut held: [Option<usize>; 2] = [None; 2];
        let mut last = Named::Nothing;
        for (number, step) in self.steps.iter().enumerate().skip(self.since).filter(|(_, step)| step.happened)
        {
            match (step.value, held[step.place]) {
                (Some(BLOCK), _) => held[step.place] = Some(number),
                (_, Some(published)) => {
                    held[step.place] = None;
                    last = Named::Dropped(published, number);
                }
                _ => {}
            }
        }
        held.iter().flatten().next().map_or(last, |published| Named::Held(*published))
    }

    /// Whether a task stores the address into what was freed before: that leaves nothing that could be looked
    /// up.
    fn is_wild(&self) -> bool {
        (0..2).any(|place| {
            let here = || self.steps.iter().filter(move |step| step.place == place);
            here().skip_while(|step| step.value.is_some()).any(|step| step.value == Some(BLOCK))
        })
    }
}

/// Histories with spans up to `longest` long: two steps are ten apart. `strange` ones have stores that did
/// not happen yet, and values that were there before.
fn history(longest: u64, strange: bool, seed: u64) -> History {
    let mut random = fastrand(seed);
    let mut below = |limit: u64| random() % limit;
    let since = below(3) as usize;
    let mut freed = [false; 2];
    let mut steps = Vec::new();
    for number in 0..3 + below(8) as usize {
        let place = below(2) as usize;
        let frees = !freed[place] && below(8) == 0;
        freed[place] |= frees;
        let value = match below(8) {
            0..=2 if number >= since || strange => BLOCK,
            // Those that another may store as well.
            4 => 0x90,
            5 => 0,
            _ => 0x100 + number,
        };
        let is_open = strange && below(12) == 0;
        let is_clear = !frees && below(12) == 0;
        let mut pair = || [below(longest), below(longest)];
        let (stamps, looks) = (pair(), pair());
        steps.push(Step {
            place,
            value: (!frees).then_some(if is_clear { 0 } else { value }),
            stamps,
            looks,
            is_open,
            happened: !is_open || below(2) == 0,
            is_clear,
        });
    }
    let mut initial = || if strange { [0, 0x90, BLOCK][below(3) as usize] } else { 0 };
    let initial = [initial(), initial()];
    History { steps, initial, since }
}

/// The block is allocated between the steps.
fn allocated(since: usize) -> u64 {
    moment(since) - 5
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60_000))]

    #[test]
    fn what_is_named_is_right_or_unknown(longest in 1_u64..80, seed in any::<u64>(), cut in 0_u64..40) {
        let history = history(longest, seed % 2 == 0, seed);
        let (mut log, truth) = (history.log(), history.truth());
        // A ring forgets the oldest.
        if cut < 10 {
            log.complete_since = 10 * cut;
            log.entries.retain(|entry| entry.span.to >= log.complete_since);
        }
        let named = log.named(allocated(history.since));
        let is_honest = matches!(named, Named::Unknown(_)) || named == truth
            // Several may have put it where it still is.
            || matches!((named, truth), (Named::Held(_), Named::Held(_)))
            || named == Named::Nothing && log.complete_since > 0;
        prop_assert!(is_honest, "{named:?} instead of {truth:?}: {log:#?} {history:?}");
    }

    #[test]
    fn what_does_not_overlap_is_known(seed in any::<u64>()) {
        let history = history(5, false, seed);
        let (log, truth) = (history.log(), history.truth());
        let named = log.named(allocated(history.since));
        let is_known = named == truth || matches!((named, truth), (Named::Held(_), Named::Held(_)));
        prop_assert!(is_known || history.is_wild(), "{named:?} instead of {truth:?}: {log:#?}");
    }
}

fn store(number: usize, value: usize, span: (u64, u64), saw: [usize; 2]) -> Entry {
    let event = Event::Store { value, saw: Some(saw) };
    Entry { number, location: LOCATIONS[0], event, span: Span { from: span.0, to: span.1 } }
}

fn log(entries: &[Entry], now: usize) -> Log {
    Log { entries: entries.to_vec(), complete_since: 0, now: [Some(now), None], is_visited: Cell::default() }
}

#[test]
fn two_that_overlap_are_told_apart_by_what_the_later_one_saw() {
    let both = [store(1, 9, (10, 50), [BLOCK, 9]), store(0, BLOCK, (20, 40), [0, BLOCK])];
    assert_eq!(log(&both, 9).named(5), Named::Dropped(0, 1));
    // By what is there now.
    let blind = [store(1, 9, (10, 50), [0, 9]), store(0, BLOCK, (20, 40), [0, BLOCK])];
    assert_eq!(log(&blind, 9).named(5), Named::Dropped(0, 1));
    // By what the earlier one found there afterwards.
    let after = [store(1, 9, (10, 50), [0, 9]), store(0, BLOCK, (20, 40), [0, 9])];
    assert_eq!(log(&after, 7).named(5), Named::Dropped(0, 1));
}

#[test]
fn of_three_at_once_none_is_named() {
    let three =
        [store(0, BLOCK, (10, 50), [0, BLOCK]), store(1, 8, (10, 50), [0, 8]), store(2, 9, (10, 50), [0, 9])];
    assert_eq!(log(&three, 9).named(5), Named::Unknown(Doubt::Close));
    // What one of them saw settles it.
    let seen = [three[0], store(1, 8, (10, 50), [BLOCK, 8]), store(2, 9, (10, 50), [8, 9])];
    assert_eq!(log(&seen, 9).named(5), Named::Dropped(0, 1));
}

#[test]
fn a_block_that_was_never_stored_has_no_provenance() {
    assert_eq!(log(&[store(0, 9, (10, 11), [0, 9])], 9).named(5), Named::Nothing);
}

#[test]
fn what_an_earlier_block_of_this_address_did_does_not_count() {
    let earlier = [store(0, BLOCK, (20, 21), [0, BLOCK]), store(1, 0, (30, 31), [BLOCK, 0])];
    assert_eq!(log(&earlier, 0).named(60), Named::Nothing);
    assert_eq!(log(&earlier, 0).named(5), Named::Dropped(0, 1));
}

#[test]
fn a_reference_that_is_still_there_is_held_and_one_that_went_unlogged_is_not_guessed_at() {
    let entry = [store(0, BLOCK, (10, 11), [0, BLOCK])];
    assert_eq!(log(&entry, BLOCK).named(5), Named::Held(0));
    assert_eq!(log(&entry, 0).named(5), Named::Unknown(Doubt::Unlogged));
    let later = [entry[0], store(1, 9, (20, 21), [0, 9])];
    assert_eq!(log(&later, 9).named(5), Named::Unknown(Doubt::Unlogged));
}

#[test]
fn a_location_that_was_freed_has_dropped_it() {
    let free = Entry {
        number: 1,
        location: LOCATIONS[0] - 8,
        event: Event::Free(16),
        span: Span { from: 20, to: 25 },
    };
    let freed = [store(0, BLOCK, (10, 11), [0, BLOCK]), free];
    assert_eq!(log(&freed, POISON).named(5), Named::Dropped(0, 1));
    // A task that stores into it afterwards has dropped nothing.
    let wild = [freed[0], free, store(2, 9, (30, 31), [POISON, 9])];
    assert_eq!(log(&wild, 9).named(5), Named::Dropped(0, 1));
}

#[test]
fn a_log_may_have_any_order() {
    let here = [
        store(2, 9, (40, 41), [BLOCK, 9]),
        store(1, BLOCK, (30, 31), [BLOCK, BLOCK]),
        store(0, BLOCK, (10, 11), [0, BLOCK]),
    ];
    assert_eq!(log(&here, 9).named(5), Named::Dropped(1, 2));
}

#[test]
fn the_log_and_the_block_may_begin_at_the_same_moment() {
    let mut both = log(&[store(0, BLOCK, (5, 6), [0, BLOCK]), store(1, 9, (20, 21), [BLOCK, 9])], 9);
    assert_eq!(both.named(5), Named::Dropped(0, 1));
    both.complete_since = 5;
    assert_eq!(both.named(5), Named::Dropped(0, 1));
    both.complete_since = 6;
    assert_eq!(both.named(5), Named::Unknown(Doubt::Forgotten));
    // A store that may have been of the block before this one.
    assert_eq!(log(&[store(0, BLOCK, (3, 5), [0, BLOCK])], BLOCK).named(5), Named::Unknown(Doubt::Close));
    assert_eq!(log(&[store(0, BLOCK, (3, 5), [0, BLOCK])], BLOCK).named(6), Named::Nothing);
}

/// What took the address away, and more that came at the same time, each of which found what that had stored.
#[test]
fn there_is_room_for_sixteen_stores_at_once() {
    let crowd = |others: usize| {
        let mut all = Vec::from([store(0, BLOCK, (10, 11), [0, BLOCK]), store(1, 9, (20, 100), [BLOCK, 9])]);
        all.extend(
            (2..2 + others).map(|number| store(number, 0x100 + number, (90, 200), [9, 0x100 + number])),
        );
        log(&all, 0x102).named(5)
    };
    assert_eq!((crowd(14), crowd(15)), (Named::Dropped(0, 1), Named::Dropped(0, 1)));
    assert_eq!((crowd(16), crowd(30)), (Named::Unknown(Doubt::Close), Named::Unknown(Doubt::Close)));
}

/// A third task found what the second had stored, when the first was over.
#[test]
fn two_that_overlap_are_told_apart_by_what_a_third_saw() {
    let third = |saw| {
        let two = [store(0, BLOCK, (10, 20), [0, BLOCK]), store(1, 9, (5, 60), [0, 9])];
        log(&[two[0], two[1], store(2, 7, (30, 40), saw)], 7).named(5)
    };
    assert_eq!(third([9, 7]), Named::Dropped(0, 1));
    assert_eq!(third([BLOCK, 7]), Named::Unknown(Doubt::Close));
}

/// What the second found there is the address. Only if that was not there before the log began does it come
/// from the first.
#[test]
fn what_was_there_before_the_log_is_told_from_what_is_in_it() {
    let publishes = |before| store(0, BLOCK, (10, 50), [before, BLOCK]);
    let finds = store(1, 9, (20, 40), [BLOCK, 9]);
    let clear = Entry {
        number: 2,
        location: LOCATIONS[0] - 8,
        event: Event::Clear(16),
        span: Span { from: 100, to: 110 },
    };
    assert_eq!(log(&[publishes(BLOCK), finds, clear], 0).named(5), Named::Unknown(Doubt::Close));
    // No entry of the log has put 0x55 there: it was there before.
    assert_eq!(log(&[publishes(0x55), finds, clear], 0).named(5), Named::Dropped(0, 1));
    // The 0 may be that of the clearing.
    assert_eq!(log(&[publishes(0), finds, clear], 0).named(5), Named::Unknown(Doubt::Close));
    // Another store was over before the second looked: what was there before the log was gone.
    let earlier = store(3, 0x33, (1, 2), [0, 0x33]);
    assert_eq!(log(&[publishes(0x33), finds, clear, earlier], 0).named(5), Named::Dropped(0, 1));
}

/// A log to which something is added when it is asked what is there now.
struct Growing {
    log: Log,
    added: Cell<bool>,
}

impl StoreLog for Growing {
    type Store = Entry;
    fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        self.log.each(visit);
        if self.added.get() {
            visit(&store(9, 9, (1000, 1001), [BLOCK, 9]));
        }
    }
    fn complete_since(&self) -> u64 {
        self.log.complete_since()
    }
    fn now(&self, location: usize) -> Option<usize> {
        if self.added.replace(true) { Some(9) } else { self.log.now(location) }
    }
}

#[test]
fn what_was_looked_up_while_something_was_stored_is_not_believed() {
    let entries = [store(0, BLOCK, (10, 11), [0, BLOCK])];
    let growing = Growing { log: log(&entries, BLOCK), added: Cell::new(false) };
    let found = Provenance::find(&growing, BLOCK, 5).expect("it was published");
    assert_eq!((found.published, found.fate), (entries[0], Fate::Unknown(Doubt::Close)));
    // Once more, with nothing new.
    let found = Provenance::find(&growing, BLOCK, 5).expect("it was published");
    assert!(matches!(found.fate, Fate::Overwritten(end) if end.number == 9), "{found:?}");
}

#[test]
fn each_doubt_has_its_words() {
    let words = [Doubt::Close, Doubt::Forgotten, Doubt::Unlogged].map(|doubt| doubt.to_string());
    assert!(
        words[0].contains("too close") && words[1].contains("not have all") && words[2].contains("not have")
    );
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), 3);
}
