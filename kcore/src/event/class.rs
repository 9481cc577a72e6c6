//! What kind of lock a lock is.

/// The class of a lock: all locks that are taken by the same rules ([`class!`](crate::class!) makes one). It
/// is the [`Watch`](crate::sync::Watch) of a lock that has no more than that.
///
/// It is of no size, unless the kernel is built with the feature `lock-order`: then the machine is told of
/// each lock by its class, and what it was told of a whole run is `docs/LOCK_ORDER.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    #[cfg(feature = "lock-order")]
    described: Option<&'static Described>,
}

/// What is known of a class.
#[derive(Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name. Classes of one name are one.
    pub name: &'static str,
    /// What cannot be observed of it: why it is taken as it is.
    pub rule: &'static str,
    /// The file that makes locks of it.
    pub file: &'static str,
}

impl Class {
    /// Of what no task can be said to have: a completion, a wait queue, a semaphore that signals.
    pub const EVENT: Class = Class {
        #[cfg(feature = "lock-order")]
        described: None,
    };

    /// The class that is so described.
    pub const fn new(_described: &'static Described) -> Self {
        Class {
            #[cfg(feature = "lock-order")]
            described: Some(_described),
        }
    }

    /// What is known of it.
    #[cfg(feature = "lock-order")]
    pub const fn described(self) -> Option<&'static Described> {
        self.described
    }
}

/// A [`Class`](crate::event::Class): its name and, if there is something that cannot be observed of it, a
/// rule.
#[macro_export]
macro_rules! class {
    ($name:literal) => {
        $crate::class!($name, "")
    };
    ($name:literal, $rule:literal) => {
        const {
            use $crate::event::{Class, Described};
            Class::new(&Described { name: $name, rule: $rule, file: file!() })
        }
    };
}
