//! Backtraces: a walk along the chain of frame pointers.
//!
//! All code of the kernel is compiled with frame pointers, and the prebuilt `core` and `alloc` have them in
//! nearly all functions that call others. A chain ends with a zero, which the entry stubs and new stacks
//! provide.

use core::ops::Range;

use crate::layout;

use super::{images, stacks};

pub use crate::arch::registers::frame_pointer;

/// Return addresses from the caller's caller on, innermost first; returns how many were written.
#[inline(always)]
pub fn capture(into: &mut [usize]) -> usize {
    walk(frame_pointer(), into)
}

/// Return addresses along the chain that starts at frame pointer `rbp`.
pub fn walk(rbp: u64, into: &mut [usize]) -> usize {
    let mut count = 0;
    if !into.is_empty() {
        until(rbp, |address| {
            into[count] = address as usize;
            count += 1;
            count == into.len()
        });
    }
    count
}

/// Shows such addresses to `is_last`, until that says so.
#[inline]
pub fn until(mut rbp: u64, mut is_last: impl FnMut(u64) -> bool) {
    let text = layout::text();
    let mut stack = 0..0;
    // Nearly always all frames are on one stack.
    while lies_in(rbp, &stack) || on_a_stack(rbp, &mut stack) {
        let frame = core::ptr::with_exposed_provenance::<[u64; 2]>(rbp as usize);
        // SAFETY: `lies_in` says that both words lie in one mapped stack, aligned. It need not be the
        // caller's: what a register without a frame pointer leads to is read, found to be no code, and
        // dropped.
        let [next, address] = unsafe { frame.read() };
        let is_code = text.contains(&address) || images::contains(address);
        if !is_code || is_last(address) || next <= rbp {
            break;
        }
        rbp = next;
    }
}

/// Whether there are two words at `rbp`, aligned, on a stack, which `stack` is from now on.
fn on_a_stack(rbp: u64, stack: &mut Range<u64>) -> bool {
    *stack = stacks::around(rbp).unwrap_or_default();
    lies_in(rbp, stack)
}

#[inline]
fn lies_in(rbp: u64, stack: &Range<u64>) -> bool {
    rbp.is_multiple_of(8) && stack.start <= rbp && rbp + 16 <= stack.end
}
