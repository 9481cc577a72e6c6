//! One execution at a time: its tasks, its memory, and what was found.

use core::ptr::NonNull;
use std::string::ToString;
use std::vec::Vec;

use corosensei::{Coroutine, CoroutineResult};

use super::machine::settle;
use super::quiet;
use super::region::{PARTS, PartStack, Region, is_installed, outside};
use super::task::{Looks, Task, Turns};
use crate::event::{Event, Kinds};
use crate::explore::{
    Bounded, Divergence, Driver, Line, Next, Object, Of, Search, Step, Transcript, Trouble, Want,
};
use crate::host::arena::Arena;
use crate::machine::TaskId;
use crate::place::Place;
use crate::probe::Plan;
use crate::session::Session;
use crate::settings::Verdict;
use crate::wait_for::Graph;

/// So often may a task spin without a look.
const MOST_VAIN_TURNS: u32 = 1000;

/// The first name of what has no address: ends of tasks, and their wake-ups.
pub(super) const NAMELESS: u64 = 1 << 62;

/// What a thread explores with.
pub(super) struct World {
    pub(super) region: Region,
    pub(super) arena: Arena,
    pub(super) driver: Driver,
    pub(super) wanted: Kinds,
    pub(super) tasks: Vec<Task>,
    /// The participant that runs; [`None`] while who sets them up does.
    pub(super) turn: Option<u8>,
    /// How many tasks there were in this execution.
    numbers: u32,
    /// The units that there were of each lock before its first step since the tasks were set up.
    units: Vec<(usize, u64)>,
    /// What has happened to tasks: signals and deadlines.
    pub(super) happened: Vec<Object>,
    /// What is wrong, as a watchdog sees it.
    pub(super) session: Session,
    /// What it was not told of yet.
    pub(super) untold: Vec<Event>,
    pub(super) found: Option<Verdict>,
    /// Whether stores wait in buffers (x86: TSO).
    pub(super) buffered: bool,
    /// Whether an allocation of each task may fail.
    pub(super) failing: bool,
    /// Whether the end of a task is a step: another may wait for it.
    pub(super) ends: bool,
    /// What each part wants to do next. While steps are repeated it is known of tasks alone, and no more than
    /// the step.
    pub(super) wants: Vec<Option<Want>>,
    /// So many steps were made like those of the execution before. [`None`] when no more are to be: the
    /// driver decides.
    pub(super) repeated: Option<usize>,
    /// All tasks have come to their first steps: who goes on is decided from now on.
    pub(super) is_set_up: bool,
    /// What was decided when the task that ran came to its last step.
    decided: Option<Next>,
    /// The search has seen something that it does not understand.
    pub(super) trouble: Option<Trouble>,
    pub(super) transcript: Option<Transcript>,
}

impl World {
    /// With room for so many `tasks`, whose stores wait if it is `buffered`, and whose allocations fail if it
    /// is `failing`. `driver` is told how many take part, and how many of them are tasks. [`None`] when the
    /// host has no room.
    ///
    /// # Panics
    /// When the program has not `Allocator`.
    pub(super) fn new(
        tasks: u32,
        buffered: bool,
        failing: bool,
        driver: impl FnOnce(usize, usize) -> Driver,
    ) -> Option<Self> {
        quiet::hush();
        let region = Region::reserve()?;
        assert!(
            is_installed(region.room(0)),
            "a program that explores has `Allocator` as its global allocator"
        );
        let groups = if failing { 3 } else { 1 + usize::from(buffered) };
        let parts = tasks as usize * groups;
        Some(World {
            region,
            arena: Arena::borrowing(),
            driver: driver(parts, tasks as usize),
            wanted: Kinds::all() - Kinds::OUTCOMES - Kinds::POINTS,
            tasks: (0..tasks).map(|_| Task::new()).collect(),
            turn: None,
            numbers: 0,
            units: Vec::new(),
            happened: Vec::new(),
            session: Session::new(&Plan::Pass, tasks, Some(Graph::new())),
            untold: Vec::new(),
            found: None,
            buffered,
            failing,
            ends: true,
            wants: std::vec![None; parts],
            repeated: None,
            is_set_up: false,
            decided: None,
            trouble: None,
            transcript: None,
        })
    }

    /// Runs `body` as the first of an execution: as who sets tasks up, and judges them. Its allocations are
    /// gone when the next execution begins.
    pub(super) fn execute<R>(&mut self, body: impl FnOnce() -> R) -> R {
        self.repeated = self.driver.begin().then_some(0);
        self.arena.forget_all();
        self.units.clear();
        self.happened.clear();
        (self.turn, self.numbers, self.found, self.trouble) = (None, 0, None, None);
        self.wants.fill(None);
        self.tasks.iter_mut().for_each(Task::forget);
        self.session.begin_round();
        self.untold.clear();
        if let Some(transcript) = &mut self.transcript {
            transcript.clear();
        }
        let stack = self.region.stack(0);
        let room = self.region.room(0);
        settle(Some(NonNull::from(&mut *self)));
        let result = corosensei::on_stack(stack, || {
            let before = room.enter();
            let result = body();
            before.enter();
            result
        });
        settle(None);
        if let Some(at) = self.repeated {
            let expected = *self.driver.trace().get(at);
            self.trouble.get_or_insert(Trouble::Diverged(Divergence { at, expected, seen: None }));
        }
        result
    }

    /// What an address is called.
    pub(super) fn name(&self, address: usize) -> Object {
        Object(self.region.name(address))
    }

    /// The task that runs.
    pub(super) fn running(&self) -> TaskId {
        self.turn.map_or(TaskId(0), |who| self.tasks[usize::from(who)].id)
    }

    /// The wake-up of a task.
    pub(super) fn wake_up_of(&self, task: TaskId) -> Object {
        Object(NAMELESS + 2 * u64::from(task.0))
    }

    /// The end of a task.
    pub(super) fn end_of(&self, task: TaskId) -> Object {
        Object(NAMELESS + 2 * u64::from(task.0) + 1)
    }

    /// Units that there were of the lock at `address` when it was first asked about; `free` are now.
    /// [`None`] for who sets tasks up: nothing races with it.
    pub(super) fn initially(&mut self, address: usize, free: u64) -> Option<u64> {
        self.turn?;
        match self.units.iter().find(|(known, _)| *known == address) {
            Some((_, initially)) => Some(*initially),
            None => {
                outside(|| self.units.push((address, free)));
                Some(free)
            }
        }
    }

    /// The running task has looked at a word.
    pub(super) fn note_look(&mut self, address: usize, size: usize) {
        let look = (self.name(address), size as u64);
        if let Some(Task { looks, .. }) = self.task()
            && looks.is_none_or(|looks| looks.last != look)
        {
            *looks = Some(Looks { last: look, before: looks.map(|looks| looks.last) });
        }
    }

    /// Where the running task has looked since it waited last.
    pub(super) fn looked_at(&mut self) -> Option<Looks> {
        self.task()?.looks.take()
    }

    /// The running task spins, and has not told where it looks. Whoever sets tasks up may do so.
    ///
    /// # Panics
    /// When it does so again and again: it would never stop.
    pub(super) fn turn_in_vain(&mut self) {
        let Some(task) = self.task() else { return };
        task.vain_turns += 1;
        if task.vain_turns == MOST_VAIN_TURNS {
            self.cannot("a loop that waits for what no task tells of");
            panic!("a task waits for what no other tells of");
        }
    }

    /// The account does not hold.
    pub(super) fn does_not_add_up(&mut self, why: &str) {
        outside(|| self.trouble.get_or_insert(Trouble::Account(why.to_string())));
    }

    /// The body does what is not explored here.
    pub(super) fn cannot(&mut self, what: &'static str) {
        self.trouble.get_or_insert(Trouble::Cannot(what));
    }

    /// The running task wants to make this step.
    // In its caller it is known what the step is: little is written then, and nothing copied.
    #[inline(always)]
    pub(super) fn come_to(&mut self, step: Step, of: Of, at: Place) {
        if let Some(who) = self.turn {
            self.wants[usize::from(who)] = Some(Want::of(step));
            let task = &mut self.tasks[usize::from(who)];
            (task.of, task.at, task.vain_turns) = (of, at, 0);
        }
    }

    /// The running task is about to make the step that it has come to. By which it gives its turn back, if it
    /// has turns and it is not its own next.
    pub(super) fn arrive(&mut self) -> Option<NonNull<Turns>> {
        let who = self.turn?;
        if self.transcript.is_some() {
            self.note_word_after(who);
        }
        let yielder = self.tasks[usize::from(who)].yielder;
        self.refresh(who);
        if self.is_set_up {
            let next = self.decide(Some(who));
            if next == Next::Run(who) {
                self.go(who);
                return None;
            }
            self.decided = Some(next);
        }
        yielder
    }

    /// Task `who` makes its step, if it has begun.
    #[inline]
    fn go(&mut self, who: u8) {
        if self.transcript.is_some() {
            outside(|| self.write_down(who));
        }
        if self.wants[usize::from(who)].take().is_some() {
            self.tasks[usize::from(who)].made += 1;
        }
    }

    /// The step that task `who` is to make next.
    #[inline]
    pub(super) fn pending(&self, who: u8) -> Option<Step> {
        self.wants[usize::from(who)].map(|want| want.step)
    }

    /// Task `who`, or its buffer, may want something else now.
    #[inline]
    pub(super) fn refresh(&mut self, who: u8) {
        if (self.buffered || self.failing) && self.repeated.is_none() {
            self.look_again(who);
        }
    }

    #[inline(never)]
    fn look_again(&mut self, who: u8) {
        let (task, tasks) = (usize::from(who), self.tasks.len());
        if self.buffered {
            self.wants[task] = self.pending(who).map(|step| self.want(task, step));
            self.wants[tasks + task] = self.leaving(task);
        }
        if self.failing {
            self.wants[2 * tasks + task] = self.failure(task);
        }
    }

    pub(super) fn task(&mut self) -> Option<&mut Task> {
        self.turn.map(|who| &mut self.tasks[usize::from(who)])
    }

    /// Runs `body(who)` in so many tasks, one step of one of them at a time, until all have ended or can
    /// never go on. Says why they cannot, if so.
    pub(super) fn race(world: NonNull<World>, body: &(dyn Fn(u32) + Sync)) -> Option<Verdict> {
        // SAFETY: `body` is used by the coroutines alone, all of which have ended or are forgotten before
        // this returns, and none of which runs afterwards.
        let body =
            unsafe { core::mem::transmute::<&(dyn Fn(u32) + Sync), &'static (dyn Fn(u32) + Sync)>(body) };
        // SAFETY: as in `here`: no task runs between the uses of each of these references.
        let this = || unsafe { &mut *world.as_ptr() };
        let count = this().tasks.len() as u8;
        this().driver.barrier();
        this().units.clear();
        this().is_set_up = false;
        for who in 0..count {
            this().set_up(who, body);
            if !this().begins_later(who) {
                Self::run(world, who);
            }
        }
        this().is_set_up = true;
        let mut last = None;
        loop {
            let decided = this().decided.take();
            let next = decided.unwrap_or_else(|| this().decide(last));
            match next {
                Next::Run(part) if part >= 2 * count => this().fail(part - 2 * count),
                Next::Run(part) if part >= count => this().leave_buffer(part - count),
                Next::Run(who) => {
                    this().go(who);
                    Self::run(world, who);
                    last = Some(who);
                }
                Next::Over => break,
                Next::Asleep => {
                    this().trouble.get_or_insert(Trouble::Redundant);
                    break;
                }
            }
        }
        this().close()
    }

    fn set_up(&mut self, who: u8, body: &'static (dyn Fn(u32) + Sync)) {
        let part = usize::from(who) + 1;
        self.numbers += 1;
        let stack = self.region.stack(part);
        let member = move |yielder: &Turns, ()| {
            super::machine::here(|world| world.begin(NonNull::from(yielder)));
            super::body::run(who, body)
        };
        let task = &mut self.tasks[usize::from(who)];
        let first = self.region.room(part);
        task.begin(TaskId(self.numbers), first);
        task.coroutine = Some(Coroutine::with_stack(stack, member));
    }

    fn begin(&mut self, yielder: NonNull<Turns>) {
        self.task().expect("a task begins").yielder = Some(yielder);
    }

    /// Runs a task up to its next step.
    // A part of its caller, as `suspend` is.
    #[inline(always)]
    fn run(world: NonNull<World>, who: u8) {
        // SAFETY: as in `here`; no reference is kept while the task runs.
        let this = || unsafe { &mut *world.as_ptr() };
        let task = &mut this().tasks[usize::from(who)];
        let room = task.room;
        let coroutine: *mut Coroutine<(), (), bool, PartStack> =
            task.coroutine.as_mut().expect("a task that has not ended is run");
        this().turn = Some(who);
        let before = room.enter();
        // SAFETY: no other code touches the coroutine of a task that runs.
        let result = unsafe { &mut *coroutine }.resume(());
        let room = before.enter();
        this().turn = None;
        let task = &mut this().tasks[usize::from(who)];
        task.room = room;
        if let CoroutineResult::Return(went_well) = result {
            task.coroutine = None;
            this().wants[usize::from(who)] = None;
            this().refresh(who);
            if !went_well {
                this().found.get_or_insert(Verdict::Oops);
            }
        }
    }

    /// No task goes on: forgets those that have not ended, and says why they have not.
    fn close(&mut self) -> Option<Verdict> {
        let stopped = self.tasks.iter().any(|task| task.coroutine.is_some());
        if let Some(transcript) = &mut self.transcript {
            let left = self.tasks.iter().zip(&self.wants).zip(0..);
            let left = left.filter(|((task, _), _)| task.coroutine.is_some());
            transcript.waiting = left
                .filter_map(|((task, want), who)| Some(Line::new(who, (*want)?.step, task.of, task.at)))
                .collect();
        }
        if stopped && self.trouble.is_none() {
            self.find_why();
        }
        for task in &mut self.tasks {
            if let Some(mut coroutine) = task.coroutine.take() {
                // SAFETY: what lies on its stack is never used again: it and all that it refers to are the
                // execution's, and nothing of it needs to be dropped.
                unsafe { coroutine.force_reset() };
            }
        }
        self.found
    }

    /// The search that drives it, and what each part wanted to do when the execution was over.
    ///
    /// # Panics
    /// When none does.
    pub(super) fn search(&mut self) -> (&mut Search, &[Option<Want>]) {
        match &mut self.driver {
            Driver::Search(search) => (search, &self.wants),
            _ => unreachable!("no search was begun"),
        }
    }

    /// The walk that drives it.
    ///
    /// # Panics
    /// When none does.
    pub(super) fn walk(&mut self) -> &mut Bounded {
        match &mut self.driver {
            Driver::Bounded(bounded) => bounded,
            _ => unreachable!("no walk was begun"),
        }
    }
}

/// How many tasks can be explored.
pub(super) const MOST_TASKS: u32 = PARTS as u32 - 1;
