//! Room for so many.

/// The first `N` of what was pushed, and how many more there were.
#[derive(Clone, Copy, Debug)]
pub struct List<T, const N: usize> {
    /// Filled from the front, without gaps.
    items: [Option<T>; N],
    len: usize,
    dropped: usize,
}

impl<T: Copy, const N: usize> List<T, N> {
    /// Nothing.
    pub const fn new() -> Self {
        List { items: [None; N], len: 0, dropped: 0 }
    }

    /// Adds `item` at the end, or counts it as dropped.
    pub fn push(&mut self, item: T) {
        match self.items.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(item);
                self.len += 1;
            }
            None => self.dropped += 1,
        }
    }

    /// Takes the first item for which `is` holds; the last one moves into its place.
    pub fn take(&mut self, is: impl Fn(&T) -> bool) -> Option<T> {
        let at = self.iter().position(is)?;
        self.len -= 1;
        self.items.swap(at, self.len);
        self.items[self.len].take()
    }

    /// One of those that there was no room for has gone. Returns whether there was one.
    pub fn forget_dropped(&mut self) -> bool {
        let any = self.dropped > 0;
        self.dropped -= usize::from(any);
        any
    }

    /// The items that there was room for.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flatten()
    }

    /// The items that there was room for, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut().flatten()
    }

    /// How many there was room for.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was pushed, or all of it has gone.
    pub fn is_empty(&self) -> bool {
        self.len + self.dropped == 0
    }

    /// How many there was no room for.
    pub fn dropped(&self) -> usize {
        self.dropped
    }
}

impl<T: Copy, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        List::new()
    }
}
