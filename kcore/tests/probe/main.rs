//! The probe engine under simulated tasks: it never deadlocks, its meetings are exact, its scripts are kept.

mod sim;
mod told;

use kcore::event::{Access, LockId, LockName, LockStep, Mode, Op};
use kcore::machine::CpuId;
use kcore::place::Place;
use kcore::probe::{Decision, Engine, Meetings, Plan, Step};
use kcore::settings::Probe;
use proptest::prelude::*;
use sim::Action::{self, Load, Lock, Pass, Store, Unlock};
use sim::{LOCKS, SITES, Sim};
use told::Told;

/// A small generator, so that one number decides a whole schedule.
fn chooser(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |n| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    }
}

fn rendezvous(points: &[&str]) -> Plan {
    Plan::Rendezvous { points: points.iter().map(|point| point.to_string()).collect() }
}

fn script(steps: &str) -> Plan {
    Plan::Script(steps.split(' ').map(|step| step.parse().expect("a step")).collect())
}

fn access() -> impl Strategy<Value = Action> {
    (0..SITES.len(), 0..3usize).prop_map(|(site, op)| [Load(site), Store(site), Pass(site)][op])
}

/// Accesses, some of them inside nested locks.
fn body() -> impl Strategy<Value = Vec<Action>> {
    let stretch = (prop::collection::vec(access(), 0..4), prop::collection::vec(any::<bool>(), LOCKS.len()));
    prop::collection::vec(stretch, 0..4).prop_map(|stretches| {
        let mut body = Vec::new();
        for (accesses, locks) in stretches {
            let locks: Vec<usize> = (0..LOCKS.len()).filter(|lock| locks[*lock]).collect();
            body.extend(locks.iter().map(|lock| Lock(*lock)));
            body.extend(accesses);
            body.extend(locks.iter().rev().map(|lock| Unlock(*lock)));
        }
        body
    })
}

fn step(participants: u8) -> impl Strategy<Value = Step> {
    (0..participants, access())
        .prop_map(|(who, access)| Step { who, point: access.point().expect("an access has a point") })
}

/// The accesses that were steps of the script, as each participant came to its own next one.
fn steps_in(log: &[(u8, Action)], steps: &[Step]) -> Vec<usize> {
    let mut seen = Vec::new();
    for (who, access) in log {
        let next = (0..steps.len()).find(|i| steps[*i].who == *who && !seen.contains(i));
        if let Some(i) = next.filter(|i| access.point().as_ref() == Some(&steps[*i].point)) {
            seen.push(i);
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_script_terminates(
        tasks in prop::collection::vec((0..3usize, body()), 1..5),
        steps in prop::collection::vec(step(6), 1..12),
        seed: u64,
    ) {
        let mut sim = Sim::new(Plan::Script(steps.clone()), &tasks);
        prop_assert_eq!(sim.run(chooser(seed)), Ok(()));
        prop_assert!(sim.engine.given_up().len() <= steps.len());
    }

    #[test]
    fn any_rendezvous_terminates(
        tasks in prop::collection::vec((0..3usize, body()), 1..6),
        points in prop::collection::vec(access(), 1..4),
        seed: u64,
    ) {
        let points = points.iter().map(|access| access.point().expect("an access has a point")).collect();
        let mut sim = Sim::new(Plan::Rendezvous { points }, &tasks);
        prop_assert_eq!(sim.run(chooser(seed)), Ok(()));
    }

    #[test]
    fn without_locks_a_script_is_kept_but_for_steps_that_never_come(
        tasks in prop::collection::vec((0..3usize, prop::collection::vec(access(), 0..6)), 1..5),
        steps in prop::collection::vec(step(4), 1..8),
        seed: u64,
    ) {
        let mut sim = Sim::new(Plan::Script(steps.clone()), &tasks);
        prop_assert_eq!(sim.run(chooser(seed)), Ok(()));
        let given_up = sim.engine.given_up();
        let kept: Vec<usize> =
            (0..steps.len()).filter(|i| given_up.iter().all(|step| step.step as usize != i + 1)).collect();
        prop_assert_eq!(steps_in(&sim.log, &steps), kept);
    }

    #[test]
    fn without_locks_a_script_that_can_be_kept_is_kept_whole(
        tasks in prop::collection::vec((0..3usize, prop::collection::vec((access(), any::<bool>()), 0..6)), 1..5),
        merge: u64,
        seed: u64,
    ) {
        // Any merge of what each task does anyway can be kept.
        let mut listed: Vec<Vec<Step>> = tasks.iter().enumerate().map(|(who, (_, accesses))| {
            let point = |access: &Action| access.point().expect("an access has a point");
            let of = |(access, _): &(Action, bool)| Step { who: who as u8, point: point(access) };
            accesses.iter().filter(|(_, listed)| *listed).map(of).collect()
        }).collect();
        let (mut steps, mut pick) = (Vec::new(), chooser(merge));
        while listed.iter().any(|steps| !steps.is_empty()) {
            let who = pick(listed.len());
            steps.extend((!listed[who].is_empty()).then(|| listed[who].remove(0)));
        }
        let tasks: Vec<_> = tasks.into_iter()
            .map(|(cpu, accesses)| (cpu, accesses.into_iter().map(|(access, _)| access).collect())).collect();
        let mut sim = Sim::new(Plan::Script(steps.clone()), &tasks);
        prop_assert_eq!(sim.run(chooser(seed)), Ok(()));
        prop_assert_eq!(sim.engine.given_up(), vec![]);
        prop_assert_eq!(steps_in(&sim.log, &steps), (0..steps.len()).collect::<Vec<_>>());
    }

    #[test]
    fn without_locks_meetings_are_exact(
        passes in prop::collection::vec((0..3usize, 0..5u64), 1..8),
        seed: u64,
    ) {
        let tasks: Vec<_> = passes.iter()
            .map(|(cpu, passes)| (*cpu, vec![Store(0); *passes as usize])).collect();
        let mut sim = Sim::new(rendezvous(&["slot.store"]), &tasks);
        prop_assert_eq!(sim.run(chooser(seed)), Ok(()));
        let passes = passes.iter().map(|(_, passes)| *passes);
        let expected = Meetings {
            held: passes.clone().max().expect("one at least"),
            full: passes.min().expect("one at least"),
        };
        prop_assert_eq!(sim.engine.meetings(), expected);
    }

    #[test]
    fn writers_leak_all_but_one_of_each_slot(n in 1..8usize, slots in 1..6usize, cpus in 1..5usize, seed: u64) {
        let tasks: Vec<_> = (0..n).map(|who| (who % cpus, [Load(0), Store(0)].repeat(slots))).collect();
        let mut sim = Sim::new(rendezvous(&["slot.store"]), &tasks);
        prop_assert_eq!(sim.run(chooser(seed)), Ok(()));
        prop_assert_eq!(leaks(&sim.log, n), (n - 1) * slots);
    }
}

/// Replays the loads and stores of scull's slots: a task that loads a slot before one stored it allocates,
/// and all but the last of those quanta are leaked.
fn leaks(log: &[(u8, Action)], writers: usize) -> usize {
    let mut slot_of = vec![0; writers];
    let mut filled = Vec::new();
    let (mut allocated, mut sees_none) = (0, vec![false; writers]);
    for (who, access) in log {
        let who = usize::from(*who);
        match access {
            Load(0) => sees_none[who] = !filled.contains(&slot_of[who]),
            Store(0) => {
                allocated += usize::from(sees_none[who]);
                if !filled.contains(&slot_of[who]) {
                    filled.push(slot_of[who]);
                }
                slot_of[who] += 1;
            }
            _ => {}
        }
    }
    allocated - filled.len()
}

/// Runs every schedule of `tasks` and calls `check` after each; returns how many there were.
fn every_schedule(plan: &Plan, tasks: &[(usize, Vec<Action>)], check: impl Fn(&Sim)) -> usize {
    let (mut path, mut schedules) = (Vec::<(usize, usize)>::new(), 0);
    loop {
        let (mut sim, mut depth) = (Sim::new(plan.clone(), tasks), 0);
        let end = sim.run(|n| {
            if depth == path.len() {
                path.push((0, n));
            }
            depth += 1;
            path[depth - 1].0
        });
        assert_eq!(end, Ok(()));
        check(&sim);
        schedules += 1;
        while path.pop_if(|(taken, of)| *taken + 1 == *of).is_some() {}
        match path.last_mut() {
            Some((taken, _)) => *taken += 1,
            None => return schedules,
        }
    }
}

#[test]
fn in_every_schedule_both_load_before_either_stores() {
    let tasks = [(0, vec![Load(0), Store(0)]), (1, vec![Load(0), Store(0)])];
    let schedules = every_schedule(&rendezvous(&["slot.store"]), &tasks, |sim| {
        assert!(matches!(sim.log[..2], [(_, Load(0)), (_, Load(0))]), "{:?}", sim.log);
        assert_eq!(sim.engine.meetings(), Meetings { held: 1, full: 1 });
    });
    assert!(schedules > 100, "{schedules}");
}

#[test]
fn in_every_schedule_the_script_of_the_book_is_kept() {
    let tasks = [(0, vec![Load(0), Store(0)]), (1, vec![Load(0), Store(0)])];
    every_schedule(&script("A.slot.load B.slot.load A.slot.store B.slot.store"), &tasks, |sim| {
        assert_eq!(sim.log, [(0, Load(0)), (1, Load(0)), (0, Store(0)), (1, Store(0))]);
        assert_eq!(sim.engine.given_up(), []);
    });
}

#[test]
fn in_every_schedule_a_guard_ends_and_stops_the_leak() {
    for lock in [0, 2] {
        for plan in [rendezvous(&["slot.store"]), script("A.slot.load B.slot.load A.slot.store B.slot.store")]
        {
            for cpus in [[0, 0], [0, 1]] {
                let tasks = cpus.map(|cpu| (cpu, vec![Lock(lock), Load(0), Store(0), Unlock(lock)]));
                every_schedule(&plan, &tasks, |sim| assert_eq!(leaks(&sim.log, 2), 0));
            }
        }
    }
}

#[test]
fn a_step_that_a_lock_forbids_is_given_up_by_name() {
    let tasks = [0, 1].map(|cpu| (cpu, vec![Lock(0), Load(0), Store(0), Unlock(0)]));
    let mut sim = Sim::new(script("A.slot.load B.slot.load A.slot.store B.slot.store"), &tasks);
    // A runs ahead to the lock; then B comes and finds it taken.
    sim.run(|_| 0).expect("an end");
    let given_up: Vec<String> = sim.engine.given_up().iter().map(ToString::to_string).collect();
    assert_eq!(given_up, ["step 2: B cannot load slot: it waits for scull0.lock, held by A"]);
}

#[test]
fn a_guarded_script_tells_the_same_in_every_schedule() {
    for lock in [0, 2] {
        let tasks = [0, 1].map(|cpu| (cpu, vec![Lock(lock), Load(0), Store(0), Unlock(lock)]));
        every_schedule(&script("A.slot.load B.slot.load A.slot.store B.slot.store"), &tasks, |sim| {
            let given_up: Vec<String> = sim.engine.given_up().iter().map(ToString::to_string).collect();
            let name = LOCKS[lock].name;
            assert_eq!(given_up, [format!("step 2: B cannot load slot: it waits for {name}, held by A")]);
        });
    }
}

#[test]
fn who_is_not_in_the_script_begins_when_it_is_over() {
    let tasks = [0, 1, 2].map(|cpu| (cpu, vec![Load(0), Store(0)]));
    every_schedule(&script("A.slot.load B.slot.store A.slot.store"), &tasks, |sim| {
        let before_c = sim.log.iter().take_while(|(who, _)| *who != 2).count();
        assert_eq!(before_c, 4, "{:?}", sim.log);
    });
}

#[test]
fn a_step_of_a_finished_task_is_given_up_by_name() {
    let tasks = [(0, vec![Load(0)]), (1, vec![Pass(2)])];
    let mut sim = Sim::new(script("A.slot.load B.copy A.slot.store B.slot.store"), &tasks);
    sim.run(|_| 0).expect("an end");
    let mut given_up: Vec<String> = sim.engine.given_up().iter().map(ToString::to_string).collect();
    given_up.sort();
    assert_eq!(
        given_up,
        [
            "step 3: A does not come to store slot: it has finished",
            "step 4: B does not come to store slot: it has finished",
        ]
    );
}

#[test]
fn a_task_that_shares_the_cpu_of_an_atomic_waiter_is_not_waited_for() {
    let tasks = [(0, vec![Lock(2), Load(0), Unlock(2)]), (0, vec![Load(0)]), (1, vec![Load(0)])];
    let mut sim = Sim::new(rendezvous(&["slot.load"]), &tasks);
    sim.run(|_| 0).expect("an end");
    assert_eq!(sim.engine.meetings().held, 2);

    let tasks = [(0, vec![Lock(2), Load(0), Store(0), Unlock(2)]), (0, vec![Load(0)])];
    let mut sim = Sim::new(script("A.slot.load B.slot.load A.slot.store"), &tasks);
    sim.run(|_| 0).expect("an end");
    let given_up: Vec<String> = sim.engine.given_up().iter().map(ToString::to_string).collect();
    assert_eq!(given_up, ["step 2: B cannot load slot: A keeps the CPU they share"]);
}

#[test]
fn a_task_that_was_let_go_and_lost_its_cpu_does_not_hold_the_script_up() {
    let tasks = [
        (0, vec![Load(0), Store(0)]),
        (0, vec![Load(0), Pass(1), Load(1), Lock(2), Store(0), Unlock(2)]),
        (1, vec![Pass(2)]),
    ];
    let lost = std::cell::Cell::new(0);
    // While C passes its point, B is on its way to its last one, with the CPU that A then needs.
    let steps = "B.slot.load A.slot.load B.size C.copy A.slot.store B.slot.store";
    every_schedule(&script(steps), &tasks, |sim| {
        let given_up: Vec<String> = sim.engine.given_up().iter().map(ToString::to_string).collect();
        assert!(given_up.len() <= 1, "{given_up:?}");
        for line in given_up {
            assert_eq!(line, "step 5: A cannot store slot: B keeps the CPU they share");
            lost.set(lost.get() + 1);
        }
    });
    assert!(lost.get() > 0);
}

/// A task that waits for a lock is not waited for; one that has given that up is.
#[test]
fn a_task_that_gave_up_a_lock_is_waited_for_again() {
    let arrive = |engine: &mut Engine, who: u8| {
        let access = Access { site: &SITES[0], op: Op::Load, address: 0, size: 8 };
        engine.arrive(who, &access, false, CpuId(who.into()))
    };
    for gives_up in [false, true] {
        let mut engine = Engine::new(rendezvous(&["slot.load"]), 2);
        assert_eq!((engine.start(0), engine.start(1)), ((Decision::Go, 0), (Decision::Go, 0)));
        assert_eq!(engine.lock_acquired(0, 7), 0);
        assert_eq!(engine.lock_wait(1, &LOCKS[0], 7), 0);
        if gives_up {
            assert_eq!(engine.lock_gave_up(1), 0);
            assert_eq!(arrive(&mut engine, 0), (Decision::Wait, 0));
            assert_eq!(arrive(&mut engine, 1), (Decision::Go, 0b01), "they meet");
            assert!(engine.may_go(0));
        } else {
            assert_eq!(arrive(&mut engine, 0), (Decision::Go, 0), "alone");
        }
        assert_eq!(engine.meetings().full, u64::from(gives_up));
    }
}

/// A waiter for a lock that was given back is on its way: in no schedule does the other one go on alone.
#[test]
fn a_task_that_is_about_to_get_a_lock_is_waited_for() {
    for lock in [0, 2] {
        let tasks = [0, 1].map(|cpu| (cpu, vec![Lock(lock), Unlock(lock), Load(0), Store(0)]));
        every_schedule(&rendezvous(&["slot.load"]), &tasks, |sim| {
            assert_eq!(sim.engine.meetings(), Meetings { held: 1, full: 1 }, "{:?}", sim.log);
        });
    }
}

/// Of a lock that two have at once (a semaphore of two, the lock of a CPU) one release says nothing to the
/// third.
#[test]
fn a_lock_that_another_still_has_is_not_about_to_be_got() {
    let mut engine = Engine::new(rendezvous(&["slot.load"]), 3);
    (0..3).for_each(|who| assert_eq!(engine.start(who), (Decision::Go, 0)));
    let access = Access { site: &SITES[0], op: Op::Load, address: 0, size: 8 };
    assert_eq!((engine.lock_acquired(0, 7), engine.lock_acquired(1, 7)), (0, 0));
    assert_eq!(engine.lock_wait(2, &LOCKS[0], 7), 0);
    assert_eq!(engine.arrive(0, &access, false, CpuId(0)), (Decision::Wait, 0));
    assert_eq!(engine.lock_release(1, 7), 0);
    assert_eq!(engine.finished(1), 1, "A does not wait for C, which waits for A");
}

/// While one of two readers is inside, a writer does not come; its step is given up when nothing else moves.
#[test]
fn a_lock_that_a_reader_still_has_is_not_free() {
    let mut engine = Engine::new(script("C.copy B.copy"), 3);
    engine.begin_round();
    (0..3).for_each(|who| assert_eq!(engine.begin_at_once(who), 0));
    let lock = |engine: &mut Engine, who, step, mode| {
        engine.lock(who, step, &LockId { address: 7, name: LOCKS[0], mode }, Place::caller());
    };
    lock(&mut engine, 0, LockStep::Acquired, Mode::Shared);
    lock(&mut engine, 1, LockStep::Acquired, Mode::Shared);
    lock(&mut engine, 2, LockStep::Wait, Mode::Exclusive);
    lock(&mut engine, 0, LockStep::Release, Mode::Shared);
    engine.finished(0);
    assert_eq!(arrive(&mut engine, 1, 1, 2, Op::Point), (Decision::Go, 0));
    let given_up: Vec<String> = engine.given_up().iter().map(ToString::to_string).collect();
    assert_eq!(given_up, ["step 1: C cannot reach copy: it waits for scull0.lock, held by B"]);
}

/// The lock is still its holder's after another task has given up waiting for it.
#[test]
fn to_give_up_a_lock_frees_nothing() {
    let mut engine = Engine::new(script("A.copy C.copy"), 3);
    for who in 0..3 {
        engine.start(who);
    }
    engine.lock_acquired(1, 7);
    engine.lock_wait(0, &LOCKS[0], 7);
    engine.lock_gave_up(0);
    engine.lock_wait(2, &LOCKS[0], 7);
    engine.finished(1);
    engine.finished(0);
    let given_up: Vec<String> = engine.given_up().iter().map(ToString::to_string).collect();
    assert_eq!(
        given_up,
        [
            "step 1: A does not come to reach copy: it has finished",
            "step 2: C cannot reach copy: it waits for scull0.lock, held by B"
        ]
    );
}

/// A step of one that has finished is given up at once, though others still run.
#[test]
fn a_step_of_one_that_has_finished_is_not_waited_for() {
    let access = |op| Access { site: &SITES[0], op, address: 0, size: 8 };
    let mut engine = Engine::new(script("B.slot.load A.slot.load B.slot.store"), 2);
    engine.begin_round();
    assert_eq!((engine.start(0), engine.start(1)), ((Decision::Wait, 0), (Decision::Go, 0)));
    assert_eq!(engine.arrive(1, &access(Op::Load), false, CpuId(1)), (Decision::Go, 0));
    engine.finished(0);
    // B's next event is none of the script's: it runs on, and its first step is done.
    assert_eq!(engine.arrive(1, &access(Op::Point), false, CpuId(1)), (Decision::Go, 0));
    let given_up = engine.given_up();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].reason, "A does not come to load slot: it has finished");
}

/// A task that had a lock in the last round does not have it in this one.
#[test]
fn a_round_begins_with_all_locks_free() {
    let mut engine = Engine::new(script("B.x.store"), 2);
    engine.begin_round();
    engine.start(0);
    engine.lock_acquired(0, 64);
    engine.begin_round();
    engine.start(1);
    engine.lock_wait(1, &LOCKS[0], 64);
    engine.finished(0);
    let given_up = engine.given_up();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].reason, format!("B cannot store x: it waits for {}", LOCKS[0].name));
}

/// The engine's answer to an access of `who`, on the CPU of that number.
#[track_caller]
fn arrive(engine: &mut Engine, who: u8, cpu: u32, site: usize, op: Op) -> (Decision, u64) {
    let access = Access { site: &SITES[site], op, address: 0, size: 8 };
    engine.arrive(who, &access, false, CpuId(cpu))
}

/// A task that sleeps for a lock leaves its CPU to others: these are waited for.
#[test]
fn who_sleeps_for_a_lock_keeps_no_cpu() {
    let mut engine = Engine::new(rendezvous(&["slot.load"]), 3);
    for (who, cpu) in [(0, 1), (1, 0), (2, 0)] {
        engine.running_on(who, CpuId(cpu));
        assert_eq!(engine.start(who), (Decision::Go, 0));
    }
    engine.lock_acquired(0, 7);
    engine.lock_wait(1, &LOCKS[0], 7);
    assert_eq!(arrive(&mut engine, 0, 1, 0, Op::Load), (Decision::Wait, 0), "C is on its way");
    assert_eq!(arrive(&mut engine, 2, 0, 0, Op::Load), (Decision::Go, 0b001));
    // A spinner does not: C would not come.
    engine.lock_wait(1, &LOCKS[2], 7);
    assert_eq!(arrive(&mut engine, 0, 1, 0, Op::Load), (Decision::Go, 0));
}

/// A task that was let go and lost its CPU to a spinner goes on when the lock is given back: the step is not
/// given up before that.
#[test]
fn a_step_is_not_given_up_while_another_task_can_help() {
    let mut engine = Engine::new(script("A.slot.load C.copy"), 3);
    engine.begin_round();
    for (who, cpu) in [(0, 0), (1, 0), (2, 1)] {
        engine.running_on(who, CpuId(cpu));
    }
    assert_eq!(engine.start(0), (Decision::Go, 0));
    engine.begin_at_once(1);
    engine.begin_at_once(2);
    engine.lock_acquired(2, 7);
    assert_eq!(arrive(&mut engine, 0, 0, 0, Op::Load), (Decision::Go, 0));
    engine.lock_wait(1, &LOCKS[2], 7);
    assert_eq!(engine.given_up(), []);
    engine.lock_release(2, 7);
    engine.lock_acquired(1, 7);
    assert_eq!(engine.finished(0), 0);
    assert_eq!(arrive(&mut engine, 2, 1, 2, Op::Point), (Decision::Go, 0));
    assert_eq!(engine.given_up(), []);
}

/// A task that sleeps has made its step, and is waited for once it was woken; one that no other wakes is not.
#[test]
fn a_task_that_sleeps_has_made_its_step() {
    let steps = Step::of("A*1").unwrap().into_iter().chain(Step::of("B*1").unwrap());
    let steps: Vec<Step> = steps.chain(Step::of("A*1").unwrap()).collect();
    let begin = || {
        let mut engine = Engine::new(Plan::Script(steps.clone()), 2);
        engine.begin_round();
        assert_eq!(engine.start(1), (Decision::Wait, 0));
        assert_eq!(engine.start(0), (Decision::Go, 0));
        assert_eq!(arrive(&mut engine, 0, 0, 0, Op::Look), (Decision::Go, 0), "its first step");
        assert_eq!(engine.lock_wait(0, &LockName::event("event"), 7), 0, "it does not sleep yet");
        assert_eq!(engine.sleeps(0), 0b10, "B may begin");
        assert_eq!(arrive(&mut engine, 1, 1, 0, Op::Look), (Decision::Go, 0), "B's step");
        engine
    };
    let mut woken = begin();
    assert_eq!((woken.woken(0), woken.finished(1)), (0, 0));
    assert_eq!(woken.woken(0), 0, "it is awake");
    assert_eq!(arrive(&mut woken, 0, 0, 0, Op::Look), (Decision::Go, 0), "its second step");
    assert_eq!(woken.given_up(), []);
    let mut asleep = begin();
    asleep.finished(1);
    let given_up: Vec<String> = asleep.given_up().iter().map(ToString::to_string).collect();
    assert_eq!(given_up, ["step 3: A cannot reach *: it sleeps, and no other wakes it"]);
}

#[test]
fn a_lock_that_its_own_holder_waits_for_is_named_so() {
    let mut engine = Engine::new(script("A.slot.load"), 1);
    engine.start(0);
    engine.lock_acquired(0, 7);
    engine.lock_wait(0, &LOCKS[0], 7);
    let given_up: Vec<String> = engine.given_up().iter().map(ToString::to_string).collect();
    assert_eq!(given_up, ["step 1: A cannot load slot: it waits for scull0.lock, which it holds itself"]);
}

#[test]
fn each_round_begins_with_the_first_step() {
    let mut engine = Engine::new(script("B.slot.load A.slot.load"), 2);
    for _ in 0..3 {
        engine.begin_round();
        assert_eq!(engine.start(0), (Decision::Wait, 0));
        assert_eq!(engine.start(1), (Decision::Go, 0));
        assert_eq!(arrive(&mut engine, 1, 1, 0, Op::Load), (Decision::Go, 0));
        assert_eq!(engine.finished(1), 0b01, "A begins");
        assert_eq!(arrive(&mut engine, 0, 0, 0, Op::Load), (Decision::Go, 0));
        engine.finished(0);
    }
    assert_eq!(engine.given_up(), []);
}

#[test]
fn a_step_is_a_letter_and_a_point() {
    for step in ["A.slot.load", "Z.copy"] {
        assert_eq!(step.parse::<Step>().expect("a step").to_string(), step);
    }
    for bad in ["", "A", "A.", ".copy", "a.copy", "AB.copy", "1.copy", "[.copy"] {
        let refused = bad.parse::<Step>().expect_err(bad).to_string();
        assert_eq!(refused, format!("script step '{bad}' is not LETTER.POINT, as in A.slot.load"));
    }
}

#[test]
fn only_points_of_the_place_are_taken() {
    let check = |plan: Plan| plan.check("scull", &["slot.load", "slot.store"]).map_err(|bad| bad.to_string());
    let fire = |point: &str| Plan::Fire { points: vec![point.to_string()] };
    for good in
        [Plan::Pass, Plan::Delay(3), rendezvous(&["slot.load"]), fire("slot.store"), script("A.slot.load")]
    {
        assert_eq!(check(good), Ok(()));
    }
    for (bad, point) in [
        (rendezvous(&["slot.load", "slot"]), "'slot'"),
        (fire("lost"), "'lost'"),
        (script("A.slot.load B.copy.end"), "'copy.end'"),
    ] {
        let refused = check(bad).expect_err(point);
        assert!(refused.contains(point) && refused.contains("scull"), "{refused}");
    }
}

/// `A*2,B*1`: whatever the steps are, each waits for its turn; a task that has no more turns waits for the
/// end of the script; and points are no steps.
#[test]
fn a_script_may_order_all_steps() {
    let steps = ["A*2", "B*1"].map(String::from).to_vec();
    let plan = Plan::new(&Probe::Script(steps), &Default::default()).unwrap();
    assert!(plan.orders_all());
    let mut engine = Engine::new(plan, 2);
    engine.begin_round();
    let access = |op| Access { site: &SITES[0], op, address: 8, size: 8 };
    let step =
        |engine: &mut Engine, who: u8| engine.arrive(who, &access(Op::Update), false, CpuId(who.into()));
    assert_eq!(engine.start(0), (Decision::Go, 0));
    assert_eq!(engine.start(1).0, Decision::Wait, "B begins when it is its turn");
    assert_eq!(engine.arrive(0, &access(Op::Point), false, CpuId(0)), (Decision::Go, 0));
    assert_eq!(step(&mut engine, 0), (Decision::Go, 0));
    assert_eq!(step(&mut engine, 0), (Decision::Go, 0));
    assert!(!engine.may_go(1), "A's second step is over when A comes to its third");
    assert_eq!(step(&mut engine, 0), (Decision::Wait, 0b10));
    assert_eq!(step(&mut engine, 1), (Decision::Go, 0));
    assert!(!engine.may_go(0), "B's step is not over");
    assert_eq!(engine.finished(1), 0b01);
    assert!(engine.may_go(0));
    for wrong in ["A*", "A*0", "AB*2", "a*2", "*2", "A*x"] {
        assert!(Step::of(wrong).is_err(), "{wrong}");
    }
}
