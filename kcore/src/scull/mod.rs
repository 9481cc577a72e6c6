//! scull, the character device of LDD3 (chapters 3 and 5): bytes in memory that every open file shares.
//!
//! There is one source for the racy and the guarded form: which [`Form`](crate::settings::Form) guards a
//! [`Device`] is chosen when it is made. The functions that are called from outside enter the guard; those
//! that work on the list assume that it is held, and check it.
//!
//! ```text
//! Device            node                    node
//! +------+         +-------+               +-------+
//! | head |-------->| next  |-------------->| next  |--> null
//! | size |         | array |--+            | array |--> null: a hole of quantum x qset bytes
//! +------+         +-------+  |            +-------+
//!                             v
//!                  array of qset slots: [ | | null | ... ]
//!                                        |  +--> quantum
//!                                        +--> quantum bytes
//! ```
//!
//! # What the racy form relies on
//! Each step of the book's C code is kept in its order, for that order is what races:
//!
//! | step | what the book does | what comes of it |
//! |---|---|---|
//! | a link is null | tests it, allocates, then stores, and does not look again | R1, R2, R3, R5: two do so, one block is lost |
//! | a new node or array | publishes it first and clears it afterwards | R4: another CPU sees what was there before: here poison |
//! | the list | goes on with the node that it made itself | R3: a forked list, half of it lost |
//! | the array | goes on with the array that it made itself | R2: what it hangs there is lost with it |
//! | the copy | reads `data[s_pos]` once more | R8, R10: it lands in the other's quantum, or in a freed one |
//! | the size | tests it, then stores | R6: it goes back |
//! | trim | reads the head first, stores null last | R8, R9: others walk what is being freed, or free it too |
//!
//! C leaves the compiler free to read a shared variable again or to keep it in a register. Where the book
//! names one twice, this table says which of the two is done here.
//!
//! Two things differ from the book on purpose. A failed allocation stores nothing, so it loses nothing. And
//! `read` says ENOMEM when it could not allocate; the book's says 0, as at the end of the data.
//!
//! # Editions
//! The book's driver makes mistakes with its lock, too. A [`Device`] is of one [`Edition`] or the other:
//!
//! | | [`Edition::Book`] | [`Edition::Repaired`] |
//! |---|---|---|
//! | R11 | quantum and qset are read before the lock is taken | after it |
//! | R13 | `/proc/scullmem` loads the head of the list before the lock | after it |
//! | R32 | exchange and shift of a parameter are a load and a store | a swap |
//! | R34 | any number is a quantum or a qset; a fresh quantum shows what was there before | -EINVAL; it is cleared before it is published |
//!
//! The geometry of a device can change whenever it is trimmed: then the module's [`Parameters`] become the
//! device's. Each block knows how long it is, so where geometry and block do not fit, the access past the end
//! is counted and refused ([`Damage::overrun`]).
//!
//! # Which callers come in
//! Experiments use a [`Device`] and its [`File`]s, which borrow it. The registry hands out a [`SharedFile`],
//! which refers to the device and has a position that several tasks share. Both do the same through the same
//! code.
//!
//! # Why the races are not undefined behaviour
//! Every shared word is a [`Shared`](crate::shared::Shared), all bytes are
//! [`SharedBytes`](crate::bytes::SharedBytes); and the invariants of `list.rs` hold in every interleaving: a
//! link leads to a block, to nothing, or is recognised as poison.

pub mod access;
mod control;
mod device;
mod dump;
mod edition;
mod file;
mod follow;
mod geometry;
pub mod ioctl;
mod list;
mod quiet;
mod shared_file;
pub mod sites;
mod tally;
mod trim;
mod walk;

pub use device::{DEVICES, Device};
pub use edition::Edition;
pub use file::{File, Mode};
pub use geometry::{Geometry, Parameters, Place};

pub use shared_file::SharedFile;
pub use tally::Damage;
