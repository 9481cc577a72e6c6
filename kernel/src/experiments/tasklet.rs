//! R14: tasklets on two CPUs.

use alloc::sync::Arc;

use kcore::machine::Cpu;
use kcore::settings::Lock;

use crate::arch::{percpu, smp};
use crate::irq::Tasklet;
use crate::machine::{Kernel, SpinLock};

use super::counting::{self, Count};
use super::meeting::Meeting;
use super::trial::{Refusal, Trial};

/// The tasklets of the two tasks. In the form that has only one, that is the first.
static TASKLETS: [Tasklet; 2] = [Tasklet::new(action, 0), Tasklet::new(action, 1)];

/// How the tasklets of the round under way meet, if they can: each needs a CPU of its own.
static MEETING: SpinLock<Option<Arc<Meeting>>> = SpinLock::new(None);

/// One round: each of two tasks schedules its tasklet, `quanta` times, and everybody else looks on. Softirqs run on top of
/// a task, so the tasklet has run when its task goes on, unless it is running on another CPU.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let one = resolved.lock == Lock::Tasklet;
    let count = Count::new(if one { Lock::None } else { resolved.lock }).publish();
    let meeting = Arc::new(Meeting::new(resolved));
    let pair = resolved.writers.min(TASKLETS.len() as u32);
    let can_meet = pair <= smp::cpus();
    *MEETING.lock_irqsave() = can_meet.then(|| Arc::clone(&meeting));
    let raced = trial.race(|who| {
        if who < pair {
            let tasklet = if one { &TASKLETS[0] } else { &TASKLETS[who as usize] };
            for _ in 0..resolved.quanta {
                meeting.come(who);
                tasklet.schedule();
            }
        }
        meeting.leave(who);
    });
    TASKLETS.iter().for_each(Tasklet::kill);
    let over = MEETING.lock_irqsave().take();
    drop(over);
    raced?;
    count.close(0, trial);
    Ok(())
}

/// Counts, and waits between load and store until the other has come as far as it can.
fn action(_: usize) {
    let Some(count) = counting::on_duty() else { return };
    let meeting = MEETING.lock_irqsave().clone();
    count.handle(|| {
        let Some(meeting) = meeting else { return };
        // Tasks are spread over the CPUs, and a tasklet runs where it was scheduled.
        let who = percpu::this_cpu();
        meeting.go_in(who);
        while !meeting.is_complete(who) {
            Kernel::relax();
        }
    });
}
