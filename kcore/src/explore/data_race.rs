//! Data races: two plain accesses of C to the same bytes, one of them a store, that nothing orders. What
//! orders them is what gives and takes a lock's units, a wake-up, and accesses that are marked or atomic
//! (Linux: tools/memory-model, `Documentation/explanation.txt`, "PLAIN ACCESSES AND DATA RACES").

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::chains::Chains;
use super::schedule::Schedule;
use super::step::{Act, Object, Step};
use crate::place::Place;
use crate::report::place;
use crate::sort;

/// Accesses are looked for by the pieces of so many bytes that they are in: most are in one, which few others are in.
const PIECE: u64 = 8;
/// Those in more pieces than this are looked at by all.
const MOST: u64 = 8;

/// A plain access.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Plain {
    /// Its line.
    pub at: Place,
    /// What it is called there.
    pub name: &'static str,
    /// Whether it stores.
    pub stores: bool,
}

/// Two are the same if they are at one place, where both are called alike.
impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.stores == other.stores && self.at == other.at
    }
}

/// Two that nothing orders: the one that was made first, and the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataRace {
    /// The first.
    pub first: Plain,
    /// The second.
    pub second: Plain,
}

/// A plain access that was made, as far as it is in one piece.
#[derive(Debug)]
struct Seen {
    who: u8,
    turn: u64,
    begin: u64,
    end: u64,
    access: Plain,
}

/// What was before a step.
#[derive(Clone, Copy, Debug)]
struct Before {
    changes: usize,
    objects: usize,
    pieces: usize,
    runs: usize,
}

/// A number that was another one before.
#[derive(Clone, Copy, Debug)]
enum Changed {
    Clock(usize),
    Given(usize),
    Piece(usize),
    Run(usize),
}

/// An execution, as far as its steps order each other, and the data races in it. All that it takes is kept for
/// the next execution; and so is what its first steps come to, if the next one begins with them.
#[derive(Debug, Default)]
pub struct DataRaces {
    /// For each step that was made; and how many of them the execution has made again.
    before: Vec<Before>,
    made: usize,
    /// What steps have changed, and what that was before.
    changes: Vec<(Changed, u64)>,
    parts: usize,
    /// For each part, how much of each part it has heard of: so many of its turns between two gifts.
    clocks: Vec<u64>,
    /// Where something was given or taken, and what those knew that gave there last, likewise.
    objects: Vec<Object>,
    given: Vec<u64>,
    /// Accesses in a few pieces, by piece, and in more.
    pieces: Chains<Seen>,
    runs: Vec<Seen>,
    /// Of all executions, by their lines; so many of them were taken.
    found: Chains<DataRace>,
    taken: usize,
}

impl DataRaces {
    /// An execution of so many parts begins, of which the first `same` steps are those of the last one.
    pub fn begin(&mut self, parts: usize, same: usize) {
        self.made = 0;
        if same > 0 && self.parts == parts {
            self.go_back(same);
        } else {
            self.begin_anew(parts);
        }
    }

    fn begin_anew(&mut self, parts: usize) {
        self.before.clear();
        self.changes.clear();
        self.parts = parts;
        self.clocks.clear();
        // Before its first gift a part is in its first turn, of which no other knows.
        self.clocks.extend((0..parts * parts).map(|at| u64::from(at / parts == at % parts)));
        self.objects.clear();
        self.given.clear();
        self.pieces.clear();
        self.runs.clear();
    }

    /// All is as it was after so many steps, if there were so many.
    fn go_back(&mut self, steps: usize) {
        let Some(Before { changes, objects, pieces, runs }) = self.before.get(steps).copied() else { return };
        for (changed, before) in self.changes.drain(changes..).rev() {
            *match changed {
                Changed::Clock(at) => &mut self.clocks[at],
                Changed::Given(at) => &mut self.given[at],
                Changed::Piece(at) => &mut self.pieces.get_mut(at).turn,
                Changed::Run(at) => &mut self.runs[at].turn,
            } = before;
        }
        self.objects.truncate(objects);
        self.given.truncate(objects * self.parts);
        self.pieces.truncate(pieces);
        self.runs.truncate(runs);
        self.before.truncate(steps);
    }

    /// A step is made; whether it is that of the last execution again, of which all is known.
    #[inline]
    pub fn is_known(&mut self) -> bool {
        self.made += 1;
        let is_known = self.made <= self.before.len();
        if !is_known {
            self.before.push(Before {
                changes: self.changes.len(),
                objects: self.objects.len(),
                pieces: self.pieces.len(),
                runs: self.runs.len(),
            });
        }
        is_known
    }

    /// Part `who` makes a step of which [not all is known](DataRaces::is_known), and which is a plain access if it
    /// says so.
    pub fn step(&mut self, who: u8, step: &Step, plain: Option<Plain>) {
        match plain {
            Some(plain) => self.access(who, step, plain),
            None => self.order(usize::from(who), step),
        }
    }

    /// Those of the execution under way, and of all before since they were taken last: each pair of lines
    /// that was never told before, once.
    pub fn take(&mut self) -> Vec<DataRace> {
        let new: Vec<DataRace> = self.found.all().skip(self.taken).copied().collect();
        self.taken += new.len();
        new
    }

    fn order(&mut self, who: usize, step: &Step) {
        let (takes, gives) = match step.act {
            Act::Take { .. } | Act::TryTake { .. } | Act::Load | Act::Await { .. } => (true, false),
            Act::Give { .. } | Act::Store | Act::Free => (false, true),
            Act::Update | Act::Withdraw { .. } => (true, true),
        };
        let at = self.objects.iter().position(|object| *object == step.object).unwrap_or_else(|| {
            self.objects.push(step.object);
            self.given.resize(self.objects.len() * self.parts, 0);
            self.objects.len() - 1
        });
        let (own, given) = (who * self.parts, at * self.parts);
        let changes = &mut self.changes;
        let mut raise = |what: Changed, to: &mut u64, other: u64| {
            if *to < other {
                changes.push((what, *to));
                *to = other;
            }
        };
        for part in 0..self.parts {
            if takes {
                raise(Changed::Clock(own + part), &mut self.clocks[own + part], self.given[given + part]);
            }
            if gives {
                raise(Changed::Given(given + part), &mut self.given[given + part], self.clocks[own + part]);
            }
        }
        if gives {
            let turn = &mut self.clocks[own + who];
            raise(Changed::Clock(own + who), turn, *turn + 1);
        }
    }

    fn access(&mut self, who: u8, step: &Step, access: Plain) {
        let (begin, end) = (step.object.0, step.object.0 + step.size.max(1));
        let clock = &self.clocks[usize::from(who) * self.parts..][..self.parts];
        let new = Seen { who, turn: clock[usize::from(who)], begin, end, access };
        let found = &mut self.found;
        let mut meets = |seen: &Seen| {
            let overlaps = seen.begin < end && begin < seen.end;
            if overlaps && seen.who != who && (seen.access.stores || access.stores)
                // It is not known.
                && seen.turn > clock[usize::from(seen.who)]
            {
                note(found, DataRace { first: seen.access, second: access });
            }
        };
        self.runs.iter().for_each(&mut meets);
        let pieces = begin / PIECE..=(end - 1) / PIECE;
        if pieces.end() - pieces.start() >= MOST {
            self.pieces.all().for_each(meets);
            match self.runs.iter_mut().enumerate().find(|(_, seen)| new.is_as(seen)) {
                Some((at, seen)) => {
                    self.changes.push((Changed::Run(at), seen.turn));
                    seen.turn = new.turn;
                }
                None => self.runs.push(new),
            }
            return;
        }
        for piece in pieces {
            let mut is_known = false;
            self.pieces.visit(piece, |at, seen| {
                meets(seen);
                if new.is_as(seen) {
                    is_known = true;
                    if seen.turn != new.turn {
                        self.changes.push((Changed::Piece(at), seen.turn));
                        seen.turn = new.turn;
                    }
                }
            });
            if !is_known {
                self.pieces.add(piece, Seen { ..new });
            }
        }
    }
}

impl Seen {
    /// Whether it is the same access, in whatever turn.
    fn is_as(&self, other: &Seen) -> bool {
        (self.begin, self.end, self.who) == (other.begin, other.end, other.who) && self.access == other.access
    }
}

/// Notes it, if no other of these two lines is known.
fn note(found: &mut Chains<DataRace>, race: DataRace) {
    // The same for the two the other way round.
    let lines = u64::from(race.first.at.line()) + u64::from(race.second.at.line());
    if !found.of(lines).any(|known| known.is_of_the_lines_of(&race)) {
        found.add(lines, race);
    }
}

impl DataRace {
    /// Whether it is between the same two accesses, in whatever order.
    fn is_of_the_lines_of(&self, other: &DataRace) -> bool {
        let lines = |race: &DataRace| (race.first, race.second);
        lines(self) == lines(other) || lines(self) == (other.second, other.first)
    }
}

/// Accesses of which each races with another one: to one variable, most likely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unordered {
    /// They, each line once.
    pub accesses: Vec<Plain>,
    /// The turns of the execution that showed the first two of them.
    pub made: Schedule,
}

impl Unordered {
    /// Each access in a line, in the order of their places.
    pub fn lines(&self) -> Vec<String> {
        let mut accesses = self.accesses.clone();
        let at = |access: &Plain| (access.at.file(), access.at.line());
        sort::few(&mut accesses, |one, other| at(one) < at(other));
        let line = |access: &Plain| format!("{} is {} at {}", access.name, access.done(), place(access.at));
        accesses.iter().map(line).collect()
    }

    /// Adds `race` to those that it has an access in common with, if there are such; whether it says more
    /// than they.
    pub fn add(all: &mut Vec<Unordered>, race: &DataRace, made: impl FnOnce() -> Schedule) -> bool {
        let accesses = [race.first, race.second];
        let has_any = |known: &Unordered| accesses.iter().any(|access| known.accesses.contains(access));
        let Some(index) = all.iter().position(has_any) else {
            all.push(Unordered { accesses: accesses.to_vec(), made: made() });
            return true;
        };
        let others: Vec<Plain> = match all.iter().rposition(has_any) {
            Some(other) if other != index => all.remove(other).accesses,
            _ => Vec::new(),
        };
        let known = &mut all[index].accesses;
        let before = known.len();
        for access in others.into_iter().chain(accesses) {
            if !known.contains(&access) {
                known.push(access);
            }
        }
        known.len() > before
    }
}

impl Plain {
    /// What is done with what is there.
    fn done(&self) -> &'static str {
        if self.stores { "stored" } else { "loaded" }
    }
}

impl fmt::Display for Unordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = "";
        for (index, access) in self.accesses.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if access.name != name {
                name = access.name;
                write!(f, "{name} is ")?;
            }
            write!(f, "{} at {}", access.done(), place(access.at))?;
        }
        f.write_str(", by two tasks, and no lock orders them")
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use super::*;
    use crate::event::Site;
    use crate::place::Line;

    const LOCK: Object = Object(1 << 40);

    fn plain(stores: bool) -> Option<Plain> {
        Some(Plain { at: Place::caller(), name: "word", stores })
    }

    fn at(object: u64, act: Act) -> Step {
        Step { object: Object(object), size: 8, act }
    }

    /// How many are found in such steps: of task 0 or 1, an access to a word, or a step that orders.
    fn found(steps: &[(u8, Step, Option<Plain>)]) -> usize {
        let mut races = DataRaces::default();
        races.begin(2, 0);
        make(&mut races, steps);
        races.take().len()
    }

    fn make(races: &mut DataRaces, steps: &[(u8, Step, Option<Plain>)]) {
        for (who, step, plain) in steps {
            if !races.is_known() {
                races.step(*who, step, *plain);
            }
        }
    }

    fn of_line(line: u32) -> Plain {
        let line = Line { file: "driver.c", line, column: 1, site: Site::new("word") };
        let stores = line.line.is_multiple_of(2);
        Plain { at: Place::of_line(Box::leak(Box::new(line))), name: "word", stores }
    }

    /// Executions that begin as the last one did come to the same as those of which all steps are looked at.
    #[test]
    fn what_is_known_of_first_steps_is_as_if_they_were_made() {
        let mut random = fastrand::Rng::with_seed(7);
        let sites: Vec<Plain> = (1..12).map(of_line).collect();
        let drawn = |random: &mut fastrand::Rng| {
            let who = random.u8(0..3);
            match random.u8(0..4) {
                0 => (who, Step { object: LOCK, size: 0, act: Act::Take { units: 1, initially: 1 } }, None),
                1 => (who, Step { object: LOCK, size: 0, act: Act::Give { units: 1, most: 1 } }, None),
                2 => (who, at(u64::from(random.u8(0..3)) * 4096, Act::Store), None),
                _ => {
                    let plain = sites[random.usize(0..sites.len())];
                    let act = if plain.stores { Act::Store } else { Act::Load };
                    let size = [1, 4, 8, 12, 200][random.usize(0..5)];
                    (who, Step { object: Object(random.u64(64..128)), size, act }, Some(plain))
                }
            }
        };
        let (mut kept, mut steps) = (DataRaces::default(), Vec::new());
        for _ in 0..300 {
            let same = random.usize(0..=steps.len());
            steps.truncate(same);
            steps.extend((0..random.usize(1..30)).map(|_| drawn(&mut random)));
            kept.begin(3, same);
            make(&mut kept, &steps);
            let mut fresh = DataRaces::default();
            fresh.begin(3, 0);
            make(&mut fresh, &steps);
            assert_eq!(
                (&kept.clocks, &kept.objects, &kept.given),
                (&fresh.clocks, &fresh.objects, &fresh.given)
            );
            let all = |races: &DataRaces| {
                std::format!("{:?} {:?}", races.pieces.all().collect::<Vec<_>>(), races.runs)
            };
            assert_eq!(all(&kept), all(&fresh));
            // Those of former executions are known, too.
            assert!(
                fresh.take().iter().all(|race| kept.found.all().any(|known| known.is_of_the_lines_of(race)))
            );
        }
    }

    #[test]
    fn two_stores_that_nothing_orders_race() {
        let stores = plain(true);
        assert_eq!(found(&[(0, at(64, Act::Store), stores), (1, at(64, Act::Store), stores)]), 1);
        assert_eq!(found(&[(0, at(64, Act::Store), stores), (1, at(71, Act::Store), stores)]), 1);
        assert_eq!(found(&[(0, at(64, Act::Store), stores), (1, at(72, Act::Store), stores)]), 0);
        assert_eq!(found(&[(0, at(64, Act::Store), stores), (0, at(64, Act::Store), stores)]), 0);
    }

    #[test]
    fn a_store_and_a_load_race_and_two_loads_do_not() {
        let (stores, loads) = (plain(true), plain(false));
        assert_eq!(found(&[(0, at(64, Act::Load), loads), (1, at(64, Act::Store), stores)]), 1);
        assert_eq!(found(&[(0, at(64, Act::Store), stores), (1, at(64, Act::Load), loads)]), 1);
        assert_eq!(found(&[(0, at(64, Act::Load), loads), (1, at(64, Act::Load), loads)]), 0);
    }

    #[test]
    fn what_is_done_before_a_lock_is_given_is_known_to_who_takes_it() {
        let take = Step { object: LOCK, size: 0, act: Act::Take { units: 1, initially: 1 } };
        let give = Step { object: LOCK, size: 0, act: Act::Give { units: 1, most: 1 } };
        let store = at(64, Act::Store);
        let stores = plain(true);
        let guarded = [
            (0, take, None),
            (0, store, stores),
            (0, give, None),
            (1, take, None),
            (1, store, stores),
            (1, give, None),
        ];
        assert_eq!(found(&guarded), 0);
        // The first does it again when it has given the lock back.
        assert_eq!(found(&[&guarded[..3], &[(0, store, stores)], &guarded[3..]].concat()), 1);
        // The second does not take it.
        assert_eq!(found(&[&guarded[..3], &guarded[4..5]].concat()), 1);
    }

    #[test]
    fn a_marked_store_orders_what_a_marked_load_comes_after() {
        let (stores, word) = (plain(true), at(64, Act::Store));
        let (flag, look) = (at(128, Act::Store), at(128, Act::Load));
        assert_eq!(found(&[(0, word, stores), (0, flag, None), (1, look, None), (1, word, stores)]), 0);
        assert_eq!(found(&[(0, word, stores), (1, look, None), (0, flag, None), (1, word, stores)]), 1);
    }

    #[test]
    fn a_long_run_races_with_a_byte_in_its_midst() {
        let run = Step { object: Object(100), size: 4000, act: Act::Store };
        let byte = Step { object: Object(3000), size: 1, act: Act::Load };
        assert_eq!(found(&[(0, run, plain(true)), (1, byte, plain(false))]), 1);
    }

    #[test]
    fn races_of_one_variable_are_told_together() {
        let [first, second, third] = [1, 2, 3].map(|turn| {
            let at = [Place::caller(), Place::caller(), Place::caller()][turn - 1];
            Plain { at, name: "word", stores: turn == 1 }
        });
        let mut all = Vec::new();
        let race = |first, second| DataRace { first, second };
        assert!(Unordered::add(&mut all, &race(first, second), Schedule::default));
        assert!(!Unordered::add(&mut all, &race(second, first), Schedule::default));
        assert!(Unordered::add(&mut all, &race(third, first), Schedule::default));
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].accesses.len(), 3);
    }
}
