//! The C compiler.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::status::Failure;
use crate::workspace;

use super::headers;

/// Those that are looked for.
const NAMES: [&str; 2] = ["gcc", "clang"];

/// How the code of a module is to be: for the kernel's addresses, without the registers that it does not
/// save, with a frame pointer, with its lines, and with a call for each access to memory; with a word behind the
/// arrays of a frame that is looked at in the end, and each variable in a section of its own.
const FLAGS: &[&str] = &[
    "-c",
    "-O1",
    "-g1",
    "-std=gnu11",
    "-ffreestanding",
    "-fno-pie",
    "-mcmodel=kernel",
    "-mno-red-zone",
    "-mno-sse",
    "-mno-mmx",
    "-mno-80387",
    "-fstack-protector-strong",
    "-mstack-protector-guard=global",
    "-fdata-sections",
    "-fno-strict-aliasing",
    "-fno-common",
    "-fno-omit-frame-pointer",
    "-fno-optimize-sibling-calls",
    "-fno-asynchronous-unwind-tables",
    "-fcf-protection=none",
    "-fsanitize=thread",
    "-Wall",
    "-Werror=implicit-function-declaration",
    "-nostdinc",
    "-D__KERNEL__",
    "-DMODULE",
];

/// A C compiler of this host.
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    /// Where its own headers are.
    own: PathBuf,
    include: PathBuf,
    /// The number of our headers.
    abi: u64,
}

impl Compiler {
    /// The one that is there.
    pub fn find() -> Result<Self, Failure> {
        let program = NAMES.iter().find_map(|name| on_path(name));
        let program = program.ok_or_else(|| {
            Failure::usage("neither gcc nor clang is installed, of which a module in C wants one: ./setup.sh --c installs it")
        })?;
        let told = run(Command::new(&program).arg("-print-file-name=include"))?;
        let own = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
        let include = workspace::root()?.join("include");
        let abi = headers::number(&include)?;
        Ok(Compiler { program, own, include, abi })
    }

    /// The number of our headers: a module is for the kernel that has the same.
    pub fn abi(&self) -> u64 {
        self.abi
    }

    /// Where our headers are.
    pub fn include(&self) -> &Path {
        &self.include
    }

    /// Compiles `source` to `object`, in English, and with what else `words` say.
    pub fn compile(
        &self,
        source: &Path,
        object: &Path,
        module: &str,
        words: &[String],
    ) -> Result<Output, Failure> {
        let mut command = Command::new(&self.program);
        command.env("LC_ALL", "C").args(FLAGS).args(words);
        command.arg(format!("-DKBUILD_MODNAME=\"{module}\""));
        command.arg("-I").arg(&self.include).arg("-isystem").arg(&self.own);
        run(command.arg(source).arg("-o").arg(object))
    }

    /// Makes one object of several.
    pub fn link(&self, objects: &[PathBuf], module: &Path) -> Result<Output, Failure> {
        run(Command::new(&self.program).args(["-r", "-nostdlib", "-o"]).arg(module).args(objects))
    }
}

fn run(command: &mut Command) -> Result<Output, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::dead(format!("{name} could not be started: {error}")))
}

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(|file| file.is_file())
}
