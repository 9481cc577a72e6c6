//! Backtraces: a walk along the chain of frame pointers.
//!
//! All code of the kernel is compiled with frame pointers, and the prebuilt `core` and `alloc` have them in
//! nearly all functions that call others. A chain ends with a zero, which the entry stubs and new stacks
//! provide.

use crate::layout;

use super::{images, stacks};

pub use crate::arch::registers::frame_pointer;

/// Return addresses from the caller's caller on, innermost first; returns how many were written.
#[inline(always)]
pub fn capture(into: &mut [usize]) -> usize {
    walk(frame_pointer(), into)
}

/// Return addresses along the chain that starts at frame pointer `rbp`.
pub fn walk(mut rbp: u64, into: &mut [usize]) -> usize {
    let text = layout::text();
    let mut count = 0;
    while count < into.len() && on_a_stack(rbp) {
        let frame = core::ptr::with_exposed_provenance::<[u64; 2]>(rbp as usize);
        // SAFETY: `on_a_stack` says that both words lie in one mapped stack, aligned. It need not be the
        // caller's: what a register without a frame pointer leads to is read, found to be no code, and
        // dropped.
        let [next, address] = unsafe { frame.read() };
        if !text.contains(&address) && !images::contains(address) {
            break;
        }
        into[count] = address as usize;
        count += 1;
        if next <= rbp {
            break;
        }
        rbp = next;
    }
    count
}

fn on_a_stack(rbp: u64) -> bool {
    let boot = layout::bsp_stack();
    rbp.is_multiple_of(8) && ((boot.start + 4096..=boot.end - 16).contains(&rbp) || stacks::contains(rbp, 16))
}
