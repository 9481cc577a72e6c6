//! What can happen, in whichever execution: each once.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::wakeup::Move;

/// Steps of all executions. Two of them are the same event if the part makes the same step and the same
/// events happened before it; so two executions are equivalent if their events are the same.
#[derive(Debug, Default)]
pub(super) struct Events {
    numbers: BTreeMap<Event, Number>,
    moves: Vec<Move>,
}

/// Stands for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(u32);

/// The last event of each part; [`None`] of one that has made no step. What happened before these has
/// happened, too.
pub(super) type Happened = Box<[Option<Number>]>;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    made: Move,
    before: Happened,
}

impl Events {
    /// The event that `made` is where this has happened before it.
    pub(super) fn number(&mut self, made: &Move, before: Happened) -> Number {
        let moves = &mut self.moves;
        *self.numbers.entry(Event { made: *made, before }).or_insert_with(|| {
            moves.push(*made);
            Number(u32::try_from(moves.len() - 1).expect("fewer events fit into memory"))
        })
    }

    /// The step that it is.
    pub(super) fn get(&self, event: Number) -> &Move {
        &self.moves[event.0 as usize]
    }
}
