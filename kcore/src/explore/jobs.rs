//! Searches that share what is to be made: each makes parts of it, one after the other.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::driver::Trouble;
use super::frontier::{Frontier, Part};
use super::search::{Search, Share, Want};
use super::survey::Survey;

/// Executions between two times at which a search says how far it is.
const SAYS_EVERY: u64 = 1024;

/// What is known, and what is still to be made.
#[derive(Debug)]
pub struct Known {
    /// What searches that are through have found.
    pub survey: Survey,
    /// What no search has made.
    pub frontier: Frontier,
    /// Executions that were made, and those that went wrong, as far as searches have said.
    pub made: u64,
    /// How many of these went wrong.
    pub bad: u64,
    /// Searches that make a part.
    busy: usize,
    /// A part was broken off, and none will ask what is left of it.
    cut: bool,
}

/// Where searches fetch what they make, and leave what they have found.
pub trait Desk {
    /// Whether what is left in the end is asked for, as others go on from there.
    const IS_KEPT: bool;
    /// Asks what is known; no other search does meanwhile.
    fn ask<R>(&self, ask: impl FnOnce(&mut Known) -> R) -> R;
    /// The same, now and after each [news](Desk::news), until there is an answer.
    fn wait<R>(&self, ask: impl FnMut(&mut Known) -> Option<R>) -> R;
    /// There is something to be fetched, or nothing will come any more.
    fn news(&self);
}

/// What makes executions as a search says.
pub trait Maker {
    /// Makes the next one, and counts it.
    ///
    /// # Errors
    /// It says nothing.
    fn make(&mut self, survey: &mut Survey) -> Result<(), Trouble>;
    /// Asks the search, with what each part wanted to do when the execution was over.
    fn search<R>(&mut self, ask: impl FnOnce(&mut Search, &[Option<Want>]) -> R) -> R;
}

/// What the searches have in common besides.
#[derive(Debug)]
pub struct Jobs {
    /// Searches that wait for a part.
    hungry: AtomicUsize,
    /// It is enough.
    stop: AtomicBool,
    /// Executions that may still be begun, if not all may.
    left: Option<AtomicU64>,
}

impl Known {
    /// What is left in `frontier` is to be made.
    pub fn new(survey: Survey, frontier: Frontier) -> Self {
        Known { made: survey.executions, bad: survey.bad_executions, survey, frontier, busy: 0, cut: false }
    }

    /// All searches are through: what is known, and what is left.
    pub fn close(self) -> (Survey, Frontier) {
        let Known { mut survey, frontier, cut, .. } = self;
        // Of a part that was broken off it is not known what is left.
        survey.complete = frontier.is_empty() && !cut && survey.trouble.is_none();
        (survey, frontier)
    }

    /// So far is a search, which has found this. `said`: how many wrong ones it has told of.
    fn note(&mut self, search: &Search, found: &Survey, said: &mut u64) {
        self.frontier.note(search.part(), search.progress());
        self.made += SAYS_EVERY;
        self.bad += found.bad_executions - core::mem::replace(said, found.bad_executions);
    }
}

impl Jobs {
    /// Searches that make so many executions at most.
    pub fn new(limit: Option<u64>) -> Self {
        Jobs { hungry: AtomicUsize::new(0), stop: AtomicBool::new(false), left: limit.map(AtomicU64::new) }
    }

    /// It is enough: each search leaves what it has not made.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// A search: makes parts until there are none.
    pub fn work(&self, desk: &impl Desk, maker: &mut impl Maker) {
        let (mut found, mut said) = (Survey::default(), 0);
        while let Some(part) = self.fetch(desk) {
            maker.search(|search, _| search.take_up(part));
            self.make(desk, maker, &mut found, &mut said);
            maker.search(|search, _| {
                desk.ask(|known| {
                    known.frontier.finish(search.part());
                    known.busy -= 1;
                });
            });
        }
        desk.ask(|known| known.survey.add(found));
        desk.news();
    }

    /// The next part; waits for one if others may still hand one over.
    fn fetch(&self, desk: &impl Desk) -> Option<Part> {
        let mut is_hungry = false;
        let part = desk.wait(|known| {
            let is_there = known.frontier.parts() > 0;
            if !self.stop.load(Relaxed) && is_there && self.may_begin() {
                known.busy += 1;
                return Some(known.frontier.take());
            }
            if self.stop.load(Relaxed) || known.busy == 0 {
                return Some(None);
            }
            if !core::mem::replace(&mut is_hungry, true) {
                self.hungry.fetch_add(1, Relaxed);
            }
            None
        });
        if is_hungry {
            self.hungry.fetch_sub(1, Relaxed);
        }
        part
    }

    /// Whether another execution may be begun, which then is to be.
    fn may_begin(&self) -> bool {
        let Some(left) = &self.left else { return true };
        let may = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if !may {
            self.stop();
        }
        may
    }

    /// Makes what the search has taken up. `said`: of how many that went wrong it has said so.
    fn make<D: Desk>(&self, desk: &D, maker: &mut impl Maker, found: &mut Survey, said: &mut u64) {
        loop {
            if let Err(trouble) = maker.make(found) {
                found.trouble = Some(trouble);
                return self.stop();
            }
            let what = match self.stop.load(Relaxed) || !self.may_begin() {
                true => Share::All,
                false if self.hungry.load(Relaxed) > 0 => Share::First,
                false => Share::Found,
            };
            let says = found.executions.is_multiple_of(SAYS_EVERY);
            let (is_news, goes_on) = maker.search(|search, wants| {
                search.look_back(wants);
                if what == Share::All && !D::IS_KEPT {
                    let is_left = search.has_found() || search.go_back();
                    desk.ask(|known| known.cut |= is_left);
                    return (true, false);
                }
                let is_news = what != Share::Found || search.has_found();
                if is_news {
                    desk.ask(|known| search.hand_over(&mut known.frontier, what));
                }
                if says {
                    desk.ask(|known| known.note(search, found, said));
                }
                (is_news, search.go_back())
            });
            if is_news {
                desk.news();
            }
            if !goes_on {
                return;
            }
        }
    }
}
