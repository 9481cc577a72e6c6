//! Simulated tasks on simulated CPUs. Between what really happens to a lock and the event that says so lies a
//! step, in which others run: the graph hears of everything late, as it does in the kernel.

use std::collections::VecDeque;

use kcore::event::Waiting;
use kcore::machine::{CpuId, TaskId};
use kcore::wait_for::{Finding, Where};

use crate::world::{LOCKS, UNITS, World, task, text};

/// A semaphore of two units.
pub(crate) const READERS: usize = UNITS;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Do {
    Take(usize),
    Give(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Between two actions.
    Free,
    /// It found the lock taken, and has not said so.
    Refused,
    Waits,
    /// It has the lock, and has not said so.
    Has,
    /// It has said that it gives the lock back.
    Gives,
}

#[derive(Debug)]
struct Member {
    program: Vec<Do>,
    at: usize,
    phase: Phase,
    /// Spinlocks that it has or spins for.
    atomic: usize,
}

#[derive(Debug)]
struct RealLock {
    free: usize,
    queue: VecDeque<usize>,
}

pub(crate) struct Crew {
    members: Vec<Member>,
    locks: Vec<RealLock>,
    cpus: u32,
    /// The task that has each CPU.
    current: Vec<usize>,
    world: World,
    pub(crate) found: Option<Finding>,
    /// Whether findings do not end the run.
    pub(crate) is_over: bool,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} on {:?}", self.members, self.locks, self.current)
    }
}

impl Crew {
    /// Task n runs program n on CPU n mod `cpus`.
    pub(crate) fn new(programs: Vec<Vec<Do>>, cpus: u32) -> Self {
        let member = |program| Member { program, at: 0, phase: Phase::Free, atomic: 0 };
        let units = |lock| if lock == READERS { 2 } else { 1 };
        let cpus = cpus.min(programs.len() as u32);
        Crew {
            members: programs.into_iter().map(member).collect(),
            locks: (0..LOCKS.len())
                .map(|lock| RealLock { free: units(lock), queue: VecDeque::new() })
                .collect(),
            cpus,
            current: (0..cpus as usize).collect(),
            world: World::new(),
            found: None,
            is_over: false,
        }
    }

    /// Lets a random CPU make a step, so many times, or until a task is accused.
    pub(crate) fn run(&mut self, mut choose: impl FnMut(usize) -> usize, steps: usize) {
        for _ in 0..steps {
            if self.found.is_some() {
                return;
            }
            let cpu = choose(self.cpus as usize);
            let next = choose(self.members.len());
            if next as u32 % self.cpus == cpu as u32 && self.may_leave(self.current[cpu]) {
                self.current[cpu] = next;
            }
            self.place_all();
            self.step(self.current[cpu]);
        }
    }

    pub(crate) fn all_ended(&self) -> bool {
        self.members.iter().all(|member| member.at == member.program.len())
    }

    /// Whether what a task has said, which then lost its CPU, is not what is: refused, or handed a lock, and
    /// silent about it; or about to give one back.
    pub(crate) fn knows_more_than_it_told(&self) -> bool {
        (0..self.members.len()).any(|who| match (self.members[who].phase, self.action(who)) {
            (Phase::Refused | Phase::Has | Phase::Gives, _) => true,
            (Phase::Waits, Some(Do::Take(lock))) => {
                LOCKS[lock].waiting == Waiting::Sleeps && !self.is_asleep(who)
            }
            _ => false,
        })
    }

    /// What the watchdog finds when nothing moves any more.
    pub(crate) fn is_stuck(&mut self) -> bool {
        self.place_all();
        self.world.graph.stuck(&self.world).is_some()
    }

    /// How many actions of its program the task has behind it, and how far it is in the next.
    pub(crate) fn progress(&self, task: TaskId) -> usize {
        self.members[task.0 as usize].at
    }

    pub(crate) fn text(&self) -> String {
        text(self.found)
    }

    fn may_leave(&self, who: usize) -> bool {
        self.members[who].atomic == 0 || self.is_asleep(who)
    }

    fn action(&self, who: usize) -> Option<Do> {
        self.members[who].program.get(self.members[who].at).copied()
    }

    fn is_asleep(&self, who: usize) -> bool {
        match (self.members[who].phase, self.action(who)) {
            (Phase::Waits, Some(Do::Take(lock))) => self.locks[lock].queue.contains(&who),
            _ => false,
        }
    }

    fn place_all(&mut self) {
        for who in 0..self.members.len() {
            let cpu = who as u32 % self.cpus;
            let place: fn(CpuId) -> Where = match self.current[cpu as usize] == who {
                _ if self.action(who).is_none() => |_| Where::Ended,
                _ if self.is_asleep(who) => Where::Asleep,
                true => Where::OnCpu,
                false => Where::Runnable,
            };
            self.world.put(who as u32, place, cpu);
        }
    }

    fn step(&mut self, who: usize) {
        let Some(action) = self.action(who) else { return };
        match (self.members[who].phase, action) {
            (Phase::Free, Do::Take(lock)) => self.try_take(who, lock),
            (Phase::Free, Do::Give(lock)) => {
                self.world.give(task(who as u32), lock);
                self.members[who].phase = Phase::Gives;
            }
            (Phase::Refused, Do::Take(lock)) => self.tell_wait(who, lock),
            (Phase::Waits, Do::Take(lock)) => self.look_again(who, lock),
            (Phase::Has, Do::Take(lock)) => {
                self.world.take(task(who as u32), lock);
                self.go_on(who);
            }
            (Phase::Gives, Do::Give(lock)) => self.give(who, lock),
            (phase, action) => unreachable!("{action:?} in {phase:?}"),
        }
        if self.action(who).is_none() {
            self.world.graph.ended(TaskId(who as u32));
        }
    }

    fn try_take(&mut self, who: usize, lock: usize) {
        let spins = LOCKS[lock].waiting == Waiting::Spins;
        self.members[who].atomic += usize::from(spins);
        if self.locks[lock].free > 0 {
            self.locks[lock].free -= 1;
            self.members[who].phase = Phase::Has;
            // Of units the graph must know how many there are: see `Graph::search`.
            if lock == READERS {
                self.step(who);
            }
            return;
        }
        if !spins {
            self.locks[lock].queue.push_back(who);
        }
        self.members[who].phase = Phase::Refused;
    }

    fn tell_wait(&mut self, who: usize, lock: usize) {
        self.members[who].phase = Phase::Waits;
        self.place_all();
        self.world.put(who as u32, Where::OnCpu, who as u32 % self.cpus);
        let found = self.world.wait(task(who as u32), lock);
        if !self.is_over {
            self.found = found;
        }
    }

    fn look_again(&mut self, who: usize, lock: usize) {
        if LOCKS[lock].waiting == Waiting::Spins {
            if self.locks[lock].free > 0 {
                self.locks[lock].free -= 1;
                self.members[who].phase = Phase::Has;
            }
        } else if !self.locks[lock].queue.contains(&who) {
            self.members[who].phase = Phase::Has;
        }
    }

    fn give(&mut self, who: usize, lock: usize) {
        if self.locks[lock].queue.pop_front().is_none() {
            self.locks[lock].free += 1;
        }
        self.members[who].atomic -= usize::from(LOCKS[lock].waiting == Waiting::Spins);
        self.go_on(who);
    }

    fn go_on(&mut self, who: usize) {
        self.members[who].at += 1;
        self.members[who].phase = Phase::Free;
    }
}
