//! What is asked of the graph besides who waits for ever.

use kcore::wait_for::List;

use crate::places::{ALL, P5};
use crate::world::{LOCKS, READY, SEM, World, irq, task};

#[test]
fn who_has_what() {
    let mut world = World::new();
    assert_eq!(world.graph.held_by(task(0)).count(), 0);
    world.take(task(0), SEM);
    world.take(task(1), 1);
    world.take(task(0), 0);
    assert_eq!(
        world.graph.held_by(task(0)).collect::<Vec<_>>(),
        [(LOCKS[SEM], ALL[SEM % 5]), (LOCKS[0], P5)]
    );
    assert_eq!(world.graph.held_by(irq(0)).count(), 0, "its task has them");
    world.give(task(0), SEM);
    assert_eq!(world.graph.held_by(task(0)).collect::<Vec<_>>(), [(LOCKS[0], P5)]);
    assert_eq!(world.graph.held_by(task(1)).collect::<Vec<_>>(), [(LOCKS[1], ALL[1])]);
}

/// With a lock that spins in its hand a task must not sleep.
#[test]
fn who_must_not_sleep() {
    let mut world = World::new();
    world.take(task(0), SEM);
    assert_eq!(world.graph.spinlock_of(task(0)), None, "it sleeps");
    world.take(task(1), 0);
    world.take(task(0), 1);
    world.take(task(0), 2);
    assert_eq!(world.graph.spinlock_of(task(0)), Some((LOCKS[1], ALL[1])));
    world.give(task(0), 1);
    assert_eq!(world.graph.spinlock_of(task(0)), Some((LOCKS[2], ALL[2])));
    world.give(task(0), 2);
    assert_eq!(world.graph.spinlock_of(task(0)), None);
    assert_eq!(world.graph.spinlock_of(task(1)), Some((LOCKS[0], P5)));
}

#[test]
fn who_waits_for_what() {
    let mut world = World::new();
    assert_eq!((world.graph.is_waiting(), world.graph.awaited_by(task(0))), (false, None));
    world.wait(task(0), READY);
    world.wait(task(1), SEM);
    assert_eq!(
        [0, 1, 2].map(|n| world.graph.awaited_by(task(n))),
        [Some(LOCKS[READY]), Some(LOCKS[SEM]), None]
    );
    world.graph.gave_up(task(0));
    assert_eq!((world.graph.is_waiting(), world.graph.awaited_by(task(0))), (true, None));
    world.take(task(1), SEM);
    assert!(!world.graph.is_waiting());
}

#[test]
fn a_list_counts_what_it_has_no_room_for() {
    let mut list = List::<u32, 2>::new();
    assert!(list.is_empty());
    (0..4).for_each(|item| list.push(item));
    assert_eq!((list.len(), list.dropped(), list.is_empty()), (2, 2, false));
    assert_eq!(list.iter().copied().collect::<Vec<_>>(), [0, 1]);
    assert_eq!((list.take(|_| true), list.take(|_| true), list.take(|_| true)), (Some(0), Some(1), None));
    assert!(!list.is_empty(), "two that have no names");
    assert!(list.forget_dropped() && list.forget_dropped() && !list.forget_dropped());
    assert!(list.is_empty());
}
