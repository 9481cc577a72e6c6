//! The layers of the kernel: which room knows which is read out of the paths in `kernel/src`, and held
//! against the order that the list in `kernel/src/lib.rs` declares.
//!
//! An arrow runs from each top-level room to the rooms that it names: in `use` lines, in paths within the
//! code, and by macros. What is called through the traits of `kcore::machine`, or through a function that was
//! registered (`atomic_fn`), is no arrow: there the lower room does not know the higher one. `cargo test -p
//! tests --test layers -- --nocapture` tells the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Arrows up that are there with a reason: from, to, why. At most five.
const UP: [(&str, &str, &str); 0] = [];
/// Most rooms of a circle.
const CIRCLE: usize = 3;

#[test]
fn each_room_is_in_the_list_once() {
    let house = House::read();
    let listed: Vec<&String> = house.order.iter().flatten().collect();
    assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len(), "a room is listed twice");
    assert_eq!(listed.into_iter().cloned().collect::<BTreeSet<_>>(), house.rooms);
}

#[test]
fn no_arrow_runs_up() {
    let house = House::read();
    println!("{} rooms, {} arrows, {} of them up", house.rooms.len(), house.arrows.len(), house.up().len());
    let is_known =
        |arrow: &Arrow| UP.iter().any(|(from, to, _)| arrow == &(from.to_string(), to.to_string()));
    let unknown: Vec<_> = house.up().into_iter().filter(|arrow| !is_known(arrow)).collect();
    let places = |arrow: &Arrow| format!("{} -> {}: {}", arrow.0, arrow.1, house.arrows[arrow].join(", "));
    assert!(unknown.is_empty(), "arrows up:\n{}", unknown.iter().map(places).collect::<Vec<_>>().join("\n"));
    for (from, to, why) in UP {
        assert!(house.up().contains(&(from.into(), to.into())), "no longer there: {from} -> {to}, {why}");
    }
    assert!(UP.len() <= 5);
}

#[test]
fn no_circle_has_more_than_three_rooms() {
    let circles = House::read().circles();
    println!("circles: {circles:?}");
    let too_large: Vec<_> = circles.iter().filter(|circle| circle.len() > CIRCLE).collect();
    assert!(too_large.is_empty(), "circles of rooms: {too_large:?}");
}

#[test]
fn paths_are_read_wherever_they_are() {
    let text = r##"
        //! Not in [`crate::comments`].
        use crate::mm::{self, heap::{Claim, kept}, stacks};
        use super::super::{time as clock, task::*};
        pub(crate) use super::sibling;
        /* nor /* crate::nested */ in crate::these */
        fn f<'a>(x: &'a str, c: char) -> bool { c == '"' && crate::dev::open("crate::text") && x == r#"crate::raw"# }
        macro_rules! m { () => { $crate::console::line() } }
        fn g() { crate::println!("crate::no"); kcore::machine::nothing(); self::own::thing(); b'\'' ; }
    "##;
    let paths: BTreeSet<String> =
        paths(text, &["arch", "x86_64"]).into_iter().map(|path| path.0.join("::")).collect();
    let expected = [
        "mm",
        "mm::heap::Claim",
        "mm::heap::kept",
        "mm::stacks",
        "time",
        "task::*",
        "arch::sibling",
        "dev::open",
        "console::line",
        "println",
        "arch::x86_64::own::thing",
    ];
    assert_eq!(paths, expected.into_iter().map(String::from).collect());
}

#[test]
fn an_arrow_up_and_a_circle_are_found() {
    let order = [vec!["low"], vec!["one", "two"], vec!["high"], vec!["top"]];
    let arrows =
        [("low", "top"), ("one", "two"), ("two", "one"), ("high", "one"), ("top", "high"), ("top", "low")];
    let name = |room: &&str| room.to_string();
    let house = House {
        order: order.iter().map(|group| group.iter().map(name).collect()).collect(),
        rooms: order.iter().flatten().map(name).collect(),
        arrows: arrows.iter().map(|(from, to)| ((name(from), name(to)), Vec::new())).collect(),
    };
    assert_eq!(house.up(), [("low".to_string(), "top".to_string())]);
    assert_eq!(
        house.circles(),
        [["low", "top"], ["one", "two"]].map(|circle| circle.map(String::from).to_vec())
    );
}

type Arrow = (String, String);

/// The rooms of the kernel, and which knows which.
struct House {
    /// From the lowest to the highest; the rooms of a group know each other.
    order: Vec<Vec<String>>,
    rooms: BTreeSet<String>,
    /// Where the first room of each names the second.
    arrows: BTreeMap<Arrow, Vec<String>>,
}

impl House {
    fn read() -> House {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel/src");
        let lib = fs::read_to_string(root.join("lib.rs")).expect("the kernel has a lib.rs");
        let mut rooms: BTreeSet<String> = lib.lines().filter_map(declared).map(String::from).collect();
        rooms.insert("main".into());
        let sources: Vec<Source> =
            sources(&root).into_iter().filter(|source| rooms.contains(&source.module[0])).collect();
        let macros: BTreeMap<&str, &str> = sources.iter().flat_map(Source::macros).collect();
        let mut arrows: BTreeMap<Arrow, Vec<String>> = BTreeMap::new();
        for source in &sources {
            for (path, line) in source.paths() {
                let Some(first) = path.first() else { continue };
                let to = if rooms.contains(first) {
                    first
                } else {
                    macros.get(&**first).copied().unwrap_or(first)
                };
                assert!(rooms.contains(to), "{}:{line}: what is {}?", source.name, path.join("::"));
                if to != source.module[0] {
                    let places = arrows.entry((source.module[0].clone(), to.into())).or_default();
                    places.push(format!("{}:{line}", source.name));
                }
            }
        }
        House { order: order(&lib), rooms, arrows }
    }

    /// The arrows from a room to one that stands above it.
    fn up(&self) -> Vec<Arrow> {
        let place = |room: &String| self.order.iter().position(|group| group.contains(room));
        self.arrows.keys().filter(|(from, to)| place(from) < place(to)).cloned().collect()
    }

    /// The rooms that can be reached from `room`.
    fn reach<'a>(&'a self, room: &'a String) -> BTreeSet<&'a String> {
        let (mut seen, mut left) = (BTreeSet::new(), vec![room]);
        while let Some(next) = left.pop() {
            let known = self.arrows.keys().filter(|(from, _)| from == next).map(|(_, to)| to);
            left.extend(known.filter(|to| seen.insert(*to)));
        }
        seen
    }

    /// The rooms of which each can be reached from each other.
    fn circles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<&String, BTreeSet<&String>> =
            self.rooms.iter().map(|room| (room, self.reach(room))).collect();
        let with = |room: &String| -> Vec<String> {
            self.rooms
                .iter()
                .filter(|other| reach[room].contains(other) && reach[other].contains(room))
                .cloned()
                .collect()
        };
        let circles: BTreeSet<Vec<String>> =
            self.rooms.iter().map(with).filter(|circle| !circle.is_empty()).collect();
        circles.into_iter().collect()
    }
}

/// The module that a line declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    line.strip_prefix("mod ")?.strip_suffix(';')
}

/// The list in the documentation of the kernel, from its end: a room a line, and a bar behind those that know
/// each other.
fn order(lib: &str) -> Vec<Vec<String>> {
    let mut order: Vec<Vec<String>> = Vec::new();
    let mut before = false;
    let list = lib.split("//! ```text\n").nth(1).and_then(|rest| rest.split("//! ```").next());
    for line in list.expect("lib.rs has a list of the rooms").lines() {
        let mut words = line.trim_start_matches("//!").split_whitespace();
        let (Some(room), next) = (words.next(), words.next()) else { continue };
        let barred = next == Some("|");
        match order.last_mut() {
            Some(group) if barred && before => group.push(room.into()),
            _ => order.push(vec![room.into()]),
        }
        before = barred;
    }
    order.reverse();
    order
}

/// A source file of the kernel.
struct Source {
    /// From the top of the workspace.
    name: String,
    /// The module that it is, from the room on.
    module: Vec<String>,
    text: String,
}

impl Source {
    /// The macros that it defines, each with its room.
    fn macros(&self) -> impl Iterator<Item = (&str, &str)> {
        let names =
            self.text.split("macro_rules! ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        names.map(|name| (name, &*self.module[0]))
    }

    /// The paths in it that lead through the top of the kernel, and the line of each.
    fn paths(&self) -> Vec<(Vec<String>, usize)> {
        if self.module == ["main"] {
            // It is a crate of its own, whose one module knows the rooms by the name of the kernel.
            return paths(&self.text.replace("kernel::", "crate::"), &[]);
        }
        let module: Vec<&str> = self.module.iter().map(String::as_str).collect();
        paths(&self.text, &module)
    }
}

/// All source files below `root`.
fn sources(root: &Path) -> Vec<Source> {
    let (mut sources, mut left) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(directory) = left.pop() {
        let entries = fs::read_dir(&directory).expect("a directory of the kernel");
        let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file of the kernel").path()).collect();
        left.extend(paths.iter().filter(|path| path.is_dir()).cloned());
        for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
            let below = path.strip_prefix(root).expect("it was found there").with_extension("");
            let parts = below.iter().map(|part| part.to_string_lossy().into_owned());
            let module = parts.filter(|part| part != "mod").collect();
            let text = fs::read_to_string(path).expect("a source file is text");
            sources.push(Source { name: format!("kernel/src/{}.rs", below.display()), module, text });
        }
    }
    sources
}

/// The paths of `text`, a file that is `module`, which begin at the top of the crate, or come there; and the
/// line of each.
fn paths(text: &str, module: &[&str]) -> Vec<(Vec<String>, usize)> {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, paths: Vec::new() };
    while let Some((token, _)) = reader.tokens.get(reader.at) {
        let begins = reader.at == 0 || tokens[reader.at - 1].0 != "::";
        let leads = tokens.get(reader.at + 1).is_some_and(|(next, _)| next == "::");
        if begins && leads && ["crate", "super", "self"].contains(&token.as_str()) {
            reader.tree(module.iter().map(|part| part.to_string()).collect());
        } else {
            reader.at += 1;
        }
    }
    reader.paths
}

struct Reader<'a> {
    tokens: &'a [(String, usize)],
    at: usize,
    paths: Vec<(Vec<String>, usize)>,
}

impl Reader<'_> {
    fn is(&self, token: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|(next, _)| next == token)
    }

    /// Reads a path, or a tree of them, that begins in `module`.
    fn tree(&mut self, mut module: Vec<String>) {
        loop {
            let (token, line) = &self.tokens[self.at];
            self.at += 1;
            match token.as_str() {
                "{" => return self.branches(&module),
                "crate" => module.clear(),
                "super" => _ = module.pop(),
                "self" => {}
                name => module.push(name.into()),
            }
            let goes_on = self.is("::") && self.tokens.get(self.at + 1).is_some_and(|(next, _)| next != "<");
            if !goes_on {
                return self.paths.push((module, *line));
            }
            self.at += 1;
        }
    }

    fn branches(&mut self, module: &[String]) {
        while !self.is("}") {
            self.tree(module.to_vec());
            while !self.is(",") && !self.is("}") {
                self.at += 1;
            }
            self.at += usize::from(self.is(","));
        }
        self.at += 1;
    }
}

/// The words and signs of a source text, each with its line; no comments, texts or characters.
fn tokens(text: &str) -> Vec<(String, usize)> {
    let (mut tokens, mut line) = (Vec::new(), 1);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let skipped = skipped(rest);
        let length = match rest {
            _ if skipped > 0 => skipped,
            _ if word > 0 => word,
            _ if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        if skipped == 0 && !first.is_whitespace() {
            tokens.push((token.into(), line));
        }
        line += token.matches('\n').count();
        rest = behind;
    }
    tokens
}

/// How long the comment, the text or the character is with which `rest` begins; 0 if it begins with something
/// else.
fn skipped(rest: &str) -> usize {
    let raw = rest.trim_start_matches('b');
    let hashes = raw.strip_prefix('r').map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    let is_raw = raw.get(1 + hashes..).is_some_and(|raw| raw.starts_with('"')) && raw.starts_with('r');
    let to = |end: usize| rest.len() - raw.len() + end;
    match raw {
        _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
        _ if rest.starts_with("/*") => block(rest),
        _ if is_raw => {
            let end = format!("\"{}", "#".repeat(hashes));
            let inside = &raw[2 + hashes..];
            to(2 + hashes + inside.find(&end).map_or(inside.len(), |at| at + end.len()))
        }
        _ if raw.starts_with('"') => to(quoted(raw, '"')),
        // A lifetime has no second quote.
        _ if raw.starts_with("'\\") || raw.starts_with('\'') && raw.chars().nth(2) == Some('\'') => {
            to(quoted(raw, '\''))
        }
        _ => 0,
    }
}

/// How long a quoted text is.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long a block comment is, with those within it.
fn block(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        at += match rest {
            _ if rest.starts_with("/*") => 2,
            _ if rest.starts_with("*/") => 2,
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        depth += i32::from(rest.starts_with("/*")) - i32::from(rest.starts_with("*/"));
        if depth == 0 {
            break;
        }
    }
    at
}
