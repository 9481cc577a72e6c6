//! R31: a device that disappears while it is looked up and used.

use alloc::format;
use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, fence};

use kcore::errno::Errno;
use kcore::event::{Events, LockName, LockStep, Mode, Waiting};
use kcore::experiment::{FOUND, PLUGGED, Role, UNPLUGGED, USES};
use kcore::machine::Cpu;
use kcore::settings::Lock;
use kcore::shared::probe;
use kcore::sync::{Environment, Observed, PreemptOff, Watch};

use crate::machine::{Guard, Kernel};
use crate::mm::heap;

use super::object::{FREE, Object, Slot, TAKEN, WORKS};
use super::trial::{Refusal, Trial};

/// One round: readers look the device up and use it, `quanta` times; trimmers unplug it as often, and plug it in again
/// before the next time.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    // SAFETY: the registry, which leads to the blocks, is dropped before it, and the tasks that use them are joined
    // before that.
    let experiment = unsafe { heap::Experiment::begin() }?;
    let registry = Registry::new(resolved.lock, &experiment);
    registry.plug()?;
    trial.race(&|who| match resolved.role(who) {
        Role::Trim => (0..resolved.quanta).for_each(|time| registry.unplug_again(time)),
        Role::Read | Role::Write => (0..resolved.quanta).for_each(|_| {
            // Sometimes there is no device: -ENODEV is an answer as good as any.
            let _ = registry.use_device();
        }),
    })?;
    trial.add_lock(registry.guard.stats());
    trial.run.use_after_free += registry.wild.load(Relaxed);
    trial.out_of_memory += registry.out_of_memory.load(Relaxed);
    trial.account(&experiment, &[registry.slot.address()], &mut |mark| {
        registry.slot.peek().iter().for_each(|object| mark(object.address()))
    });
    match registry.look_up() {
        Err(errno) => trial.note(format!("after the last unplugging a lookup gives {errno}")),
        // Somebody has unplugged it, and it is there.
        Ok(_) => trial.run.lost_updates += u64::from(resolved.writers > 1),
    }
    Ok(())
}

/// The device, as the registry knows it.
struct Registry<'a> {
    form: Lock,
    /// Over the slot and the references; there is one only where references are counted.
    guard: Guard,
    slot: Slot,
    /// Who hears of the locks in the devices.
    watch: Observed,
    experiment: &'a heap::Experiment,
    /// Uses of what is no device yet, or none any more.
    wild: AtomicU64,
    out_of_memory: AtomicU64,
}

impl<'a> Registry<'a> {
    fn new(form: Lock, experiment: &'a heap::Experiment) -> Self {
        let lock = if form == Lock::Counted { Lock::Spinlock } else { Lock::None };
        let in_device = LockName { name: "device.lock", class: "device.lock", waiting: Waiting::Spins };
        Registry {
            form,
            guard: Guard::new(lock, "registry.lock", "registry.lock"),
            slot: Slot::empty(),
            watch: Observed::new(in_device),
            experiment,
            wild: AtomicU64::new(0),
            out_of_memory: AtomicU64::new(0),
        }
    }

    fn counts(&self) -> bool {
        self.form == Lock::Counted
    }

    /// Plugs a new device in, if there is none. Where references are counted it works before anybody can find it.
    fn plug(&self) -> Result<(), Errno> {
        let object = Object::allocate(self.experiment)?;
        if self.counts() {
            self.set_up(object);
        }
        let is_in = {
            let _held = self.guard.enter();
            let is_free = self.slot.peek().is_none();
            if is_free {
                self.slot.store(Some(object));
            }
            is_free
        };
        if !is_in {
            // Nobody knew of it.
            let _ = object.free();
            return Ok(());
        }
        probe::<Kernel>(&PLUGGED);
        if !self.counts() {
            self.set_up(object);
        }
        Ok(())
    }

    /// Makes a device of a block, with one reference: the registry's.
    fn set_up(&self, object: Object) {
        let fields = object.fields(self.experiment);
        fields.lock.poke(FREE);
        fields.references.poke(1);
        fields.uses.poke(0);
        fields.works.poke(WORKS);
    }

    /// Finds the device; [`Errno::ENODEV`] when there is none. Where references are counted, the caller has one now.
    fn look_up(&self) -> Result<Object, Errno> {
        let _held = self.guard.enter();
        let object = self.slot.load().ok_or(Errno::ENODEV)?;
        if self.counts() {
            let references = &object.fields(self.experiment).references;
            references.poke(references.peek() + 1);
        }
        Ok(object)
    }

    /// Gives a reference back; frees the device if it was the last.
    fn put(&self, object: Object) {
        let left = {
            let _held = self.guard.enter();
            let references = &object.fields(self.experiment).references;
            references.poke(references.peek() - 1);
            references.peek()
        };
        if left == 0 {
            // The ledger counts what is freed twice.
            let _ = object.free();
        }
    }

    /// Looks the device up and uses it once.
    fn use_device(&self) -> Result<(), Errno> {
        let object = self.look_up()?;
        probe::<Kernel>(&FOUND);
        let held = (self.form != Lock::None).then(|| DeviceLock::take(self, object));
        let fields = object.fields(self.experiment);
        let lock_is_dead = held.as_ref().is_some_and(|held| !held.is_taken);
        if lock_is_dead || fields.works.peek() != WORKS {
            self.wild.fetch_add(1, Relaxed);
        }
        let uses = fields.uses.load::<Kernel>(&USES);
        fields.uses.store::<Kernel>(&USES, uses.wrapping_add(1));
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
            let Some(object) = self.slot.load() else { return };
            let _in_device = (self.form == Lock::Spinlock).then(|| DeviceLock::take(self, object));
            self.slot.store(None);
            object
        };
        if self.counts() {
            self.put(object);
        } else {
            // The ledger counts what is freed twice.
            let _ = object.free();
        }
        probe::<Kernel>(&UNPLUGGED);
    }
}

/// The spinlock in a device is held, if it was there to be taken.
struct DeviceLock<'a> {
    registry: &'a Registry<'a>,
    object: Object,
    is_taken: bool,
    _off: PreemptOff<Kernel>,
}

impl<'a> DeviceLock<'a> {
    /// Spins until the lock is free; gives up when there is poison where its word was: in a kernel it would spin on.
    fn take(registry: &'a Registry<'a>, object: Object) -> Self {
        let off = PreemptOff::enter();
        let word = &object.fields(registry.experiment).lock;
        let is_taken = loop {
            match word.claim(FREE, TAKEN) {
                Ok(_) => break true,
                Err(TAKEN) => {}
                Err(_poison) => break false,
            }
            announce(registry, object, LockStep::Wait);
            while word.peek() == TAKEN {
                Kernel::relax();
                Kernel::spinning();
            }
        };
        if is_taken {
            announce(registry, object, LockStep::Acquired);
        }
        DeviceLock { registry, object, is_taken, _off: off }
    }
}

impl Drop for DeviceLock<'_> {
    fn drop(&mut self) {
        if self.is_taken {
            announce(self.registry, self.object, LockStep::Release);
            fence(Ordering::Release);
            self.object.fields(self.registry.experiment).lock.poke(FREE);
        }
    }
}

#[track_caller]
fn announce(registry: &Registry<'_>, object: Object, event: LockStep) {
    Watch::<Kernel>::announce(&registry.watch, event, Mode::Exclusive, object.address(), Location::caller());
}
