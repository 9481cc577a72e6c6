//! The modules that can be loaded.

use super::{Built, Parameters, Refused, family};

/// A module that can be loaded. Its code is in the kernel; to load it is to make its devices.
#[derive(Debug)]
pub struct Loadable {
    /// Its name.
    pub name: &'static str,
    /// The names of its parameters.
    pub parameters: &'static [&'static str],
    /// Makes its devices, which work when this returns, and which nobody knows of.
    pub build: fn(&Parameters<'_>) -> Result<Built, Refused>,
}

/// All of them.
pub(super) static ALL: [&Loadable; 5] =
    [&family::COMPLETE, &family::FAULTY, &family::KMEMLEAK_TEST, &family::SCULL, &family::SLEEPY];

/// Their names.
pub(super) static NAMES: [&str; 5] = {
    let mut names = [""; 5];
    let mut index = 0;
    while index < ALL.len() {
        names[index] = ALL[index].name;
        index += 1;
    }
    names
};
