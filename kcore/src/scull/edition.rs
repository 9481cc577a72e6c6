//! The driver as printed, and the driver repaired.
#![forbid(unsafe_code)]

use crate::settings::Lock;

/// Which of the two a device is, where they differ. Both have their lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edition {
    /// As the book prints it, with its mistakes.
    Book,
    /// Without them.
    Repaired,
}

impl Edition {
    /// The edition that a form of an exhibit asks for: the book's for [`Lock::Book`], the repaired one for all others.
    pub fn of(form: Lock) -> Self {
        match form {
            Lock::Book => Edition::Book,
            _ => Edition::Repaired,
        }
    }
}
