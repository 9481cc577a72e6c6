//! Searches of several threads, each with a world of its own.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread;

use super::survey::Subject;
use super::world::World;
use crate::explore::{self, Desk, Frontier, Known, Maker, Search, Survey, Trouble, Want};

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

/// What the searches have in common.
struct Common {
    known: Mutex<Known>,
    /// A part was handed over, or a search is through.
    news: Condvar,
    /// Searches that are not through.
    present: AtomicUsize,
    /// The host had room for one.
    had_room: AtomicBool,
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
        let jobs = explore::Jobs::new(self.limit);
        let known = Known::new(core::mem::take(survey), core::mem::replace(frontier, Frontier::whole()));
        let common = Common {
            known: Mutex::new(known),
            news: Condvar::new(),
            present: AtomicUsize::new(self.count),
            had_room: AtomicBool::new(false),
        };
        thread::scope(|scope| {
            for _ in 0..self.count {
                scope.spawn(|| {
                    let _leaving = Leaving(&common);
                    if let Some(world) = subject.searching() {
                        common.had_room.store(true, Relaxed);
                        jobs.work(&common, &mut Thread { subject, world });
                    }
                });
            }
            let mut known = common.known();
            while common.present.load(Relaxed) > 0 {
                known = common.news.wait_timeout(known, BETWEEN_LOOKS).expect("no search panics with it").0;
                let share = known.frontier.progress();
                if !watch(Progress { executions: known.made, bad: known.bad, share }) {
                    jobs.stop();
                }
            }
        });
        (*survey, *frontier) = common.known.into_inner().expect("no search panics with it").close();
        common.had_room.into_inner()
    }
}

impl Common {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no search panics with it")
    }
}

impl Desk for Common {
    const IS_KEPT: bool = true;

    fn ask<R>(&self, ask: impl FnOnce(&mut Known) -> R) -> R {
        ask(&mut self.known())
    }

    fn wait<R>(&self, mut ask: impl FnMut(&mut Known) -> Option<R>) -> R {
        let mut known = self.known();
        loop {
            match ask(&mut known) {
                Some(answer) => return answer,
                None => known = self.news.wait(known).expect("no search panics with it"),
            }
        }
    }

    fn news(&self) {
        self.news.notify_all();
    }
}

/// A search of a thread.
struct Thread<'a> {
    subject: &'a Subject<'a>,
    world: World,
}

impl Maker for Thread<'_> {
    fn make(&mut self, survey: &mut Survey) -> Result<(), Trouble> {
        self.subject.execute(&mut self.world, survey)
    }

    fn search<R>(&mut self, ask: impl FnOnce(&mut Search, &[Option<Want>]) -> R) -> R {
        let (search, wants) = self.world.search();
        ask(search, wants)
    }
}

/// A search that is through, or has panicked: none waits for it any more.
struct Leaving<'a>(&'a Common);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let known = self.0.known.lock();
        self.0.present.fetch_sub(1, Relaxed);
        self.0.news();
        drop(known);
    }
}
