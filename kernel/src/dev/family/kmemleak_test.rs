//! The module `kmemleak-test` (Linux: `samples/kmemleak`): it has no devices, and loses memory in the ways
//! that Linux's does.
//!
//! What it allocates with a size from a list, as an array, as a large block, for each CPU, and in a list, it
//! forgets: on loading, all but the list; on unloading, the list's head, and with it the list.

use alloc::boxed::Box;
use core::alloc::Layout;
use core::ptr::NonNull;

use kcore::class;
use kcore::errno::Errno;
use kcore::event::Site;
use kcore::leak::Hidden;
use kcore::machine::Kind;
use kcore::place::Place;
use kcore::shared::Shared;

use crate::arch::smp;
use crate::dev::{Built, Loadable, Parameters, Refused};
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;
use crate::param::MAX_CPUS;
use crate::task;

/// The module.
pub(in crate::dev) static KMEMLEAK_TEST: Loadable =
    Loadable { name: "kmemleak-test", parameters: &[], build };

fn build(_given: &Parameters<'_>) -> Result<Built, Refused> {
    load()?;
    // How much it loses on the way out is for kmemleak to say.
    let unload = || _ = unload();
    Ok(Built { unload: Some(Box::new(unload)), ..Built::default() })
}

/// Sizes that are lost, each twice.
const SIZES: [usize; 6] = [32, 1024, 2048, 4096, 6000, 64];
/// Large blocks that are lost (Linux: `vmalloc`).
const LARGE: [usize; 3] = [64 << 10, 64 << 10, 100_000];
/// Nodes of the list.
pub(crate) const NODES: usize = 10;

/// The head of the list.
static HEAD: Shared<usize> = Shared::number(0);
/// A pointer for each CPU.
static EACH_CPU: [Shared<usize>; MAX_CPUS] = [const { Shared::number(0) }; MAX_CPUS];
/// What is lost, so that it can be given back after all: no reference.
static LOST: SpinLock<heapless::Vec<Hidden, 256>> =
    SpinLock::new(class!("blocks of kmemleak-test"), heapless::Vec::new());

static HEAD_SITE: Site = Site::new("head");
static EACH_CPU_SITE: Site = Site::new("each_cpu");

/// What a module of this kind has lost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Blocks.
    pub(crate) blocks: u64,
}

/// Allocates and forgets. What is lost afterwards: everything but the list. [`Errno::ENOMEM`] when there is
/// no memory, [`Errno::EBUSY`] when it is loaded already, [`Errno::EAGAIN`] when no task can be started.
pub(crate) fn load() -> Result<Lost, Errno> {
    if HEAD.load::<Kernel>(&HEAD_SITE) != 0 {
        return Err(Errno::EBUSY);
    }
    in_a_task(|| {
        for size in SIZES.into_iter().chain(SIZES).chain(LARGE) {
            lose(allocate(size)?)?;
        }
        for cpu in &EACH_CPU[..smp::cpus() as usize] {
            cpu.store::<Kernel>(&EACH_CPU_SITE, allocate(64)?.addr().get());
        }
        for cpu in &EACH_CPU[..smp::cpus() as usize] {
            note(cpu.load::<Kernel>(&EACH_CPU_SITE))?;
            cpu.store::<Kernel>(&EACH_CPU_SITE, 0);
        }
        (0..NODES).try_for_each(|_| push())
    })?;
    Ok(Lost { blocks: (2 * SIZES.len() + LARGE.len()) as u64 + u64::from(smp::cpus()) })
}

/// Forgets the list, too: what is lost more than before.
pub(crate) fn unload() -> Lost {
    let was = HEAD.load::<Kernel>(&HEAD_SITE) != 0;
    HEAD.store::<Kernel>(&HEAD_SITE, 0);
    Lost { blocks: if was { NODES as u64 } else { 0 } }
}

/// Gives back all that was lost, so that the next search finds nothing of it.
pub(crate) fn give_back() {
    unload();
    while let Some(block) = LOST.lock_irqsave().pop() {
        let block = NonNull::new(core::ptr::with_exposed_provenance_mut(block.address()));
        // SAFETY: it was allocated by this module, which has forgotten it since, and is in the list once.
        let freed = block.map(|block| unsafe { heap::free(block, Place::caller()) });
        assert!(matches!(freed, Some(Ok(()))), "a lost block is live");
    }
}

/// Runs `f` in a task that has ended when this returns: its stack and its registers keep nothing alive.
fn in_a_task(f: impl FnOnce() -> Result<(), Errno> + Send + 'static) -> Result<(), Errno> {
    let task = task::spawn_anywhere("kmemleak-test", f).map_err(|_| Errno::EAGAIN)?;
    match task.join() {
        0 => Ok(()),
        _ => Err(Errno::ENOMEM),
    }
}

#[track_caller]
fn allocate(size: usize) -> Result<NonNull<u8>, Errno> {
    let layout = Layout::from_size_align(size, 16).map_err(|_| Errno::EINVAL)?;
    heap::allocate(Kind::Other, layout, Place::caller())
}

/// A new first node of the list: its first word leads to the one before.
fn push() -> Result<(), Errno> {
    let node = allocate(32)?;
    // SAFETY: a fresh block of 32 bytes, aligned to 16, that no other task knows.
    unsafe { node.cast::<usize>().write(HEAD.load::<Kernel>(&HEAD_SITE)) };
    note(node.addr().get())?;
    HEAD.store::<Kernel>(&HEAD_SITE, node.addr().get());
    Ok(())
}

fn lose(block: NonNull<u8>) -> Result<(), Errno> {
    note(block.addr().get())
}

/// Remembers a block, without a reference to it.
fn note(block: usize) -> Result<(), Errno> {
    LOST.lock_irqsave().push(Hidden::new(block)).map_err(|_| Errno::ENOMEM)
}
