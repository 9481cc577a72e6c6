//! kmemleak while CPUs are in the middle of a context switch, at each of its instructions: nothing is
//! invented, nothing is missed.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use kcore::class;
use kcore::leak::Hidden;

use super::Answer;
use super::case::{holds, same};
use super::crew;
use super::kmemleak::{give_back, lose, unreferenced};
use super::steps::{self, Place, Stood};
use crate::arch::{smp, switch};
use crate::kmemleak::clear_stack_below;
use crate::kmemleak::roots::Roots;
use crate::machine::SpinLock;
use crate::param::MAX_CPUS;
use crate::task;

crate::case! {
    "midswitch::each-instruction" => once, hidden = true;
    "midswitch::1000-scans" => thousand, hidden = true;
}

/// Most tasks on a CPU. Every other one has as many: there each finds the other asleep, ready, or about to
/// be. The rest have one, which leaves its CPU to the idle task.
const MEMBERS: u32 = 2;
/// Instructions, from the one that names the next task as the running one, at which a CPU stops.
const INSTRUCTIONS: u32 = 48;
/// Each of them when a task gives its CPU away and when it comes back, found as it stands and by a
/// non-maskable interrupt.
const PLACES: u32 = 4 * INSTRUCTIONS;
/// Blocks that are lost before each search.
const PLANTED: u64 = 2;
/// The address of each task's block while it is not in a frame of that task.
static HELD: [AtomicUsize; MEMBERS as usize * MAX_CPUS] =
    [const { AtomicUsize::new(0) }; MEMBERS as usize * MAX_CPUS];
static OVER: AtomicBool = AtomicBool::new(false);
/// Blocks that were lost, to be given back.
static LOST: SpinLock<Vec<Hidden>> = SpinLock::new(class!("test"), Vec::new());

fn once() -> Answer {
    search(PLACES)
}

fn thousand() -> Answer {
    search(1000)
}

fn place(scan: u32) -> Place {
    Place {
        switch: 1 + scan / INSTRUCTIONS % 2,
        instruction: scan % INSTRUCTIONS,
        by_nmi: scan / INSTRUCTIONS / 2 % 2 == 1,
    }
}

/// Searches so often, while crews switch on the other CPUs and one of these stands in the middle of it.
fn search(scans: u32) -> Answer {
    if smp::cpus() < 2 {
        return Ok(());
    }
    OVER.store(false, SeqCst);
    let before = unreferenced(Roots::ALL)?;
    let members = (MEMBERS..MEMBERS * smp::cpus())
        .filter(|number| (number / MEMBERS).is_multiple_of(2) || number.is_multiple_of(MEMBERS))
        .map(|number| crew::start(number / MEMBERS, move || member(number as usize)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut seen = Vec::with_capacity(switch::INSTRUCTIONS);
    let answer = (0..scans).try_for_each(|scan| {
        plant_and_find(scan, before, &mut seen)
            .map_err(|text| format!("scan {scan}, {:?}: {text}", place(scan)))
    });
    OVER.store(true, SeqCst);
    task::join_all(members);
    answer?;
    crate::println!("    {scans} searches, at {} of the switch's own instructions", seen.len());
    same("instructions of the switch at which a CPU stood", seen.len(), switch::INSTRUCTIONS)?;
    same("unreferenced blocks afterwards", unreferenced(Roots::ALL)?, before)
}

/// A task loses blocks and ends, a CPU comes to where it stops, and a search finds those blocks and no other.
fn plant_and_find(scan: u32, before: u64, seen: &mut Vec<u64>) -> Answer {
    let planter = || {
        let mut lost = Vec::with_capacity(PLANTED as usize);
        lost.extend((0..PLANTED).filter_map(|number| lose(16 + 100 * number as usize)));
        *LOST.lock_irqsave() = lost;
    };
    crew::start(0, planter)?.join();
    // Not always the same CPU for an instruction.
    let cpu = 1 + (scan + scan / INSTRUCTIONS) % (smp::cpus() - 1);
    steps::choose(cpu, place(scan));
    let Stood { at, runs_owner, is_clear } = steps::stands();
    let found = unreferenced(Roots::ALL);
    steps::go_on();
    let start = switch::switch as *const () as u64;
    if (start..start + switch::BYTES).contains(&at) {
        let is_on_new_stack = at - start >= switch::NEW_STACK;
        same(
            "whether the CPU is on the stack of the task that it says it runs",
            runs_owner,
            is_on_new_stack,
        )?;
        holds("registers are clear on the new stack", is_clear || !is_on_new_stack)?;
        if !seen.contains(&at) {
            seen.push(at);
        }
    }
    let lost = core::mem::take(&mut *LOST.lock_irqsave());
    let all = lost.len() as u64;
    lost.into_iter().for_each(give_back);
    same("blocks that were lost", all, PLANTED)?;
    same(&format!("blocks that were found, a CPU at {at:#x}"), found? - before, PLANTED)
}

/// Gives its CPU away again and again, now with its block in a variable, now with it in a deep frame and
/// nowhere else.
fn member(number: usize) {
    HELD[number].store(lose(100).map_or(0, Hidden::address), SeqCst);
    while !OVER.load(Relaxed) {
        // Where a search would look if it took the last switch for this one: above the deep frame.
        task::yield_now();
        task::sleep(20);
        hold_deep_below(number);
    }
    give_back(Hidden::new(HELD[number].swap(0, SeqCst)));
}

/// The frame is larger than those of the shallow sleep, and the block at its low end.
#[inline(never)]
fn hold_deep_below(number: usize) {
    let mut room = [0_usize; 256];
    let slot: *mut usize = &raw mut room[0];
    move_here(number, slot);
    clear_stack_below();
    steps::begin();
    task::sleep(20);
    move_back(number, slot);
    clear_stack_below();
    core::hint::black_box(&room);
}

#[inline(never)]
fn move_here(number: usize, slot: *mut usize) {
    // SAFETY: the caller's own word.
    unsafe { slot.write_volatile(HELD[number].load(SeqCst)) };
    HELD[number].store(0, SeqCst);
}

#[inline(never)]
fn move_back(number: usize, slot: *mut usize) {
    // SAFETY: the caller's own word.
    HELD[number].store(unsafe { slot.read_volatile() }, SeqCst);
    // SAFETY: as above.
    unsafe { slot.write_volatile(0) };
}
