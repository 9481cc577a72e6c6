//! The words that a command line chooses from, each list in one place.
#![forbid(unsafe_code)]

use core::fmt;
use core::str::FromStr;

use crate::settings::Usage;

/// A word list: an enum whose variants each have one word.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal, { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }
        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word of each value.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
        impl FromStr for $name {
            type Err = Usage;
            fn from_str(word: &str) -> Result<Self, Usage> {
                match word { $($word => Ok($name::$variant),)+ _ => Err(Usage::unknown($what, word, Self::WORDS)) }
            }
        }
    };
}

words!(
    /// The guard of a critical section.
    Lock, "lock", {
    /// No guard: the race is on.
    None = "none",
    /// A spinlock.
    Spinlock = "spinlock",
    /// A semaphore initialised to 1.
    Semaphore = "semaphore",
    /// A completion used as a token that is handed on.
    Completion = "completion",
    /// A spinlock made of a load and a store in place of one test-and-set (R22). Only `broken-lock` takes it.
    Broken = "broken",
});

words!(
    /// Which verdict is expected.
    Expect, "expectation", {
    /// At least one update, block or byte went wrong.
    Raced = "raced",
    /// Nothing did.
    Clean = "clean",
    /// Whatever comes.
    Any = "any",
});

words!(
    /// What the writers of `scull-leak` find missing.
    Object, "object", {
    /// The quantum: node and array exist already.
    Quantum = "quantum",
    /// The array: the node exists already.
    Array = "array",
    /// The node: a fresh device, one slot.
    Node = "node",
    /// Everything: a fresh device.
    All = "all",
});

words!(
    /// How to break the machine.
    Fault, "fault", {
    /// A Rust panic.
    Panic = "panic",
    /// A panic on a CPU that did not boot the machine.
    PanicOther = "panic-other",
    /// A load from an address that nothing is mapped at.
    PageFault = "page-fault",
    /// A store into the kernel's text.
    WriteText = "write-text",
    /// A jump into data.
    ExecuteData = "execute-data",
    /// Endless recursion.
    StackOverflow = "stack-overflow",
    /// An undefined instruction.
    InvalidOpcode = "invalid-opcode",
    /// A division by zero.
    Divide = "divide",
    /// Three faults in one: the CPU gives up and the machine dies.
    TripleFault = "triple-fault",
    /// A CPU that spins for ever.
    Hang = "hang",
});
