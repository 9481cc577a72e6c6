//! From a log of stores: who published a block, and who dropped it.

/// A store in a log.
pub trait Trace: Copy {
    /// The address of the location.
    fn location(&self) -> usize;
    /// What was stored.
    fn value(&self) -> usize;
    /// When, on a clock that all CPUs share.
    fn when(&self) -> u64;
}

/// A log of stores, in any order.
pub trait StoreLog {
    /// What it holds.
    type Store: Trace;
    /// Calls `visit` with each of them.
    fn each(&self, visit: &mut dyn FnMut(&Self::Store));

    /// The earliest store that `wanted` says yes to.
    fn first(&self, wanted: &dyn Fn(&Self::Store) -> bool) -> Option<Self::Store> {
        let mut first: Option<Self::Store> = None;
        self.each(&mut |store| {
            if wanted(store) && first.is_none_or(|first| store.when() < first.when()) {
                first = Some(*store);
            }
        });
        first
    }
}

/// How a block came to be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provenance<S> {
    /// The store that put its address into the location where it was last to be found.
    pub published: S,
    /// The next store to that location, of something else: the last reference is gone. `None` when it is still there, so
    /// that the location itself must have been lost or freed.
    pub dropped: Option<S>,
}

impl<S: Trace> Provenance<S> {
    /// What `log` knows of the block at `address` that was allocated at `since`: what was stored of that address before
    /// belongs to another block. `None` when no store of it is known. A block that was published in several locations is
    /// lost when the last of them is overwritten: that one is named.
    pub fn find<L: StoreLog<Store = S>>(log: &L, address: usize, since: u64) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut after = since;
        while let Some(published) = log.first(&|store| store.value() == address && store.when() >= after) {
            let overwrites = |store: &S| {
                let elsewhere = store.location() != published.location() || store.value() == address;
                !elsewhere && store.when() > published.when()
            };
            let dropped = log.first(&overwrites);
            let is_later = match (found.and_then(|found| found.dropped), dropped) {
                (Some(before), Some(this)) => this.when() > before.when(),
                (Some(_), None) => false,
                (None, Some(_)) => true,
                (None, None) => found.is_none(),
            };
            if is_later {
                found = Some(Provenance { published, dropped });
            }
            after = published.when() + 1;
        }
        found
    }
}
