//! The ticket lock, and twins whose words or flag forget an order.

use kcore::class;
use kcore::event::Class;
use kcore::machine::{AtomicFlag, Cpu};
use kcore::sync::{AtomicWord, RawLock, TicketLock};

use crate::bodies::{Section, excludes, objects};
use crate::machine::{Dozing, LoadThenStore, Parking, RingingWord, Wrong};
use crate::more::{LaxLoad, LaxStore, LoomWord};
use crate::right::holds;
use crate::twins::UNORDERED;

type Ticket<M, A = LoomWord> = TicketLock<M, Class, A>;

impl<M: Cpu + 'static, A: AtomicWord + 'static> Section for Ticket<M, A> {
    fn new(_units: usize) -> Self {
        TicketLock::from_flag(M::Flag::new(false), class!("test"))
    }
    fn within(&self, body: impl FnOnce()) {
        RawLock::<M>::enter(self, ());
        body();
        RawLock::<M>::leave(self, ());
    }
}

#[test]
fn excludes_two() {
    holds(4, || excludes::<Ticket<Dozing>>(2, 2));
}

#[test]
fn excludes_three() {
    holds(3, || excludes::<Ticket<Parking, RingingWord<true>>>(3, 1));
}

#[test]
fn turn_seen_without_acquire() {
    objects(UNORDERED, || excludes::<Ticket<Dozing, LaxLoad>>(2, 1));
}

#[test]
fn turn_given_without_release() {
    objects(UNORDERED, || excludes::<Ticket<Dozing, LaxStore>>(2, 1));
}

/// Two tasks draw the same ticket, and the one whose turn is over when it looks waits for ever.
#[test]
fn ticket_drawn_in_two_steps() {
    objects("maximum number of branches", || excludes::<Ticket<Dozing<Wrong<LoadThenStore>>>>(2, 1));
}
