//! Two that wake for one event.

use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles, Smallest};
use super::matrix::{C, R, Row};
use super::needs::Needs;
use super::stage::{Refusal, Rig, Stage, with_room_for};
use crate::class;
use crate::errno::Errno;
use crate::event::{Class, Op, Site};
use crate::settings::Form;
use crate::shared::{Shared, touching};
use crate::sync::{Completion, Guard, Semaphore, WaitQueue};

pub(super) static ENTRY: Experiment = Experiment {
    name: "double-wake",
    title: "two sleepers see the flag before either clears it: two wake for one write",
    cause: Cause::Sleeping,
    races: &["R20"],
    sources: &["LDD3 6.2, Simple Sleeping", "LDD3 6.2, Exclusive Waits", "LKD 4, Sleeping and Waking Up"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::None, R),
        Row::always(Form::WaitEvent, C),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Completion, C),
    ],
    unit: "events: A makes each of them once, all others wait for it",
    known_points: &["flag.load", "flag.store"],
    points: &["flag.store"],
    certain: Certain { rendezvous: true, ..Certain::NEVER },
    tasks: Some(3),
    needs: Needs::of_two_unheard(),
    smallest: Smallest { tasks: 3, quanta: 1 },
    defaults: Defaults::natural(1, 100),
    roles: Roles::FirstAndOthers(Role::Write, Role::Read),
    invariants: &["one event is answered by one sleeper"],
    seven: [
        "Yes. The flag is global, and more than one task waits for it.",
        "Not here. Where the handler of an interrupt sets the flag, the sleepers still race with each other.",
        "Yes. A sleeper that is preempted between its test and its store lets the next one pass the test, too.",
        "It has just slept. Nothing between test and store sleeps.",
        "The flag is static.",
        "Both find the flag set, both clear it, both go on: for one event two answers.",
        "By a lock around test and store, or by something that can be taken once only: a unit of a semaphore.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "Two tasks sleep until a flag is set. A third one sets it, once. LDD3 shows this module and asks: does one \
of them wake up, or both? Make it two. Then see to it that it is one, always.";

const HINT: &str = "wait_event returns because the flag was set. The next line clears it. How many sleepers can be between \
these two lines? probe=rendezvous=flag.store.";

const EXPLANATION: &str = "A sets the flag and wakes all that sleep. B runs, loads the flag: set. C runs, loads the flag: set. \
B clears it and returns. C clears it, though it is clear already, and returns. One write, and two readers who each believe \
that it was for them. If the event was a byte, one of them reads a byte that is not there.\n\n\
Mostly it goes well: the first to run clears the flag before the second has come so far, and the second goes back to \
sleep. The module works on the author's machine. It is the race of scull-leak again, test then store, in a place where \
nobody looks for one, since the test hides in a macro.\n\n\
To wake both is no mistake. Who is woken has only been asked to look again, and wait_event looks again. The mistake is that \
to look and to take are two steps. The wait-event form makes them one: after wait_event has returned, the task takes a \
spinlock, tests the flag once more, clears it and lets go; who finds it clear sleeps again. A semaphore has the flag, the \
test and the queue in one: up gives one unit, down takes it, and a unit cannot be taken twice. A completion that is \
completed once wakes one, for the same reason.\n\n\
Linux can also be told to wake one sleeper only (an exclusive wait). That saves the others the way to the CPU and back; \
LDD3 recommends it where many tasks wait for one thing and calls the alternative a thundering herd. It is not a cure by \
itself: a task that did not sleep at all may come along, find the flag, and take it before the one that was chosen.\n\n\
Wrong cures: to clear the flag before waking (then nobody finds it); to let the writer clear it after a while; an atomic \
load and an atomic store (the pair remains two); a lock around the store alone.";

/// Something that happens once and is for one of the waiters.
struct Event<M: Rig> {
    /// Not 0 while it has happened and no task has taken it.
    flag: Shared<usize>,
    /// How many have taken it.
    taken: AtomicU64,
    /// It was taken, so no task need wait any more.
    over: AtomicBool,
    wake: Wake<M>,
}

/// How they wait. No listener hears of these waits: a rendezvous has to wait for a task that sleeps here.
enum Wake<M: Rig> {
    /// For the flag.
    Queue(WaitQueue<M>),
    /// For a unit.
    Semaphore(Semaphore<M>),
    /// For the event itself.
    Completion(Completion<M>),
}

/// What the sleepers wait for: points `flag.load` and `flag.store`.
static FLAG: Site = Site::new("flag");

/// One round: A makes `quanta` events happen, and all others wait for each of them.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let events = Event::<M>::of(resolved.quanta as usize, resolved.lock)?;
    let claim = (resolved.lock == Form::WaitEvent)
        .then(|| Guard::<M>::new(Form::Spinlock, "event.lock", class!("event.lock")));
    stage.race(&|who| match who {
        0 => events.iter().for_each(Event::happen),
        _ => events.iter().for_each(|event| event.wait(claim.as_ref())),
    })?;
    stage.add_lock(claim.and_then(|claim| claim.stats()));
    let taken = events.iter().map(|event| event.taken.load(Relaxed)).max();
    stage.run.owners = stage.run.owners.max(taken.unwrap_or(0));
    Ok(())
}

impl<M: Rig> Event<M> {
    fn of(count: usize, form: Form) -> Result<Vec<Event<M>>, Errno> {
        let mut events = with_room_for::<M, _>(count)?;
        events.resize_with(count, || Event::new(form));
        Ok(events)
    }

    fn new(form: Form) -> Self {
        let wake = match form {
            Form::Semaphore => Wake::Semaphore(Semaphore::new(Class::EVENT, 0)),
            Form::Completion => Wake::Completion(Completion::new(Class::EVENT)),
            _ => Wake::Queue(WaitQueue::new(Class::EVENT)),
        };
        Event { flag: Shared::new(0), taken: AtomicU64::new(0), over: AtomicBool::new(false), wake }
    }

    /// It happens. No probe point: these are the accesses of the waiters.
    fn happen(&self) {
        self.flag.put::<M>(&FLAG, 1);
        self.wake_who_waits();
    }

    /// Waits until it has happened, and takes it, or until another task has. With a lock to test and clear
    /// under, or without.
    fn wait(&self, claim: Option<&Guard<M>>) {
        match (&self.wake, claim) {
            (Wake::Queue(queue), None) => self.test_then_clear(queue),
            (Wake::Queue(queue), Some(claim)) => self.test_and_clear(queue, claim),
            (Wake::Semaphore(semaphore), _) => {
                semaphore.down();
                self.take_unless_over();
            }
            (Wake::Completion(completion), _) => {
                completion.wait();
                self.take_unless_over();
            }
        }
    }

    /// The module of LDD3: `wait_event` tests, and the next line clears.
    fn test_then_clear(&self, queue: &WaitQueue<M>) {
        let mut is_set = false;
        queue.wait_event(|| {
            is_set = self.is_set();
            is_set || self.is_over()
        });
        if is_set {
            self.flag.store::<M>(&FLAG, 0);
            self.take();
        }
    }

    /// To be woken is only a reason to look. What counts is tested and cleared under the lock.
    fn test_and_clear(&self, queue: &WaitQueue<M>, claim: &Guard<M>) {
        while !self.is_over() {
            queue.wait_event(|| self.is_set() || self.is_over());
            let _held = claim.enter();
            if self.is_set() {
                self.flag.store::<M>(&FLAG, 0);
                self.take();
            }
        }
    }

    /// A unit came: that of the event, or the one that its taker passed on.
    fn take_unless_over(&self) {
        match self.is_over() {
            true => self.wake_who_waits(),
            false => self.take(),
        }
    }

    /// The caller is the one that it is for, or believes so.
    fn take(&self) {
        self.taken.fetch_add(1, Relaxed);
        // Pairs with the Acquire in `is_over`.
        touching::<M, _>(&FLAG, Op::Put(1), &self.over);
        self.over.store(true, Release);
        self.wake_who_waits();
    }

    fn wake_who_waits(&self) {
        match &self.wake {
            Wake::Queue(queue) => drop(queue.wake_up_all()),
            Wake::Semaphore(semaphore) => semaphore.up(),
            Wake::Completion(completion) => completion.complete(),
        }
    }

    fn is_set(&self) -> bool {
        self.flag.load::<M>(&FLAG) != 0
    }

    fn is_over(&self) -> bool {
        touching::<M, _>(&FLAG, Op::Look, &self.over);
        self.over.load(Acquire)
    }
}
