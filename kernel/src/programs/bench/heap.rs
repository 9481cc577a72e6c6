//! The heap beside others: `linked_list_allocator`, as ours has it below, and `talc`, each behind a spinlock
//! of ours. What they do not do: no record of a block, no poison, no backtrace.
//!
//! Each discipline is the same for all three: so many blocks live, and in an operation one of them is freed
//! and another allocated in its place. Each CPU has its share of them.

use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::machine::Kind;
use kcore::place::Place;
use kcore::report::Boot;
use kcore::scull::{Device, Geometry, Mode};
use kcore::settings::Form;
use talc::{ErrOnOom, Talc};

use super::contest::{Spread, in_turn, timed};
use super::program::{Board, on_all_cpus};
use crate::arch::exit::Exit;
use crate::arch::{cpu, smp};
use crate::frames;
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;

/// Operations of each CPU.
const OPERATIONS: u64 = 500;
/// Bytes of the memory of each of the others.
const ARENA: u64 = 8 << 20;
/// What a writer writes at once: a quantum of LDD3.
const QUANTUM: usize = 4000;
/// Places between a producer and its consumer.
const ROOM: usize = 64;

/// One of them.
#[derive(Clone, Copy)]
struct Allocator {
    allocate: fn(usize) -> usize,
    free: fn(usize, usize),
}

const NAMES: [&str; 3] = ["ours", "linked_list_allocator", "talc"];
const PEERS: [(&str, &str); 2] = [(NAMES[0], NAMES[1]), (NAMES[0], NAMES[2])];
const ALLOCATORS: [(&str, Allocator); 3] = [
    (NAMES[0], Allocator { allocate: ours, free: ours_again }),
    (NAMES[1], Allocator { allocate: listed, free: listed_again }),
    (NAMES[2], Allocator { allocate: talced, free: talced_again }),
];

static LISTED: SpinLock<linked_list_allocator::Heap> =
    SpinLock::new(class!("bench.lock"), linked_list_allocator::Heap::empty());
static TALC: SpinLock<Talc<ErrOnOom>> = SpinLock::new(class!("bench.lock"), Talc::new(ErrOnOom));

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 16).expect("a small size, and a power of two")
}

fn pointer(block: usize) -> NonNull<u8> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(block)).expect("it was allocated")
}

fn ours(size: usize) -> usize {
    let block = heap::allocate(Kind::Other, layout(size), Place::caller());
    block.expect("room for few blocks").expose_provenance().get()
}

fn ours_again(block: usize, _size: usize) {
    // SAFETY: no task uses it any more.
    let freed = unsafe { heap::free(pointer(block), Place::caller()) };
    assert!(freed.is_ok(), "it was allocated");
}

fn listed(size: usize) -> usize {
    let block = LISTED.lock_irqsave().allocate_first_fit(layout(size));
    block.expect("room for few blocks").expose_provenance().get()
}

fn listed_again(block: usize, size: usize) {
    // SAFETY: it was allocated like this, and no task uses it any more.
    unsafe { LISTED.lock_irqsave().deallocate(pointer(block), layout(size)) }
}

fn talced(size: usize) -> usize {
    // SAFETY: no size is 0.
    let block = unsafe { TALC.lock_irqsave().malloc(layout(size)) };
    block.expect("room for few blocks").expose_provenance().get()
}

fn talced_again(block: usize, size: usize) {
    // SAFETY: it was allocated like this, and no task uses it any more.
    unsafe { TALC.lock_irqsave().free(pointer(block), layout(size)) }
}

/// What the size of a block is, by its number.
type Size = fn(u64) -> usize;

/// What each does alone and on all CPUs: with so many blocks that live, at least one for each CPU.
const DISCIPLINES: [([&str; 2], usize, Size); 4] = [
    (["one CPU: 4000 B", "all CPUs: 4000 B"], 1, |_| QUANTUM),
    (["one CPU: 64 B", "all CPUs: 64 B"], 1, |_| 64),
    (["one CPU: 100 live", "all CPUs: 100 live"], 100, mixed),
    (["one CPU: 4,000 live", "all CPUs: 4,000 live"], 4000, mixed),
];

/// Measures the heap.
pub(in crate::programs) fn main(boot: &Boot) -> Exit {
    let mut board = Board::begin(boot);
    if !give_memory() {
        crate::println!("no memory for the others: they need 16 MB beside the heap");
        return Exit::Usage;
    }
    for (names, live, size) in DISCIPLINES {
        for (name, cpus) in names.into_iter().zip([1, smp::cpus()]) {
            board.discipline(name, cpus, &Scene::new(cpus, live / cpus as usize, size));
        }
    }
    let results = in_turn(&ALLOCATORS, &|allocator| hand_over(allocator));
    board.report("producer and consumer", OPERATIONS * u64::from(pairs()), &results);
    Board::compare(&results, &mut PEERS.iter());
    board.report("one task", OPERATIONS, &writes());
    board.end()
}

/// Memory for the others.
fn give_memory() -> bool {
    let [Some(first), Some(second)] = [(); 2].map(|()| frames::allocate_contiguous(ARENA)) else {
        return false;
    };
    let start = frames::pointer::<u8>(first);
    // SAFETY: these frames are this allocator's from now on, and mapped by the window.
    unsafe { LISTED.lock_irqsave().init(start, ARENA as usize) };
    let span = talc::Span::from_base_size(frames::pointer::<u8>(second), ARENA as usize);
    // SAFETY: and so are these.
    unsafe { TALC.lock_irqsave().claim(span) }.is_ok()
}

/// Sizes as a kernel has them: most are small, and some are quanta.
fn mixed(number: u64) -> usize {
    // The high bits of a multiplicative sequence.
    let luck = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize;
    match luck % 8 {
        0..4 => 16 + luck / 8 % 112,
        4..7 => 128 + luck / 8 % 900,
        _ => 1024 + luck / 8 % 2976,
    }
}

/// The blocks of a CPU: address and size.
type Blocks = Vec<Cell<(usize, usize)>>;

/// Blocks that live, and what sizes the next ones have.
struct Scene {
    /// For each allocator and each CPU.
    blocks: [Vec<Blocks>; 3],
    size: Size,
}

// SAFETY: each CPU uses its own blocks.
unsafe impl Sync for Scene {}

impl Scene {
    fn new(cpus: u32, each: usize, size: Size) -> Scene {
        let blocks = ALLOCATORS.map(|(_, allocator)| {
            let block = |number: usize| {
                let size = size(number as u64);
                Cell::new(((allocator.allocate)(size), size))
            };
            (0..cpus).map(|_| (0..each.max(1)).map(block).collect()).collect()
        });
        Scene { blocks, size }
    }

    /// One goes and another comes, again and again.
    fn churn(&self, which: usize, who: u32) {
        let Allocator { allocate, free } = ALLOCATORS[which].1;
        let blocks = &self.blocks[which][who as usize];
        for number in 0..OPERATIONS {
            let place = (number.wrapping_mul(0x9e37_79b9) >> 8) as usize % blocks.len();
            let (block, size) = blocks[place].get();
            free(block, size);
            let size = (self.size)(number + u64::from(who));
            blocks[place].set((allocate(size), size));
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for (blocks, (_, allocator)) in self.blocks.iter().zip(ALLOCATORS) {
            for (block, size) in blocks.iter().flatten().map(Cell::get) {
                (allocator.free)(block, size);
            }
        }
    }
}

impl Board<'_> {
    fn discipline(&mut self, name: &'static str, cpus: u32, scene: &Scene) {
        let which: Vec<(&'static str, usize)> = NAMES.into_iter().zip(0..).collect();
        let results = in_turn(&which, &|&which| match cpus {
            1 => timed(|| scene.churn(which, 0)),
            _ => on_all_cpus(&|who| scene.churn(which, who)),
        });
        self.report(name, OPERATIONS * u64::from(cpus), &results);
        Board::compare(&results, &mut PEERS.iter());
    }
}

fn pairs() -> u32 {
    smp::cpus().div_ceil(2)
}

/// The CPUs with even numbers allocate, and those with odd ones free. One alone does both in turn.
fn hand_over(&Allocator { allocate, free }: &Allocator) -> u64 {
    let rings: Vec<[AtomicUsize; ROOM]> =
        (0..pairs()).map(|_| [const { AtomicUsize::new(0) }; ROOM]).collect();
    on_all_cpus(&|who| {
        let (ring, produces, consumes) = (&rings[who as usize / 2], who % 2 == 0, who % 2 == 1);
        let alone = who + 1 == smp::cpus() && produces;
        for number in 0..OPERATIONS {
            let place = &ring[number as usize % ROOM];
            let size = mixed(number);
            if produces {
                let block = allocate(size);
                wait(|| place.load(Relaxed) == 0);
                place.store(block, Release);
            }
            if consumes || alone {
                wait(|| place.load(Acquire) != 0);
                free(place.swap(0, Acquire), size);
            }
        }
    })
}

fn wait(until: impl Fn() -> bool) {
    while !until() {
        cpu::pause();
    }
}

/// Quanta written to a device without a lock: into memory that is new for each, and into what is there.
fn writes() -> Vec<(&'static str, Spread)> {
    let geometry = Geometry { quantum: QUANTUM, qset: OPERATIONS as usize };
    let device = Device::<Kernel>::new(0, Form::None, geometry).expect("room for a device");
    let bytes = [b'A'; QUANTUM];
    let write = |mode: Mode| {
        let mut file = device.open(mode).expect("it can be opened");
        timed(|| (0..OPERATIONS).for_each(|_| _ = file.write(&bytes).expect("room for few quanta")))
    };
    let modes =
        [("write 4000 bytes, new quantum", Mode::Write), ("write 4000 bytes, old quantum", Mode::ReadWrite)];
    in_turn(&modes, &|&mode| write(mode))
}
