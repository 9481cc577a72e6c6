//! What the page tables allow.

use alloc::format;

use super::Answer;
use super::case::{holds, same};
use crate::arch::paging::{self, Mapping};
use crate::layout;
use crate::mm::stacks;

crate::case! {
    "paging::writable-or-executable" => w_xor_x;
    "paging::kernel-parts-have-their-rights" => parts;
    "paging::only-the-text-is-executable" => executable;
    "paging::lower-half-is-empty" => lower_half;
    "paging::boot-stack-has-a-guard" => boot_stack;
}

fn w_xor_x() -> Answer {
    same("the first violation", paging::first_violation(), None)
}

/// Each page of text, constants and data has exactly its rights.
fn parts() -> Answer {
    let wanted = |page: u64| match page {
        _ if layout::text().contains(&page) => Some((false, true)),
        _ if layout::rodata().contains(&page) => Some((false, false)),
        _ if layout::data().contains(&page) => Some((true, false)),
        _ => None,
    };
    let (mut pages, mut wrong) = (0, None);
    paging::each_mapping(|Mapping { start, writable, executable, .. }| {
        if let Some(rights) = wanted(start) {
            pages += 1;
            if rights != (writable, executable) {
                wrong = wrong.or(Some(start));
            }
        }
    });
    same("a page with wrong rights", wrong, None)?;
    let all = [layout::text(), layout::rodata(), layout::data()];
    let bytes: u64 = all.iter().map(|part| part.end - part.start).sum();
    // All but the guard of the boot stack.
    same("mapped pages of the kernel", pages, bytes / 4096 - 1)
}

fn executable() -> Answer {
    let mut outside = None;
    paging::each_mapping(|mapping| {
        if mapping.executable && !layout::text().contains(&mapping.start) {
            outside = outside.or(Some(mapping.start));
        }
    });
    same("an executable page outside the text", outside, None)
}

/// Null, the loader's identity map and the trampoline: all gone.
fn lower_half() -> Answer {
    let mut low = None;
    paging::each_mapping(|mapping| {
        if mapping.start < layout::PHYS_BASE {
            low = low.or(Some(mapping.start));
        }
    });
    same("a mapping in the lower half", low, None)
}

fn boot_stack() -> Answer {
    let guard = layout::bsp_stack().start;
    holds("the page below the boot stack is not mapped", !paging::is_mapped(guard))?;
    holds(&format!("{guard:#x} is known as a guard"), stacks::is_guard(guard))?;
    holds("the page above it is no guard", !stacks::is_guard(guard + 4096))
}
