//! What the page tables allow.

use alloc::format;
use alloc::vec::Vec;

use super::Answer;
use super::case::{holds, same};
use crate::arch::paging::{self, Mapping};
use crate::arch::traps;
use crate::mm::stacks;
use crate::{layout, symbols};

crate::case! {
    "paging::writable-or-executable" => w_xor_x;
    "paging::kernel-parts-have-their-rights" => parts;
    "paging::what-nobody-writes-is-read-only-everywhere" => read_only;
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
        _ if page == traps::table() => Some((false, false)),
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

/// The frames of the text, of the constants and of the IDT, and those of the boot module, at each address
/// that leads there.
fn read_only() -> Answer {
    let pages = layout::text().chain(layout::rodata()).step_by(4096).chain([traps::table()]);
    let frames = pages.map(|page| paging::frame_of(page).ok_or("a page of the kernel is not mapped"));
    let mut frames = frames.collect::<Result<Vec<u64>, _>>()?;
    frames.extend(symbols::module().step_by(4096));
    let (mut found, mut wrong) = (0, None);
    paging::each_mapping(|Mapping { start, size, writable, .. }| {
        let Some(first) = start.checked_sub(layout::PHYS_BASE).filter(|_| start < layout::STACKS) else {
            return;
        };
        let here = frames.iter().filter(|frame| (first..first + size).contains(frame)).count();
        found += here;
        if here != 0 && writable {
            wrong = wrong.or(Some(start));
        }
    });
    same("a part of the window that can be written", wrong, None)?;
    same("frames that were found in the window", found, frames.len())
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
