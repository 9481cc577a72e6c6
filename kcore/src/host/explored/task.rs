//! A task that is explored: where it is, and what it wants to do next.

use core::ptr::NonNull;
use std::collections::VecDeque;

use corosensei::{Coroutine, Yielder};

use super::region::{PartStack, Room};
use crate::event::{Access, Actor, Event, What};
use crate::explore::{Object, Of};
use crate::holds::Held;
use crate::machine::{CpuId, TaskId};
use crate::place::Place;
use crate::session::Standing;

/// By which a task gives its turn back.
pub(super) type Turns = Yielder<(), ()>;

/// A participant.
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) coroutine: Option<Coroutine<(), (), bool, PartStack>>,
    pub(super) yielder: Option<NonNull<Turns>>,
    pub(super) room: Room,
    pub(super) at: Place,
    /// What the step is about that it is to make next.
    pub(super) of: Of,
    pub(super) looks: Option<Looks>,
    /// Its stores that no other task sees yet.
    pub(super) buffer: VecDeque<Buffered>,
    /// Steps that it has made, and stores that have left its buffer.
    pub(super) made: u32,
    pub(super) left: u32,
    /// What makes one of its allocations fail has not come yet, or has come, and none has failed.
    pub(super) may_fail: bool,
    pub(super) fails: bool,
    /// How often it has spun without a look since its last step.
    pub(super) vain_turns: u32,
    pub(super) held: Held,
}

/// A store that waits in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Buffered {
    pub(super) store: Access,
    pub(super) bits: usize,
    pub(super) at: Place,
    /// After how many steps of its task.
    pub(super) after: u32,
    /// And after how many of all tasks, if they are written down.
    pub(super) since: usize,
}

/// The last two places at which a task has looked since it waited last.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    /// What, and how many bytes.
    pub(super) last: (Object, u64),
    /// The one before it.
    pub(super) before: Option<(Object, u64)>,
}

impl Task {
    pub(super) fn new() -> Self {
        Task {
            id: TaskId(0),
            coroutine: None,
            yielder: None,
            room: Room::default(),
            at: Place::caller(),
            of: Of::Nothing,
            looks: None,
            buffer: VecDeque::new(),
            made: 0,
            left: 0,
            may_fail: true,
            fails: false,
            vain_turns: 0,
            held: Held::none(),
        }
    }

    /// Another execution begins.
    pub(super) fn forget(&mut self) {
        (self.id, self.room, self.made, self.left) = (TaskId(0), Room::default(), 0, 0);
        self.coroutine = None;
        self.buffer.clear();
    }

    /// It begins as task number `id`, and where it is the first of its execution, allocates in `room`: else
    /// behind what the one before it has allocated. Steps are counted on from those of the one before it.
    pub(super) fn begin(&mut self, id: TaskId, room: Room) {
        self.id = id;
        if self.room.is_empty() {
            self.room = room;
        }
        (self.yielder, self.of, self.looks) = (None, Of::Nothing, None);
        (self.vain_turns, self.may_fail, self.fails) = (0, true, false);
        self.buffer.clear();
        self.held.forget_observed();
    }
    /// What it does next.
    pub(super) fn event(&self, what: What, at: Place) -> Event {
        Event { actor: Actor::task(self.id), cpu: CpuId(self.id.0), at, what }
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Standing<'_> {
        Standing { who: None, held: &self.held, is_atomic: false, interrupts_off: false, preemptive: true }
    }
}
