//! A round on a scull device, with the account of its blocks.

use alloc::sync::Arc;

use super::heap::{HeapRound, Told};
use super::rig::{Refusal, Rig};
use super::round::Stage;
use crate::dev::Whence;
use crate::errno::Errno;
use crate::report::Run;
use crate::scull::{self, Edition, Geometry, Mode, Parameters};
use crate::settings::Form;

/// A scull device of a machine.
pub(in crate::experiment) type Device<M> = scull::Device<M>;

/// What is looked at when the tasks of a round have ended: it may use the device as it likes.
type Check<'a, M> = dyn FnMut(&Device<M>, &mut Run) -> Result<(), Errno> + 'a;

impl<M: Rig> Stage<'_, M> {
    /// One round: a fresh device, `prepare`d by this task alone; then `body(device, who, told)` in every task
    /// at once; then the account; then `check(device, run)`.
    pub(in crate::experiment) fn scull_round(
        &mut self,
        prepare: &dyn Fn(&Device<M>) -> Result<(), Errno>,
        body: &(dyn Fn(&Device<M>, u32, &Told) + Sync),
        check: &mut Check<'_, M>,
    ) -> Result<(), Refusal> {
        self.fresh_round(&|lock, geometry| Device::new(0, lock, geometry), prepare, body, check)
    }

    /// [`scull_round`](Stage::scull_round) on a device of the book's driver or of the repaired one, as the
    /// form says, with the lock that the driver is printed with.
    pub(in crate::experiment) fn family_round(
        &mut self,
        prepare: &dyn Fn(&Device<M>) -> Result<(), Errno>,
        body: &(dyn Fn(&Device<M>, u32, &Told) + Sync),
        check: &mut Check<'_, M>,
    ) -> Result<(), Refusal> {
        self.fresh_round(&device_of, prepare, body, check)
    }

    /// A round on the device that `make` makes.
    fn fresh_round(
        &mut self,
        make: &dyn Fn(Form, Geometry) -> Result<Device<M>, Errno>,
        prepare: &dyn Fn(&Device<M>) -> Result<(), Errno>,
        body: &(dyn Fn(&Device<M>, u32, &Told) + Sync),
        check: &mut Check<'_, M>,
    ) -> Result<(), Refusal> {
        // SAFETY: the device is dropped before it, and the crew's tasks, which use the device, are joined
        // before that.
        let heap = unsafe { M::Heap::begin() }?;
        let device = make(self.resolved.lock, self.geometry)?;
        prepare(&device)?;
        self.race_on(&heap, &device, &|who, told| body(&device, who, told), check)
    }

    /// A [`family_round`](Stage::family_round) in which tasks come to the device through `D`, which `access`
    /// makes of it. Of the two `body` and `D` keep nothing.
    pub(in crate::experiment) fn round_behind<D: Sync>(
        &mut self,
        access: impl FnOnce(Arc<Device<M>>) -> D,
        prepare: &dyn Fn(&Device<M>) -> Result<(), Errno>,
        body: &(dyn Fn(&D, u32, &Told) + Sync),
    ) -> Result<(), Refusal> {
        // SAFETY: the device is dropped before it, since there are no more references to it than these two,
        // and the crew's tasks are joined before that.
        let heap = unsafe { M::Heap::begin() }?;
        let device = Arc::new(device_of(self.resolved.lock, self.geometry)?);
        let door = access(Arc::clone(&device));
        prepare(&device)?;
        self.race_on(&heap, &device, &|who, told| body(&door, who, told), &mut |_, _| Ok(()))
    }

    /// What comes after `device` was prepared: `body(who, told)` in every task at once; then the account;
    /// then `check(device, run)`.
    pub(super) fn race_on(
        &mut self,
        heap: &M::Heap,
        device: &Device<M>,
        body: &(dyn Fn(u32, &Told) + Sync),
        check: &mut Check<'_, M>,
    ) -> Result<(), Refusal> {
        let told = Told::default();
        self.race(&|who| body(who, &told))?;
        self.run.bytes_written += told.bytes_written.into_inner();
        self.run.lost_updates += told.lost_updates.into_inner();
        self.out_of_memory += told.out_of_memory.into_inner();
        self.add_lock(device.lock_stats());
        self.account(heap, &[device.root()], &mut |mark| {
            device.walk(|_, address| mark(address));
        });
        self.run.use_after_free += device.damage().wild + told.stale.into_inner();
        match check(device, &mut self.run) {
            // A pointer that leads nowhere: what was acknowledged behind it cannot be read back, nor what
            // comes after it.
            Err(Errno::EFAULT) => self.run.lost_updates += 1,
            // To look takes memory, too, where a race has left holes.
            Err(Errno::ENOMEM) => self.out_of_memory += 1,
            _ => {}
        }
        let damage = device.damage();
        self.run.out_of_bounds += damage.overrun + damage.division;
        Ok(())
    }
}

/// An empty device of the edition of the driver that `form` names, with the lock that the driver is printed
/// with.
pub(in crate::experiment) fn device_of<M: Rig>(form: Form, geometry: Geometry) -> Result<Device<M>, Errno> {
    let edition = Edition::of(form).unwrap_or_default();
    Device::of_module(0, Edition::LOCK, edition, &Arc::new(Parameters::new(geometry)))
}

/// Fills the first `quanta` quanta, each with `bytes`, which are as long as one.
pub(in crate::experiment) fn prepare_quanta<M: Rig>(
    device: &Device<M>,
    quanta: usize,
    bytes: &[u8],
) -> Result<(), Errno> {
    (0..quanta).try_for_each(|index| write_at(device, index * bytes.len(), bytes).map(drop))
}

/// Writes `bytes` at `position` through a file of its own.
pub(in crate::experiment) fn write_at<M: Rig>(
    device: &Device<M>,
    position: usize,
    bytes: &[u8],
) -> Result<usize, Errno> {
    let mut file = device.open(Mode::ReadWrite)?;
    file.llseek(Whence::Set, position as i64)?;
    file.write(bytes)
}

/// Reads at `position` through a file of its own.
pub(in crate::experiment) fn read_at<M: Rig>(
    device: &Device<M>,
    position: usize,
    into: &mut [u8],
) -> Result<usize, Errno> {
    let mut file = device.open(Mode::Read)?;
    file.llseek(Whence::Set, position as i64)?;
    file.read(into)
}
