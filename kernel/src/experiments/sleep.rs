//! R14, R28: a sleep between load and store.

use crate::task;

use super::counting::Count;
use super::meeting::Meeting;
use super::trial::{Refusal, Trial};

/// How long one sleep takes, in microseconds.
const SLEEP: u64 = 1000;

/// One round: every task adds 1 to the counter, `quanta` times, and sleeps in the middle: once, and again until the others
/// have come as far as they can.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let count = Count::new(resolved.lock);
    let meeting = Meeting::new(resolved, resolved.writers);
    trial.race(&|who| {
        for _ in 0..resolved.quanta {
            meeting.come(who);
            count.increment_slowly(|| {
                meeting.go_in(who);
                task::sleep(SLEEP);
                while !meeting.is_complete(who) {
                    task::sleep(SLEEP);
                }
            });
        }
        meeting.leave(who);
    })?;
    count.close(u64::from(resolved.writers) * u64::from(resolved.quanta), trial);
    Ok(())
}
