//! The `Makefile` (or `Kbuild`) of a folder, as far as it says what modules are made of: variables,
//! conditions, `obj-m`, `NAME-objs`, `NAME-y`, `ccflags-y`, `EXTRA_CFLAGS`, `CFLAGS_FILE.o` (LDD3 ch. 2;
//! Linux: `Documentation/kbuild/modules.rst`). Rules are of no interest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a folder makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kbuild {
    /// Each module: its name, and its sources.
    pub modules: Vec<(String, Vec<PathBuf>)>,
    /// For the compiler: `-D`, `-U`, `-I`, `-include`, `-W`.
    pub flags: Vec<String>,
}

/// The text of a variable, and whether it is taken apart only where it is used.
type Variables = BTreeMap<String, (String, bool)>;

/// How deep variables may refer to one another.
const DEEPEST: u32 = 16;

/// Reads the text of a makefile that lies in `folder`.
pub fn read(text: &str, folder: &Path) -> Kbuild {
    // What it makes of this is a path in itself, to which nothing is joined.
    let folder = &std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let here = folder.display().to_string();
    let mut variables: Variables = ["PWD", "CURDIR", "src", "obj", "M", "srctree", "srcdir"]
        .map(|name| (name.to_string(), (here.clone(), false)))
        .into();
    variables.insert("KERNELRELEASE".into(), ("6.6.0-scullery".into(), false));
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    // For each condition that is open: whether this branch is taken, and whether one was.
    let mut open: Vec<(bool, bool)> = Vec::new();
    for line in joined.lines().filter(|line| !line.starts_with('\t')) {
        let line = line.split('#').next().unwrap_or_default().trim();
        let is_read = open.iter().all(|(is_taken, _)| *is_taken);
        if let Some(holds) = condition(line, &variables, is_read) {
            open.push((holds, holds));
        } else if let Some(rest) = line.strip_prefix("else") {
            if let Some((is_taken, was_taken)) = open.last_mut() {
                let holds = condition(rest.trim(), &variables, true).unwrap_or(true);
                *is_taken = !*was_taken && holds;
                *was_taken |= *is_taken;
            }
        } else if line == "endif" {
            open.pop();
        } else if is_read {
            assign(line, &mut variables, &here);
        }
    }
    made(&variables, folder)
}

/// Whether the condition that a line begins holds; none, if it begins none.
fn condition(line: &str, variables: &Variables, is_read: bool) -> Option<bool> {
    let (word, rest) =
        line.split_once([' ', '\t', '(']).map(|(word, _)| (word, line[word.len()..].trim()))?;
    let is_equal = || {
        let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let (a, b) = match inner {
            Some(inner) => parted(inner),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        let value = |text: &str| expanded(text.trim().trim_matches(['"', '\'']), variables, 0);
        value(a).trim() == value(b).trim()
    };
    let is_set = || variables.contains_key(expanded(rest, variables, 0).trim());
    let holds: &dyn Fn() -> bool = match word {
        "ifeq" => &is_equal,
        "ifneq" => &|| !is_equal(),
        "ifdef" => &is_set,
        "ifndef" => &|| !is_set(),
        _ => return None,
    };
    Some(is_read && holds())
}

/// The two parts of `a,b`, where the comma is in no parentheses.
fn parted(text: &str) -> (&str, &str) {
    let mut depth = 0;
    let comma = text.char_indices().find(|(_, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        *c == ',' && depth == 0
    });
    comma.map_or((text, ""), |(at, _)| (&text[..at], &text[at + 1..]))
}

fn assign(line: &str, variables: &mut Variables, here: &str) {
    let Some(equals) = line.find('=') else { return };
    let (left, value) = (line[..equals].trim_end(), line[equals + 1..].trim());
    let how = left.chars().last().filter(|c| ":+?".contains(*c)).unwrap_or('=');
    let name = expanded(left.trim_end_matches([':', '+', '?']).trim(), variables, 0);
    // A rule may have an equals sign behind its colon.
    if name.is_empty() || name.contains([' ', ':', '\t']) {
        return;
    }
    let value = value.replace("$(shell pwd)", here).replace("$(shell uname -r)", "6.6.0-scullery");
    let before = variables.get(&name).cloned();
    let new = match (how, before) {
        ('?', Some(before)) => before,
        ('+', Some((before, true))) => (format!("{before} {value}"), true),
        ('+', Some((before, false))) => (format!("{before} {}", expanded(&value, variables, 0)), false),
        (':', _) => (expanded(&value, variables, 0), false),
        _ => (value, true),
    };
    variables.insert(name, new);
}

/// The text with what its variables stand for; functions of make stand for nothing.
fn expanded(text: &str, variables: &Variables, depth: u32) -> String {
    let (mut result, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(first) = rest.chars().next() else { break };
        let close = match first {
            '(' => ')',
            '{' => '}',
            _ => {
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        let mut open = 0;
        let end = rest.find(|c: char| {
            open += i32::from(c == first) - i32::from(c == close);
            open == 0
        });
        let Some(end) = end else { break };
        let name = expanded(&rest[1..end], variables, depth + 1);
        rest = &rest[end + 1..];
        if let Some((value, is_lazy)) = variables.get(name.trim()).filter(|_| depth < DEEPEST) {
            result.push_str(&if *is_lazy { expanded(value, variables, depth + 1) } else { value.clone() });
        }
    }
    result + rest
}

fn made(variables: &Variables, folder: &Path) -> Kbuild {
    let words = |name: &str| -> Vec<String> {
        let value = variables.get(name).map(|(value, _)| expanded(value, variables, 0)).unwrap_or_default();
        value.split_whitespace().map(ToString::to_string).collect()
    };
    let object = |word: &String| word.strip_suffix(".o").map(ToString::to_string);
    let mut kbuild = Kbuild::default();
    for name in words("obj-m").iter().filter_map(object) {
        let mut parts: Vec<String> = words(&format!("{name}-objs"));
        parts.extend(words(&format!("{name}-y")));
        let sources = parts.iter().filter_map(object).map(|part| folder.join(part).with_extension("c"));
        let sources: Vec<PathBuf> = sources.collect();
        let own = || Vec::from([folder.join(&name).with_extension("c")]);
        if !kbuild.modules.iter().any(|(known, _)| *known == name) {
            kbuild.modules.push((name.clone(), if sources.is_empty() { own() } else { sources }));
        }
    }
    let mut flags = ["ccflags-y", "EXTRA_CFLAGS", "CFLAGS_MODULE"].map(words).concat();
    let of_files = variables.keys().filter(|name| name.starts_with("CFLAGS_") && name.ends_with(".o"));
    flags.extend(of_files.flat_map(|name| words(name)));
    let mut flags = flags.into_iter();
    while let Some(flag) = flags.next() {
        let is_path = flag == "-I" || flag == "-include";
        let dir = flag.strip_prefix("-I").filter(|dir| !dir.is_empty()).map(|dir| folder.join(dir));
        if let Some(dir) = dir {
            kbuild.flags.push(format!("-I{}", dir.display()));
        } else if is_path {
            let value = flags.next().map(|value| folder.join(value).display().to_string());
            kbuild.flags.extend(value.into_iter().flat_map(|value| [flag.clone(), value]));
        } else if ["-D", "-U", "-W"].iter().any(|kind| flag.starts_with(kind)) && flag != "-Werror" {
            kbuild.flags.push(flag.replace("\\\"", "\""));
        }
    }
    kbuild
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = "\
# Comment this line
DEBUG = y
ifeq ($(DEBUG),y)
  DEBFLAGS = -O -g -DSCULL_DEBUG # for inlines
else
  DEBFLAGS = -O2
endif
LDDINC=$(PWD)/../include
EXTRA_CFLAGS += $(DEBFLAGS)
EXTRA_CFLAGS += -I$(LDDINC)
ifneq ($(KERNELRELEASE),)
scull-objs := main.o pipe.o \\
\tshared/async.o
obj-m\t:= scull.o
else
obj-m := never.o
KERNELDIR ?= /lib/modules/$(shell uname -r)/build
modules:
\t$(MAKE) -C $(KERNELDIR) M=$(PWD) modules
endif
clean:
\trm -rf *.o
";

    #[test]
    fn the_makefile_of_the_book_is_understood() {
        let kbuild = read(BOOK, Path::new("/d"));
        let sources = ["/d/main.c", "/d/pipe.c", "/d/shared/async.c"].map(PathBuf::from);
        assert_eq!(kbuild.modules, [("scull".to_string(), sources.to_vec())]);
        assert_eq!(
            kbuild.flags,
            ["-DSCULL_DEBUG", "-I/d//d/../include"].map(|flag| flag.replace("/d//d", "/d"))
        );
    }

    #[test]
    fn several_modules_and_their_flags() {
        let text = "obj-m += a.o\nobj-m += b.o c.o\nobj-$(CONFIG_X) += d.o\nb-y := one.o two.o\nccflags-y := -I$(src)/i -Iown\n\
                    CFLAGS_a.o := -DA=1 -Werror -O3\nCC=gcc\nall: b\n\t$(MAKE) obj-m=never.o\nX := $(wildcard *.c)\n";
        let kbuild = read(text, Path::new("/d"));
        let names: Vec<_> =
            kbuild.modules.iter().map(|(name, sources)| (name.as_str(), sources.len())).collect();
        assert_eq!(names, [("a", 1), ("b", 2), ("c", 1)]);
        assert_eq!(kbuild.flags, ["-I/d/i", "-I/d/own", "-DA=1"]);
    }

    #[test]
    fn what_leads_to_itself_ends() {
        let kbuild = read(
            "A = $(B)\nB = $(A)x\nobj-m := $(A)m.o $( ${\nifeq (a\nelse\nendif\nendif\n",
            Path::new("/d"),
        );
        assert!(kbuild.modules.len() <= 1);
    }
}
