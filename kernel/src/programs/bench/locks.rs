//! Locks that spin.
//!
//! A peer of the crate `spin` leaves preemption as it is. So it is held against `lock_atomic`, whose caller
//! cannot lose the CPU anyway; and where ours switches preemption off, the peer stands between the same two
//! calls.

use kcore::class;
use kcore::event::LockName;
use kcore::machine::Cpu;
use kcore::sync::{Counted, RwLock, SeqLock};

use super::contest::Contestant;
use crate::context::{preempt_disable, preempt_enable};
use crate::machine::{CountedSpinLock, Kernel, SpinLock};

static NAME: LockName = LockName::spins("bench.lock", class!("bench.lock"));

static OURS: SpinLock<u64> = SpinLock::new(class!("bench.lock"), 0);
static COUNTED: CountedSpinLock<u64> = CountedSpinLock::new(Counted::new(NAME), 0);
static PEER: spin::mutex::SpinMutex<u64> = spin::mutex::SpinMutex::new(0);
static RW: RwLock<u64, Kernel> = RwLock::new(class!("bench.lock"), 0);
static RW_PEER: spin::rwlock::RwLock<u64> = spin::rwlock::RwLock::new(0);
static SEQUENCE: SeqLock<Kernel, 2> = SeqLock::new(class!("bench.lock"));

/// On one CPU alone.
pub(super) const UNCONTENDED: [Contestant; 14] = [
    SPINLOCK,
    PEER_PREEMPTION_OFF,
    ATOMIC,
    PEER_ALONE,
    COUNTING,
    ("spinlock, lock_bh", |n| (0..n).for_each(|_| *OURS.lock_bh() += 1)),
    ("spinlock, lock_irqsave", |n| (0..n).for_each(|_| *OURS.lock_irqsave() += 1)),
    ("rwlock, read", |n| (0..n).for_each(|_| read(*RW.read()))),
    ("spin::RwLock, read, preemption off", |n| (0..n).for_each(|_| preemption_off(|| read(*RW_PEER.read())))),
    RW_WRITE,
    RW_PEER_WRITE,
    ("seqlock, read two words", |n| {
        for _ in 0..n {
            core::hint::black_box(SEQUENCE.snapshot());
        }
    }),
    ("seqlock, write two words", |n| {
        for turn in 0..n {
            let mut words = SEQUENCE.write();
            words.set(0, turn as usize);
            words.set(1, turn as usize);
        }
    }),
    ("interrupts off and on", |n| {
        for _ in 0..n {
            Kernel::irq_restore(Kernel::irq_save());
        }
    }),
];

/// On all CPUs at once.
pub(super) const CONTENDED: [Contestant; 7] =
    [SPINLOCK, PEER_PREEMPTION_OFF, ATOMIC, PEER_ALONE, COUNTING, RW_WRITE, RW_PEER_WRITE];

/// Ours, and the peer that does the same.
pub(super) const PEERS: [(&str, &str); 4] = [
    (ATOMIC.0, PEER_ALONE.0),
    (SPINLOCK.0, PEER_PREEMPTION_OFF.0),
    ("rwlock, read", "spin::RwLock, read, preemption off"),
    (RW_WRITE.0, RW_PEER_WRITE.0),
];

const SPINLOCK: Contestant = ("spinlock", |n| (0..n).for_each(|_| *OURS.lock() += 1));
const COUNTING: Contestant = ("spinlock, counting", |n| (0..n).for_each(|_| *COUNTED.lock() += 1));
const ATOMIC: Contestant = ("spinlock, lock_atomic", |n| {
    preemption_off(|| (0..n).for_each(|_| *OURS.lock_atomic() += 1));
});
const PEER_ALONE: Contestant = ("spin::Mutex", |n| preemption_off(|| (0..n).for_each(|_| *PEER.lock() += 1)));
const PEER_PREEMPTION_OFF: Contestant =
    ("spin::Mutex, preemption off", |n| (0..n).for_each(|_| preemption_off(|| *PEER.lock() += 1)));
const RW_WRITE: Contestant = ("rwlock, write", |n| (0..n).for_each(|_| *RW.write() += 1));
const RW_PEER_WRITE: Contestant = ("spin::RwLock, write, preemption off", |n| {
    (0..n).for_each(|_| preemption_off(|| *RW_PEER.write() += 1));
});

#[inline(always)]
fn preemption_off(work: impl FnOnce()) {
    preempt_disable();
    work();
    preempt_enable();
}

#[inline(always)]
fn read(value: u64) {
    core::hint::black_box(value);
}
