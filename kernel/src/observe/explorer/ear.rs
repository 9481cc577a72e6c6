//! What is told, as steps.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kcore::event::{Access, Actor, Block, Change, Event, IrqStep, Kinds, LockId, LockStep, TaskStep, What};
use kcore::explore::{Act, Object, Of, Step, Trouble};
use kcore::machine::{Context, TaskId};
use kcore::place::Place;

use super::clash::Open;
use super::mode::Mode;
use super::turns::{NO_PART, arrive, is_inside, is_part, part, turn, with};
use super::world::{Wish, World};
use crate::arch::cpu;
use crate::context;
use crate::observe::participant;
use crate::task::signal::{self, Signal};
use crate::task::{self, schedule};

/// What is heard.
pub(super) fn wanted() -> Kinds {
    Kinds::all() - Kinds::OUTCOMES - Kinds::POINTS
}

/// Something is told. It is a step, or otherwise known from then on, if the part tells it whose turn it is.
pub(super) fn hear(event: &Event) {
    if is_inside() || event.actor.task.0 != turn().load(Relaxed) {
        return;
    }
    match event.what {
        What::Block(Block::Allocated { address, size }) => with(|world| {
            world.names.allocated(world.turn, address, size);
            world.note_block(address, size, event.at);
        }),
        _ if part().load(Relaxed) == NO_PART => {}
        _ => hear_part(event),
    }
}

fn hear_part(event: &Event) {
    let &Event { actor, at, .. } = event;
    match event.what {
        What::Access(access) => touch(actor, access, at),
        What::Units(change, lock, free) => change_units(actor, change, lock, free, at),
        What::Block(Block::Freed { address, size }) => make(actor, at, |world| {
            let step = Step { object: world.names.of(address), size: size.max(1) as u64, act: Act::Free };
            Wish { step, of: Of::Block(true, address), address }
        }),
        What::Lock(step, lock) => hear_lock(event, step, lock),
        What::Task(TaskStep::MaySleep) => look(event),
        What::Task(TaskStep::Block) => sleep(actor, at),
        What::Task(TaskStep::Woken(task)) => wake(actor, task, at),
        What::Task(TaskStep::Spins) => make(actor, at, spin),
        What::Irq(IrqStep::Off) => window(actor, at),
        What::Block(Block::Allocated { .. }) | What::Task(_) | What::Irq(_) => {}
    }
}

fn hear_lock(event: &Event, step: LockStep, lock: LockId) {
    if event.actor.context == Context::Task || context::is_posed() {
        schedule::this_task().held.step(step, &lock, event.at);
    }
    let is_atomic = context::is_atomic();
    with(|world| {
        world.given(event.actor);
        match (step, world.turn) {
            (LockStep::Release, Some(me)) => world.parts[usize::from(me)].gives = Some((lock, event.at)),
            _ => world.tell(event.actor, event.what, event.at, is_atomic),
        }
    });
}

/// A sleep that may be wrong.
fn look(event: &Event) {
    let is_atomic = context::is_atomic();
    with(|world| world.tell(event.actor, event.what, event.at, is_atomic));
}

fn touch(actor: Actor, access: Access, at: Place) {
    let Some(act) = Act::of(access.op) else { return };
    make(actor, at, |world| {
        let (object, size) = (world.names.of(access.address), access.size as u64);
        if act != Act::Store && access.size <= size_of::<usize>() {
            note_look(world, (object, size));
        }
        Wish {
            step: Step { object, size, act },
            of: Of::Access(access.site, access.op),
            address: access.address,
        }
    });
}

fn note_look(world: &mut World, look: (Object, u64)) {
    let Some(me) = world.turn else { return };
    let looks = &mut world.parts[usize::from(me)].looks;
    if looks[0] != Some(look) {
        *looks = [Some(look), looks[0]];
    }
}

fn change_units(actor: Actor, change: Change, lock: LockId, free: u64, at: Place) {
    let open = Open::here();
    make(actor, at, |world| {
        if let Some(me) = world.turn {
            world.parts[usize::from(me)].open = open;
        }
        let object = world.names.of(lock.address);
        let act = Act::of_units(change, world.initially(object, free));
        let step = Step { object, size: u64::from(change == Change::Queue), act };
        Wish { step, of: Of::Lock(lock), address: lock.address }
    });
    if matches!(change, Change::Give(_) | Change::GiveAll) {
        with(|world| world.given(actor));
    }
}

/// Which sleep of the first part a signal ends, counted from 1; 0 for none.
static SIGNAL: AtomicU32 = AtomicU32::new(0);

/// From now on a signal comes to the first part when it is about to sleep, at sleep number `which`, counted from
/// 1.
pub fn signal_at(which: u32) {
    SIGNAL.store(which, Relaxed);
}

/// None comes any more; whether one has.
pub fn signal_no_more() -> bool {
    SIGNAL.swap(0, Relaxed) == 0
}

/// The part that runs sleeps until it is woken: when it goes on it was, and does not sleep once more.
fn sleep(actor: Actor, at: Place) {
    let left = if part().load(Relaxed) == 0 { SIGNAL.load(Relaxed) } else { 0 };
    if left > 0 {
        SIGNAL.store(left - 1, Relaxed);
    }
    if left == 1 {
        signal::raise(Signal::Interrupt);
    } else {
        make(actor, at, |world| {
            let me = world.turn.unwrap_or_default();
            world.wake_up(me, Act::Take { units: 1, initially: 0 })
        });
    }
    task::wake_untold(actor.task);
}

fn wake(actor: Actor, task: TaskId, at: Place) {
    if let Some(who) = with(|world| world.part_of(task)) {
        make(actor, at, |world| world.wake_up(who, Act::Give { units: 1, most: 1 }));
    } else if actor.context == Context::Softirq && Mode::now() != Mode::Apart {
        with(|world| {
            world.trouble.get_or_insert(Trouble::Cannot("a softirq that is left to a task of its own"));
        });
    }
}

/// The part that runs spins, and goes on when what it has looked at has changed.
fn spin(world: &mut World) -> Wish {
    let me = usize::from(world.turn.unwrap_or_default());
    let [last, also] = core::mem::take(&mut world.parts[me].looks);
    if Mode::now().is_shared() {
        world.trouble.get_or_insert(Trouble::Cannot("a loop that waits for a task of the same CPU"));
    }
    if last.is_none() {
        world.trouble.get_or_insert(Trouble::Cannot("a loop that waits for what no task tells of"));
    }
    let (object, size) = last.unwrap_or((Object(0), 0));
    Wish { step: Step { object, size, act: Act::Await { also } }, of: Of::Looks, address: 0 }
}

/// The part that runs makes a step, when it is its turn.
pub(super) fn make(actor: Actor, at: Place, wish: impl FnOnce(&mut World) -> Wish) {
    let mode = Mode::now();
    if mode != Mode::Apart {
        window(actor, at);
    }
    arrive(actor, at, |world| {
        if let Some(me) = world.turn {
            world.parts[usize::from(me)].has_moved = true;
        }
        let wish = wish(world);
        if mode.is_shared() { world.trying(wish) } else { wish }
    });
    if mode.is_shared() {
        wait(actor, at);
    }
}

/// If the part that runs has tried something in vain, it gives the CPU away until it can have that.
fn wait(actor: Actor, at: Place) {
    let otherwise = with(|world| {
        let part = &mut world.parts[usize::from(world.turn?)];
        part.otherwise.take().filter(|_| !part.has_got)
    });
    if let Some(wish) = otherwise {
        take(actor, at, false);
        arrive(actor, at, |_| wish);
        take(actor, at, true);
    }
}

/// Between two steps of a task: if interrupts are on, the experiment's comes here, or it does not; if it can
/// be preempted, another task has the CPU, or none does.
fn window(actor: Actor, at: Place) {
    let is_open = actor.context == Context::Task
        && match Mode::now() {
            Mode::Interrupted => cpu::irq_are_on(),
            Mode::Preempted => cfg!(feature = "preempt") && !context::is_atomic(),
            _ => false,
        };
    let has_moved = |world: &mut World| {
        let me = world.turn.filter(|_| is_open)?;
        Some(core::mem::take(&mut world.parts[usize::from(me)].has_moved))
    };
    if is_open && with(has_moved) == Some(true) {
        give_way(actor, at);
    }
}

/// Another part may have the CPU here.
fn give_way(actor: Actor, at: Place) {
    [false, true].into_iter().for_each(|takes| take(actor, at, takes));
}

/// The part that runs takes its CPU, or gives it.
fn take(actor: Actor, at: Place, takes: bool) {
    arrive(actor, at, |world| world.cpu_of(world.turn.unwrap_or_default(), takes));
}

/// The running task sleeps for a time, or is about to make a call of a driver, if it is a part. How long that
/// takes decides nothing: others may do as much meanwhile as they will.
#[track_caller]
pub fn rest() {
    if is_part() && Mode::now().is_shared() {
        give_way(participant::actor(), Place::caller());
    }
}
