//! A device that disappears.

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use crate::settings::Lock;

pub(super) static ENTRY: Experiment = Experiment {
    name: "unplug",
    title: "the device is unplugged while it is in use, and its lock goes with it",
    cause: Cause::Life,
    races: &["R31"],
    sources: &[
        "LDD3 5.2, Concurrency and Its Management",
        "LDD3 14, Kobjects, Ksets, and Subsystems",
        "LKD 17, Reference Counts",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Lock::None, R), Row::always(Lock::Spinlock, R), Row::always(Lock::Counted, C)],
    unit: "uses by each reader, and unpluggings by each trimmer; before the next one the device is plugged in again",
    known_points: &["slot.load", "slot.store", "found", "uses.load", "uses.store", "unplugged", "plugged"],
    points: &["found"],
    script: &["A.slot.load", "B.slot.store", "B.unplugged", "A.found"],
    certain: Certain { script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(1000, 10),
    roles: Roles::Alternate(Role::Read, Role::Trim),
    invariants: &[
        "nobody uses an object that does not work yet, or that was freed",
        "each object is freed once, when its last user has let it go",
        "after the last unplugging a lookup gives -ENODEV",
    ],
    seven: [
        "Yes. Whoever looks into the registry finds the object.",
        "In Linux, yes: a device that is pulled out says so by an interrupt, and a task does the rest.",
        "Yes. Between the lookup and the use there is time for everything.",
        "In Linux, yes: an open file is a reference that lasts for hours.",
        "Nothing, without the count. With it: each user's own reference, got while the registry still had one.",
        "One frees what the other has just found.",
        "The slot by the registry's lock, which does not go away; the object by its count.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "There is a registry with a slot for one device. Users look the device up and use it; somebody unplugs it. \
Make a user work with a device that has been freed. Then try to prevent that by a spinlock inside the device.";

const HINT: &str = "The user has the address and stands just before its first access: probe point found. What must be true of the \
object there, and who could see to it? To take a lock is an access, too.";

const EXPLANATION: &str = "A loads the slot and has the address of the device. B unplugs it: the slot is emptied, the device \
freed. A uses the device. What it reads is poison, what it writes is written into freed memory. The same happens at the \
other end of life: B plugs a new device in and publishes it in the slot before it has set it up, and A finds it and uses \
what was never initialised.\n\n\
The spinlock inside the device looks like a cure: the user takes it, works, and gives it back; who unplugs the device takes \
it as well. But to take the lock is itself an access to the device. A, with the address in a register, waits for its turn \
at a lock that was freed: here it finds poison where the word of the lock was. In a kernel it would spin for ever, or, when \
the memory had become something else by then, get in. A lock can protect what is in an object. It cannot protect the object's \
being there, if it is a part of the object. A semaphore or a mutex inside the device fails in the same way.\n\n\
LDD3 asks for three things of an object that others can reach: it is not made available before it works; references to \
it are tracked; it is not freed while there are any. So the lookup and the get are one step, under the registry's \
lock, which outlives every device: whoever finds the device has a reference before anybody can unplug it. To unplug it is to \
empty the slot, under the same lock, and to put the registry's own reference. Whoever puts the last one frees the device, \
be it the unplugger or the last user. Who comes after that finds the slot empty and gets -ENODEV. A user that is \
still there finishes with a device that is gone from the registry, but not from memory. Now the spinlock in the device \
is good for what it can do: to keep two users apart.\n\n\
Wrong cures: a flag in the device that says it is gone (to read it is to use the device); to test the slot again before \
the use (it may be emptied after the test); to get the reference after the lookup, outside of the lock (the device may be freed in \
between, and the get brings a dead count back from 0 to 1); to wait a while before freeing (how long?).";
