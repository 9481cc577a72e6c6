//! The kernel's own page tables: text read-execute, constants read, everything else not executable, guards
//! unmapped.

use core::ops::Range;

use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::mapper::{MapToError, MappedFrame, TranslateResult};
use x86_64::structures::paging::{
    FrameAllocator, Mapper, OffsetPageTable, Page, PageSize, PageTable, PageTableFlags as Flags, PhysFrame,
    Size2MiB, Size4KiB, Translate,
};
use x86_64::{PhysAddr, VirtAddr};

use super::traps;
use crate::frames::{self, LowFrame};
use crate::layout;
use crate::machine::SpinLock;
use kcore::class;

/// Read and write, not executable, for every CPU alike.
const DATA: Flags = Flags::PRESENT.union(Flags::WRITABLE).union(Flags::NO_EXECUTE).union(Flags::GLOBAL);
/// Read only.
const RODATA: Flags = Flags::PRESENT.union(Flags::NO_EXECUTE).union(Flags::GLOBAL);
/// Read and execute.
const TEXT: Flags = Flags::PRESENT.union(Flags::GLOBAL);
/// Registers of a device.
const DEVICE: Flags = DATA.union(Flags::NO_CACHE).union(Flags::WRITE_THROUGH);

/// No frame is left for a page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfFrames;

/// Frames for page tables, from the machine's allocator.
struct TableFrames;

// SAFETY: `frames::allocate_zeroed` hands every frame out once.
unsafe impl FrameAllocator<Size4KiB> for TableFrames {
    /// The frame holds zeros: the mapper links a new table into its parent first and clears it then, and in
    /// between the walkers of all CPUs may look ahead into it (SDM vol. 3A, 4.10.2.3).
    fn allocate_frame(&mut self) -> Option<PhysFrame> {
        frames::allocate_zeroed().map(|address| PhysFrame::containing_address(PhysAddr::new(address)))
    }
}

/// Held by the CPU that reads or changes the tables in use (I2). Lock order: stacks -> tables -> frames.
static TABLES: SpinLock<()> =
    SpinLock::new(class!("page tables", "What reads or changes the tables in use (I2)."), ());

/// Calls `f` with the tables in use, which no other code looks at meanwhile. (The CPUs' own walkers do.)
fn with_tables<R>(f: impl FnOnce(&mut OffsetPageTable<'static>) -> R) -> R {
    let _tables = TABLES.lock_irqsave();
    f(&mut mapper(root()))
}

/// Builds the kernel's tables for all RAM and the kernel image, and switches to them. From then on all
/// physical memory is found at [`layout::PHYS_BASE`]; there, too, what the kernel never writes is read-only:
/// its text, its constants, the IDT, and the boot module at `module`.
pub fn take_over(module: Range<u64>) -> Result<(), OutOfFrames> {
    let root = frames::allocate_zeroed().ok_or(OutOfFrames)?;
    {
        let mut new = mapper(root);
        for range in frames::memory() {
            map_memory(&mut new, &range)?;
        }
        // The first megabyte holds the tables of the firmware and the trampoline.
        map_memory(&mut new, &(0..1 << 20))?;
        map_kernel(&mut new)?;
        freeze(&mut new, module)?;
    }
    super::cpu::enable_features();
    let root = PhysFrame::containing_address(PhysAddr::new(root));
    // SAFETY: the new tables map the running code, its data and the current stack (part of `data`) where they
    // are now.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
    // Firmware may have had global pages, which a new CR3 leaves in the TLB: a null pointer would still lead
    // somewhere.
    super::cpu::forget_pages();
    // SAFETY: the tables in use have all RAM there.
    unsafe { frames::set_window(layout::PHYS_BASE) };
    Ok(())
}

/// The physical address of the page tables, for other CPUs.
pub fn root() -> u64 {
    Cr3::read().0.start_address().as_u64()
}

/// Maps `size` bytes at physical `address` into the window of physical memory, read only: tables of the
/// firmware that lie outside RAM. Returns where.
pub fn map_firmware(address: u64, size: u64) -> Result<u64, OutOfFrames> {
    let first = address & !0xfff;
    with_tables(|tables| {
        for page in (first..address + size).step_by(4096) {
            let virt = VirtAddr::new(layout::PHYS_BASE + page);
            if tables.translate_addr(virt).is_none() {
                map::<Size4KiB>(tables, virt, page, RODATA)?;
            }
        }
        Ok(layout::PHYS_BASE + address)
    })
}

/// Maps one page of device registers and returns where.
///
/// # Panics
/// When it is RAM: tables of the firmware that say so are not to be trusted in anything.
pub fn map_device(address: u64) -> Result<u64, OutOfFrames> {
    let ram = frames::memory();
    assert!(
        !ram.iter().any(|ram| ram.contains(&address)),
        "the registers of a device at {address:#x}, in RAM"
    );
    let virt = layout::MMIO + address;
    with_tables(|tables| {
        if tables.translate_addr(VirtAddr::new(virt)).is_none() {
            map::<Size4KiB>(tables, VirtAddr::new(virt), address, DEVICE)?;
        }
        Ok(virt)
    })
}

/// Maps a frame as data at `virt`.
///
/// # Safety
/// The frame is the caller's, and so is the page at `virt`: whatever is found there from now on is what is
/// stored in it.
pub unsafe fn map_data(virt: u64, frame: u64) -> Result<(), OutOfFrames> {
    with_tables(|tables| map::<Size4KiB>(tables, VirtAddr::new(virt), frame, DATA))
}

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Read and execute.
    Text,
    /// Read.
    Constants,
    /// Read and write.
    Data,
}

/// The pages of `range`, which are mapped, are for `what` from now on. Other CPUs may remember for a while
/// what they were for before.
///
/// # Safety
/// The pages are the caller's, and what was allowed before is needed no more.
pub unsafe fn protect(range: Range<u64>, what: Use) {
    let flags = match what {
        Use::Text => TEXT,
        Use::Constants => RODATA,
        Use::Data => DATA,
    };
    with_tables(|tables| {
        for page in range.step_by(4096) {
            let page = Page::<Size4KiB>::containing_address(VirtAddr::new(page));
            // SAFETY: the caller's promise.
            let flush = unsafe { tables.update_flags(page, flags) };
            flush.expect("the caller says that it is mapped, page by page").flush();
        }
    });
}

/// Maps the page of the trampoline where it physically is, executable, for as long as CPUs start through it.
pub fn map_trampoline(page: &LowFrame) -> Result<(), OutOfFrames> {
    let page = page.address();
    with_tables(|tables| map::<Size4KiB>(tables, VirtAddr::new(page), page, Flags::PRESENT))
}

/// Takes the mapping of [`map_trampoline`] back. Other CPUs may remember it for a while, which does no harm:
/// no caller gets the frame for anything else.
pub fn unmap_trampoline(page: &LowFrame) {
    let page = Page::<Size4KiB>::containing_address(VirtAddr::new(page.address()));
    if let Ok((_, flush)) = with_tables(|tables| tables.unmap(page)) {
        flush.flush();
    }
}

/// Pages that are mapped as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The first address.
    pub start: u64,
    /// Bytes: 4 KiB, 2 MiB or 1 GiB.
    pub size: u64,
    /// Whether all levels of the tables allow writing.
    pub writable: bool,
    /// Whether no level of the tables forbids execution.
    pub executable: bool,
}

/// A page that is both writable and executable, or a guard that is mapped: what must never be. Looks at every
/// mapping of the running tables.
pub fn first_violation() -> Option<u64> {
    let guard = layout::bsp_stack().start;
    let mut first = is_mapped(guard).then_some(guard);
    each_mapping(|mapping| {
        if mapping.writable && mapping.executable {
            first = first.or(Some(mapping.start));
        }
    });
    first
}

/// Shows `visit` every mapping of the running tables, by address. The tables are not changed meanwhile if no
/// task is started.
pub fn each_mapping(mut visit: impl FnMut(Mapping)) {
    let whole = Mapping { start: 0, size: 1 << 48, writable: true, executable: true };
    walk(root(), whole, &mut visit);
}

/// Shows `visit` what the table in `frame`, whose entries divide `whole` among them, maps (SDM vol. 3A,
/// 4.5.4).
fn walk(frame: u64, whole: Mapping, visit: &mut dyn FnMut(Mapping)) {
    const SMALLEST: u64 = 4096;
    let table = core::ptr::with_exposed_provenance::<PageTable>((frames::window() + frame) as usize);
    // SAFETY: `frame` is a table of the running tables, which the window maps, and no CPU changes them
    // meanwhile.
    let table = unsafe { &*table };
    for (index, entry) in table.iter().enumerate().filter(|(_, entry)| entry.flags().contains(Flags::PRESENT))
    {
        let size = whole.size / 512;
        // Bit 47 is repeated upwards (SDM vol. 1, 3.3.7.1).
        let start = VirtAddr::new_truncate(whole.start + index as u64 * size).as_u64();
        let flags = entry.flags();
        let mapping = Mapping {
            start,
            size,
            writable: whole.writable && flags.contains(Flags::WRITABLE),
            executable: whole.executable && !flags.contains(Flags::NO_EXECUTE),
        };
        if size == SMALLEST || flags.contains(Flags::HUGE_PAGE) {
            visit(mapping);
        } else {
            walk(entry.addr().as_u64(), mapping, visit);
        }
    }
}

/// RAM at its place in the window, in pages of 2 MiB; the edges are rounded outward.
fn map_memory(mapper: &mut OffsetPageTable<'static>, range: &Range<u64>) -> Result<(), OutOfFrames> {
    let start = range.start & !(Size2MiB::SIZE - 1);
    for frame in (start..range.end).step_by(Size2MiB::SIZE as usize) {
        let virt = VirtAddr::new(layout::PHYS_BASE + frame);
        if mapper.translate_addr(virt).is_none() {
            map::<Size2MiB>(mapper, virt, frame, DATA)?;
        }
    }
    Ok(())
}

/// The kernel where it was linked. Where it lies physically, the tables of the loader know.
fn map_kernel(new: &mut OffsetPageTable<'static>) -> Result<(), OutOfFrames> {
    let old = mapper(root());
    let guard = layout::bsp_stack().start;
    for (part, flags) in [(layout::text(), TEXT), (layout::rodata(), RODATA), (layout::data(), DATA)] {
        for page in part.step_by(4096).filter(|&page| page != guard) {
            let flags = if page == traps::table() { RODATA } else { flags };
            let virt = VirtAddr::new(page);
            let frame = old.translate_addr(virt).expect("the loader mapped the whole kernel").as_u64();
            map::<Size4KiB>(new, virt, frame, flags)?;
            if !flags.contains(Flags::WRITABLE) {
                freeze(new, frame..frame + Size4KiB::SIZE)?;
            }
        }
    }
    Ok(())
}

/// Makes the frames of `range` read-only in the window of tables that are not in use yet.
fn freeze(new: &mut OffsetPageTable<'static>, range: Range<u64>) -> Result<(), OutOfFrames> {
    let mut frame = range.start & !(Size4KiB::SIZE - 1);
    while frame < range.end {
        let virt = VirtAddr::new(layout::PHYS_BASE + frame);
        if frame.is_multiple_of(Size2MiB::SIZE) && frame + Size2MiB::SIZE <= range.end {
            forbid_writing(new, Page::<Size2MiB>::containing_address(virt));
            frame += Size2MiB::SIZE;
        } else {
            divide(new, virt)?;
            forbid_writing(new, Page::<Size4KiB>::containing_address(virt));
            frame += Size4KiB::SIZE;
        }
    }
    Ok(())
}

fn forbid_writing<S: PageSize>(new: &mut OffsetPageTable<'static>, page: Page<S>)
where
    OffsetPageTable<'static>: Mapper<S>,
{
    // SAFETY: the kernel never writes there, and the tables are not in use.
    let flush = unsafe { new.update_flags(page, RODATA) };
    flush.expect("the window has all RAM, in pages of this size here").ignore();
}

/// Makes pages of 4 KiB of the page of 2 MiB that has `virt` in it, if there is one.
fn divide(new: &mut OffsetPageTable<'static>, virt: VirtAddr) -> Result<(), OutOfFrames> {
    let Ok((large, flush)) = new.unmap(Page::<Size2MiB>::containing_address(virt)) else { return Ok(()) };
    flush.ignore();
    let start = large.start_address().as_u64();
    for frame in (start..start + Size2MiB::SIZE).step_by(Size4KiB::SIZE as usize) {
        map::<Size4KiB>(new, VirtAddr::new(layout::PHYS_BASE + frame), frame, DATA)?;
    }
    Ok(())
}

fn map<S: PageSize + core::fmt::Debug>(
    mapper: &mut OffsetPageTable<'static>,
    virt: VirtAddr,
    frame: u64,
    flags: Flags,
) -> Result<(), OutOfFrames>
where
    OffsetPageTable<'static>: Mapper<S>,
{
    let page = Page::<S>::containing_address(virt);
    let frame = PhysFrame::<S>::containing_address(PhysAddr::new(frame));
    // SAFETY: the callers map frames that the allocator gave them, RAM into the window, the kernel where it
    // is, and device registers where nothing else is: no mapping hands memory to a second owner (I1).
    match unsafe { mapper.map_to(page, frame, flags, &mut TableFrames) } {
        // The page was not mapped before, so no CPU can have cached anything about it.
        Ok(flush) => {
            flush.ignore();
            Ok(())
        }
        Err(MapToError::FrameAllocationFailed) => Err(OutOfFrames),
        Err(error) => panic!("mapping {virt:?}: {error:?}"),
    }
}

/// The tables whose root is `root`, reached through the current window of physical memory.
fn mapper(root: u64) -> OffsetPageTable<'static> {
    let window = frames::window();
    let table = core::ptr::with_exposed_provenance_mut::<PageTable>((window + root) as usize);
    // SAFETY: `root` is a frame that holds a page table, which the window maps. The tables in use are reached
    // through `with_tables`, one CPU at a time (I2); `take_over` builds new ones while one CPU runs.
    let table: &'static mut PageTable = unsafe { &mut *table };
    // SAFETY: the window maps all physical memory at that offset.
    unsafe { OffsetPageTable::new(table, VirtAddr::new(window)) }
}

/// The physical address of what is mapped at `virt`.
pub fn frame_of(virt: u64) -> Option<u64> {
    with_tables(|tables| tables.translate_addr(VirtAddr::new(virt))).map(PhysAddr::as_u64)
}

/// Whether anything is mapped at `virt`.
pub fn is_mapped(virt: u64) -> bool {
    matches!(
        with_tables(|tables| tables.translate(VirtAddr::new(virt))),
        TranslateResult::Mapped {
            frame: MappedFrame::Size4KiB(_) | MappedFrame::Size2MiB(_) | MappedFrame::Size1GiB(_),
            ..
        }
    )
}
