//! What the names are that Tab completes.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use kcore::experiment;
use kcore::settings::{Form, Key};
use kcore::shell::Names;
use kcore::tools;

use super::commands;
use super::state::Shell;
use crate::fs::{self, Kind};
use crate::{dev, process::Process};

/// The names as they are seen from a directory.
pub(super) struct Known {
    here: Process,
}

impl Shell {
    pub(super) fn names(&self) -> Known {
        Known { here: Process::new("shell", self.credentials, &self.directory, Vec::new()) }
    }
}

impl Names for Known {
    fn commands(&self) -> Vec<String> {
        // A word of the grammar.
        commands::ALL.iter().map(|command| command.name).chain(["time"]).map(ToString::to_string).collect()
    }

    fn arguments(&self, words: &[String]) -> Vec<String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        match words[..] {
            ["run" | "explain"] => experiment::ALL.iter().map(|entry| entry.name.to_string()).collect(),
            ["run", name, ..] => run_options(name),
            ["insmod"] => owned(dev::available()),
            ["insmod", module, ..] => dev::words_of(module.strip_suffix(".ko").unwrap_or(module)),
            ["rmmod"] => dev::loaded().iter().map(|module| module.name.to_string()).collect(),
            ["help", ..] => self.commands(),
            ["probe"] => probe_options(),
            ["dd", ..] => owned(tools::DD_WORDS),
            _ => Vec::new(),
        }
    }

    fn directory(&self, path: &str) -> Vec<String> {
        let entries = fs::list(&self.here.absolute(path)).unwrap_or_default();
        let name = |entry: fs::Entry| match entry.kind {
            Kind::Directory => entry.name + "/",
            _ => entry.name,
        };
        entries.into_iter().map(name).collect()
    }
}

/// How tasks pass points; where they can meet, point by point.
fn probe_options() -> Vec<String> {
    let points = experiment::of_drivers();
    let meetings = points.iter().map(|point| format!("rendezvous={point}"));
    let others = ["off", "pause", "delay=", "script="].map(ToString::to_string);
    meetings.chain(others).collect()
}

/// The keys of a run with the words that can be their values; of the forms, those of the experiment.
fn run_options(name: &str) -> Vec<String> {
    let entry = experiment::find(name).ok();
    let words = |key: &Key| -> Vec<&str> {
        match entry.filter(|_| key.name == "lock") {
            Some(entry) => entry.locks().map(Form::word).collect(),
            None => key.values.beginnings().collect(),
        }
    };
    let options = |key| match words(key) {
        words if words.is_empty() => vec![format!("{}=", key.name)],
        words => words.iter().map(|word| format!("{}={word}", key.name)).collect(),
    };
    commands::taken().flat_map(options).collect()
}
