//! The modules that can be loaded.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Built, Parameters, Refused, family};

/// A module that can be loaded. Its code is in the kernel; to load it is to make its devices.
#[derive(Debug)]
pub struct Loadable {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Makes its devices, which work when this returns, and which nobody knows of.
    pub build: fn(&Parameters<'_>) -> Result<Built, Refused>,
}

/// A parameter of a module.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The words that it can be; none, if it is a number.
    pub words: &'static [&'static str],
}

impl Parameter {
    /// One of some words.
    pub const fn word(name: &'static str, words: &'static [&'static str]) -> Self {
        Parameter { name, words }
    }

    /// A number.
    pub const fn number(name: &'static str) -> Self {
        Parameter { name, words: &[] }
    }
}

/// What the module called `name` can be told: `lock=none`, `quantum=`.
pub(super) fn words(name: &str) -> Vec<String> {
    let parameters = ALL.iter().find(|one| one.name == name).map_or(&[][..], |one| one.parameters);
    let number = |name: &str| format!("{name}=");
    let words = |one: &Parameter| match one.words {
        [] => Vec::from([number(one.name)]),
        words => words.iter().map(|word| number(one.name) + word).collect(),
    };
    parameters.iter().flat_map(words).collect()
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
