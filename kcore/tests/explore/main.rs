//! The search makes each execution once: against the numbers that are known, and against brute force.

mod programs;

use fastrand::Rng;
use kcore::explore::Frontier;
use programs::{
    All, Made, Op, Program, State, brute_force, brute_force_within, explore, explore_apart, explore_shared,
    explore_within,
};

fn counted(program: &Program) -> u64 {
    let made = explore(program, false);
    assert_eq!(made.asleep, 0, "{program:?}");
    assert_eq!(made.executions, made.all.traces.len() as u64, "none is made twice: {program:?}");
    made.executions
}

fn repeated(tasks: usize, times: usize, ops: &[Op]) -> Program {
    vec![ops.repeat(times); tasks]
}

/// As many as there are orders of the critical sections.
#[test]
fn a_locked_increment() {
    let section = [Op::Lock(0), Op::Load(0), Op::Store(0, 1), Op::Unlock(0)];
    assert_eq!(counted(&repeated(2, 2, &section)), 6);
    assert_eq!(counted(&repeated(3, 2, &section)), 90);
    assert_eq!(counted(&repeated(4, 2, &section)), 2520);
}

#[test]
fn an_increment_without_a_lock() {
    let increment = [Op::Load(0), Op::Store(0, 1)];
    assert_eq!(counted(&repeated(2, 1, &increment)), 4);
    assert_eq!(counted(&repeated(2, 2, &increment)), 34);
    assert_eq!(counted(&repeated(2, 3, &increment)), 328);
    assert_eq!(counted(&repeated(3, 1, &increment)), 36);
}

#[test]
fn steps_that_do_not_meet_have_one_order() {
    assert_eq!(counted(&vec![vec![Op::Load(0); 3], vec![Op::Load(0); 3], vec![Op::Store(1, 1)]]), 1);
    assert_eq!(counted(&vec![vec![Op::Share(0), Op::Unshare(0)]; 3]), 1);
}

fn drawn(chance: &mut Rng) -> Program {
    let tasks = chance.usize(2..=3);
    let most = if tasks == 2 { 5 } else { 3 };
    (0..tasks).map(|_| drawn_task(chance, tasks, most)).collect()
}

fn drawn_task(chance: &mut Rng, tasks: usize, most: usize) -> Vec<Op> {
    let mut ops = Vec::new();
    let length = chance.usize(1..=most);
    while ops.len() < length {
        let variable = chance.u64(0..2);
        match chance.u32(0..14) {
            0..3 => ops.push(Op::Load(variable)),
            3..6 => ops.push(Op::Store(variable, chance.u64(0..3))),
            6 => ops.push(Op::Add(variable, 1)),
            7 => ops.extend([Op::Lock(0), Op::Load(variable), Op::Unlock(0)]),
            8 => ops.extend([
                Op::Lock(variable),
                Op::Store(0, 1),
                Op::Lock(1 - variable),
                Op::Unlock(0),
                Op::Unlock(1),
            ]),
            9 => ops.extend([Op::Share(0), Op::Load(variable), Op::Unshare(0)]),
            10 => ops.extend([Op::Own(0), Op::Store(variable, 1), Op::Disown(0)]),
            11 => ops.push(if chance.bool() { Op::Down(0) } else { Op::Up(0) }),
            12 => ops.push(if chance.bool() { Op::Sleep } else { Op::Wake(chance.u8(0..tasks as u8)) }),
            _ => ops.push(Op::Spin(variable, chance.u64(0..2))),
        }
    }
    ops
}

/// How many programs are drawn.
fn programs_count() -> u64 {
    std::env::var("SCULLERY_PROGRAMS").map_or(400, |count| count.parse().unwrap())
}

/// Each equivalence class once, no end missed and none invented.
#[test]
fn brute_force_finds_the_same() {
    for seed in 0..programs_count() {
        let program = drawn(&mut Rng::with_seed(seed));
        let mut all = All::default();
        brute_force(&program, &mut all, &mut Vec::new(), &State::new(&program, false));
        let made = explore(&program, false);
        assert_eq!(made.all, all, "{seed}: {program:?}");
        assert_eq!(made.executions, all.traces.len() as u64, "{seed}: {program:?}");
        assert_eq!(made.asleep, 0, "{seed}: {program:?}");
    }
}

/// The same where each task's stores wait in a buffer: two tasks may both miss the other's.
#[test]
fn brute_force_finds_the_same_with_store_buffers() {
    let store_then_load = vec![vec![Op::Store(0, 1), Op::Load(1)], vec![Op::Store(1, 1), Op::Load(0)]];
    let missed = |made: &programs::Made| made.all.ends.iter().any(|(_, registers, ..)| registers == &[0, 0]);
    assert!(!missed(&explore(&store_then_load, false)) && missed(&explore(&store_then_load, true)));
    for seed in 0..programs_count() {
        let program = drawn(&mut Rng::with_seed(seed));
        let mut all = All::default();
        brute_force(&program, &mut all, &mut Vec::new(), &State::new(&program, true));
        let made = explore(&program, true);
        assert_eq!(made.all, all, "{seed}: {program:?}");
        assert_eq!(made.executions, all.traces.len() as u64, "{seed}: {program:?}");
        assert_eq!(made.asleep, 0, "{seed}: {program:?}");
    }
}

/// Several searches make the same together, each execution once, whichever of them goes on when.
#[test]
fn searches_that_share_make_the_same() {
    for seed in 0..programs_count() {
        let program = drawn(&mut Rng::with_seed(seed));
        for tso in [false, true] {
            let alone = explore(&program, tso);
            let (mut made, mut frontier) = (Made::default(), Frontier::whole());
            explore_shared(&program, tso, &mut frontier, &mut made, &mut Rng::with_seed(seed + 1));
            assert!(frontier.is_empty() && frontier.progress() == 1.0, "{seed}: {program:?} {frontier:?}");
            assert!(made == alone, "{seed}: {} of {}: {program:?}", made.executions, alone.executions);
        }
    }
}

/// So do searches that cannot ask each other: what they find besides is made when all are through.
#[test]
fn searches_that_are_apart_make_the_same() {
    let mut later = 0;
    for seed in 0..programs_count() {
        let program = drawn(&mut Rng::with_seed(seed));
        let alone = explore(&program, seed % 2 == 0);
        let (mut made, mut frontier) = (Made::default(), Frontier::whole());
        let mut chance = Rng::with_seed(seed + 1);
        while !frontier.is_empty() {
            explore_apart(&program, seed % 2 == 0, &mut frontier, &mut made, &mut chance);
            later += u32::from(!frontier.is_empty());
        }
        assert!(made == alone, "{seed}: {} of {}: {program:?}", made.executions, alone.executions);
    }
    assert!(later > 0, "some find what is not theirs");
}

/// With few preemptions, just what brute force finds with as few; and with enough of them what the search
/// finds, and that this is all.
#[test]
fn brute_force_finds_the_same_with_few_preemptions() {
    let (mut cut, mut in_vain) = (0, 0);
    for seed in 0..programs_count() {
        let program = drawn(&mut Rng::with_seed(seed));
        for tso in [false, true] {
            let is_whole = explore_within(&program, tso, 2, |preemptions, made| {
                let (mut all, start) = (All::default(), State::new(&program, tso));
                brute_force_within(&program, preemptions, None, &mut all, &mut Vec::new(), &start);
                assert_eq!(made.all, all, "{seed} {tso} {preemptions}: {program:?}");
                assert_eq!(made.executions, all.traces.len() as u64, "{seed} {tso}: {program:?}");
                in_vain += made.asleep;
            });
            let alone = explore(&program, tso);
            let mut last = Made::default();
            let keep = |_, made: &Made| {
                last = Made { executions: made.executions, asleep: 0, all: made.all.clone() }
            };
            assert!(explore_within(&program, tso, u32::MAX, keep), "{seed} {tso}: {program:?}");
            assert!(last == alone, "{seed} {tso}: {} of {}: {program:?}", last.executions, alone.executions);
            if !is_whole {
                cut += 1;
            }
        }
    }
    assert!(cut > 0 && in_vain > 0, "some take more than two, and some are met again: {cut} {in_vain}");
}

/// An update that is lost takes one task that is kept from its store; a lock that two take in turn, none.
#[test]
fn few_preemptions() {
    let made = |program: &Program, most| {
        let mut counts = Vec::new();
        let is_whole = explore_within(program, false, most, |_, made| counts.push(made.executions));
        (counts, is_whole)
    };
    let increment = [Op::Load(0), Op::Store(0, 1)];
    assert_eq!(made(&repeated(2, 1, &increment), 9), (vec![2, 4], true));
    assert_eq!(made(&repeated(2, 1, &increment), 0), (vec![2], false));
    let section = [Op::Lock(0), Op::Load(0), Op::Store(0, 1), Op::Unlock(0)];
    assert_eq!(made(&repeated(2, 2, &section), 9), (vec![2, 4, 6], true));
}
