//! One adds at the tail while another removes from the head.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::tasks_and;
use super::needs::{Ground, Needs};
use super::points::NEXT;
use super::stage::{Named, Probed, Refusal, Rig, Stage, with_room_for};
use crate::class;
use crate::errno::Errno;
use crate::event::Site;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::{Consumer, Guard, Kfifo, Producer, SpinLock};

pub(super) static ENTRY: Experiment = Experiment {
    name: "request-queue",
    tears: true,
    title: "one request is added while the last is removed: it is in no queue any more",
    cause: Cause::Smp,
    races: &["R30"],
    sources: &[
        "LKD 9, Critical Regions and Race Conditions",
        "LDD3 16, Request Processing",
        "LDD3 5.7, Lock-Free Algorithms",
        "LKD 6, Queues",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &tasks_and(Form::Ring),
    unit: "requests: each writer adds them, each reader asks for as many",
    known_points: &[
        "head.load",
        "head.store",
        "tail.load",
        "tail.store",
        "next.load",
        "next.store",
        "ring.load",
        "ring.store",
    ],
    points: &["next.store", "head.store"],
    points_of: &[(Form::Ring, &["ring.store"])],
    script: &[
        "A.tail.load",
        "B.head.load",
        "B.next.load",
        "B.head.store",
        "B.tail.store",
        "A.next.store",
        "A.tail.store",
    ],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(2000, 5),
    roles: Roles::Alternate(Role::Write, Role::Read),
    invariants: &[
        "each request is handed to one reader or is in the queue, once; what a full ring refuses stays with its adder",
        "the tail is the last request that the head leads to, or both are empty",
    ],
    seven: [
        "Yes. The queue is where those who have work and those who do it meet.",
        "Not here. In a driver it is just so: requests come from tasks, and the interrupt says that one is done. Then \
         the lock is taken with interrupts off.",
        "Yes. Between the load of the tail and the store behind it the last request may be taken away.",
        "No. Nothing in here sleeps; in Linux the request is allocated before the queue is touched.",
        "A request belongs to the queue while it is in it, and to its reader afterwards. Without the lock there are \
         moments when the adder writes into a request that a reader has already.",
        "Both change what head, tail and next say together, each from its own old view of it.",
        "By one lock over head, tail and links: they are one thing in three places. Or, between one adder and one reader, \
         by a ring: it has no word that two tasks write.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "A queue of requests has a head, a tail, and a link from each request to the next. There is one \
request in it. A adds another one while B removes the first. Make A's request disappear: the queue says that it is \
empty, and no reader has ever seen it.";

const HINT: &str = "With one request in it, head and tail name the same request, and both tasks write to it or because of \
it. What has A read before B empties the queue, and what does A do with it afterwards?";

const EXPLANATION: &str = "X is the only request. A loads the tail: X. B loads the head: X; its link leads to nothing, so \
B stores nothing as the head and nothing as the tail, and has X. Now A stores its own request Y as the link of X, and \
Y as the tail. The head says that the queue is empty. The tail says that Y is its last request. Y hangs on X, which \
belongs to B. Nobody will ever come to Y, and whoever adds a request from now on appends it to Y: one lost race, and the \
queue swallows everything.\n\n\
With two readers there is the other half: both load the same head, and one request is handed out twice. A disk would \
write it twice; a driver would complete it twice and free it twice.\n\n\
A queue needs only one atomic store for each of its words, and all of them are atomic here. What is not atomic is the \
sentence that they say together: the tail is the last one that the head leads to. Such a sentence is an invariant, and a \
critical region is the stretch of code in which it does not hold.\n\n\
The cures make the stretch invisible. A spinlock fits: the section is a handful of accesses and never sleeps, which is \
why block drivers of the time kept a spinlock in each request queue, taken with interrupts off because the interrupt \
that ends a request takes it as well. A semaphore or a completion used as a token serves too among tasks, but no handler \
could take it. With one CPU it is enough that nobody else gets it: preemption off, or interrupts off.\n\n\
The ring needs no lock at all, where there is one adder and one reader. It is an array that is used in a circle, with two \
counters: how many requests were ever put in, which the adder alone stores, and how many were ever taken out, which the \
reader alone stores. What is in it is the difference. The adder fills a slot and then counts it in; the reader copies it out \
and then counts it out. Either may see an old count of the other, and then it sees less room, or fewer requests, than there \
are: it is too careful, and never wrong. Linux calls it kfifo. Here A has a ring to B, C one to D, and so on; \
an adder that has no reader fills its own. And a ring is as long as it is: a request that finds no room stays with its adder, and the \
report says how many did.\n\n\
Wrong cures: a lock for the tail and another for the head (they look apart and are one as soon as the queue is nearly \
empty; a queue for two locks needs an empty request between the ends); to test before the store whether the tail has \
changed (it may change after the test); to count the requests and trust the count; a ring between two adders, who would \
both fill the same slot.";

/// A link that leads nowhere. Requests count from 1.
const NONE: usize = 0;
/// The request that is in the queue when a round begins.
const FIRST: usize = 1;

/// The first request: points `head.load` and `head.store`.
static HEAD: Site = Site::new("head");

/// The last request: points `tail.load` and `tail.store`.
static TAIL: Site = Site::new("tail");

/// Requests that a ring has room for.
const ROOM: usize = 256;

/// The counters of the rings: points `ring.load` and `ring.store`.
struct Counters;

impl Named for Counters {
    const SITE: &'static Site = &Site::new("ring");
}

/// A ring between an adder and a reader.
type Ring<M> = Kfifo<usize, ROOM, Probed<M, Counters>>;

/// What a task has of its ring.
enum End<'a, M: Rig> {
    Adder(Producer<'a, usize, ROOM, Probed<M, Counters>>),
    Reader(Consumer<'a, usize, ROOM, Probed<M, Counters>>),
}

/// One round: writers add `quanta` requests each, readers ask for as many. Then each request must be
/// somewhere, once.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let quanta = resolved.quanta as usize;
    let queue = Queue::for_requests::<M>(FIRST + resolved.writers as usize * quanta)?;
    match resolved.lock {
        Form::Ring => race_on_rings(stage, &queue)?,
        _ => race_on_list(stage, &queue)?,
    }
    let added = |request: &usize| *request == FIRST || resolved.role(adder(*request, quanta)) == Role::Write;
    let amiss: u64 = (FIRST..queue.requests.len()).filter(added).map(|request| queue.amiss(request)).sum();
    stage.run.lost_updates += amiss;
    Ok(())
}

/// All tasks on the one list, under the guard.
fn race_on_list<M: Rig>(stage: &mut Stage<'_, M>, queue: &Queue) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let quanta = resolved.quanta as usize;
    let guard = Guard::<M>::new(resolved.lock, "queue.lock", class!("queue.lock"));
    queue.begin();
    stage.race(&|who| {
        for index in 0..quanta {
            let _held = guard.enter();
            match resolved.role(who) {
                Role::Write => queue.add::<M>(request(who, index, quanta)),
                _ => queue.remove::<M>(),
            }
        }
    })?;
    stage.add_lock(guard.stats());
    let tail_is_right = queue.drain();
    stage.run.torn += u64::from(!tail_is_right);
    Ok(())
}

/// Each adder and its reader on a ring of their own. No task waits: a task that finds no room, or no request,
/// goes on to the next one.
fn race_on_rings<M: Rig>(stage: &mut Stage<'_, M>, queue: &Queue) -> Result<(), Refusal> {
    let quanta = stage.resolved.quanta as usize;
    let pairs = stage.resolved.writers.div_ceil(2) as usize;
    let mut rings = with_room_for::<M, _>(pairs)?;
    rings.resize_with(pairs, || Ring::<M>::starting_at(0));
    rings[0].split().0.push(FIRST).expect("it is empty");
    let mut ends = with_room_for::<M, _>(2 * pairs)?;
    for ring in &mut rings {
        let (adder, reader) = ring.split();
        ends.push(SpinLock::<_, M>::new(class!("ends of a ring"), Some(End::Adder(adder))));
        ends.push(SpinLock::new(class!("ends of a ring"), Some(End::Reader(reader))));
    }
    let refused = AtomicU64::new(0);
    stage.race(&|who| {
        // Each end has one owner, which takes it once: the lock is open again before the work begins.
        let end = ends[who as usize].lock().take();
        match end {
            Some(End::Adder(mut adder)) => {
                for index in 0..quanta {
                    if let Err(request) = adder.push(request(who, index, quanta)) {
                        queue.hand_out(request);
                        refused.fetch_add(1, Relaxed);
                    }
                }
            }
            Some(End::Reader(mut reader)) => {
                (0..quanta)
                    .for_each(|_| reader.pop().into_iter().for_each(|request| queue.hand_out(request)));
            }
            None => {}
        }
    })?;
    drop(ends);
    rings.iter_mut().for_each(|ring| {
        let (_, mut reader) = ring.split();
        core::iter::from_fn(|| reader.pop()).for_each(|request| queue.hand_out(request));
    });
    let refused = refused.into_inner();
    if refused > 0 {
        stage.note(format!("requests of a round that found no room and stayed with their adder: {refused}"));
    }
    Ok(())
}

/// The number of the request that task `who` adds as its `index`th, of `quanta`.
fn request(who: u32, index: usize, quanta: usize) -> usize {
    FIRST + 1 + who as usize * quanta + index
}

/// Which task adds `request`, of `quanta` each.
fn adder(request: usize, quanta: usize) -> u32 {
    ((request - FIRST - 1) / quanta) as u32
}

/// A queue of requests that are numbered.
struct Queue {
    head: Shared<usize>,
    tail: Shared<usize>,
    requests: Vec<Request>,
}

struct Request {
    next: Shared<usize>,
    /// How often it was handed out.
    removed: AtomicU64,
}

impl Queue {
    /// An empty queue for the requests 1 to `requests`. [`Errno::ENOMEM`] when there is no memory.
    fn for_requests<M: Rig>(requests: usize) -> Result<Self, Errno> {
        let mut all = with_room_for::<M, _>(requests + 1)?;
        all.resize_with(requests + 1, || Request { next: Shared::new(NONE), removed: AtomicU64::new(0) });
        Ok(Queue { head: Shared::new(NONE), tail: Shared::new(NONE), requests: all })
    }

    /// Puts the first request into it, before any other task uses it.
    fn begin(&self) {
        self.head.set_up(FIRST);
        self.tail.set_up(FIRST);
    }

    /// Adds `request` behind the tail, in three accesses.
    fn add<M: Rig>(&self, request: usize) {
        match self.tail.load::<M>(&TAIL) {
            NONE => self.head.store::<M>(&HEAD, request),
            last => self.requests[last].next.store::<M>(&NEXT, request),
        }
        self.tail.store::<M>(&TAIL, request);
    }

    /// Takes the first request, if there is one.
    fn remove<M: Rig>(&self) {
        let first = self.head.load::<M>(&HEAD);
        if first == NONE {
            return;
        }
        let next = self.requests[first].next.load::<M>(&NEXT);
        self.head.store::<M>(&HEAD, next);
        if next == NONE {
            self.tail.store::<M>(&TAIL, NONE);
        }
        self.hand_out(first);
    }

    /// `request` has an owner now, which it had not before.
    fn hand_out(&self, request: usize) {
        self.requests[request].removed.fetch_add(1, Relaxed);
    }

    /// Counts every request that the head leads to as removed; says whether the tail is the last of them. No
    /// other task uses the queue any more. A list that bites its own tail is followed until it cannot but
    /// have come round.
    fn drain(&self) -> bool {
        let (mut last, mut request) = (NONE, self.head.audit());
        for _ in 0..self.requests.len() {
            if request == NONE {
                break;
            }
            self.hand_out(request);
            (last, request) = (request, self.requests[request].next.audit());
        }
        last == self.tail.audit()
    }

    /// Acknowledged changes that are not there: a request that is nowhere was added for nothing, and one that
    /// is in two places was removed for nothing.
    fn amiss(&self, request: usize) -> u64 {
        self.requests[request].removed.load(Relaxed).abs_diff(1)
    }
}
