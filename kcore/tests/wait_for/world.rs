//! A machine on paper: tasks that are where the test puts them, and a graph that hears of their locks.

use kcore::class;
use kcore::event::{Actor, LockId, LockName, LockStep, Mode, Waiting};
use kcore::machine::{Context, CpuId, TaskId};
use kcore::place::Place;
use kcore::wait_for::{Finding, Graph, Seat, Tasks, Where};

use crate::places::ALL;

/// The locks of the tests; the address of each is its place in this list.
pub(crate) const LOCKS: [LockName; 12] = [
    spins("scull0.lock"),
    spins("scull1.lock"),
    spins("scull2.lock"),
    spins("scull3.lock"),
    spins("scull4.lock"),
    spins("device.lock"),
    sleeps("scull0.sem", Waiting::Sleeps),
    sleeps("scull1.sem", Waiting::Sleeps),
    sleeps("scull2.sem", Waiting::Sleeps),
    sleeps("free.units", Waiting::Sleeps),
    sleeps("data.ready", Waiting::Event),
    sleeps("token", Waiting::Sleeps),
];
pub(crate) const DEVICE: usize = 5;
pub(crate) const SEM: usize = 6;
pub(crate) const UNITS: usize = 9;
pub(crate) const READY: usize = 10;
pub(crate) const TOKEN: usize = 11;

const fn spins(name: &'static str) -> LockName {
    LockName { name, class: class!("test"), waiting: Waiting::Spins }
}

const fn sleeps(name: &'static str, waiting: Waiting) -> LockName {
    LockName { name, class: class!("test"), waiting }
}

pub(crate) fn task(number: u32) -> Actor {
    Actor::task(TaskId(number))
}

/// A handler on top of task `number`.
pub(crate) fn irq(number: u32) -> Actor {
    Actor { task: TaskId(number), context: Context::Hardirq }
}

pub(crate) fn softirq(number: u32) -> Actor {
    Actor { task: TaskId(number), context: Context::Softirq }
}

pub(crate) fn name(task: TaskId) -> String {
    format!("writer-{}", char::from(b'A' + task.0 as u8))
}

/// Task n is task A, B, ... and, unless told otherwise, on CPU n.
pub(crate) struct World {
    pub(crate) graph: Graph,
    places: Vec<Where>,
    /// Tasks that wait with a time limit.
    pub(crate) limited: Vec<TaskId>,
    /// Whether a spinning task keeps the CPU.
    pub(crate) keeps_cpu: bool,
}

impl Tasks for World {
    fn whereabouts(&self, task: TaskId) -> Where {
        self.places[task.0 as usize]
    }

    fn gives_up(&self, task: TaskId) -> bool {
        self.limited.contains(&task)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let places = (0..160).map(|cpu| Where::OnCpu(CpuId(cpu))).collect();
        World { graph: Graph::new(), places, limited: Vec::new(), keeps_cpu: true }
    }

    pub(crate) fn put(&mut self, number: u32, place: fn(CpuId) -> Where, cpu: u32) {
        self.places[number as usize] = place(CpuId(cpu));
    }

    pub(crate) fn take(&mut self, who: Actor, lock: usize) {
        self.tell(who, LockStep::Acquired, lock, Mode::Exclusive, ALL[lock % ALL.len()]);
    }

    pub(crate) fn share(&mut self, who: Actor, lock: usize) {
        self.tell(who, LockStep::Acquired, lock, Mode::Shared, ALL[lock % ALL.len()]);
    }

    pub(crate) fn give(&mut self, who: Actor, lock: usize) {
        self.tell(who, LockStep::Release, lock, Mode::Exclusive, ALL[lock % ALL.len()]);
    }

    /// Waits and searches.
    pub(crate) fn wait(&mut self, who: Actor, lock: usize) -> Option<Finding> {
        self.wait_at(who, lock, ALL[(lock + 1) % ALL.len()])
    }

    pub(crate) fn wait_at(&mut self, who: Actor, lock: usize, at: Place) -> Option<Finding> {
        self.wait_as(who, lock, Mode::Exclusive, at)
    }

    /// Waits for it in `mode`, and searches.
    pub(crate) fn wait_as(&mut self, who: Actor, lock: usize, mode: Mode, at: Place) -> Option<Finding> {
        self.tell(who, LockStep::Wait, lock, mode, at);
        self.graph.search(who, self)
    }

    /// The graph hears of it, and nothing is searched. A lock at an address that is no place in the list is
    /// called as the first.
    pub(crate) fn tell(&mut self, who: Actor, step: LockStep, address: usize, mode: Mode, at: Place) {
        let cpu = match self.whereabouts(who.task) {
            Where::OnCpu(cpu) | Where::Runnable(cpu) | Where::Asleep(cpu) => cpu,
            Where::Ended => CpuId(who.task.0),
        };
        let seat = Seat { cpu, keeps_cpu: self.keeps_cpu };
        let lock = LockId { address, name: *LOCKS.get(address).unwrap_or(&LOCKS[0]), mode };
        self.graph.tell(who, seat, step, &lock, at);
    }
}

/// What people read of a finding.
pub(crate) fn text(finding: Option<Finding>) -> String {
    finding.map_or("nothing".into(), |finding| finding.display(name).to_string())
}

/// Waiters, holders and whether each edge is part of the cycle: `A>B* B>A*`.
pub(crate) fn shape(finding: &Finding) -> String {
    let letter = |label: &str| label.trim_start_matches("writer-").to_string();
    let edges = finding.records(name).into_iter().map(|wait| {
        let holder = wait.holder.map(|holder| letter(&holder)).unwrap_or_default();
        format!("{}>{holder}{}", letter(&wait.waiter), if wait.in_cycle { "*" } else { "" })
    });
    edges.collect::<Vec<_>>().join(" ")
}
