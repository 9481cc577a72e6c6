//! kmemleak: what is lost is found at once, and nothing else.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::arch::asm;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};

use kcore::class;
use kcore::leak::Hidden;
use kcore::machine::{Cpu, Kind};
use kcore::place::Place;

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::smp;
use crate::dev::family::kmemleak_test;
use crate::irq::device;
use crate::kmemleak::roots::Roots;
use crate::kmemleak::scan::Found;
use crate::kmemleak::{self, clear_stack_below, control, search, speed};
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;
use crate::observe::run;
use crate::task;

crate::case! {
    "kmemleak::planted-leaks-are-found-by-the-first-scan" => planted, hidden = true;
    "kmemleak::lists-are-silent-until-unlinked" => module, hidden = true;
    "kmemleak::registers-hold-blocks" => registers, hidden = true;
    "kmemleak::stacks-hold-blocks" => stacks, hidden = true;
    "kmemleak::waiting-tasks-hold-blocks" => waiting, hidden = true;
    "kmemleak::pointers-into-the-middle-hold-blocks" => interior, hidden = true;
    "kmemleak::what-a-handler-loses-is-no-librarys" => beside_a_library, hidden = true;
    "kmemleak::cleared-blocks-are-not-reported" => cleared, hidden = true;
    "kmemleak::control-words" => words, hidden = true;
    "kmemleak::names-outlive-their-tasks" => names, hidden = true;
    "kmemleak::scan-speed" => speeds, hidden = true;
}

/// The report; nothing when there is no memory for it.
fn report() -> String {
    kmemleak::report().unwrap_or_default()
}

/// Searches, with a stack that has nothing left of the case's own doings.
pub(super) fn unreferenced(roots: Roots) -> Result<u64, String> {
    clear_stack_below();
    found(roots).map(|found| found.unreferenced)
}

#[inline(never)]
fn found(roots: Roots) -> Result<Found, String> {
    search(roots).map_err(|failure| format!("{failure:?}"))
}

/// Blocks that a case has lost, to be given back.
static LOST: SpinLock<Vec<Hidden>> = SpinLock::new(class!("test"), Vec::new());
/// The first of a chain of blocks.
static CHAIN: AtomicUsize = AtomicUsize::new(0);

#[inline(never)]
fn allocate(size: usize) -> Option<NonNull<u8>> {
    heap::allocate(Kind::Other, Layout::from_size_align(size, 16).ok()?, Place::caller()).ok()
}

/// A block whose address is nowhere but in disguise.
#[inline(never)]
pub(super) fn lose(size: usize) -> Option<Hidden> {
    allocate(size).map(|block| Hidden::new(block.addr().get()))
}

#[inline(never)]
pub(super) fn give_back(block: Hidden) {
    let block = NonNull::new(core::ptr::with_exposed_provenance_mut(block.address()));
    // SAFETY: a block of a case, which has ended; each is given back once.
    let freed = block.map(|block| unsafe { heap::free(block, Place::caller()) });
    assert!(matches!(freed, Some(Ok(()))), "the case's blocks are live");
}

/// A chain of `length` blocks, each of which leads to the one before it.
fn chain(length: usize) -> bool {
    (0..length).all(|_| {
        let Some(block) = allocate(64) else { return false };
        // SAFETY: a fresh block of 64 bytes, aligned to 16, that no other task knows.
        unsafe { block.cast::<usize>().write(CHAIN.load(SeqCst)) };
        CHAIN.store(block.addr().get(), SeqCst);
        true
    })
}

fn free_chain() {
    while let Some(block) = NonNull::new(core::ptr::with_exposed_provenance_mut::<usize>(CHAIN.load(SeqCst)))
    {
        // SAFETY: a block of the chain: its first word was written when it came in.
        CHAIN.store(unsafe { block.read() }, SeqCst);
        give_back(Hidden::new(block.addr().get()));
    }
}

/// Blocks that there is room for in the ledger, up to the 100,000 that it is about.
fn most_blocks() -> usize {
    heap::room().records.saturating_sub(4000).min(100_000)
}

fn planted() -> Answer {
    let many = most_blocks();
    let before = unreferenced(Roots::ALL)?;
    holds("a task makes a chain", crew::start(0, move || assert!(chain(many)))?.join() == 0)?;
    let room = heap::room().records as u64;
    let answer = [1, 10, 1000].into_iter().filter(|planted| planted * 2 < room).try_for_each(|planted| {
        (0..20).try_for_each(|time| {
            plant_and_find(planted, before).map_err(|text| format!("time {time}: {text}"))
        })
    });
    crew::start(0, free_chain)?.join();
    crate::println!("    among {many} live blocks");
    answer?;
    same("unreferenced blocks afterwards", unreferenced(Roots::ALL)?, before)
}

/// What leads to a block. Its address is nowhere in the caller's frame.
#[inline(never)]
fn holders(block: Hidden) -> String {
    kmemleak::holders(block.address())
}

/// A task loses `planted` blocks and ends; the first search finds them all and no other.
fn plant_and_find(planted: u64, before: u64) -> Answer {
    let planter = move || {
        let mut lost = Vec::with_capacity(planted as usize);
        lost.extend((0..planted).filter_map(|number| lose(16 + number as usize % 500)));
        *LOST.lock_irqsave() = lost;
    };
    crew::start(smp::cpus() - 1, planter)?.join();
    let found = unreferenced(Roots::ALL)?;
    let lost = core::mem::take(&mut *LOST.lock_irqsave());
    let all = lost.len() as u64 == planted;
    let differs = if found - before == planted { String::new() } else { what_differs(&lost) };
    lost.into_iter().for_each(give_back);
    holds("there is memory for all", all)?;
    same(&format!("blocks that were found{differs}"), found - before, planted)
}

/// What the search has found else than it should: the first of the planted blocks that it missed, and why.
fn what_differs(lost: &[Hidden]) -> String {
    match kmemleak::missed(lost) {
        Some(text) => format!(", not {}, so many", text.trim_end()),
        None => String::from(", all that were planted among them, with others than before"),
    }
}

fn module() -> Answer {
    let before = unreferenced(Roots::ALL)?;
    let loaded = kmemleak_test::load().map_err(|errno| errno.name())?;
    let first = unreferenced(Roots::ALL)?;
    let unloaded = kmemleak_test::unload();
    let second = unreferenced(Roots::ALL)?;
    let text = report();
    kmemleak_test::give_back();
    same("lost while the list is there", first - before, loaded.blocks)?;
    same("lost when its head is gone", second - first, unloaded.blocks)?;
    same("that is", unloaded.blocks, kmemleak_test::NODES as u64)?;
    holds("the report names the task", text.contains("comm \"kmemleak-test\", pid "))?;
    holds("it has a hex dump", text.contains("  hex dump (first 32 bytes):"))?;
    holds("it has a backtrace", text.contains("  backtrace:\n    [<"))?;
    same("unreferenced when all is given back", unreferenced(Roots::ALL)?, before)
}

static STEP: AtomicU32 = AtomicU32::new(0);
static HIDDEN: AtomicUsize = AtomicUsize::new(0);

fn wait_for(step: u32) {
    while STEP.load(SeqCst) != step {
        task::yield_now();
    }
}

/// Holds a block by a register alone, which exists for the length of the loop: its address comes out of its
/// disguise there and is gone afterwards.
fn hold_in_a_register() {
    let hidden = HIDDEN.load(SeqCst);
    // SAFETY: the loop reads and writes STEP, a static of four bytes, and ends when it is 2.
    unsafe {
        asm!(
            "not r12",
            "mov dword ptr [{step}], 1",
            "2:",
            "pause",
            "cmp dword ptr [{step}], 2",
            "jne 2b",
            "xor r12d, r12d",
            step = in(reg) STEP.as_ptr(),
            inout("r12") hidden => _,
        );
    }
}

fn registers() -> Answer {
    if smp::cpus() < 2 {
        return Ok(());
    }
    held_by_a_register(true)?;
    held_by_a_register(false)
}

/// With interrupts on a search may find the holder below a handler that was under way: its register is on its
/// stack, then. With interrupts off a non-maskable one finds it as it is.
fn held_by_a_register(interrupts: bool) -> Answer {
    let before = unreferenced(Roots::ALL)?;
    STEP.store(0, SeqCst);
    crew::start(1, || {
        let block = lose(100).map_or(0, |block| !block.address());
        HIDDEN.store(block, SeqCst);
    })?
    .join();
    let lost = unreferenced(Roots::ALL)?;
    let holder = crew::start(1, move || {
        if !interrupts {
            Kernel::irq_save();
        }
        hold_in_a_register();
        Kernel::irq_restore(true);
    })?;
    wait_for(1);
    let held = unreferenced(Roots::ALL)?;
    let twin = unreferenced(Roots { registers: false, ..Roots::ALL })?;
    let block = Hidden::new(!HIDDEN.load(SeqCst));
    let twin_by = holders(block);
    STEP.store(2, SeqCst);
    holder.join();
    let lost_again = unreferenced(Roots::ALL)?;
    let by = holders(block);
    give_back(block);
    let what = format!("lost before, held, lost again; {by}");
    same(&what, [lost, held, lost_again], [before + 1, before, before + 1])?;
    if interrupts {
        return Ok(());
    }
    same(&format!("lost for a twin that skips registers; {twin_by}"), twin, before + 1)
}

/// Holds a block by a word of its stack.
#[inline(never)]
fn hold_on_the_stack(wait: impl Fn()) {
    let mut slot = 0_usize;
    let slot: *mut usize = &raw mut slot;
    put(slot);
    wait();
    // SAFETY: the word is this function's own; the write is volatile, so that it is there until here.
    unsafe { slot.write_volatile(0) };
}

#[inline(never)]
fn put(slot: *mut usize) {
    let block = lose(100).map_or(0, |block| !block.address());
    HIDDEN.store(block, SeqCst);
    // SAFETY: the caller's own word.
    unsafe { slot.write_volatile(!block) };
}

/// The word of a task that runs.
fn stacks() -> Answer {
    if smp::cpus() < 2 {
        return Ok(());
    }
    held_by_a_stack(|| {
        clear_stack_below();
        STEP.store(1, SeqCst);
        while STEP.load(SeqCst) != 2 {
            Kernel::relax();
        }
    })
}

/// The word of a task that has given its CPU away.
fn waiting() -> Answer {
    held_by_a_stack(|| {
        clear_stack_below();
        STEP.store(1, SeqCst);
        while STEP.load(SeqCst) != 2 {
            task::sleep(2000);
        }
    })
}

fn held_by_a_stack(wait: impl Fn() + Copy + Send + 'static) -> Answer {
    let before = unreferenced(Roots::ALL)?;
    STEP.store(0, SeqCst);
    let holder = crew::start(smp::cpus() - 1, move || {
        hold_on_the_stack(wait);
        clear_stack_below();
        // Alive, and without the address.
        STEP.store(3, SeqCst);
        while STEP.load(SeqCst) != 4 {
            task::yield_now();
        }
    })?;
    wait_for(1);
    clear_stack_below();
    let held = found(Roots::ALL)?;
    let twin = unreferenced(Roots { stacks: false, ..Roots::ALL })?;
    STEP.store(2, SeqCst);
    wait_for(3);
    let lost = unreferenced(Roots::ALL)?;
    let block = Hidden::new(!HIDDEN.load(SeqCst));
    let by = holders(block);
    STEP.store(4, SeqCst);
    holder.join();
    give_back(block);
    let what = format!("unreferenced while it is held, and then; {by}");
    same(&what, [held.unreferenced, lost], [before, before + 1])?;
    holds("the search says that a stack holds it", held.by_stack > 0)?;
    holds("a twin without stacks calls it lost", twin > before)
}

static INSIDE: AtomicUsize = AtomicUsize::new(0);

fn interior() -> Answer {
    let before = unreferenced(Roots::ALL)?;
    crew::start(0, || {
        let block = lose(100).map_or(0, |block| block.address());
        INSIDE.store(block + 99, SeqCst);
    })?
    .join();
    let last = unreferenced(Roots::ALL)?;
    INSIDE.fetch_add(1, SeqCst);
    let behind = unreferenced(Roots::ALL)?;
    let holders = kmemleak::holders(INSIDE.load(SeqCst) - 1);
    give_back(Hidden::new(INSIDE.swap(0, SeqCst) - 100));
    let what = format!("unreferenced, by its last byte and by the one behind; {holders}");
    same(&what, [last, behind], [before, before + 1])
}

/// While a task does what a library keeps, a handler on top of it loses a block.
fn beside_a_library() -> Answer {
    let before = unreferenced(Roots::ALL)?;
    HIDDEN.store(0, SeqCst);
    device::open(|| HIDDEN.store(lose(100).map_or(0, Hidden::word), SeqCst));
    heap::kept(device::fire);
    device::close();
    let lost = unreferenced(Roots::ALL)?;
    give_back(Hidden::of_word(HIDDEN.load(SeqCst)));
    same("lost by the handler", lost - before, 1)
}

fn cleared() -> Answer {
    kmemleak::enable();
    let answer = clear_and_lose_more();
    run::trace(false);
    answer
}

fn clear_and_lose_more() -> Answer {
    kmemleak_test::load().map_err(|errno| errno.name())?;
    let words = ["scan", "clear", "scan"];
    let answers = words.map(control);
    let silent = report().is_empty();
    kmemleak_test::unload();
    let scanned = control("scan");
    let text = report();
    kmemleak_test::give_back();
    same("what the words said", (answers, scanned), ([Ok(()); 3], Ok(())))?;
    holds("what was cleared is not reported", silent)?;
    holds("what was lost later is", text.starts_with("10 unreferenced objects, 320 bytes, from 1 place:"))?;
    holds("and who dropped the last reference", text.contains("last reference dropped "))
}

fn words() -> Answer {
    use kcore::errno::Errno::{EINVAL, EPERM};
    let said = ["stack=off", "stack=on", "scan=1", "scan=off", "scan=on", "scan=0", "nonsense", "scan=x"]
        .map(control);
    let [ok, bad] = [Ok(()), Err(EINVAL)];
    same("what the words said", said, [ok, ok, ok, ok, ok, ok, bad, bad])?;
    let block = lose(40).map_or(0, |block| block.address());
    let dumped = control(&format!("dump={:#x}", block + 8));
    give_back(Hidden::new(block));
    same("a dump of a block, and of none", [dumped, control("dump=0x10")], [ok, bad])?;
    same("what is said after off", ["off", "scan", "clear"].map(control), [ok, Err(EPERM), ok])?;
    kmemleak::enable();
    let on = control("scan");
    run::trace(false);
    same("and when it is on again", on, ok)
}

fn names() -> Answer {
    let ended = crew::start(0, || {})?;
    let id = ended.id();
    ended.join();
    same("the name of a task that has ended", task::name_of(id).as_str(), "case")
}

/// Fills the heap with blocks that are full of addresses, and searches them.
fn speeds() -> Answer {
    let speed = speed::measure().map_err(|failure| format!("{failure:?}"))?;
    let milliseconds = |cycles: u64| (cycles / crate::time::microseconds(1000).max(1)).max(1);
    let (time, longest, copy) =
        (milliseconds(speed.found.cycles), milliseconds(speed.longest), milliseconds(speed.copy));
    let bytes = speed.found.words * 8;
    crate::println!(
        "    {} MB in {time} ms, at most {longest}: {} MB/s. To copy as much takes {copy} ms",
        bytes / 1_000_000,
        bytes / 1000 / time
    );
    holds("most of the heap was searched", bytes >= speed::bytes() as u64 / 10 * 9)
}
