//! What drivers leave for later while they are explored: timers, tasklets, works, interrupts and tasks of their
//! own. None of these comes by itself then: each is done by a part of the execution that is rung for, at
//! whichever moment the explorer says ([decision
//! 57](../../../docs/decisions/0057-what-a-driver-leaves-for-later-takes-part.md)).
//!
//! Each thing is known by the address of its structure. Two steps say how far it is:
//!
//! ```text
//!   whether it is to be done     set by who arms it, cleared by who cancels it, and by who begins it
//!   the right to do it           taken before that is looked at, given when it is done; and taken and given by
//!                                who waits until it is done
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::class;
use kcore::event::{Change, LockId, LockName, Mode, Waiting};
use kcore::explore::Act;
use kcore::machine::Context;
use kcore::place::Place;

use super::answers;
use super::api::{interrupt, random};
use super::blocks;
use super::driver::Driver;
use super::finding::{ends, finding, left};
use super::records::named;
use crate::context;
use crate::machine::SpinLock;
use crate::observe::explorer;
use crate::symbols::sites;

/// What something is that is done later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Timer,
    Tasklet,
    Work,
    Interrupt,
    Thread,
}

/// What a part does with something that is left for later.
#[derive(Clone, Copy)]
enum Deed {
    Arms,
    Cancels,
    Looks,
    Begins,
}

/// What each [`Deed`] is called.
macro_rules! deeds {
    ($what:literal, $arms:literal, $begins:literal) => {
        [
            concat!($arms, " the ", $what),
            concat!("cancels the ", $what),
            concat!("looks for the ", $what),
            concat!("the ", $what, " ", $begins),
        ]
    };
}

impl Kind {
    /// What is done with it, in words.
    fn words(self, deed: Deed) -> &'static str {
        let all = match self {
            Kind::Timer => deeds!("timer", "arms", "expires"),
            Kind::Tasklet => deeds!("tasklet", "schedules", "begins"),
            Kind::Work => deeds!("work", "queues", "begins"),
            Kind::Interrupt => deeds!("interrupt", "causes", "comes"),
            Kind::Thread => deeds!("task", "wakes", "begins"),
        };
        all[deed as usize]
    }

    /// A step at the structure `owner`.
    fn step(self, deed: Deed, owner: usize, at: Place) {
        let act = if let Deed::Looks = deed { Act::Load } else { Act::Update };
        explorer::agenda(self.words(deed), act, owner, at);
    }

    /// The same by the driver, for which its structure must be there.
    fn used(self, deed: Deed, owner: usize, at: Place) {
        self.step(deed, owner, at);
        self.is_there(owner, at);
    }

    fn is_there(self, owner: usize, at: Place) {
        blocks::uses(format_args!("{}", self.name()), owner, at);
    }

    fn context(self) -> Context {
        match self {
            Kind::Timer | Kind::Tasklet => Context::Softirq,
            Kind::Interrupt => Context::Hardirq,
            Kind::Work | Kind::Thread => Context::Task,
        }
    }

    /// What it is called, before its function.
    fn name(self) -> &'static str {
        match self {
            Kind::Timer => "the timer",
            Kind::Tasklet => "the tasklet",
            Kind::Work => "the work",
            Kind::Interrupt => "the handler",
            Kind::Thread => "its task",
        }
    }

    /// What it is said to be that is left behind.
    fn is_left(self) -> &'static str {
        match self {
            Kind::Timer => "a timer is still to run (timer_delete_sync)",
            Kind::Tasklet => "a tasklet is still to run (tasklet_kill)",
            Kind::Work => "a work is still to run (cancel_work_sync)",
            Kind::Interrupt => "an interrupt is still to be handled",
            Kind::Thread => "a task of its own is still to begin (kthread_stop)",
        }
    }
}

/// Something that may be done later.
#[derive(Clone, Copy)]
struct Thing {
    kind: Kind,
    /// Where its structure lies.
    owner: usize,
    /// What does it: itself, or the queue in which it waits.
    agent: usize,
    /// The queue that it was put into.
    queue: Option<usize>,
    /// What is called, and with what.
    call: fn(usize),
    argument: usize,
    /// The driver's function, for people.
    function: usize,
    /// Not before this jiffy.
    expires: u64,
    is_pending: bool,
    /// In which order those of one agent are done.
    turn: u64,
    runs: bool,
    /// How often it was disabled.
    disabled: u32,
    /// The driver is gone: it is not begun any more.
    is_gone: bool,
}

/// All of the execution under way, and how often one was armed.
struct Later {
    things: Vec<Thing>,
    turns: u64,
}

static LATER: SpinLock<Later> =
    SpinLock::new(class!("what drivers leave for later"), Later { things: Vec::new(), turns: 0 });

/// More than any driver has.
const MOST: usize = 64;
/// In which part of an execution each is done: what its agent is rung by, by number.
static AGENTS: SpinLock<Vec<usize>> = SpinLock::new(class!("agents of drivers"), Vec::new());

/// The jiffy that it is: time passes only where something has waited for it.
static NOW: AtomicU64 = AtomicU64::new(BEGIN);
const BEGIN: u64 = 1 << 20;

/// How often the jiffy was asked for in the execution under way.
static ASKED: AtomicU64 = AtomicU64::new(0);
/// More often than any driver asks that does not wait for time to pass.
const OFTEN: u64 = 10_000;

/// The jiffy that it is, while drivers are explored. A task that asks again and again waits for time, of which
/// none passes by itself: it ends.
pub(super) fn now() -> Option<u64> {
    if !is_on() {
        return None;
    }
    answers::vary();
    if ASKED.fetch_add(1, Relaxed) >= OFTEN {
        const WHY: &str = "a loop that waits until time has passed";
        explorer::cannot(WHY);
        ends(WHY);
    }
    Some(NOW.load(Relaxed))
}

/// So many jiffies pass.
pub(super) fn pass(jiffies: u64) {
    NOW.fetch_add(jiffies, Relaxed);
}

/// Whether things are left for parts of an execution.
pub(super) fn is_on() -> bool {
    explorer::is_open()
}

/// An execution begins.
pub(super) fn begin() {
    random::begin();
    let things = core::mem::take(&mut LATER.lock_irqsave().things);
    let things = with_room(things);
    LATER.lock_irqsave().things = things;
    let agents = core::mem::take(&mut *AGENTS.lock_irqsave());
    let agents = with_room(agents);
    *AGENTS.lock_irqsave() = agents;
    interrupt::reset();
    NOW.store(BEGIN, Relaxed);
    ASKED.store(0, Relaxed);
}

/// The same, empty, with room for as many as there can be.
fn with_room<T>(mut those: Vec<T>) -> Vec<T> {
    those.clear();
    those.reserve(MOST);
    those
}

fn with<R>(owner: usize, ask: impl FnOnce(&mut Thing) -> R) -> Option<R> {
    LATER.lock_irqsave().things.iter_mut().find(|thing| thing.owner == owner).map(ask)
}

/// The line of the driver that makes the call.
#[track_caller]
fn here() -> Place {
    sites::of_driver(Place::caller())
}

fn right(owner: usize) -> LockId {
    let name = LockName {
        name: "the end of what it does later",
        class: class!("what a driver does later"),
        waiting: Waiting::Sleeps,
    };
    LockId { address: owner, name, mode: Mode::Exclusive }
}

/// What is armed.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) kind: Kind,
    pub(super) owner: usize,
    /// What wait in that queue wait for each other.
    pub(super) queue: Option<(usize, bool)>,
    pub(super) call: fn(usize),
    pub(super) argument: usize,
    pub(super) function: usize,
    /// Not before this jiffy.
    pub(super) expires: u64,
}

impl Order {
    fn thing(&self) -> Thing {
        Thing {
            kind: self.kind,
            owner: self.owner,
            agent: self.queue.filter(|(_, is_ordered)| *is_ordered).map_or(self.owner, |(queue, _)| queue),
            queue: self.queue.map(|(queue, _)| queue),
            call: self.call,
            argument: self.argument,
            function: self.function,
            expires: self.expires,
            is_pending: false,
            turn: 0,
            runs: false,
            disabled: 0,
            is_gone: false,
        }
    }
}

/// It is to be done, at any moment from now on. Whether it was not to be already.
#[track_caller]
pub(super) fn arm(order: Order) -> bool {
    let at = here();
    if explorer::is_agent() {
        explorer::agenda("finds the driver there", Act::Load, gone(), at);
    }
    if let Some((queue, _)) = order.queue {
        explorer::agenda("at the queue", Act::Update, queue, at);
    }
    order.kind.used(Deed::Arms, order.owner, at);
    let Some((is_new, rings)) = LATER.lock_irqsave().arm(order) else {
        finding(format_args!("more than {MOST} things of drivers are to be done later: one will not"));
        return false;
    };
    if let Some(agent) = rings {
        ring(agent, at);
    }
    is_new
}

impl Later {
    /// Whether it was not armed before, and the agent to be rung for; [`None`] if there are too many.
    fn arm(&mut self, order: Order) -> Option<(bool, Option<usize>)> {
        self.turns += 1;
        let new = order.thing();
        let index = self.things.iter().position(|thing| thing.owner == order.owner).or_else(|| {
            (self.things.len() < MOST).then(|| self.things.push(new))?;
            Some(self.things.len() - 1)
        })?;
        let thing = &mut self.things[index];
        let Thing { call, argument, function, expires, .. } = new;
        (thing.call, thing.argument, thing.function, thing.expires) = (call, argument, function, expires);
        if core::mem::replace(&mut thing.is_pending, true) {
            return Some((false, None));
        }
        (thing.turn, thing.agent, thing.queue) = (self.turns, new.agent, new.queue);
        Some((true, (thing.disabled == 0).then_some(thing.agent)))
    }
}

/// Rings for `agent`, which has something more to do.
fn ring(agent: usize, at: Place) {
    let Some(number) = explorer::number_of(agent) else { return };
    let mut agents = AGENTS.lock_irqsave();
    let missing = (number + 1).saturating_sub(agents.len());
    agents.extend(core::iter::repeat_n(0, missing));
    agents[number] = agent;
    drop(agents);
    explorer::ring(number, at);
}

/// Agent number `number` was rung for.
pub fn run(number: usize) {
    let agent = AGENTS.lock_irqsave()[number];
    let things = || LATER.lock_irqsave();
    let next = |later: &Later| {
        let its = later.things.iter().filter(|thing| thing.agent == agent && thing.is_pending);
        its.min_by_key(|thing| thing.turn).copied()
    };
    let known = things().things.iter().find(|thing| thing.owner == agent).copied();
    let thing = match known {
        Some(thing) => thing,
        None => {
            explorer::agenda("at the queue", Act::Update, agent, Place::caller());
            match next(&things()) {
                Some(thing) => thing,
                None => return,
            }
        }
    };
    do_it(&thing);
}

/// Does it, if it is still to be done.
fn do_it(thing: &Thing) {
    let &Thing { owner, kind, .. } = thing;
    let at = sites::of_function(thing.function).unwrap_or(Place::caller());
    explorer::change(Change::Take(1), right(owner), at);
    kind.step(Deed::Begins, owner, at);
    let begins = with(owner, |thing| {
        thing.runs = thing.is_pending && thing.disabled == 0 && !thing.is_gone;
        thing.is_pending &= !thing.runs;
        thing.runs.then_some(thing.expires)
    });
    if let Some(expires) = begins.flatten() {
        NOW.fetch_max(expires, Relaxed);
        context::pose(kind.context(), || (thing.call)(thing.argument));
        with(owner, |thing| thing.runs = false);
    }
    explorer::change(Change::Give(1), right(owner), at);
}

/// It is not to be done. Whether it was to be.
#[track_caller]
pub(super) fn cancel(kind: Kind, owner: usize) -> bool {
    let was_pending = call_off(kind, owner);
    kind.is_there(owner, here());
    was_pending
}

#[track_caller]
fn call_off(kind: Kind, owner: usize) -> bool {
    let at = here();
    let queue = with(owner, |thing| (thing.agent != owner).then_some(thing.agent)).flatten();
    if let Some(queue) = queue {
        explorer::agenda("at the queue", Act::Update, queue, at);
    }
    kind.step(Deed::Cancels, owner, at);
    with(owner, |thing| core::mem::take(&mut thing.is_pending)).unwrap_or(false)
}

/// The same, and it is done nowhere when this returns.
#[track_caller]
pub(super) fn cancel_sync(kind: Kind, owner: usize) -> bool {
    exclusively(owner, || cancel(kind, owner))
}

/// Does `work` while it is done nowhere.
#[track_caller]
pub(super) fn exclusively<R>(owner: usize, work: impl FnOnce() -> R) -> R {
    let at = here();
    explorer::change(Change::Take(1), right(owner), at);
    let result = work();
    explorer::change(Change::Give(1), right(owner), at);
    result
}

/// What its structure says is changed by the caller, or was.
#[track_caller]
pub(super) fn changes(kind: Kind, owner: usize) {
    kind.used(Deed::Arms, owner, here());
}

/// Whether it is to be done.
#[track_caller]
pub(super) fn is_pending(kind: Kind, owner: usize) -> bool {
    let is_pending = is_to_be_done(kind, owner);
    kind.is_there(owner, here());
    is_pending
}

/// The same where its structure may be gone.
#[track_caller]
fn is_to_be_done(kind: Kind, owner: usize) -> bool {
    kind.step(Deed::Looks, owner, here());
    with(owner, |thing| thing.is_pending).unwrap_or(false)
}

/// Whether it is done now.
pub(super) fn runs(owner: usize) -> bool {
    with(owner, |thing| thing.runs).unwrap_or(false)
}

/// Waits until it is done that is to be done now; then its structure may be gone. Whether it was to be, or is done.
#[track_caller]
pub(super) fn flush(kind: Kind, owner: usize) -> bool {
    let at = here();
    let was_pending = is_to_be_done(kind, owner);
    if was_pending {
        explorer::await_agenda(owner, at);
    }
    let ran = runs(owner);
    exclusively(owner, || {});
    was_pending || ran
}

/// Waits until it neither is to be done nor is.
#[track_caller]
pub(super) fn kill(kind: Kind, owner: usize) {
    while is_pending(kind, owner) {
        explorer::await_agenda(owner, here());
    }
    cancel_sync(kind, owner);
}

/// [`flush`] of all that wait in `queue`.
#[track_caller]
pub(super) fn flush_all(queue: usize) {
    explorer::agenda("at the queue", Act::Update, queue, here());
    for owner in sorted(|thing| thing.queue == Some(queue)) {
        flush(Kind::Work, owner);
    }
}

/// It does not begin until it is enabled as often, and is done nowhere when this returns.
#[track_caller]
pub(super) fn disable(order: Order) {
    exclusively(order.owner, || {
        LATER.lock_irqsave().know(order);
        with(order.owner, |thing| thing.disabled += 1);
    });
}

/// The reverse. If it was to be done meanwhile, it is now.
#[track_caller]
pub(super) fn enable(kind: Kind, owner: usize) {
    let at = here();
    kind.used(Deed::Arms, owner, at);
    let rings = with(owner, |thing| {
        thing.disabled = thing.disabled.saturating_sub(1);
        (thing.disabled == 0 && thing.is_pending).then_some(thing.agent)
    });
    if let Some(agent) = rings.flatten() {
        ring(agent, at);
    }
}

impl Later {
    /// It is known from now on.
    fn know(&mut self, order: Order) {
        if !self.things.iter().any(|thing| thing.owner == order.owner) && self.things.len() < MOST {
            self.things.push(order.thing());
        }
    }
}

/// The structures in `range` are there no more.
pub(super) fn freed(range: &core::ops::Range<usize>) {
    let is_there = |thing: &Thing| range.contains(&thing.owner);
    let gone: Vec<Thing> =
        LATER.lock_irqsave().things.iter().filter(|thing| is_there(thing)).copied().collect();
    for Thing { kind, owner, function, .. } in gone {
        if call_off(kind, owner) {
            let (what, how) = match kind {
                Kind::Timer => ("a timer", "timer_delete_sync"),
                Kind::Tasklet => ("a tasklet", "tasklet_kill"),
                _ => ("a work", "cancel_work_sync"),
            };
            finding(format_args!("{what} is freed that is to run {} ({how})", named(function)));
        }
    }
}

/// Where the names of what lies in memory are that stays.
fn gone() -> usize {
    (&raw const LATER).addr()
}

/// The structures of some, in an order that is the same in each execution.
fn sorted(is_one: impl Fn(&Thing) -> bool) -> Vec<usize> {
    let mut owners: Vec<usize> = {
        let later = LATER.lock_irqsave();
        later.things.iter().filter(|thing| is_one(thing)).map(|thing| thing.owner).collect()
    };
    explorer::sort(&mut owners);
    owners
}

/// The exit of the driver is through: nothing is begun any more, and what is done now is wrong.
pub(super) fn goes(driver: &Driver) {
    let at = Place::caller();
    explorer::agenda("the driver is gone", Act::Store, gone(), at);
    for owner in sorted(|_| true) {
        let Some(thing) = with(owner, |thing| *thing) else { continue };
        thing.kind.step(Deed::Cancels, owner, at);
        with(owner, |thing| thing.is_gone = true);
        if explorer::try_take(right(owner), at) {
            explorer::change(Change::Give(1), right(owner), at);
        } else if runs(owner) {
            left(driver, format_args!("{} still runs: {}", thing.kind.name(), named(thing.function)));
        }
    }
}

/// What is still to be done, of a driver that is gone.
pub(super) fn take_back(driver: &Driver) {
    let things = LATER.lock_irqsave().things.clone();
    // Of an interrupt its handler is told, if that is still there.
    for thing in things.iter().filter(|thing| thing.is_pending && thing.kind != Kind::Interrupt) {
        with(thing.owner, |thing| thing.is_pending = false);
        left(driver, format_args!("{}: {}", thing.kind.is_left(), named(thing.function)));
    }
}

/// What the agents of the execution do, in the order of their numbers.
pub fn agents() -> Vec<String> {
    let agents = AGENTS.lock_irqsave().clone();
    let later = LATER.lock_irqsave();
    let of = |agent: &usize| {
        let mut its = later.things.iter().filter(|thing| thing.agent == *agent);
        its.next().map(|thing| (thing.kind, thing.function))
    };
    let known: Vec<_> = agents.iter().map(of).collect();
    drop(later);
    let told =
        |of: Option<(Kind, usize)>| of.map(|(kind, function)| format!("{} {}", kind.name(), named(function)));
    known.into_iter().map(|of| told(of).unwrap_or_default()).collect()
}
