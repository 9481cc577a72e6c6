//! `check`: what is found in drivers with one mistake each, and in those without.

use std::fs;
use std::path::{Path, PathBuf};

use kcore::report::{Finding, Record};
use lab::folder;
use lab::session::Outcome;
use lab::status::Status;
use lab::workspace;
use libtest_mimic::Trial;
use tests::ensure::{Answer, holds};

use crate::drivers::{module, of_the_house, place, trial};
use crate::shell::{follow, judge, machine, told};

pub(crate) fn trials() -> Vec<Trial> {
    let planted = (1..).zip(FOUND).map(|(number, (kind, line))| {
        trial("checked", &format!("planted-{number}"), move || planted(number, kind, line))
    });
    let right = RIGHT.map(|name| trial("checked", &format!("right-{name}"), move || right(name)));
    planted.chain(right).chain([trial("checked", "right-planted", unplanted)]).collect()
}

/// What is found first in `planted.c` with each mistake: its kind, and what its line is.
const FOUND: [(&str, &str); 16] = [
    ("death", "memset(copy, 0, SIZE);"),
    ("memory", "one byte too many"),
    ("deadlock", "mutex_lock(&lock);"),
    ("leak", "copy = kmalloc(SIZE, GFP_KERNEL);"),
    ("deadlock", "mutex_lock(&other);"),
    ("memory", "kfree(text);"),
    ("leak", "copy = kmalloc(SIZE, GFP_KERNEL);"),
    ("invalid-context", "/* may sleep */"),
    ("sleeps-for-ever", "prepare_to_wait(&queue"),
    ("memory", "kfree(text);"),
    ("data-race", "reads++;"),
    ("left-behind", "misc_register(&planted)"),
    ("unchecked-copy", "who looks?"),
    ("leak", "lost at the end"),
    ("memory", "two readers have found it"),
    ("leak", "a signal comes"),
];

/// Drivers of `drivers/` in which nothing is to be found.
const RIGHT: [&str; 7] = ["hello", "scull", "pipe", "complete", "sleepy", "jiffies", "short-irq"];

fn check(module: &Path) -> Result<(Outcome, Vec<Finding>), String> {
    let name = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bundle = folder::bundle(None, &[module.to_path_buf()]).map_err(told)?.ok_or("there is a module")?;
    let script = format!("insmod /mnt/{name}.ko && check {name}\n");
    let outcome = follow(machine("shell timeout=300 cpus=1")?.mount(bundle.path()), &script)?;
    let finding = |record: &Record| match record {
        Record::Finding(finding) => Some(finding.clone()),
        _ => None,
    };
    let found = outcome.report.records().filter_map(finding).collect();
    Ok((outcome, found))
}

fn with_mistake(place: &Path, number: u32) -> Result<(PathBuf, String), String> {
    let source = workspace::root().map_err(told)?.join("tests/qemu/planted.c");
    let text = fs::read_to_string(&source).map_err(|error| error.to_string())?;
    Ok((module(place, &source, "planted.ko", &[&format!("MISTAKE={number}")])?, text))
}

fn planted(number: u32, kind: &str, line: &str) -> Answer {
    let place = place()?;
    let (module, text) = with_mistake(place.path(), number)?;
    let (outcome, found) = check(&module)?;
    judge(&outcome, Status::Unexpected, &[])?;
    let first = found.first().ok_or_else(|| format!("nothing is found\n{outcome}"))?;
    let at = text.lines().nth(first.line.saturating_sub(1) as usize).unwrap_or_default();
    let is_right = first.kind == kind && at.contains(line);
    holds(&format!("it is {kind} at '{line}'"), is_right)
        .map_err(|why| format!("{why}: {first:?}\n{outcome}"))
}

fn unplanted() -> Answer {
    let place = place()?;
    nothing_in(&with_mistake(place.path(), 0)?.0)
}

fn right(name: &str) -> Answer {
    let place = place()?;
    nothing_in(&of_the_house(place.path(), name, &[])?)
}

fn nothing_in(module: &Path) -> Answer {
    let (outcome, found) = check(module)?;
    judge(&outcome, Status::Expected, &[])?;
    holds("nothing is found", found.is_empty()).map_err(|why| format!("{why}\n{outcome}"))
}
