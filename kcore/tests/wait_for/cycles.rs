//! Locks with one holder: cycles of tasks, of handlers, and round a CPU.

use kcore::event::{LockStep, Mode};
use kcore::machine::{CpuId, TaskId};
use kcore::settings::Verdict;
use kcore::wait_for::{Finding, Tasks, Where};

use crate::places::P5;
use crate::world::{DEVICE, SEM, World, irq, shape, softirq, task};

fn deadlock(finding: Option<Finding>, expected: &str) {
    let finding = finding.expect("a finding");
    assert_eq!((finding.verdict, shape(&finding).as_str()), (Verdict::Deadlock, expected));
}

fn stuck(finding: Option<Finding>, expected: &str) {
    let finding = finding.expect("a finding");
    assert_eq!((finding.verdict, shape(&finding).as_str()), (Verdict::Stuck, expected));
}

fn nothing(finding: Option<Finding>) {
    assert_eq!(finding.map(|finding| shape(&finding)), None);
}

/// Task n takes lock n and then wants lock n + 1. `first` is the number of the first lock.
fn ring(size: u32, first: usize) -> (World, Option<Finding>) {
    let mut world = World::new();
    for n in 0..size {
        world.take(task(n), first + n as usize);
    }
    for n in 0..size - 1 {
        nothing(world.wait(task(n), first + n as usize + 1));
    }
    let last = world.wait(task(size - 1), first);
    (world, last)
}

#[test]
fn rings_are_found_at_their_last_wait() {
    deadlock(ring(2, 0).1, "B>A* A>B*");
    deadlock(ring(3, 0).1, "C>A* A>B* B>C*");
    deadlock(ring(5, 0).1, "E>A* A>B* B>C* C>D* D>E*");
    deadlock(ring(2, SEM).1, "B>A* A>B*");
    deadlock(ring(3, SEM).1, "C>A* A>B* B>C*");
}

#[test]
fn who_runs_into_a_ring_is_not_part_of_it() {
    let (mut world, _) = ring(2, 0);
    deadlock(world.wait(task(2), 0), "C>A A>B* B>A*");
    deadlock(world.graph.search_all(&world), "A>B* B>A*");
}

#[test]
fn a_chain_is_no_ring() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.take(task(1), 1);
    nothing(world.wait(task(1), 0));
    nothing(world.wait(task(2), 1));
    nothing(world.graph.search_all(&world));
}

#[test]
fn a_release_breaks_a_ring_in_the_making() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.take(task(1), 1);
    nothing(world.wait(task(0), 1));
    world.give(task(1), 1);
    nothing(world.wait(task(1), 0));
    world.take(task(0), 1);
    nothing(world.graph.search_all(&world));
}

#[test]
fn who_has_given_up_waits_no_more() {
    let mut world = World::new();
    world.take(task(0), SEM);
    world.take(task(1), SEM + 1);
    nothing(world.wait(task(0), SEM + 1));
    world.tell(task(0), LockStep::GaveUp, SEM + 1, Mode::Exclusive, P5);
    nothing(world.wait(task(1), SEM));
    deadlock(world.wait(task(0), SEM + 1), "A>B* B>A*");
}

#[test]
fn a_wait_with_a_limit_ends_by_itself() {
    let mut world = World::new();
    world.limited.push(TaskId(0));
    world.take(task(0), SEM);
    world.take(task(1), SEM + 1);
    nothing(world.wait(task(0), SEM + 1));
    nothing(world.wait(task(1), SEM));
    world.limited.clear();
    deadlock(world.graph.search(task(1), &world), "B>A* A>B*");
}

#[test]
fn a_round_forgets_the_one_before() {
    let (mut world, _) = ring(2, 0);
    world.graph.forget_all();
    assert!(!world.graph.is_waiting());
    nothing(world.wait(task(2), 0));
}

#[test]
fn a_task_waits_for_itself() {
    for lock in [0, SEM] {
        let mut world = World::new();
        world.take(task(0), lock);
        deadlock(world.wait(task(0), lock), "A>A*");
    }
}

#[test]
fn a_handler_waits_for_the_task_below_it() {
    for handler in [irq(0), softirq(0)] {
        let mut world = World::new();
        world.take(task(0), DEVICE);
        let finding = world.wait(handler, DEVICE).expect("a finding");
        assert_eq!(finding.verdict, Verdict::Deadlock);
        assert_eq!(finding.edges.iter().filter(|edge| edge.in_cycle).count(), 2);
    }
}

#[test]
fn a_handler_waits_for_a_task_on_another_cpu() {
    let mut world = World::new();
    world.take(task(1), DEVICE);
    nothing(world.wait(irq(0), DEVICE));
}

#[test]
fn a_handler_keeps_the_softirq_below_it() {
    let mut world = World::new();
    world.take(softirq(0), DEVICE);
    deadlock(world.wait(irq(0), DEVICE), "A (hardirq)>A (softirq)* A (softirq)>A (hardirq)*");
}

#[test]
fn a_softirq_does_not_keep_a_handler() {
    let mut world = World::new();
    world.take(irq(0), DEVICE);
    nothing(world.wait(softirq(0), DEVICE));
}

#[test]
fn two_handlers_wait_for_each_others_tasks() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.take(task(1), 1);
    nothing(world.wait(irq(0), 1));
    deadlock(world.wait(irq(1), 0), "B (hardirq)>A* A>A (hardirq)* A (hardirq)>B* B>B (hardirq)*");
}

#[test]
fn a_holder_sleeps_on_the_cpu_of_a_spinner() {
    for place in [Where::Asleep, Where::Runnable] {
        let mut world = World::new();
        world.take(task(0), 0);
        world.put(0, place, 1);
        deadlock(world.wait(task(1), 0), "B>A* A>B*");
    }
}

#[test]
fn a_holder_sleeps_on_another_cpu() {
    for place in [Where::Asleep, Where::Runnable, Where::OnCpu] {
        let mut world = World::new();
        world.take(task(0), 0);
        world.put(0, place, 3);
        nothing(world.wait(task(1), 0));
    }
}

#[test]
fn a_spinner_that_can_be_preempted_keeps_nobody() {
    let mut world = World::new();
    world.keeps_cpu = false;
    world.take(task(0), 0);
    world.put(0, Where::Runnable, 1);
    nothing(world.wait(task(1), 0));
}

#[test]
fn a_sleeper_keeps_no_cpu() {
    let mut world = World::new();
    world.take(task(0), SEM);
    world.put(0, Where::Runnable, 1);
    nothing(world.wait(task(1), SEM));
}

#[test]
fn a_handler_keeps_other_tasks_of_its_cpu_too() {
    let mut world = World::new();
    world.keeps_cpu = false;
    world.take(task(0), DEVICE);
    world.put(0, Where::Runnable, 1);
    deadlock(world.wait(irq(1), DEVICE), "B (hardirq)>A* A>B (hardirq)*");
}

#[test]
fn a_sleeping_holder_whose_wake_up_is_kept_out() {
    // A has the spinlock and sleeps for a semaphore that C is free to give; but A could not run then.
    let mut world = World::new();
    world.take(task(2), SEM);
    world.take(task(0), 0);
    world.put(0, Where::Asleep, 1);
    nothing(world.wait(task(0), SEM));
    deadlock(world.wait(task(1), 0), "B>A* A>B*");
}

#[test]
fn two_spinners_keep_each_others_holders() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.take(task(1), 1);
    world.put(0, Where::Runnable, 2);
    world.put(1, Where::Runnable, 3);
    nothing(world.wait(task(2), 1));
    deadlock(world.wait(task(3), 0), "D>A* A>C* C>B* B>D*");
}

#[test]
fn a_lock_that_was_never_given_back() {
    let mut world = World::new();
    world.take(task(0), 0);
    world.graph.ended(TaskId(0));
    stuck(world.wait(task(1), 0), "B>A");
    world.take(task(2), 1);
    nothing(world.wait(task(3), 1));
    stuck(world.wait(task(2), 0), "C>A");
    stuck(world.graph.search(task(3), &world), "D>C C>A");
}

#[test]
fn the_scheduler_knows_that_the_holder_has_ended() {
    let mut world = World::new();
    world.take(task(0), 0);
    nothing(world.wait(task(1), 0));
    world.put(0, |_| Where::Ended, 0);
    let finding = world.graph.search(task(1), &world).expect("a finding");
    assert!(finding.edges.iter().all(|edge| edge.has_ended && edge.cpu == CpuId(1)));
}

#[test]
fn more_waits_than_there_is_room_for() {
    let mut world = World::new();
    for n in 0..150 {
        world.take(task(n), 1000 + n as usize);
    }
    for n in 0..150 {
        nothing(world.wait(task(n), 1000 + (n as usize + 1) % 150));
    }
    assert_eq!(world.graph.unseen(), 150 - kcore::wait_for::WAITS);
    nothing(world.wait(task(0), 1000));
    deadlock(world.graph.stuck(&world), "A>A*");
}

#[test]
fn a_long_ring_says_how_many_more() {
    let size = 100;
    let mut world = World::new();
    (0..size).for_each(|n| world.take(task(n), 1000 + n as usize));
    let mut last = None;
    for n in 0..size {
        nothing(last);
        last = world.wait(task(n), 1000 + (n as usize + 1) % size as usize);
    }
    let finding = last.expect("a finding");
    assert_eq!(finding.verdict, Verdict::Deadlock);
    assert_eq!(finding.edges.len() + finding.edges.dropped(), size as usize);
    assert!(crate::world::text(Some(finding)).starts_with("deadlock: 100 tasks wait for each other"));
}

/// Two that wait for each other, behind more tasks than a finding has edges for.
#[test]
fn a_ring_at_the_end_of_a_long_chain_is_found() {
    let chain = 20;
    let mut world = World::new();
    (0..chain).for_each(|n| world.take(task(n), 1000 + n as usize));
    // The last two are the ring.
    for n in (1..chain).rev().chain([0]) {
        let next = if n == 0 { 1 } else { n - 1 };
        world.tell(task(n), LockStep::Wait, 1000 + next as usize, Mode::Exclusive, P5);
    }
    let finding = world.graph.search(task(chain - 1), &world).expect("a finding");
    assert_eq!((finding.verdict, finding.edges.len()), (Verdict::Deadlock, kcore::wait_for::EDGES));
    assert!(finding.edges.dropped() > 0);
}

/// What the tasks know when nothing is said of waits that end by themselves: that none does.
#[test]
fn a_wait_has_no_limit_unless_it_is_said() {
    struct OnTheirCpus;
    impl Tasks for OnTheirCpus {
        fn whereabouts(&self, task: TaskId) -> Where {
            Where::OnCpu(CpuId(task.0))
        }
    }
    let (world, _) = ring(2, SEM);
    deadlock(world.graph.search(task(0), &OnTheirCpus), "A>B* B>A*");
}

/// Each spins for what a sleeper has whose CPU the next one keeps: two steps for each wait, and the last has
/// ended.
#[test]
fn a_chain_round_many_cpus_is_followed_to_its_end() {
    let mut world = World::new();
    for n in 0..5 {
        world.take(task(10 + n), n as usize);
        world.put(10 + n, Where::Asleep, n + 1);
    }
    world.take(task(20), 5);
    world.graph.ended(TaskId(20));
    for n in 0..6 {
        world.wait(task(n), n as usize);
    }
    stuck(world.graph.search(task(0), &world), "A>K K>B B>L L>C C>M M>D D>N N>E E>O O>F F>U");
}
