//! R15: scullsingle refuses a device that nobody has.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use kcore::dev::{CharDevice, Credentials, OpenFlags};
use kcore::errno::Errno;
use kcore::scull::access::Single;

use crate::machine::SpinLock;

use super::scull::device_of;
use super::trial::{Refusal, Trial};

/// A stretch of time, by a clock that every event moves on.
#[derive(Clone, Copy)]
struct Span {
    from: u64,
    to: u64,
}

/// What the attempts of one task came to.
#[derive(Default)]
struct Attempts {
    /// From before the open that let it in to after the close: it had the device at most so long.
    holdings: Vec<Span>,
    /// From before the open that refused it to after it.
    refusals: Vec<Span>,
    /// Opens that were let in and had no memory to go on with.
    out_of_memory: u64,
}

/// One round: every task opens the device `quanta` times, and closes it if it is let in.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let device = Single::new(Arc::new(device_of(resolved.lock, trial.geometry)?));
    let (clock, inside, most) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let now = || clock.fetch_add(1, SeqCst);
    let all: Vec<SpinLock<Attempts>> =
        (0..resolved.writers).map(|_| SpinLock::new(Attempts::default())).collect();
    trial.race(&|who| {
        let mut mine = Attempts::default();
        for _ in 0..resolved.quanta {
            let from = now();
            match Arc::clone(&device).open(OpenFlags::READ, &Credentials::ROOT) {
                Ok(file) => {
                    most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                    inside.fetch_sub(1, SeqCst);
                    drop(file);
                    mine.holdings.push(Span { from, to: now() });
                }
                Err(Errno::ENOMEM) => mine.out_of_memory += 1,
                Err(_busy) => mine.refusals.push(Span { from, to: now() }),
            }
        }
        *all[who as usize].lock() = mine;
    })?;
    let all: Vec<Attempts> = all.into_iter().map(SpinLock::into_inner).collect();
    let wrong = refused_for_nobody(&all);
    if wrong > 0 {
        trial.note("an open gave -EBUSY, and nobody had the device".to_string());
    }
    trial.out_of_memory += all.iter().map(|task| task.out_of_memory).sum::<u64>();
    trial.run.lost_updates += wrong;
    trial.run.owners = trial.run.owners.max(most.into_inner());
    Ok(())
}

/// How many refusals there were while nobody had the device, from the first moment of the attempt to its last. Never too
/// many: the holdings are as long as they can have been.
fn refused_for_nobody(all: &[Attempts]) -> u64 {
    let mut holdings: Vec<Span> = all.iter().flat_map(|task| &task.holdings).copied().collect();
    holdings.sort_unstable_by_key(|holding| holding.from);
    // Each lasts at least as long as the ones before: so the last that began in time says whether one was there.
    let mut latest = 0;
    for holding in &mut holdings {
        latest = latest.max(holding.to);
        holding.to = latest;
    }
    let had_by_nobody = |refusal: &&Span| {
        let began_in_time = holdings.partition_point(|holding| holding.from < refusal.to);
        holdings[..began_in_time].last().is_none_or(|holding| holding.to < refusal.from)
    };
    all.iter().flat_map(|task| &task.refusals).filter(had_by_nobody).count() as u64
}
