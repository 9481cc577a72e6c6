//! What is measured, in which order, and what is said of it.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::report::{Bench, Boot, Record, Summary};

use super::contest::{Contestant, median_in_turn, timed};
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
    let mut board = Board { boot, measured: 0 };
    let uncontended = [&locks::UNCONTENDED[..], &sleepers::UNCONTENDED, &words::UNCONTENDED];
    for contestants in uncontended {
        let results = median_in_turn(contestants, &|work| timed(|| work(ALONE)));
        board.report("uncontended", ALONE, &results);
    }
    let cpus = smp::cpus();
    for (contestants, operations) in [(&locks::CONTENDED[..], TOGETHER), (&sleepers::CONTENDED, ASLEEP)] {
        let results = median_in_turn(contestants, &|work| {
            crew::run_on(cpus, &crew::spread, &|_| Name::new(), &|_| work(operations))
                .expect("room for a task on each CPU")
        });
        board.report("contended", operations * u64::from(cpus), &results);
    }
    let results = median_in_turn(&between(), &|work| timed(|| work(FEW)));
    board.report("between", FEW, &results);
    board.search();
    com2::record(&Record::Summary(Summary { passed: board.measured, failed: 0 }));
    Exit::Success
}

/// What involves other tasks or CPUs, as far as this machine and this kernel have it.
fn between() -> Vec<Contestant> {
    let preemption = cfg!(feature = "preempt").then_some(events::PREEMPTION);
    let wake_up = (smp::cpus() > 1).then_some(events::WAKE_UP);
    events::EVENTS.into_iter().chain(preemption).chain(wake_up).collect()
}

/// Where the results are written.
struct Board<'a> {
    boot: &'a Boot,
    measured: u32,
}

impl Board<'_> {
    /// How fast kmemleak searches a heap in which every word is an address: nothing is slower.
    fn search(&mut self) {
        let Ok(kmemleak::speed::Speed { found, copy, .. }) = kmemleak::speed::measure() else { return };
        let bytes = found.words * size_of::<usize>() as u64;
        let name = String::from("kmemleak scan, a word");
        let rate =
            u128::from(bytes) * u128::from(self.boot.tsc_hz) / u128::from(found.cycles.max(1)) / 1_000_000;
        println!(
            "{name:<48} {:>8} cycles {rate:>8} MB/s, {} MB; {}.{} times as long as a copy",
            found.cycles / found.words.max(1),
            bytes / 1_000_000,
            found.cycles / copy.max(1),
            10 * found.cycles / copy.max(1) % 10
        );
        com2::record(&Record::Bench(Bench { name, operations: found.words, cycles: found.cycles }));
        self.measured += 1;
    }

    /// A line for each contestant, and one for each of them that has a peer.
    fn report(&mut self, discipline: &str, operations: u64, results: &[(&str, u64)]) {
        for (name, cycles) in results {
            let name: String = [discipline, name].join(": ");
            let second = self.boot.tsc_hz * operations;
            let nanoseconds = (cycles * 1_000_000_000).checked_div(second).unwrap_or(0);
            println!("{name:<48} {:>8} cycles {nanoseconds:>8} ns an operation", cycles / operations);
            com2::record(&Record::Bench(Bench { name, operations, cycles: *cycles }));
            self.measured += 1;
        }
        for (ours, peer) in locks::PEERS.iter().chain(&words::PEERS) {
            let cycles_of =
                |name| results.iter().find(|(other, _)| *other == name).map(|(_, cycles)| *cycles);
            if let (Some(cycles), Some(peers)) = (cycles_of(*ours), cycles_of(*peer)) {
                let hundredths = (peers * 100).checked_div(cycles).unwrap_or(0);
                let (whole, rest) = (hundredths / 100, hundredths % 100);
                println!("  {ours} is {whole}.{rest:02} times as fast as {peer}");
            }
        }
    }
}
