//! An address that a search does not take for one.

/// An address, kept as its complement: books about blocks must not keep them alive.
///
/// The complement of an address in the upper half of the address space lies in the lower half, where no block
/// of a kernel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden(usize);

impl Hidden {
    /// Hides `address`.
    #[inline]
    pub const fn new(address: usize) -> Self {
        Hidden(!address)
    }

    /// Its complement, for a word of its own.
    #[inline]
    pub const fn word(self) -> usize {
        self.0
    }

    /// What such a word stands for.
    #[inline]
    pub const fn of_word(word: usize) -> Self {
        Hidden(word)
    }

    /// The address.
    #[inline]
    pub const fn address(self) -> usize {
        !self.0
    }
}
