//! `dd` beside GNU's.

use std::process::Command;

use fastrand::Rng;
use kcore::tools::dd;

use crate::host::{Input, Left, Scene, ours, theirs};

/// Command lines that are compared.
const LINES: usize = 500;
/// The first that counts bytes where a number ends with a B.
const OLDEST: (u32, u32) = (9, 1);

/// GNU's 9.1 takes neither `2x3x5` nor `3x2B`, though its manual says so: they are not here.
const SIZES: &[&str] = &[
    "1", "2", "3", "7", "16", "17", "64", "100", "512", "1K", "1kB", "2x50", "b", "3b", "3x2k", "w", "10w",
    "4c", "+5",
];
const WRONG_SIZES: &[&str] = &[
    "0",
    "x",
    "",
    "-1",
    "1 ",
    "2BB",
    "0x10",
    "1xx2",
    "9999999999999999999",
    "1Y",
    "5kBB",
    "1KB2",
    "16E",
    "7x0",
];
const AMOUNTS: &[&str] = &[
    "0", "1", "2", "3", "4", "10", "1B", "100B", "777B", "1kB", "2KiB", "3x2", "3Bx2", "1x1kB", " 2", "0x7",
];
const FLAGS: &[&str] =
    &["fullblock", "append", "nonblock", "skip_bytes", "seek_bytes", "count_bytes", "nosuch", ""];
const CONVERSIONS: &[&str] =
    &["notrunc", "noerror", "sync", "fsync", "fdatasync", "excl", "nocreat", "swab", "ucase", "lcase"];

fn pick<'a>(rng: &mut Rng, all: &[&'a str]) -> &'a str {
    all[rng.usize(..all.len())]
}

fn words(rng: &mut Rng, all: &[&str], most: usize) -> String {
    let count = rng.usize(1..=most);
    (0..count).map(|_| pick(rng, all)).collect::<Vec<_>>().join(",")
}

fn bytes(rng: &mut Rng, most: usize) -> Vec<u8> {
    (0..rng.usize(..=most))
        .map(|_| if rng.u8(..4) == 0 { rng.u8(..) } else { rng.alphanumeric() as u8 })
        .collect()
}

/// A command line that comes to an end by itself.
fn line(rng: &mut Rng) -> Vec<String> {
    let often = |rng: &mut Rng, percent| rng.u32(..100) < percent;
    let mut line = Vec::new();
    let endless = ["/dev/zero", "/dev/full"];
    let from = match rng.u32(..20) {
        0 => Some("missing"),
        1 => Some("sub"),
        2 | 3 => Some(endless[rng.usize(..2)]),
        4 => Some("/dev/null"),
        5 | 6 => Some("/proc/self/mem"),
        7..=11 => None,
        _ => Some("in"),
    };
    let never_ends = from.is_some_and(|from| endless.contains(&from));
    let is_unreadable = from == Some("/proc/self/mem");
    line.extend(from.map(|from| format!("if={from}")));
    match rng.u32(..20) {
        0 => line.push("of=sub".into()),
        1 => line.push("of=nowhere/x".into()),
        2 => line.push("of=/dev/full".into()),
        3 => line.push("of=/dev/null".into()),
        4..=6 => line.push("of=new".into()),
        7..=11 => {}
        _ => line.push("of=out".into()),
    }
    for (key, percent) in [("bs", 40), ("ibs", 35), ("obs", 35)] {
        if often(rng, percent) {
            let all = if often(rng, 4) { WRONG_SIZES } else { SIZES };
            line.push(format!("{key}={}", pick(rng, all)));
        }
    }
    if never_ends || is_unreadable {
        line.push(format!("count={}", rng.u32(..5)));
    } else if often(rng, 45) {
        let all = if often(rng, 4) { WRONG_SIZES } else { AMOUNTS };
        line.push(format!("count={}", pick(rng, all)));
    }
    for (key, percent) in [("skip", if is_unreadable { 0 } else { 35 }), ("seek", 35)] {
        if often(rng, percent) {
            let all = if often(rng, 4) { WRONG_SIZES } else { AMOUNTS };
            line.push(format!("{key}={}", pick(rng, all)));
        }
    }
    if often(rng, 30) {
        let valid = if often(rng, 10) { FLAGS.len() } else { FLAGS.len() - 2 };
        line.push(format!("iflag={}", words(rng, &FLAGS[..valid], 2)));
    }
    if often(rng, 20) {
        // All but the first are valid.
        let first = usize::from(!often(rng, 10));
        line.push(format!("oflag={}", words(rng, &FLAGS[first..FLAGS.len() - 2], 2)));
    }
    if is_unreadable {
        line.push("conv=noerror,sync".into());
    }
    if often(rng, 55) {
        // What goes on behind an error of a directory goes on for ever.
        let all: Vec<&str> =
            CONVERSIONS.iter().copied().filter(|word| *word != "noerror" || from != Some("sub")).collect();
        line.push(format!("conv={}", words(rng, &all, 3)));
    }
    if often(rng, 20) {
        line.push(format!("status={}", words(rng, &["none", "noxfer", "noxfer", "none", "nosuch"], 2)));
    }
    if often(rng, 3) {
        line.push(pick(rng, &["foo=1", "foo", "conv=foo", "of", "=", "iflag=", "conv=sync,", "Bs=1"]).into());
    }
    rng.shuffle(&mut line);
    line
}

fn scene(rng: &mut Rng) -> Scene {
    let mut files = vec![("in", bytes(rng, 3000))];
    if rng.bool() {
        files.push(("out", bytes(rng, 3000)));
    }
    let input = match rng.u32(..3) {
        0 => {
            let bytes = bytes(rng, 3000);
            let position = rng.u64(..=bytes.len() as u64);
            Input::File(bytes, position)
        }
        _ => Input::Pipe((0..rng.usize(..10)).map(|_| bytes(rng, 700)).collect()),
    };
    let output = rng.bool().then(|| (bytes(rng, 1000), rng.u64(..1200)));
    Scene { files, input, output }
}

/// Without the time that it took, and without the sentence that names `--help`.
fn plain(mut left: Left) -> Left {
    let text = String::from_utf8_lossy(&left.complaints).into_owned();
    let lines = text.lines().filter(|line| !line.starts_with("Try 'dd --help'")).map(|line| {
        match line.split_once(" copied, ") {
            Some((bytes, _)) => bytes.split(' ').next().unwrap_or_default().to_string() + " bytes copied",
            None => line.to_string(),
        }
    });
    left.complaints = lines.collect::<Vec<_>>().join("\n").into_bytes();
    left
}

/// The version of the host's dd, when it is GNU's.
fn version() -> Option<(u32, u32)> {
    let told = Command::new("dd").arg("--version").output().ok()?.stdout;
    let text = String::from_utf8(told).ok()?;
    let (major, minor) = text.lines().next()?.strip_prefix("dd (coreutils) ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

#[test]
fn it_does_what_that_of_gnu_does() {
    match version() {
        Some(version) if version >= OLDEST => {}
        other => {
            return println!("skipped: wants a dd of GNU, {OLDEST:?} or later; this host's is {other:?}");
        }
    }
    let mut rng = Rng::with_seed(11);
    let mut agree = 0;
    for number in 0..LINES {
        let (line, scene) = (line(&mut rng), scene(&mut rng));
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        let (wanted, got) = (plain(theirs("dd", &words, &scene)), plain(ours("dd", dd, &words, &scene)));
        if wanted == got {
            agree += 1;
            continue;
        }
        println!("{number}: dd {}", line.join(" "));
        println!(
            "  status {} {}; position {:?} {:?}",
            wanted.status, got.status, wanted.position, got.position
        );
        for left in [&wanted, &got] {
            println!("  {:?}", String::from_utf8_lossy(&left.complaints));
            let lengths: Vec<_> = left.files.iter().map(|(name, bytes)| (name, bytes.len())).collect();
            println!("  output {}, files {lengths:?}", left.output.len());
        }
    }
    println!("{agree} of {LINES} lines of dd agree");
    assert_eq!(agree, LINES);
}
