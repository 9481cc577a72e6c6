//! Accesses to shared memory.

/// A place in the program where a task touches something shared, without saying how: `slot`, `size`, `copy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// The name, as scripts and reports write it.
    pub name: &'static str,
}

impl Site {
    /// A site called `name`.
    pub const fn new(name: &'static str) -> Self {
        Site { name }
    }
}

/// What happens at a [`Site`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A load of a [`Shared`](crate::shared::Shared) location. Written `slot.load`.
    Load,
    /// A store of `value` (a pointer or a number). Written `slot.store`.
    Store(usize),
    /// A store of what is known only when it is made, as that of a driver in C. Written `slot.store`.
    Assign,
    /// A compare-and-swap that stores `value` if it succeeds. Written `slot.store`.
    Swap(usize),
    /// Zeros are stored to a run of bytes. No point: it comes with one of its own, in its middle.
    Clear,
    /// A named point without an access. Written as the site's bare name.
    Point,
    /// A load by a spinning waiter, or for a count only. No point, like all that come below.
    Look,
    /// The store of a number, which ends what others spin for.
    Put(usize),
    /// Bytes are added to or exchanged in one step.
    Update,
    /// A run of bytes is copied from here.
    Read,
    /// A run of bytes is copied to here.
    Write,
}

/// One access to shared memory, or one named point.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Where in the program.
    pub site: &'static Site,
    /// What.
    pub op: Op,
    /// The address of the first byte; 0 for [`Op::Point`].
    pub address: usize,
    /// How many bytes from there on.
    pub size: usize,
}

impl Op {
    /// What its point is called behind the name of the site; [`None`] when it has no point of its own.
    pub fn of_point(&self) -> Option<&'static str> {
        match self {
            Op::Load => Some(".load"),
            Op::Store(_) | Op::Assign | Op::Swap(_) => Some(".store"),
            Op::Point => Some(""),
            Op::Clear | Op::Look | Op::Put(_) | Op::Update | Op::Read | Op::Write => None,
        }
    }
}

impl Access {
    /// Whether `point` (as in `slot.load`, `slot.store`, `copy`) names this access.
    pub fn is(&self, point: &str) -> bool {
        let Some(rest) = point.strip_prefix(self.site.name) else { return false };
        self.op.of_point() == Some(rest)
    }
}

/// What an access, or a block's end, came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A load saw this.
    Saw(usize),
    /// A store found the one there just before it and the other just after it.
    Stored {
        /// Before.
        before: usize,
        /// After: what was stored, unless others stored meanwhile.
        after: usize,
    },
    /// A compare-and-swap found something else than what it was to replace, and stored nothing; or a block
    /// was not freed.
    Failed,
}

impl Outcome {
    /// Of a run of bytes that was cleared, or freed.
    pub const ZEROS: Outcome = Outcome::Stored { before: 0, after: 0 };
}
