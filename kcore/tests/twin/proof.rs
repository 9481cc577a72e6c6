//! What does not compile, and for which reason.
//!
//! Each file of `proofs` is a few lines of a driver. With `--cfg wrong` it has a race in it and must be
//! refused with the error that it names, and with no other; without, it differs in that one thing and must
//! compile. So it is refused for the right reason: all the rest is the same text.
//!
//! The compiler is called directly, for rustdoc looks at the codes of `compile_fail` on nightly only.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;

/// A file of `proofs`.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) name: String,
    path: PathBuf,
    /// The error that it must give: `E0382`.
    pub(crate) code: String,
    /// The races that it is about: `R9`.
    pub(crate) races: Vec<String>,
}

/// All of them.
pub(crate) fn all() -> Vec<Proof> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twin/proofs");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut proofs: Vec<_> = files.map(Proof::read).collect();
    proofs.sort_by(|one, two| one.name.cmp(&two.name));
    proofs
}

impl Proof {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let line = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(&format!("//! {key}: ")));
            found.unwrap_or_else(|| panic!("{}: no line says its {key}", path.display())).to_string()
        };
        Proof {
            name: path.file_stem().unwrap().to_str().unwrap().to_string(),
            code: line("Code"),
            races: line("Races").split(' ').map(str::to_string).collect(),
            path,
        }
    }

    /// The codes of the errors, if there are any; an error without one gives its text.
    fn errors(&self, library: &Path, wrong: bool) -> BTreeSet<String> {
        let dependencies = library.parent().unwrap();
        let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc
            .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json", "-o"])
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{wrong}.rmeta", self.name)))
            .arg(format!("--extern=kcore={}", library.display()))
            .arg(format!("-Ldependency={}", dependencies.display()))
            .args(wrong.then_some("--cfg=wrong"))
            .arg(&self.path)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = rustc.output().expect("the compiler that has made this test");
        let messages = String::from_utf8(output.stderr).unwrap();
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let errors: BTreeSet<_> = messages.filter(|message| message["level"] == "error").collect_codes();
        assert_eq!(output.status.success(), errors.is_empty(), "{self:?}");
        errors
    }
}

trait Codes {
    fn collect_codes(self) -> BTreeSet<String>;
}

impl<I: Iterator<Item = Value>> Codes for I {
    fn collect_codes(self) -> BTreeSet<String> {
        let code = |error: Value| match error["code"]["code"].as_str() {
            Some(code) => Some(code.to_string()),
            None => error["message"].as_str().filter(|text| !text.starts_with("aborting")).map(String::from),
        };
        self.filter_map(code).collect()
    }
}

/// The library that this test was linked with lies beside it, perhaps among older ones and some that were
/// built otherwise: the newest with which `control` compiles.
fn library(control: &Proof) -> PathBuf {
    let test = env::current_exe().unwrap();
    let entries = fs::read_dir(test.parent().unwrap()).unwrap().map(|entry| entry.unwrap());
    let is_library = |name: &str| name.starts_with("libkcore-") && name.ends_with(".rlib");
    let mut libraries: Vec<(SystemTime, PathBuf)> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_library))
        .map(|entry| (entry.metadata().unwrap().modified().unwrap(), entry.path()))
        .collect();
    libraries.sort();
    let mut newest = libraries.into_iter().rev().map(|(_, path)| path);
    newest.find(|library| control.errors(library, false).is_empty()).expect("a library with the twin in it")
}

#[test]
#[cfg_attr(miri, ignore = "it calls the compiler")]
fn each_race_is_refused_for_its_reason_and_its_cure_compiles() {
    let proofs = all();
    let library = library(&proofs[0]);
    for proof in &proofs {
        assert_eq!(proof.errors(&library, false), BTreeSet::new(), "{}, put right", proof.name);
    }
    let unlike = proofs.iter().map(|proof| (&proof.name, &proof.code, proof.errors(&library, true)));
    let unlike: Vec<_> = unlike.filter(|(_, code, errors)| errors.iter().ne([*code])).collect();
    assert!(unlike.is_empty(), "other errors than they name: {unlike:#?}");
}
