//! A machine of threads, and the type that finds it.

use core::fmt;
use core::hint::spin_loop;
use core::ptr::NonNull;
use core::sync::atomic::{
    AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst,
};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::thread::{scope, yield_now};
use std::time::Instant;
use std::vec::Vec;

use crate::errno::Errno;
use crate::event::{Actor, Event, Events, Kinds, TaskStep, Ticket, What};
use crate::host::arena::{Account, Arena, LiveBlock};
use crate::host::task::{Task, Tasks, Token, here, lock};
use crate::machine::{BadFree, BlockSize, Cpu, CpuId, Kind, Memory, Sched, Sleep, TaskId};
use crate::place::Place;

/// What hears of events, before they take effect.
pub trait Listener: Send + Sync {
    /// This is about to happen. The listener may keep the task that does it.
    fn on(&self, event: &Event);
}

/// A machine. Clones are the same machine.
#[derive(Clone, Default)]
pub struct Host {
    parts: Arc<Parts>,
}

#[derive(Default)]
struct Parts {
    arena: Mutex<Arena>,
    tasks: Mutex<BTreeMap<u32, Weak<Token>>>,
    wanted: AtomicU16,
    /// How many wake-ups there were.
    news: AtomicU64,
    listener: Mutex<Option<Arc<dyn Listener>>>,
    /// What the clock shows; `None` while it runs by itself.
    clock: Mutex<Option<u64>>,
}

impl Host {
    /// A machine without tasks, with all its memory free.
    pub fn new() -> Self {
        Host::default()
    }

    /// The machine of the running thread.
    pub fn here() -> Host {
        here(|task| task.host.clone())
    }

    /// Runs `body` as a task of this machine, on the calling thread. If it is one already, it stays that one.
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        if here(|task| Arc::ptr_eq(&task.host.parts, &self.parts)) {
            body()
        } else {
            Task::new(self).run(body)
        }
    }

    /// [Runs](Host::run) `body`, which may [spawn](Tasks::spawn) more tasks, and waits for all of them.
    pub fn scope<'env, R>(&'env self, body: impl for<'scope> FnOnce(Tasks<'scope, 'env>) -> R) -> R {
        scope(|scope| self.run(|| body(Tasks { host: self, scope })))
    }

    /// Runs `count` new tasks to their ends; each is told which it is, from 0. The caller waits and is none
    /// of them.
    pub fn tasks(&self, count: usize, body: impl Fn(usize) + Sync) {
        let body = &body;
        scope(|scope| {
            for index in 0..count {
                Tasks { host: self, scope }.spawn(move || body(index));
            }
        });
    }

    /// From now on `listener` hears of events of the kinds that are `wanted`.
    pub fn listen(&self, wanted: Kinds, listener: Arc<dyn Listener>) {
        *lock(&self.parts.listener) = Some(listener);
        self.parts.wanted.store(wanted.bits(), Relaxed);
    }

    /// What was allocated and freed so far.
    pub fn account(&self) -> Account {
        lock(&self.parts.arena).account()
    }

    /// The blocks that were not freed, by address.
    pub fn live(&self) -> Vec<LiveBlock> {
        lock(&self.parts.arena).live()
    }

    /// `count` more allocations succeed; those after them get [`Errno::ENOMEM`]. [`None`]: all succeed.
    pub fn allow_allocations(&self, count: Option<u64>) {
        lock(&self.parts.arena).allow(count);
    }

    /// There is no hole for a block of more than `bytes` bytes ([`Errno::ENOMEM`]). [`None`]: as large as the
    /// host allows.
    pub fn set_largest_block(&self, bytes: Option<usize>) {
        lock(&self.parts.arena).set_largest(bytes);
    }

    /// Stops this machine's clock at `cycles`, or lets it run on by itself. With a clock that stands,
    /// counters are exact.
    pub fn set_clock(&self, cycles: Option<u64>) {
        *lock(&self.parts.clock) = cycles;
    }

    /// Sends `task` a signal: its interruptible sleeps end. The signal stays until the task has
    /// [taken](HostMachine::take_signal) it. A task that has ended hears nothing.
    pub fn interrupt(&self, task: TaskId) {
        self.signal(task, Sleep::Interruptible);
    }

    /// Sends `task` a signal that kills: its interruptible and its killable sleeps end. The rest is up to the
    /// task.
    pub fn kill(&self, task: TaskId) {
        self.signal(task, Sleep::Killable);
    }

    fn signal(&self, task: TaskId, ends: Sleep) {
        if let Some(token) = self.token(task) {
            token.signal(ends);
        }
    }

    /// Gives a new task its number.
    pub(super) fn enlist(&self, token: &Arc<Token>) -> TaskId {
        let mut tasks = lock(&self.parts.tasks);
        let id = tasks.len() as u32;
        tasks.insert(id, Arc::downgrade(token));
        TaskId(id)
    }

    /// How many wake-ups there were.
    pub(super) fn news(&self) -> u64 {
        self.parts.news.load(SeqCst)
    }

    /// Asks the memory something.
    pub(super) fn arena<R>(&self, ask: impl FnOnce(&Arena) -> R) -> R {
        ask(&lock(&self.parts.arena))
    }

    /// The token of a task; [`None`] when the task has ended, which a late wake-up may find.
    pub(super) fn token(&self, task: TaskId) -> Option<Arc<Token>> {
        let tasks = lock(&self.parts.tasks);
        tasks.get(&task.0).expect("a task of this machine").upgrade()
    }

    fn listener(&self) -> Option<Arc<dyn Listener>> {
        lock(&self.parts.listener).clone()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("account", &self.account()).finish_non_exhaustive()
    }
}

/// The [`Host`] of whichever thread asks.
#[derive(Clone, Copy, Debug)]
pub struct HostMachine;

/// How often a sleeper with a deadline looks at the clock.
const LOOK_AT_CLOCK: Duration = Duration::from_millis(1);

/// PAUSEs of a task after which it gives its core away.
const PAUSES_A_TURN: u32 = 16;

/// When the clock of all host machines began.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

impl HostMachine {
    /// Whether interrupts are on at the CPU that runs the caller.
    pub fn interrupts_on() -> bool {
        here(|task| task.interrupts.get())
    }

    /// How often the caller has switched off preemption, and softirqs, and not on again.
    pub fn switched_off() -> (i32, i32) {
        here(|task| (task.preemption_off.get(), task.softirqs_off.get()))
    }

    /// Tells of a step of the running task, to a listener that wants to hear of such.
    fn step(step: TaskStep) {
        if Self::wanted().contains(Kinds::TASKS) {
            Self::tell(What::Task(step), Place::caller());
        }
    }

    /// Takes the running task's signal away; whether there was one.
    pub fn take_signal() -> bool {
        here(|task| task.token.take_signal())
    }
}

impl Cpu for HostMachine {
    type Flag = AtomicBool;
    type Word = AtomicUsize;

    fn cpu() -> CpuId {
        here(Task::cpu)
    }

    fn irq_save() -> bool {
        here(|task| task.interrupts.replace(false))
    }

    fn irq_restore(were_on: bool) {
        if were_on {
            here(|task| task.interrupts.set(true));
        }
    }

    /// Tests have more threads than the host has cores: a waiter lets the holder run now and then. On a busy
    /// host that takes long, and most waits are short.
    fn relax() {
        match here(Task::pause) % PAUSES_A_TURN {
            0 => yield_now(),
            _ => spin_loop(),
        }
    }

    /// Nanoseconds, unless [`Host::set_clock`] says otherwise.
    fn cycles() -> u64 {
        let set = *lock(&Host::here().parts.clock);
        set.unwrap_or_else(|| EPOCH.elapsed().as_nanos() as u64)
    }

    fn preempt_disable() {
        here(|task| task.preemption_off.update(|depth| depth + 1));
    }

    fn preempt_enable() {
        here(|task| task.preemption_off.update(|depth| depth - 1));
    }

    fn bh_disable() {
        here(|task| task.softirqs_off.update(|depth| depth + 1));
    }

    fn bh_enable() {
        here(|task| task.softirqs_off.update(|depth| depth - 1));
    }
}

impl Sched for HostMachine {
    /// Until the host has let others run once.
    const LOOKS: u32 = PAUSES_A_TURN;

    fn task() -> TaskId {
        here(|task| task.id)
    }

    fn block() {
        let (id, token) = here(|task| (task.id, task.token.clone()));
        token.wait(id, || Self::step(TaskStep::Block));
        Self::step(TaskStep::Woken(id));
    }

    /// Returns early now and then, as it may: a test can put the clock forward at any time.
    fn block_until(deadline: u64) {
        let left = deadline.saturating_sub(Self::cycles());
        if left > 0 {
            let (id, token) = here(|task| (task.id, task.token.clone()));
            token.wait_for(Duration::from_nanos(left).min(LOOK_AT_CLOCK));
            Self::step(TaskStep::Woken(id));
        }
    }

    fn interrupted(sleep: Sleep) -> bool {
        here(|task| task.token.is_signalled(sleep))
    }

    fn wake(task: TaskId) {
        let host = Host::here();
        if let Some(token) = host.token(task) {
            token.wake();
            host.parts.news.fetch_add(1, SeqCst);
        }
    }

    fn yield_now() {
        yield_now();
    }
}

// SAFETY: the arena's blocks are as long and as aligned as promised, disjoint, and mapped until the machine
// is dropped.
unsafe impl Memory for HostMachine {
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let location = Place::caller();
        lock(&Host::here().parts.arena).allocate(kind, size, location)
    }

    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree> {
        lock(&Host::here().parts.arena).free(block)
    }

    unsafe fn size(block: NonNull<u8>) -> usize {
        // SAFETY: the arena writes the size in front of each block, and a fence behind it.
        unsafe { BlockSize::of(block) }
    }

    /// Freed blocks are kept as long as the machine.
    type Keep = ();

    fn keep() {}
}

impl Events for HostMachine {
    fn wanted() -> Kinds {
        Kinds::from_bits_truncate(here(|task| task.host.parts.wanted.load(Relaxed)))
    }

    fn tell(what: What, at: Place) -> Ticket {
        if let Some(listener) = Host::here().listener() {
            listener.on(&Event { actor: Actor::task(Self::task()), cpu: Self::cpu(), at, what });
        }
        Ticket::default()
    }

    fn spinning() {
        Self::step(TaskStep::Spins);
    }
}
