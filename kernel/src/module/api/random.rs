//! Numbers that none foretells (`linux/random.h`).

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use fastrand::Rng;
use kcore::machine::Cpu;

use crate::machine::Kernel;
use crate::module::{access, answers, later};
use crate::observe::explorer;

/// Parts of an execution that have numbers of their own; behind these, all that is no part.
const PARTS: usize = 32;

/// How many numbers each has had.
static DRAWN: [AtomicU64; PARTS + 1] = [const { AtomicU64::new(0) }; PARTS + 1];

/// An execution begins.
pub(in crate::module) fn begin() {
    DRAWN.iter().for_each(|drawn| drawn.store(0, Relaxed));
}

/// While a driver is explored each part has the same numbers in each execution, whatever the others do: what it does
/// with them is to be the same.
fn draw() -> Rng {
    if !later::is_on() {
        return Rng::with_seed(Kernel::cycles());
    }
    answers::vary();
    let part = explorer::running().map_or(PARTS, |part| usize::from(part).min(PARTS));
    Rng::with_seed((part as u64) << 32 | DRAWN[part].fetch_add(1, Relaxed))
}

pub(in crate::module) extern "C" fn get_random_u64() -> u64 {
    draw().u64(..)
}

pub(in crate::module) unsafe extern "C" fn get_random_bytes(to: *mut c_void, size: usize) {
    let (to, mut random) = (to.cast::<u8>(), draw());
    for at in 0..size {
        // SAFETY: the driver says that there is so much room (I23).
        unsafe { to.wrapping_add(at).write(random.u8(..)) };
    }
    access::wrote(to, size);
}
