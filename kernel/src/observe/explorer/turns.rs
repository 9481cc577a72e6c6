//! Who has the CPU: tasks that hand it on, and the interrupt on top of one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::Actor;
use kcore::explore::{Driver, Trouble};
use kcore::settings::Verdict;

use super::ear;
use super::world::{Body, Next, Part, Wish, World};
use crate::arch::percpu;
use crate::machine::SpinLock;
use crate::observe::events::{hear, hear_no_more};
use crate::observe::participant::{INTERRUPT, actor};
use crate::task::{self, JoinHandle, SpawnError, doom, listener, schedule, table};

/// What is explored. Taken by the tasks of one CPU, with interrupts off.
static WORLD: SpinLock<Option<Box<World>>> =
    SpinLock::new(class!("explorer", "Decides with interrupts off; allocates under it."), None);
/// A task is in the explorer itself: what is told meanwhile is no step of any part.
pub(super) static INSIDE: AtomicBool = AtomicBool::new(false);
/// The task that runs for the part whose turn it is; 0 when nothing is explored.
pub(super) static TURN: AtomicU32 = AtomicU32::new(0);
/// That part.
pub(super) static PART: AtomicU32 = AtomicU32::new(NO_PART);
/// While parts are set up, and when they are through.
pub(super) const NO_PART: u32 = u32::MAX;
/// The [`Mode`].
static MODE: AtomicU8 = AtomicU8::new(Mode::Apart as u8);

/// What keeps a part from going on besides what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Nothing: each task has a CPU of its own, as far as it knows.
    Apart,
    /// The interrupt on top of it, which comes where interrupts are on.
    Interrupted,
    /// Another that has the CPU, which all share, until it sleeps or is through.
    Shared,
    /// Another that has the CPU, and may lose it wherever it can be preempted.
    Preempted,
}

impl Mode {
    /// That of what is explored.
    #[inline]
    pub(super) fn now() -> Self {
        match MODE.load(Relaxed) {
            1 => Mode::Interrupted,
            2 => Mode::Shared,
            3 => Mode::Preempted,
            _ => Mode::Apart,
        }
    }

    /// Whether tasks wait for the CPU.
    pub fn is_shared(self) -> bool {
        matches!(self, Mode::Shared | Mode::Preempted)
    }
}

/// The tasks that make executions, one after the other. Used by the task that has [opened](open) this alone.
static MEMBERS: SpinLock<Vec<Option<JoinHandle>>> = SpinLock::new(class!("explorer's tasks"), Vec::new());

/// Asks the world, while one is [open].
pub(super) fn with<R>(ask: impl FnOnce(&mut World) -> R) -> R {
    let mut world = WORLD.lock_irqsave();
    INSIDE.store(true, Relaxed);
    let result = ask(world.as_mut().expect("what is told while nothing is explored is not heard"));
    INSIDE.store(false, Relaxed);
    result
}

/// Whether executions are made.
pub fn is_open() -> bool {
    TURN.load(Relaxed) != 0
}

/// The calling task makes executions from now on, of so many tasks, whose CPU is its own, as `driver` says.
pub fn open(tasks: usize, mode: Mode, driver: Driver) {
    let runner = task::current();
    MODE.store(mode as u8, Relaxed);
    *WORLD.lock_irqsave() = Some(Box::new(World::new(runner, tasks, mode, driver)));
    *MEMBERS.lock_irqsave() = (0..tasks).map(|_| None).collect();
    // What time does is no step.
    schedule::set_timed(false);
    listener::ENDS.set(ended);
    hear(ear::wanted(), ear::hear);
}

/// It makes no more of them.
pub fn close() {
    hear_no_more();
    listener::ENDS.clear();
    schedule::set_timed(true);
    for member in core::mem::take(&mut *MEMBERS.lock_irqsave()).into_iter().flatten() {
        member.stop();
    }
    let world = WORLD.lock_irqsave().take();
    drop(world);
}

/// An execution begins: all tasks of it are there.
pub fn begin() -> Result<(), SpawnError> {
    let count = with(|world| world.tasks);
    for who in 0..count {
        if MEMBERS.lock_irqsave()[who].is_some() {
            continue;
        }
        let name = task::Name::try_from("explored").unwrap_or_default();
        let member = task::spawn_mortal(&name, percpu::this_cpu(), move || member(who as u8))?;
        let top = table::find(member.id()).map_or(0, table::Task::stack_top);
        with(|world| {
            world.parts[who] = Part::of(member.id());
            world.names.stacks[who] = top;
        });
        MEMBERS.lock_irqsave()[who] = Some(member);
    }
    with(|world| {
        world.begin();
        world.pass(None);
    });
    Ok(())
}

/// The execution is over: whether there are others to be made, or what is wrong with it. `judge` is told of
/// it first.
pub fn end(judge: impl FnOnce(&Driver) -> Result<(), Trouble>) -> Result<bool, Trouble> {
    TURN.store(0, Relaxed);
    with(|world| {
        if let Some(trouble) = world.trouble.take() {
            return Err(trouble);
        }
        judge(&world.driver)?;
        Ok(match &mut world.driver {
            Driver::Search(search) => search.end(&world.wants),
            Driver::Bounded(_) | Driver::Follow(_) => false,
        })
    })
}

/// Runs `body(who)` in each task, a step of one of them at a time, until all are through or none can go on.
///
/// # Errors
/// Something is wrong; or the execution says nothing.
pub fn race(body: &(dyn Fn(u32) + Sync)) -> Result<(), Option<Verdict>> {
    // SAFETY: it is used by the members until they are through, or are joined, and before that this does not
    // return.
    let body = unsafe { core::mem::transmute::<&(dyn Fn(u32) + Sync), Body>(body) };
    let count = with(|world| {
        world.begin_race(body);
        world.tasks as u8
    });
    for who in 0..count {
        with(|world| {
            // The last one that comes to its first step decides which is made.
            world.is_set_up = who + 1 == count;
            world.pass(Some(who));
        });
        task::wake(with(|world| world.parts[usize::from(who)].task));
        while PART.load(Relaxed) != NO_PART {
            task::block();
        }
    }
    let stuck: Vec<usize> = with(|world| {
        let left = world.parts.iter().take(world.tasks).enumerate().filter(|(_, part)| !part.is_through);
        left.map(|(who, _)| who).collect()
    });
    for who in stuck {
        let member = MEMBERS.lock_irqsave()[who].take();
        if let Some(member) = member {
            doom::doom(member.id());
            member.join();
        }
    }
    with(|world| match (&world.trouble, world.found) {
        (Some(_), _) => Err(None),
        (None, Some(found)) => Err(Some(found)),
        (None, None) => Ok(()),
    })
}

/// A task that makes execution after execution, as part `who`.
fn member(who: u8) {
    loop {
        while PART.load(Relaxed) != u32::from(who) {
            if task::should_stop() {
                return;
            }
            task::block();
        }
        let body = with(|world| world.body).expect("a race has a body");
        let has_cpu = |has: bool| {
            if Mode::now() != Mode::Apart {
                arrive(actor(), Location::caller(), |_| World::cpu(has).into());
            }
        };
        has_cpu(true);
        body(who.into());
        has_cpu(false);
        leave(who);
    }
}

/// Part `who` is through.
fn leave(who: u8) {
    let next = with(|world| {
        world.through(who);
        world.decide(who)
    });
    proceed(None, next);
}

/// The running task comes to its end. A part that does so in its body has died of it.
fn ended() {
    let task = task::current();
    if TURN.load(Relaxed) == task.0 && PART.load(Relaxed) != NO_PART {
        let who = with(|world| {
            world.found.get_or_insert(Verdict::Oops);
            world.part_of(task)
        });
        who.into_iter().for_each(leave);
    }
}

/// The part that runs wants to make a step: returns when it is its turn.
pub(super) fn arrive(actor: Actor, at: &'static Location<'static>, wish: impl FnOnce(&mut World) -> Wish) {
    let (me, next) = with(|world| {
        let wish = wish(world);
        world.want(actor, at, wish)
    });
    proceed(Some(me), next);
}

/// It was decided who goes on. Part `me`, if it is not through, does so when it is its turn.
fn proceed(me: Option<u8>, mut next: Next) {
    while let Some(interrupt) = next.comes {
        next = come(interrupt, me);
    }
    if next.is_over {
        return over(me);
    }
    if me.is_some() && next.part == me {
        return;
    }
    task::wake(next.task);
    if let Some(me) = me {
        while PART.load(Relaxed) != u32::from(me) {
            task::block();
        }
    }
}

/// No part goes on. What `me` has done so far is given up, if it is not through.
fn over(me: Option<u8>) {
    let runner = with(|world| {
        let stopped = world.parts.iter().any(|part| !part.is_through);
        if stopped && world.trouble.is_none() {
            world.find_why();
        }
        world.runner
    });
    task::wake(runner);
    if me.is_some() {
        doom::abandon(Errno::EDEADLK.code());
    }
}

/// The interrupt, part `part`, comes on top of the running task. Who goes on when all that it does is done.
fn come(part: u8, me: Option<u8>) -> Next {
    let task = task::current();
    with(|world| {
        world.parts[usize::from(part)].task = task;
        world.pass(Some(part));
    });
    INTERRUPT.call();
    arrive(actor(), Location::caller(), |_| World::cpu(false).into());
    with(|world| {
        world.through(part);
        world.decide(me.unwrap_or(part))
    })
}
