//! What a case is, and its assertions.

use alloc::format;
use alloc::string::String;
use core::fmt::Debug;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::layout;

/// Nothing, or a sentence about what did not hold.
pub type Answer = Result<(), String>;

/// One case.
#[derive(Debug)]
pub struct Case {
    /// Its name: what it is about, and what should hold.
    pub name: &'static str,
    /// Tries it.
    pub run: fn() -> Answer,
    /// Whether it runs only when it alone is asked for (by its whole name, by that of a group all of which is
    /// hidden, or by a part of a name that no other has): it takes long, or it wants a machine of its own, on
    /// which no memory has run out before.
    pub hidden: bool,
}

/// Registers cases: `case!("heap::poison-when-allocated" => poison_when_allocated);`
#[macro_export]
macro_rules! case {
    ($($name:literal => $run:path $(, hidden = $hidden:literal)?;)+) => {
        $(const _: () = {
            #[used]
            #[unsafe(link_section = ".cases")]
            static REGISTERED: &$crate::cases::Case =
                &$crate::cases::Case { name: $name, run: $run, hidden: false $(|| $hidden)? };
        };)+
    };
}

static SEED: AtomicU64 = AtomicU64::new(0);

/// What cases leave to chance follows from `seed` (the setting `seed=`).
pub fn set_seed(seed: u64) {
    SEED.store(seed, Relaxed);
}

/// What chance begins with.
pub(super) fn seed() -> u64 {
    SEED.load(Relaxed)
}

/// Every registered case, in no order.
pub fn all() -> &'static [&'static Case] {
    let section = layout::cases();
    let start = core::ptr::with_exposed_provenance::<&'static Case>(section.start as usize);
    let count = (section.end - section.start) as usize / size_of::<&Case>();
    // SAFETY: the linker script gathers in this section what `case!` puts there, which are references, and
    // nothing else.
    unsafe { core::slice::from_raw_parts(start, count) }
}

/// `what` must be `wanted`.
pub(super) fn same<T: PartialEq + Debug>(what: &str, is: T, wanted: T) -> Answer {
    if is == wanted { Ok(()) } else { Err(differs(what, &is, &wanted)) }
}

#[cold]
fn differs(what: &str, is: &dyn Debug, wanted: &dyn Debug) -> String {
    format!("{what}: {is:?} instead of {wanted:?}")
}

/// How many different ones there are.
pub(super) fn different<T: PartialEq>(things: &[T]) -> usize {
    let is_new = |(index, thing): &(usize, &T)| !things[..*index].contains(thing);
    things.iter().enumerate().filter(is_new).count()
}

/// `what` must hold.
pub(super) fn holds(what: &str, is: bool) -> Answer {
    if is { Ok(()) } else { Err(format!("it does not hold that {what}")) }
}

crate::case! {
    "self-check-fails" => fails, hidden = true;
}

/// A case that must fail: it shows that the harness can.
fn fails() -> Answer {
    Err("this case fails on purpose".into())
}
