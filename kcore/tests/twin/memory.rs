//! What becomes of the twin's memory: it is Rust's, so the account is that of Rust's allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::scull::{Geometry, Mode};
use kcore::twin::Device;

type Twin = Device<HostMachine>;

/// Sizes that nothing else here has, by which the blocks are known.
const GEOMETRY: Geometry = Geometry { quantum: 3989, qset: 499 };
const ARRAY: usize = GEOMETRY.qset * size_of::<Option<Box<[u8]>>>();

/// The system's allocator, with an account of blocks of those two sizes, and of each thread's bytes.
struct Accounting;

static QUANTA: AtomicIsize = AtomicIsize::new(0);
static ARRAYS: AtomicIsize = AtomicIsize::new(0);

thread_local! {
    /// How many allocations of this thread still succeed; all, if it is negative.
    static ALLOWED: Cell<i64> = const { Cell::new(-1) };
    /// Bytes that this thread has allocated and not freed.
    static OWN: Cell<isize> = const { Cell::new(0) };
}

fn account(size: usize, by: isize) {
    OWN.set(OWN.get() + by * size as isize);
    let of_its_size = match size {
        3989 => &QUANTA,
        ARRAY => &ARRAYS,
        _ => return,
    };
    of_its_size.fetch_add(by, Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came, or fails as an allocator may.
unsafe impl GlobalAlloc for Accounting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match ALLOWED.get() {
            0 => return std::ptr::null_mut(),
            allowed => ALLOWED.set(allowed - i64::from(allowed > 0)),
        }
        account(layout.size(), 1);
        // SAFETY: the caller has promised what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        account(layout.size(), -1);
        // SAFETY: the block came from `alloc` above, hence from the system's allocator.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Accounting = Accounting;

fn twin() -> Twin {
    Device::new(GEOMETRY).unwrap()
}

fn write_at(twin: &Twin, position: usize, bytes: &[u8]) -> Result<usize, Errno> {
    let mut file = twin.open(Mode::ReadWrite)?;
    file.llseek(Whence::Set, position as i64)?;
    file.write(bytes)
}

/// The load of scull-leak, and trims and reads among it.
#[test]
fn many_tasks_tear_nothing_and_leak_nothing() {
    const TASKS: usize = 4;
    const SLOTS: usize = if cfg!(miri) { 10 } else { 1000 };
    let before = (QUANTA.load(Relaxed), ARRAYS.load(Relaxed));
    for trims in [false, true] {
        let host = Host::new();
        let twin = host.run(twin);
        host.tasks(TASKS, |task| {
            let stamp = vec![task as u8 + 1; GEOMETRY.quantum - 1];
            let mut read = vec![0; GEOMETRY.quantum];
            for slot in 0..SLOTS {
                let position = slot * GEOMETRY.quantum;
                assert_eq!(write_at(&twin, position, &stamp), Ok(stamp.len()));
                let mut file = twin.open(Mode::Read).unwrap();
                file.llseek(Whence::Set, position as i64).unwrap();
                let count = file.read(&mut read).unwrap();
                let whole = read[..count].iter().take(stamp.len()).all(|byte| *byte == read[0]);
                assert!(whole, "torn");
                if trims && slot % 100 == 17 {
                    twin.open(Mode::Write).unwrap();
                }
            }
        });
        let counts = twin.data.lock().counts();
        let blocks = (QUANTA.load(Relaxed) - before.0, ARRAYS.load(Relaxed) - before.1);
        assert_eq!(blocks, (counts.quantum as isize, counts.array as isize), "trims: {trims}");
        if !trims {
            assert_eq!(counts.quantum as usize, SLOTS);
        }
        drop(twin);
        assert_eq!((QUANTA.load(Relaxed), ARRAYS.load(Relaxed)), before, "trims: {trims}");
    }
}

/// A write far out needs the vector of items, an array and a quantum; it may fail at each.
#[test]
fn a_failed_allocation_loses_nothing() {
    for allowed in 0..3 {
        Host::new().run(|| {
            let own = OWN.get();
            // Sizes of its own: the other test counts blocks of those above.
            let twin: Twin = Device::new(Geometry { quantum: 77, qset: 3 }).unwrap();
            let mut file = twin.open(Mode::ReadWrite).unwrap();
            file.llseek(Whence::Set, 1000).unwrap();
            ALLOWED.set(allowed);
            let refused = file.write(&[5]);
            ALLOWED.set(-1);
            assert_eq!(refused, Err(Errno::ENOMEM), "{allowed} allowed");
            assert_eq!((file.position(), twin.data.lock().size), (1000, 0));
            let made = twin.data.lock().counts();
            assert_eq!(
                (made.node, made.array, made.quantum),
                [(0, 0, 0), (5, 0, 0), (5, 1, 0)][allowed as usize]
            );
            assert_eq!(file.write(&[5]), Ok(1), "goes on where it stopped");
            drop(twin);
            assert_eq!(OWN.get(), own);
        });
    }
}
