//! What a PVH loader leaves behind (`struct hvm_start_info`, Xen's `public/arch-x86/hvm/start_info.h`),
//! turned into a [`BootInfo`].

use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr;
use core::slice;

use bootloader_api::BootInfo;
use bootloader_api::info::{MemoryRegion, MemoryRegionKind, MemoryRegions, Optional};
use kcore::memory_map::{self, Entry, Use};
use kcore::settings::LONGEST_COMMAND_LINE;

use crate::{Handoff, PHYS_BASE};

/// `struct hvm_start_info`, version 1.
#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    module_list: u64,
    command_line: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_entries: u32,
    reserved: u32,
}

/// `struct hvm_modlist_entry`.
#[repr(C)]
struct Module {
    address: u64,
    size: u64,
    command_line: u64,
    reserved: u64,
}

const MAGIC: u32 = 0x336e_c578;
const MAX_REGIONS: usize = 64;
/// One byte more than may be: by that it is known.
const MAX_COMMAND_LINE: usize = LONGEST_COMMAND_LINE + 1;

/// The statics that outlive the loader's own data, which lies in memory that is free afterwards.
struct Kept {
    info: MaybeUninit<BootInfo>,
    regions: [MemoryRegion; MAX_REGIONS],
    command_line: [u8; MAX_COMMAND_LINE],
}

/// All zeros, so that the regions take no room in the ELF.
const NO_REGION: MemoryRegion = MemoryRegion { start: 0, end: 0, kind: MemoryRegionKind::Usable };

struct KeptCell(core::cell::UnsafeCell<Kept>);
// SAFETY: only `pvh_start` touches it, once, on the only CPU that runs then.
unsafe impl Sync for KeptCell {}

static KEPT: KeptCell = KeptCell(core::cell::UnsafeCell::new(Kept {
    info: MaybeUninit::uninit(),
    regions: [NO_REGION; MAX_REGIONS],
    command_line: [0; MAX_COMMAND_LINE],
}));

unsafe extern "Rust" {
    /// The kernel's entry point, common to all doors.
    safe fn kernel_entry(handoff: Handoff) -> !;
}

unsafe extern "C" {
    static kernel_start: u8;
    static kernel_end: u8;
}

/// Called by `pvh.s` in 64-bit mode with the physical address of `start_info`; the first 4 GiB are mapped at
/// [`PHYS_BASE`].
#[unsafe(no_mangle)]
extern "C" fn pvh_start(start_info: u64) -> ! {
    // SAFETY: the stub calls this once, before another CPU runs.
    let kept = unsafe { &mut *KEPT.0.get() };
    // SAFETY: a PVH loader puts a start_info at the address it passes, below 4 GiB and so mapped.
    let start = unsafe { &*physical::<StartInfo>(start_info) };
    assert!(start.magic == MAGIC, "the loader's start_info has a wrong magic number");
    assert!(start.version >= 1 && start.memory_map_entries > 0, "the loader passed no memory map");

    // SAFETY: the loader describes an array of that length there.
    let map = unsafe {
        slice::from_raw_parts(physical::<Entry>(start.memory_map), start.memory_map_entries as usize)
    };
    let image = image();
    let module = module(start);
    let count = regions(map, &[image.clone(), module.clone().unwrap_or_default()], &mut kept.regions);
    let command_line = command_line(start.command_line, &mut kept.command_line);

    let mut info = BootInfo::new(MemoryRegions::from(&mut kept.regions[..count]));
    info.physical_memory_offset = Optional::Some(PHYS_BASE);
    info.rsdp_addr = if start.rsdp == 0 { Optional::None } else { Optional::Some(start.rsdp) };
    info.kernel_addr = image.start;
    info.kernel_len = image.end - image.start;
    info.kernel_image_offset = ptr::addr_of!(kernel_start).addr() as u64;
    if let Some(module) = module {
        info.ramdisk_addr = Optional::Some(PHYS_BASE + module.start);
        info.ramdisk_len = module.end - module.start;
    }
    kernel_entry(Handoff { info: kept.info.write(info), command_line: Some(command_line), door: "pvh" })
}

fn physical<T>(address: u64) -> *const T {
    ptr::with_exposed_provenance((PHYS_BASE + address) as usize)
}

/// The physical range of the kernel: PVH loads it at the addresses of its program headers.
fn image() -> Range<u64> {
    const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
    let start = ptr::addr_of!(kernel_start).addr() as u64;
    let end = ptr::addr_of!(kernel_end).addr() as u64;
    start - KERNEL_BASE..end - KERNEL_BASE
}

/// The physical range of the first boot module.
fn module(start: &StartInfo) -> Option<Range<u64>> {
    if start.module_count == 0 {
        return None;
    }
    // SAFETY: the loader says that at least one entry is there.
    let module = unsafe { &*physical::<Module>(start.module_list) };
    Some(module.address..module.address + module.size)
}

/// Writes the parts of `map` into `out`, as many as there is room for; returns how many. What is `taken` is
/// marked as the loader's.
fn regions(map: &[Entry], taken: &[Range<u64>], out: &mut [MemoryRegion; MAX_REGIONS]) -> usize {
    let mut count = 0;
    memory_map::split(map, taken, |range, usage| {
        let kind = match usage {
            Use::Free => MemoryRegionKind::Usable,
            Use::Taken => MemoryRegionKind::Bootloader,
            Use::Other(kind) => MemoryRegionKind::UnknownBios(kind),
        };
        if let Some(region) = out.get_mut(count) {
            *region = MemoryRegion { start: range.start, end: range.end, kind };
            count += 1;
        }
    });
    count
}

/// Copies the loader's command line, as much of it as there is room for.
fn command_line(address: u64, into: &'static mut [u8; MAX_COMMAND_LINE]) -> &'static [u8] {
    if address == 0 {
        return &[];
    }
    let from = physical::<u8>(address);
    let mut length = 0;
    while length < MAX_COMMAND_LINE {
        // SAFETY: the loader's string ends with a zero, at which the loop stops.
        let byte = unsafe { from.wrapping_add(length).read() };
        if byte == 0 {
            break;
        }
        into[length] = byte;
        length += 1;
    }
    &into[..length]
}
