//! Hands the linker scripts to the linker, and the number of the headers of drivers in C to the kernel.

use std::path::{Path, PathBuf};

#[path = "../kcore/src/module/abi.rs"]
#[expect(unreachable_pub, reason = "it is a module of kcore, too")]
mod abi;

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let manifest = Path::new(&manifest);
    let bare_metal = std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none");
    for (bin, script) in [("kernel", "kernel.ld"), ("cases", "kernel.ld"), ("floor", "floor.ld")] {
        if bin == "cases" && std::env::var_os("CARGO_FEATURE_CASES").is_none() {
            continue;
        }
        let script = manifest.join("../boot").join(script);
        if bare_metal {
            println!("cargo:rustc-link-arg-bin={bin}=-T{}", script.display());
        }
        println!("cargo:rerun-if-changed={}", script.display());
    }
    let include = manifest.join("../include");
    println!("cargo:rerun-if-changed={}", include.display());
    println!("cargo:rustc-env=SCULLERY_ABI={:016x}", number(&include));
}

/// The number of all headers, in the order of their paths.
fn number(include: &Path) -> u64 {
    let (mut files, mut left) = (Vec::new(), vec![PathBuf::from(include)]);
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(&dir).expect("the headers are there") {
            let path = entry.expect("the headers can be listed").path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "h") {
                let name = path.strip_prefix(include).expect("it is below").to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).expect("the headers can be read")));
            }
        }
    }
    files.sort();
    abi::number(files.iter().map(|(name, text)| (name.as_str(), text.as_slice())))
}
