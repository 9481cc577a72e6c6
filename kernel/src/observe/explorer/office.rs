//! Where CPUs that share a search fetch what they make.

use kcore::class;
use kcore::event::Class;
use kcore::explore::{Desk, Frontier, Jobs, Known, Survey};
use kcore::sync::WaitQueue;

use crate::machine::{Kernel, SpinLock};

/// Where CPUs that share a search fetch what they make.
pub struct Office {
    known: SpinLock<Known>,
    news: WaitQueue<Kernel>,
}

impl Office {
    fn new() -> Self {
        let known = Known::new(Survey::default(), Frontier::whole());
        let class = class!("what explorers know", "Parts are divided, and put together, under it.");
        Office { known: SpinLock::new(class, known), news: WaitQueue::new(Class::EVENT) }
    }
}

/// What all executions come to that `search` makes in these jobs, at most `limit`.
pub fn survey(limit: Option<u64>, search: impl FnOnce(&Jobs, &Office)) -> Survey {
    let (jobs, office) = (Jobs::new(limit), Office::new());
    search(&jobs, &office);
    office.known.into_inner().close().0
}

impl Desk for Office {
    const IS_KEPT: bool = false;

    fn ask<R>(&self, ask: impl FnOnce(&mut Known) -> R) -> R {
        ask(&mut self.known.lock_irqsave())
    }

    fn wait<R>(&self, mut ask: impl FnMut(&mut Known) -> Option<R>) -> R {
        let mut answer = None;
        self.news.wait_event(|| {
            answer = self.ask(&mut ask);
            answer.is_some()
        });
        answer.expect("it was waited for")
    }

    fn news(&self) {
        self.news.wake_up_all();
    }
}
