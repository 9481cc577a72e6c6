//! What a listener wants to hear of.

bitflags::bitflags! {
    /// The kinds of events that are listened for. Asked before each of them is told.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Kinds: u16 {
        /// Loads of shared memory.
        const LOADS = 1;
        /// Stores to shared memory, and compare-and-swaps.
        const STORES = 1 << 1;
        /// Named points.
        const POINTS = 1 << 2;
        /// Runs of bytes that are cleared.
        const RUNS = 1 << 3;
        /// What accesses and blocks came to.
        const OUTCOMES = 1 << 4;
        /// The steps of observed locks.
        const LOCKS = 1 << 5;
        /// Blocks that are freed.
        const BLOCKS = 1 << 6;
        /// That a task may sleep, or spins.
        const TASKS = 1 << 7;
        /// Units of locks, before they are taken and given.
        const UNITS = 1 << 8;
        /// Accesses that are no points: the looks of a spinning waiter, what ends its wait, and the copies of
        /// bytes.
        const UNSTEERED = 1 << 9;
        /// What the scheduler does: tasks that begin, sleep, are woken, have the CPU, end.
        const SCHEDULE = 1 << 10;
        /// Handlers and softirqs, and interrupts that go off.
        const INTERRUPTS = 1 << 11;
        /// Blocks that were allocated.
        const ALLOCATIONS = 1 << 12;
        /// Accesses of drivers in C that are wrong.
        const CHECKS = 1 << 13;
        /// All at which a task can be made to wait, and what it waits for besides.
        const POINTS_AND_LOCKS = Self::LOADS.bits() | Self::STORES.bits() | Self::POINTS.bits() | Self::LOCKS.bits();
    }
}
