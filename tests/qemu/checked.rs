//! `check`: what is found in drivers with one mistake each, and in those without.

use std::fs;
use std::path::{Path, PathBuf};

use kcore::report::{Finding, Record};
use lab::folder;
use lab::module::commands;
use lab::session::Outcome;
use lab::status::Status;
use lab::workspace;
use libtest_mimic::Trial;
use tests::ensure::{Answer, holds};

use crate::drivers::{module, of_the_house, place, trial};
use crate::shell::{follow, judge, machine, told};

pub(crate) fn trials() -> Vec<Trial> {
    let planted = PLANTED.iter().flat_map(|(file, found)| {
        (1..).zip(*found).map(move |(number, (kind, line))| {
            let name = format!("{}-{number}", file.replace('_', "-"));
            trial("checked", &name, move || planted(file, number, kind, line))
        })
    });
    let unplanted = PLANTED.iter().map(|(file, _)| {
        trial("checked", &format!("right-{}", file.replace('_', "-")), move || unplanted(file))
    });
    let once = RIGHT.map(|name| trial("checked", &format!("right-{name}"), move || right(name, 1)));
    let often = RIGHT.map(|name| {
        let runs = if name == "short-irq" { FEW } else { MANY };
        trial("checked", &format!("often-{name}"), move || right(name, runs)).with_ignored_flag(true)
    });
    let twins = (1..).zip(TWINS).map(|(number, which)| {
        trial("checked", &format!("twin-{}-{number}", which.driver), move || twin(&which))
    });
    planted.chain(unplanted).chain(once).chain(often).chain(twins).collect()
}

/// The drivers with mistakes, and what is found first with each: its kind, and what its line has in it.
const PLANTED: [(&str, &[(&str, &str)]); 9] = [
    ("planted", &FOUND),
    ("planted_later", &LATER),
    ("planted_freed", &FREED),
    ("planted_ring", &RING),
    ("planted_error", &ERROR),
    ("careless", &CARELESS),
    ("hasty", &HASTY),
    ("guarded", &GUARDED),
    ("tables", &[]),
];

/// In what a driver leaves for later: timers, works, interrupts, tasks.
const LATER: [(&str, &str); 12] = [
    ("invalid-context", "/* may sleep in a timer */"),
    ("invalid-context", "/* so does this */"),
    ("data-race", "/* in the timer */"),
    ("data-race", "done = 0;"),
    ("deadlock", "/* an interrupt may come */"),
    ("deadlock", "/* the timer may come */"),
    ("deadlock", "/* it may want the lock */"),
    ("left-behind", "static int planted_life("),
    ("left-behind", "static irqreturn_t planted_interrupt("),
    ("memory", "/* in the timer */"),
    ("memory", "/* in the timer */"),
    ("memory", "(*ticks)++;"),
];

/// In what is used in memory that was freed: a wait queue, a timer, a mutex, a spinlock, a work.
const FREED: [(&str, &str); 5] = [
    ("memory", "/* its reader may have seen it, and gone */"),
    ("memory", "/* once more */"),
    ("memory", "/* of what is gone */"),
    ("memory", "/* of what is gone, too */"),
    ("memory", "/* too late */"),
];

/// Where a call fails that makes or registers something; the first: where a copy does.
const ERROR: [(&str, &str); 9] = [
    ("wrong", "/* perhaps once more */"),
    ("leak", "/* from first to last */"),
    ("left-behind", "/* its device */"),
    ("left-behind", "/* its class */"),
    ("leak", "/* its class */"),
    ("left-behind", "/* its node */"),
    ("left-behind", "/* its queue */"),
    ("left-behind", "/* its task */"),
    ("left-behind", "static int error_thread("),
];

/// Where locks and blocks end with their scopes.
const GUARDED: [(&str, &str); 3] =
    [("leak", "/* whose is it? */"), ("leak", "/* who has it? */"), ("invalid-context", "/* may sleep */")];

/// In a ring that is soon full.
const RING: [(&str, &str); 4] = [
    ("deadlock", "mutex_lock(&lock);"),
    ("memory", "/* one behind the last */"),
    ("sleeps-for-ever", "/* no byte, or no room */"),
    ("death", "/* what lock? */"),
];

/// A driver of `drivers/` with something else in its stead, and what is found first in that.
#[derive(Clone, Copy)]
struct Twin {
    driver: &'static str,
    changes: &'static [(&'static str, &'static str)],
    kind: &'static str,
    line: &'static str,
}

const TWINS: [Twin; 5] = [
    Twin {
        driver: "jiffies",
        changes: &[("#ifdef JIFFIES_LEAVES", "#if 1")],
        kind: "left-behind",
        line: "static void later_timer(",
    },
    Twin {
        driver: "jiffies",
        changes: &[(
            "\tif (later_line())\n\t\tmod_timer",
            "\tschedule_timeout_interruptible(1);\n\tif (later_line())\n\t\tmod_timer",
        )],
        kind: "invalid-context",
        line: "schedule_timeout_interruptible(1);",
    },
    Twin {
        driver: "short-irq",
        changes: &[("spin_lock_irq(", "spin_lock("), ("spin_unlock_irq(", "spin_unlock(")],
        kind: "deadlock",
        line: "spin_lock(&lock);",
    },
    Twin {
        driver: "short-irq",
        changes: &[("\tcancel_work_sync(&work);\n", "")],
        kind: "left-behind",
        line: "static void short_write_down(",
    },
    Twin {
        driver: "short-irq",
        changes: &[("\tspin_lock(&lock);\n\tcame++;\n\tspin_unlock(&lock);\n", "\tcame++;\n")],
        kind: "data-race",
        line: "came",
    },
];

/// What is found first in `planted.c`.
const FOUND: [(&str, &str); 17] = [
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
    ("memory", "if (copy_from_user(copy, buf, count)) {"),
];

/// The same of `careless.c`: what a driver can do wrong with memory.
const CARELESS: [(&str, &str); 9] = [
    ("memory", "from what on?"),
    ("memory", "the whole of it"),
    ("memory", "the head"),
    ("memory", "more than it has room for"),
    ("memory", "one kind too many"),
    ("death", "a constant"),
    ("memory", "no zero ends it"),
    ("memory", "it is somewhere else now"),
    ("memory", "not where it begins"),
];

/// The same of `hasty.c`: what is in two pieces that must be one.
const HASTY: [(&str, &str); 5] = [
    ("not-atomic", "/* and then? */"),
    ("not-atomic", "/* is it still so? */"),
    ("not-atomic", "/* who is refused meanwhile? */"),
    ("not-atomic", "/* and none comes? */"),
    ("left-behind", "/* who puts it? */"),
];

/// Drivers of `drivers/` in which nothing is to be found.
const RIGHT: [&str; 7] = ["hello", "scull", "pipe", "complete", "sleepy", "jiffies", "short-irq"];

/// How often each of them is checked when that is asked for, 1,000 times in all; the one that takes longest.
const MANY: u32 = 165;
const FEW: u32 = 10;
/// So many of these on one machine: what tasks have that came to a stop, they keep.
const AT_ONCE: u32 = 2;

/// What is found in a module, of which this is the source, when it is checked so often.
fn check(module: &Path, source: &Path, runs: u32) -> Result<(Outcome, Vec<Finding>), String> {
    let name = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bundle = folder::bundle(None, &[module.to_path_buf()]).map_err(told)?.ok_or("there is a module")?;
    let numbers = commands::of(source).map_err(told)?;
    let numbers: String = numbers.iter().map(|number| format!(" --ioctl {number:#x}")).collect();
    let script = format!(
        "insmod /mnt/{name}.ko && i=0\n\
         while test $i -lt {runs}; do check {name}{numbers} || exit 1; i=$((i + 1)); done\n"
    );
    let alone = machine(&format!("shell timeout={} cpus=1", 300 * runs))?;
    let outcome = follow(alone.mount(bundle.path()), &script)?;
    let finding = |record: &Record| match record {
        Record::Finding(finding) => Some(finding.clone()),
        _ => None,
    };
    let found = outcome.report.records().filter_map(finding).collect();
    Ok((outcome, found))
}

/// The module, and its source.
fn with_mistake(place: &Path, file: &str, number: u32) -> Result<(PathBuf, PathBuf), String> {
    let source = workspace::root().map_err(told)?.join(format!("tests/qemu/{file}.c"));
    let made = module(place, &source, &format!("{file}.ko"), &[&format!("MISTAKE={number}")])?;
    Ok((made, source))
}

fn planted(file: &str, number: u32, kind: &str, line: &str) -> Answer {
    let place = place()?;
    let (module, source) = with_mistake(place.path(), file, number)?;
    is_found(&module, &source, kind, line)
}

fn twin(twin: &Twin) -> Answer {
    let place = place()?;
    let name = twin.driver.replace('-', "_");
    let source = workspace::root().map_err(told)?.join(format!("drivers/{}.c", twin.driver));
    let mut text = fs::read_to_string(source).map_err(|error| error.to_string())?;
    for (from, to) in twin.changes {
        holds(&format!("'{from}' is in it"), text.contains(from))?;
        text = text.replace(from, to);
    }
    let source = place.path().join(format!("{name}.c"));
    fs::write(&source, &text).map_err(|error| error.to_string())?;
    let module = module(place.path(), &source, &format!("{name}.ko"), &[])?;
    is_found(&module, &source, twin.kind, twin.line)
}

/// What is found first is this.
fn is_found(module: &Path, source: &Path, kind: &str, line: &str) -> Answer {
    let (outcome, found) = check(module, source, 1)?;
    let text = fs::read_to_string(source).map_err(|error| error.to_string())?;
    judge(&outcome, Status::Unexpected, &[])?;
    let first = found.first().ok_or_else(|| format!("nothing is found\n{outcome}"))?;
    let line_at = |number: u64| text.lines().nth(number.saturating_sub(1) as usize).unwrap_or_default();
    // A function is where its block begins.
    let number = u64::from(first.line);
    let at = if line_at(number) == "{" { line_at(number - 1) } else { line_at(number) };
    let is_right = first.kind == kind && at.contains(line);
    holds(&format!("it is {kind} at '{line}'"), is_right)
        .map_err(|why| format!("{why}: {first:?}\n{outcome}"))
}

fn unplanted(file: &str) -> Answer {
    let place = place()?;
    let (module, source) = with_mistake(place.path(), file, 0)?;
    nothing_in(&module, &source, 1)
}

fn right(name: &str, runs: u32) -> Answer {
    let place = place()?;
    let source = workspace::root().map_err(told)?.join(format!("drivers/{name}.c"));
    let module = of_the_house(place.path(), name, &[])?;
    let machines = (0..runs).step_by(AT_ONCE as usize);
    machines.map(|made| (runs - made).min(AT_ONCE)).try_for_each(|runs| nothing_in(&module, &source, runs))
}

fn nothing_in(module: &Path, source: &Path, runs: u32) -> Answer {
    let (outcome, found) = check(module, source, runs)?;
    judge(&outcome, Status::Expected, &[])?;
    holds("nothing is found", found.is_empty()).map_err(|why| format!("{why}\n{outcome}"))
}
