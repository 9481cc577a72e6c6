//! A semaphore that is gone before its `up` has returned.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::Needs;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "stack-semaphore",
    title: "the waiter has returned, its frame is used again, up still writes into it",
    cause: Cause::Sleeping,
    races: &["R21"],
    sources: &["LDD3 5.4, Completions", "LKD 10, Completion Variables", "LKD 10, Semaphores"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // On one CPU neither task runs while the other one is inside up: it holds the inner spinlock.
        Row::by_cpus(Form::Semaphore, R, C),
        Row::always(Form::Completion, C),
    ],
    unit: "requests: each waits in a frame of its own",
    known_points: &["granted", "seeing-off"],
    fire: &["granted", "seeing-off"],
    certain: Certain { fire: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::of_two(),
    is_silent: true,
    defaults: Defaults::natural(100, 1),
    roles: Roles::FirstAndOthers(Role::Read, Role::Write),
    invariants: &["nobody touches the frame of a function that has returned"],
    seven: [
        "Yes. The waiter gives its address to whoever is to wake it.",
        "Not here. Often it is the interrupt handler of a device that says: done.",
        "Yes, but the inner lock keeps its CPU, so on one CPU the waiter cannot run before up is through.",
        "The waiter sleeps, that is its purpose. What it leaves behind is its frame, until it returns.",
        "Nothing. The waiter takes the frame with it when it returns, and does not ask who is still inside up.",
        "The waiter returns on its CPU while up is still at work on the other one.",
        "By a primitive that does not let the waiter go before the waker has let go: a completion.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A task hands a request to another one and waits until it is served. The semaphore for that costs nothing: \
it lies on the stack of the waiter. Have the other task write into a stack frame that is no longer there.";

const HINT: &str = "up hands the unit over, and then it still has something to do. With which memory? Who may free it as soon \
as it has the unit?";

const EXPLANATION: &str = "A puts a semaphore of no units into its frame, gives its address to B, and calls down. B serves the \
request and calls up. up takes the semaphore's inner spinlock, finds A in the queue, and hands it the unit. At this moment \
A may go: it wakes, be it for this or for any other reason, sees that it has been handed its unit, and returns from down \
without having looked at the semaphore again. A returns from its function, and the frame is used for the next call. Now B, \
still inside up, gives the inner spinlock back: a store of 0 into a frame that is somebody else's.\n\n\
The laboratory takes a block of the heap for the frame, and the waiter frees it when it returns. A freed block is poisoned, \
and one byte of the poison is found to be wrong afterwards: that is B's store. A real stack would not tell; some local \
variable of the next function would be 0, once in a million calls.\n\n\
A semaphore is made for a lock that lives longer than all who use it, and its shortest way out of down is worth more to it \
than a frame that it need not know of. The completion is made for the opposite: to say once, to one who waits, that \
something is done. So it pays for the safety: a waiter that has been handed the event takes the inner spinlock once more \
before it returns, and gets it when complete has given it back. After that complete does not touch the structure any \
more. LDD3 tells it as the reason for which completions came into Linux.\n\n\
On one CPU it cannot happen with either of them: B keeps the CPU while it has the inner lock.\n\n\
Wrong cures: a larger frame; to wait a moment before returning; to test the count of the semaphore before returning (it \
says nothing about whether up is through); a static semaphore for all (then two requests at once take each other's units); \
to set a flag before up and wait for that as well (up still comes after the flag). To allocate the semaphore and let the \
last one of the two free it, by a count of references, does work, and is more than a completion costs.";
