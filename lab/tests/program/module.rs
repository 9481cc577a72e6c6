//! `module`: a driver in C is built, or it is said why not.

use std::path::Path;
use std::process::{Command, Output};

use kcore::module::{Object, Parameter, names};
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
    for driver in ["hello", "scull", "pipe", "complete", "sleepy", "jiffies", "short-irq"] {
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
            "\treturn usb_register(1);\n",
            "driver.c:5:..error: implicit declaration of function 'usb_register'",
        ),
        ("\treturn vm_insert_page(1);\n", "vm_insert_page is not offered here: no process here maps memory"),
        (
            "\treturn 0;\n}\n#include <linux/usb.h>\nint x(void) {",
            "<linux/usb.h> is not offered here; what is offered",
        ),
        ("\treturn usb_register(1);\n", "usb_register is not offered here; what is offered: `module api`"),
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

/// A makefile in the manner of the book says what modules there are; one that does not build does not keep
/// the others from it.
#[test]
fn a_folder_is_built_as_its_makefile_says() {
    if !has_compiler() {
        return;
    }
    let (place, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let body = |inner: &str| {
        format!(
            "#include <linux/module.h>\n#include <own.h>\nint part(void);\nstatic int __init begin(void) {{ {inner} }}\nmodule_init(begin);\n"
        )
    };
    let files = [
        ("Makefile", "EXTRA_CFLAGS += -I$(PWD)/own -DNUMBER=3\nobj-m := one-more.o two.o bad.o\nifneq ($(KERNELRELEASE),)\n\
                      one-more-objs := main.o \\\n\tpart.o\nendif\nall:\n\tmake -C x M=$(PWD) modules\n".to_string()),
        ("own/own.h", "#define OWN NUMBER\n".into()),
        ("main.c", body("return part() - OWN;")),
        ("part.c", "#include <linux/export.h>\nint part(void);\nint part(void) { return 3; }\nEXPORT_SYMBOL(part);\n".into()),
        ("two.c", body("return part();")),
        ("bad.c", body("return usb_register(1);")),
    ];
    std::fs::create_dir(folder.path().join("own")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let whole =
        program(&["module", "build", folder.path().to_str().unwrap()], place.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&whole.stderr);
    assert_eq!(whole.status.code(), Some(2), "{stderr}");
    assert!(stderr.ends_with("bad: usb_register is not offered here; what is offered: `module api`\nscullery: 1 of 3 modules are not built: bad\n"), "{stderr}");
    let is_there = |name: &str| place.path().join(name).is_file();
    assert!(is_there("one_more.ko") && is_there("two.ko") && !is_there("bad.ko"));
    // Alone, it wants to be told which module has what it uses.
    let two = folder.path().join("two.c");
    let own = format!("-I{}/own", folder.path().display());
    let words = ["module", "build", two.to_str().unwrap(), &own, "-o", "alone.ko"];
    assert_eq!(program(&words, place.path()).status().unwrap().code(), Some(2));
    let words = ["module", "build", two.to_str().unwrap(), &own, "-o", "alone.ko", "--uses", "one_more.ko"];
    assert_eq!(program(&words, place.path()).status().unwrap().code(), Some(0));
}

/// Each of the compilers that are there, alone.
#[test]
fn either_compiler_will_do() {
    let on_path = |name: &str| {
        std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|dir| dir.join(name))
            .find(|file| file.is_file())
    };
    for name in ["gcc", "clang"] {
        let Some(compiler) = on_path(name) else {
            eprintln!("not tried: {name} is not installed");
            continue;
        };
        let place = tempfile::tempdir().unwrap();
        for tool in [Some(compiler), on_path("ld"), on_path("as")].into_iter().flatten() {
            std::os::unix::fs::symlink(&tool, place.path().join(tool.file_name().unwrap())).unwrap();
        }
        let source = workspace::root().unwrap().join("drivers/jiffies.c");
        let mut build = program(&["module", "build", source.to_str().unwrap()], place.path());
        let output = build.env("PATH", place.path()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
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

/// What the kernel does with a file before any of it is code, with files that were a module.
#[test]
fn mutated_modules_never_panic() {
    if !has_compiler() {
        return;
    }
    let (place, bases) =
        (tempfile::tempdir().unwrap(), [0xffff_ffff_a000_0000, 0xffff_ffff_a010_0000, 0xffff_ffff_a020_0000]);
    let source = workspace::root().unwrap().join("drivers/scull.c");
    assert!(
        program(&["module", "build", source.to_str().unwrap()], place.path()).status().unwrap().success()
    );
    let sound = std::fs::read(place.path().join("scull.ko")).unwrap();
    let mut dice = fastrand::Rng::with_seed(11);
    let mut linked = 0;
    for _ in 0..5000 {
        let mut file = sound.clone();
        for _ in 0..dice.usize(1..5) {
            // Headers, symbols and relocations stand behind the code and the lines.
            let from = if dice.bool() { file.len() * 2 / 3 } else { 0 };
            let at = dice.usize(from..file.len());
            file[at] = if dice.bool() { dice.u8(..) } else { [0, 1, 0x7f, 0xff][dice.usize(..4)] };
        }
        let Ok(object) = Object::parse(&file) else { continue };
        let Ok(mut image) = object.link(bases, |_| Some(0xffff_ffff_8020_0000)) else { continue };
        linked += 1;
        for one in Parameter::all(&object, &image).into_iter().flatten() {
            let _ = one.set(&mut image, "7", &mut |_| Some(bases[2]));
            one.value(&image);
        }
        for section in [".debug_info", ".debug_line", ".debug_str"] {
            let _ = object.unloaded(section, bases);
        }
    }
    assert!(linked > 1000, "{linked} of 5000 are linked");
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
