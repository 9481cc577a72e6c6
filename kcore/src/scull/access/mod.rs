//! Access control on a device file: scull devices that do not let every user in (LDD3 ch. 6, "Access Control
//! on a Device File").
//!
//! | device | lets in | a caller that must stay outside |
//! |---|---|---|
//! | [`Single`] scullsingle | one open file | gets `-EBUSY` |
//! | [`Uid`] sculluid | any number of files of one user | gets `-EBUSY` |
//! | [`WaitingUid`] scullwuid | the same | sleeps until that user is gone; `-EAGAIN` with `O_NONBLOCK` |
//! | [`Private`] scullpriv | every terminal, to a device of its own | has no terminal, and gets `-EINVAL` |
//!
//! What is decided here is decided by `open`; what a file does is scull's own. A file that is dropped lets
//! the next one in.
//!
//! | file | noun |
//! |---|---|
//! | `admitted` | how the scull device behind the control is opened, and a file that was let in |
//! | `single` | [`Single`], and its [`Gate`] that lets one in |
//! | `uid` | [`Uid`], and the user that has a device, and how often |
//! | all others | one device each |
//!
//! Each has two [editions](crate::scull::Edition), those of the scull device behind it. The book's trims a
//! device that is opened write-only without the device's lock, though others may be inside with it (R12:
//! sculluid, scullwuid, scullpriv); lets one in by an atomic variable that every attempt moves, so that a
//! failed one turns away the next (R15: scullsingle); and allocates under a spinlock (R33: scullpriv).

#![forbid(unsafe_code)]

mod admitted;
mod private;
mod single;
pub mod sites;
mod uid;
mod wuid;

pub use private::Private;
pub use single::{Gate, Single};
pub use uid::Uid;
pub use wuid::WaitingUid;
