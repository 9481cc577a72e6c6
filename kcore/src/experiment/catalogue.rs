//! All entries, and how they are found.

use alloc::vec::Vec;

use super::ALL;
use super::entry::Experiment;
use crate::settings::Usage;

/// Makes of the names of files a module each, [`ALL`](super::ALL) of their entries, in this order, and
/// [`body`](super::body) of what they do. Where that is `kernel`'s, the file has no body, and the kernel must
/// have one: [`of_kernel`](super::of_kernel).
macro_rules! catalogue {
    ($($name:ident $(: $kernel:ident)?),* $(,)?) => {
        $(#[forbid(unsafe_code)] mod $name;)*

        /// The catalogue, in the order in which it is best read: cause by cause.
        pub static ALL: &[&Experiment] = &[$(&$name::ENTRY),*];

        /// What the tasks of `entry` do in a round; `None` if that is the kernel's.
        pub fn body<M: Rig>(entry: &Experiment) -> Option<Body<M>> {
            let bodies: &[(&Experiment, Option<Body<M>>)] =
                const { &[$((&$name::ENTRY, catalogue!(@body M $name $($kernel)?))),*] };
            bodies.iter().find(|(of, _)| core::ptr::eq(*of, entry)).and_then(|(_, body)| *body)
        }

        /// The entries whose bodies are the kernel's.
        #[expect(non_upper_case_globals, reason = "they are called like their files")]
        pub mod of_kernel {
            $($(catalogue!(@entry $name $kernel);)?)*
            /// How many there are.
            pub const COUNT: usize = 0 $($(+ catalogue!(@one $kernel))?)*;
        }
    };
    (@body $M:ident $name:ident kernel) => { None };
    (@body $M:ident $name:ident) => { Some($name::round::<$M> as Body<$M>) };
    (@entry $name:ident kernel) => {
        /// The entry of the file.
        pub const $name: &super::Experiment = &super::$name::ENTRY;
    };
    (@one kernel) => { 1 };
}

/// What LKD ch. 9 tells its reader to ask of any data, in our words.
pub const QUESTIONS: [&str; 7] = [
    "Can anyone but the current thread of execution reach the data?",
    "Do process context and interrupt context share it, or two interrupt handlers?",
    "If the task is preempted in the middle of an access, can the next task make the same access?",
    "Can the task sleep in the middle, and what does it leave behind while it sleeps?",
    "What keeps the data from being freed while it is in use?",
    "What happens when another processor calls this function at the same time?",
    "So how is the data protected?",
];

/// The entry called `name`; else a line that lists all names.
pub fn find(name: &str) -> Result<&'static Experiment, Usage> {
    ALL.iter().find(|entry| entry.name == name).copied().ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
        Usage::unknown("experiment", name, &names)
    })
}
