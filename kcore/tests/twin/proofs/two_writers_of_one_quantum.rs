//! Two threads copy into one quantum at once.
//!
//! Code: E0499
//! Races: R10

use kcore::twin::Quantum;

pub fn copy(quantum: &mut Quantum) {
    #[cfg(wrong)]
    let (one, two) = (&mut *quantum, &mut *quantum);
    #[cfg(not(wrong))]
    let (one, two) = quantum.split_at_mut(2000);
    std::thread::scope(|scope| {
        scope.spawn(|| one.fill(1));
        scope.spawn(|| two.fill(2));
    });
}
