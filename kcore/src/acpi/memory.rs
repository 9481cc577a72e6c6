//! The seam to a machine that can read physical addresses.

/// Part of the range is no readable memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds;

/// Physical memory, for reading.
pub trait PhysicalMemory {
    /// Copies `into.len()` bytes from physical `address` on. No alignment is required.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), OutOfBounds>;
}
