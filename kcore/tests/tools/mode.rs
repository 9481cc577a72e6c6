//! Modes beside the host's `chmod`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use fastrand::Rng;
use kcore::tools::mode;

/// Modes that are compared.
const WORDS: usize = 100;

fn word(rng: &mut Rng) -> String {
    let mut some =
        |all: &[&str], most| (0..rng.usize(..=most)).map(|_| all[rng.usize(..all.len())]).collect::<String>();
    if some(&["o", ""], 1) == "o" {
        return some(&["0", "4", "6", "7", "6", "8"], 2) + "0";
    }
    let mut clauses = vec![];
    for _ in 0..=some(&["x"], 2).len() {
        clauses.push(some(&["u", "g", "o", "a"], 2) + "+" + &some(&["r", "w", "x", "X", "r", "w", "z"], 2));
        clauses.push(
            some(&["u", "g", "o", "a"], 1)
                + "="
                + &some(&["u", "g", "o"], 1)
                + &some(&["-r", "+w", "-x", "=rw", "+X"], 2),
        );
    }
    clauses.join(",")
}

#[test]
fn they_are_those_of_gnu() {
    let file = tempfile::NamedTempFile::new().expect("a file of the host");
    let mut rng = Rng::with_seed(3);
    let mut valid = 0;
    for _ in 0..WORDS {
        let (word, before) = (word(&mut rng), rng.u16(..=0o777));
        fs::set_permissions(file.path(), Permissions::from_mode(before.into()))
            .expect("its mode can be changed");
        // No bits that the host leaves out where no users are named.
        let told = Command::new("sh")
            .args(["-c", "umask 0; chmod -- \"$1\" \"$2\" 2>&1", "chmod", &word])
            .arg(file.path())
            .output()
            .expect("the host has a chmod");
        let after = fs::metadata(file.path()).expect("it is there").permissions().mode() & 0o777;
        let wanted = told.status.success().then_some(after as u16);
        assert_eq!(mode(&word, before), wanted, "{word} of {before:o}");
        valid += usize::from(wanted.is_some());
    }
    assert!((WORDS / 2..WORDS).contains(&valid), "{valid} of {WORDS} are modes");
}
