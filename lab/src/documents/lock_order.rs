//! The table of `docs/LOCK_ORDER.md`: which locks are taken while others are held, as machines have observed
//! it.
//!
//! The table is what is known. A run is held against it: what it has observed must be in there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kcore::report::{Order, Record};

use super::text::{code, heads, row};
use crate::build;
use crate::machine::Machine;
use crate::matrix::machines;
use crate::status::{Failure, Status};
use crate::workspace;

/// The page.
pub const FILE: &str = "docs/LOCK_ORDER.md";
/// The machines that are observed for the page.
pub const ALL: &[&str] = &[
    "test cpus=4",
    "matrix cpus=4",
    "shell",
    "test cpus=2",
    "test cpus=1",
    "matrix cpus=1",
    "tour",
    "tour cpus=1",
    "run soak",
    "bench",
];
/// A few that show most of it.
pub const SOME: &[&str] = &["test cpus=4", "shell"];
/// Seconds that each of them may take.
const LIMIT: &str = "timeout=900";
/// What the shell does.
const SCRIPT: &str = "lab/src/documents/lock_order.sh";
/// What is above the table is written by hand.
const HEADING: &str = "## The classes\n\n";
/// Locks of test cases, of which nothing is said.
const TEST: &str = "test";
/// What is taken under a lock of its own class, for a reason.
const WITHIN_ITSELF: &[(&str, &str)] = &[
    ("scull.lock", "abba takes two, in two orders, to come to a stop"),
    ("shelf of the heap", "all are taken by their numbers, for what is to be true of one moment"),
];

/// What was observed of each class, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockOrder(BTreeMap<String, Class>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Class {
    files: BTreeSet<String>,
    taken: BTreeSet<String>,
    /// What is taken while one of it is held.
    then: BTreeSet<String>,
    rules: BTreeSet<String>,
}

impl LockOrder {
    /// What machines with these words observe. Each of them must come to its end.
    pub fn observe(machines: &[&str]) -> Result<Self, Failure> {
        let kernel = build::with_lock_order()?;
        let script = workspace::root()?.join(SCRIPT);
        let machine = |words: &&str| {
            let machine = Machine::new(&kernel).command(words).word(LIMIT);
            if *words == "shell" { machine.script(&script) } else { machine }
        };
        let outcomes = machines::run(&machines.iter().map(machine).collect::<Vec<_>>(), |_, _| {});
        let mut order = LockOrder::default();
        for outcome in outcomes {
            let outcome = outcome?;
            if outcome.verdict() != Status::Expected {
                return Err(Failure::dead(format!("a machine does not do what it should:\n{outcome}")));
            }
            for record in outcome.report.records() {
                if let Record::Order(of) = record {
                    order.add(of);
                }
            }
        }
        Ok(order)
    }

    fn add(&mut self, of: &Order) {
        if of.class == TEST {
            return;
        }
        for under in of.under.iter().filter(|under| *under != TEST) {
            self.0.entry(under.clone()).or_default().then.insert(of.class.clone());
        }
        let class = self.0.entry(of.class.clone()).or_default();
        class.files.insert(of.file.clone());
        class.taken.extend(of.taken.iter().cloned());
        class.rules.extend(Some(of.rule.clone()).filter(|rule| !rule.is_empty()));
    }

    /// What the table of `page` says.
    pub fn read(page: &str) -> Self {
        let table = page.split_once(HEADING).map_or("", |(_, table)| table);
        let class = |line: &str| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let name = cells.next()?.trim_end_matches('`').to_string();
            let mut list = || -> Option<BTreeSet<String>> {
                let items = cells.next()?.split(", ").map(|item| item.trim_matches('`').to_string());
                Some(items.filter(|item| !item.is_empty()).collect())
            };
            let (files, taken, then) = (list()?, list()?, list()?);
            Some((name, Class { files, taken, then, rules: BTreeSet::new() }))
        };
        LockOrder(table.lines().filter_map(class).collect())
    }

    /// `page` with this as its table.
    pub fn write(&self, page: &str) -> String {
        let above = page.split_once(HEADING).map_or(page, |(above, _)| above);
        let mut text = format!("{above}{HEADING}");
        let _ = writeln!(text, "Observed by machines that were told: {}.\n", code(ALL.iter().copied()));
        heads(&mut text, &["class", "made in", "taken in", "taken while it is held", "how"]);
        for (name, class) in self.outermost_first() {
            let rules = words(&class.rules).join(" ");
            let (files, then) = (code(words(&class.files)), code(words(&class.then)));
            row(&mut text, [&code([name.as_str()]), &files, &words(&class.taken).join(", "), &then, &rules]);
        }
        text
    }

    /// What was observed here, and is not in `known`: a sentence each.
    pub fn lacking(&self, known: &LockOrder) -> Vec<String> {
        let nothing = Class::default();
        let of = |(name, class): (&String, &Class)| {
            let known = known.0.get(name).unwrap_or(&nothing);
            let then = class.then.difference(&known.then).map(|then| format!("{then} is taken under {name}"));
            let taken =
                class.taken.difference(&known.taken).map(|taken| format!("{name} is taken in: {taken}"));
            then.chain(taken).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The classes that were observed here and are not in `known`.
    pub fn unknown_to(&self, known: &LockOrder) -> Vec<String> {
        self.0.keys().filter(|name| !known.0.contains_key(*name)).cloned().collect()
    }

    /// This, and what was observed there.
    pub fn and(mut self, other: &LockOrder) -> Self {
        for (name, class) in &other.0 {
            self.0.entry(name.clone()).or_default().then.extend(class.then.iter().cloned());
        }
        self
    }

    /// The classes of which one may wait for another in a circle.
    pub fn circle(&self) -> Vec<String> {
        let mut left: BTreeSet<&String> = self.0.keys().collect();
        let arrows: Vec<(&String, &String)> = self.arrows().collect();
        loop {
            let arrows = || arrows.iter().filter(|(from, to)| left.contains(from) && left.contains(to));
            let on_one: BTreeSet<&String> = left
                .iter()
                .copied()
                .filter(|name| arrows().any(|(from, _)| from == name) && arrows().any(|(_, to)| to == name))
                .collect();
            if on_one.len() == left.len() {
                return left.into_iter().cloned().collect();
            }
            left = on_one;
        }
    }

    /// From a class to another that is taken under it, but for what is so on purpose.
    fn arrows(&self) -> impl Iterator<Item = (&String, &String)> {
        let all = self.0.iter().flat_map(|(from, class)| class.then.iter().map(move |to| (from, to)));
        all.filter(|(from, to)| from != to || WITHIN_ITSELF.iter().all(|(class, _)| class != from))
    }

    /// Each class before those that are taken under it, as far as there is no circle.
    fn outermost_first(&self) -> Vec<(&String, &Class)> {
        let mut left: Vec<(&String, &Class)> = self.0.iter().collect();
        let mut sorted = Vec::new();
        while !left.is_empty() {
            let is_inner =
                |name: &String| left.iter().any(|(other, class)| *other != name && class.then.contains(name));
            let next = left.iter().position(|(name, _)| !is_inner(name)).unwrap_or(0);
            sorted.push(left.remove(next));
        }
        sorted
    }
}

fn words(set: &BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was observed of `class`, which was taken under these.
    fn of(class: &str, under: &[&str]) -> Order {
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
        let (file, rule) = ("a.rs".into(), "a rule".into());
        Order {
            class: class.into(),
            rule,
            file,
            taken: words(&["task (irqs off)", "task"]),
            under: words(under),
        }
    }

    fn order(all: &[Order]) -> LockOrder {
        let mut order = LockOrder::default();
        all.iter().for_each(|of| order.add(of));
        order
    }

    #[test]
    fn the_page_is_read_as_it_was_written() {
        let written = order(&[of("a", &["b"]), of("b", &[]), of("c", &["b", TEST]), of(TEST, &["c"])]);
        let page = written.write("by hand\n\n");
        assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), 3, "{page}");
        assert!(page.starts_with("by hand\n\n## ") && page.find("`b`") < page.find("`a`"), "{page}");
        let read = LockOrder::read(&page);
        assert_eq!((written.lacking(&read), read.lacking(&written)), (Vec::new(), Vec::new()));
        assert_eq!(written.write(&page), page);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let known = order(&[of("a", &[]), of("b", &["a"])]);
        let observed = order(&[of("a", &["b"]), of("c", &[])]);
        let lacking = ["a is taken under b", "c is taken in: task", "c is taken in: task (irqs off)"];
        assert_eq!(observed.lacking(&known), lacking);
    }

    #[test]
    fn a_circle_is_found_and_what_leads_to_it_is_not_on_it() {
        let on_purpose = WITHIN_ITSELF[0].0;
        let straight = [of("a", &[]), of("b", &["a"]), of(on_purpose, &[on_purpose])];
        assert_eq!(order(&straight).circle(), Vec::<String>::new());
        let circle = [of("b", &["a", "d"]), of("c", &["b"]), of("d", &["c"]), of("e", &["d"])];
        assert_eq!(order(&circle).circle(), ["b", "c", "d"]);
        assert_eq!(order(&[of("a", &["a"])]).circle(), ["a"]);
    }
}
