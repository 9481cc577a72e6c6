//! What a module is told when it is loaded: words like `lock=none` (LDD3 ch. 2, "Module Parameters").

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;
use core::ops::RangeInclusive;
use core::str::FromStr;

use kcore::settings::Usage;

use super::Refused;
use super::loadable::Parameter;

/// The parameters of one loading.
#[derive(Debug)]
pub struct Parameters<'a> {
    module: &'static str,
    given: Vec<(&'a str, &'a str)>,
}

impl<'a> Parameters<'a> {
    /// Takes `words` apart for `module`, whose parameters are `valid`.
    /// [`EINVAL`](kcore::errno::Errno::EINVAL) for a word without `=`, for a name that is not valid, and for
    /// a value that is none of the parameter's words.
    pub fn parse(module: &'static str, valid: &[Parameter], words: &[&'a str]) -> Result<Self, Refused> {
        let pair = |word: &&'a str| {
            let (name, value) = word.split_once('=').ok_or_else(|| {
                Refused::invalid(module, format_args!("'{word}' is no parameter: NAME=VALUE"))
            })?;
            let Some(parameter) = valid.iter().find(|parameter| parameter.name == name) else {
                return Err(unknown(module, name, valid));
            };
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

    /// The number `name`, or `default`. [`EINVAL`](kcore::errno::Errno::EINVAL) for what is not in `range`.
    pub fn number(&self, name: &str, range: RangeInclusive<u32>, default: u32) -> Result<u32, Refused> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        let why = || format!("not a number from {} to {}", range.start(), range.end());
        number.ok_or_else(|| self.bad(name, value, why()))
    }

    /// [`EINVAL`](kcore::errno::Errno::EINVAL): `name` cannot be `value`, for the reason `why`.
    pub fn bad(&self, name: &str, value: &str, why: impl Display) -> Refused {
        Refused::invalid(self.module, format_args!("{name}={value}: {why}"))
    }
}

fn unknown(module: &str, name: &str, valid: &[Parameter]) -> Refused {
    let names: Vec<&str> = valid.iter().map(|parameter| parameter.name).collect();
    let valid = if names.is_empty() { String::from("none") } else { names.join(", ") };
    Refused::invalid(module, format_args!("unknown parameter '{name}'; valid: {valid}"))
}
