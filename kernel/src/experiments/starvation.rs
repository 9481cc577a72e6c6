//! Turns at a lock, and how long they are waited for.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::errno::Errno;
use kcore::event::Events;
use kcore::experiment::INSIDE;
use kcore::machine::Cpu;
use kcore::probe::Name;
use kcore::settings::Probe;
use kcore::shared::{Shared, probe};

use crate::machine::{Guard, Kernel};
use crate::task::{self, shortage};

use super::trial::{Refusal, Trial};

/// PAUSEs that a turn takes: long enough for the others to come and wait.
const PAUSES: u32 = 8;

/// What one task has got.
#[derive(Default)]
struct Share {
    turns: AtomicU64,
    /// In cycles.
    longest_wait: AtomicU64,
}

/// One round: there are `quanta` turns for each task, and whoever gets the lock has one of them.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let guard = Guard::new(resolved.lock, "fair.lock", "fair.lock");
    let turns = u64::from(resolved.writers) * u64::from(resolved.quanta);
    // Changed under the guard alone.
    let left = Shared::new(turns);
    let shares = shares(resolved.writers)?;
    let present = AtomicU32::new(0);
    trial.race(&|who| {
        let share = &shares[who as usize];
        present.fetch_add(1, Relaxed);
        // Who comes first has no advantage. At probe points the tasks begin as these say.
        while resolved.probe == Probe::Off && present.load(Relaxed) < resolved.writers {
            Kernel::spinning();
            Kernel::relax();
            task::yield_now();
        }
        loop {
            let since = Kernel::cycles();
            let _held = guard.enter();
            share.longest_wait.fetch_max(Kernel::cycles().saturating_sub(since), Relaxed);
            match left.peek() {
                0 => break,
                some => left.poke(some - 1),
            }
            probe::<Kernel>(&INSIDE);
            (0..PAUSES).for_each(|_| Kernel::relax());
            share.turns.fetch_add(1, Relaxed);
        }
    })?;
    trial.add_lock(guard.stats());
    let taken: u64 = shares.iter().map(|share| share.turns.load(Relaxed)).sum();
    trial.run.lost_updates += taken.abs_diff(turns);
    if trial.notes.is_empty() {
        tell(&shares, trial);
    }
    Ok(())
}

fn shares(writers: u32) -> Result<Vec<Share>, Errno> {
    let mut shares = shortage::with_room_for(writers as usize)?;
    shares.resize_with(writers as usize, Share::default);
    Ok(shares)
}

/// The figures of the first round.
fn tell(shares: &[Share], trial: &mut Trial<'_>) {
    for (who, share) in shares.iter().enumerate() {
        let (turns, longest) = (share.turns.load(Relaxed), share.longest_wait.load(Relaxed));
        trial.note(format!("{}: {turns} turns, the longest wait {longest} cycles", Name(who as u8)));
    }
}
