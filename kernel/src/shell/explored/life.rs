//! An execution of a driver that leaves something for later: its init and its exit are a part of it, and so is
//! each of these things ([decision
//! 57](../../../../docs/decisions/0057-what-a-driver-leaves-for-later-takes-part.md)).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::sync::atomic::Ordering::Relaxed;

use kcore::explore::{End, Trouble};
use kcore::machine::Context;
use kcore::report::place;
use kcore::settings::Verdict;

use super::execution::UNCHECKED;
use super::{Fault, Work};
use crate::module::again::Named;
use crate::module::faults::{self, Failing};
use crate::module::later;
use crate::observe::explorer::{self, Clash, Gate};
use crate::task;

/// What the part of an execution comes to that has the driver's init and exit, where the driver leaves
/// something for later.
#[derive(Default)]
pub(super) struct Life {
    /// What its init has returned; nothing, if it has not.
    begun: Option<Result<(), i32>>,
    has_failed: bool,
    /// What has failed that must not.
    fails: Option<&'static str>,
    /// What was to succeed when all are through has not.
    is_unchecked: bool,
    /// None if they are those of the last execution.
    devices: Option<Vec<Named>>,
    paths: Vec<&'static str>,
}

impl Work {
    /// An execution with a part that has the driver's init and exit, and with parts for what the driver leaves
    /// for later.
    pub(super) fn live(&mut self) -> Result<End, Trouble> {
        *self.life.lock() = Life::default();
        self.hand_out_shells();
        let raced = explorer::race(&|who| self.part(who as usize));
        faults::disarm();
        let life = core::mem::take(&mut *self.life.lock());
        self.has_failed = life.has_failed;
        let has_begun = matches!(life.begun, Some(Ok(())));
        if has_begun {
            self.note_named((life.paths, life.devices));
        }
        self.note_death();
        if let Err(stopped) = raced {
            return Ok(self.stopped(stopped));
        }
        if life.is_unchecked {
            self.note(|| UNCHECKED.to_string());
        }
        let lost = self.driver.is_gone();
        match (life.begun, life.fails) {
            (_, Some(fails)) => return Err(Trouble::Cannot(fails)),
            (Some(Err(_)), _) if !self.has_failed => {
                return Err(Trouble::Cannot("a driver whose init fails"));
            }
            _ => {}
        }
        let end = self.account(&lost);
        match explorer::clash().filter(|_| end.verdict == Verdict::Clean) {
            Some(clash) => {
                self.note(|| told_of(&clash));
                Ok(End::of_counts(Verdict::Deadlock, 0, 0))
            }
            None => Ok(end),
        }
    }

    /// What part `who` of such an execution does.
    fn part(&self, who: usize) {
        let tasks = self.tasks.len();
        match who.cmp(&tasks) {
            Ordering::Less => {
                explorer::pass_gate(Gate::Begun, 1);
                if matches!(self.life.lock().begun, Some(Ok(()))) {
                    self.play(who);
                }
                explorer::open_gate(Gate::Done, 1);
            }
            Ordering::Equal => {
                self.inside[who].store(task::current().0, Relaxed);
                self.init_and_exit();
                self.inside[who].store(0, Relaxed);
            }
            Ordering::Greater => later::run(who - tasks - 1),
        }
    }

    /// The driver's init, what tasks do with it, and its exit.
    fn init_and_exit(&self) {
        let tasks = self.tasks.len() as u64;
        let begun = match self.fault {
            Some(Fault::Init(which)) => {
                faults::arm(Failing::Memory, which);
                let begun = self.driver.begin();
                self.life.lock().has_failed = faults::disarm();
                begun
            }
            _ => self.driver.begin(),
        };
        let has_begun = begun.is_ok();
        if has_begun {
            let (paths, devices) = self.named();
            let mut life = self.life.lock();
            (life.paths, life.devices) = (paths, devices);
        }
        if has_begun && !self.succeeds(&self.setup) {
            self.life.lock().fails = Some("a set-up that fails");
        }
        self.life.lock().begun = Some(begun);
        self.arm();
        explorer::open_gate(Gate::Begun, tasks);
        explorer::pass_gate(Gate::Done, tasks);
        if let Some(has_failed) = self.disarm() {
            self.life.lock().has_failed = has_failed;
        }
        if has_begun && !self.succeeds(&self.check) {
            self.life.lock().is_unchecked = true;
        }
        self.driver.goes(has_begun);
    }
}

/// What is said of such a spinlock.
fn told_of(clash: &Clash) -> String {
    let Clash { name, taken, wanted, context } = clash;
    let (off, comes) = match context {
        Context::Hardirq => ("interrupts", "the interrupt"),
        _ => ("softirqs", "the softirq"),
    };
    format!(
        "at {} {name} is taken with {off} on, and by what {comes} does at {}: if that comes on the CPU of the \
         task that has it, both wait for ever",
        place(*taken),
        place(*wanted)
    )
}
