//! What is measured, in which order, and what is said of it.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::report::{Bench, Boot, Record, Summary};

use super::contest::{Contestant, Spread, in_turn, timed};
use super::{events, locks, sleepers, words};
use crate::arch::exit::Exit;
use crate::arch::smp;
use crate::console::com2;
use crate::experiments::crew;
use crate::kmemleak;
use crate::println;
use crate::task::Name;

/// Operations of a measurement on one CPU.
const ALONE: u64 = 50_000;
/// Operations of each CPU when they contend.
const TOGETHER: u64 = 50_000;
/// Operations of each CPU when they contend for a lock that sleeps: nearly each may cost an interrupt to wake
/// a waiter.
const ASLEEP: u64 = 10_000;
/// Operations that involve other tasks or CPUs.
const FEW: u64 = 2_000;

/// Measures everything.
pub(in crate::programs) fn main(boot: &Boot) -> Exit {
    let mut board = Board::begin(boot);
    let uncontended = [&locks::UNCONTENDED[..], &sleepers::UNCONTENDED, &words::UNCONTENDED];
    for contestants in uncontended {
        let results = in_turn(contestants, &|work| timed(|| work(ALONE)));
        board.report("uncontended", ALONE, &results);
        Board::compare(&results, &mut locks::PEERS.iter().chain(&words::PEERS));
    }
    let cpus = smp::cpus();
    for (contestants, operations) in [(&locks::CONTENDED[..], TOGETHER), (&sleepers::CONTENDED, ASLEEP)] {
        let results = in_turn(contestants, &|work| on_all_cpus(&|_| work(operations)));
        board.report("contended", operations * u64::from(cpus), &results);
        Board::compare(&results, &mut locks::PEERS.iter());
    }
    let results = in_turn(&between(), &|work| timed(|| work(FEW)));
    board.report("between", FEW, &results);
    board.search();
    board.end()
}

/// The cycles that all CPUs take for `work` of each.
pub(super) fn on_all_cpus(work: &(dyn Fn(u32) + Sync)) -> u64 {
    crew::run_on(smp::cpus(), &crew::spread, &|_| Name::new(), work).expect("room for a task on each CPU")
}

/// What involves other tasks or CPUs, as far as this machine and this kernel have it.
fn between() -> Vec<Contestant> {
    let preemption = cfg!(feature = "preempt").then_some(events::PREEMPTION);
    let wake_up = (smp::cpus() > 1).then_some(events::WAKE_UP);
    events::EVENTS.into_iter().chain(preemption).chain(wake_up).collect()
}

/// Where the results are written.
pub(super) struct Board<'a> {
    boot: &'a Boot,
    measured: u32,
    /// Whose lines are being written.
    discipline: &'static str,
}

/// A contestant, another that does the same, and what they do.
type Peers = (&'static str, &'static str);

impl<'a> Board<'a> {
    /// An empty one: the units are said once.
    pub(super) fn begin(boot: &'a Boot) -> Board<'a> {
        println!("{:<38}{:>9}  {:>20} {:>8}", "an operation", "cycles", "least to most", "ns");
        Board { boot, measured: 0, discipline: "" }
    }

    /// All is measured.
    pub(super) fn end(self) -> Exit {
        com2::record(&Record::Summary(Summary { passed: self.measured, failed: 0 }));
        Exit::Success
    }

    /// How fast kmemleak searches a heap in which every word is an address: nothing is slower.
    fn search(&mut self) {
        let Ok(kmemleak::speed::Speed { found, copy, .. }) = kmemleak::speed::measure() else { return };
        let bytes = found.words * size_of::<usize>() as u64;
        let name = String::from("kmemleak scan, a word");
        let rate =
            u128::from(bytes) * u128::from(self.boot.tsc_hz) / u128::from(found.cycles.max(1)) / 1_000_000;
        println!(
            "{name:<38}{:>9}  {rate} MB/s, {} MB; {}.{} times a copy",
            found.cycles / found.words.max(1),
            bytes / 1_000_000,
            found.cycles / copy.max(1),
            10 * found.cycles / copy.max(1) % 10
        );
        self.record(
            name,
            found.words,
            Spread { least: found.cycles, median: found.cycles, most: found.cycles },
        );
    }

    fn record(&mut self, name: String, operations: u64, Spread { least, median: cycles, most }: Spread) {
        com2::record(&Record::Bench(Bench { name, operations, cycles, least, most }));
        self.measured += 1;
    }

    /// A line for each contestant, below the name of the discipline. A line fits 80 columns.
    pub(super) fn report(
        &mut self,
        discipline: &'static str,
        operations: u64,
        results: &[(&'static str, Spread)],
    ) {
        if self.discipline != discipline {
            self.discipline = discipline;
            println!("{discipline}");
        }
        for &(name, spread) in results {
            let each = |cycles| cycles / operations;
            let second = self.boot.tsc_hz * operations;
            let ns = (u128::from(spread.median) * 1_000_000_000).checked_div(second.into()).unwrap_or(0);
            let Spread { least, median, most } = spread;
            println!("  {name:<36}{:>9}  {:>8} to {:>8} {ns:>8}", each(median), each(least), each(most));
            self.record([discipline, name].join(": "), operations, spread);
        }
    }

    /// A line for each of them that has a peer.
    pub(super) fn compare(results: &[(&'static str, Spread)], peers: &mut dyn Iterator<Item = &Peers>) {
        for (ours, peer) in peers {
            let find = |name| results.iter().find(|(other, _)| *other == name).map(|(_, spread)| spread);
            if let (Some(own), Some(other)) = (find(*ours), find(*peer)) {
                let times = |theirs: u64, ours: u64| (theirs * 100).checked_div(ours).unwrap_or(0);
                let (middle, low, high) = (
                    times(other.median, own.median),
                    times(other.least, own.most),
                    times(other.most, own.least),
                );
                let shown = |times: u64| (times / 100, times % 100);
                let ((a, b), (c, d), (e, f)) = (shown(middle), shown(low), shown(high));
                println!("  {ours} is {a}.{b:02} times as fast as {peer} ({c}.{d:02} to {e}.{f:02})");
            }
        }
    }
}
