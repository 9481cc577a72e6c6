//! The session of a run: which tasks are participants, and what is answered to events.

use kcore::class;
use kcore::event::{Access, Actor, Event, LockId, LockName, LockStep, Mode, Op, Site, TaskStep, What};
use kcore::holds::Held;
use kcore::machine::{Context, CpuId, TaskId};
use kcore::place::Place;
use kcore::probe::{Decision, Plan};
use kcore::session::{Answer, Crew, Finding, Session, Standing};
use kcore::settings::Verdict;
use kcore::sync::PREEMPTION_OFF;
use kcore::wait_for::{Graph, Tasks, Where};

const SPIN: LockName = LockName::spins("list.lock", class!("test"));
const SEM: LockName = LockName::sleeps("scull0.lock", class!("test"));
static SLOT: Site = Site::new("slot");

/// Each task is on the CPU of its number; unless B waits for that of A.
#[derive(Default)]
struct Scheduler {
    b_waits_for_a: bool,
}

impl Tasks for Scheduler {
    fn whereabouts(&self, task: TaskId) -> Where {
        if self.b_waits_for_a && task.0 == 1 {
            Where::Runnable(CpuId(0))
        } else {
            Where::OnCpu(CpuId(task.0))
        }
    }
}

/// A run in which participant `n` is task `n`.
struct Run {
    session: Session,
    held: [Held; 2],
    scheduler: Scheduler,
    preemptive: bool,
    is_atomic: bool,
}

impl Run {
    fn new(plan: Plan, watched: bool) -> Self {
        let mut session = Session::new(&plan, 2, watched.then(Graph::new));
        session.begin_round();
        let held = [Held::none(), Held::none()];
        Run { session, held, scheduler: Scheduler::default(), preemptive: true, is_atomic: false }
    }

    fn tell(&mut self, actor: Actor, who: Option<u8>, what: What) -> Answer {
        let (number, at) = (actor.task.0, Place::caller());
        let held = &self.held[number as usize];
        if let What::Lock(step, lock) = &what {
            held.step(*step, lock, at);
        }
        let (is_atomic, preemptive) = (self.is_atomic, self.preemptive);
        let standing = Standing { who, held, is_atomic, interrupts_off: false, preemptive };
        let event = Event { actor, cpu: CpuId(number), at, what };
        self.session.on(&event, &standing, &self.scheduler)
    }

    fn access(&mut self, who: u8, op: Op) -> Answer {
        let access = Access { site: &SLOT, op, address: 8, size: 8 };
        self.tell(Actor::task(TaskId(who.into())), Some(who), What::Access(access))
    }

    fn lock(&mut self, who: u8, step: LockStep, name: LockName, address: usize) -> Answer {
        let lock = LockId { address, name, mode: Mode::Exclusive };
        self.tell(Actor::task(TaskId(who.into())), Some(who), What::Lock(step, lock))
    }

    fn may_sleep(&mut self, actor: Actor) -> Answer {
        self.tell(actor, None, What::Task(TaskStep::MaySleep))
    }

    fn text(&self) -> String {
        let found = self.session.found().expect("something was found");
        found.display(|task| format!("task {}", task.0)).to_string()
    }
}

fn task(number: u32) -> Actor {
    Actor::task(TaskId(number))
}

const GO: Answer = Answer::GO;
const STOP: Answer = Answer { stops: true, ..GO };

#[test]
fn a_seat_is_taken_once_and_in_order() {
    let crew = Crew::nobody();
    assert_eq!(
        (crew.take(TaskId(5)), crew.is_open(), crew.are_free(), crew.seats()),
        (None, false, false, (0, 0))
    );
    crew.offer(2);
    assert!(crew.is_open() && crew.are_free());
    assert_eq!([5, 7, 8].map(|task| crew.take(TaskId(task))), [Some(0), Some(1), None]);
    assert_eq!((crew.is_open(), crew.are_free(), crew.seats(), crew.size()), (true, false, (2, 2), 2));
    assert_eq!([5, 7, 8].map(|task| crew.who(TaskId(task))), [Some(0), Some(1), None]);
}

#[test]
fn a_seat_that_is_offered_anew_is_that_of_another_task() {
    let crew = Crew::nobody();
    crew.offer(1);
    assert_eq!(crew.take(TaskId(5)), Some(0));
    crew.withdraw();
    assert!(!crew.is(0, TaskId(5)) && !crew.is_open());
    assert_eq!(crew.tasks().collect::<Vec<_>>(), [TaskId(5)], "it is to be woken");
    crew.end();
    assert_eq!((crew.tasks().count(), crew.take(TaskId(6))), (0, None));
    crew.offer(1);
    assert_eq!(crew.take(TaskId(6)), Some(0));
    assert!(crew.is(0, TaskId(6)) && !crew.is(0, TaskId(5)));
    crew.offer(3);
    assert!(!crew.is(0, TaskId(6)), "an offer takes the last one back");
}

#[test]
fn a_worker_is_one_participant_after_the_other() {
    let crew = Crew::nobody();
    crew.begin(2);
    crew.enter(0, TaskId(0));
    assert_eq!(crew.who(TaskId(0)), Some(0));
    crew.leave(0);
    crew.enter(1, TaskId(0));
    assert_eq!(crew.who(TaskId(0)), Some(1));
    assert_eq!(crew.named(0b10).collect::<Vec<_>>(), [TaskId(0)]);
    crew.end();
    assert_eq!((crew.who(TaskId(0)), crew.was(TaskId(0)), crew.size()), (None, Some(0), 0));
}

#[test]
fn a_script_makes_wait_and_names_whom_to_wake() {
    let steps = ["B.slot.store", "A.slot.store"].map(|step| step.parse().unwrap());
    let mut run = Run::new(Plan::Script(steps.into()), false);
    assert_eq!(run.session.engine.start(0).0, Decision::Wait);
    assert_eq!(Answer::from(run.session.engine.start(1)), GO);
    assert_eq!(run.access(1, Op::Load), GO);
    // B stores, and comes to its end: only now A begins.
    assert_eq!(run.access(1, Op::Store(1)), GO);
    assert!(!run.session.engine.may_go(0));
    assert_eq!(run.session.finished(1, Some(TaskId(1))), Answer { wake: 1, ..GO });
    assert!(run.session.engine.may_go(0));
}

#[test]
fn what_is_no_participant_passes() {
    let mut run = Run::new(Plan::Rendezvous { points: vec!["slot.store".into()] }, false);
    let access = Access { site: &SLOT, op: Op::Store(1), address: 8, size: 8 };
    assert_eq!(run.tell(task(0), None, What::Access(access)), GO);
    assert_eq!(run.access(0, Op::Store(1)).decision, Decision::Wait);
    for plan in [Plan::Pass, Plan::Delay(5)] {
        let mut run = Run::new(plan, false);
        assert_eq!(
            (
                Answer::from(run.session.engine.start(0)),
                run.access(0, Op::Store(1)),
                run.session.engine.may_go(0)
            ),
            (GO, GO, true)
        );
    }
}

#[test]
fn the_interrupt_comes_at_its_points_alone() {
    let mut run = Run::new(Plan::Fire { points: vec!["slot.store".into()] }, false);
    assert_eq!(Answer::from(run.session.engine.start(0)), GO);
    assert_eq!(run.access(0, Op::Load), GO);
    assert_eq!(run.access(0, Op::Store(1)), Answer { decision: Decision::Interrupt, ..GO });
    assert!(run.session.engine.may_go(0) && run.session.engine.given_up().is_empty());
}

#[test]
fn the_first_finding_of_a_round_stops_it() {
    let mut run = Run::new(Plan::Pass, true);
    for (who, address) in [(0, 64), (1, 72)] {
        run.lock(who, LockStep::Acquired, SPIN, address);
    }
    assert_eq!(run.lock(0, LockStep::Wait, SPIN, 72), GO);
    assert_eq!(run.lock(1, LockStep::Wait, SPIN, 64), STOP);
    let found = run.session.found().expect("the circle");
    assert!(matches!(found, Finding::Waits(_)) && found.verdict() == Verdict::Deadlock);
    assert_eq!(found.records(|task| task.0).len(), 2);
    // Said once. What is found later in the round is not what stopped it.
    assert!(!run.session.search(&run.scheduler));
    assert_eq!(run.may_sleep(task(0)), GO);
    assert!(matches!(run.session.found(), Some(Finding::Waits(_))));
    run.session.begin_round();
    assert!(run.session.found().is_none() && !run.session.search(&run.scheduler));
}

/// A has B's CPU, and spins on it for what B has: that B has lost it, no event says.
#[test]
fn a_circle_that_no_event_showed_is_found_by_one_that_spins() {
    let mut run = Run::new(Plan::Pass, true);
    run.preemptive = false;
    run.lock(1, LockStep::Acquired, SPIN, 64);
    assert_eq!(run.lock(0, LockStep::Wait, SPIN, 64), GO);
    let spins = What::Task(TaskStep::Spins);
    assert_eq!(run.tell(task(0), Some(0), spins), GO, "B is on a CPU");
    run.scheduler = Scheduler { b_waits_for_a: true };
    assert_eq!(run.tell(task(0), Some(0), spins), STOP);
    assert_eq!(run.session.found().expect("the circle").verdict(), Verdict::Deadlock);
}

#[test]
fn a_task_that_sleeps_with_a_spinlock_is_found() {
    let mut run = Run::new(Plan::Pass, true);
    assert_eq!(run.may_sleep(task(0)), GO);
    run.lock(0, LockStep::Acquired, SEM, 64);
    assert_eq!(run.may_sleep(task(0)), GO, "a lock that sleeps forbids nothing");
    run.lock(0, LockStep::Acquired, SPIN, 72);
    assert_eq!(run.lock(0, LockStep::Wait, SPIN, 88), GO, "it spins");
    assert_eq!(run.lock(0, LockStep::Wait, SEM, 80), STOP);
    assert!(
        run.text().starts_with("invalid context: task 0 (CPU 0) is about to sleep at session.rs:"),
        "{}",
        run.text()
    );
    assert!(run.text().contains("\n  with list.lock held since session.rs:"), "{}", run.text());
    let records = run.session.found().expect("a finding").records(|task| task.0);
    assert_eq!((records[0].waiter.as_str(), records[0].lock.as_str()), ("0", "list.lock"));
}

/// The spinlock is one that is only counted.
#[test]
fn a_task_that_sleeps_with_many_locks_and_a_spinlock_is_found() {
    let mut run = Run::new(Plan::Pass, true);
    for number in 0..20 {
        run.lock(0, LockStep::Acquired, SEM, 64 + 8 * number);
    }
    assert_eq!(run.may_sleep(task(0)), GO);
    run.lock(0, LockStep::Acquired, SPIN, 8);
    assert_eq!(run.may_sleep(task(0)), STOP);
    assert!(run.text().ends_with("\n  with preemption off"), "{}", run.text());
    run.session.begin_round();
    run.lock(0, LockStep::Release, SPIN, 8);
    assert_eq!(run.may_sleep(task(0)), GO);
}

#[test]
fn what_is_atomic_must_not_sleep() {
    let mut run = Run::new(Plan::Pass, true);
    run.is_atomic = true;
    assert_eq!(run.may_sleep(task(0)), STOP);
    assert!(run.text().ends_with("\n  with preemption off"), "{}", run.text());
    let mut run = Run::new(Plan::Pass, true);
    assert_eq!(run.may_sleep(Actor { task: TaskId(1), context: Context::Softirq }), STOP);
    assert!(run.text().ends_with("\n  in a softirq on top of it"), "{}", run.text());
    let mut run = Run::new(Plan::Pass, false);
    run.is_atomic = true;
    assert_eq!(run.may_sleep(task(0)), GO, "where none comes to a stop it is not asked");
}

/// Without preemption to switch it off is nothing that forbids a sleep.
#[test]
fn preemption_off_forbids_a_sleep_where_there_is_preemption() {
    let off = LockName { name: PREEMPTION_OFF, ..SPIN };
    for (preemptive, answer) in [(true, STOP), (false, GO)] {
        let mut run = Run::new(Plan::Pass, true);
        run.preemptive = preemptive;
        run.lock(0, LockStep::Acquired, off, 64);
        assert_eq!(run.may_sleep(task(0)), answer);
    }
}
