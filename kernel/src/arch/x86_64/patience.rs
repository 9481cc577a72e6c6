//! How long a CPU waits for another one.

use super::cpu;

/// So many cycles, and so many turns of the loop that waits. A CPU of an emulator is a thread of the host,
/// and cycles pass while it has no core: on a busy host the turns of the waiter come as slowly as what it
/// waits for, and the cycles do not.
#[derive(Debug)]
pub struct Patience {
    until: u64,
    turns: u64,
}

/// Cycles for each turn that is waited for besides. A turn takes less on every machine that is known, so that
/// the cycles decide where the waiter has a core of its own.
const CYCLES_OF_A_TURN: u64 = 6000;

impl Patience {
    /// Patience for `cycles` from now on, of a waiter that has a core.
    pub fn new(cycles: u64) -> Self {
        Patience { until: cpu::cycles().saturating_add(cycles), turns: cycles / CYCLES_OF_A_TURN }
    }

    /// A turn, with PAUSE in it. True once the patience is over.
    pub fn is_over(&mut self) -> bool {
        cpu::pause();
        self.turns = self.turns.saturating_sub(1);
        self.turns == 0 && cpu::cycles() >= self.until
    }
}
