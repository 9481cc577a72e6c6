//! A module made of its sources.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use kcore::module::{Object, names};

use crate::session::no_file;
use crate::status::Failure;

use super::Build;
use super::compiler::Compiler;
use super::lines::Lines;

impl Build {
    /// A module of one source, `FILE.c`.
    pub fn of(source: &Path) -> Self {
        Build { sources: vec![source.to_path_buf()], ..Build::default() }
    }

    /// `NAME.ko`, here.
    pub fn default_output(&self) -> PathBuf {
        let name = self.sources.first().and_then(|source| source.file_stem()).unwrap_or_default();
        Path::new(name).with_extension("ko")
    }

    /// What the compiler is told besides.
    fn words(&self) -> Vec<String> {
        let defines = self.define.iter().map(|define| format!("-D{define}"));
        defines.chain(self.include.iter().map(|dir| format!("-I{}", dir.display()))).collect()
    }
}

/// Compiles the sources, and makes the module `output` of them. What the compiler says goes to stderr as it
/// is.
pub fn build(order: &Build, output: &Path) -> Result<(), Failure> {
    let name = name_of(output)?;
    for source in &order.sources {
        readable(source)?;
    }
    let compiler = Compiler::find()?;
    let place = tempfile::tempdir().map_err(no_file)?;
    let mut objects = Vec::new();
    let mut unknown = BTreeSet::new();
    let mut is_sound = true;
    for (number, source) in order.sources.iter().enumerate() {
        let object = place.path().join(format!("{number}.o"));
        let said = compiler.compile(source, &object, &name, &order.words())?;
        is_sound &= pass_on(&said);
        unknown.extend(undeclared(&said));
        objects.push(object);
    }
    refuse(&unknown)?;
    if !is_sound {
        return Err(Failure::usage(format!("{name} does not build")));
    }
    objects.push(about(&compiler, &name, place.path())?);
    if !pass_on(&compiler.link(&objects, output)?) {
        return Err(Failure::usage(format!("{name} cannot be linked")));
    }
    check(output)
}

/// The name of the module in a file of that name.
fn name_of(output: &Path) -> Result<String, Failure> {
    let name = output.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match output.extension().is_some_and(|extension| extension == "ko") && is_plain {
        true => Ok(name),
        false => Err(Failure::usage(format!("'{}' is no name for a module: NAME.ko", output.display()))),
    }
}

fn readable(source: &Path) -> Result<(), Failure> {
    let is_c = source.extension().is_some_and(|extension| extension == "c");
    let why = match source.metadata() {
        Err(error) => error.to_string(),
        Ok(file) if file.is_dir() => "it is a directory".to_string(),
        Ok(_) if !is_c => "it is no FILE.c".to_string(),
        Ok(_) => return Ok(()),
    };
    Err(Failure::usage(format!("the source '{}' cannot be taken: {why}", source.display())))
}

/// Passes on what a compiler has said; whether it was content.
fn pass_on(said: &Output) -> bool {
    // Nothing is to be done about a closed stderr.
    let _ = std::io::stderr().write_all(&said.stderr);
    said.status.success()
}

/// The functions that no header declares.
fn undeclared(said: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&said.stderr);
    let after = |line: &str| {
        let (_, rest) = line
            .split_once("implicit declaration of function '")
            .or_else(|| line.split_once("call to undeclared function '"))?;
        rest.split_once('\'').map(|(name, _)| name.to_string())
    };
    text.lines().filter_map(after).collect()
}

fn refuse(unknown: &BTreeSet<String>) -> Result<(), Failure> {
    let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::usage(format!("{one} is not offered here; what is offered: `module api`"))),
        all => Err(Failure::usage(format!(
            "{} are not offered here; what is offered: `module api`",
            all.join(", ")
        ))),
    }
}

/// The object that says what the module is: its name, and for which kernel it is.
fn about(compiler: &Compiler, name: &str, place: &Path) -> Result<PathBuf, Failure> {
    let (source, object) = (place.join("about.c"), place.join("about.o"));
    let text = format!(
        "#include <linux/module.h>\nMODULE_INFO(scullery, \"{:016x}\");\nMODULE_INFO(name, \"{name}\");\n\
         struct module __this_module = {{ .name = \"{name}\" }};\n",
        compiler.abi()
    );
    std::fs::write(&source, text).map_err(|error| Failure::dead(format!("{}: {error}", source.display())))?;
    match pass_on(&compiler.compile(&source, &object, name, &[])?) {
        true => Ok(object),
        false => Err(Failure::dead("the compiler does not take the headers of include/")),
    }
}

/// Whether the kernel would take the module: all that it wants is offered.
fn check(module: &Path) -> Result<(), Failure> {
    let bytes =
        std::fs::read(module).map_err(|error| Failure::dead(format!("{}: {error}", module.display())))?;
    let object =
        Object::parse(&bytes).map_err(|why| Failure::dead(format!("{}: {why}", module.display())))?;
    let missing: BTreeSet<&str> = object.wanted().filter(|name| !names::is_offered(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let lines = Lines::of(&object);
    for name in &missing {
        let place = lines.as_ref().and_then(|lines| lines.first_use(&object, name)).unwrap_or_default();
        eprintln!("{place}error: '{name}' is declared, and nowhere defined");
    }
    // What cannot be loaded is not left behind.
    let _ = std::fs::remove_file(module);
    refuse(&missing.into_iter().map(ToString::to_string).collect())
}
