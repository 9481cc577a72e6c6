//! What people read, and what goes over the wire.

use kcore::event::Actor;
use kcore::machine::{Context, CpuId, TaskId};
use kcore::wait_for::{EDGES, Where};

use crate::places::{P5, P7};
use crate::world::{DEVICE, READY, SEM, World, irq, name, softirq, task, text};

#[test]
fn two_tasks() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.take(task(1), 1);
    world.wait(task(0), 1);
    let expected = "\
deadlock: 2 tasks wait for each other
  writer-B (CPU 1) waits for scull0.lock at places.rs:6; writer-A holds it since places.rs:5
  writer-A (CPU 0) waits for scull1.lock at places.rs:7; writer-B holds it since places.rs:6";
    assert_eq!(text(world.wait(task(1), 0)), expected);
}

#[test]
fn oneself() {
    let mut world = World::new();
    world.take(task(0), 0);
    let expected = "\
deadlock: writer-A waits for itself
  writer-A (CPU 0) waits for scull0.lock at places.rs:7; has it already, since places.rs:5";
    assert_eq!(text(world.wait_at(task(0), 0, P7)), expected);
}

#[test]
fn a_handler() {
    let mut world = World::new();
    world.take(task(0), DEVICE);
    let expected = "\
deadlock: a handler waits for writer-A, which it has interrupted
  interrupt handler on CPU 0, on top of writer-A, waits for device.lock at places.rs:6; writer-A holds it since \
                    places.rs:5 and cannot run: the interrupt handler is on top of it";
    assert_eq!(text(world.wait(irq(0), DEVICE)), expected);
}

#[test]
fn a_softirq_as_a_holder() {
    let mut world = World::new();
    world.take(softirq(1), 0);
    world.take(task(0), 1);
    world.wait(softirq(1), 1);
    let expected = "\
deadlock: 2 tasks wait for each other
  writer-A (CPU 0) waits for scull0.lock at places.rs:6; the softirq on top of writer-B holds it since places.rs:5
  softirq on CPU 1, on top of writer-B, waits for scull1.lock at places.rs:7; writer-A holds it since places.rs:6";
    assert_eq!(text(world.wait(task(0), 0)), expected);
}

#[test]
fn a_holder_that_has_returned() {
    let mut world = World::new();
    world.take(task(0), SEM);
    world.graph.ended(TaskId(0));
    let expected = "\
stuck: 1 task waits for a lock that was never given back
  writer-B (CPU 1) waits for scull0.sem at places.rs:7; writer-A holds it since places.rs:6 and has returned \
                    without giving it back";
    assert_eq!(text(world.wait(task(1), SEM)), expected);
}

#[test]
fn a_holder_that_cannot_run() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.put(0, Where::Asleep, 1);
    let expected = "\
deadlock: 2 tasks wait for each other
  writer-B (CPU 1) waits for scull0.lock at places.rs:6; writer-A holds it since places.rs:5 and cannot run: \
                    writer-B spins on its CPU";
    assert_eq!(text(world.wait(task(1), 0)), expected);
}

#[test]
fn a_task_without_a_cpu_comes_first() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.put(0, Where::Asleep, 1);
    world.wait(task(0), READY);
    world.wait(task(1), 0);
    let expected = "\
deadlock: 2 tasks wait for each other
  writer-A (CPU 1) cannot run: writer-B spins on its CPU
  writer-B (CPU 1) waits for scull0.lock at places.rs:6; writer-A holds it since places.rs:5";
    assert_eq!(text(world.graph.search(task(0), &world)), expected);
}

#[test]
fn nobody_is_left() {
    let mut world = World::new();
    world.wait(task(0), SEM);
    world.wait(task(1), READY);
    let expected = "\
stuck: 2 tasks wait, and nobody is left to end it
  writer-A (CPU 0) waits for scull0.sem at places.rs:7; nobody holds it
  writer-B (CPU 1) waits for data.ready at places.rs:6";
    assert_eq!(text(world.graph.stuck(&world)), expected);
}

#[test]
fn more_than_are_kept_are_counted() {
    let mut world = World::new();
    for n in 0..EDGES as u32 + 4 {
        world.wait(task(n), READY);
    }
    let text = text(world.graph.stuck(&world));
    assert!(text.starts_with("stuck: 20 tasks wait, and nobody is left to end it\n"), "{text}");
    assert!(text.ends_with("\n  and 4 more"), "{text}");
    assert_eq!(text.lines().count(), 1 + EDGES + 1);
}

#[test]
fn records_have_the_whole_path() {
    let mut world = World::new();
    world.take(task(0), DEVICE);
    let waits = world.wait(irq(0), DEVICE).expect("a finding").records(name);
    assert_eq!(waits.len(), 2);
    let [handler, below] = [&waits[0], &waits[1]];
    assert_eq!((handler.waiter.as_str(), handler.lock.as_str()), ("writer-A (hardirq)", "device.lock"));
    assert_eq!(handler.held_since, Some(format!("{}:{}", P5.file(), P5.line())));
    assert!(handler.at.ends_with("tests/wait_for/places.rs:6"), "{}", handler.at);
    assert_eq!((below.lock.as_str(), below.cpu, below.at.as_str()), ("CPU 0", 0, ""));
    assert_eq!(below.holder.as_deref(), Some("writer-A (hardirq)"));
    assert!(handler.in_cycle && below.in_cycle);
}

#[test]
fn an_edge_alone_has_a_record() {
    let mut world = World::new();
    world.wait(Actor { task: TaskId(2), context: Context::Softirq }, 0);
    let record = world.graph.edges().next().expect("an edge").record(name);
    assert_eq!((record.waiter.as_str(), record.cpu), ("writer-C (softirq)", CpuId(2).0));
    assert_eq!((record.holder, record.in_cycle), (None, false));
}
