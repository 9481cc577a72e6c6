//! Where a search begins: everything outside of the heap that can hold an address.

use core::ops::Range;

use kcore::leak::{Held, Marking, Memory};

use crate::arch::traps::TrapFrame;
use crate::layout;
use crate::mm::{heap, images, stacks};
use crate::param::MAX_CPUS;
use crate::task::{queue, table};

use super::world::Still;
use kcore::sort;

/// Which roots are searched. All of them, unless the caller asks what the others alone hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roots {
    /// The kernel's variables.
    pub variables: bool,
    /// The live part of every stack (`stack=on`).
    pub stacks: bool,
    /// The registers of every CPU and of every task that waits.
    pub registers: bool,
}

impl Roots {
    /// All.
    pub const ALL: Roots = Roots { variables: true, stacks: true, registers: true };
    /// The kernel's variables alone (`stack=off`).
    pub const DATA: Roots = Roots { variables: true, stacks: false, registers: false };
    /// Nothing but the words that the order of a search names.
    pub const NAMED: Roots = Roots { variables: false, stacks: false, registers: false };
}

/// Registers that a task leaves on its stack when it is switched away from, or calls
/// [`with_saved`](crate::arch::registers).
const SAVED: u64 = 6 * 8;
/// The general registers in a trap frame, at its start; the stack pointer is not among them.
const GENERAL: u64 = 15 * 8;

/// Stack pointers: of each CPU that stands still, and of the scanner.
type Pointers = heapless::Vec<u64, MAX_CPUS>;

/// Searches the variables, also those of drivers in C: the per-CPU areas and the table of tasks are among
/// them. The heap's own, and the boot stack, which is one, are not.
pub(super) fn data<M: Memory<Words = Words>>(marking: &mut Marking<'_, '_, M>) {
    let [shelves, bins] = heap::variables();
    let mut holes = [layout::bsp_stack(), shelves, bins];
    sort::any(&mut holes, |a, b| a.start < b.start);
    let mut from = layout::data().start;
    for hole in holes {
        marking.root(words(from..hole.start), Held::Data);
        from = hole.end;
    }
    marking.root(words(from..layout::data().end), Held::Data);
    images::variables().for_each(|range| marking.root(words(range), Held::Data));
}

/// Searches the stacks and the registers. `sp` is where the scanner has saved its own registers.
pub(super) fn running<M: Memory<Words = Words>>(
    marking: &mut Marking<'_, '_, M>,
    still: &Still,
    sp: u64,
    what: &Roots,
) {
    let mut pointers = Pointers::new();
    let mut on_cpu = |sp: u64| pointers.push(sp).expect("there are so many CPUs at most");
    for frame in still.frames() {
        on_cpu(frame.rsp);
        if what.registers {
            registers(marking, frame);
        }
    }
    on_cpu(sp);
    for sp in &pointers {
        stack(marking, *sp, what, *sp == pointers[pointers.len() - 1]);
    }
    let runs = |sp: u64| pointers.iter().any(|other| stacks::top_of(*other) == stacks::top_of(sp));
    // An idle task has no address of the heap; what is in its frames was left there by handlers.
    for task in table::all().filter(|task| queue::idle_of(task.cpu()) != task.id()) {
        // SAFETY: no other CPU runs, and the scanner has no reference to what is in the table.
        let resting = unsafe { task.resting() };
        if let Some(sp) = resting.filter(|sp| !runs(*sp)) {
            stack(marking, sp, what, true);
        }
    }
}

/// The live part of a stack. Six registers are at its end if they are `saved` there.
fn stack<M: Memory<Words = Words>>(marking: &mut Marking<'_, '_, M>, sp: u64, what: &Roots, saved: bool) {
    let Some(top) = stacks::end_of_frames(sp) else { return };
    let frames = if saved { (sp + SAVED).min(top) } else { sp };
    if what.registers {
        marking.root(words(sp..frames), Held::Stack);
    }
    if what.stacks {
        marking.root(words(frames..top), Held::Stack);
    }
}

fn registers<M: Memory<Words = Words>>(marking: &mut Marking<'_, '_, M>, frame: &TrapFrame) {
    let start = core::ptr::from_ref(frame).expose_provenance() as u64;
    marking.root(words(start..start + GENERAL), Held::Stack);
}

fn words(range: Range<u64>) -> Words {
    Words::new(range).expect("a root is a variable, or lies in a stack")
}

/// Aligned words that are mapped, and stay so.
pub struct Words {
    /// INVARIANT: in the kernel's variables, in those of a driver in C, in one stack, or in the heap.
    range: Range<usize>,
}

impl Words {
    /// Words of the kernel's variables, the boot stack among them, or of one stack. [`None`] if they are
    /// neither.
    pub fn new(range: Range<u64>) -> Option<Words> {
        let (data, guard) = (layout::data(), layout::bsp_stack().start);
        let of_data = |part: Range<u64>| part.start <= range.start && range.end <= part.end;
        let is_variable = of_data(data.start..guard) || of_data(guard + 4096..data.end);
        let size = range.end.saturating_sub(range.start);
        let is_of_image = images::variables().any(of_data);
        (size == 0 || is_variable || is_of_image || stacks::contains(range.start, size))
            .then_some(Words { range: range.start as usize..range.end as usize })
    }

    /// The word at `address`, which may also lie in the heap: that is the memory of `heap`, as the heap says.
    pub fn one(address: usize, heap: &Range<usize>) -> Option<Words> {
        let range = address..address.checked_add(size_of::<usize>())?;
        if heap.start <= range.start && range.end <= heap.end {
            return Some(Words { range });
        }
        Words::new(range.start as u64..range.end as u64)
    }
}

impl From<Words> for Range<usize> {
    fn from(words: Words) -> Self {
        words.range
    }
}

/// Bytes that are cleared: a quarter of a task's stack.
const CLEARED: usize = 8 << 10;

/// Clears the stack below the caller's frame: what functions left there that it called before. A frame
/// has room that its function never writes, or not yet: there lies what an earlier function left. A search
/// cannot tell such a leftover from a variable, so a task that handles addresses and searches later clears
/// the stack in between (Boehm's collector does the same: `GC_clear_stack`).
#[inline(never)]
pub fn clear_stack_below() {
    let zeros = [0_u8; CLEARED];
    core::hint::black_box(&zeros);
}
