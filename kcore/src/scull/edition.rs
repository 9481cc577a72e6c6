//! Which driver it is: the book's, or the one whose mistakes are repaired.
#![forbid(unsafe_code)]

use core::fmt;

use crate::settings::Form;

/// An edition of the driver. Both are the same source; where they differ, it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Edition {
    /// As LDD3 prints it, with its mistakes (R11, R13, R32, R34, ...).
    Book,
    /// Without them.
    #[default]
    Repaired,
}

impl Edition {
    /// The lock of the driver as it is printed: both editions have it.
    pub const LOCK: Form = Form::Semaphore;

    /// The edition that a form of an exhibit, or a word of a command line, names; none, if it names something
    /// else.
    pub fn of(form: Form) -> Option<Self> {
        match form {
            Form::Book => Some(Edition::Book),
            Form::Repaired => Some(Edition::Repaired),
            _ => None,
        }
    }

    /// The form of an exhibit that it is.
    pub fn form(self) -> Form {
        match self {
            Edition::Book => Form::Book,
            Edition::Repaired => Form::Repaired,
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form().fmt(f)
    }
}
