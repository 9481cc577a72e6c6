//! Scripts that are made at random, run by this interpreter and by the host's dash.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use fastrand::Rng;

use crate::model;

/// How many scripts are compared.
const SCRIPTS: u64 = 300;
/// The first seed; each script has its own.
const SEED: u64 = 1;

/// The files beside a script.
const DISK: &[(&str, &str)] = &[
    ("f1", "one\ntwo words\n"),
    ("f2", ""),
    ("g1", "last"),
    ("h i", "spaces\n"),
    ("d/x", "x\n"),
    ("d/y.c", "y\n"),
];
const ARGUMENTS: &[&str] = &["first", "two words", "", "*"];

#[test]
fn scripts_do_what_dash_does() {
    if !Path::new("/usr/bin/dash").exists() && !Path::new("/bin/dash").exists() {
        eprintln!("skipped: this host has no dash to compare with");
        return;
    }
    let mut differ = String::new();
    let mut agree = 0;
    for seed in SEED..SEED + SCRIPTS {
        let script = Maker::new(seed).script();
        let ours = model::run(&script, ARGUMENTS, DISK);
        let (output, complaints, status) = dash(&script);
        if (ours.output.as_str(), ours.status) == (output.as_str(), status) {
            agree += 1;
        } else {
            let _ = write!(
                differ,
                "---- {seed}\n{script}\n-- dash: {status}\n{output}{complaints}-- here: {}\n{}{}",
                ours.status, ours.output, ours.complaints
            );
        }
    }
    println!("{agree} of {SCRIPTS} scripts agree with dash");
    assert!(differ.is_empty(), "{agree} of {SCRIPTS} agree\n{differ}");
}

/// What dash makes of a script, in a directory of its own.
fn dash(script: &str) -> (String, String, i32) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dash-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(directory.join("d")).unwrap();
    for (name, text) in DISK {
        fs::write(directory.join(name), text).unwrap();
    }
    let mut command = Command::new("dash");
    command.args(["-c", script, "script"]).args(ARGUMENTS).current_dir(&directory);
    let output = command.env_clear().stdin(Stdio::null()).output().unwrap();
    let _ = fs::remove_dir_all(&directory);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

/// Makes a script.
struct Maker {
    rng: Rng,
    counters: usize,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Maker { rng: Rng::with_seed(seed), counters: 0 }
    }

    fn script(&mut self) -> String {
        let mut script = String::from(self.of(&["", "", "set -e\n", "# a comment\n", "set -u; a= b= c=\n"]));
        for _ in 0..self.rng.usize(4..10) {
            script += &self.statement(3);
            script += self.of(&["\n", "\n", "\n", " # why\n", "; echo \"[$?]\"\n", "\n\n"]);
        }
        script + "echo \"end $? $a $b $c $#\"\n"
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.rng.usize(..all.len())]
    }

    fn lists(&mut self, depth: usize) -> String {
        let statements: Vec<String> = (0..self.rng.usize(1..3)).map(|_| self.statement(depth)).collect();
        statements.join(self.of(&["; ", "\n", " ;\n"]))
    }

    fn statement(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.simple();
        }
        let inner = depth - 1;
        match self.rng.u32(..22) {
            0 => format!("if {}; then {}; fi", self.lists(inner), self.lists(inner)),
            1 => format!("if {}\nthen {}\nelse\n{}\nfi", self.test(), self.lists(inner), self.lists(inner)),
            2 => {
                let (one, two) = (self.test(), self.test());
                let bodies: Vec<String> = (0..3).map(|_| self.lists(inner)).collect();
                format!(
                    "if {one}; then {}; elif {two}; then {}; else {}; fi",
                    bodies[0], bodies[1], bodies[2]
                )
            }
            3 | 4 => {
                let (name, words) = (self.name(), self.words());
                format!("for {name} in {words}; do {}; done", self.body(inner))
            }
            5 => format!("for {}\ndo {}\ndone", self.name(), self.body(inner)),
            6 | 7 => {
                let (counter, limit) = (self.number_of("n"), self.rng.u32(1..4));
                let (word, test) = self.of(&[("while", "-lt"), ("until", "-ge")]);
                let body = self.body(inner);
                format!(
                    "{counter}=0; {word} [ ${counter} {test} {limit} ]; do {counter}=$(({counter} + 1)); {body}; done"
                )
            }
            8 | 9 => {
                let joint = self.of(&["&&", "||"]);
                format!("{} {joint} {}", self.statement(inner), self.statement(inner))
            }
            10 => format!("! {}", self.command(inner)),
            11 => format!("( {} )", self.lists(inner)),
            12 => format!("{{ {}; }}", self.lists(inner)),
            13 => format!(
                "{} | {}",
                self.command(inner),
                self.of(&["cat", "cat | cat", "{ read a b; echo \"$b-$a\"; cat; }"])
            ),
            14 => format!("{} | while read b c; do {}; done", self.simple(), self.simple()),
            15 => {
                let (file, lists) = (self.number_of("out"), self.lists(inner));
                format!("{{ {lists}; }} > {file}; cat {file}")
            }
            16 => {
                let file = self.number_of("out");
                // What a redirection that fails ends with differs from shell to shell.
                format!("{} >> {file} 2> err; cat {file}", self.simple())
            }
            17 => format!("( {} ) & wait", self.lists(inner)),
            _ => self.simple(),
        }
    }

    /// A name that nothing else has.
    fn number_of(&mut self, name: &str) -> String {
        self.counters += 1;
        format!("{name}{}", self.counters)
    }

    /// One that may stand behind `!` and before `|`.
    fn command(&mut self, depth: usize) -> String {
        match self.rng.u32(..3) {
            0 => format!("( {} )", self.lists(depth)),
            1 => format!("{{ {}; }}", self.lists(depth)),
            _ => self.simple(),
        }
    }

    fn body(&mut self, depth: usize) -> String {
        let mut body = self.lists(depth);
        if self.rng.u32(..3) == 0 {
            let leave = ["break", "continue", "break 1", "continue 2"][self.rng.usize(..4)];
            body += &format!("; {} && {leave}; {}", self.test(), self.simple());
        }
        body
    }

    fn simple(&mut self) -> String {
        match self.rng.u32(..20) {
            0..=3 => format!("{}={}", self.name(), self.word()),
            4 => format!("{}=$(({}))", self.name(), self.number(2)),
            5 => format!("set -- {}", self.words()),
            6 => "[ $# -gt 0 ] && shift".into(),
            7 => self
                .of(&["true", "false", ":", "nosuch", "exit 3", "unset a; a=again", "set -e", "false || :"])
                .to_string(),
            8 => format!("cat {}", self.of(&["f1", "f2", "nofile", "d/*", "< f1", "f1 \\\n g1"])),
            9 => self.test(),
            10..=14 => format!("echo {}", self.words()),
            _ => format!("printf '<%s>\\n' {}", self.words()),
        }
    }

    fn name(&mut self) -> &'static str {
        ["a", "b", "c"][self.rng.usize(..3)]
    }

    fn words(&mut self) -> String {
        let words: Vec<String> = (0..self.rng.usize(1..4)).map(|_| self.word()).collect();
        words.join(" ")
    }

    fn word(&mut self) -> String {
        const PLAIN: &[&str] = &[
            "x",
            "'two words'",
            "\"\"",
            "'  a  b '",
            "*",
            "f?",
            "[!f]*",
            "d/*.c",
            "'*'",
            "\\*",
            "a:b",
            "nomatch*",
            "1",
            "a\\ b",
            "\"it's\"",
            "x'y'\"z\"",
            "*/x",
            "h*",
            "[a-g]1",
            "07",
            "'f*'",
        ];
        const VALUES: &[&str] = &[
            "$a",
            "\"$a\"",
            "$b",
            "\"$b$c\"",
            "x$c",
            "${a}y",
            "$1",
            "\"$1\"",
            "${2}",
            "\"$@\"",
            "$@",
            "$*",
            "\"$*\"",
            "$#",
            "$?",
            "x\"$@\"y",
            "${#a}",
            "$((1 + 2 * 3))",
            "$(echo out)",
            "`echo back`",
            "\"$(cat f1)\"",
            "$(cat f1)",
            "$(false)$?",
            "${a:-default}",
            "${a:-two words}",
            "\"${b:-two  words}\"",
            "${c:+set}",
            "${c+'set it'}",
            "${a%*s}",
            "${a#t}",
            "${a%%w*}",
            "${a##*w}",
            "\"${b% *}\"",
            "${d:=given}",
            "$d",
            "$0",
            "$(echo \"$a\" | cat)",
            "$(echo $(echo \"in $b\"))",
            "`echo \\`echo deep\\``",
            "\"a $(echo \"b  c\") d\"",
            "${3:-none}",
            "${a:-$b}",
        ];
        if self.rng.bool() { self.of(PLAIN).to_string() } else { self.of(VALUES).to_string() }
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.of(&["1", "2", "0x10", "010", "7", "n1", "$#", "-3"]).to_string();
        }
        let operator =
            self.of(&["+", "-", "*", "/", "%", "<", "<=", "==", "!=", "&&", "||", "&", "|", "^", "<<"]);
        // What dash makes of a shift by less than nothing is the processor's business.
        let right = if "/%<<".contains(operator) { "3".into() } else { self.number(depth - 1) };
        let left = self.number(depth - 1);
        if self.rng.bool() {
            format!("({left} {operator} {right})")
        } else {
            format!("{left} {operator} {right}")
        }
    }

    fn test(&mut self) -> String {
        let test = match self.rng.u32(..8) {
            0 => format!("-n \"{}\"", self.of(&["$a", "$b", "", "x"])),
            1 => format!("-z \"{}\"", self.of(&["$a", "$c", "$*"])),
            2 => format!("\"${}\" = {}", self.name(), self.of(&["x", "'two words'", "\"$b\""])),
            3 => format!("\"${}\" != x", self.name()),
            4 => format!("$# {} {}", self.of(&["-eq", "-lt", "-ge", "-ne"]), self.rng.u32(..5)),
            5 => format!("{} {}", self.of(&["-e", "-f", "! -e"]), self.of(&["f1", "nofile", "g1"])),
            6 => format!("-n \"${}\" {} -e f1", self.name(), self.of(&["-a", "-o"])),
            _ => format!("! \"${}\" = x", self.name()),
        };
        format!("[ {test} ]")
    }
}
