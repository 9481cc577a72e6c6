//! `module`: a driver in C is built, or it is said why not.

use std::path::Path;
use std::process::{Command, Output};

use kcore::module::{Object, names};
use lab::module::compiler::Compiler;
use lab::module::headers;
use lab::workspace;

/// Whether there is a compiler. Without one the tests that want it try nothing, and say so.
fn has_compiler() -> bool {
    let found = Compiler::find();
    if let Err(why) = &found {
        eprintln!("not tried: {why}");
    }
    found.is_ok()
}

fn build(source: &str, directory: &Path) -> Output {
    std::fs::write(directory.join("driver.c"), source).unwrap();
    program(&["module", "build", "driver.c"], directory).output().unwrap()
}

fn program(words: &[&str], directory: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_scullery"));
    program.args(words).current_dir(directory);
    program
}

#[test]
fn the_drivers_of_the_house_are_built_without_a_warning() {
    if !has_compiler() {
        return;
    }
    let (root, place) = (workspace::root().unwrap(), tempfile::tempdir().unwrap());
    for driver in ["hello", "scull"] {
        let source = root.join(format!("drivers/{driver}.c"));
        let output = program(&["module", "build", source.to_str().unwrap()], place.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{driver}");
        let file = std::fs::read(place.path().join(format!("{driver}.ko"))).unwrap();
        let object = Object::parse(&file).unwrap();
        let image = object.link([1 << 28; 3], |_| Some(1 << 28)).unwrap();
        assert!(image.function("init_module").is_some() && image.function("cleanup_module").is_some());
        let said: Vec<_> = object.info().map(|(key, _)| key).collect();
        assert!(said.contains(&"scullery") && said.contains(&"license"), "{said:?}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    if !has_compiler() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let head = "#include <linux/module.h>\nextern int elsewhere(int);\nstatic int __init begin(void)\n{\n";
    for (body, said) in [
        ("\tint x;\n\treturn 0;\n", "driver.c:5:..warning: unused variable 'x'"),
        ("\treturn nowhere;\n", "driver.c:5:..error: ..'nowhere'"),
        (
            "\treturn class_create(1);\n",
            "driver.c:5:..error: implicit declaration of function 'class_create'",
        ),
        ("\treturn class_create(1);\n", "class_create is not offered here; what is offered: `module api`"),
        ("\treturn elsewhere(1);\n", "driver.c:5: error: 'elsewhere' is declared, and nowhere defined"),
        ("\treturn elsewhere(1);\n", "elsewhere is not offered here; what is offered: `module api`"),
    ] {
        let output = build(&format!("{head}{body}}}\nmodule_init(begin);\n"), place.path());
        let stderr = String::from_utf8_lossy(&output.stderr);
        // clang words one of them in another way, and not all columns are alike.
        let compiler = stderr.replace("call to undeclared function", "implicit declaration of function");
        let is_said = compiler.lines().any(|line| said.split("..").all(|part| line.contains(part)));
        assert!(is_said, "{said} is not said:\n{stderr}");
        let is_built = place.path().join("driver.ko").is_file();
        assert_eq!(output.status.code(), Some(if said.contains("..warning") { 0 } else { 2 }), "{stderr}");
        assert_eq!(is_built, said.contains("..warning"), "{stderr}");
        let _ = std::fs::remove_file(place.path().join("driver.ko"));
    }
}

#[test]
fn without_a_compiler_it_is_said_what_installs_one() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("driver.c"), "").unwrap();
    let output = program(&["module", "build", "driver.c"], place.path()).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = "scullery: neither gcc nor clang is installed, of which a module in C wants one: ./setup.sh --c installs it\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
}

/// Whatever the kernel offers can be read about, but for what the compiler calls by itself.
#[test]
fn each_name_that_is_offered_is_declared() {
    let declared: Vec<String> =
        headers::entries().unwrap().into_iter().flat_map(|entry| entry.names).collect();
    let is_inner = |name: &str| name.starts_with("__") && name != "__get_free_pages";
    let missing: Vec<_> =
        names::ALL.iter().filter(|name| !is_inner(name) && !declared.iter().any(|it| it == *name)).collect();
    assert!(missing.is_empty(), "no header says what they mean: {missing:?}");
}
