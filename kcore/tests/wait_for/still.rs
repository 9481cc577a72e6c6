//! Nothing moves any more.

use kcore::machine::TaskId;
use kcore::settings::Verdict;

use crate::world::{READY, SEM, World, shape, task};

#[test]
fn nobody_waits() {
    let mut world = World::new();
    world.take(task(0), 0);
    assert!(world.graph.stuck(&world).is_none());
}

#[test]
fn a_wake_up_was_lost() {
    let mut world = World::new();
    assert!(world.wait(task(0), SEM).is_none());
    assert!(world.wait(task(1), READY).is_none());
    let finding = world.graph.stuck(&world).expect("a finding");
    assert_eq!((finding.verdict, shape(&finding).as_str()), (Verdict::Stuck, "A> B>"));
}

#[test]
fn a_cycle_comes_before_a_chain_and_a_chain_before_the_rest() {
    let mut world = World::new();
    world.wait(task(5), READY);
    world.take(task(0), 0);
    world.graph.ended(TaskId(0));
    world.wait(task(1), 0);
    assert_eq!(shape(&world.graph.stuck(&world).expect("a finding")), "B>A");
    world.take(task(2), 2);
    world.wait(task(2), 2);
    assert_eq!(shape(&world.graph.stuck(&world).expect("a finding")), "C>C*");
    assert_eq!(world.graph.edges().count(), 3);
}
