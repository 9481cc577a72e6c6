//! A lock of loads and stores, which the store buffer undoes.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, compiler_fence, fence};

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{A, C, Row};
use super::needs::{Ground, Needs};
use super::points::INSIDE;
use super::stage::{Refusal, Rig, Stage, with_room_for};
use crate::class;
use crate::errno::Errno;
use crate::event::{LockName, LockStep, Op, Site};
use crate::settings::{Form, Probe};
use crate::shared::{Shared, full_fence, probe, touching};
use crate::sync::{Guard, Observed};

pub(super) static ENTRY: Experiment = Experiment {
    name: "peterson",
    title: "Peterson's algorithm without a fence: proved right, and wrong on every x86",
    cause: Cause::Smp,
    races: &["R23"],
    sources: &[
        "LKD 10, Ordering and Barriers",
        "LDD3 9, I/O Registers and Conventional Memory",
        "Intel SDM vol. 3A, Memory Ordering",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // A CPU sees its own stores in its own order, so on one CPU the proof holds.
        Row::by_cpus(Form::None, A, C),
        Row::always(Form::Fenced, C),
        Row::always(Form::Spinlock, C),
    ],
    unit: "passes through the critical section, as far as time allows; A plays against B, C against D",
    known_points: &["want", "look", "inside"],
    points: &["look"],
    script: &["A.want", "B.want", "A.look", "B.look", "A.inside"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(20_000, 5),
    invariants: &["never more than one task of a pair is inside the critical section"],
    seven: [
        "Yes. Each reads what the other writes.",
        "No. Only tasks get here.",
        "It does no harm: a CPU that changes tasks sees all of its own stores in order.",
        "Not in here; and whoever waits does nothing but look.",
        "The flags live as long as what they protect.",
        "Each stores its own flag and reads the other's before that store has arrived.",
        "By a full fence between one's own stores and the load of the other's flag; or by one locked instruction.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Two flags and a turn: that is mutual exclusion without any special instruction, and there is a proof. Run it on \
two CPUs, some hundred thousand times, and count how often both are inside.";

const HINT: &str = "The proof says: whoever stores first is seen by the other. Stored where? Nothing can be seen of it at a \
probe point, by the way: a task that waits there has long emptied its store buffer. This race is left to chance.";

const EXPLANATION: &str = "To enter, A stores that it wants to, gives the turn to B, and waits while B wants to enter and it is \
B's turn. B does the same the other way round. If both want to, the turn has one value, and one of them waits. That is \
proved in every book, for a machine on which all loads and stores happen one after the other.\n\n\
No such machine is on sale. A CPU does not wait until a store has reached the cache; it puts it into its store buffer and \
goes on. A's flag is in A's buffer when A loads B's flag and finds it down. B's flag is in B's buffer when B loads A's flag \
and finds it down. Both go in. The order of x86 allows exactly this and nothing else: a load may pass an older store to \
another address. Every other reordering is a matter of other machines, or of the compiler, which is kept from it here by a \
compiler fence: that costs no instruction, and it does not help.\n\n\
The fence does: mfence, or any locked instruction, lets no later load begin before the buffer has been emptied. It belongs \
between one's own stores and the look at the other's flag. With it, whoever comes second sees the first, and the form fenced is \
clean. So are the spinlock and everything that is made from it, such as the semaphore: its test-and-set is a locked \
instruction, a fence by nature.\n\n\
On one CPU there is no race: a CPU reads its own stores, from the buffer if need be. And an emulator that runs \
one CPU after the other (tcg-single, icount) never shows it, since all stores have arrived when the next CPU has its \
turn: the run says so. With a thread for each CPU the emulator's CPUs have the real store buffers of its host.\n\n\
Wrong cures: volatile, or a compiler fence (the instructions are in the right order already); a release store and an acquire \
load (they do not keep a load behind a store, the one thing that is needed here); a fence in one of the two tasks only; a delay \
(the buffer is empty soon, not in time for sure).";

/// How long a round may take, in cycles: where the host has fewer cores than it needs, each meeting takes a
/// time slice of its own.
const PATIENCE_CYCLES: u64 = 250_000_000;
/// Looks at the other one's counter without a PAUSE in between.
const QUICK_LOOKS: u32 = 1000;
/// One of the two enters up to so many steps later than the other.
const MOST_SKEW: u64 = 64;

/// Before the stores: point `want`.
static WANT: Site = Site::new("want");

/// Between the stores and the first look at what the other wants: point `look`.
static LOOK: Site = Site::new("look");

/// The task that goes first: no point.
static TURN: Site = Site::new("turn");

/// One round: the tasks play in pairs, and each passes `quanta` times through the critical section of its
/// pair.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    if M::is_sequential() {
        stage.note(
            "the accelerator runs one CPU at a time: no store waits in a buffer, so this cannot race".into(),
        );
    }
    let resolved = stage.resolved;
    let pairs = pairs::<M>(resolved.writers.div_ceil(2), resolved.lock)?;
    let deadline = M::cycles() + PATIENCE_CYCLES;
    stage.race(&|who| {
        let (pair, me) = (&pairs[who as usize / 2], who as usize % 2);
        // At probe points the tasks meet by themselves, and a task that is alone meets no other.
        let in_step = resolved.probe == Probe::Off && who ^ 1 < resolved.writers;
        for pass in 0..resolved.quanta {
            if in_step && !pair.meet(me, pass + 1, deadline) {
                break;
            }
            pair.pass(me);
        }
    })?;
    for pair in &pairs {
        stage.add_lock(pair.guard.stats());
        stage.run.owners = stage.run.owners.max(pair.most.load(Relaxed));
    }
    let met: u64 = pairs.iter().map(|pair| pair.met.load(Relaxed)).sum();
    if met > 0 {
        stage.note(format!("passes of a round that found the other one inside: {met}"));
    }
    Ok(())
}

fn pairs<M: Rig>(count: u32, form: Form) -> Result<Vec<Pair<M>>, Errno> {
    let mut pairs = with_room_for::<M, _>(count as usize)?;
    pairs.resize_with(count as usize, || Pair::new(form));
    Ok(pairs)
}

/// Two tasks, what keeps them apart, and how often it did not.
struct Pair<M: Rig> {
    form: Form,
    /// Of the form that is a lock.
    guard: Guard<M>,
    /// Of the others.
    peterson: Peterson,
    /// How often each of the two has come to the door: twice for each pass.
    arrivals: [Line<AtomicU64>; 2],
    inside: AtomicU64,
    most: AtomicU64,
    met: AtomicU64,
}

impl<M: Rig> Pair<M> {
    fn new(form: Form) -> Self {
        let lock = if form == Form::Spinlock { form } else { Form::None };
        Pair {
            form,
            guard: Guard::<M>::new(lock, "peterson.lock", class!("peterson.lock")),
            peterson: Peterson::new(),
            arrivals: [0, 0].map(|time| Line(AtomicU64::new(time))),
            inside: AtomicU64::new(0),
            most: AtomicU64::new(0),
            met: AtomicU64::new(0),
        }
    }

    /// Waits for the other one at the door, for the `pass`th time from 1, so that both enter at the same
    /// moment: two that take turns never race. False when the time is up.
    fn meet(&self, me: usize, pass: u32, deadline: u64) -> bool {
        if M::EXPLORES {
            // All orders come without it.
            return true;
        }
        let pass = u64::from(pass);
        self.arrivals[me].0.store(2 * pass - 1, Relaxed);
        while !self.comes_soon(1 - me, 2 * pass - 1) {
            if M::cycles() > deadline {
                return false;
            }
            M::relax();
            // The other one may have to run on this CPU.
            M::yield_now();
        }
        // Once more, now that both are awake.
        self.arrivals[me].0.store(2 * pass, Relaxed);
        self.comes_soon(1 - me, 2 * pass);
        // Which of them is first, and by how much, goes through all that there is.
        let skew = if me == 0 { pass % MOST_SKEW } else { pass / MOST_SKEW % MOST_SKEW };
        let _ = (0..skew).find(|_| !self.has_come(1 - me, 2 * pass - 1));
        true
    }

    /// Looks for a while without a PAUSE, which takes an emulated CPU out of its step for longer than the
    /// race takes.
    fn comes_soon(&self, who: usize, times: u64) -> bool {
        (0..QUICK_LOOKS).any(|_| self.has_come(who, times))
    }

    fn has_come(&self, who: usize, times: u64) -> bool {
        self.arrivals[who].0.load(Relaxed) >= times
    }

    /// Enters the critical section, counts, and leaves.
    fn pass(&self, me: usize) {
        match self.form {
            Form::Spinlock => {
                let _held = self.guard.enter();
                self.count();
            }
            form => {
                self.peterson.enter::<M>(me, form == Form::Fenced);
                self.count();
                self.peterson.leave::<M>(me);
            }
        }
    }

    /// Counts the owners, by atomic additions, which nothing can disturb.
    fn count(&self) {
        touching::<M, _>(&INSIDE, Op::Update, &self.inside);
        let owners = self.inside.fetch_add(1, Relaxed) + 1;
        if owners > 1 {
            self.most.fetch_max(owners, Relaxed);
            self.met.fetch_add(1, Relaxed);
        }
        probe::<M>(&INSIDE);
        touching::<M, _>(&INSIDE, Op::Update, &self.inside);
        self.inside.fetch_sub(1, Relaxed);
    }
}

/// A word that shares its cache line with nothing: a store to it has far to go.
#[repr(align(64))]
struct Line<W>(W);

/// Peterson's lock for two. Its stores are not in the log of stores, since to log them takes a locked
/// instruction, which would be the fence that is missing.
struct Peterson {
    want: [Line<Shared<u64>>; 2],
    /// Which task goes first when both want to.
    turn: Line<Shared<u64>>,
    watch: Observed,
}

impl Peterson {
    fn new() -> Self {
        // A task that waits at the door waits for what the other one does, and not for a lock to be given
        // back: the other one may have wanted it first, and have no CPU to look.
        let name = LockName::event("peterson.lock");
        let [want, other, turn] = [0; 3].map(|word| Line(Shared::new(word)));
        Peterson { want: [want, other], turn, watch: Observed::new(name) }
    }

    /// Waits until the other one is not inside, or so it looks.
    fn enter<M: Rig>(&self, me: usize, fenced: bool) {
        // The compiler keeps the order in both forms. The CPU does only in one.
        let order = || if fenced { full_fence::<M>() } else { compiler_fence(Ordering::SeqCst) };
        probe::<M>(&WANT);
        self.want[me].0.put::<M>(&WANT, 1);
        // x86 keeps two stores in order by itself; Rust's memory model asks for this one, too.
        order();
        self.turn.0.put::<M>(&TURN, 1 - me as u64);
        order();
        probe::<M>(&LOOK);
        while self.must_wait::<M>(me) {
            self.watch.tell::<M, _>(self, LockStep::Wait);
            M::relax();
            M::spinning();
            // The other one may have to run on this CPU.
            M::yield_now();
        }
        fence(Ordering::Acquire);
        M::preempt_disable();
        self.watch.tell::<M, _>(self, LockStep::Acquired);
    }

    fn must_wait<M: Rig>(&self, me: usize) -> bool {
        self.want[1 - me].0.look::<M>(&WANT) == 1 && self.turn.0.look::<M>(&TURN) == 1 - me as u64
    }

    fn leave<M: Rig>(&self, me: usize) {
        self.watch.tell::<M, _>(self, LockStep::Release);
        fence(Ordering::Release);
        self.want[me].0.put::<M>(&WANT, 0);
        M::preempt_enable();
    }
}
