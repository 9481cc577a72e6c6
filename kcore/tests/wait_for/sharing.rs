//! Locks with several holders, and those whose last taker does not have them.

use kcore::event::Mode;
use kcore::holds::HOLDERS;
use kcore::machine::TaskId;

use crate::places::P5;
use crate::world::{READY, SEM, TOKEN, UNITS, World, irq, shape, task};

/// A lock that is free and tells nothing is forgotten, or locks that come and go would fill the graph in the
/// end.
#[test]
fn locks_that_come_and_go_leave_room() {
    let mut world = World::new();
    world.take(task(0), 0);
    for address in 1..5000 {
        world.take(task(1), address);
        world.give(task(1), address);
    }
    assert_eq!(world.graph.unseen(), 0);
    assert!(world.wait(task(0), 0).is_some(), "the one that is held was kept");
}

#[test]
fn one_unit_of_two_may_come_back() {
    let mut world = World::new();
    world.take(task(0), UNITS);
    world.take(task(1), UNITS);
    world.take(task(2), SEM);
    assert!(world.wait(task(0), SEM).is_none());
    // C waits for A and B. A waits for C, but B runs.
    assert!(world.wait(task(2), UNITS).is_none());
    // Now B waits for C, too.
    let finding = world.wait(task(1), SEM).expect("a finding");
    assert_eq!(shape(&finding), "B>C C>A* A>C*");
}

#[test]
fn one_unit_of_two_is_on_its_way() {
    let mut world = World::new();
    world.take(task(0), UNITS);
    world.take(task(1), UNITS);
    world.take(task(2), SEM);
    assert!(world.wait(task(2), UNITS).is_none());
    // C has been handed A's unit, but does not know yet. So B does not wait in vain.
    world.give(task(0), UNITS);
    assert!(world.wait(task(1), SEM).is_none());
    world.take(task(2), UNITS);
    assert!(world.graph.search_all(&world).is_none());
}

#[test]
fn a_unit_that_came_back_during_the_wait_may_be_on_its_way() {
    let mut world = World::new();
    world.take(task(0), UNITS);
    world.take(task(1), UNITS);
    world.take(task(2), SEM);
    assert!(world.wait(task(2), UNITS).is_none());
    // Which task got A's unit is not known. That A has one again does not say that C has none.
    world.give(task(0), UNITS);
    world.take(task(0), UNITS);
    assert!(world.wait(task(0), SEM).is_none());
    assert!(world.wait(task(1), SEM).is_none());
    // One that waits from now on has got none.
    assert!(world.wait(task(2), UNITS).is_some());
}

/// The unit came back before it waited, and it found none: the holders of the units have them.
#[test]
fn a_unit_that_came_back_before_the_wait_is_not_on_its_way() {
    let mut world = World::new();
    world.take(task(0), UNITS);
    world.take(task(1), UNITS);
    world.take(task(2), SEM);
    world.give(task(0), UNITS);
    assert!(world.wait(task(2), UNITS).is_none(), "it is told of late that A has got one again");
    world.take(task(0), UNITS);
    assert!(world.wait(task(0), SEM).is_none(), "B runs");
    assert!(world.wait(task(1), SEM).is_some());
}

#[test]
fn more_locks_than_there_is_room_for() {
    let mut world = World::new();
    // Held ones are not forgotten.
    let held = (1..).find(|&address| {
        world.take(task(0), address);
        world.graph.unseen() > 0
    });
    let room = held.unwrap() - 1;
    assert!((100..10_000).contains(&room), "{room}");
    world.give(task(0), room + 1);
    assert_eq!(world.graph.unseen(), 2, "an acquisition and a release");
    world.take(task(0), room + 2);
    assert_eq!(world.graph.unseen(), 3);
    world.graph.forget_all();
    assert_eq!(world.graph.unseen(), 0);
}

#[test]
fn a_writer_waits_for_a_reader_that_waits_for_it() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.take(task(1), 0);
    world.take(task(2), 1);
    assert!(world.wait(task(2), 0).is_none());
    assert!(world.wait(task(0), 1).is_none());
    // The other reader leaves. Only when nothing moves any more is it certain that no reader is about to come
    // in.
    world.give(task(1), 0);
    assert!(world.graph.search_all(&world).is_none());
    assert_eq!(shape(&world.graph.stuck(&world).expect("a finding")), "C>A* A>C*");
}

#[test]
fn a_lock_is_free_when_all_readers_have_left() {
    let mut world = World::new();
    for n in 0..3 {
        world.take(task(n), 0);
    }
    for n in 0..3 {
        world.give(task(n), 0);
        world.graph.ended(TaskId(n));
    }
    assert!(world.wait(task(3), 0).is_none());
    assert_eq!(shape(&world.graph.stuck(&world).expect("a finding")), "D>");
}

#[test]
fn more_readers_than_are_known_by_name() {
    let readers = HOLDERS as u32 + 2;
    let mut world = World::new();
    (0..readers).for_each(|n| world.take(task(n), 0));
    (0..readers).for_each(|n| world.graph.ended(TaskId(n)));
    assert!(world.wait(task(20), 0).is_none(), "two of them are not known to have ended");
    (HOLDERS as u32..readers).for_each(|n| world.give(task(n), 0));
    (1..HOLDERS as u32).for_each(|n| world.give(task(n), 0));
    assert_eq!(shape(&world.graph.stuck(&world).expect("a finding")), "U>A");
}

#[test]
fn an_event_has_no_holder() {
    let mut world = World::new();
    world.take(task(0), READY);
    assert!(world.wait(task(0), READY).is_none(), "A waits for the next one");
    world.graph.ended(TaskId(0));
    assert!(world.wait(task(1), READY).is_none());
    assert_eq!(shape(&world.graph.stuck(&world).expect("a finding")), "B>");
}

#[test]
fn who_is_signalled_does_not_have_the_signal() {
    // Named as a lock by mistake; but B gives what it never had.
    let mut world = World::new();
    assert!(world.wait(task(0), SEM).is_none());
    world.give(task(1), SEM);
    world.take(task(0), SEM);
    assert!(world.wait(task(0), SEM).is_none());
    world.give(irq(1), SEM);
    world.take(task(0), SEM);
    assert!(world.wait(task(1), SEM).is_none());
}

#[test]
fn a_token_is_a_lock() {
    let mut world = World::new();
    world.take(task(0), TOKEN);
    assert!(world.wait(task(1), TOKEN).is_none());
    world.give(task(0), TOKEN);
    world.take(task(1), TOKEN);
    assert_eq!(shape(&world.wait(task(1), TOKEN).expect("a finding")), "B>B*");
}

#[test]
fn a_lock_that_another_gives_back_proves_nothing_from_then_on() {
    let mut world = World::new();
    world.take(task(0), SEM);
    world.give(task(1), SEM);
    world.take(task(0), SEM);
    assert!(world.wait(task(0), SEM).is_none());
}

/// What a writer has is no reader's, and what a reader has is no writer's, however many readers there were.
#[test]
fn a_reader_keeps_a_writer_out() {
    let mut world = World::new();
    world.share(task(0), 0);
    world.share(task(1), 0);
    world.give(task(1), 0);
    world.take(task(2), 1);
    assert!(world.wait(task(2), 0).is_none());
    assert_eq!(shape(&world.wait(task(0), 1).expect("a finding")), "A>C* C>A*");
}

/// When a writer leaves, those that read next may both be in, and one of them has not told so yet.
#[test]
fn a_reader_that_comes_in_with_another_does_not_wait_for_it() {
    let mut world = World::new();
    world.take(task(2), 0);
    world.take(task(1), 1);
    assert!(world.wait_as(task(1), 0, Mode::Shared, P5).is_none());
    world.give(task(2), 0);
    world.share(task(0), 0);
    assert!(world.wait(task(0), 1).is_none(), "B is about to tell that it reads");
}

/// A reader of a seqlock that has seen the writer leave, neither of which has told so: a handler on top of
/// the writer waits for what the reader gives back.
#[test]
fn a_reader_that_has_no_lock_may_be_through() {
    for (above, expected) in [(irq(1), ""), (irq(0), "A>B*")] {
        let mut world = World::new();
        world.take(task(1), 0);
        world.take(task(0), 1);
        assert!(world.wait_as(task(0), 0, Mode::Passing, P5).is_none());
        let found = world.wait(above, 1);
        assert_eq!(found.is_some(), !expected.is_empty(), "{found:?}");
    }
}
