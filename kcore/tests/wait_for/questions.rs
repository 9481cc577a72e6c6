//! What is asked of the graph besides the tasks that wait for ever.

use kcore::event::{LockStep, Mode};
use kcore::list::List;

use crate::places::P5;
use crate::world::{LOCKS, READY, SEM, World, task};

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
    world.tell(task(0), LockStep::GaveUp, READY, Mode::Exclusive, P5);
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
