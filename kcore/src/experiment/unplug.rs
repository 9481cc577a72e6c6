//! A device that disappears.

use alloc::format;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, fence};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::stage::{FREE, Object, Objects, Refusal, Rig, Slot, Stage, TAKEN, WORKS};
use crate::class;
use crate::errno::Errno;
use crate::event::{LockName, LockStep, Site};
use crate::settings::Form;
use crate::shared::probe;
use crate::sync::{Environment, Guard, Observed, PreemptOff};

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
    rows: &[Row::always(Form::None, R), Row::always(Form::Spinlock, R), Row::always(Form::Counted, C)],
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

/// The registry: points `slot.load` and `slot.store`.
static SLOT: Site = Site::new("slot");

/// Between the lookup of a device and its use: point `found`.
static FOUND: Site = Site::new("found");

/// What the users of the device count in it: points `uses.load` and `uses.store`.
static USES: Site = Site::new("uses");

/// The device is out of the registry, and freed if no user has it: point `unplugged`.
static UNPLUGGED: Site = Site::new("unplugged");

/// A device is in the registry; where that is done too early, it does not work yet: point `plugged`.
static PLUGGED: Site = Site::new("plugged");

/// The lock and the mark of a device: no points.
static IN_DEVICE: Site = Site::new("device");

/// How many know of a device: no points.
static REFERENCES: Site = Site::new("references");

/// One round: readers look the device up and use it, `quanta` times; trimmers unplug it as often, and plug it
/// in again before the next time.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    stage.object_round(|stage, objects| {
        let registry = Registry::new(resolved.lock, objects);
        registry.plug()?;
        stage.race(&|who| match resolved.role(who) {
            Role::Trim => (0..resolved.quanta).for_each(|time| registry.unplug_again(time)),
            Role::Read | Role::Write => (0..resolved.quanta).for_each(|_| {
                // Sometimes there is no device: -ENODEV is an answer as good as any.
                let _ = registry.use_device();
            }),
        })?;
        stage.add_lock(registry.guard.stats());
        stage.run.use_after_free += registry.wild.load(Relaxed);
        stage.out_of_memory += registry.out_of_memory.load(Relaxed);
        objects.account(stage, &registry.slot);
        match registry.look_up() {
            Err(errno) => stage.note(format!("after the last unplugging a lookup gives {errno}")),
            // A trimmer has unplugged it, and it is there.
            Ok(_) => stage.run.lost_updates += u64::from(resolved.writers > 1),
        }
        Ok(())
    })
}

/// The device, as the registry knows it.
struct Registry<'a, M: Rig> {
    form: Form,
    /// Over the slot and the references; there is one only where references are counted.
    guard: Guard<M>,
    slot: Slot<'a, M>,
    /// What hears of the locks in the devices.
    watch: Observed,
    objects: &'a Objects<M>,
    /// Uses of what is no device yet, or none any more.
    wild: AtomicU64,
    out_of_memory: AtomicU64,
}

impl<'a, M: Rig> Registry<'a, M> {
    fn new(form: Form, objects: &'a Objects<M>) -> Self {
        let lock = if form == Form::Counted { Form::Spinlock } else { Form::None };
        let in_device = LockName::spins("device.lock", class!("device.lock"));
        Registry {
            form,
            guard: Guard::<M>::new(lock, "registry.lock", class!("registry.lock")),
            slot: objects.slot(),
            watch: Observed::new(in_device),
            objects,
            wild: AtomicU64::new(0),
            out_of_memory: AtomicU64::new(0),
        }
    }

    fn counts(&self) -> bool {
        self.form == Form::Counted
    }

    /// Plugs a new device in, if there is none. Where references are counted it works before any task can
    /// find it.
    fn plug(&self) -> Result<(), Errno> {
        let object = self.objects.allocate()?;
        if self.counts() {
            self.set_up(object);
        }
        let is_in = {
            let _held = self.guard.enter();
            let is_free = self.slot.look(&SLOT).is_none();
            if is_free {
                self.slot.store(&SLOT, Some(object));
            }
            is_free
        };
        if !is_in {
            // No other task knew of it.
            let _ = object.free();
            return Ok(());
        }
        probe::<M>(&PLUGGED);
        if !self.counts() {
            self.set_up(object);
        }
        Ok(())
    }

    /// Makes a device of a block, with one reference: the registry's.
    fn set_up(&self, object: Object<'a, M>) {
        let fields = object.fields();
        fields.lock.put::<M>(&IN_DEVICE, FREE);
        fields.references.put::<M>(&REFERENCES, 1);
        fields.uses.put::<M>(&USES, 0);
        fields.works.put::<M>(&IN_DEVICE, WORKS);
    }

    /// Finds the device; [`Errno::ENODEV`] when there is none. Where references are counted, the caller has
    /// one now.
    fn look_up(&self) -> Result<Object<'a, M>, Errno> {
        let _held = self.guard.enter();
        let object = self.slot.load(&SLOT).ok_or(Errno::ENODEV)?;
        if self.counts() {
            let references = &object.fields().references;
            references.put::<M>(&REFERENCES, references.look::<M>(&REFERENCES) + 1);
        }
        Ok(object)
    }

    /// Gives a reference back; frees the device if it was the last.
    fn put(&self, object: Object<'a, M>) {
        let left = {
            let _held = self.guard.enter();
            let references = &object.fields().references;
            let left = references.look::<M>(&REFERENCES) - 1;
            references.put::<M>(&REFERENCES, left);
            left
        };
        if left == 0 {
            // The ledger counts what is freed twice.
            let _ = object.free();
        }
    }

    /// Looks the device up and uses it once.
    fn use_device(&self) -> Result<(), Errno> {
        let object = self.look_up()?;
        probe::<M>(&FOUND);
        let held = (self.form != Form::None).then(|| DeviceLock::take(self, object));
        let fields = object.fields();
        let lock_is_dead = held.as_ref().is_some_and(|held| !held.is_taken);
        if lock_is_dead || fields.works.look::<M>(&IN_DEVICE) != WORKS {
            self.wild.fetch_add(1, Relaxed);
        }
        let uses = fields.uses.load::<M>(&USES);
        fields.uses.store::<M>(&USES, uses.wrapping_add(1));
        drop(held);
        if self.counts() {
            self.put(object);
        }
        Ok(())
    }

    /// Unplugs the device for the `time`th time, from 0. Before it is plugged in again.
    fn unplug_again(&self, time: u32) {
        if time > 0 && self.plug().is_err() {
            self.out_of_memory.fetch_add(1, Relaxed);
        }
        self.unplug();
    }

    /// Takes the device out of the registry and frees it, at once or when its last user has let it go.
    fn unplug(&self) {
        let object = {
            let _held = self.guard.enter();
            let Some(object) = self.slot.load(&SLOT) else { return };
            let _in_device = (self.form == Form::Spinlock).then(|| DeviceLock::take(self, object));
            self.slot.store(&SLOT, None);
            object
        };
        if self.counts() {
            self.put(object);
        } else {
            // The ledger counts what is freed twice.
            let _ = object.free();
        }
        probe::<M>(&UNPLUGGED);
    }
}

/// The spinlock in a device is held, if it was there to be taken.
struct DeviceLock<'a, M: Rig> {
    registry: &'a Registry<'a, M>,
    object: Object<'a, M>,
    is_taken: bool,
    _off: PreemptOff<M>,
}

impl<'a, M: Rig> DeviceLock<'a, M> {
    /// Spins until the lock is free; gives up when there is poison where its word was: in a kernel it would
    /// spin on.
    fn take(registry: &'a Registry<'a, M>, object: Object<'a, M>) -> Self {
        let off = PreemptOff::enter();
        let word = &object.fields().lock;
        let is_taken = loop {
            match word.claim::<M>(&IN_DEVICE, FREE, TAKEN) {
                Ok(_) => break true,
                Err(TAKEN) => {}
                Err(_poison) => break false,
            }
            registry.watch.tell::<M, _>(object.fields(), LockStep::Wait);
            while word.look::<M>(&IN_DEVICE) == TAKEN {
                M::relax();
                M::spinning();
            }
        };
        if is_taken {
            registry.watch.tell::<M, _>(object.fields(), LockStep::Acquired);
        }
        DeviceLock { registry, object, is_taken, _off: off }
    }
}

impl<M: Rig> Drop for DeviceLock<'_, M> {
    fn drop(&mut self) {
        if self.is_taken {
            self.registry.watch.tell::<M, _>(self.object.fields(), LockStep::Release);
            fence(Ordering::Release);
            self.object.fields().lock.put::<M>(&IN_DEVICE, FREE);
        }
    }
}
