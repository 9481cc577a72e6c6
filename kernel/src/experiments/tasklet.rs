//! R14: tasklets on two CPUs.

use alloc::sync::Arc;

use kcore::class;
use kcore::event::Events;
use kcore::experiment::Refusal;
use kcore::experiment::stage::Meeting;
use kcore::machine::Cpu;
use kcore::settings::Form;

use crate::arch::{percpu, smp};
use crate::irq::Tasklet;
use crate::machine::{Kernel, SpinLock};
use crate::param::MAX_CPUS;

use super::Stage;
use super::counting::{self, Count};

/// A tasklet for each of the first tasks, which have a CPU each. In the form that has only one, that is the
/// first.
static TASKLETS: [Tasklet; MAX_CPUS] = [const { Tasklet::new(meet, 0) }; MAX_CPUS];
/// The tasklet of all other tasks. It meets no other: those that it could meet may be waiting below it.
static ONE_MORE: Tasklet = Tasklet::new(|_| counting::count(), 0);

/// How the tasklets of the round under way meet.
static MEETING: SpinLock<Option<Arc<Meeting>>> = SpinLock::new(class!("meeting"), None);

/// One round: each task schedules its tasklet, `quanta` times. Softirqs run on top of a task, so it has run
/// when its task goes on, unless it is running on another CPU.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let one = resolved.lock == Form::Tasklet;
    let members = resolved.writers.min(smp::cpus());
    let count = counting::publish(Count::new(if one { Form::None } else { resolved.lock }));
    let meeting = Arc::new(Meeting::new::<Kernel>(resolved, members));
    *MEETING.lock_irqsave() = Some(Arc::clone(&meeting));
    let raced = stage.race(&|who| {
        let tasklet = match who {
            _ if one => &TASKLETS[0],
            _ if who < members => &TASKLETS[who as usize],
            _ => &ONE_MORE,
        };
        for _ in 0..resolved.quanta {
            meeting.come(who);
            tasklet.schedule();
        }
        meeting.leave(who);
    });
    TASKLETS.iter().chain([&ONE_MORE]).for_each(Tasklet::kill);
    withdraw();
    raced?;
    count.close(0, stage);
    Ok(())
}

/// Tasklets do not meet any more.
pub(super) fn withdraw() {
    let over = MEETING.lock_irqsave().take();
    // What is freed is freed without the lock.
    drop(over);
}

/// Counts, and waits between load and store until the others have come as far as they can.
fn meet(_: usize) {
    let (Some(count), Some(meeting)) = (counting::on_duty(), MEETING.lock_irqsave().clone()) else { return };
    count.handle(|| {
        // The first tasks have a CPU each, and a tasklet runs where it was scheduled.
        let who = percpu::this_cpu();
        meeting.go_in(who);
        while !meeting.is_complete(who) {
            Kernel::spinning();
            Kernel::relax();
        }
    });
}
