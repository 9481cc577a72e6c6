//! Memory (`linux/slab.h`, `linux/gfp.h`): each block has a record in the ledger.

use core::alloc::Layout;
use core::ffi::{CStr, c_char, c_uint, c_ulong, c_void};
use core::ptr::{self, NonNull};

use kcore::event::Op;
use kcore::machine::{BadFree, Kind, Memory, POISON_FRESH};
use kcore::place::Place;

use super::bug::may_sleep;
use crate::machine::Kernel;
use crate::mm::heap;
use crate::module::access;
use crate::module::blocks;
use crate::module::faults::{self, Failing};
use crate::module::finding::finding;
use crate::module::lasting;
use crate::symbols::sites;

/// By which the records of these blocks are known, where the line of the driver is not.
pub(in crate::module) const FILE: &str = file!();

/// As in `linux/gfp.h`.
const ZERO: c_uint = 0x100;
const MAY_SLEEP: c_uint = 0x400;
/// The most that one call gives (Linux: `KMALLOC_MAX_SIZE`).
const MOST: usize = 4 << 20;
/// What no bytes at all are: an address that leads nowhere (Linux: `ZERO_SIZE_PTR`).
const NOTHING: usize = 16;
const PAGE: usize = 4096;

#[inline(always)]
fn allocate(size: usize, align: usize, flags: c_uint) -> *mut c_void {
    if flags & MAY_SLEEP != 0 {
        may_sleep("kmalloc with GFP_KERNEL");
    }
    if size == 0 {
        return ptr::without_provenance_mut(NOTHING);
    }
    if faults::fails(Failing::Memory) {
        return ptr::null_mut();
    }
    let is_kept = blocks::are_kept();
    let room = if is_kept && size <= MOST { blocks::room_for(size) } else { size };
    let layout = Layout::from_size_align(room, align).ok().filter(|_| size <= MOST);
    let at = sites::of_driver(Place::caller());
    let byte = if flags & ZERO != 0 { 0 } else { POISON_FRESH };
    let Some(Ok(block)) = layout.map(|layout| heap::allocate_filled(Kind::Other, layout, byte, at)) else {
        return ptr::null_mut();
    };
    blocks::allocated(block.addr().get(), size, at);
    if flags & ZERO != 0 {
        access::wrote(block.as_ptr(), size);
    }
    block.as_ptr().cast()
}

pub(in crate::module) extern "C" fn kmalloc(size: usize, flags: c_uint) -> *mut c_void {
    allocate(size, 16, flags)
}

pub(in crate::module) extern "C" fn kmalloc_array(count: usize, size: usize, flags: c_uint) -> *mut c_void {
    count.checked_mul(size).map_or(ptr::null_mut(), |size| allocate(size, 16, flags))
}

pub(in crate::module) extern "C" fn kfree(block: *const c_void) {
    give_back(block, "kfree");
}

fn give_back(block: *const c_void, name: &str) {
    let Some(block) =
        NonNull::new(block.cast_mut().cast::<u8>()).filter(|block| block.addr().get() > NOTHING)
    else {
        return;
    };
    let at = sites::of_driver(Place::caller());
    if let Some(record) = heap::lookup(block.addr().get()) {
        super::freed(&(block.addr().get()..block.addr().get() + record.allocation.size));
    }
    if blocks::are_kept() {
        return blocks::free(block.addr().get(), name, at);
    }
    let before = lasting::freed(block.addr().get(), at);
    // SAFETY: the driver says that no task uses it any more; no reference of Rust leads into it (I23).
    let wrong = match unsafe { heap::free(block, at) } {
        Ok(()) => return,
        Err(BadFree::Double) => "the block there was freed before",
        Err(BadFree::Unknown) => "no block begins there, or none any more",
    };
    if let Some(before) = before {
        return blocks::freed_twice(&before, name, at);
    }
    finding(format_args!("{name} of {block:p}: {wrong}"));
}

pub(in crate::module) unsafe extern "C" fn ksize(block: *const c_void) -> usize {
    let block = NonNull::new(block.cast_mut().cast::<u8>()).filter(|block| block.addr().get() > NOTHING);
    if let Some(size) = block.and_then(|block| blocks::size(block.addr().get())) {
        return size;
    }
    // SAFETY: it is a block that kmalloc has given (I23).
    block.map_or(0, |block| unsafe { Kernel::size(block) })
}

pub(in crate::module) unsafe extern "C" fn krealloc(
    block: *const c_void,
    size: usize,
    flags: c_uint,
) -> *mut c_void {
    if size == 0 {
        give_back(block, "krealloc");
        return ptr::without_provenance_mut(NOTHING);
    }
    let new = allocate(size, 16, flags);
    if !new.is_null() && block.addr() > NOTHING {
        // SAFETY: it is a block that kmalloc has given (I23).
        let before = unsafe { ksize(block) };
        access::carries(new.cast(), block.cast(), before.min(size));
        // SAFETY: both are as long, and they are two.
        unsafe { ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast(), before.min(size)) };
        give_back(block, "krealloc");
    }
    new
}

pub(in crate::module) unsafe extern "C" fn kmemdup(
    from: *const c_void,
    size: usize,
    flags: c_uint,
) -> *mut c_void {
    let new = allocate(size, 16, flags);
    if new.addr() > NOTHING {
        access::copies(Op::Read, from.cast(), size);
        access::carries(new.cast(), from.cast(), size);
        // SAFETY: the driver says that there are so many bytes (I23).
        unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), new.cast(), size) };
    }
    new
}

pub(in crate::module) unsafe extern "C" fn kstrdup(text: *const c_char, flags: c_uint) -> *mut c_char {
    // SAFETY: as `kstrndup`.
    unsafe { kstrndup(text, MOST, flags) }
}

pub(in crate::module) unsafe extern "C" fn kstrndup(
    text: *const c_char,
    most: usize,
    flags: c_uint,
) -> *mut c_char {
    if text.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: it is a text (I23).
    let text = unsafe { CStr::from_ptr(text) }.to_bytes();
    let text = &text[..text.len().min(most)];
    let new = allocate(text.len() + 1, 16, flags | ZERO).cast::<c_char>();
    if !new.is_null() {
        // SAFETY: it is longer by one.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), new.cast(), text.len()) };
    }
    new
}

pub(in crate::module) extern "C" fn __get_free_pages(flags: c_uint, order: c_uint) -> c_ulong {
    let size = PAGE.checked_shl(order).filter(|size| *size <= MOST);
    size.map_or(0, |size| allocate(size, PAGE, flags).expose_provenance() as c_ulong)
}

pub(in crate::module) extern "C" fn free_pages(address: c_ulong, _order: c_uint) {
    give_back(ptr::with_exposed_provenance(address as usize), "free_pages");
}

/// `struct kmem_cache`: of a cache no more is kept than the size of its blocks, and what makes one.
#[repr(C)]
pub(in crate::module) struct Cache {
    size: usize,
    constructor: Option<unsafe extern "C" fn(*mut c_void)>,
}

pub(in crate::module) unsafe extern "C" fn kmem_cache_create(
    _name: *const c_char,
    size: c_uint,
    _align: c_uint,
    _flags: c_uint,
    constructor: Option<unsafe extern "C" fn(*mut c_void)>,
) -> *mut Cache {
    let cache = allocate(size_of::<Cache>(), 16, MAY_SLEEP).cast::<Cache>();
    if !cache.is_null() {
        // SAFETY: it is a fresh block that is large enough.
        unsafe { cache.write(Cache { size: size as usize, constructor }) };
    }
    cache
}

pub(in crate::module) unsafe extern "C" fn kmem_cache_alloc(
    cache: *const Cache,
    flags: c_uint,
) -> *mut c_void {
    // SAFETY: `kmem_cache_create` has made it (I23).
    let Cache { size, constructor } = unsafe { &*cache };
    let block = allocate(*size, 16, flags);
    if let (Some(constructor), false) = (constructor, block.is_null()) {
        // SAFETY: it is the driver's, and is given a block of the cache (I23).
        unsafe { constructor(block) };
    }
    block
}

pub(in crate::module) extern "C" fn kmem_cache_free(_cache: *const Cache, block: *const c_void) {
    give_back(block, "kmem_cache_free");
}

pub(in crate::module) extern "C" fn kmem_cache_destroy(cache: *const Cache) {
    give_back(cache.cast(), "kmem_cache_destroy");
}

pub(in crate::module) extern "C" fn vmalloc(size: c_ulong) -> *mut c_void {
    allocate(size as usize, PAGE, MAY_SLEEP)
}

pub(in crate::module) extern "C" fn vzalloc(size: c_ulong) -> *mut c_void {
    allocate(size as usize, PAGE, MAY_SLEEP | ZERO)
}

pub(in crate::module) extern "C" fn vfree(block: *const c_void) {
    give_back(block, "vfree");
}
