//! Seats that are withdrawn and offered anew while tasks come: each that sits down is woken, whatever happens
//! to its seat.

use std::marker::PhantomData;
use std::sync::Arc;

use kcore::class;
use kcore::machine::{AtomicFlag, Sched, TaskId};
use kcore::session::Crew;
use kcore::sync::SpinLock;

use crate::bodies::{each, model, objects, spawn};
use crate::machine::Parking;
use crate::twins::ASLEEP;

/// Seats of each offer. A task that has one waits until all are taken.
const SEATS: usize = 2;

/// What may be wrong with a [`Room`].
trait Blunder: Send + Sync + 'static {
    /// A seat is taken first, and its task is noted later.
    const NOTES_LATER: bool = false;
    /// A seat with the same number is taken for the same seat.
    const CONFUSES: bool = false;
}

struct None;
impl Blunder for None {}

struct NotesLater;
impl Blunder for NotesLater {
    const NOTES_LATER: bool = true;
}

struct Confuses;
impl Blunder for Confuses {
    const CONFUSES: bool = true;
}

/// The number of no task of the model.
const NOBODY: TaskId = TaskId(99);

/// What the kernel has behind the lock of its session.
struct Table<B> {
    crew: Crew,
    /// The tasks that have arrived and wait for the others.
    waits: [bool; SEATS],
    _blunder: PhantomData<B>,
}

impl<B: Blunder> Table<B> {
    fn is(&self, who: u8, task: TaskId) -> bool {
        self.crew.is(who, task) || B::CONFUSES && u32::from(who) < self.crew.seats().0
    }

    /// `task` arrives at seat `who`: it waits, or is the last and lets the others go.
    fn arrive(&mut self, who: u8, task: TaskId) {
        if self.is(who, task) {
            self.waits[usize::from(who)] = true;
        }
        if self.waits == [true; SEATS] {
            self.waits = [false; SEATS];
        }
    }

    fn may_go(&self, who: u8, task: TaskId) -> bool {
        !self.is(who, task) || !self.waits[usize::from(who)]
    }

    /// The tasks that are known to sit.
    fn tasks(&self) -> Vec<TaskId> {
        self.crew.tasks().filter(|task| *task != NOBODY).collect()
    }
}

type Room<B> = SpinLock<Table<B>, Parking>;

fn room<B: Blunder>() -> Room<B> {
    let table = Table { crew: Crew::nobody(), waits: [false; SEATS], _blunder: PhantomData };
    SpinLock::from_flag(AtomicFlag::new(false), class!("test"), table)
}

/// A task comes, and waits for the others if it gets a seat.
fn come<B: Blunder>(room: &Room<B>) {
    let me = Parking::task();
    let mut table = room.lock();
    let Some(who) = table.crew.take(if B::NOTES_LATER { NOBODY } else { me }) else { return };
    if B::NOTES_LATER {
        drop(table);
        table = room.lock();
        table.crew.enter(who, me);
    }
    drop(table);
    let mut table = room.lock();
    table.arrive(who, me);
    let tasks = table.tasks();
    drop(table);
    tasks.into_iter().for_each(Parking::wake);
    while !room.lock().may_go(who, me) {
        Parking::block();
    }
}

fn withdraw<B: Blunder>(room: &Room<B>) {
    let mut table = room.lock();
    table.crew.withdraw();
    table.waits = [false; SEATS];
    let tasks = table.tasks();
    drop(table);
    tasks.into_iter().for_each(Parking::wake);
}

/// Two tasks come while seats are offered, withdrawn, offered anew and withdrawn: none sleeps for ever.
fn lets_all_go<B: Blunder>() {
    let room = Arc::new(room::<B>());
    room.lock().crew.offer(SEATS as u32);
    let mut tasks = each(2, &room, come);
    tasks.push(spawn(&room, |room| {
        withdraw(room);
        room.lock().crew.offer(SEATS as u32);
        withdraw(room);
    }));
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn who_sits_is_woken() {
    model(2, lets_all_go::<None>);
}

#[test]
fn who_is_noted_later_takes_the_place_of_another() {
    objects(ASLEEP, lets_all_go::<NotesLater>);
}

#[test]
fn who_has_an_old_seat_waits_in_the_place_of_another() {
    objects(ASLEEP, lets_all_go::<Confuses>);
}
