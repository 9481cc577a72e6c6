//! The words of a run.

use fastrand::Rng;
use kcore::experiment::{ALL, Experiment};
use kcore::settings::{Form, Object};

use super::host::{Host, pick};

/// The arguments of a `run`: an experiment and its words, most of which can be.
pub(super) fn draw(luck: &mut Rng, host: &Host) -> String {
    let entry = pick(luck, ALL);
    let mut words = format!("{} lock={} probe={}", entry.name, lock(luck, entry), probe(luck, entry));
    if luck.u32(..3) == 0 {
        words += &format!(" writers={}", writers(luck, host));
    }
    words += &format!(" quanta={} rounds={} seed={}", luck.u32(1..=8), luck.u32(1..=2), luck.u64(..1000));
    if !entry.variants.is_empty() || luck.u32(..50) == 0 {
        words += &format!(" object={}", pick(luck, Object::ALL));
    }
    if luck.u32(..3) == 0 && (entry.takes("quantum") || luck.u32(..50) == 0) {
        words += &format!(" quantum={} qset={}", size(luck, QUANTA), size(luck, QSETS));
    }
    words
}

/// Sizes of a quantum at whose ends something else happens.
const QUANTA: &[u64] = &[1, 2, 7, 8, 9, 15, 16, 17, 100, 4000, 4096, 65536];
/// And lengths of an array.
const QSETS: &[u64] = &[1, 2, 3, 8, 1000];
/// Sizes that hardly any device can have.
const ABSURD: &[u64] = &[0, 1 << 20, 1 << 30, 1 << 31, 1 << 62, u64::MAX];

fn size(luck: &mut Rng, usual: &[u64]) -> u64 {
    let sizes = if luck.u32(..12) == 0 { ABSURD } else { usual };
    pick(luck, sizes)
}

/// A form of the entry, or once in a while any.
fn lock(luck: &mut Rng, entry: &Experiment) -> Form {
    match luck.u32(..30) {
        // A reader's own lock is as it was left.
        0 => Some(pick(luck, Form::ALL)).filter(|form| *form != Form::Student).unwrap_or(Form::None),
        _ => pick(luck, entry.rows).lock,
    }
}

/// A mode with the entry's own points or steps, or with any of those that its tasks pass.
fn probe(luck: &mut Rng, entry: &Experiment) -> String {
    let known = entry.known_points;
    let point = |luck: &mut Rng| pick(luck, known);
    match luck.u32(..12) {
        0 => "off".into(),
        1 => "pause".into(),
        2 => format!("delay={}", luck.u32(1..=200)),
        3 | 4 => "rendezvous".into(),
        5 => format!("rendezvous={},{}", point(luck), point(luck)),
        6 | 7 => "script".into(),
        8 => {
            let steps = (0..luck.usize(1..=6)).map(|_| format!("{}.{}", luck.char('A'..='C'), point(luck)));
            format!("script={}", steps.collect::<Vec<_>>().join(","))
        }
        9 => "fire".into(),
        _ => entry.forced().to_string(),
    }
}

/// Few, or as many as there are CPUs and one more, or any number.
fn writers(luck: &mut Rng, host: &Host) -> u32 {
    match luck.u32(..10) {
        0 => luck.u32(1..=64),
        1 => host.cpus().min(63) + 1,
        _ => luck.u32(1..=6),
    }
}
