//! What a driver can do wrong.

/// What kind of wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Memory was used that was freed.
    Use,
    /// Memory was used that is behind or before a block.
    Beyond,
    /// Memory was read that was never written.
    Unwritten,
    /// A process was given what was never written.
    Leaks,
    /// A block was freed twice.
    Twice,
    /// Something was freed that is no block.
    Free,
    /// What it has registered is there when it is gone.
    Left,
    /// It may sleep where it must not.
    Sleeps,
    /// A copy has failed, and the call says that it has not.
    Copy,
    /// Calls answer what whole calls do not, in no order.
    NotAtomic,
    /// Something else.
    Other,
}

impl Wrong {
    /// What it is called, before what it is about.
    pub fn name(self) -> &'static str {
        match self {
            Wrong::Use => "use after free: ",
            Wrong::Beyond => "out of bounds: ",
            Wrong::Unwritten => "never written: ",
            Wrong::Leaks => "information leak: ",
            Wrong::Twice => "double free: ",
            Wrong::Free => "invalid free: ",
            Wrong::Left | Wrong::Sleeps | Wrong::Copy | Wrong::NotAtomic | Wrong::Other => "",
        }
    }

    /// Whether it is about memory.
    pub fn is_of_memory(self) -> bool {
        !self.name().is_empty()
    }
}
