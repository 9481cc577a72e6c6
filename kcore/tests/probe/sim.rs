//! A simulated machine: tasks pinned to CPUs, locks that spin or sleep, and a scheduler that a test decides
//! for.
//!
//! Each event and each effect (the access, the test-and-set, the clearing of a lock) is a step of its own, so
//! that the engine hears of things as late or early as it would with real CPUs.

use kcore::class;
use kcore::event::{Access, LockName, Op, Site, Waiting};
use kcore::machine::CpuId;
use kcore::probe::{Decision, Engine, Plan, Wake};

use crate::told::Told;

pub(crate) static SITES: [Site; 3] = [Site::new("slot"), Site::new("size"), Site::new("copy")];

/// Locks 0 and 1 sleep, 2 and 3 spin; taken in this order, so the tasks themselves never deadlock.
pub(crate) static LOCKS: [LockName; 4] = [
    LockName { name: "scull0.lock", class: class!("test"), waiting: Waiting::Sleeps },
    LockName { name: "scull1.lock", class: class!("test"), waiting: Waiting::Sleeps },
    LockName { name: "list.lock", class: class!("test"), waiting: Waiting::Spins },
    LockName { name: "heap.lock", class: class!("test"), waiting: Waiting::Spins },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Load(usize),
    Store(usize),
    Pass(usize),
    Lock(usize),
    Unlock(usize),
}

impl Action {
    /// The point of an access, as scripts write it.
    pub(crate) fn point(self) -> Option<String> {
        match self {
            Action::Load(site) => Some(format!("{}.load", SITES[site].name)),
            Action::Store(site) => Some(format!("{}.store", SITES[site].name)),
            Action::Pass(site) => Some(SITES[site].name.to_string()),
            Action::Lock(_) | Action::Unlock(_) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Absent,
    /// About to begin the action.
    Begin,
    /// Told to go: the access itself is next. Or: the release was announced and the clearing is next.
    Effect,
    AtStart,
    AtPoint,
    TestAndSetDone {
        got: bool,
    },
    LockWait,
    Done,
}

struct Task {
    actions: Vec<Action>,
    next: usize,
    phase: Phase,
    cpu: usize,
    woken: bool,
    spinlocks: u32,
}

pub(crate) struct Sim {
    pub(crate) engine: Engine,
    tasks: Vec<Task>,
    /// The task that keeps each CPU.
    on_cpu: Vec<Option<usize>>,
    held: [bool; LOCKS.len()],
    /// The accesses, in the order in which they took effect.
    pub(crate) log: Vec<(u8, Action)>,
}

impl Sim {
    pub(crate) fn new(plan: Plan, tasks: &[(usize, Vec<Action>)]) -> Sim {
        let mut engine = Engine::new(plan, tasks.len() as u32);
        for (who, (cpu, _)) in tasks.iter().enumerate() {
            engine.running_on(who as u8, CpuId(*cpu as u32));
        }
        let task = |(cpu, actions): &(usize, Vec<Action>)| Task {
            actions: actions.clone(),
            next: 0,
            phase: Phase::Absent,
            cpu: *cpu,
            woken: false,
            spinlocks: 0,
        };
        Sim {
            engine,
            tasks: tasks.iter().map(task).collect(),
            on_cpu: vec![None; tasks.iter().map(|(cpu, _)| cpu + 1).max().unwrap_or(0)],
            held: [false; LOCKS.len()],
            log: Vec::new(),
        }
    }

    /// Runs until all tasks are done, or until none can go on (an error). `choose(n)` picks one of n.
    pub(crate) fn run(&mut self, mut choose: impl FnMut(usize) -> usize) -> Result<(), String> {
        while self.tasks.iter().any(|task| task.phase != Phase::Done) {
            let ready: Vec<usize> = (0..self.tasks.len()).filter(|who| self.can_step(*who)).collect();
            if ready.is_empty() {
                let states: Vec<_> = self.tasks.iter().map(|task| (task.next, task.phase)).collect();
                return Err(format!("nobody can go on: {states:?} {:?}", self.engine));
            }
            self.step(ready[choose(ready.len())]);
        }
        Ok(())
    }

    fn can_step(&self, who: usize) -> bool {
        let task = &self.tasks[who];
        let has_cpu = self.on_cpu[task.cpu].is_none_or(|on| on == who);
        has_cpu
            && match task.phase {
                Phase::Done => false,
                Phase::AtStart | Phase::AtPoint => task.woken,
                Phase::LockWait => match task.actions[task.next] {
                    Action::Lock(lock) => !self.held[lock],
                    _ => unreachable!("only a Lock waits for a lock"),
                },
                _ => true,
            }
    }

    fn step(&mut self, who: usize) {
        let cpu = self.tasks[who].cpu;
        self.on_cpu[cpu] = Some(who);
        let id = who as u8;
        match self.tasks[who].phase {
            Phase::Absent => match self.engine.start(id) {
                (Decision::Go | Decision::Interrupt, wake) => self.to(who, Phase::Begin, wake),
                (Decision::Wait, wake) => {
                    self.to(who, Phase::AtStart, wake);
                    self.on_cpu[cpu] = None;
                }
            },
            Phase::AtStart => {
                self.tasks[who].woken = false;
                match self.engine.may_go(id) {
                    true => self.tasks[who].phase = Phase::Begin,
                    false => self.on_cpu[cpu] = None,
                }
            }
            Phase::Begin => match self.tasks[who].actions.get(self.tasks[who].next).copied() {
                None => {
                    let wake = self.engine.finished(id);
                    self.to(who, Phase::Done, wake);
                    self.on_cpu[cpu] = None;
                }
                Some(Action::Lock(lock)) => self.test_and_set(who, lock),
                Some(Action::Unlock(lock)) => {
                    let wake = self.engine.lock_release(id, lock);
                    self.to(who, Phase::Effect, wake);
                }
                Some(access) => self.arrive(who, access),
            },
            Phase::AtPoint => {
                self.tasks[who].woken = false;
                match self.engine.may_go(id) {
                    true => self.tasks[who].phase = Phase::Effect,
                    false if self.tasks[who].spinlocks == 0 => self.on_cpu[cpu] = None,
                    false => {}
                }
            }
            Phase::Effect => self.effect(who),
            Phase::LockWait => match self.tasks[who].actions[self.tasks[who].next] {
                Action::Lock(lock) => self.test_and_set(who, lock),
                _ => unreachable!("only a Lock waits for a lock"),
            },
            Phase::TestAndSetDone { got } => self.tell_of_lock(who, got),
            Phase::Done => unreachable!("a task that is done does not step"),
        }
    }

    fn to(&mut self, who: usize, phase: Phase, wake: Wake) {
        self.tasks[who].phase = phase;
        for (other, task) in self.tasks.iter_mut().enumerate() {
            task.woken |= wake & (1 << other) != 0;
        }
    }

    fn arrive(&mut self, who: usize, access: Action) {
        let (site, op) = match access {
            Action::Load(site) => (site, Op::Load),
            Action::Store(site) => (site, Op::Store(1)),
            Action::Pass(site) => (site, Op::Point),
            Action::Lock(_) | Action::Unlock(_) => unreachable!("a lock is no access"),
        };
        let access = Access { site: &SITES[site], op, address: 0, size: 8 };
        let (cpu, atomic) = (self.tasks[who].cpu, self.tasks[who].spinlocks > 0);
        // A wake-up kept from an earlier point must not be needed, nor harm.
        match self.engine.arrive(who as u8, &access, atomic, CpuId(cpu as u32)) {
            (Decision::Go | Decision::Interrupt, wake) => self.to(who, Phase::Effect, wake),
            (Decision::Wait, wake) => {
                self.to(who, Phase::AtPoint, wake);
                if !atomic {
                    self.on_cpu[cpu] = None;
                }
            }
        }
    }

    fn effect(&mut self, who: usize) {
        let task = &mut self.tasks[who];
        match task.actions[task.next] {
            Action::Unlock(lock) => {
                self.held[lock] = false;
                task.spinlocks -= u32::from(LOCKS[lock].waiting == Waiting::Spins);
            }
            access => self.log.push((who as u8, access)),
        }
        task.next += 1;
        task.phase = Phase::Begin;
    }

    fn test_and_set(&mut self, who: usize, lock: usize) {
        let got = !std::mem::replace(&mut self.held[lock], true);
        self.tasks[who].phase = Phase::TestAndSetDone { got };
    }

    fn tell_of_lock(&mut self, who: usize, got: bool) {
        let task = &mut self.tasks[who];
        let Action::Lock(lock) = task.actions[task.next] else { unreachable!("only a Lock tests and sets") };
        let (spins, cpu) = (LOCKS[lock].waiting == Waiting::Spins, task.cpu);
        if got {
            task.next += 1;
            task.spinlocks += u32::from(spins);
            let wake = self.engine.lock_acquired(who as u8, lock);
            self.to(who, Phase::Begin, wake);
        } else {
            let wake = self.engine.lock_wait(who as u8, &LOCKS[lock], lock);
            self.to(who, Phase::LockWait, wake);
            if !spins {
                self.on_cpu[cpu] = None;
            }
        }
    }
}
