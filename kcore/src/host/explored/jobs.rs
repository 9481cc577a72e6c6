//! Searches of several threads, each with a world of its own, which share what is to be made.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

use super::survey::Subject;
use super::world::World;
use crate::explore::{Frontier, Part, Share, Survey};

/// Between two looks at how far the searches are.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// How many searches there are, and how much they make.
#[derive(Clone, Copy, Debug)]
pub struct Jobs {
    /// Threads.
    pub count: usize,
    /// Executions at most.
    pub limit: Option<u64>,
}

/// How far the searches are, about.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Executions that were made.
    pub executions: u64,
    /// How many of these went wrong.
    pub bad: u64,
    /// How much of all is made, from 0 to 1, as far as can be seen.
    pub share: f64,
}

/// Executions between two times at which a search says how far it is.
const SAYS_EVERY: u64 = 1024;

/// What the searches have in common.
struct Common<'a> {
    subject: &'a Subject<'a>,
    desk: Mutex<Desk<'a>>,
    /// A part was handed over, or the last search is through.
    news: Condvar,
    /// Searches that wait for a part.
    hungry: AtomicUsize,
    /// It is enough.
    stop: AtomicBool,
    /// Executions that may still be begun, if not all may.
    left: Option<AtomicU64>,
}

/// Where the searches fetch what they make, and leave what they found.
struct Desk<'a> {
    survey: &'a mut Survey,
    frontier: &'a mut Frontier,
    /// Executions that were made, and those that went wrong, as far as searches have said.
    made: u64,
    bad: u64,
    /// Searches that make a part.
    busy: usize,
    /// Searches that are not through.
    present: usize,
    /// The host had room for one.
    had_room: bool,
}

impl Jobs {
    /// Makes executions of `frontier` until all were made, or as many as may be, or `watch` says that it is
    /// enough: it is told now and then how far they are. Says whether the host had room.
    pub(super) fn run(
        self,
        subject: &Subject<'_>,
        survey: &mut Survey,
        frontier: &mut Frontier,
        mut watch: impl FnMut(Progress) -> bool,
    ) -> bool {
        let (made, bad) = (survey.executions, survey.bad_executions);
        let common = Common {
            subject,
            desk: Mutex::new(Desk {
                survey,
                frontier,
                made,
                bad,
                busy: 0,
                present: self.count,
                had_room: false,
            }),
            news: Condvar::new(),
            hungry: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            left: self.limit.map(AtomicU64::new),
        };
        thread::scope(|scope| {
            for _ in 0..self.count {
                scope.spawn(|| {
                    let _leaving = Leaving(&common);
                    common.search();
                });
            }
            let mut desk = common.desk();
            while desk.present > 0 {
                desk = common.news.wait_timeout(desk, BETWEEN_LOOKS).expect("no search panics with it").0;
                let share = desk.frontier.progress();
                if !watch(Progress { executions: desk.made, bad: desk.bad, share }) {
                    common.stop.store(true, Relaxed);
                }
            }
        });
        let desk = common.desk.into_inner().expect("no search panics with it");
        // Of a part that was broken off it is not known what is left.
        desk.survey.complete = desk.frontier.is_empty() && desk.survey.trouble.is_none();
        desk.had_room
    }
}

impl<'a> Common<'a> {
    fn desk(&self) -> MutexGuard<'_, Desk<'a>> {
        self.desk.lock().expect("no search panics with it")
    }

    /// A search: makes parts until there are none.
    fn search(&self) {
        let (mut found, mut said) = (Survey::default(), 0);
        if let Some(mut world) = self.subject.searching() {
            self.desk().had_room = true;
            while let Some(part) = self.fetch() {
                world.search().0.take_up(part);
                self.make(&mut world, &mut found, &mut said);
                let mut desk = self.desk();
                desk.frontier.finish(world.search().0.part());
                desk.busy -= 1;
            }
        }
        self.desk().survey.add(found);
    }

    /// The next part; waits for one if others may still hand one over.
    fn fetch(&self) -> Option<Part> {
        let mut desk = self.desk();
        loop {
            if self.stop.load(Relaxed) {
                return None;
            }
            if desk.frontier.parts() > 0 && self.may_begin() {
                desk.busy += 1;
                return desk.frontier.take();
            }
            if desk.busy == 0 {
                self.news.notify_all();
                return None;
            }
            self.hungry.fetch_add(1, Relaxed);
            desk = self.news.wait(desk).expect("no search panics with it");
            self.hungry.fetch_sub(1, Relaxed);
        }
    }

    /// Whether another execution may be begun, which then is to be.
    fn may_begin(&self) -> bool {
        let Some(left) = &self.left else { return true };
        let may = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if !may {
            self.stop.store(true, Relaxed);
        }
        may
    }

    /// Makes what the world has taken up. `said`: of how many that went wrong it has said so.
    fn make(&self, world: &mut World, found: &mut Survey, said: &mut u64) {
        loop {
            if let Err(trouble) = self.subject.execute(world, found) {
                found.trouble = Some(trouble);
                self.stop.store(true, Relaxed);
                return;
            }
            let (search, wants) = world.search();
            search.look_back(wants);
            let what = match self.stop.load(Relaxed) || !self.may_begin() {
                true => Share::All,
                false if self.hungry.load(Relaxed) > 0 => Share::First,
                false => Share::Found,
            };
            if what != Share::Found || search.has_found() {
                search.hand_over(self.desk().frontier, what);
                self.news.notify_all();
            }
            if found.executions.is_multiple_of(SAYS_EVERY) {
                let mut desk = self.desk();
                desk.frontier.note(search.part(), search.progress());
                desk.made += SAYS_EVERY;
                desk.bad += found.bad_executions - core::mem::replace(said, found.bad_executions);
            }
            if !search.go_back() {
                return;
            }
        }
    }
}

/// A search that is through, or has panicked: none waits for it any more.
struct Leaving<'a, 'b>(&'a Common<'b>);

impl Drop for Leaving<'_, '_> {
    fn drop(&mut self) {
        self.0.desk().present -= 1;
        self.0.news.notify_all();
    }
}
