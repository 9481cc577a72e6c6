//! Hands the linker scripts to the linker.

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let bare_metal = std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none");
    for bin in ["kernel", "floor"] {
        let script = std::path::Path::new(&manifest).join(format!("../boot/{bin}.ld"));
        if bare_metal {
            println!("cargo:rustc-link-arg-bin={bin}=-T{}", script.display());
        }
        println!("cargo:rerun-if-changed={}", script.display());
    }
}
