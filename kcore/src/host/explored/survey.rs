//! All executions of an experiment, and what they came to.

use super::jobs::{Jobs, Progress};
use super::machine::{Explored, here};
use super::region::outside;
use super::world::{MOST_TASKS, World};
use crate::event::Kinds;
use crate::experiment::{Body, Experiment, Placement, Refusal, Resolved, Stage, body, of_kernel};
use crate::explore::{
    Driver, End, Follow, Frontier, MemoryModel, Replay, Schedule, Search, Share, Survey, Transcript, Trouble,
};
use crate::machine::TaskId;
use crate::settings::{Policy, RunSettings, With};

/// An experiment with sizes, as it is explored.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    resolved: &'a Resolved,
    settings: &'a RunSettings,
    /// How many take part.
    tasks: u32,
    /// Stores wait in buffers.
    buffered: bool,
    /// Of each task, one allocation may fail, whichever it is.
    pub(super) failing: bool,
    body: Body<Explored>,
}

impl<'a> Subject<'a> {
    /// What `resolved` and `settings` say. [`None`] when it needs what a machine of coroutines has not: its
    /// body is a kernel's, its tasks share a CPU, or they are more than there is room for.
    pub fn of(resolved: &'a Resolved, settings: &'a RunSettings, model: MemoryModel) -> Option<Self> {
        let spread = resolved.experiment.placement == Placement::Spread;
        let is_interrupted = Self::has_ended_waits(resolved.experiment);
        let body = match body(resolved.experiment) {
            Some(body) if spread => body,
            None if is_interrupted && settings.with == Some(With::Timeout) => ended::<true>,
            None if is_interrupted => ended::<false>,
            None if core::ptr::eq(resolved.experiment, of_kernel::stack_semaphore) => requests,
            _ => return None,
        };
        let tasks =
            resolved.writers.checked_add(is_interrupted.into()).filter(|tasks| *tasks <= MOST_TASKS)?;
        let failing = settings.with == Some(With::Enomem);
        Some(Subject { resolved, settings, tasks, buffered: model == MemoryModel::Tso, failing, body })
    }

    /// How many take part.
    pub fn tasks(&self) -> u32 {
        self.tasks
    }

    /// Whether it is about waits that something else may end than what they wait for.
    pub fn has_ended_waits(experiment: &Experiment) -> bool {
        core::ptr::eq(experiment, of_kernel::interrupted)
    }

    pub(super) fn world(&self, driver: impl FnOnce(usize, usize) -> Driver) -> Option<World> {
        World::new(self.tasks, self.buffered, self.failing, driver)
    }

    /// Makes executions of it until all were made, or `limit`. [`None`] when the host has no room.
    pub fn survey(&self, limit: Option<u64>) -> Option<Survey> {
        let (mut survey, mut frontier) = (Survey::default(), Frontier::whole());
        self.go_on(&mut survey, &mut frontier, Jobs { count: 1, limit }, |_| true)?;
        Some(survey)
    }

    /// Makes executions of it that are left in `frontier`, besides those of which `survey` knows, until all
    /// were made, or `jobs` has made as many as it may, or `watch` says that it is enough: it is told now and
    /// then how far it is. [`None`] when the host has no room.
    pub fn go_on(
        &self,
        survey: &mut Survey,
        frontier: &mut Frontier,
        jobs: Jobs,
        watch: impl FnMut(Progress) -> bool,
    ) -> Option<()> {
        jobs.run(self, survey, frontier, watch).then_some(())
    }

    /// Makes executions one by one until there are so many `parts` of `frontier` that no search has, or none
    /// is left: the same ones each time, so that searches far away can do so, too, and keep shares of the
    /// same.
    pub fn divide(&self, survey: &mut Survey, frontier: &mut Frontier, parts: usize) -> Option<()> {
        let mut world = self.searching()?;
        while survey.trouble.is_none() && (1..parts).contains(&frontier.parts()) {
            let part = frontier.take().expect("there are parts");
            world.search().0.take_up(part);
            survey.trouble = self.execute(&mut world, survey).err();
            let (search, wants) = world.search();
            search.look_back(wants);
            search.hand_over(frontier, Share::All);
            search.go_back();
            frontier.finish(search.part());
        }
        survey.complete = frontier.is_empty() && survey.trouble.is_none();
        Some(())
    }

    /// A world in which executions are searched.
    pub(super) fn searching(&self) -> Option<World> {
        self.world(|parts, tasks| Driver::Search(Search::new(parts, tasks)))
    }

    /// Makes the next execution of a search.
    pub(super) fn execute(&self, world: &mut World, survey: &mut Survey) -> Result<(), Trouble> {
        let end = world.execute(|| self.execution());
        match world.trouble.take() {
            Some(trouble) => Err(trouble),
            None => survey.count(end, world.driver.trace(), self.failing, Schedule::straight),
        }
    }

    /// Makes the execution that `schedule` says, wherever it can. [`None`] when the host has no room.
    pub fn replay(&self, schedule: &Schedule) -> Option<Replay> {
        self.follow(schedule, None)
    }

    /// Makes the execution that `schedule` says, as far as it can, and from there on one that `policy` says.
    /// [`None`] when the host has no room.
    pub fn follow(&self, schedule: &Schedule, policy: Option<Policy>) -> Option<Replay> {
        let driver = |parts, tasks| Driver::Follow(Follow::new(parts, tasks, schedule.parts(tasks), policy));
        let mut world = self.world(driver)?;
        world.wanted |= Kinds::OUTCOMES;
        world.transcript = Some(Transcript::default());
        let end = world.execute(|| self.execution());
        let tasks = self.tasks as usize;
        let Driver::Follow(follow) = &world.driver else { unreachable!("it was made for a schedule") };
        Some(Replay {
            end: end.ok()?,
            made: Schedule::of_parts(follow.trace().moves().map(|made| made.task), tasks),
            preemptions: follow.preemptions(),
            parted: follow.parted(),
            finding: world.finding(),
            transcript: world.transcript.take().unwrap_or_default(),
            trouble: world.trouble.take(),
        })
    }

    /// One execution, from a fresh state.
    pub(super) fn execution(&self) -> Result<End, Refusal> {
        let mut stage = Stage::<Explored>::new(self.resolved, self.settings);
        match stage.rounds(self.body, self.settings) {
            Ok(()) | Err(Refusal::Stopped) => {}
            Err(refusal) => return Err(refusal),
        }
        if let Some(why) = stage.judge(None) {
            here(|world| world.does_not_add_up(&why));
        }
        outside(|| here(|world| world.note_words(&stage.notes)));
        Ok(End::of(&stage.run))
    }
}

/// Waits of all tasks of the run but the last, which gives what they wait for. One more ends them.
fn ended<const IN_TIME: bool>(stage: &mut Stage<'_, Explored>) -> Result<(), Refusal> {
    stage.waits_from_within(stage.resolved.writers - 1, IN_TIME, &|who| TaskId(who + 1))
}

/// Requests whose units are seen from within.
fn requests(stage: &mut Stage<'_, Explored>) -> Result<(), Refusal> {
    stage.requests_from_within()
}
