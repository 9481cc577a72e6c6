//! scullpriv makes a device with its spinlock held.

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Work};
use super::matrix::{C, I, Row};
use super::needs::{Ground, Needs};
use super::stage::{Refusal, Rig, Stage, device_of};
use crate::dev::{CharDevice, Credentials, OpenFlags};
use crate::scull::Edition;
use crate::scull::access::Private;
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "book-alloc",
    title: "scullpriv as printed: kmalloc(GFP_KERNEL) under its spinlock",
    cause: Cause::Book,
    races: &["R33"],
    sources: &[
        "LDD3 6.6, Cloning the Device on open",
        "LDD3 5.5, Spinlocks and Atomic Context",
        "LDD3 8.1, The Flags Argument",
        "LKD 12, gfp_mask Flags",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::Book, I), Row::always(Form::Repaired, C)],
    unit: "terminals, from each of which every task opens the device",
    known_points: &["missing"],
    points: &["missing"],
    script: &["A.missing", "B.missing"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Device),
    defaults: Defaults {
        natural: Work { quanta: 10, rounds: 3 },
        rendezvous: Work { quanta: 10, rounds: 1 },
        script: Work { quanta: 1, rounds: 1 },
    },
    invariants: &[
        "nobody who may sleep is called while a spinlock is held",
        "a terminal has one device, however many open it for the first time at once",
    ],
    seven: [
        "Yes. The list of terminals is common to all who open the device.",
        "No. Only processes open devices.",
        "Not with the spinlock held.",
        "It is not supposed to, and allocates. In the repair it may, and leaves nothing but memory that it alone knows of.",
        "Devices stay until the module goes, so whoever found one in the list may use it after the lock was given back.",
        "Both find nothing for the terminal. The spinlock lets one of them look and add at a time; the repair looks twice.",
        "The list by the spinlock; that there is one device a terminal, by a second look before one is added.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "scullpriv gives each terminal a device of its own and makes it when it is first opened. Look up and add are \
one step under a spinlock, so no terminal gets two. Nothing has ever gone wrong with it. Find the line that will.";

const HINT: &str = "The lookup is a function of its own, and the spinlock is taken in the function that calls it. What does it do \
when it finds nothing?";

const EXPLANATION: &str = "The book's open takes scull_c_lock, a spinlock, and calls scull_c_lookfor_device. That walks the \
list, and if the terminal is not in it, allocates an item with kmalloc and GFP_KERNEL. Such an allocation may sleep. The chapter \
on concurrency says that who holds a spinlock must not, and names kmalloc as the way in which it happens by mistake. The \
lock is in one function and the allocation in another: neither looks wrong.\n\n\
As long as there is memory nobody sleeps. When there is none, the opener sleeps with the spinlock held until pages have \
been written out. On the same CPU the next one to open the device spins for it, and if the kernel is not preemptible, for ever. \
The check that every function which may sleep begins with (might_sleep) does not wait for that day: the first open from a new \
terminal is reported, with the line that took the lock and the line that might have slept.\n\n\
The repair keeps the spinlock and moves the allocation out from under it: look up under the lock; if there is nothing, give \
the lock back, allocate, take the lock, and look up once more, because somebody at the same terminal may have been quicker. \
If so, use his device and free one's own. The second look is what keeps the invariant for which the book holds the lock all \
the time. A device that loses costs an allocation, once in the life of a terminal.\n\n\
Or take a semaphore (today a mutex) in place of the spinlock, which the opener may hold while it sleeps; open is always called by \
a process, so that is just as good, and shorter. The spinlock is worth keeping if handlers look into the list as well.\n\n\
Wrong cures: to allocate outside of the lock and not to look again (two devices for one terminal: what was written to \
one of them is lost from view: scull-leak, one floor up); GFP_ATOMIC (open fails when memory is short, which nobody expects of it); \
to give the lock back around the kmalloc alone, inside the function that walks (the caller believes that it is held).";

/// One round: every task opens the device from each of `quanta` terminals, for the first time.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let (resolved, geometry) = (stage.resolved, stage.geometry);
    let form = resolved.lock;
    let device = Private::<M>::new(Edition::of(form).unwrap_or_default(), move || device_of(form, geometry));
    let refused = AtomicU64::new(0);
    stage.race(&|_| {
        for terminal in 0..resolved.quanta {
            let opened = Arc::clone(&device).open(OpenFlags::READ_WRITE, &Credentials::user(1000, terminal));
            refused.fetch_add(opened.is_err().into(), Relaxed);
        }
    })?;
    let (devices, wanted, refused) =
        (device.devices().len() as u64, u64::from(resolved.quanta), refused.into_inner());
    stage.note(format!("{} terminals, {devices} devices in a round", resolved.quanta));
    stage.out_of_memory += refused;
    // Where all were refused there is no device, and nothing is wrong with that.
    stage.run.lost_updates += devices.saturating_sub(wanted) + wanted.saturating_sub(devices + refused);
    Ok(())
}
