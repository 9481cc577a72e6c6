//! The memory of drivers in C, page by page: code that is not written, constants, variables that are not
//! executed.
//!
//! The frames come from a region that only grows; the pages of an image that is gone are for the next one.

use core::ops::Range;
use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use heapless::Vec;
use kcore::class;

use crate::arch::paging::{self, OutOfFrames, Use};
use crate::arch::{cpu, smp};
use crate::machine::SpinLock;
use crate::{frames, layout};

const PAGE: u64 = 4096;
/// Images at once.
pub const MOST: usize = 64;

/// Up to here the region was mapped. Written under the lock of `FREE`.
static END: AtomicU64 = AtomicU64::new(layout::MODULES.start);

/// Pages that no image has, by address.
static FREE: SpinLock<Vec<Range<u64>, { 2 * MOST }>> =
    SpinLock::new(class!("pages of drivers", "Before the tables and the frames."), Vec::new());

/// The variables of each image. An entry begins with its end and ends with its start, which is 0 in an empty
/// one: so a search, before which all CPUs stand still, finds it whole or not at all.
static VARIABLES: [(AtomicU64, AtomicU64); MOST] = [const { (AtomicU64::new(0), AtomicU64::new(0)) }; MOST];

/// Pages of an image, which can be read and written until they are [sealed](Image::seal).
#[derive(Debug)]
pub struct Image {
    /// INVARIANT: mapped pages of the region, which no other image has.
    pages: Range<u64>,
    /// Its variables.
    variables: Range<u64>,
    /// The entry in `VARIABLES`.
    entry: Option<usize>,
}

impl Image {
    /// Room for parts of these sizes, one behind the other, each on pages of its own.
    pub fn new(sizes: [usize; 3]) -> Result<Image, OutOfFrames> {
        let pages: u64 = sizes.into_iter().map(whole).sum::<u64>().max(PAGE);
        Ok(Image { pages: take(pages)?, variables: 0..0, entry: None })
    }

    /// Where it lies.
    pub fn pages(&self) -> Range<u64> {
        self.pages.clone()
    }

    /// Where its parts begin.
    pub fn bases(&self, sizes: [usize; 3]) -> [u64; 3] {
        let constants = self.pages.start + whole(sizes[0]);
        [self.pages.start, constants, constants + whole(sizes[1])]
    }

    /// Fills its parts, and forbids what they are not for: from now on the first is code, and the second
    /// constants.
    pub fn seal(&mut self, parts: [&[u8]; 3]) {
        let sizes = parts.map(<[u8]>::len);
        let bases = self.bases(sizes);
        for (part, base) in parts.into_iter().zip(bases) {
            let to = core::ptr::with_exposed_provenance_mut::<u8>(base as usize);
            // SAFETY: the part lies in the image, whose pages are mapped to be written, and which no code
            // knows yet.
            unsafe { to.copy_from_nonoverlapping(part.as_ptr(), part.len()) };
        }
        for (base, (size, what)) in bases.into_iter().zip(sizes.into_iter().zip([Use::Text, Use::Constants]))
        {
            // SAFETY: it is written no more.
            unsafe { paging::protect(base..base + whole(size), what) };
        }
        forget_on_all_cpus();
        self.variables = bases[2]..bases[2] + sizes[2] as u64;
        let data = bases[2]..bases[2] + whole(sizes[2]);
        self.entry = VARIABLES.iter().position(|(start, end)| {
            let is_ours = end.compare_exchange(0, data.end, Relaxed, Relaxed).is_ok();
            if is_ours {
                start.store(data.start, Release);
            }
            is_ours
        });
    }
}

impl Image {
    /// What its variables are now.
    ///
    /// # Safety
    /// No code of it runs while the result is used.
    pub unsafe fn variables(&self) -> &[u8] {
        let start = core::ptr::with_exposed_provenance(self.variables.start as usize);
        // SAFETY: they were made in its pages, which are mapped as long as this, and the caller says that
        // nothing changes them.
        unsafe { core::slice::from_raw_parts(start, (self.variables.end - self.variables.start) as usize) }
    }

    /// Makes them what they were.
    ///
    /// # Safety
    /// No code of it runs meanwhile, and none relies on what they are.
    pub unsafe fn restore(&self, variables: &[u8]) {
        let to = core::ptr::with_exposed_provenance_mut::<u8>(self.variables.start as usize);
        let size = variables.len().min((self.variables.end - self.variables.start) as usize);
        // SAFETY: so many were made in its pages, which can be written.
        unsafe { to.copy_from_nonoverlapping(variables.as_ptr(), size) };
    }
}

impl Drop for Image {
    /// No code of it runs any more, and nothing leads into it.
    fn drop(&mut self) {
        if let Some((start, end)) = self.entry.map(|entry| &VARIABLES[entry]) {
            start.store(0, Release);
            end.store(0, Release);
        }
        // SAFETY: they are this image's, which is gone.
        unsafe { paging::protect(self.pages.clone(), Use::Data) };
        forget_on_all_cpus();
        let first = core::ptr::with_exposed_provenance_mut::<u8>(self.pages.start as usize);
        // INT3, so that a call of what is gone is not a call of what comes.
        // SAFETY: the pages can be written, and no code uses them.
        unsafe { first.write_bytes(0xcc, (self.pages.end - self.pages.start) as usize) };
        // What finds no room there is lost for ever.
        let _ = FREE.lock_irqsave().push(self.pages.clone());
    }
}

/// Whether `address` lies where images do.
pub fn contains(address: u64) -> bool {
    (layout::MODULES.start..END.load(Acquire)).contains(&address)
}

/// The variables of all images: for a search, while all other CPUs stand still.
pub fn variables() -> impl Iterator<Item = Range<u64>> {
    VARIABLES
        .iter()
        .map(|(start, end)| start.load(Acquire)..end.load(Acquire))
        .filter(|range| range.start != 0)
}

fn whole(size: usize) -> u64 {
    (size as u64).next_multiple_of(PAGE)
}

/// So many bytes of pages that can be written.
fn take(bytes: u64) -> Result<Range<u64>, OutOfFrames> {
    let mut free = FREE.lock_irqsave();
    if let Some(range) = free.iter_mut().find(|range| range.end - range.start >= bytes) {
        let taken = range.start..range.start + bytes;
        range.start = taken.end;
        free.retain(|range| !range.is_empty());
        return Ok(taken);
    }
    let start = END.load(Relaxed);
    if layout::MODULES.end - start < bytes {
        return Err(OutOfFrames);
    }
    for page in (start..start + bytes).step_by(PAGE as usize) {
        let frame = frames::allocate().ok_or(OutOfFrames)?;
        // SAFETY: the frame is ours; the pages from the end of the region on belong to no image, and this
        // lock is held.
        unsafe { paging::map_data(page, frame) }?;
        END.store(page + PAGE, Release);
    }
    Ok(start..start + bytes)
}

/// No CPU remembers what pages were for.
fn forget_on_all_cpus() {
    cpu::forget_pages();
    smp::call_others(cpu::forget_pages);
}
