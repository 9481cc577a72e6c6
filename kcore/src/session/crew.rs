//! The participants.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::machine::TaskId;
use crate::probe::Wake;
use crate::settings::MAX_WRITERS;

/// Which tasks are the participants of a run: the members of a crew, each with its number, or tasks that come
/// by themselves and take the next free seat.
///
/// Read without a lock. A seat is offered, taken and withdrawn under the lock of the
/// [`Session`](super::Session), and each event of a participant is told under it if the task [is that
/// participant](Crew::is) still: the seat may have been withdrawn since it was looked up. No number of a task
/// is used twice, so none is taken for another.
///
/// ```text
///   newcomer                         prober
///   takes seat 0
///                                    withdraws all, wakes the tasks that are known to sit there
///                                    offers anew; another takes seat 0
///   arrives at seat 0, where it does not sit: goes on
/// ```
#[derive(Debug)]
pub struct Crew {
    /// By the number of the participant: [`word`]s, 0 for no task.
    tasks: [AtomicU64; MAX_WRITERS as usize],
    size: AtomicU32,
    /// How many participants come by themselves, and how many of them have come.
    seats: AtomicU32,
    taken: AtomicU32,
}

/// In a word: the task takes part. It has neither left nor lost its seat.
const ACTIVE: u64 = 2;

fn word(task: TaskId) -> u64 {
    u64::from(task.0) << 2 | 1
}

impl Crew {
    /// No participants.
    pub const fn nobody() -> Self {
        let (size, seats, taken) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        Crew { tasks: [const { AtomicU64::new(0) }; MAX_WRITERS as usize], size, seats, taken }
    }

    /// A round of `size` participants begins, whose tasks are not known yet.
    pub fn begin(&self, size: u32) {
        self.end();
        self.tasks.iter().for_each(|task| task.store(0, Relaxed));
        self.size.store(size.min(MAX_WRITERS), Relaxed);
    }

    /// Offers seats 0 to `count`. All that were there before are no seats any more.
    pub fn offer(&self, count: u32) {
        self.begin(count);
        self.seats.store(self.size(), Relaxed);
    }

    /// The next free seat, on which `task` sits from now on.
    pub fn take(&self, task: TaskId) -> Option<u8> {
        let who = self.taken.load(Relaxed);
        self.are_free().then(|| {
            self.taken.store(who + 1, Relaxed);
            self.enter(who as u8, task);
            who as u8
        })
    }

    /// No task takes part any more. Which tasks did is [still known](Crew::tasks).
    pub fn withdraw(&self) {
        self.seats.store(0, Relaxed);
        self.taken.store(0, Relaxed);
        (0..MAX_WRITERS as u8).for_each(|who| self.leave(who));
    }

    /// The round is over: there are no participants. Which task was which is known [until the
    /// next](Crew::was).
    pub fn end(&self) {
        self.withdraw();
        self.size.store(0, Relaxed);
    }

    /// `task` is participant `who` from now on.
    pub fn enter(&self, who: u8, task: TaskId) {
        self.tasks[usize::from(who)].store(word(task) | ACTIVE, Relaxed);
    }

    /// Participant `who` takes part no more.
    pub fn leave(&self, who: u8) {
        let task = &self.tasks[usize::from(who)];
        task.store(task.load(Relaxed) & !ACTIVE, Relaxed);
    }

    /// Which participant `task` is.
    pub fn who(&self, task: TaskId) -> Option<u8> {
        (0..self.size() as u8).find(|who| self.is(*who, task))
    }

    /// Whether `task` is participant `who`.
    pub fn is(&self, who: u8, task: TaskId) -> bool {
        self.tasks[usize::from(who)].load(Relaxed) == word(task) | ACTIVE
    }

    /// Which participant of this round, or of the last one, `task` was.
    pub fn was(&self, task: TaskId) -> Option<u32> {
        let is = |of: &AtomicU64| of.load(Relaxed) & !ACTIVE == word(task);
        self.tasks.iter().position(is).map(|who| who as u32)
    }

    /// How many participants the round under way has; 0 between rounds.
    pub fn size(&self) -> u32 {
        self.size.load(Relaxed)
    }

    /// The tasks of the round under way that are known.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.named(Wake::MAX).take(self.size() as usize)
    }

    /// The tasks of the participants in `set`, as far as they are known.
    pub fn named(&self, set: Wake) -> impl Iterator<Item = TaskId> {
        let words = self.tasks.iter().map(|task| task.load(Relaxed)).enumerate();
        words
            .filter(move |(who, word)| set >> who & 1 == 1 && *word != 0)
            .map(|(_, word)| TaskId((word >> 2) as u32))
    }

    /// How many seats there are, and how many of them are taken.
    pub fn seats(&self) -> (u32, u32) {
        (self.seats.load(Relaxed), self.taken.load(Relaxed))
    }

    /// Whether there are seats, for tasks that come by themselves.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.seats.load(Relaxed) > 0
    }

    /// Whether a task is still to come.
    pub fn are_free(&self) -> bool {
        let (seats, taken) = self.seats();
        taken < seats
    }
}
