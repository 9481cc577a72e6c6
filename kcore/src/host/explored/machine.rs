//! A machine whose tasks are coroutines: one runs at a time, and who goes on is decided before each step.

use core::cell::Cell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicUsize};

use super::failure::fails;
use super::region::{allocate, outside};
use super::task::{Looks, Turns};
use super::world::World;
use crate::errno::Errno;
use crate::event::{Access, Block, Change, Events, Kinds, LockId, Outcome, TaskStep, Ticket, What};
use crate::explore::{Act, Object, Of, Step};
use crate::host::arena::Arena;
use crate::machine::{BadFree, Cpu, CpuId, Kind, Memory, Sched, Sleep, TaskId};
use crate::place::Place;

std::thread_local! {
    static HERE: Cell<*mut World> = const { Cell::new(null_mut()) };
}

/// The world of this thread's tasks from now on; [`None`] for none.
pub(super) fn settle(world: Option<NonNull<World>>) {
    HERE.set(world.map_or(null_mut(), NonNull::as_ptr));
}

/// Asks the world in which the caller runs. `ask` neither runs a task nor allocates for one.
#[inline]
pub(super) fn here<R>(ask: impl FnOnce(&mut World) -> R) -> R {
    // SAFETY: the explorer has settled this thread in it and does not touch it while a task runs; no task is
    // run meanwhile, so no other reference is made.
    ask(unsafe { settled().as_mut() })
}

/// The world in which the caller runs.
#[inline(always)]
fn settled() -> NonNull<World> {
    NonNull::new(HERE.get()).expect("a task runs in a world")
}

/// The machine of the thread that explores.
#[derive(Clone, Copy, Debug)]
pub struct Explored;

impl Events for Explored {
    const EXPLORES: bool = true;

    #[inline]
    fn wanted() -> Kinds {
        here(|world| world.wanted)
    }

    // Each caller says what it tells: only that is left of this then.
    #[inline(always)]
    fn tell(what: What, at: Place) -> Ticket {
        match what {
            What::Access(access) => tell_access(&access, at),
            What::Units(change, lock, free) => tell_units(change, &lock, free, at),
            What::Block(Block::Freed { address, size }) => {
                step(address, size, Act::Store, Of::Block(false, address), at)
            }
            What::Lock(..) | What::Task(TaskStep::MaySleep) => {
                outside(|| here(|world| world.hear(what, at)));
            }
            What::Block(Block::Allocated { .. }) | What::Task(_) | What::Irq(_) => {}
        }
        Ticket::default()
    }

    fn unexplored(what: &'static str) {
        here(|world| world.cannot(what));
    }

    #[inline]
    fn buffers(store: &Access, at: Place) -> bool {
        here(|world| world.buffered && world.buffer(store, at))
    }

    #[inline]
    fn forwarded(address: usize) -> Option<usize> {
        here(|world| if world.buffered { world.forwarded(address) } else { None })
    }

    fn drains(at: Place) {
        let object = here(|world| world.fence_of(world.running()));
        if let Some(object) = object {
            step_named(object, Act::Update, Of::Fence, at);
        }
    }

    fn told(_ticket: Ticket, outcome: Outcome) {
        here(|world| world.note_outcome(outcome));
    }
}

// Each caller says how: the rest is left out.
#[inline(always)]
fn tell_access(access: &Access, at: Place) {
    let &Access { site, op, address, size } = access;
    let Some(act) = Act::of(op) else { return };
    step(address, size, act, Of::Access(site, op), at);
    if act == Act::Load && size <= 8 {
        here(|world| world.note_look(address, size));
    }
}

#[inline(always)]
fn tell_units(change: Change, lock: &LockId, free: u64, at: Place) {
    let Some(initially) = here(|world| world.initially(lock.address, free)) else { return };
    let act = Act::of_units(change, initially);
    step(lock.address, usize::from(change == Change::Queue), act, Of::Lock(*lock), at);
}

/// The running task is about to make this step: returns when it is its turn.
#[inline(always)]
fn step(address: usize, size: usize, act: Act, of: Of, at: Place) {
    step_at(here(|world| world.name(address)), size as u64, act, of, at);
}

/// Gives the CPU to who decides, until it is the caller's turn. Who sets tasks up or judges them has no
/// turns.
// A part of its caller: no CPU foresees to where a function returns on another stack than it was called on.
#[inline(always)]
fn suspend(yielder: Option<NonNull<Turns>>) {
    if let Some(yielder) = yielder {
        // SAFETY: it is that of the coroutine that runs this, and lives as long as that runs.
        unsafe { yielder.as_ref() }.suspend(());
    }
}

impl Cpu for Explored {
    type Flag = AtomicBool;
    type Word = AtomicUsize;

    fn cpu() -> CpuId {
        CpuId(Self::task().0)
    }

    fn irq_save() -> bool {
        true
    }

    fn irq_restore(_were_on: bool) {}

    /// The caller has looked, did not like what it saw, and waits until that changes.
    #[track_caller]
    fn relax() {
        let Some(Looks { last: (object, size), before: also }) = here(World::looked_at) else {
            return here(World::turn_in_vain);
        };
        step_at(object, size, Act::Await { also }, Of::Looks, Place::caller());
    }

    /// The clock stands: how long a step takes decides nothing.
    fn cycles() -> u64 {
        0
    }
}

impl Sched for Explored {
    /// How long a task looks before it sleeps is no matter of the order of steps.
    const LOOKS: u32 = 0;

    fn task() -> TaskId {
        here(|world| world.running())
    }

    #[track_caller]
    fn block() {
        let task = Self::task();
        let object = here(|world| world.wake_up_of(task));
        step_named(object, Act::Take { units: 1, initially: 0 }, Of::WakeUp(task), Place::caller());
    }

    fn block_until(_deadline: u64) {
        Self::block();
    }

    fn is_past(_deadline: u64) -> bool {
        Self::unexplored("a wait with a deadline");
        false
    }

    fn interrupted(_sleep: Sleep) -> bool {
        false
    }

    #[track_caller]
    fn wake(task: TaskId) {
        let object = here(|world| world.wake_up_of(task));
        step_named(object, Act::Give { units: 1, most: 1 }, Of::WakeUp(task), Place::caller());
    }

    fn yield_now() {}
}

/// [`step`], at what has no address.
pub(super) fn step_named(object: Object, act: Act, of: Of, at: Place) {
    step_at(object, 0, act, of, at);
}

/// [`step`], at what is called so.
#[inline(always)]
pub(super) fn step_at(object: Object, size: u64, act: Act, of: Of, at: Place) {
    let step = Step { object, size, act };
    // Not by `here`: a closure of many callers would be a part of none, and each of these knows what its step
    // is.
    // SAFETY: as there.
    let world = unsafe { settled().as_mut() };
    if !world.goes_on(&step) {
        world.come_to(step, of, at);
        suspend(arrive());
    }
}

/// See [`World::arrive`].
#[cold]
#[inline(never)]
fn arrive() -> Option<NonNull<Turns>> {
    here(World::arrive)
}

// SAFETY: blocks come from the running task's part, are disjoint, as long and as aligned as promised, and
// stay mapped until the execution is over; none is handed out twice in it.
unsafe impl Memory for Explored {
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let location = Place::caller();
        if fails(location) {
            return Err(Errno::ENOMEM);
        }
        let (layout, offset) = Arena::layout_of(size)?;
        let base = allocate(layout).ok_or(Errno::ENOMEM)?;
        outside(|| {
            here(|world| {
                // SAFETY: it was allocated for this, and stays as long as the execution.
                let start = unsafe { world.arena.take_in(base, layout, offset, kind, size, location) };
                world.note_block(start, size, kind, location);
                Ok(start)
            })
        })
    }

    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree> {
        let (size, is_ours) = here(|world| world.arena.size(block));
        let address = block.addr().get();
        step(address, size.max(1), Act::Store, Of::Block(is_ours, address), Place::caller());
        outside(|| here(|world| world.arena.free(block)))
    }

    unsafe fn size(block: NonNull<u8>) -> usize {
        // SAFETY: the arena writes the size in front of each block.
        unsafe { crate::machine::BlockSize::of(block) }
    }

    type Keep = ();

    fn keep() {}
}
