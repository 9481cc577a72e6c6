//! R32: values that are exchanged by load and store.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kcore::dev::{Caller, Credentials, NoUser};
use kcore::errno::Errno;
use kcore::scull::ioctl;

use crate::task::shortage;

use super::trial::{Refusal, Trial};

/// One round: each task shifts the module's quantum from whatever it is to values of its own, and is told what it was.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let first = trial.geometry.quantum;
    let (tasks, times) = (trial.resolved.writers as usize, trial.resolved.quanta as usize);
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    let told_of = counters(1 + tasks * times)?;
    let told = |value: usize| value.checked_sub(first).and_then(|number| told_of.get(number));
    trial.family_round(
        &|_| Ok(()),
        &|device, who, _| {
            for time in 0..times {
                let value = first + 1 + time * tasks + who as usize;
                let old = device.ioctl(ioctl::IOCHQUANTUM, value, &caller);
                if let Some(count) = old.ok().and_then(told) {
                    count.fetch_add(1, Relaxed);
                }
            }
        },
        &mut |device, run| {
            // Whoever asked now would be told of the last one.
            if let Some(count) = told(device.parameters().geometry().quantum) {
                count.fetch_add(1, Relaxed);
            }
            run.lost_updates += told_of.iter().filter(|count| count.load(Relaxed) == 0).count() as u64;
            Ok(())
        },
    )?;
    let most = told_of.iter().map(|count| count.load(Relaxed)).max().unwrap_or(0);
    if most > 1 {
        trial.note(format!("one value was told to {most} tasks"));
    }
    Ok(())
}

/// `count` zeros.
fn counters(count: usize) -> Result<Vec<AtomicU32>, Errno> {
    let mut counters = shortage::with_room_for(count)?;
    counters.resize_with(count, || AtomicU32::new(0));
    Ok(counters)
}
