//! This machine, as the experiments of `kcore` see it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::class;
use kcore::errno::Errno;
use kcore::event::might_sleep;
use kcore::experiment::stage::{Account, FEW_PAUSES, HeapRound, Walk};
use kcore::experiment::{Refusal, Rig};
use kcore::ledger::Record;
use kcore::machine::{Kind, TaskId};
use kcore::settings::Verdict;

use crate::arch::smp;
use crate::kmemleak;
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;
use crate::observe::{Stop, explorer, watchdog};
use crate::task::table::State;
use crate::task::{SpawnError, listing, shortage};
use crate::{task, time};

use super::Stage;
use super::crew;
use super::leaks::{Hidden, Lost};

/// Leaked blocks that are described one by one; the others are counted.
const DESCRIBED: usize = 8;

/// A walk of a device is under way, and marks its blocks.
static WALK: SpinLock<()> = SpinLock::new(class!("walk of a device"), ());

/// What this machine writes down in a run.
pub struct Books {
    /// The first blocks that leaked; has room for [`DESCRIBED`].
    pub(super) lost: Vec<Lost>,
    /// How kmemleak and the walk of a device disagreed about what is lost, if they did.
    pub(super) disagreement: Option<String>,
    /// Lost blocks that kmemleak would not report.
    pub(super) hidden: Hidden,
    /// Why the watchdog has given the tasks up, if it has.
    pub(super) stop: Option<Stop>,
}

impl Default for Books {
    fn default() -> Self {
        let lost = Vec::with_capacity(if explorer::is_open() { 0 } else { DESCRIBED });
        Books { lost, disagreement: None, hidden: Hidden::default(), stop: None }
    }
}

impl From<SpawnError> for Refusal {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::NoMemory => Refusal::Stacks,
            SpawnError::TooMany => Refusal::Tasks("TooMany"),
            SpawnError::NoSuchCpu => Refusal::Tasks("NoSuchCpu"),
        }
    }
}

impl Rig for Kernel {
    type Heap = heap::Experiment;
    type Books = Books;

    /// Where all orders are made, a task that begins later is one that is not chosen yet.
    fn pauses() -> u8 {
        match explorer::is_open() {
            true => 0,
            false if smp::take_turns() => FEW_PAUSES,
            false => u8::MAX,
        }
    }

    fn cpus() -> u32 {
        smp::cpus()
    }

    fn is_sequential() -> bool {
        smp::take_turns()
    }

    fn cycles_of(microseconds: u64) -> u64 {
        time::microseconds(microseconds)
    }

    #[track_caller]
    fn sleep(microseconds: u64) {
        match explorer::is_open() {
            true => {
                might_sleep::<Kernel>();
                explorer::rest();
            }
            false => task::sleep(microseconds),
        }
    }

    fn has_ended(task: TaskId) -> bool {
        listing::state_of(task).is_none_or(|state| state == State::Ended)
    }

    fn heap_size() -> usize {
        heap::room().size()
    }

    fn clear_stack() {
        if !explorer::is_open() {
            kmemleak::clear_stack_below();
        }
    }

    fn was_short() -> bool {
        shortage::take()
    }

    fn race(stage: &mut Stage<'_>, body: &(dyn Fn(u32) + Sync)) -> Result<(), Refusal> {
        if explorer::is_open() {
            return explored(stage, explorer::race(body));
        }
        stage.run.cycles += crew::run(stage.resolved, body)?;
        take_stop(stage)
    }

    fn account(
        stage: &mut Stage<'_>,
        heap: &heap::Experiment,
        links: &[usize],
        walk: &mut Walk<'_>,
    ) -> Account {
        let happened = heap.so_far();
        let since = heap.since();
        // The marks are of one walk at a time.
        let _alone = explorer::is_on_each_cpu().then(|| WALK.lock());
        heap::with_ledger(|ledger| ledger.begin_marking());
        walk(&mut heap::mark);
        match explorer::is_open() {
            true => explorer::note_lost(|block| {
                heap::with_ledger(|ledger| {
                    let is_lost = |record: &&Record| record.is_live() && !ledger.is_marked(record);
                    ledger.lookup(block.address).filter(is_lost).map(|_| block.size)
                })
            }),
            false => compare(stage, since, links),
        }
        let mut account = Account {
            allocated: happened.allocated.scull,
            freed: happened.freed.scull,
            double_free: happened.double_free,
            ..Account::default()
        };
        let (lost, resolved) = (&mut stage.books.lost, stage.resolved);
        heap::with_ledger(|ledger| {
            let is_ours = |record: &&Record| record.is_live() && record.allocation.kind != Kind::Other;
            for record in ledger.since(since).filter(is_ours).filter(|record| heap.has(record)) {
                let kind = record.allocation.kind;
                account.live[kind] += 1;
                if ledger.is_marked(record) {
                    account.reachable[kind] += 1;
                    continue;
                }
                account.leaked[kind] += 1;
                account.leaked_bytes += record.allocation.size as u64;
                if lost.len() < lost.capacity() {
                    lost.push(Lost::describe(record, ledger, resolved));
                }
            }
        });
        account.written_after_free = heap.written_after_free();
        account
    }
}

/// What became of a race that is explored.
pub(super) fn explored(stage: &mut Stage<'_>, raced: Result<(), Option<Verdict>>) -> Result<(), Refusal> {
    raced.map_err(|found| {
        stage.run.stopped = found;
        Refusal::Stopped
    })
}

/// What the watchdog has found, if it has. A frame of its own: what is moved here has no room in that of the
/// task that waits for the crew, where it may die, and needs room for that.
#[inline(never)]
fn take_stop(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    match watchdog::take() {
        None => Ok(()),
        Some(stop) => {
            stage.run.stopped = Some(stop.cause.verdict());
            stage.books.stop = Some(stop);
            Err(Refusal::Stopped)
        }
    }
}

/// Has kmemleak say the same without knowing a device: see [`kmemleak::Agreement`]. The walk, whose marks are
/// in the ledger, began with `links`.
#[inline(never)]
fn compare(stage: &mut Stage<'_>, since: u64, links: &[usize]) {
    kmemleak::clear_stack_below();
    // What the run has noted of leaks before is no reference to them.
    let books = stage.books.lost.as_ptr().addr();
    match kmemleak::agreement(since, links, &[books]) {
        Ok(agreement) if !agreement.is_whole() => {
            stage.books.disagreement = Some(format!("walk and search differ: {agreement:x?}"));
        }
        Ok(agreement) => stage.books.hidden.add(&agreement),
        Err(failure) => stage.note(format!("kmemleak could not search: {failure:?}")),
    }
}

impl HeapRound for heap::Experiment {
    type Inside<'a> = heap::Inside<'a>;

    unsafe fn begin() -> Result<Self, Errno> {
        match explorer::is_on_each_cpu() {
            // SAFETY: the caller's promise; its tasks have the caller's CPU.
            true => unsafe { heap::Experiment::begin_here() },
            // SAFETY: the caller's promise.
            false => unsafe { heap::Experiment::begin() },
        }
    }

    /// So little as an execution allocates that is explored is not needed twice.
    unsafe fn begin_recycling() -> Result<Self, Errno> {
        match explorer::is_on_each_cpu() {
            // SAFETY: the caller's promise; its tasks have the caller's CPU.
            true => unsafe { heap::Experiment::begin_here() },
            // SAFETY: the caller's promise.
            false => unsafe { heap::Experiment::begin_recycling() },
        }
    }

    fn inside(&self, who: u32) -> heap::Inside<'_> {
        self.inside(who)
    }

    fn recycled(&self) -> u64 {
        self.recycled()
    }

    fn written_after_free(&self) -> u64 {
        self.written_after_free()
    }
}
