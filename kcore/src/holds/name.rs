//! A name in a word.

use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bits of an address (Intel SDM vol. 1, 3.3.7.1: canonical addressing; with four levels of page tables).
const ADDRESS: u32 = 48;

/// A name that lives for ever, as one word: where it begins, and above the bits of an address how long it is.
/// So it is stored and loaded as a whole, by plain instructions, and a reader that loads it meanwhile finds
/// one name or the other.
#[derive(Debug, Default)]
pub struct NameWord(AtomicUsize);

impl NameWord {
    /// The empty name.
    pub const fn empty() -> Self {
        NameWord(AtomicUsize::new(0))
    }

    /// Stores `name`; of one that is longer than any the first bytes.
    pub fn set(&self, name: &'static str) {
        let most = usize::MAX >> ADDRESS;
        let length = if name.len() <= most { name.len() } else { name.floor_char_boundary(most) };
        let start = name.as_ptr().expose_provenance() & ((1 << ADDRESS) - 1);
        self.0.store(start | length << ADDRESS, Relaxed);
    }

    /// The name.
    pub fn get(&self) -> &'static str {
        let word = self.0.load(Relaxed);
        let length = word >> ADDRESS;
        if length == 0 {
            return "";
        }
        // Canonical: the upper bits are those of the highest that counts.
        let start = ((word << (usize::BITS - ADDRESS)) as isize >> (usize::BITS - ADDRESS)) as usize;
        let start = ptr::with_exposed_provenance::<u8>(start);
        // SAFETY: a word that is not 0 was made from a name that lives for ever, and has its start and its
        // length.
        let bytes = unsafe { core::slice::from_raw_parts(start, length) };
        // SAFETY: they are the bytes of a name up to the end of a character.
        unsafe { core::str::from_utf8_unchecked(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::NameWord;

    #[test]
    fn a_name_comes_back() {
        let word = NameWord::empty();
        assert_eq!(word.get(), "");
        for name in ["scull0.lock", "", "ü", "preemption off"] {
            word.set(name);
            assert_eq!(word.get(), name);
        }
    }
}
