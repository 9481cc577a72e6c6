//! Words at which a search may look.

use core::ops::Range;

use crate::layout;
use crate::mm::stacks;

/// Aligned words that are mapped, and stay so.
pub struct Words {
    /// INVARIANT: in the kernel's variables, in one stack, or in the heap.
    range: Range<usize>,
}

impl Words {
    /// Words of the kernel's variables, the boot stack among them, or of one stack. [`None`] if they are neither.
    pub fn new(range: Range<u64>) -> Option<Words> {
        let (data, guard) = (layout::data(), layout::bsp_stack().start);
        let of_data = |part: Range<u64>| part.start <= range.start && range.end <= part.end;
        let is_variable = of_data(data.start..guard) || of_data(guard + 4096..data.end);
        let size = range.end.saturating_sub(range.start);
        (size == 0 || is_variable || stacks::contains(range.start, size))
            .then_some(Words { range: range.start as usize..range.end as usize })
    }

    /// The word at `address`, which may also lie in the heap: that is the memory of `heap`, as the heap says.
    pub fn one(address: usize, heap: &Range<usize>) -> Option<Words> {
        let range = address..address.checked_add(size_of::<usize>())?;
        if heap.start <= range.start && range.end <= heap.end {
            return Some(Words { range });
        }
        Words::new(range.start as u64..range.end as u64)
    }
}

impl From<Words> for Range<usize> {
    fn from(words: Words) -> Self {
        words.range
    }
}
