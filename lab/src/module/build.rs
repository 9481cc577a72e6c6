//! A module made of its sources.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use kcore::module::{Object, names};

use crate::session::no_file;
use crate::status::Failure;

use super::Build;
use super::compiler::Compiler;
use super::lines::Lines;
use super::makefile::{self, Kbuild};

impl Build {
    /// A module of one source, `FILE.c`.
    pub fn of(source: &Path) -> Self {
        Build { sources: vec![source.to_path_buf()], ..Build::default() }
    }

    /// What is to be made: each with its module. Of a folder, whatever its makefile says, in `place`.
    fn orders(&self, place: &Path) -> Result<Vec<(Build, PathBuf)>, Failure> {
        let folder = match self.sources.as_slice() {
            [folder] if folder.is_dir() => folder,
            sources => {
                let name = sources.first().and_then(|source| source.file_stem()).unwrap_or_default();
                let output = place.join(name).with_extension("ko");
                return Ok(vec![(self.clone(), self.output.clone().unwrap_or(output))]);
            }
        };
        let refused = |why: &str| Failure::usage(format!("the folder '{}': {why}", folder.display()));
        let text =
            ["Kbuild", "Makefile", "makefile"].iter().find_map(|name| read_to_string(folder.join(name)).ok());
        let Kbuild { modules, flags } =
            makefile::read(&text.ok_or_else(|| refused("it has no Makefile"))?, folder);
        match (modules.len(), &self.output) {
            (0, _) => return Err(refused("its Makefile names no module in obj-m")),
            (2.., Some(_)) => return Err(refused("its Makefile makes several modules, and -o names one")),
            _ => {}
        }
        let order = |(name, sources): (String, Vec<PathBuf>)| {
            let flags = self.flags.iter().chain(&flags).cloned().collect();
            let output = place.join(name.replace('-', "_")).with_extension("ko");
            (Build { sources, flags, ..self.clone() }, self.output.clone().unwrap_or(output))
        };
        Ok(modules.into_iter().map(order).collect())
    }

    /// What the compiler is told besides.
    fn words(&self) -> Vec<String> {
        let defines = self.define.iter().map(|define| format!("-D{define}"));
        let includes = self.include.iter().map(|dir| format!("-I{}", dir.display()));
        self.flags.iter().cloned().chain(defines).chain(includes).collect()
    }
}

/// Makes all modules of an order, in `place` or where it says. What the compiler says goes to stderr as it
/// is.
pub fn build_all(order: &Build, place: &Path) -> Result<Vec<PathBuf>, Failure> {
    let orders = order.orders(place)?;
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    let mut keep = |result: Result<(), Failure>, output: &Path| match result {
        Ok(()) => true,
        Err(failure) => {
            failed.push((output.file_stem().unwrap_or_default().to_string_lossy().into_owned(), failure));
            false
        }
    };
    for (order, output) in &orders {
        if keep(make(order, output), output) {
            made.push(output.clone());
        }
    }
    // A module may use what another one exports.
    let others: Vec<PathBuf> = order.uses.iter().chain(&made).cloned().collect();
    let exported = exported(&others)?;
    made.retain(|output| keep(check(output, &exported), output));
    let count = failed.len();
    match (count, orders.len()) {
        (0, _) => Ok(made),
        (1, 1) => Err(failed.remove(0).1),
        (_, all) => {
            let names: Vec<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
            failed.iter().for_each(|(name, failure)| eprintln!("{name}: {}", failure.message));
            Err(Failure::usage(format!("{count} of {all} modules are not built: {}", names.join(", "))))
        }
    }
}

/// Compiles the sources, and makes the module `output` of them.
pub fn build(order: &Build, output: &Path) -> Result<(), Failure> {
    make(order, output)?;
    check(output, &exported(&order.uses)?)
}

/// What these modules export.
fn exported(modules: &[PathBuf]) -> Result<BTreeSet<String>, Failure> {
    let mut all = BTreeSet::new();
    for module in modules {
        let bytes = read(module)?;
        let object = parsed(&bytes, module)?;
        all.extend(object.exports().map(ToString::to_string));
    }
    Ok(all)
}

fn read(module: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(module).map_err(|error| Failure::dead(format!("{}: {error}", module.display())))
}

fn parsed<'a>(bytes: &'a [u8], module: &Path) -> Result<Object<'a>, Failure> {
    Object::parse(bytes).map_err(|why| Failure::dead(format!("{}: {why}", module.display())))
}

fn make(order: &Build, output: &Path) -> Result<(), Failure> {
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
    objects.push(about(&compiler, &name, &order.sources, place.path())?);
    match pass_on(&compiler.link(&objects, output)?) {
        true => Ok(()),
        false => Err(Failure::usage(format!("{name} cannot be linked"))),
    }
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

/// The functions that no header declares, and the headers that are not there.
fn undeclared(said: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&said.stderr);
    let after = |line: &str| {
        let (_, rest) = line
            .split_once("implicit declaration of function '")
            .or_else(|| line.split_once("call to undeclared function '"))?;
        rest.split_once('\'').map(|(name, _)| name.to_string())
    };
    let header = |line: &str| {
        let (_, rest) = line.split_once("fatal error: ")?;
        let name = rest.trim_start_matches('\'').split([':', '\'']).next()?;
        let is_kernels =
            ["linux/", "asm/", "asm-generic/", "uapi/", "net/"].iter().any(|dir| name.starts_with(dir));
        is_kernels.then(|| format!("<{name}>"))
    };
    text.lines().filter_map(|line| after(line).or_else(|| header(line))).collect()
}

/// What maps memory of a driver into a process.
const MAPS: [&str; 6] = [
    "io_remap_pfn_range",
    "remap_pfn_range",
    "remap_vmalloc_range",
    "vm_insert_page",
    "vm_iomap_memory",
    "vmf_insert_pfn",
];

fn refuse(unknown: &BTreeSet<String>) -> Result<(), Failure> {
    let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
    if let Some(name) = names.iter().find(|name| MAPS.contains(name)) {
        let why = "no process here maps memory of a driver, which is read and written instead";
        return Err(Failure::usage(format!("{name} is not offered here: {why}")));
    }
    let are = if names.len() == 1 { "is" } else { "are" };
    match names.as_slice() {
        [] => Ok(()),
        all => Err(Failure::usage(format!(
            "{} {are} not offered here; what is offered: `module api`",
            all.join(", ")
        ))),
    }
}

/// The object that says what the module is: its name, for which kernel it is, and what it was made of.
fn about(compiler: &Compiler, name: &str, sources: &[PathBuf], place: &Path) -> Result<PathBuf, Failure> {
    let (source, object) = (place.join("about.c"), place.join("about.o"));
    let mut text = format!(
        "#include <linux/module.h>\nMODULE_INFO(scullery, \"{:016x}\");\nMODULE_INFO(name, \"{name}\");\n\
         struct module __this_module = {{ .name = \"{name}\" }};\n",
        compiler.abi()
    );
    for source in sources {
        text += &text_of(source);
    }
    std::fs::write(&source, text).map_err(|error| Failure::dead(format!("{}: {error}", source.display())))?;
    match pass_on(&compiler.compile(&source, &object, name, &[])?) {
        true => Ok(object),
        false => Err(Failure::dead("the compiler does not take the headers of include/")),
    }
}

/// What puts the text of a source into the module, so that its lines can be told of in its own words.
fn text_of(source: &Path) -> String {
    let quoted = |path: &Path| path.display().to_string().replace(['\\', '"'], "?");
    let whole = source.canonicalize().unwrap_or_else(|_| source.to_path_buf());
    format!(
        "asm(\".pushsection .scullery.source\\n.asciz \\\"{}\\\"\\n.incbin \\\"{}\\\"\\n.byte 0\\n.popsection\");\n",
        quoted(source),
        quoted(&whole)
    )
}

/// Whether the kernel would take the module: all that it wants is offered.
fn check(module: &Path, exported: &BTreeSet<String>) -> Result<(), Failure> {
    let bytes = read(module)?;
    let object = parsed(&bytes, module)?;
    let is_there = |name: &&str| names::is_offered(name) || exported.contains(*name);
    let missing: BTreeSet<&str> = object.wanted().filter(|name| !is_there(name)).collect();
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
