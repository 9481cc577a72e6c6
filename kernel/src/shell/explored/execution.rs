//! One execution of what tasks do with a driver: its init, the race of the tasks, its exit, and how that ended.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;

use kcore::explore::{End, Trouble};
use kcore::machine::TaskId;
use kcore::module::Wrong;
use kcore::probe::Name;
use kcore::report::place;
use kcore::settings::Verdict;
use kcore::shell::interpret;
use kcore::shell::tree::List;

use super::whole::Answers;
use super::{Fault, Work};
use crate::fs;
use crate::mm::heap;
use crate::module::again::{Lost, Named};
use crate::module::faults::{self, Failing};
use crate::module::{answers, found};
use crate::observe::explorer::{self, Gate};
use crate::process::table;
use crate::task::{self, signal};

/// What is said where what must succeed does not.
pub(super) const UNCHECKED: &str = "What is to succeed when all are through does not";

impl Work {
    /// Makes one execution, from a fresh state, and says how it ended.
    pub(super) fn execution(&mut self) -> Result<End, Trouble> {
        explorer::begin().map_err(|error| Trouble::Refused(error.into()))?;
        self.notes.clear();
        self.wrong = None;
        found();
        answers::take();
        if self.is_live() {
            return match self.answers {
                Answers::Held(_) => Err(Trouble::Cannot("what a driver leaves for later beside whole calls")),
                Answers::Ignored | Answers::Known(_) => self.live(),
            };
        }
        if let Some(end) = self.begin()? {
            return Ok(end);
        }
        let named = self.named();
        self.note_named(named);
        let is_set_up = self.succeeds(&self.setup);
        let trouble = explorer::trouble();
        let fails = (!is_set_up).then_some(Trouble::Cannot("a set-up that fails"));
        if let Some(trouble) = trouble.or(fails) {
            self.driver.break_off();
            return Err(trouble);
        }
        self.hand_out_shells();
        let raced = self.race();
        self.note_death();
        match raced {
            Ok(()) => {
                let end = self.judge();
                Ok(self.judge_answers(end))
            }
            Err(stopped) => Ok(self.stopped(stopped)),
        }
    }

    /// Its files, and its devices, which have names now; none if they are those of the last execution.
    pub(super) fn named(&self) -> (Vec<&'static str>, Option<Vec<Named>>) {
        let devices = self.driver.devices(&self.devices);
        for (name, number, _) in devices.iter().flatten() {
            // It may be there since others were explored.
            let _ = fs::mknod(&format!("/dev/{name}"), *number, 0o666);
        }
        (self.driver.files(), devices)
    }

    pub(super) fn note_named(&mut self, (paths, devices): (Vec<&'static str>, Option<Vec<Named>>)) {
        self.paths = paths;
        if let Some(devices) = devices {
            self.devices = devices;
        }
    }

    pub(super) fn hand_out_shells(&self) {
        self.shells.iter().for_each(|seat| {
            let before = seat.lock().replace(self.fresh.fork(self.fresh.files.clone()));
            drop(before);
        });
    }

    /// The execution came to a stop before all were through.
    pub(super) fn stopped(&mut self, stopped: Option<Verdict>) -> End {
        let found = found();
        self.give_up();
        let room = heap::room();
        self.is_crowded = room.free < room.size() / 2;
        let end = End::of_counts(stopped.unwrap_or(Verdict::NotTried), 0, 0);
        self.told(found).unwrap_or(end)
    }

    /// The driver's init. The end of the execution, if it comes no further than that.
    fn begin(&mut self) -> Result<Option<End>, Trouble> {
        let Some(Fault::Init(which)) = self.fault else {
            let begun = self.driver.begin();
            let fails = begun.is_err().then_some(Trouble::Cannot("a driver whose init fails"));
            return match explorer::trouble().or(fails) {
                None => Ok(None),
                Some(trouble) => {
                    self.driver.break_off();
                    Err(trouble)
                }
            };
        };
        let (returned, has_failed) = self.driver.begin_short(which);
        self.has_failed = has_failed;
        if let Some(trouble) = explorer::trouble() {
            self.driver.break_off();
            return Err(trouble);
        }
        Ok(match returned {
            Some(Ok(())) => None,
            Some(Err(_)) => {
                let lost = self.driver.is_gone();
                Some(self.account(&lost))
            }
            None => {
                self.driver.break_off();
                self.note(|| "its init dies".to_string());
                Some(End::of_counts(Verdict::Oops, 0, 0))
            }
        })
    }

    /// What the tasks do, and whether they come to their ends.
    fn race(&mut self) -> Result<(), Option<Verdict>> {
        self.arm();
        let raced = explorer::race(&|who| self.play(who as usize));
        if let Some(has_failed) = self.disarm() {
            self.has_failed = has_failed;
        }
        raced
    }

    /// What tasks do fails from now on.
    pub(super) fn arm(&self) {
        match self.fault {
            Some(Fault::Memory(which)) => faults::arm(Failing::Memory, which),
            Some(Fault::Copy(which)) => faults::arm(Failing::Copy, which),
            Some(Fault::Sleep(which)) => explorer::signal_at(which),
            Some(Fault::Init(_)) | None => {}
        }
    }

    /// It does not any more; whether it came to that.
    pub(super) fn disarm(&self) -> Option<bool> {
        match self.fault? {
            Fault::Memory(_) | Fault::Copy(_) => Some(faults::disarm()),
            Fault::Sleep(_) => Some(explorer::signal_no_more()),
            Fault::Init(_) => None,
        }
    }

    /// What one of the tasks does.
    pub(super) fn play(&self, who: usize) {
        let Some(mut shell) = self.shells[who].lock().take() else { return };
        self.inside[who].store(task::current().0, Relaxed);
        let racing = self.tasks.len() - usize::from(self.has_after);
        if who == racing {
            explorer::pass_gate(Gate::Of(who), racing as u64);
        }
        interpret::lists(&mut shell, &self.tasks[who]);
        signal::take();
        explorer::meet();
        drop(shell);
        if self.has_after && who < racing {
            explorer::open_gate(Gate::Of(racing), 1);
        }
        self.inside[who].store(0, Relaxed);
    }

    pub(super) fn succeeds(&self, lists: &[List]) -> bool {
        lists.is_empty() || interpret::lists(&mut self.fresh.fork(self.fresh.files.clone()), lists) == 0
    }

    /// All tasks are through.
    fn judge(&mut self) -> End {
        if !self.succeeds(&self.check) {
            self.note(|| UNCHECKED.to_string());
        }
        let lost = self.driver.end();
        self.account(&lost)
    }

    /// The end of an execution in which the driver has `lost` these blocks.
    pub(super) fn account(&mut self, lost: &[Lost]) -> End {
        explorer::note_lost(|block| {
            let is_that = |lost: &&Lost| lost.address == block.address;
            lost.iter().find(is_that).map(|lost| lost.size)
        });
        let told = self.told(found());
        let is_sound = self.notes.is_empty() && lost.is_empty();
        for alike in lost.chunk_by(|one, next| one.size == next.size && one.at == next.at) {
            let (Lost { size, at, .. }, count) = (alike[0], alike.len());
            let of = if count > 1 { format!("{count} blocks of ") } else { String::new() };
            self.note(|| format!("{of}{size} bytes, allocated at {}, are lost", place(at)));
        }
        let verdict = if is_sound { Verdict::Clean } else { Verdict::Raced };
        End { leaked: lost.len() as u64, ..told.unwrap_or(End::of_counts(verdict, 0, 0)) }
    }

    /// Notes which part has died, if one has.
    pub(super) fn note_death(&mut self) {
        if let Some((who, at)) = explorer::died() {
            self.note(|| format!("{} dies at {}", Name(who), place(at)));
        }
    }

    /// Notes what was wrong. The words are of use only if people will read them.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        self.notes.push(if explorer::is_written_down() { what() } else { String::new() });
    }

    /// The end that something wrong is that the driver was told.
    fn told(&mut self, wrong: Option<(Wrong, String)>) -> Option<End> {
        let (kind, what) = wrong?;
        self.wrong = Some(kind);
        // Before what came of it.
        self.notes.insert(0, what);
        let is = |other: Wrong| u64::from(kind == other);
        Some(End {
            use_after_free: is(Wrong::Use),
            out_of_bounds: is(Wrong::Beyond),
            double_free: is(Wrong::Twice),
            ..End::of_counts(Verdict::Raced, 0, 0)
        })
    }

    /// Not all came to their end. What those were that did not, none closes the files of: what a driver
    /// does then may wait for what they have.
    fn give_up(&self) {
        for inside in &self.inside {
            let task = TaskId(inside.swap(0, Relaxed));
            if let Some(known) = table::known(task) {
                core::mem::forget(known);
                table::forget(task);
            }
        }
        self.driver.break_off();
    }
}
