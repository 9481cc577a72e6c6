//! The modules that can be loaded: what each is told, what it is made of, and why it may be refused.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Display;
use core::ops::RangeInclusive;
use core::str::FromStr;

use kcore::dev::CharDevice;
use kcore::errno::Errno;
use kcore::number::integer;
use kcore::report::LockStats;
use kcore::settings::Usage;

use crate::fs::Generated;
use crate::machine::Kernel;

use super::family;

/// A module that can be loaded. Its code is in the kernel; to load it is to make its devices.
#[derive(Debug)]
pub struct Loadable {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Makes its devices, which work when this returns, and which no task knows of.
    pub build: fn(&Parameters<'_>) -> Result<Built, Refused>,
}

/// A parameter of a module.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The words that it can be; none, if it is a number.
    pub words: &'static [&'static str],
    /// What else it is called, behind the module's name.
    pub variable: &'static str,
}

impl Parameter {
    /// One of some words.
    pub const fn word(name: &'static str, words: &'static [&'static str]) -> Self {
        Parameter { name, words, variable: name }
    }

    /// A number.
    pub const fn number(name: &'static str) -> Self {
        Self::word(name, &[])
    }

    /// The same, which the driver's source has in another variable.
    pub const fn in_variable(self, variable: &'static str) -> Self {
        Parameter { variable, ..self }
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

/// A module whose devices work, and which no task can find yet.
#[derive(Default)]
pub struct Built {
    /// The major for all its devices; one that is free if there is none.
    pub major: Option<u32>,
    /// Its devices: their minors go on from one group to the next.
    pub groups: Vec<Group>,
    /// Its files, by path.
    pub files: Vec<(&'static str, Generated)>,
    /// Its parameters and their values.
    pub parameters: Vec<(String, String)>,
    /// Asks for the counters of its locks.
    pub locks: Option<Box<dyn Fn() -> Vec<LockStats> + Send + Sync>>,
    /// Called when it has been unloaded.
    pub unload: Option<Box<dyn FnOnce() + Send>>,
    /// It is code of its own, which no task may be inside when it goes: it cannot be forced out.
    pub stays_in_use: bool,
    /// Asks which other modules use something of it.
    pub used_by: Option<Box<dyn Fn() -> Vec<String> + Send + Sync>>,
}

/// Devices that share a line of `/proc/devices`.
pub struct Group {
    /// The name there.
    pub name: &'static str,
    /// The devices, by minor.
    pub devices: Vec<NewDevice>,
}

/// A device, and the name it will have.
pub struct NewDevice {
    /// Its name in `/dev`.
    pub name: String,
    /// What a user may do with it, as in `0o666`.
    pub mode: u16,
    /// The device.
    pub device: Arc<dyn CharDevice<Kernel>>,
}

/// Why a module was not loaded or unloaded: the error, and what else is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As a system call would say it.
    pub errno: Errno,
    /// One line for the person: `scull: unknown parameter 'lok'; valid: lock, quantum, qset, edition`. Empty
    /// when the error says all.
    pub why: String,
}

impl Refused {
    /// [`Errno::EINVAL`]: `module` cannot be loaded like this, for the reason `why`.
    pub fn invalid(module: &str, why: impl Display) -> Self {
        Refused { errno: Errno::EINVAL, why: format!("{module}: {why}") }
    }

    /// The same: there is no parameter called `name`; those that there are, are `valid`.
    pub(crate) fn unknown<'a>(module: &str, name: &str, valid: impl Iterator<Item = &'a str>) -> Self {
        Refused::invalid(module, Usage::unknown("parameter", name, &valid.collect::<Vec<_>>()))
    }
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        Refused { errno, why: String::new() }
    }
}

/// The parameters of one loading.
#[derive(Debug)]
pub struct Parameters<'a> {
    module: &'static str,
    given: Vec<(&'a str, &'a str)>,
}

impl<'a> Parameters<'a> {
    /// Takes `words` apart for `module`, whose parameters are `valid`; they may have its name in front, as
    /// the variables of its source do: `scull_quantum`.
    /// [`EINVAL`](kcore::errno::Errno::EINVAL) for a word without `=`, for a name that is not valid, and for
    /// a value that is none of the parameter's words.
    pub fn parse(module: &'static str, valid: &[Parameter], words: &[&'a str]) -> Result<Self, Refused> {
        let pair = |word: &&'a str| -> Result<(&'a str, &'a str), Refused> {
            let (name, value) = word.split_once('=').ok_or_else(|| {
                Refused::invalid(module, format_args!("'{word}' is no parameter: NAME=VALUE"))
            })?;
            let short = name.strip_prefix(module).and_then(|rest| rest.strip_prefix('_')).unwrap_or(name);
            let is_meant = |parameter: &&Parameter| parameter.name == short || parameter.variable == short;
            let Some(parameter) = valid.iter().find(is_meant) else {
                return Err(Refused::unknown(module, name, valid.iter().map(|one| one.name)));
            };
            let name = parameter.name;
            if !parameter.words.is_empty() && !parameter.words.contains(&value) {
                return Err(Refused::invalid(module, Usage::unknown(name, value, parameter.words)));
            }
            Ok((name, value))
        };
        Ok(Parameters { module, given: words.iter().map(pair).collect::<Result<_, _>>()? })
    }

    /// The value of `name`, if it was given; the last one counts.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.given.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    /// The value of `name`, or `default`. [`EINVAL`](kcore::errno::Errno::EINVAL) for what is no `T`.
    pub fn value<T: FromStr>(&self, name: &str, default: T) -> Result<T, Refused>
    where
        T::Err: Display,
    {
        let Some(value) = self.get(name) else { return Ok(default) };
        value.parse().map_err(|error| self.bad(name, value, error))
    }

    /// The number `name`, as C writes it, or `default`. [`EINVAL`](kcore::errno::Errno::EINVAL) for what is
    /// not in `range`.
    pub fn number(&self, name: &str, range: RangeInclusive<u32>, default: u32) -> Result<u32, Refused> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = integer(value).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        let why = || format!("not a number from {} to {}", range.start(), range.end());
        number.ok_or_else(|| self.bad(name, value, why()))
    }

    /// [`EINVAL`](kcore::errno::Errno::EINVAL): `name` cannot be `value`, for the reason `why`.
    pub fn bad(&self, name: &str, value: &str, why: impl Display) -> Refused {
        Refused::invalid(self.module, format_args!("{name}={value}: {why}"))
    }
}
