//! The probe engine and the wait-for graph are called with interrupts off, so no event may allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kcore::class;
use kcore::event::{Access, Actor, LockId, LockName, LockStep, Mode, Op, Site, Waiting};
use kcore::machine::{CpuId, TaskId};
use kcore::place::Place;
use kcore::probe::{Engine, Plan};
use kcore::wait_for::{Finding, Graph, Seat, Tasks, Where};

/// The system's allocator, counting what the running thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller has promised what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `alloc` above, hence from the system's allocator.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static SLOT: Site = Site::new("slot");
static LOCK: LockName = LockName { name: "scull0.lock", class: class!("test"), waiting: Waiting::Spins };
const TASKS: u8 = 64;

/// Three rounds in which every task takes a lock that others want, passes a point, and ends.
fn rounds(engine: &mut Engine) {
    for who in 0..TASKS {
        engine.running_on(who, CpuId(u32::from(who) % 4));
    }
    for _ in 0..3 {
        engine.begin_round();
        for who in 0..TASKS {
            engine.start(who);
        }
        for address in 0..300 {
            step(engine, 0, LockStep::Acquired, address);
            step(engine, 1, LockStep::Wait, address);
        }
        for who in 0..TASKS {
            for op in [Op::Load, Op::Store(1), Op::Point] {
                let access = Access { site: &SLOT, op, address: 8, size: 8 };
                engine.arrive(who, &access, who % 2 == 0, CpuId(u32::from(who) % 4));
                engine.may_go(who);
            }
            step(engine, who, LockStep::Release, who.into());
        }
        for who in 0..TASKS {
            engine.finished(who);
        }
    }
}

fn step(engine: &mut Engine, who: u8, step: LockStep, address: usize) {
    engine.lock(who, step, &lock(address), Place::caller());
}

#[test]
fn no_event_allocates() {
    let steps = "A.slot.load B.slot.store Z.slot A.slot C.slot.load C.slot.load C.slot.load A.slot.load";
    let steps = steps.split(' ').map(|step| step.parse().expect("a step")).collect();
    let plans = [
        Plan::Pass,
        Plan::Rendezvous { points: vec!["slot.store".to_string(), "slot".to_string()] },
        Plan::Script(steps),
    ];
    for plan in plans {
        let mut engine = Engine::new(plan, TASKS.into());
        let before = ALLOCATIONS.get();
        rounds(&mut engine);
        assert_eq!(ALLOCATIONS.get(), before);
        assert!(before > 0);
    }
}

struct Anywhere;

impl Tasks for Anywhere {
    fn whereabouts(&self, task: TaskId) -> Where {
        Where::OnCpu(CpuId(task.0))
    }
}

/// More locks, holders and waits than there is room for; then 64 tasks in a circle.
fn circle(graph: &mut Graph) -> Option<Finding> {
    let tell = |graph: &mut Graph, n: u32, step, address| {
        let seat = Seat { cpu: CpuId(n), keeps_cpu: true };
        graph.tell(Actor::task(TaskId(n)), seat, step, &lock(address), Place::caller());
    };
    for address in 0..2000 {
        tell(graph, address as u32 % 200, LockStep::Acquired, address % 700);
        tell(graph, address as u32, LockStep::Wait, address);
    }
    assert!(graph.unseen() > 0);
    tell(graph, 0, LockStep::Release, 5);
    graph.ended(TaskId(1));
    graph.forget_all();
    let tasks = u32::from(TASKS);
    (0..tasks).for_each(|n| tell(graph, n, LockStep::Acquired, n as usize));
    (0..tasks).for_each(|n| tell(graph, n, LockStep::Wait, (n as usize + 1) % tasks as usize));
    graph.stuck(&Anywhere).and(graph.search(Actor::task(TaskId(3)), &Anywhere))
}

fn lock(address: usize) -> LockId {
    LockId { address, name: LOCK, mode: Mode::Exclusive }
}

#[test]
fn the_graph_and_its_searches_do_not_allocate() {
    let mut graph = Graph::new();
    let before = ALLOCATIONS.get();
    let finding = circle(&mut graph);
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(finding.is_some());
}
