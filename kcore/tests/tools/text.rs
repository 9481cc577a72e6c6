//! `head`, `tail`, `echo`, `printf`, `seq`, `wc`, `cat`, `tee`, `cp`, `touch` beside those of the host.

use std::process::Command;

use fastrand::Rng;
use kcore::tools;

use crate::host::{Host, Input, Left, Scene, ours, theirs};

type Tool = fn(&Host, &[&str]) -> tools::Ended;
type Lines = fn(&mut Rng) -> Vec<String>;

/// Command lines of each tool.
const LINES: usize = 100;

/// The tool, the host's, what is typed, and whether what they complain of is compared.
const TOOLS: &[(&str, Tool, Lines)] = &[
    ("head", tools::head, |rng| ends(rng, '-')),
    ("tail", tools::tail, |rng| ends(rng, '+')),
    ("echo", tools::echo, echo),
    ("printf", tools::printf, printf),
    ("seq", tools::seq, seq),
    ("wc", tools::wc, wc),
    ("cat", tools::cat, |rng| some(rng, &["a", "b", "-", "missing", "sub", "-x", "--"], 3)),
    ("tee", tools::tee, |rng| some(rng, &["a", "new", "-a", "sub", "/dev/full", "/dev/null", "-z"], 3)),
    ("cp", tools::cp, |rng| some(rng, &["a", "b", "new", "./a", "missing", "nowhere/x", "-f", "-z"], 3)),
    ("grep", tools::grep, grep),
    ("od", tools::od, od),
    ("touch", tools::touch, |rng| some(rng, &["a", "new", "-c", "nowhere/x", "-z"], 3)),
];

fn pick<'a>(rng: &mut Rng, all: &[&'a str]) -> &'a str {
    all[rng.usize(..all.len())]
}

fn some(rng: &mut Rng, all: &[&str], most: usize) -> Vec<String> {
    (0..rng.usize(..=most)).map(|_| pick(rng, all).to_string()).collect()
}

fn ends(rng: &mut Rng, other: char) -> Vec<String> {
    let mut words = Vec::new();
    // GNU's tail takes `-3` alone, and what one `+` says for all numbers that follow.
    let most = if other == '+' { 1 } else { 2 };
    if rng.u32(..10) == 0 {
        words.push(format!("-{}", rng.u32(..5)));
        if other == '+' {
            return words;
        }
    }
    for _ in 0..rng.usize(..=most) {
        let sign = ["", "", &other.to_string(), "+"][rng.usize(..4)].to_string();
        let number = pick(rng, &["0", "1", "2", "3", "10", "100", "1K", "1kB", "b", "x", "", "1x", "600"]);
        let gap = rng.bool();
        let option = pick(rng, &["-n", "-n", "-c"]);
        if gap || number.is_empty() {
            words.extend([option.to_string(), sign + number]);
        } else {
            words.push(format!("{option}{sign}{number}"));
        }
    }
    words.extend(some(rng, &["a", "b", "long", "-", "missing", "-q", "-v", "-x", "--"], 3));
    words
}

fn echo(rng: &mut Rng) -> Vec<String> {
    let all = [
        "-n",
        "-e",
        "-E",
        "-ne",
        "-nx",
        "--",
        "a b",
        "",
        r"\061",
        r"\0101\0",
        r"\x41\x4g\xg",
        r"a\tb\n",
        r"\\",
        r"x\cy",
        r"\q",
        "\\",
        r"\a\b\e\f\r\v",
        r"\777",
        "-",
        r#"\""#,
    ];
    some(rng, &all, 5)
}

fn printf(rng: &mut Rng) -> Vec<String> {
    let mut form = String::new();
    for _ in 0..rng.usize(..4) {
        let plain = [r"k", r"\n", r" ", r"\061", r"\x41", "%%", "%b", r"\\", r"\q", r"\0101", r#"\""#];
        form += pick(rng, &plain);
        if rng.u32(..4) > 0 {
            form.push('%');
            form += &some(rng, &["-", "+", " ", "0", "#"], 2).concat();
            form += pick(rng, &["", "", "", "5", "12", "*"]);
            form += pick(rng, &["", "", "", ".", ".3", ".0", ".*"]);
            form += pick(rng, &["", "", "", "l"]);
            form += pick(rng, &["d", "d", "i", "u", "o", "x", "X", "c", "s", "s", "y", ""]);
        }
    }
    if rng.u32(..20) == 0 {
        form += r"\xg";
    }
    let words = [
        "0",
        "7",
        "-7",
        "0x1f",
        "017",
        "08",
        "abc",
        "",
        "'A",
        "\"zz",
        "+5",
        " 3",
        "12x",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775809",
        r"a\tb",
        r"x\cy",
        r"\0101\061",
        "longer than that",
    ];
    let mut all = vec![form];
    all.extend(some(rng, &words, 5));
    all
}

fn seq(rng: &mut Rng) -> Vec<String> {
    let mut words = Vec::new();
    if rng.u32(..3) == 0 {
        words.push("-w".to_string());
    }
    if rng.u32(..3) == 0 {
        // In a word of its own: an empty one would have the first number parted from the others.
        words.extend(["-s".to_string(), pick(rng, &[",", "", " ", "ab"]).to_string()]);
    }
    if rng.u32(..15) == 0 {
        words.push("-z".to_string());
    }
    let numbers =
        ["0", "1", "3", "-3", "10", "-12", "100", "007", "+4", "x", "2", "5", "9223372036854775807"];
    let count = rng.usize(..=3);
    // The largest only with steps that come to it soon.
    let numbers = if count == 2 { &numbers[..] } else { &numbers[..12] };
    let mut some: Vec<&str> = (0..count).map(|_| pick(rng, numbers)).collect();
    if some.len() == 2 && some[1].len() > 10 {
        some[0] = "9223372036854775800";
    }
    words.extend(some.iter().map(ToString::to_string));
    words
}

fn grep(rng: &mut Rng) -> Vec<String> {
    let mut words =
        some(rng, &["-E", "-F", "-E", "-i", "-v", "-n", "-c", "-q", "-l", "-x", "-h", "-H", "-s", "-eno"], 3);
    let is_extended = words.iter().any(|word| word == "-E");
    let basic = [
        "a",
        "no",
        "[a-f]",
        "[^a-z]",
        ".",
        "x*",
        r"o\|1",
        "^",
        "$",
        r"\(e\|a\)",
        r"[0-9]\{2,3\}",
        "^n",
        "d$",
        r"\.",
        r"e\+",
        "[]x]",
        r"\w",
    ];
    let extended = [
        "a",
        "no",
        "[A-F]",
        "[^a-z]",
        ".",
        "x*",
        "o|1",
        "^",
        "$",
        "(e|a)",
        "[0-9]{2,3}",
        "^n",
        "d$",
        r"\.",
        "e+",
        "[[:upper:]]",
        "n?",
        r"\s",
    ];
    let pattern = some(rng, if is_extended { &extended } else { &basic }, 4).concat();
    // GNU's opens no file where it knows what comes of it.
    words.push(if pattern.is_empty() { "x".into() } else { pattern });
    words.extend(some(rng, &["a", "b", "long", "-", "missing"], 3));
    words
}

fn od(rng: &mut Rng) -> Vec<String> {
    let mut words = some(
        rng,
        &["-b", "-c", "-d", "-o", "-s", "-x", "-v", "-An", "-Ad", "-Ax", "-N20", "-N0", "-j3", "-z"],
        1,
    );
    if rng.bool() {
        let size = pick(rng, &["1", "2", "4", "8", "", "C", "3"]);
        words.extend(["-t".into(), pick(rng, &["x", "d", "u", "o"]).to_string() + size]);
    } else if rng.bool() {
        words.extend(["-tc", "-j", "1K"].map(String::from));
    }
    words.extend(some(rng, &["a", "b", "long", "-", "missing"], 3));
    words
}

fn wc(rng: &mut Rng) -> Vec<String> {
    some(rng, &["-l", "-w", "-c", "-lc", "missing", "-x", "-"], 2)
}

fn text(rng: &mut Rng, lines: usize) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..rng.usize(..=lines) {
        text.extend((0..rng.usize(..12)).map(|_| if rng.u8(..6) == 0 { ' ' } else { rng.alphanumeric() }));
        text.push('\n');
    }
    if rng.bool() {
        text += "no end";
    }
    text.into_bytes()
}

fn scene(rng: &mut Rng) -> Scene {
    let files = vec![("a", text(rng, 6)), ("b", text(rng, 20)), ("long", text(rng, 500))];
    let input = match rng.u32(..2) {
        0 => Input::File(text(rng, 500), 0),
        _ => Input::Pipe((0..rng.usize(..6)).map(|_| text(rng, 40)).collect()),
    };
    Scene { files, input, output: Some((Vec::new(), 0)) }
}

/// What is compared: all but the words of complaints, of which it is compared whether there are some.
fn plain(mut left: Left, is_exact: bool) -> Left {
    if !is_exact {
        left.complaints = vec![b'!'; left.complaints.len().min(1)];
    } else {
        let text = String::from_utf8_lossy(&left.complaints).into_owned();
        let lines =
            text.lines().filter(|line| !line.starts_with("Try '")).map(|line| line.replace("/usr/bin/", ""));
        left.complaints = lines.collect::<Vec<_>>().join("\n").into_bytes();
    }
    left
}

fn is_gnu(name: &str) -> bool {
    let told = Command::new(name).arg("--version").output();
    told.is_ok_and(|told| told.stdout.windows(4).any(|words| words == b"GNU "))
}

#[test]
fn they_do_what_those_of_gnu_do() {
    let mut differ = Vec::new();
    for (name, tool, lines) in TOOLS {
        let program = format!("/usr/bin/{name}");
        if !is_gnu(&program) {
            println!("skipped: {program} is not GNU's");
            continue;
        }
        let mut rng = Rng::with_seed(7);
        let mut agree = 0;
        for number in 0..LINES {
            let (line, mut scene) = (lines(&mut rng), scene(&mut rng));
            if let ("od", Input::Pipe(packets)) = (*name, &scene.input) {
                // It reads a row at a time: the rest of a packet would be lost.
                scene.input = Input::File(packets.concat(), 0);
            }
            let words: Vec<&str> = line.iter().map(String::as_str).collect();
            let is_exact = *name == "printf";
            let mut wanted = plain(theirs(&program, &words, &scene), is_exact);
            let mut got = plain(ours(name, *tool, &words, &scene), is_exact);
            if *name != "head" {
                (wanted.position, got.position) = (None, None);
            }
            if *name == "wc" {
                // As wide as the files are long.
                for left in [&mut wanted, &mut got] {
                    left.files.iter_mut().for_each(|(_, bytes)| narrow(bytes));
                }
            }
            if wanted == got {
                agree += 1;
                continue;
            }
            println!("{number}: {name} {words:?}");
            println!(
                "  status {} {}, position {:?} {:?}",
                wanted.status, got.status, wanted.position, got.position
            );
            for left in [&wanted, &got] {
                let output = left.files.iter().find(|(name, _)| name == "stdout");
                let output = output.map(|(_, bytes)| String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
                println!("  {:?} {output:?}", String::from_utf8_lossy(&left.complaints));
            }
        }
        println!("{agree} of {LINES} lines of {name} agree");
        if agree < LINES {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn tail_waits_for_more() {
    let scene = Scene { files: vec![("a", b"first\nlast\n".to_vec())], ..Scene::default() };
    let left = ours("tail", tools::tail, &["-f", "-n1", "a"], &scene);
    assert_eq!(String::from_utf8_lossy(&left.output), "last\nmore\n");
}

/// One space for many.
fn narrow(bytes: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    *bytes = lines.collect::<Vec<_>>().join("\n").into_bytes();
}
