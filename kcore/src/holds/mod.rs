//! Which task has which lock: one book.
//!
//! [`Held`] is the part of it that belongs to one task: the locks that the task has, outermost first. The
//! task alone changes it, by plain stores: no lock is taken and no locked instruction executed, so that the
//! log of stores can say under which locks a store was made without a fence in front of that store.
//!
//! [`Locks`] is the other way round: who has a lock, and how, as a [session](crate::session) is told of it.
//!
//! | file | noun |
//! |---|---|
//! | `held` | [`Held`] and [`Taken`] |
//! | `lock` | [`Locks`], [`Lock`] and [`Holder`] |
//! | `name` | a name that one word holds |
//! | `order` | [`Order`]: which classes were held when a lock was taken |

mod held;
mod lock;
mod name;
mod order;

pub use held::{Held, Taken};
pub use lock::{HOLDERS, Holder, Lock, Locks};
pub use name::NameWord;
pub use order::Order;
