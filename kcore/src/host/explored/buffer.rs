//! Store buffers: what a task has stored, and no other task sees yet (Intel SDM vol. 3A, 10.2.2).

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::region::outside;
use super::task::Buffered;
use super::world::{NAMELESS, World};
use crate::event::{Access, Op};
use crate::explore::{Act, Line, Object, Of, Step, Want};
use crate::machine::TaskId;
use crate::place::Place;

impl World {
    /// The fence of a task; [`None`] where none is needed.
    pub(super) fn fence_of(&self, task: TaskId) -> Option<Object> {
        self.buffered.then_some(Object(NAMELESS + (1 << 40) + u64::from(task.0)))
    }

    /// The running task's store waits in its buffer, if there are any.
    pub(super) fn buffer(&mut self, store: &Access, at: Place) -> bool {
        let (Op::Store(bits) | Op::Put(bits)) = store.op else { return false };
        let is_word = store.size == size_of::<usize>();
        let since = self.transcript.as_ref().map_or(0, |transcript| transcript.lines.len());
        match self.task().filter(|_| is_word) {
            None => false,
            Some(task) => {
                let after = task.made;
                outside(|| task.buffer.push_back(Buffered { store: *store, bits, at, after, since }));
                true
            }
        }
    }

    /// What the running task has stored to the word at `address`, if that waits.
    pub(super) fn forwarded(&mut self, address: usize) -> Option<usize> {
        let own = self.task()?.buffer.iter().rfind(|waiting| waiting.store.address == address)?;
        Some(own.bits)
    }

    /// The first store of task `who` that waits takes effect.
    pub(super) fn leave_buffer(&mut self, who: u8) {
        let task = &mut self.tasks[usize::from(who)];
        let Buffered { store, bits, at, since, .. } =
            task.buffer.pop_front().expect("a store that leaves has waited");
        task.left += 1;
        let word: *const AtomicUsize = core::ptr::with_exposed_provenance(store.address);
        // SAFETY: a task was about to store to this `Shared`, which is a word and an atomic; what tasks use
        // stays mapped as long as the execution.
        let before = unsafe { &*word }.swap(bits, Relaxed);
        let (step, of) = (self.step_of(&store), Of::Access(store.site, store.op));
        if let Some(transcript) = &mut self.transcript {
            let word = Some([before, bits]);
            transcript.lines.push(Line { buffered_since: Some(since), word, ..Line::new(who, step, of, at) });
        }
        self.refresh(who);
    }

    fn step_of(&self, store: &Access) -> Step {
        Step { object: self.name(store.address), size: store.size as u64, act: Act::Store }
    }

    /// How a task wants to make its next step. Loads and looks are made beside its buffer; for all else that
    /// must be empty.
    pub(super) fn want(&self, who: usize, step: Step) -> Want {
        let task = &self.tasks[who];
        if matches!(step.act, Act::Load | Act::Await { .. }) && step.size <= size_of::<usize>() as u64 {
            return Want::of(step);
        }
        let stores = task.left + task.buffer.len() as u32;
        let after = (stores > 0).then_some(((self.tasks.len() + who) as u8, stores));
        Want { step, after, ready: task.buffer.is_empty() }
    }

    /// Which store of a task leaves its buffer next.
    pub(super) fn leaving(&self, who: usize) -> Option<Want> {
        let Buffered { store, after, .. } = self.tasks[who].buffer.front()?;
        let after = (*after > 0).then_some((who as u8, *after));
        Some(Want { step: self.step_of(store), after, ready: true })
    }
}
