//! Two that wake for one event.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::Needs;
use crate::settings::Lock;

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
        Row::always(Lock::None, R),
        Row::always(Lock::WaitEvent, C),
        Row::always(Lock::Semaphore, C),
        Row::always(Lock::Completion, C),
    ],
    unit: "events: A makes each of them once, all others wait for it",
    known_points: &["flag.load", "flag.store"],
    points: &["flag.store"],
    certain: Certain { rendezvous: true, ..Certain::NEVER },
    tasks: Some(3),
    needs: Needs::of_two_unheard(),
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
