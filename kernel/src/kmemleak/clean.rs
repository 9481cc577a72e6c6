//! Stacks without leftovers.
//!
//! A frame has room that its function never writes, or not yet: there lies what an earlier function left. A
//! search cannot tell such a leftover from a variable, so a task that handles addresses and searches later
//! clears the stack in between (Boehm's collector does the same: `GC_clear_stack`).

/// Bytes that are cleared: a quarter of a task's stack.
const BYTES: usize = 8 << 10;

/// Clears the stack below the caller's frame: what functions left there that it called before.
#[inline(never)]
pub fn clear_stack_below() {
    let zeros = [0_u8; BYTES];
    core::hint::black_box(&zeros);
}
