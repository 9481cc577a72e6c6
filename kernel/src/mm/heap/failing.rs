//! Allocations that fail because a test wants them to.
//!
//! A test [arms](arm) it: so many allocations of the machine succeed, the next one fails, or all from there
//! on. Every allocation counts, by whatever task, also the stack of a new task; what comes out of the reserve
//! then does not. A [`Claim`](super::Claim) is refused as long as it is armed: what a library keeps for the
//! next time would look lost.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Whether anything is to fail.
static ARMED: AtomicBool = AtomicBool::new(false);
/// Allocations since it was armed.
static SO_FAR: AtomicU32 = AtomicU32::new(0);
/// How many of them succeed.
static SUCCEED: AtomicU32 = AtomicU32::new(0);
/// Whether all others fail, and not one alone.
static ALL_OTHERS: AtomicBool = AtomicBool::new(false);

/// A bit for each way of calls on which an allocation was made to fail, by what its addresses come to.
static WAYS: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];

/// From now on `succeed` allocations succeed; the next one fails, or `all_others` do.
pub fn arm(succeed: u32, all_others: bool) {
    SO_FAR.store(0, Relaxed);
    SUCCEED.store(succeed, Relaxed);
    ALL_OTHERS.store(all_others, Relaxed);
    ARMED.store(true, Relaxed);
}

/// Whether it is.
pub(crate) fn is_armed() -> bool {
    ARMED.load(Relaxed)
}

/// Nothing fails any more; how many allocations there were.
pub fn disarm() -> u32 {
    ARMED.store(false, Relaxed);
    SO_FAR.load(Relaxed)
}

/// On how many different ways of calls allocations were made to fail so far. Two in a few thousand may count
/// as one.
pub fn ways() -> u32 {
    WAYS.iter().map(|word| word.load(Relaxed).count_ones()).sum()
}

/// Whether the allocation that is about to be made, on the way of calls `trace`, is to fail.
#[inline]
pub(crate) fn strikes(trace: &[usize]) -> bool {
    is_armed() && strikes_armed(trace)
}

#[cold]
fn strikes_armed(trace: &[usize]) -> bool {
    let number = SO_FAR.fetch_add(1, Relaxed);
    let succeed = SUCCEED.load(Relaxed);
    let fails = number == succeed || number > succeed && ALL_OTHERS.load(Relaxed);
    if fails {
        // FNV-1a, on words.
        let hash = trace.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, address| {
            (hash ^ *address as u64).wrapping_mul(0x100_0000_01b3)
        });
        let bit = (hash >> 32) as usize % (WAYS.len() * 64);
        WAYS[bit / 64].fetch_or(1 << (bit % 64), Relaxed);
    }
    fails
}
