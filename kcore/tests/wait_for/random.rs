//! Random programs and random graphs.

use kcore::event::{LockStep, Mode};
use kcore::machine::TaskId;
use kcore::settings::Verdict;
use proptest::prelude::*;

use crate::crew::{Crew, Do, READERS};
use crate::places::P5;
use crate::world::{SEM, World, task};

/// A small generator, so that one number decides a whole schedule.
fn chooser(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |n| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    }
}

/// Nested critical sections: the locks of each are taken in this order and given back in the reverse one.
fn program(stretches: &[Vec<usize>]) -> Vec<Do> {
    let nest = |locks: &Vec<usize>| {
        let take = locks.iter().map(|lock| Do::Take(*lock));
        take.chain(locks.iter().rev().map(|lock| Do::Give(*lock))).collect::<Vec<_>>()
    };
    stretches.iter().flat_map(nest).collect()
}

/// Up to three locks of `locks`, each once, in any order.
fn nest(locks: Vec<usize>) -> impl Strategy<Value = Vec<usize>> {
    let most = locks.len().min(3);
    prop::sample::subsequence(locks, 1..=most).prop_shuffle()
}

/// Programs of 2 to 5 tasks.
fn programs(locks: Vec<usize>) -> impl Strategy<Value = Vec<Vec<Vec<usize>>>> {
    prop::collection::vec(prop::collection::vec(nest(locks), 1..4), 2..6)
}

/// The one order of all locks: those that sleep before those that spin.
fn in_order(mut locks: Vec<usize>) -> Vec<usize> {
    locks.sort_by_key(|lock| (*lock < SEM, *lock));
    locks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whoever_keeps_the_order_is_never_accused(
        programs in programs(vec![0, 1, 2, SEM, SEM + 1, READERS]),
        cpus in 1..4u32,
        seed: u64,
    ) {
        let ordered = |stretches: &Vec<Vec<usize>>| {
            program(&stretches.iter().cloned().map(in_order).collect::<Vec<_>>())
        };
        let mut crew = Crew::new(programs.iter().map(ordered).collect(), cpus);
        crew.run(chooser(seed), 4000);
        prop_assert!(crew.found.is_none(), "{}", crew.text());
        prop_assert!(crew.all_ended(), "the model itself is wrong: {crew:?}");
    }

    #[test]
    fn the_accused_never_go_on_and_no_deadlock_is_missed(
        programs in programs(vec![0, 1, SEM, SEM + 1]),
        cpus in 1..4u32,
        seed: u64,
    ) {
        let mut crew = Crew::new(programs.iter().map(|stretches| program(stretches)).collect(), cpus);
        let mut choose = chooser(seed);
        crew.run(&mut choose, 4000);
        let Some(finding) = crew.found else {
            prop_assert!(crew.all_ended() || crew.knows_more_than_it_told(), "missed: {crew:?}");
            prop_assert!(crew.all_ended() || crew.is_stuck(), "missed, though nothing moves: {crew:?}");
            return Ok(());
        };
        let accused: Vec<TaskId> = finding.edges.iter().map(|edge| edge.waiter.task).collect();
        let before: Vec<usize> = accused.iter().map(|task| crew.progress(*task)).collect();
        crew.found = None;
        crew.is_over = true;
        crew.run(&mut choose, 4000);
        let after: Vec<usize> = accused.iter().map(|task| crew.progress(*task)).collect();
        prop_assert_eq!(finding.verdict, Verdict::Deadlock);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn random_graphs_agree_with_a_walk(
        holders in prop::collection::vec(0..8u32, 16),
        wants in prop::collection::vec(prop::option::of(0..16usize), 8),
        ended in prop::collection::vec(prop::bool::weighted(0.2), 8),
    ) {
        let mut world = World::new();
        for (lock, holder) in holders.iter().enumerate() {
            world.take(task(*holder), 100 + lock);
        }
        let wants = |n: u32| wants[n as usize].filter(|_| !ended[n as usize]);
        (0..8).filter(|n| ended[*n as usize]).for_each(|n| world.graph.ended(TaskId(n)));
        for n in 0..8 {
            if let Some(lock) = wants(n) {
                world.tell(task(n), LockStep::Wait, 100 + lock, Mode::Exclusive, P5);
            }
        }
        for n in 0..8 {
            // A walk that has not come to an end after as many steps as there are tasks goes round in a
            // circle.
            let mut at = n;
            let steps = (0..9).take_while(|_| wants(at).map(|lock| at = holders[lock]).is_some()).count();
            let expected = match (wants(n), steps) {
                (None, _) => None,
                (_, 9) => Some(Verdict::Deadlock),
                _ if ended[at as usize] => Some(Verdict::Stuck),
                _ => None,
            };
            let found = world.graph.search(task(n), &world);
            prop_assert_eq!(found.map(|finding| finding.verdict), expected);
        }
    }
}

/// The second property above is worth nothing unless many of its programs deadlock.
#[test]
fn without_an_order_many_programs_deadlock() {
    let abba = || vec![program(&[vec![0, 1]]), program(&[vec![1, 0]])];
    let deadlocks = |seed: &u64| {
        let mut crew = Crew::new(abba(), 2);
        crew.run(chooser(*seed), 1000);
        crew.found.is_some()
    };
    let count = (0..200).filter(deadlocks).count();
    assert!((20..200).contains(&count), "{count} of 200");
}
